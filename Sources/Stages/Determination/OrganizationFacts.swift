import Messages
import Rules

/// The value of an indicator for a group, as it was published.
struct Measure: Equatable {
    let value: Ratio
    /// The number of students; nil if a supplied value has none, which then counts as large enough.
    let count: Int64?
    /// For EL progress: the difficulty quartile of the targets, 1 to 4; 0 if unknown.
    var difficultyQuartile = 0
    /// Of a rate that was counted here: those above its line; nil of a supplied value, which has no such count.
    var counted: Int64?
    /// Of chronic absenteeism that was counted here: the rates at the other thresholds of the year's framework, by
    /// threshold.
    var otherThresholds: [Ratio: Ratio] = [:]
    /// Of a supplied value: the organization's enrolment that came with it.
    var enrollment: SpanEnrollment?

    func meets(_ minimum: Int) -> Bool { count.map { $0 >= Int64(minimum) } ?? true }
}

/// A target of the Department.
struct TargetFact: Equatable {
    let baseline: Ratio?
    let target: Ratio?
    let path: TargetPath?
}

/// A rate that the participation requirement was held against.
struct ParticipationFact: Equatable {
    let group: StudentGroup
    let subject: String
    let participants: UInt32
    let denominator: UInt32
    let rate: UInt32?
    let judgedRate: String
    let met: Bool?
    let students: UInt32
}

/// A group and subject of which participation is counted.
struct ParticipationCell: Hashable, Comparable {
    let group: StudentGroup
    let subject: String

    static func < (left: ParticipationCell, right: ParticipationCell) -> Bool {
        (left.group, left.subject) < (right.group, right.subject)
    }
}

/// A percentile of an organization's group.
struct PercentileFact: Equatable {
    let group: StudentGroup
    let comparison: ComparisonGroup
    let percentile: Int
    /// Among the lowest performing schools that receive funds under Title I.
    let isLowestTitle1: Bool
    /// The figures of the school year that it was made from.
    let ranked: Set<Figure>

    /// One figure of the group.
    struct Figure: Hashable {
        let span: GradeSpan
        let indicator: Indicator
    }
}

/// One value a span and indicator.
struct MeasureSlots<Fact: Equatable>: Equatable {
    private var facts: [Fact?] = []

    private static func index(_ span: GradeSpan, _ indicator: Indicator) -> Int {
        Int(span.rawValue) * Indicator.allCases.count + Int(indicator.rawValue)
    }

    subscript(span: GradeSpan, indicator: Indicator) -> Fact? {
        get {
            facts.isEmpty ? nil : facts[Self.index(span, indicator)]
        }
        set {
            if facts.isEmpty {
                guard newValue != nil else { return }
                facts = Array(repeating: nil, count: GradeSpan.allCases.count * Indicator.allCases.count)
            }
            facts[Self.index(span, indicator)] = newValue
        }
    }

    var isEmpty: Bool { facts.allSatisfy { $0 == nil } }

    /// What stands.
    var all: [Fact] { facts.compactMap(\.self) }
}

/// Everything that is known of an organization in one school year.
///
/// Setters return whether anything changed.
final class OrganizationFacts {
    private(set) var organization: Accountability_V1_Organization?
    private var values: [MeasureSlots<Measure>]
    private var targets: [MeasureSlots<TargetFact>]
    private(set) var participation: [ParticipationFact] = []
    /// The groups and subjects of which participation was supplied, with their grades; `all` is one of them.
    private var suppliedGrades: [ParticipationCell: Set<String>] = [:]
    private(set) var percentiles: [PercentileFact] = []
    /// The annual percentage as it is kept, once computed: outer nil while it is not.
    var annual: Ratio??

    init() {
        values = Array(repeating: MeasureSlots(), count: StudentGroup.allCases.count)
        targets = Array(repeating: MeasureSlots(), count: StudentGroup.allCases.count)
    }

    func value(_ group: StudentGroup, _ span: GradeSpan, _ indicator: Indicator) -> Measure? {
        values[Int(group.rawValue)][span, indicator]
    }

    func target(_ group: StudentGroup, _ span: GradeSpan, _ indicator: Indicator) -> TargetFact? {
        targets[Int(group.rawValue)][span, indicator]
    }

    /// The enrollment that weighs the spans: as declared by the organization, otherwise from supplied values; nil if
    /// one of two spans was not reported.
    var spanEnrollment: SpanEnrollment? {
        if let declared = organization.flatMap(SpanEnrollment.init) { return declared }
        for group in values {
            for value in group.all { if let enrollment = value.enrollment { return enrollment } }
        }
        // A file may leave out a span that the organization does not have. A missing enrollment of a span that it may
        // have was not reported: counting it as 0 would drop the span from the percentage.
        guard let organization, organization.declaredSpans?.count == 1 else { return nil }
        return SpanEnrollment(nonHigh: organization.nonHighEnrollment, high: organization.highEnrollment)
    }

