/// Whether, and with which figures, a year before counts beside the current one: 603 CMR 2.03(2)(a), (2)(b), (2)(c).
public enum PriorYear {
    /// Whether it counts for an organization that had a determination in that year.
    ///
    /// - Parameters:
    ///   - group: the comparison group the organization is in now; nil where none is declared, as of most districts.
    ///   - before: the one it was in then. Two that are not declared are equal.
    ///   - isReconfigured: whether the Department has stated that the organization was reconfigured since: then it is
    ///     another one, whatever the groups are.
    ///   - rule: which years the framework counts.
    /// - Returns: whether it counts.
    public static func counts(
        group: ComparisonGroup?,
        before: ComparisonGroup?,
        isReconfigured: Bool,
        _ rule: PriorYearRule
    ) -> Bool {
        guard !isReconfigured else { return false }
        switch rule {
        case .every: return true
        case .sameComparisonGroup: return group == before
        }
    }

    /// The rate of chronic absenteeism of a year before that a year is compared with.
    ///
    /// A student counts as chronically absent from a share of the days enrolled, which the framework of the year names:
    /// 10 percent, and 20 percent in 2022, when the rates at both were published. Only rates at one and the same
    /// threshold are compared.
    ///
    /// - Parameters:
    ///   - counted: the rate at the threshold that counted in that year.
    ///   - threshold: that threshold, in percent; nil if its framework has none.
    ///   - others: the rates at the other thresholds of its framework, by threshold.
    ///   - now: the threshold that counts in the year that is compared; nil if its framework has none.
    /// - Returns: the rate at the threshold that counts now; nil if there is none.
    public static func chronicAbsenteeism(
        counted: Ratio,
        at threshold: Ratio?,
        others: [Ratio: Ratio],
        now: Ratio?
    ) -> Ratio? {
        guard threshold != now else { return counted }
        return now.flatMap { others[$0] }
    }
}
