/// What is reported of a column: the points of a group in a span, weighted.
public struct ColumnReport: Hashable, Sendable {
    /// The group.
    public var group: StudentGroup
    /// The span.
    public var span: GradeSpan
    /// Weighted points earned.
    public var weightedEarned: Ratio?
    /// Weighted points possible.
    public var weightedPossible: Ratio?
    /// The percentage; nil where the column has none.
    public var percent: Ratio?
    /// The totals by category.
    public var categories: [CategoryTotal] = []
    /// Categories without points, whose weight went to all others.
    public var missing: [IndicatorCategory] = []
    /// The points by indicator.
    public var indicators: [PointsReport] = []

    /// A column without points.
    public init(_ group: StudentGroup, _ span: GradeSpan) {
        self.group = group
        self.span = span
    }

    private var weights: WeightParameters.Column {
        group == .lowestPerforming
            ? .lowestPerforming
            : categories.contains { $0.category == .elProgress } ? .withELProgress : .withoutELProgress
    }

    /// How the column came about: `paragraph` is that of the percentage that it is part of.
    func explained(_ paragraph: Paragraph, by framework: Framework) -> Derivation {
        let points = indicators.map { $0.explained(by: framework) }
        guard let parameters = framework.percentage else {
            return Derivation(group.title, "", paragraph: paragraph, inputs: points)
        }
        let weights = framework.weights?.weights(span, weights)
        let growthMoved =
            !categories.isEmpty && weights?.value[.growth] != nil && !missing.contains(.growth)
            && !categories.contains { $0.category == .growth }
        let absent = (growthMoved ? [.growth] : []) + missing
        let remark = TargetColumn.remark(missing: missing, growthCountsWithAchievement: growthMoved)
        var value = "no points"
        if let percent, let weightedEarned, let weightedPossible {
            value =
                "\(weightedEarned.text(decimals: 1))/\(weightedPossible.text(decimals: 1)) = \(percent.shortText)"
        }
        return Derivation(
            group.title,
            value,
            paragraph: paragraph,
            row: remark.map { "no points in \(absent.map(\.words).joined(separator: ", ")): \($0)" },
            rounding: parameters.columnRounding.value,
            parameters: [
                weights?.record, parameters.weightedTotalRounding.record, parameters.columnRounding.record,
                absent.isEmpty ? nil : parameters.missingCategory.record,
            ]
            .compactMap { $0 },
            inputs: categories.map { $0.explained() } + points
        )
    }
}

extension CategoryTotal {
    fileprivate func explained() -> Derivation {
        Derivation(
            "Category \(category.words)",
            "\(earned) of \(possible) points, weight \(weight.shortText) %"
        )
    }
}

/// What is reported of a span.
public struct SpanReport: Hashable, Sendable {
    /// The span.
    public var span: GradeSpan
    /// Its weight in the annual percentage, percent.
    public var weight: Int
    /// The percentage; nil where the organization has none.
    public var percent: Ratio?
    /// The percentage as it is shown.
    public var displayed: Int
    /// The columns.
    public var columns: [ColumnReport]

    /// A span.
    public init(_ span: GradeSpan, weight: Int, percent: Ratio?, displayed: Int, columns: [ColumnReport]) {
        self.span = span
        self.weight = weight
        self.percent = percent
        self.displayed = displayed
        self.columns = columns
    }

    /// How the percentage came about: `paragraph` is that of the percentage that it is part of.
    func explained(_ paragraph: Paragraph, by framework: Framework) -> Derivation {
        let percents = columns.compactMap(\.percent)
        var value = framework.percentage == nil ? "" : "no percentage"
        if let percent {
            let mean = percents.map(\.shortText).joined(separator: " and ")
            let formula = percents.count > 1 ? "mean of \(mean) = " : ""
            value = "\(formula)\(percent.shortText) (shown \(displayed)), weight \(weight) %"
        }
        return Derivation(
            "Grade span \(span.wireName.replacing("_", with: "-"))",
            value,
            paragraph: paragraph,
            parameters: percents.count > 1
                ? [framework.percentage?.lowestPerformingWeight.record].compactMap { $0 } : [],
            inputs: columns.map { $0.explained(paragraph, by: framework) }
        )
    }
}

