public import Messages
public import Rules

/// The publications from which the margins of a school year's determinations are counted.
///
/// Used from one thread.
public final class MarginTables {
    struct ThresholdKey: Hashable {
        let type: Accountability_V1_OrganizationType
        let span: String
        let group: String
        let indicator: String
        let quartile: UInt32
    }

    let year: Int
    let framework: Framework
    let ranks: RankTables
    /// The rates of a whole organization, by organization.
    private(set) var participation: [String: [Accountability_V1_Participation]] = [:]
    private(set) var thresholds: [ThresholdKey: Accountability_V1_Threshold] = [:]

    /// Tables that are still empty.
    ///
    /// - Parameters:
    ///   - year: the school year.
    ///   - frameworks: of it and of the years before.
    /// - Throws: `FrameworkError` if no framework covers the year.
    public convenience init(year: Int, _ frameworks: FrameworkSet) throws {
        self.init(try RankTables(year: year, frameworks))
    }

    /// Tables that are still empty, with the ranks of a school year.
    public init(_ ranks: RankTables) {
        self.ranks = ranks
        year = ranks.year
        framework = ranks.framework
    }

    /// Takes a rate; only those of all grades of the year count.
    public func take(_ participation: Accountability_V1_Participation) {
        guard Int(participation.schoolYear) == year, participation.grade == "all" else { return }
        self.participation[participation.orgCode, default: []].append(participation)
    }

    /// Takes an entry of the topic of percentiles; only the thresholds and norms of the year count.
    ///
    /// - Parameters:
    ///   - entry: the entry.
    ///   - group: of a norm, as its key names it.
    ///   - organization: of a norm, as its key names it.
    public func take(_ entry: Accountability_V1_PercentileEntry, group: String, organization: String) {
        guard Int(entry.schoolYear) == year else { return }
        switch entry.entry {
        case .threshold(let threshold):
            let key = ThresholdKey(
                type: threshold.type,
                span: threshold.gradeSpan,
                group: threshold.group,
                indicator: threshold.indicator,
                quartile: threshold.difficultyQuartile
            )
            thresholds[key] = threshold
        case .norm(let norm): ranks.take(norm, group: group, organization: organization)
        case .percentile, nil: return
        }
    }

    /// Takes an entry of the topic of percentiles under its key.
    public func take(_ entry: Accountability_V1_PercentileEntry, key: PercentileKey) {
        guard case .norm(let group, let organization) = key.entry else {
            return take(entry, group: "", organization: "")
        }
        take(entry, group: group.wireName, organization: organization.description)
    }

    /// Takes an organization's entries for the ranks.
    ///
    /// Only the weighed years count.
    public func take(_ standing: Accountability_V1_Standing) { ranks.take(standing) }

    /// Takes an act of the Department; only reconfigurations and changes of organizations count.
    public func take(_ act: Accountability_V1_Directive) { ranks.take(act) }

    /// How far a determination is from each cut, the nearest first.
    ///
    /// Without standings the results that a percentile is away are not counted.
    public func margins(of determination: Accountability_V1_Determination) throws -> [DeterminationMargin] {
        try MarginMaker(message: determination, tables: self).margins()
    }
}
