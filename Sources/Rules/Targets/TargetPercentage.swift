/// The percentage of a span: all students and the lowest performing group together.
public struct SpanPercentage: Hashable, Sendable {
    /// The span.
    public let span: GradeSpan
    /// The column of all students (or of a subgroup).
    public let allStudents: TargetColumn
    /// The column of the lowest performing group, where there is one.
    public let lowestPerforming: TargetColumn?
    /// What the annual percentage is made from.
    public let percent: Ratio
    /// The percentage as it is shown.
    public let displayed: Int64

    /// The percentage of a span; only the first column where there is no second.
    public init(
        allStudents: TargetColumn,
        lowestPerforming: TargetColumn?,
        _ framework: Framework
    ) throws(RuleError) {
        let parameters = try framework.section(\.percentage, "target percentage")
        span = allStudents.span
        self.allStudents = allStudents
        self.lowestPerforming = lowestPerforming
        do {
            let weight = parameters.lowestPerformingWeight.value
            func mean(_ all: Ratio, _ lowest: Ratio?) throws(NumberError) -> Ratio {
                guard let lowest else { return all }
                return try (all * (.hundred - weight) + lowest * weight) / .hundred
            }
            switch parameters.annualMethod.value {
            case .keptColumns: percent = try mean(allStudents.percent, lowestPerforming?.percent)
            case .unroundedRatios: percent = try mean(allStudents.unrounded, lowestPerforming?.unrounded)
            }
            let shown: Ratio =
                switch parameters.spanDisplay.value {
                case .keptColumns: try mean(allStudents.percent, lowestPerforming?.percent)
                case .displayedColumns:
                    try mean(Ratio(allStudents.displayed), lowestPerforming.map { Ratio($0.displayed) })
                }
            displayed = try parameters.displayRounding.value(shown).floor
        } catch {
            throw .number(error)
        }
    }
}

/// The annual criterion-referenced target percentage: 603 CMR 2.03(2)(b)(1).
public struct AnnualPercentage: Hashable, Sendable {
    /// The spans, the lower first.
    public let spans: [SpanPercentage]
    /// The weight of the lower span, percent; nil with one span.
    public let nonHighWeight: Ratio?
    /// The percentage as it is kept for the cumulative one.
    public let percent: Ratio
    /// The percentage as it is shown.
    public let displayed: Int64

    /// The weight of the lower span from the October enrolment of both: the share in percent, rounded; nil of nobody.
    ///
    /// Where the framework has flat weights, those.
    public static func nonHighWeight(
        nonHighEnrollment: Int64,
        highEnrollment: Int64,
        _ framework: Framework
    ) throws(RuleError) -> Ratio? {
        let parameters = try framework.section(\.percentage, "target percentage")
        do throws(NumberError) {
            guard nonHighEnrollment >= 0, highEnrollment >= 0 else { throw .negativeCount }
            let all = try Ratio(nonHighEnrollment) + Ratio(highEnrollment)
            guard all > .zero else { return nil }
            let step = Ratio(parameters.spanWeightStep.value)
            return try parameters.spanWeightRounding.value(Ratio(nonHighEnrollment) / all * .hundred / step) * step
        } catch {
            throw .number(error)
        }
    }

    /// Whether the first columns of the spans have points of every category without which there is no annual
    /// percentage.
    ///
    /// One span that has them is enough.
    public static func isDetermined(by spans: [SpanPercentage], _ framework: Framework) throws(RuleError) -> Bool {
        try framework.section(\.percentage, "target percentage").requiredCategories.value
            .allSatisfy { category in
                spans.contains { $0.allStudents.categories.contains { $0.category == category } }
            }
    }

    /// The annual percentage of one or two spans; nil of none, or of two without a weight, and without the categories
    /// that are needed.
    ///
    /// All students need them, and other groups where the framework says so: ``isDetermined(by:_:)``.
    public static func of(
        _ spans: [SpanPercentage],
        group: StudentGroup = .allStudents,
        nonHighWeight: Ratio?,
        _ framework: Framework
    ) throws(RuleError) -> AnnualPercentage? {
        let parameters = try framework.section(\.percentage, "target percentage")
        if group == .allStudents || parameters.groupsNeedRequiredCategories.value {
            guard try isDetermined(by: spans, framework) else { return nil }
        }
        return try weighed(spans, nonHighWeight: nonHighWeight, framework)
    }