/// What is reported of the annual percentage of a group: 603 CMR 2.03(2)(b).
public struct PercentageReport: Hashable, Sendable {
    /// The group; all students stand for the organization as a whole, with its lowest performing.
    public var group: StudentGroup
    /// The percentage as it is kept; nil where there is none.
    public var percent: Ratio?
    /// The percentage as it is shown.
    public var displayed: Int
    /// The spans.
    public var spans: [SpanReport]

    /// A percentage.
    public init(_ group: StudentGroup, percent: Ratio?, displayed: Int, spans: [SpanReport]) {
        self.group = group
        self.percent = percent
        self.displayed = displayed
        self.spans = spans
    }

    private var paragraph: Paragraph { group == .allStudents ? .allAndLowestPerforming : .eachSubgroup }

    /// How the spans came about.
    func explainedSpans(by framework: Framework) -> [Derivation] {
        spans.map { $0.explained(paragraph, by: framework) }
    }

    /// How the percentage came about.
    public func explained(by framework: Framework) -> Derivation {
        let parameters = framework.percentage
        guard group == .allStudents, let percent else {
            let value = percent.map { "\($0.shortText) (shown \(displayed))" } ?? "no percentage"
            return Derivation(
                group.title,
                parameters == nil ? "" : value,
                paragraph: paragraph,
                rounding: parameters?.annualRounding.value,
                inputs: explainedSpans(by: framework)
            )
        }
        let weighted = spans.compactMap { span in span.percent.map { "\(span.weight) % × \($0.shortText)" } }
        let formula = weighted.count > 1 ? weighted.joined(separator: " + ") + " = " : ""
        return Derivation(
            "Annual criterion-referenced target percentage",
            "\(formula)\(percent.shortText) (shown \(displayed))",
            paragraph: paragraph,
            rounding: parameters?.annualRounding.value,
            parameters: [
                parameters?.annualMethod.record, parameters?.annualRounding.record, parameters?.spanWeightStep.record,
            ]
            .compactMap { $0 },
            inputs: explainedSpans(by: framework)
        )
    }
}

/// What is reported of the cumulative percentage: 603 CMR 2.03(3)(a)(2), (3)(b)(2).
public struct CumulativeReport: Hashable, Sendable {
    /// The annual percentage of the year before, as it was carried over; nil where only the current year counts.
    public var prior: Ratio?
    /// The cumulative percentage.
    public var percent: Int
    /// Its band; nil in a year without determinations.
    public var band: ProgressLevel?

    /// A cumulative percentage.
    public init(prior: Ratio?, percent: Int, band: ProgressLevel?) {
        self.prior = prior
        self.percent = percent
        self.band = band
    }

    /// How the percentage came about from the annual one.
    public func explained(_ annual: PercentageReport, by framework: Framework) throws(NumberError) -> Derivation {
        let parameters = framework.percentage
        let current = annual.percent?.shortText ?? "none"
        var value = "\(current) → \(percent)"
        if let prior {
            let weight = parameters?.currentYearWeight.value ?? .hundred
            let rest = try .hundred - weight
            value =
                "\(rest.shortText) % × \(prior.shortText) + \(weight.shortText) % × \(current) → \(percent)"
        }
        return Derivation(
            "Cumulative criterion-referenced target percentage",
            band.map { "\(value), \($0.title)" } ?? value,
            paragraph: .criterionReferenced,
            row: prior == nil ? "only the current year" : "prior and current year",
            rounding: parameters?.cumulativeRounding.value,
            parameters: [
                parameters?.currentYearWeight.record, parameters?.cumulativeRounding.record, parameters?.bands.record,
            ]
            .compactMap { $0 },
            inputs: [annual.explained(by: framework)]
        )
    }
}
