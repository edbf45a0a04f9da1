internal import Messages
internal import Rules
internal import Streaming

/// The indicator records that an organization publishes for a year.
struct IndicatorRows {
    /// A valid value.
    struct StandingValue {
        let message: Accountability_V1_IndicatorValue
        /// Whether there are enough students for it to count.
        let isSufficient: Bool
    }

    /// The valid values by the place of their cell; nil if there is none.
    private(set) var values: [StandingValue?]
    /// The targets, by the place of their cell.
    let targets: [SetTarget?]
    /// The entries for the ranks, by group; nil if a group has none.
    private(set) var standings: [Accountability_V1_Standing?]

    /// Makes the rows of a state under a framework.
    ///
    /// `tallies` are the sums over the students; nil if the organization has no student records or the year no
    /// indicators.
    init(
        _ organization: OrganizationYear,
        _ state: IndicatorState,
        _ tallies: StudentTallies?,
        framework: Framework?
    ) throws(NumberError) {
        values = Array(repeating: nil, count: IndicatorCell.count)
        standings = Array(repeating: nil, count: StudentGroup.allCases.count)
        var targets: [SetTarget?] = Array(repeating: nil, count: IndicatorCell.count)
        // If two records set the same target, the one with the smaller digest is used, so the order of arrival does not
        // matter.
        for target in state.targets.sorted(by: { $0.record.value > $1.record.value }) {
            targets[target.cell.index] = target
        }
        self.targets = targets
        let supplied = takeSupplied(state, computes: tallies != nil, framework)
        // Students of grades that the organization does not declare make no span for it.
        let spans = state.organization?.declaredSpans ?? GradeSpan.allCases
        if let tallies, let framework { try take(tallies, of: spans, framework) }
        guard organization.code.type != .state else { return }
        makeStandings(organization, state, supplied)
    }

    /// The facts about an organization in its supplied values.
    private struct Supplied {
        /// By group.
        var comparisonGroups: [ComparisonGroup?] = Array(repeating: nil, count: StudentGroup.allCases.count)
        var schoolType: SchoolType?
        var enrollment: SpanEnrollment?
    }

    /// Takes the valid supplied values.
    private mutating func takeSupplied(
        _ state: IndicatorState,
        computes: Bool,
        _ framework: Framework?
    ) -> Supplied {
        var said = Supplied()
        // If two values disagree, the one with the smaller digest is used, so the order of arrival does not matter.
        for supplied in state.supplied.sorted(by: { $0.record.value > $1.record.value })
        where !computes || !state.shadows(supplied.cell.indicator) {
            var message = Accountability_V1_IndicatorValue()
            message.gradeSpan = supplied.cell.span.wireName
            message.group = supplied.cell.group.wireName
            message.indicator = supplied.cell.indicator.wireName
            message.value = supplied.value
            if let count = supplied.count { message.count = count }
            message.supplied = true
            message.difficultyQuartile = supplied.difficultyQuartile
            let minimum = framework?.minimumSize.accountability.value
            let isSufficient = supplied.count.map { count in minimum.map { count >= $0 } ?? false } ?? true
            values[supplied.cell.index] = StandingValue(message: message, isSufficient: isSufficient)
            if let named = supplied.comparisonGroup {
                let group = Int(supplied.cell.group.rawValue)
                said.comparisonGroups[group] = min(said.comparisonGroups[group] ?? named, named)
            }
            said.schoolType = supplied.schoolType ?? said.schoolType
            said.enrollment = supplied.enrollment ?? said.enrollment
        }
        // The organization's own enrolment wins.
        if state.organization.flatMap(SpanEnrollment.init) == nil { take(said.enrollment) }
        return said
    }

    /// Every supplied value carries the enrollments that weigh the spans, because each of them may be retracted.
    private mutating func take(_ enrollment: SpanEnrollment?) {
        guard let enrollment else { return }
        for index in values.indices {
            guard let value = values[index] else { continue }
            var message = value.message
            message.nonHighEnrollment = enrollment.nonHigh
            message.highEnrollment = enrollment.high
            values[index] = StandingValue(message: message, isSufficient: value.isSufficient)
        }
    }

    private mutating func take(
        _ tallies: StudentTallies,
        of spans: [GradeSpan],
        _ framework: Framework
    ) throws(NumberError) {
        for span in spans {
            for group in StudentGroup.allCases {
                for indicator in Indicator.allCases {
                    let tally = tallies.tally(span, group, indicator)
                    guard tally.count > 0, framework.reports(indicator, of: group, span) else { continue }
                    let subject = Subject(achievementOf: indicator)
                    let value = try IndicatorValue(
                        indicator,
                        tally,
                        enrolled: subject.map { tallies.due(span, group, $0) },
                        framework
                    )
                    guard let rounded = value.rounded, let parameters = framework.indicators else { continue }
                    let cell = IndicatorCell(span, group, indicator)
                    var message = Accountability_V1_IndicatorValue()
                    message.gradeSpan = span.wireName
                    message.group = group.wireName
                    message.indicator = indicator.wireName
                    message.value = rounded.text(decimals: parameters.valueRounding.value.decimals)
                    message.count = UInt32(clamping: value.count)
                    message.sum = tally.sum
                    message.divisor = tally.count
                    if indicator == .elProgress,
                        let quartile = try tallies.difficulty(span, group).difficultyQuartile(parameters)
                    {
                        message.difficultyQuartile = UInt32(clamping: quartile)
                    }
                    if indicator == .chronicAbsenteeism {
                        message.otherThresholds = try otherRates(tallies, of: span, group, tally.count, framework)
                    }
                    values[cell.index] = StandingValue(message: message, isSufficient: value.meetsMinimumSize)
                }
            }
        }
    }