    private static func weighed(
        _ spans: [SpanPercentage],
        nonHighWeight: Ratio?,
        _ framework: Framework
    ) throws(RuleError) -> AnnualPercentage? {
        let parameters = try framework.section(\.percentage, "target percentage")
        let nonHigh = spans.first { $0.span == .nonHigh }
        let high = spans.first { $0.span == .high }
        do {
            let exact: Ratio
            switch (nonHigh, high, nonHighWeight) {
            case (let lower?, let upper?, let weight?):
                exact = try (lower.percent * weight + upper.percent * (.hundred - weight)) / .hundred
            case (_?, _?, nil), (nil, nil, _): return nil
            case (let only?, nil, _), (nil, let only?, _): exact = only.percent
            }
            let kept = try parameters.annualRounding.value(exact)
            return AnnualPercentage(
                spans: [nonHigh, high].compactMap { $0 },
                nonHighWeight: nonHigh != nil && high != nil ? nonHighWeight : nil,
                percent: kept,
                displayed: try parameters.displayRounding.value(kept).floor
            )
        } catch {
            throw .number(error)
        }
    }
}

/// The cumulative percentage and its band: 603 CMR 2.03(3)(a)(2), (3)(b)(2).
public struct CumulativePercentage: Hashable, Sendable {
    /// The annual percentage of the year before, as its framework carries it over.
    ///
    /// Nil where only the current year counts.
    public let prior: Ratio?
    /// The cumulative percentage.
    public let percent: Int64
    /// The band it lies in.
    public let level: ProgressLevel

    /// The cumulative percentage of two years, or of only the current year where the prior is nil or the year stands
    /// alone.
    public init(current: Ratio, prior: Ratio?, _ framework: Framework) throws(RuleError) {
        let parameters = try framework.section(\.percentage, "target percentage")
        let weight = parameters.currentYearWeight.value
        self.prior = weight == .hundred ? nil : prior
        let rounding = parameters.cumulativeRounding.value
        do {
            var exact = current
            if let prior = self.prior { exact = try (current * weight + prior * (.hundred - weight)) / .hundred }
            percent = try rounding(exact).floor
        } catch {
            throw .number(error)
        }
        level = try Self.level(of: percent, parameters)
    }

    /// The band of a cumulative percentage.
    public static func level(of percent: Int64, _ framework: Framework) throws(RuleError) -> ProgressLevel {
        try level(of: percent, try framework.section(\.percentage, "target percentage"))
    }

    private static func level(of percent: Int64, _ parameters: PercentageParameters) throws(RuleError) -> ProgressLevel
    {
        guard let band = parameters.bands.value.first(where: { percent >= Int64($0.minimum) }) else {
            throw .contradiction("a cumulative percentage of \(percent) lies in no band")
        }
        return band.level
    }
}

extension AnnualPercentage {
    /// An annual percentage as the next year's cumulative percentage weighs it: rounded as its own year's framework
    /// says.
    public static func carried(_ percent: Ratio, _ framework: Framework) throws(RuleError) -> Ratio {
        let rounding = try framework.section(\.percentage, "target percentage").carriedRounding.value
        do {
            return try rounding(percent)
        } catch {
            throw .number(error)
        }
    }

    /// Between what that lies, where of the annual percentage itself no more than a range is known; never outside 0 to
    /// 100.
    ///
    /// A year that is carried over as it was printed is known by its whole percent.
    public static func carried(_ range: ClosedRange<Ratio>, _ framework: Framework) throws(RuleError) -> ClosedRange<
        Ratio
    > {
        let possible = range.clamped(to: Ratio.zero...Ratio.hundred)
        let ends = (
            least: try carried(possible.lowerBound, framework), most: try carried(possible.upperBound, framework)
        )
        return min(ends.least, ends.most)...max(ends.least, ends.most)
    }

    /// The least and the most that the annual percentage of two spans can be, whatever their weights; nil of none.
    ///
    /// Whatever the weights, it is rounded as one of a single span is: so are the ends.
    public static func bounds(_ spans: [SpanPercentage], _ framework: Framework) throws(RuleError) -> ClosedRange<
        Ratio
    >? {
        var ends: [Ratio] = []
        for span in spans {
            if let alone = try weighed([span], nonHighWeight: nil, framework) { ends.append(alone.percent) }
        }
        guard let least = ends.min(), let most = ends.max() else { return nil }
        return least...most
    }
}

extension AnnualPercentage: CarriesOut {
    /// The criterion-referenced measure of a district, school or subgroup as a whole.
    public static let paragraphs: [Paragraph] = [.criterionReferenced, .allAndLowestPerforming, .eachSubgroup]
}

extension CumulativePercentage: CarriesOut {
    /// The degree to which targets were met.
    public static let paragraphs: [Paragraph] = [.districtsNotRequiring, .schoolsNotRequiring]
}
