/// Which years before count beside the current one, in the cumulative percentage and in percentiles.
public enum PriorYearRule: String, Sendable, CaseIterable {
    /// Those in which the organization was in the comparison group that it is in now.
    case sameComparisonGroup = "same_comparison_group"
    /// Every one.
    case every
}
