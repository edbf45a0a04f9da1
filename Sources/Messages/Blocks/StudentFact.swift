/// What a row of a student's layout says: every layout uses a part of it, and the rest is 0.
///
/// Blocks hold it by columns.
public struct StudentFact: Sendable, Hashable {
    /// A column of a block, numbered as its field in record.proto.
    public enum Column: Int, CaseIterable, Sendable {
        case grade = 21
        case groups = 22
        case flags = 23
        case priorOrganization = 24
        case elaStatus = 25
        case elaScore = 26
        case elaGrowth = 27
        case elaPriorScore = 28
        case mathStatus = 29
        case mathScore = 30
        case mathGrowth = 31
        case mathPriorScore = 32
        case scienceStatus = 33
        case scienceScore = 34
        case daysEnrolled = 35
        case daysAbsent = 36
        case difficultyQuartile = 37
        case cohortYear = 38

        /// Its place among all columns.
        var place: Int { rawValue - Column.grade.rawValue }
    }

    /// What is true of a student, as record.proto numbers it.
    public struct Flags: OptionSet, Sendable, Hashable {
        /// The bits.
        public let rawValue: UInt32

        /// A set of bits.
        public init(rawValue: UInt32) {
            self.rawValue = rawValue
        }

        /// Enrolled in the organization since October 1.
        public static let enrolledSinceOctober = Flags(rawValue: 1)
        /// An English learner in the first year in the country's schools.
        public static let firstYearLearner = Flags(rawValue: 1 << 1)
        /// Enrolled on October 1 of the year before.
        public static let enrolledOctober = Flags(rawValue: 1 << 2)
        /// Met the year's target of progress toward English proficiency.
        public static let metProgress = Flags(rawValue: 1 << 3)
        /// Completed advanced coursework.
        public static let completed = Flags(rawValue: 1 << 4)
        /// Graduated in four years or fewer.
        public static let fourYearGraduate = Flags(rawValue: 1 << 5)
        /// Graduated in five years or fewer.
        public static let fiveYearGraduate = Flags(rawValue: 1 << 6)
        /// Still enrolled after five years.
        public static let stillEnrolledAfterFive = Flags(rawValue: 1 << 7)
        /// Dropped out.
        public static let droppedOut = Flags(rawValue: 1 << 8)
        /// Returned by the October 1 after it.
        public static let returnedByOctober = Flags(rawValue: 1 << 9)
    }

    /// A student's test in a subject.
    public struct Test: Sendable, Hashable {
        /// The number of `TestStatus`.
        public var status: UInt32 = 0
        /// The scaled score; 0 where there is none.
        public var score: UInt32 = 0
        /// The growth percentile; 0 where there is none.
        public var growth: UInt32 = 0
        /// The score of the year before; 0 where there is none.
        public var priorScore: UInt32 = 0

        /// A test that was not due.
        public init() {}
    }

    /// The pseudonym.
    public var student: UInt128 = 0
    /// The grade.
    public var grade: UInt32 = 0
    /// The groups, by bit.
    public var groups: UInt32 = 0
    /// What is true of the student.
    public var flags: Flags = []
    /// The code of the organization of the year before; 0 where it was not reported.
    public var priorOrganization: UInt32 = 0
    /// English language arts.
    public var ela = Test()
    /// Mathematics.
    public var math = Test()
    /// Science.
    public var science = Test()
    /// Days in membership.
    public var daysEnrolled: UInt32 = 0
    /// Days absent.
    public var daysAbsent: UInt32 = 0
    /// How hard the target of progress is to meet, 1 to 4; 0 where it was not reported.
    public var difficultyQuartile: UInt32 = 0
    /// The year in which the cohort is due to graduate.
    public var cohortYear: UInt32 = 0

    /// Nothing about nobody.
    public init() {}

    /// The columns of a layout; none for layouts that are not about students.
    static func columns(of layout: Layout) -> [Column] {
        let student: [Column] = [.grade, .groups, .flags]
        let tests: [Column] = [
            .priorOrganization, .elaStatus, .elaScore, .elaGrowth, .elaPriorScore, .mathStatus, .mathScore,
            .mathGrowth, .mathPriorScore, .scienceStatus, .scienceScore,
        ]
        return switch layout {
        case .assessmentResults: student + tests
        case .attendance: student + [.daysEnrolled, .daysAbsent]
        case .englishProficiency: student + [.difficultyQuartile]
        case .graduationCohort: student + [.cohortYear]
        case .advancedCoursework, .enrollmentOutcomes: student
        case .organizations, .participationCounts, .indicatorValues, .targets, .directives, .organizationChanges: []
        }
    }