    /// The rates of chronic absenteeism at the thresholds of the framework that do not count in its own year.
    private func otherRates(
        _ tallies: StudentTallies,
        of span: GradeSpan,
        _ group: StudentGroup,
        _ students: Int64,
        _ framework: Framework
    ) throws(NumberError) -> [Accountability_V1_ThresholdRate] {
        guard let parameters = framework.indicators else { return [] }
        var rates: [Accountability_V1_ThresholdRate] = []
        for (index, threshold) in parameters.chronicAbsenceThresholds.value.enumerated().dropFirst() {
            let tally = IndicatorTally(sum: tallies.absentees(span, group, threshold: index), count: students)
            let value = try IndicatorValue(.chronicAbsenteeism, tally, framework)
            guard let rounded = value.rounded, let text = threshold.exactText else { continue }
            var rate = Accountability_V1_ThresholdRate()
            rate.threshold = text
            rate.value = rounded.text(decimals: parameters.valueRounding.value.decimals)
            rate.sum = tally.sum
            rates.append(rate)
        }
        return rates
    }

    private mutating func makeStandings(
        _ organization: OrganizationYear,
        _ state: IndicatorState,
        _ supplied: Supplied
    ) {
        for cell in IndicatorCell.all {
            guard let value = values[cell.index], value.isSufficient else { continue }
            var entry = Accountability_V1_StandingValue()
            entry.gradeSpan = value.message.gradeSpan
            entry.indicator = value.message.indicator
            entry.value = value.message.value
            if value.message.hasCount { entry.count = value.message.count }
            entry.difficultyQuartile = value.message.difficultyQuartile
            entry.otherThresholds = value.message.otherThresholds
            standings[Int(cell.group.rawValue), default: Accountability_V1_Standing()].values.append(entry)
        }
        let declared = state.organization
        let type = declared.map(\.type).flatMap { $0 == .unspecified ? nil : $0 } ?? organization.code.type.message
        // If the school type is not given, the declared grades decide, and never the grades of students.
        let grades = (declared?.gradesServed).flatMap { GradesServed($0) }
        let declaredGroup = declared?.declaredComparison
        let declaredType = declared.flatMap { SchoolType(name: $0.schoolType) } ?? grades?.schoolType
        let enrollment = declared.flatMap(SpanEnrollment.init) ?? supplied.enrollment
        // A school under Title I counts among these schools even if it has no value to be ranked by.
        if type == .school, declared?.title1 == true {
            standings[Int(StudentGroup.allStudents.rawValue), default: Accountability_V1_Standing()].group =
                StudentGroup.allStudents.wireName
        }
        for group in StudentGroup.allCases {
            let index = Int(group.rawValue)
            guard standings[index] != nil else { continue }
            standings[index]?.schoolYear = UInt32(organization.year)
            standings[index]?.group = group.wireName
            standings[index]?.orgCode = organization.code.description
            standings[index]?.type = type
            if let enrollment {
                standings[index]?.nonHighEnrollment = enrollment.nonHigh
                standings[index]?.highEnrollment = enrollment.high
            }
            guard type == .school else { continue }
            standings[index]?.comparisonGroup = (declaredGroup ?? supplied.comparisonGroups[index])?.wireName ?? ""
            standings[index]?.schoolType = (declaredType ?? supplied.schoolType)?.wireName ?? ""
            standings[index]?.title1 = declared?.title1 ?? false
        }
    }
}

extension SpanEnrollment {
    /// The enrolment that an organization declares; nil unless it declares both spans.
    init?(_ declared: Accountability_V1_Organization) {
        guard declared.hasNonHighEnrollment, declared.hasHighEnrollment else { return nil }
        self.init(nonHigh: declared.nonHighEnrollment, high: declared.highEnrollment)
    }
}

extension Array {
    /// The element of an optional array, created if missing.
    fileprivate subscript<Wrapped>(
        index: Int,
        default made: @autoclosure () -> Wrapped
    ) -> Wrapped where Element == Wrapped? {
        get { self[index] ?? made() }
        set { self[index] = newValue }
    }
}

extension Framework {
    /// Whether an indicator is reported of a group: of the lowest performing only those the framework names.
    func reports(_ indicator: Indicator, of group: StudentGroup, _ span: GradeSpan) -> Bool {
        guard group == .lowestPerforming else { return true }
        return lowestPerforming?.indicators[span]?.value.contains(indicator) ?? false
    }
}

extension Subject {
    /// The subject whose achievement an indicator is; nil for others.
    init?(achievementOf indicator: Indicator) {
        guard let subject = Subject.allCases.first(where: { Indicator.achievement($0) == indicator }) else {
            return nil
        }
        self = subject
    }
}
