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
    /// The number of organizations ranked in the span.
    public internal(set) var populationSize: Int
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

extension PercentileResult {
    /// The derivation, for people.
    public func explained(group: StudentGroup, by framework: Framework) -> Derivation {
        let parameters = framework.percentile
        let paragraph: Paragraph = group == .allStudents ? .accountabilityPercentile : .subgroupPercentile
        let share = final.nonHighShare.map { Derivation("Share of the lower span", $0.shortText) }
        return Derivation(
            group == .allStudents ? "Accountability percentile" : "Subgroup percentile, \(group)",
            percentile.map(String.init) ?? final.missing?.statement ?? "none",
            paragraph: paragraph,
            row: comparisonGroup.map { "among \(populationSize) of \($0)" },
            rounding: share == nil ? nil : parameters?.shareRounding.value,
            parameters: [
                parameters?.steps.record, parameters?.yearWeights.record,
                years.count == parameters?.yearWeights.value.count ? nil : parameters?.missingYear.record,
                years.allSatisfy(\.counts) ? nil : parameters?.changedComparisonGroup.record,
            ]
            .compactMap { $0 },
            inputs: [Derivation("Weighted mean", weightedMean)] + [share].compactMap { $0 }
                + final.spans.map { span in
                    Derivation(
                        "Percentile of span \(span.span)",
                        String(span.percentile),
                        row: "among \(span.populationSize)",
                        inputs: [Derivation("Weighted mean", span.weightedMean)]
                    )
                }
                + years.map { $0.explained(by: framework) }
        )
    }
}

extension PercentileYear {
    fileprivate func explained(by framework: Framework) -> Derivation {
        Derivation(
            yearsBefore == 0 ? "Current year" : "\(yearsBefore) years before",
            counts ? "counts" : "does not count",
            inputs: spans.map { span in
                Derivation(
                    "Span \(span.span)",
                    span.mean?.shortText ?? "none",
                    row: span.weights.rawValue,
                    parameters: [
                        framework.weights?.weights(span.span, span.weights).record,
                        framework.percentile?.indicatorPopulation[span.span]?.record,
                    ]
                    .compactMap { $0 },
                    inputs: IndicatorCategory.allCases.compactMap(span.explained)
                )
            }
        )
    }
}

extension PercentileSpanYear {
    fileprivate func explained(_ category: IndicatorCategory) -> Derivation? {
        guard let percentile = categoryPercentiles[category] else { return nil }
        let indicators = category.indicators.compactMap { indicator in
            indicatorPercentiles[indicator].map { Derivation("Percentile of \(indicator)", String($0)) }
        }
        return Derivation(
            "Percentile of category \(category)",
            String(percentile),
            inputs: [Derivation("Category mean", categoryMeans[category])] + indicators
        )
    }
}
