/// A figure on the way to a percentile.
public enum PercentileFigure: UInt8, WireNamed {
    /// The value of an indicator.
    case value
    /// The percentile of an indicator.
    case indicatorPercentile
    /// The mean of the percentiles of a category's indicators.
    case categoryMean
    /// The percentile of a category.
    case categoryPercentile
    /// The weighted mean of the categories of a span.
    case spanMean
    /// The mean of a year.
    case yearMean
    /// The year does not count: the organization was of another comparison group, or was reconfigured since.
    case notCounted
    /// The weighted mean of the years in a span of a middle/high school.
    case spanWeightedMean
    /// The percentile of a span of a middle/high school.
    case spanPercentile
    /// The share of the lower span of a middle/high school.
    case nonHighShare
    /// The figures of the year stand under a former code of the organization, which the name gives.
    case formerCode

    /// The name in files and messages.
    public var wireName: String {
        switch self {
        case .value: "value"
        case .indicatorPercentile: "indicator_percentile"
        case .categoryMean: "category_mean"
        case .categoryPercentile: "category_percentile"
        case .spanMean: "span_mean"
        case .yearMean: "year_mean"
        case .notCounted: "not_counted"
        case .spanWeightedMean: "span_weighted_mean"
        case .spanPercentile: "span_percentile"
        case .nonHighShare: "non_high_share"
        case .formerCode: "former_code"
        }
    }
}

/// What is reported of the percentile of a group, with the figures on the way to it.
public struct PercentileReport: Hashable, Sendable {
    /// A figure on the way.
    public struct Step: Hashable, Sendable {
        /// What it is.
        public let figure: PercentileFigure
        /// The school year.
        public let schoolYear: Int
        /// The span; nil where the figure has none.
        public let span: GradeSpan?
        /// The indicator, the category, the column of weights or the comparison group; empty where there is none.
        public let name: String
        /// The figure itself.
        public let value: Ratio

        /// A figure.
        public init(_ figure: PercentileFigure, schoolYear: Int, span: GradeSpan?, name: String, value: Ratio) {
            self.figure = figure
            self.schoolYear = schoolYear
            self.span = span
            self.name = name
            self.value = value
        }
    }

    /// The group.
    public var group: StudentGroup
    /// The percentile; nil where there is none.
    public var percentile: Int?
    /// The comparison group.
    public var comparisonGroup: ComparisonGroup?
    /// How many were ranked; nil where that is not at hand.
    public var population: Int?
    /// Whether it was placed against the official ranks.
    public var isFrozen = false
    /// Why there is no percentile.
    public var missing: FinalPercentile.Missing?
    /// What was ranked.
    public var weightedMean: Ratio?
    /// The figures on the way.
    public var steps: [Step] = []

    /// A percentile without the figures on the way.
    public init(_ group: StudentGroup, percentile: Int?, comparisonGroup: ComparisonGroup?) {
        self.group = group
        self.percentile = percentile
        self.comparisonGroup = comparisonGroup
    }

    /// How the percentile came about.
    public func explained(by framework: Framework) -> Derivation {
        guard let percentile else {
            return Derivation(
                "Percentile of \(group.title)",
                "none: \(missing?.statement ?? "unknown")",
                inputs: derived(framework)
            )
        }
        let peers = population.map { "\($0) " } ?? ""
        let schools = comparisonGroup?.wireName.replacing("_", with: "-") ?? "other"
        return Derivation(
            "Percentile of \(group.title)",
            "\(percentile)",
            paragraph: group == .allStudents ? .accountabilityPercentile : .subgroupPercentile,
            row: "among \(peers)\(schools) schools" + (isFrozen ? ", placed against the official ranks" : ""),
            parameters: isFrozen ? [framework.percentile?.norm.record].compactMap { $0 } : [],
            inputs: derived(framework)
        )
    }

    /// The figures from what was ranked down to the values.
    private func derived(_ framework: Framework) -> [Derivation] {
        var steps = weightedMean.map { [Derivation("Weighted mean that is ranked", Self.exact($0))] } ?? []
        if let share = step(.nonHighShare) {
            steps.append(
                Derivation(
                    "Share of the lower span",
                    Self.exact(share.value),
                    rounding: framework.percentile?.shareRounding.value
                )
            )
        }
        for span in GradeSpan.allCases {
            guard let mean = step(.spanWeightedMean, span: span) else { continue }
            let place = step(.spanPercentile, span: span).map { Self.exact($0.value) } ?? "none"
            steps.append(
                Derivation(
                    "Percentile of span \(Self.words(span))",
                    place,
                    inputs: [Derivation("Weighted mean of the years", Self.exact(mean.value))]
                )
            )
        }
        let onTheWay = self.steps.filter { !Self.final.contains($0.figure) }
        let years = Set(onTheWay.map(\.schoolYear)).sorted(by: >)
        return steps + years.map { year($0, framework) }
    }

