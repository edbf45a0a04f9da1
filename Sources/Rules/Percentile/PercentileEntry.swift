/// The indicator values of an organization and group in one year, by span.
public struct PercentileYearValues: Hashable, Sendable {
    /// The comparison group of that year.
    public let comparisonGroup: ComparisonGroup
    /// The share of the lower span in a middle/high school's enrolment, 0 to 1, exact; nil where it is not known.
    public let nonHighShare: Ratio?
    private var slots: [Ratio?]

    /// A year without values.
    public init(comparisonGroup: ComparisonGroup, nonHighShare: Ratio? = nil) {
        self.comparisonGroup = comparisonGroup
        self.nonHighShare = nonHighShare
        slots = Array(repeating: nil, count: GradeSpan.allCases.count * Indicator.allCases.count)
    }

    /// The value of an indicator in a span, as it is rounded for publication; nil where there is none that counts.
    public subscript(span: GradeSpan, indicator: Indicator) -> Ratio? {
        get { slots[Self.slot(span, indicator)] }
        set { slots[Self.slot(span, indicator)] = newValue }
    }

    private static func slot(_ span: GradeSpan, _ indicator: Indicator) -> Int {
        Int(span.rawValue) * Indicator.allCases.count + Int(indicator.rawValue)
    }
}

/// An organization in the population of a group.
public struct PercentileEntry: Sendable {
    /// The organization.
    public let organization: OrganizationCode
    /// The values by how many school years before the current one they lie: 0 is the current year.
    public let years: [Int: PercentileYearValues]

    /// An entry; years that the framework does not weigh are ignored.
    public init(organization: OrganizationCode, years: [Int: PercentileYearValues]) {
        self.organization = organization
        self.years = years
    }
}

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
    /// The spans of the comparison group, the lower first.
    public internal(set) var spans: [PercentileSpanYear]
    /// The rounded share by which two spans were combined; nil with one.
    public internal(set) var nonHighShare: Ratio?
    /// The year mean; nil where it could not be made.
    public internal(set) var mean: Ratio?
}

/// The percentile of an organization's group and every step towards it.
public struct PercentileResult: Hashable, Sendable {
    /// The organization.
    public let organization: OrganizationCode
    /// The comparison group it was ranked in.
    public let comparisonGroup: ComparisonGroup
    /// The years, the current one first; those without values are absent.
    public internal(set) var years: [PercentileYear]
    /// The weighted mean of the years; nil where the current year has no mean.
    public internal(set) var weightedMean: Ratio?
    /// 1 to 99; nil where there is no weighted mean.
    public internal(set) var percentile: Int?
    /// The number of organizations ranked.
    public internal(set) var populationSize: Int

    /// The current year's mean.
    public var yearMean: Ratio? { years.first { $0.yearsBefore == 0 }?.mean }
}
