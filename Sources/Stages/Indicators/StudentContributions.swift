internal import Messages
internal import Rules
internal import Streaming

/// The facts about a student's tests in a year that indicators need.
struct ResultContribution {
    /// The record that brought it.
    let record: Digest
    /// The student's pseudonym.
    let student: UInt128
    let groups: StudentGroupSet
    let span: GradeSpan
    /// Whether anything of the student counts in results: enrolled since October.
    let counts: Bool
    /// Bit by subject: a test was due.
    let due: UInt8
    /// What is added to each of ``indicators``; ``none`` if nothing is.
    let values: (UInt16, UInt16, UInt16, UInt16, UInt16)
    /// The value by which the student is ordered in the district, and in the school of a student who was in it the year
    /// before; ``none`` if the student is not ordered.
    let districtScore: UInt16
    /// The value by which the student is ordered in a school that the student was not in the year before.
    let newcomerScore: UInt16
    /// The number of the organization of the year before; 0 if it was not reported.
    let priorOrganization: UInt32

    /// The indicators of ``values``, in the same order.
    static let indicators: (Indicator, Indicator, Indicator, Indicator, Indicator) = (
        .elaAchievement, .mathAchievement, .scienceAchievement, .elaGrowth, .mathGrowth
    )
    /// No value.
    static let none = UInt16.max
}

/// The facts about a student's attendance in a year that indicators need.
struct AttendanceContribution {
    /// The record that brought it.
    let record: Digest
    /// The student's pseudonym.
    let student: UInt128
    let groups: StudentGroupSet
    let span: GradeSpan
    /// Whether the student counts in the rate.
    let counts: Bool
    /// Bit by threshold of the framework: the student was chronically absent.
    let chronic: UInt8

    /// Whether the student was chronically absent by a threshold of the framework; the first counts.
    func isChronic(_ threshold: Int) -> Bool { chronic & (1 << UInt8(threshold)) != 0 }
}

/// The facts about a student's outcome that indicators need.
struct OutcomeContribution {
    /// The record that brought it.
    let record: Digest
    let groups: StudentGroupSet
    let span: GradeSpan
    /// The indicators the record says something about.
    let reported: OutcomeSet
    /// Those in whose rate the student counts.
    let counted: OutcomeSet
    /// Whether the outcome is true; for dropout also of a student who is not counted in the denominator.
    let positive: OutcomeSet
    /// For EL progress: the difficulty quartile of the student's target, 1 to 4; 0 if not reported.
    var difficulty: UInt8 = 0
}

/// The contributions of student records under a year's framework.
final class IndicatorYear {
    let framework: Framework
    let parameters: IndicatorParameters

    /// Scores below this are looked up in a table.
    private static let tableSize = 1024
    private static let unknown = UInt16.max - 1
    private static let grades = 14
    /// By subject, grade and score.
    private var achievements: [UInt16]

    /// Nil if the framework has no indicators.
    init?(_ framework: Framework) {
        guard let parameters = framework.indicators else { return nil }
        self.framework = framework
        self.parameters = parameters
        achievements = Array(
            repeating: Self.unknown,
            count: Subject.allCases.count * Self.grades * Self.tableSize
        )
    }

    /// The contribution of a student's tests; nil if the grade belongs to no span.
    ///
    /// - Throws: ``UnusableRecord`` for scores that cannot be.
    func contribution(
        _ result: StudentFact,
        at organization: OrganizationCode,
        record: Digest
    ) throws -> ResultContribution? {
        guard let grade = Grade(number: Int(result.grade)), let span = GradeSpan(grade: grade) else { return nil }
        let sinceOctober = result.flags.contains(.enrolledSinceOctober)
        let isFirstYear = result.flags.contains(.firstYearLearner)
        let isIn = parameters.countsInAchievement(enrolledSinceOctober: sinceOctober)
        let isInGrowth = parameters.countsInOthers(enrolledSinceOctober: sinceOctober)
        let scores = { (test: StudentFact.Test) in
            Scores(test, isIn: isIn, isInGrowth: isInGrowth, firstYear: isFirstYear, self.parameters)
        }
        let (ela, math, science) = (scores(result.ela), scores(result.math), scores(result.science))
        let values = (
            try achievement(.ela, grade, span, ela.scaled), try achievement(.math, grade, span, math.scaled),
            try achievement(.science, grade, span, science.scaled), try growth(ela.growth), try growth(math.growth)
        )
        let countsInAchievement = [values.0, values.1, values.2].contains { $0 != ResultContribution.none }
        let prior = OrganizationCode(rawValue: result.priorOrganization)
        let score = { (isSame: Bool) throws -> UInt16 in
            try self.score(span, ela, math, isSame, countsInAchievement)
        }
        let isSameDistrict = result.priorOrganization != 0 && prior?.district == organization.district
        let districtScore = try score(isSameDistrict)
        return ResultContribution(
            record: record,
            student: result.student,
            groups: StudentGroupSet(recorded: result.groups),
            span: span,
            counts: isIn || isInGrowth,
            due: isIn ? (ela.isDue ? 1 : 0) | (math.isDue ? 2 : 0) | (science.isDue ? 4 : 0) : 0,
            values: values,
            districtScore: districtScore,
            newcomerScore: isSameDistrict ? try score(false) : districtScore,
            priorOrganization: result.priorOrganization
        )
    }

