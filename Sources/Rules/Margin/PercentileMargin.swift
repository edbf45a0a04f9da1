/// How many students' results the percentile of an organization is away from a cut: 603 CMR 2.03(2)(a), (2)(c).
public struct PercentileMargin: Sendable {
    /// An organization in the ranks, with the students behind its values of the current year.
    public struct Member: Sendable {
        /// What it brings into the ranks.
        public let entry: PercentileEntry
        /// The students behind its values of the current year; a value without is moved by nobody.
        public let counts: [GradeSpan: [Indicator: Int64]]

        /// A member.
        public init(_ entry: PercentileEntry, counts: [GradeSpan: [Indicator: Int64]]) {
            self.entry = entry
            self.counts = counts
        }
    }

    private let members: [Member]
    private let entries: [PercentileEntry]
    /// The ranks as they are; their steps of other spans and years stay with every trial.
    private let ranking: PercentileRanking
    private let framework: Framework

    /// The ranks of a group.
    ///
    /// - Parameters:
    ///   - members: every organization in them.
    ///   - framework: of the school year.
    /// - Throws: where a rule does.
    public init(_ members: [Member], _ framework: Framework) throws(RuleError) {
        self.members = members
        self.framework = framework
        entries = members.map(\.entry)
        ranking = try PercentileRanking(entries, framework)
    }

    /// The percentile of a member as the ranks give it.
    public func percentile(of position: Int) -> Int? { ranking.results[position].percentile }

    /// Whether the students behind any value of a member are known.
    public func isCounted(_ position: Int) -> Bool { members[position].counts.values.contains { !$0.isEmpty } }

    /// The least number of students whose results would have to differ for the percentile to cross a cut: to lie above
    /// it where it does not, and not to where it does.
    ///
    /// Each of them changes its results in every indicator as far as ``ResultReach`` allows; the others' results stay,
    /// and all are ranked anew.
    ///
    /// - Parameters:
    ///   - position: of the member.
    ///   - cut: the percentile up to which it is low.
    /// - Returns: the number; nil where there is no percentile, or not even all students are enough.
    /// - Throws: where a rule does.
    public func students(of position: Int, toCross cut: Int) throws(RuleError) -> Int64? {
        guard let now = percentile(of: position) else { return nil }
        let upwards = now <= cut
        func crosses(_ students: Int64) throws(RuleError) -> Bool {
            guard let other = try percentile(of: position, changing: students, upwards: upwards) else { return false }
            return upwards ? other > cut : other <= cut
        }
        let all = members[position].counts.values.flatMap(\.values).max() ?? 0
        // What not even all students change needs one ranking; doubling finds the others with few.
        guard all > 0, try crosses(all) else { return nil }
        var (low, high): (Int64, Int64) = (0, 1)
        while high < all, try !crosses(high) { (low, high) = (high, min(high * 2, all)) }
        while low + 1 < high {
            let middle = low + (high - low) / 2
            if try crosses(middle) { high = middle } else { low = middle }
        }
        return high
    }

    private func percentile(of position: Int, changing students: Int64, upwards: Bool) throws(RuleError) -> Int? {
        let member = members[position]
        guard var values = member.entry.years[0] else { return nil }
        do {
            for (span, counts) in member.counts {
                for (indicator, count) in counts {
                    guard let value = values[span, indicator] else { continue }
                    values[span, indicator] = try ResultReach(indicator, span, framework)
                        .value(
                            from: value,
                            of: count,
                            changing: students,
                            upwards: upwards != indicator.lowerIsBetter
                        )
                }
            }
        } catch {
            throw .number(error)
        }
        var years = member.entry.years
        years[0] = values
        var others = entries
        others[position] = PercentileEntry(
            organization: member.entry.organization,
            years: years,
            reconfigured: member.entry.reconfigured,
            formers: member.entry.formers
        )
        return try ranking.ranked(others, changing: Set(member.counts.keys)).results[position].percentile
    }
}
