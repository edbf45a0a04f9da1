import Messages
import Rules

/// The points of an indicator with the figures that the report shows.
struct IndicatorResult {
    let points: IndicatorPoints
    /// The number of students; nil if a supplied value has none.
    let count: Int64?
    /// For EL progress: the quartile of comparison; 0 if unknown.
    let difficultyQuartile: Int
    let priorIsBaseline: Bool
    let threshold: StatewideTable.Threshold?
    let groupThreshold: StatewideTable.Threshold?
}

/// A group in a span: its points and the resulting column.
struct ColumnResult {
    let span: GradeSpan
    let group: StudentGroup
    let indicators: [IndicatorResult]
    let column: TargetColumn?
}

/// The criterion-referenced results of an organization in a school year: 603 CMR 2.03(2)(b).
struct TargetResults {
    /// A group with its columns and its annual percentage.
    struct Group {
        let group: StudentGroup
        let columns: [ColumnResult]
        let annual: AnnualPercentage?
    }

    /// All students and the lowest performing group: the columns of the report.
    let columns: [ColumnResult]
    let annual: AnnualPercentage?
    /// Every other group.
    let groups: [Group]

    /// Those of a school year without targets.
    static let none = TargetResults(columns: [], annual: nil, groups: [])
}

extension Framework {
    /// From which share of the days a student counts as chronically absent, in percent; nil without indicators.
    fileprivate var chronicAbsenceThreshold: Ratio? { indicators?.chronicAbsenceThresholds.value.first }
}

/// An organization in a school year, with the inputs of its points.
struct TargetComputation {
    let framework: Framework
    let priorFramework: Framework?
    let facts: OrganizationFacts
    let prior: OrganizationFacts?
    let statewide: StatewideTable
    let type: OrganizationType
    /// Whether this is a district of several schools.
    let isMultiSchoolDistrict: Bool

    /// Everything.
    func results() throws -> TargetResults {
        let columns = try mainColumns()
        let weight = try nonHighWeight()
        let main = try annual(columns, weight)
        var groups: [TargetResults.Group] = []
        for group in StudentGroup.allCases where group != .allStudents && group != .lowestPerforming {
            guard facts.has(group) else { continue }
            let own = try GradeSpan.allCases.map { try column(group, $0) }.filter { !$0.indicators.isEmpty }
            guard !own.isEmpty else { continue }
            groups.append(TargetResults.Group(group: group, columns: own, annual: try annual(own, weight, group)))
        }
        return TargetResults(columns: columns, annual: main, groups: groups)
    }

    /// Only the annual percentage, which the next year needs.
    func annual() throws -> Ratio? {
        try annual(try mainColumns(), try nonHighWeight())?.percent
    }

    private func mainColumns() throws -> [ColumnResult] {
        var columns: [ColumnResult] = []
        for span in GradeSpan.allCases {
            columns.append(try column(.allStudents, span))
            if framework.lowestPerforming?.exists[span]?.value ?? false {
                columns.append(try column(.lowestPerforming, span))
            }
        }
        return columns.filter { !$0.indicators.isEmpty }
    }

    private func nonHighWeight() throws -> Ratio? {
        guard let enrollment = facts.spanEnrollment else { return nil }
        return try AnnualPercentage.nonHighWeight(
            nonHighEnrollment: Int64(enrollment.nonHigh),
            highEnrollment: Int64(enrollment.high),
            framework
        )
    }

    private func annual(
        _ columns: [ColumnResult],
        _ weight: Ratio?,
        _ group: StudentGroup = .allStudents
    ) throws -> AnnualPercentage? {
        var spans: [SpanPercentage] = []
        for span in GradeSpan.allCases {
            let made = columns.filter { $0.span == span }
            guard let first = made.first(where: { $0.group != .lowestPerforming })?.column else { continue }
            let lowest = made.first { $0.group == .lowestPerforming }?.column
            spans.append(try SpanPercentage(allStudents: first, lowestPerforming: lowest, framework))
        }
        return try AnnualPercentage.of(spans, group: group, nonHighWeight: weight, framework)
    }

    private func column(_ group: StudentGroup, _ span: GradeSpan) throws -> ColumnResult {
        var results: [IndicatorResult] = []
        var earned: [Indicator: Int] = [:]
        for indicator in Indicator.allCases where counts(indicator, group, span) {
            guard let result = try points(group, span, indicator, statewide) else { continue }
            results.append(result)
            earned[indicator] = result.points.points
        }
        let column = earned.isEmpty ? nil : try TargetColumn.of(earned, span: span, group: group, framework)
        return ColumnResult(span: span, group: group, indicators: results, column: column)
    }

    /// Whether an indicator counts for a group in a span.
    private func counts(_ indicator: Indicator, _ group: StudentGroup, _ span: GradeSpan) -> Bool {
        guard TargetColumn.has(indicator, span: span, group: group, framework) else { return false }
        guard group == .lowestPerforming, indicator == .scienceAchievement, span == .high, isMultiSchoolDistrict else {
            return true
        }
        return framework.lowestPerforming?.highScienceInMultiSchoolDistricts.value ?? true
    }

    /// The points of an indicator; nil if the group has no value.
    func points(
        _ group: StudentGroup,
        _ span: GradeSpan,
        _ indicator: Indicator,
        _ statewide: StatewideTable
    ) throws -> IndicatorResult? {
        guard let value = facts.value(group, span, indicator) else { return nil }
        let minimum = framework.minimumSize.accountability.value
        let target = facts.target(group, span, indicator)
        var before = comparable(group, span, indicator, minimum)
        // The baseline is the value from which the Department set the target. It is used if the previous year was not
        // submitted.
        let usesBaseline = before == nil && target?.baseline != nil
        if usesBaseline { before = target?.baseline }
        let key = StatewideTable.ThresholdKey(type: type, span: span, group: group, indicator: indicator)
        let input = PointsInput(
            indicator,
            span,
            current: value.value,
            prior: before,
            target: target?.target,
            count: value.count ?? Int64(minimum),
            statewide: statewide.thresholds(
                key,
                difficultyQuartile: value.difficultyQuartile,
                of: framework.points?.difficultyQuartileValues.value ?? .allStudents
            ),
            path: target?.path
        )
        let all = StatewideTable.ThresholdKey(type: type, span: span, group: .allStudents, indicator: indicator)
        return IndicatorResult(
            points: try IndicatorPoints(input, framework),
            count: value.count,
            difficultyQuartile: value.difficultyQuartile,
            priorIsBaseline: usesBaseline,
            threshold: statewide[all],
            groupThreshold: statewide[key]
        )
    }

    /// The value of the year before, if it was measured the same way and counts.
    private func comparable(_ group: StudentGroup, _ span: GradeSpan, _ indicator: Indicator, _ minimum: Int) -> Ratio?
    {
        guard let value = prior?.value(group, span, indicator), value.meets(minimum),
            let priorFramework, priorFramework.indicators != nil,
            IndicatorPoints.scale(indicator, span, framework) == IndicatorPoints.scale(indicator, span, priorFramework)
        else { return nil }
        // Supplied rates are compared as they are.
        guard indicator == .chronicAbsenteeism, value.counted != nil else { return value.value }
        return PriorYear.chronicAbsenteeism(
            counted: value.value,
            at: priorFramework.chronicAbsenceThreshold,
            others: value.otherThresholds,
            now: framework.chronicAbsenceThreshold
        )
    }
}
