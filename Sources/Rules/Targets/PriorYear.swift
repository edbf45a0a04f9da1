/// Whether a year before counts beside the current one: 603 CMR 2.03(2)(a), (2)(b), (2)(c).
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
}
