internal import Messages
internal import Rules
internal import Stages
internal import SwiftProtobuf

/// The records that the ranks of schools are recomputed from, of all organizations.
///
/// No visitor sees them. What is counted with them is how many students of one organization its percentile is away from
/// a cut.
struct RankRecords: Sendable {
    /// Which records these are: no two states have the same one.
    struct Identity: Hashable, Sendable {
        let reading: Int
        fileprivate(set) var folds: UInt64 = 0
    }

    private(set) var identity: Identity
    /// The figures of schools, encoded, by school year and group.
    private var standings: [Int: [StudentGroup: [OrganizationCode: [UInt8]]]] = [:]
    /// The norms of frozen ranks, encoded, by school year.
    private var norms: [Int: [PercentileKey: [UInt8]]] = [:]
    /// The reconfigurations and changes of organizations.
    private var acts: [DirectiveKey: Accountability_V1_Directive] = [:]

    init(reading: Int) { identity = Identity(reading: reading) }

    /// Takes a record of the topic of standings; returns whether it could be decoded.
    mutating func fold(standing value: [UInt8]?, _ key: [UInt8]) -> Bool {
        guard let place = StandingKey(utf8: key.span) else { return false }
        var kept = value
        if let value {
            guard let (_, message) = TableTopics.standings.entry(key: key.span, value: value) else { return false }
            // Districts have no percentile.
            if message.type != .school { kept = nil }
        }
        identity.folds += 1
        standings[place.schoolYear, default: [:]][place.group, default: [:]][place.organization] = kept
        return true
    }

    /// Takes a norm of the topic of percentiles; returns whether it could be decoded.
    mutating func fold(norm value: [UInt8]?, _ place: PercentileKey, _ key: [UInt8]) -> Bool {
        guard value.map({ TableTopics.percentiles.entry(key: key.span, value: $0) != nil }) ?? true else {
            return false
        }
        identity.folds += 1
        norms[place.schoolYear, default: [:]][place] = value
        return true
    }

    /// Takes an act of the Department, or its retraction.
    mutating func fold(act: Accountability_V1_Directive?, _ place: DirectiveKey) {
        guard place.act == .reconfiguration || act?.organizationChange != nil || acts[place] != nil else { return }
        identity.folds += 1
        acts[place] = act
    }

    /// The ranks of a school year.
    func ranks(_ year: Int, _ frameworks: FrameworkSet) throws -> RankTables {
        let tables = try RankTables(year: year, frameworks)
        for year in tables.weighedYears {
            for standing in (standings[year] ?? [:]).values.flatMap(\.values) {
                tables.take(try Accountability_V1_Standing(serializedBytes: SchemaFraming.message(of: standing)))
            }
        }
        for (key, bytes) in norms[year] ?? [:] {
            guard case .norm(let group, let organization) = key.entry else { continue }
            let entry = try Accountability_V1_PercentileEntry(serializedBytes: SchemaFraming.message(of: bytes))
            tables.take(entry.norm, group: group.wireName, organization: organization.description)
        }
        for act in acts.values { tables.take(act) }
        return tables
    }
}