    private static let final: [PercentileFigure] = [.spanWeightedMean, .spanPercentile, .nonHighShare]

    private func year(_ year: Int, _ framework: Framework) -> Derivation {
        let notCounted = step(.notCounted, year: year)
        let mean = step(.yearMean, year: year).map { "mean \(Self.exact($0.value))" } ?? ""
        let former = step(.formerCode, year: year).map { " under the former code \($0.name)" } ?? ""
        return Derivation(
            "School year \(year)\(former)",
            notCounted == nil ? mean : mean.isEmpty ? "does not count" : "\(mean), does not count",
            row: notCounted == nil ? nil : "of another comparison group then, or reconfigured since",
            parameters: notCounted == nil
                ? [] : [framework.percentile?.changedComparisonGroup.record].compactMap { $0 },
            inputs: GradeSpan.allCases.compactMap { span(year, $0, framework) }
        )
    }

    private func span(_ year: Int, _ span: GradeSpan, _ framework: Framework) -> Derivation? {
        let mean = step(.spanMean, year: year, span: span)
        let categories = IndicatorCategory.allCases.compactMap { category(year, span, $0) }
        guard mean != nil || !categories.isEmpty else { return nil }
        let weights = mean.flatMap { WeightParameters.Column(rawValue: $0.name) }
        return Derivation(
            "Span \(Self.words(span))",
            mean.map { "mean \(Self.exact($0.value))" } ?? "no mean",
            row: weights.map { $0.rawValue.replacing("_", with: " ") },
            inputs: categories
        )
    }

    private func category(_ year: Int, _ span: GradeSpan, _ category: IndicatorCategory) -> Derivation? {
        let indicators = category.indicators.compactMap { indicator -> Derivation? in
            let value = step(.value, year: year, span: span, name: indicator.wireName)?.value.shortText
            guard let percentile = step(.indicatorPercentile, year: year, span: span, name: indicator.wireName)
            else { return nil }
            return Derivation(
                "Percentile of \(indicator.words)",
                Self.exact(percentile.value) + (value.map { ", of value \($0)" } ?? "")
            )
        }
        let mean = step(.categoryMean, year: year, span: span, name: category.wireName)
        let percentile = step(.categoryPercentile, year: year, span: span, name: category.wireName)
        guard percentile != nil || !indicators.isEmpty else { return nil }
        return Derivation(
            "Percentile of category \(category.words)",
            (percentile.map { Self.exact($0.value) } ?? "none")
                + (mean.map { ", of the mean \(Self.exact($0.value))" } ?? ""),
            inputs: indicators
        )
    }

    private func step(
        _ figure: PercentileFigure,
        year: Int? = nil,
        span: GradeSpan? = nil,
        name: String? = nil
    ) -> Step? {
        steps.first {
            $0.figure == figure && (year == nil || $0.schoolYear == year) && (span == nil || $0.span == span)
                && (name == nil || $0.name == name)
        }
    }

    private static func words(_ span: GradeSpan) -> String { span.wireName.replacing("_", with: "-") }

    private static func exact(_ value: Ratio) -> String {
        value.isInteger ? "\(value)" : "\(value) = \(value.shortText)"
    }
}

extension PercentileReport {
    /// How the percentiles of a school came about; nil of none.
    public static func explained(_ groups: [PercentileReport], own: Int?, by framework: Framework) -> Derivation? {
        guard own != nil || !groups.isEmpty else { return nil }
        let parameters = framework.percentile
        return Derivation(
            "Accountability percentile",
            own.map(String.init) ?? "none",
            paragraph: .accountabilityPercentile,
            parameters: [parameters?.steps.record, parameters?.yearWeights.record].compactMap { $0 }
                + GradeSpan.allCases.compactMap { parameters?.indicatorPopulation[$0]?.record },
            inputs: groups.map { $0.explained(by: framework) }
        )
    }
}
