internal import Messages
internal import Rules
internal import Streaming

/// What indicators keep of a student's tests in a year.
struct ResultContribution {
    /// The record that brought it.
    let record: Digest
    /// The student's pseudonym.
    let student: UInt128
    let groups: StudentGroupSet
    let span: GradeSpan
    /// Whether the student counts in results: enrolled since October.
    let counts: Bool
    /// Bit by subject: a test was due.
    let due: UInt8
    /// What each ``StudentMeasure`` of tests adds to its sum; ``none`` where it adds nothing.
    let values: (UInt16, UInt16, UInt16, UInt16, UInt16)
    /// What the student is ordered by in the school, and in the district; ``none`` where the student is not ordered.
    let schoolScore: UInt16
    let districtScore: UInt16

    /// No value.
    static let none = UInt16.max
}

/// What indicators keep of a student's attendance in a year.
struct AttendanceContribution {
    /// The record that brought it.
    let record: Digest
    /// The student's pseudonym.
    let student: UInt128
    let groups: StudentGroupSet
    let span: GradeSpan
    /// Whether the student counts in the rate.
    let counts: Bool
    /// Whether the student was chronically absent.
    let isChronic: Bool
}

/// What indicators keep of a record that says what became of a student.
struct OutcomeContribution {
    /// The record that brought it.
    let record: Digest
    let groups: StudentGroupSet
    let span: GradeSpan
    /// The measures the record says something about.
    let reported: OutcomeSet
    /// Those in whose rate the student counts.
    let counted: OutcomeSet
    /// Of those, what became true.
    let positive: OutcomeSet
    /// Of EL progress: how hard the student's target is to meet, 1 to 4; 0 where that was not reported.
    var difficulty: UInt8 = 0
}

/// What a year's framework makes of student records.
final class IndicatorYear {
    let framework: Framework
    let parameters: IndicatorParameters

    /// Scores below this are looked up in a table.
    private static let tableSize = 1024
    private static let unknown = UInt16.max - 1
    /// By subject, span and score.
    private var achievements: [UInt16]

    /// Nil where the framework has no indicators.
    init?(_ framework: Framework) {
        guard let parameters = framework.indicators else { return nil }
        self.framework = framework
        self.parameters = parameters
        achievements = Array(
            repeating: Self.unknown,
            count: Subject.allCases.count * GradeSpan.allCases.count * Self.tableSize
        )
    }

    /// What a student's tests add; nil where the grade belongs to no span.
    ///
    /// - Throws: ``UnusableRecord`` for scores that cannot be.
    func contribution(
        _ result: Accountability_V1_AssessmentResult,
        at organization: OrganizationCode,
        record: Digest
    ) throws -> ResultContribution? {
        guard let grade = Grade(number: Int(result.grade)), let span = GradeSpan(grade: grade) else { return nil }
        let ela = try Scores(result.ela)
        let math = try Scores(result.math)
        let science = try Scores(result.science)
        let prior = OrganizationCode(rawValue: result.priorOrgCode)
        let score = { (isSame: Bool) throws -> UInt16 in
            try self.score(span, ela, math, sameOrganizationBothYears: isSame)
        }
        let isSameDistrict = result.priorOrgCode != 0 && prior?.district == organization.district
        let isSameSchool = result.priorOrgCode != 0 && prior == organization
        let districtScore = try score(isSameDistrict)
        return ResultContribution(
            record: record,
            student: try pseudonym(result.student),
            groups: StudentGroupSet(recorded: result.groups),
            span: span,
            counts: parameters.countsInResults(enrolledSinceOctober: result.enrolledSinceOctober),
            due: (ela.isDue ? 1 : 0) | (math.isDue ? 2 : 0) | (science.isDue ? 4 : 0),
            values: (
                try achievement(.ela, span, ela.scaled), try achievement(.math, span, math.scaled),
                try achievement(.science, span, science.scaled), try growth(ela.growth), try growth(math.growth)
            ),
            schoolScore: isSameSchool == isSameDistrict ? districtScore : try score(isSameSchool),
            districtScore: districtScore
        )
    }

    /// What a student's attendance adds; nil where the grade belongs to no span.
    func contribution(_ attendance: Accountability_V1_Attendance, record: Digest) throws -> AttendanceContribution? {
        guard let grade = Grade(number: Int(attendance.grade)), let span = GradeSpan(grade: grade) else { return nil }
        let counts = parameters.countsInResults(enrolledSinceOctober: attendance.enrolledSinceOctober)
        let tally =
            counts
            ? StudentContribution.chronicAbsence(
                grade: grade,
                daysEnrolled: Int64(attendance.daysEnrolled),
                daysAbsent: Int64(attendance.daysAbsent),
                parameters
            ) : nil
        return AttendanceContribution(
            record: record,
            student: try pseudonym(attendance.student),
            groups: StudentGroupSet(recorded: attendance.groups),
            span: span,
            counts: tally != nil,
            isChronic: (tally?.sum ?? 0) > 0
        )
    }

    /// What an English learner's progress adds; nil where the grade belongs to no span.
    func contribution(_ progress: Accountability_V1_EnglishProficiency, record: Digest) -> OutcomeContribution? {
        var contribution = outcome(
            .elProgress,
            progress.metProgress,
            grade: progress.grade,
            groups: progress.groups,
            counts: parameters.countsInResults(enrolledSinceOctober: progress.enrolledSinceOctober),
            record
        )
        contribution?.difficulty = UInt8(clamping: min(progress.difficultyQuartile, 4))
        return contribution
    }