    /// Whether a group has any value.
    func has(_ group: StudentGroup) -> Bool { !values[Int(group.rawValue)].isEmpty }

    func set(organization: Accountability_V1_Organization?) -> Bool {
        guard organization != self.organization else { return false }
        self.organization = organization
        return true
    }

    func set(value: Measure?, _ group: StudentGroup, _ span: GradeSpan, _ indicator: Indicator) -> Bool {
        guard values[Int(group.rawValue)][span, indicator] != value else { return false }
        values[Int(group.rawValue)][span, indicator] = value
        return true
    }

    func set(target: TargetFact?, _ group: StudentGroup, _ span: GradeSpan, _ indicator: Indicator) -> Bool {
        guard targets[Int(group.rawValue)][span, indicator] != target else { return false }
        targets[Int(group.rawValue)][span, indicator] = target
        return true
    }

    /// Sets or removes the rate of a group and subject.
    ///
    /// Rates are sorted by group and subject.
    func set(participation fact: ParticipationFact?, _ group: StudentGroup, _ subject: String) -> Bool {
        let before = participation.firstIndex { $0.group == group && $0.subject == subject }
        guard before.map({ participation[$0] }) != fact else { return false }
        if let before { participation.remove(at: before) }
        if let fact {
            let place =
                participation.firstIndex { ($0.group, $0.subject) > (group, subject) } ?? participation.endIndex
            participation.insert(fact, at: place)
        }
        return true
    }

    /// The groups and subjects of which participation was supplied for single grades only, so that it is not judged: in
    /// order.
    var participationOfGradesOnly: [ParticipationCell] {
        suppliedGrades.filter { !$0.value.contains(ParticipationKey.allGrades) }.keys.sorted()
    }

    /// Takes note that supplied participation of a grade stands, or no longer.
    func set(suppliedGrade grade: String, stands: Bool, of cell: ParticipationCell) -> Bool {
        guard stands || suppliedGrades[cell] != nil else { return false }
        let before = participationOfGradesOnly
        if stands {
            suppliedGrades[cell, default: []].insert(grade)
        } else if suppliedGrades[cell]?.remove(grade) != nil, suppliedGrades[cell]?.isEmpty == true {
            suppliedGrades[cell] = nil
        }
        return participationOfGradesOnly != before
    }

    /// Sets or removes a percentile.
    ///
    /// Percentiles are sorted by group.
    func set(percentile fact: PercentileFact?, _ group: StudentGroup, _ comparison: ComparisonGroup) -> Bool {
        let before = percentiles.firstIndex { $0.group == group && $0.comparison == comparison }
        guard before.map({ percentiles[$0] }) != fact else { return false }
        if let before { percentiles.remove(at: before) }
        if let fact {
            let place =
                percentiles.firstIndex { ($0.group, $0.comparison) > (group, comparison) } ?? percentiles.endIndex
            percentiles.insert(fact, at: place)
        }
        return true
    }

    /// Whether a percentile was made from an indicator of a group, so that another value gives another percentile, or
    /// the same of other figures.
    func isRanked(_ place: IndicatorPlace) -> Bool {
        let figure = PercentileFact.Figure(span: place.span, indicator: place.indicator)
        return percentiles.contains { $0.group == place.group && $0.ranked.contains(figure) }
    }

    /// One percentile for each group.
    ///
    /// If there are several, the one within the declared comparison group is used.
    func percentilesByGroup() -> [StudentGroup: PercentileFact] {
        var chosen: [StudentGroup: PercentileFact] = [:]
        let declared = organization?.declaredComparison
        for fact in percentiles where chosen[fact.group] == nil || fact.comparison == declared {
            chosen[fact.group] = fact
        }
        return chosen
    }

    /// Puts the four-year graduation that is judged into the input of a determination.
    ///
    /// The graduates of student records were counted. A supplied rate has none: it is judged as it was supplied, of the
    /// cohort that its count names. Without that cohort nothing is judged.
    func takeGraduation(into input: inout DeterminationInput) {
        guard let rate = value(.allStudents, .high, .fourYearGraduation), let cohort = rate.count else { return }
        input.cohort = cohort
        if let graduates = rate.counted {
            input.graduates = graduates
        } else {
            input.suppliedGraduationRate = rate.value
        }
    }

    /// Whether graduation is low; nil if it is not judged.
    func isLowGraduation(_ framework: Framework) throws -> Bool? {
        guard let rate = value(.allStudents, .high, .fourYearGraduation), let cohort = rate.count else { return nil }
        guard let graduates = rate.counted else {
            return try LowGraduation(cohort: cohort, supplied: rate.value, framework).isLow
        }
        return try LowGraduation(cohort: cohort, graduates: graduates, framework).isLow
    }
}