    /// The contribution of a student's attendance; nil if the grade belongs to no span.
    func contribution(attendance: StudentFact, record: Digest) throws -> AttendanceContribution? {
        guard let grade = Grade(number: Int(attendance.grade)), let span = GradeSpan(grade: grade) else { return nil }
        let counts = parameters.countsInOthers(
            enrolledSinceOctober: attendance.flags.contains(.enrolledSinceOctober)
        )
        var isCounted = false
        var chronic: UInt8 = 0
        for threshold in parameters.chronicAbsenceThresholds.value.indices where counts {
            let tally = try StudentContribution.chronicAbsence(
                grade: grade,
                daysEnrolled: Int64(attendance.daysEnrolled),
                daysAbsent: Int64(attendance.daysAbsent),
                threshold: threshold,
                parameters
            )
            guard let tally else { continue }
            isCounted = true
            if tally.sum > 0 { chronic |= 1 << UInt8(threshold) }
        }
        return AttendanceContribution(
            record: record,
            student: attendance.student,
            groups: StudentGroupSet(recorded: attendance.groups),
            span: span,
            counts: isCounted,
            chronic: chronic
        )
    }

    private struct Scores {
        let isDue: Bool
        let scaled: Int?
        let prior: Int?
        let growth: Int?

        /// The part of a test that counts; `isIn` and `isInGrowth` say whether the student counts in achievement and in
        /// growth.
        init(
            _ test: StudentFact.Test,
            isIn: Bool,
            isInGrowth: Bool,
            firstYear: Bool,
            _ parameters: IndicatorParameters
        ) {
            let status = TestStatus(recorded: test.status)
            isDue = status != .notRequired
            let counts = isIn && parameters.scoreCounts(status, firstYear: firstYear)
            scaled = counts && test.score > 0 ? Int(test.score) : nil
            let grows = isInGrowth && parameters.growthStatuses.value.contains(status)
            growth = grows && test.growth > 0 ? Int(test.growth) : nil
            prior = test.priorScore > 0 ? Int(test.priorScore) : nil
        }
    }

    private func achievement(_ subject: Subject, _ grade: Grade, _ span: GradeSpan, _ score: Int?) throws -> UInt16 {
        guard let score else { return ResultContribution.none }
        guard score < Self.tableSize, (0..<Self.grades).contains(Int(grade.number)) else {
            return try compute(subject, grade, span, score)
        }
        let index = (Int(subject.rawValue) * Self.grades + Int(grade.number)) * Self.tableSize + score
        if achievements[index] == Self.unknown { achievements[index] = try compute(subject, grade, span, score) }
        return achievements[index]
    }

    private func compute(_ subject: Subject, _ grade: Grade, _ span: GradeSpan, _ score: Int) throws -> UInt16 {
        let tally = StudentContribution.achievement(
            subject,
            scaledScore: score,
            grade: grade,
            span: span,
            parameters
        )
        return try tally.map { try Self.stored($0.sum) } ?? ResultContribution.none
    }

    private func growth(_ percentile: Int?) throws -> UInt16 {
        try percentile.map { try Self.stored(StudentContribution.growth($0).sum) } ?? ResultContribution.none
    }

    private func score(
        _ span: GradeSpan,
        _ ela: Scores,
        _ math: Scores,
        _ sameOrganizationBothYears: Bool,
        _ countsInAchievement: Bool
    ) throws -> UInt16 {
        guard let lowest = framework.lowestPerforming else { return ResultContribution.none }
        let score = LowestPerformingGroup.score(
            span: span,
            ela: ela.scaled,
            math: math.scaled,
            priorELA: ela.prior,
            priorMath: math.prior,
            sameOrganizationBothYears: sameOrganizationBothYears,
            countsInAchievement: countsInAchievement,
            lowest
        )
        return try score.map(Self.stored) ?? ResultContribution.none
    }

    private static func stored(_ value: Int64) throws -> UInt16 {
        guard let value = UInt16(exactly: value), value < unknown else {
            throw UnusableRecord("a score that is not possible on the test")
        }
        return value
    }
}