    /// The value of a column.
    subscript(_ column: Column) -> UInt32 {
        switch column {
        case .grade: grade
        case .groups: groups
        case .flags: flags.rawValue
        case .priorOrganization: priorOrganization
        case .elaStatus: ela.status
        case .elaScore: ela.score
        case .elaGrowth: ela.growth
        case .elaPriorScore: ela.priorScore
        case .mathStatus: math.status
        case .mathScore: math.score
        case .mathGrowth: math.growth
        case .mathPriorScore: math.priorScore
        case .scienceStatus: science.status
        case .scienceScore: science.score
        case .daysEnrolled: daysEnrolled
        case .daysAbsent: daysAbsent
        case .difficultyQuartile: difficultyQuartile
        case .cohortYear: cohortYear
        }
    }
}

extension StudentFact.Test {
    /// A test as a record of one row carries it.
    init(_ test: Accountability_V1_Test) {
        status = UInt32(clamping: test.status.rawValue)
        score = test.scaledScore
        growth = test.sgp
        priorScore = test.priorScaledScore
    }
}

extension StudentFact {
    /// What a record of one row says of a student; nil where it is of another layout.
    public init?(_ content: Accountability_V1_Record.OneOf_Content) {
        self.init()
        switch content {
        case .assessmentResult(let row):
            take(row.student, row.grade, row.groups, row.enrolledSinceOctober)
            if row.firstYearEl { flags.insert(.firstYearLearner) }
            priorOrganization = row.priorOrgCode
            ela = Test(row.ela)
            math = Test(row.math)
            science = Test(row.science)
        case .attendance(let row):
            take(row.student, row.grade, row.groups, row.enrolledSinceOctober)
            daysEnrolled = row.daysEnrolled
            daysAbsent = row.daysAbsent
        case .englishProficiency(let row):
            take(row.student, row.grade, row.groups, row.enrolledSinceOctober)
            difficultyQuartile = row.difficultyQuartile
            if row.metProgress { flags.insert(.metProgress) }
        case .cohortMember(let row):
            take(row.student, row.grade, row.groups, row.enrolledSinceOctober)
            cohortYear = row.cohortYear
            if row.fourYearGraduate { flags.insert(.fourYearGraduate) }
            if row.fiveYearGraduate { flags.insert(.fiveYearGraduate) }
            if row.stillEnrolledAfterFive { flags.insert(.stillEnrolledAfterFive) }
            if row.droppedOut { flags.insert(.droppedOut) }
        case .advancedCoursework(let row):
            take(row.student, row.grade, row.groups, row.enrolledSinceOctober)
            if row.completed { flags.insert(.completed) }
        case .enrollmentOutcome(let row):
            take(row.student, row.grade, row.groups, false)
            if row.enrolledOctober { flags.insert(.enrolledOctober) }
            if row.droppedOut { flags.insert(.droppedOut) }
            if row.returnedByOctober { flags.insert(.returnedByOctober) }
        case .organization, .participationCounts, .suppliedValue, .target, .block: return nil
        }
    }

    private mutating func take(
        _ pseudonym: some Collection<UInt8>,
        _ grade: UInt32,
        _ groups: UInt32,
        _ sinceOctober: Bool
    ) {
        self.grade = grade
        self.groups = groups
        if sinceOctober { flags.insert(.enrolledSinceOctober) }
        student = pseudonym.reduce(0) { $0 << 8 | UInt128($1) }
    }
}

extension Layout {
    /// The layout whose rows a record of one row holds; nil of a block.
    public init?(of content: Accountability_V1_Record.OneOf_Content) {
        switch content {
        case .organization: self = .organizations
        case .assessmentResult: self = .assessmentResults
        case .attendance: self = .attendance
        case .participationCounts: self = .participationCounts
        case .suppliedValue: self = .indicatorValues
        case .target: self = .targets
        case .englishProficiency: self = .englishProficiency
        case .cohortMember: self = .graduationCohort
        case .advancedCoursework: self = .advancedCoursework
        case .enrollmentOutcome: self = .enrollmentOutcomes
        case .block: return nil
        }
    }
}