    /// What a student's advanced coursework adds; nil where the grade belongs to no span.
    func contribution(_ coursework: Accountability_V1_AdvancedCoursework, record: Digest) -> OutcomeContribution? {
        outcome(
            .advancedCoursework,
            coursework.completed,
            grade: coursework.grade,
            groups: coursework.groups,
            counts: parameters.countsInResults(enrolledSinceOctober: coursework.enrolledSinceOctober),
            record
        )
    }

    /// What a member of a cohort adds to the rates that judge the cohort in a school year; nil where none does.
    func contribution(_ member: Accountability_V1_CohortMember, in schoolYear: Int, record: Digest)
        -> OutcomeContribution?
    {
        var reported: OutcomeSet = []
        var positive: OutcomeSet = []
        for measure in [StudentMeasure.fourYearGraduation, .extendedEngagement, .dropout]
        where parameters.judges(measure.indicator, cohort: Int(member.cohortYear), in: schoolYear) {
            reported.insert(OutcomeSet(measure))
            let tally = StudentContribution.cohort(
                measure.indicator,
                fourYearGraduate: member.fourYearGraduate,
                fiveYearGraduate: member.fiveYearGraduate,
                stillEnrolledAfterFive: member.stillEnrolledAfterFive,
                droppedOut: member.droppedOut
            )
            if (tally?.sum ?? 0) > 0 { positive.insert(OutcomeSet(measure)) }
        }
        guard !reported.isEmpty else { return nil }
        let counts = parameters.countsInCohort(enrolledSinceOctober: member.enrolledSinceOctober)
        return OutcomeContribution(
            record: record,
            groups: StudentGroupSet(recorded: member.groups),
            span: .high,
            reported: reported,
            counted: counts ? reported : [],
            positive: counts ? positive : []
        )
    }

    private func outcome(
        _ measure: StudentMeasure,
        _ isPositive: Bool,
        grade number: UInt32,
        groups: UInt32,
        counts: Bool,
        _ record: Digest
    ) -> OutcomeContribution? {
        guard let grade = Grade(number: Int(number)), let span = GradeSpan(grade: grade) else { return nil }
        let set = OutcomeSet(measure)
        return OutcomeContribution(
            record: record,
            groups: StudentGroupSet(recorded: groups),
            span: span,
            reported: set,
            counted: counts ? set : [],
            positive: counts && isPositive ? set : []
        )
    }

    private struct Scores {
        let isDue: Bool
        let scaled: Int?
        let prior: Int?
        let growth: Int?

        init(_ test: Accountability_V1_Test) throws {
            let status = TestStatus(recorded: test.status)
            isDue = status != .notRequired
            scaled = status.isTested && test.hasScaledScore ? Int(test.scaledScore) : nil
            growth = status.isTested && test.hasSgp ? Int(test.sgp) : nil
            prior = test.hasPriorScaledScore ? Int(test.priorScaledScore) : nil
        }
    }

    private func achievement(_ subject: Subject, _ span: GradeSpan, _ score: Int?) throws -> UInt16 {
        guard let score else { return ResultContribution.none }
        guard score < Self.tableSize else { return try compute(subject, span, score) }
        let subjectAndSpan = Int(subject.rawValue) * GradeSpan.allCases.count + Int(span.rawValue)
        let index = subjectAndSpan * Self.tableSize + score
        if achievements[index] == Self.unknown { achievements[index] = try compute(subject, span, score) }
        return achievements[index]
    }

    private func compute(_ subject: Subject, _ span: GradeSpan, _ score: Int) throws -> UInt16 {
        let tally = StudentContribution.achievement(subject, scaledScore: score, span: span, parameters)
        return try tally.map { try Self.stored($0.sum) } ?? ResultContribution.none
    }

    private func growth(_ percentile: Int?) throws -> UInt16 {
        try percentile.map { try Self.stored(StudentContribution.growth($0).sum) } ?? ResultContribution.none
    }

    private func score(
        _ span: GradeSpan,
        _ ela: Scores,
        _ math: Scores,
        sameOrganizationBothYears: Bool
    ) throws -> UInt16 {
        guard let lowest = framework.lowestPerforming else { return ResultContribution.none }
        let score = LowestPerformingGroup.score(
            span: span,
            ela: ela.scaled,
            math: math.scaled,
            priorELA: ela.prior,
            priorMath: math.prior,
            sameOrganizationBothYears: sameOrganizationBothYears,
            lowest
        )
        return try score.map(Self.stored) ?? ResultContribution.none
    }

    private static func stored(_ value: Int64) throws -> UInt16 {
        guard let value = UInt16(exactly: value), value < unknown else {
            throw UnusableRecord("a score that no test gives")
        }
        return value
    }

    private func pseudonym(_ bytes: some Collection<UInt8>) throws -> UInt128 {
        guard bytes.count == 16 else { throw UnusableRecord("a student pseudonym that is not 16 bytes") }
        return bytes.reduce(0) { $0 << 8 | UInt128($1) }
    }
}
