/// The steps of one span in one year.
public struct PercentileSpanYear: Hashable, Sendable {
    /// The span.
    public let span: GradeSpan
    /// The column of weights: with EL progress where the organization has a value.
    public let weights: WeightParameters.Column
    /// The percentile of each indicator with a value.
    public internal(set) var indicatorPercentiles: [Indicator: Int]
    /// The mean of the indicator percentiles of each category.
    public internal(set) var categoryMeans: [IndicatorCategory: Ratio]
    /// The percentile of each category mean.
    public internal(set) var categoryPercentiles: [IndicatorCategory: Int]
    /// The weighted mean of the category percentiles; nil where a required category is missing.
    public internal(set) var mean: Ratio?
}

/// The steps of one year.
public struct PercentileYear: Hashable, Sendable {
    /// How many school years before the current one.
    public let yearsBefore: Int
    /// The comparison group of the year.
    public let comparisonGroup: ComparisonGroup?
    /// Whether the year counts in the percentile: not where the organization was of another comparison group or was
    /// reconfigured since.
    public let counts: Bool
    /// The spans of the comparison group in which the group takes part in the ranks, the lower first.
    public let spans: [PercentileSpanYear]

    /// The mean of the year; nil where there is none, as of a middle/high school, whose spans have one each.
    public var mean: Ratio? {
        guard let spans = comparisonGroup?.spans, spans.count == 1 else { return nil }
        return self.spans.first?.mean
    }
}

/// The percentile of one span of an organization's group, over the years.
public struct PercentileSpan: Hashable, Sendable {
    /// The span.
    public let span: GradeSpan
    /// The weighted mean of the years.
    public let weightedMean: Ratio
    /// 1 to 99, among the span of the comparison group.
    public internal(set) var percentile: Int
}

/// The percentile of an organization's group and every step towards it.
public struct PercentileResult: Hashable, Sendable {
    /// The organization.
    public let organization: OrganizationCode
    /// The comparison group it was ranked in; nil where none is known.
    public let comparisonGroup: ComparisonGroup?
    /// The years, the current one first; those without values are absent.
    public let years: [PercentileYear]
    /// How the percentile was made from the means of the years.
    public let final: FinalPercentile

    /// The weighted mean that was ranked: of the years, or of the percentiles of both spans of a middle/high school;
    /// nil where there is none.
    public var weightedMean: Ratio? { final.weightedMean }
    /// 1 to 99; nil where there is no weighted mean.
    public var percentile: Int? { final.percentile }
    /// The number of organizations ranked.
    public var populationSize: Int { final.populationSize }

    /// The mean of the current year.
    public var yearMean: Ratio? { years.first { $0.yearsBefore == 0 }?.mean }
}
