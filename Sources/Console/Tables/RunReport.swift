package import Reading

/// The progress of an installation's stages, and what is wrong.
package struct RunReport: Hashable, Sendable {
    /// The report of `accountability status`.
    package var status: StatusReport
    /// The position of each stage in each partition of its topics.
    package var positions: [LagReader.Position]

    package init(status: StatusReport, positions: [LagReader.Position]) {
        self.status = status
        self.positions = positions
    }

    /// How long each stage is behind, in seconds; nothing for those that are not.
    package var secondsBehind: [String: Int] = [:]

    /// How many records each stage is further behind than at an earlier check; fewer are negative.
    func changes(since other: RunReport?) -> [String: Int] {
        guard let other else { return [:] }
        func behind(_ report: RunReport) -> [String: Int] {
            report.positions.reduce(into: [:]) { $0[$1.stage, default: 0] += Int($1.behind) }
        }
        return behind(self).merging(behind(other).mapValues { -$0 }) { $0 + $1 }
    }
}

/// Finds how long a stage has been behind.
///
/// The oldest unread record of a partition came no later than the first check that saw the partition's end beyond it.
/// So the time since that check is the age of the oldest unread record, to the time between two checks.
struct LagAge {
    private struct Place: Hashable {
        let stage: String
        let topic: String
        let partition: Int32
    }

    /// When a partition was first seen to have an end, the oldest first, beginning with the first one not yet read.
    private var ends: [Place: [(second: Double, end: Int64)]] = [:]

    /// How many ends of a partition are kept.
    ///
    /// When there are more, every other one is left out, and the oldest stays.
    private static let most = 256

    /// Takes the positions of a check; returns how long each stage is behind, in whole seconds.
    mutating func take(_ positions: [LagReader.Position], at second: Double) -> [String: Int] {
        var ages: [String: Int] = [:]
        var next: [Place: [(second: Double, end: Int64)]] = [:]
        for position in positions where position.behind > 0 {
            let place = Place(stage: position.stage, topic: position.topic, partition: position.partition)
            var seen = (ends[place] ?? []).filter { $0.end > position.position }
            if seen.last.map({ $0.end < position.end }) ?? true { seen.append((second, position.end)) }
            if seen.count > Self.most { seen = seen.enumerated().filter { $0.offset % 2 == 0 }.map(\.element) }
            next[place] = seen
            let age = Int((second - (seen.first?.second ?? second)).rounded())
            ages[position.stage] = max(ages[position.stage] ?? 0, age)
        }
        ends = next
        return ages
    }
}
