/// The percentiles of a whole population: 603 CMR 2.03(2)(a) for all students, (2)(c) for a subgroup.
public enum Percentiles {
    /// The percentile of every entry of one (year, group), in the order of the entries: ``PercentileRanking``.
    public static func rank(
        _ entries: [PercentileEntry],
        _ framework: Framework
    ) throws(RuleError) -> [PercentileResult] {
        try PercentileRanking(entries, framework).results
    }
}

extension Percentiles: CarriesOut {
    /// Standing relative to other schools, of all students and of subgroups.
    public static let paragraphs: [Paragraph] = [.accountabilityPercentile, .subgroupPercentile]
}
