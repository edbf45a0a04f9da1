internal import Messages
internal import Rules
internal import Stages
internal import Synchronization

/// Keeps the ranks of school years, until the records that they are made of change.
///
/// Making them decodes the figures of every school, and counting the students of one percentile ranks all schools
/// several times.
final class KeptRanks: Sendable {
    private struct Kept {
        let records: RankRecords.Identity
        let framework: String
        let tables: RankTables
    }

    /// The most school years whose ranks are kept.
    private static let most = 3
    private let kept = Mutex<[Int: Kept]>([:])

    /// How far a determination is from each cut, the nearest first, as `accountability explain --margin` counts it.
    func margins(
        of message: Accountability_V1_Determination,
        _ participation: [Accountability_V1_Participation],
        _ thresholds: [Accountability_V1_PercentileEntry],
        _ tables: ConsoleTables
    ) throws -> [DeterminationMargin] {
        try kept.withLock { kept in
            let margins = MarginTables(try Self.ranks(Int(message.schoolYear), tables, &kept))
            for rate in participation { margins.take(rate) }
            for entry in thresholds { margins.take(entry, group: "", organization: "") }
            return try margins.margins(of: message)
        }
    }

    private static func ranks(_ year: Int, _ tables: ConsoleTables, _ kept: inout [Int: Kept]) throws -> RankTables {
        let framework = try tables.frameworks.of(schoolYear: year).digest
        if let known = kept[year], known.records == tables.ranks.identity, known.framework == framework {
            return known.tables
        }
        if kept.count >= most { kept = [:] }
        let made = try tables.ranks.ranks(year, tables.frameworks)
        kept[year] = Kept(records: tables.ranks.identity, framework: framework, tables: made)
        return made
    }
}
