/// Counts of tests due, by what became of them.
///
/// Tallies add and subtract exactly: what was added can be retracted, whatever the order. Sums wrap rather than trap; a
/// tally that went below zero is refused where a rate is made from it.
public struct ParticipationTally: Hashable, Sendable {
    /// Tested on the standard test.
    public var standard: Int64
    /// Tested on the alternate assessment.
    public var alternate: Int64
    /// Exempt first-year English learners; participants in the subjects the framework names.
    public var firstYear: Int64
    /// Tested, but enrolled here only after October: they count in the rate, not in results.
    public var afterOctober: Int64
    /// Absent.
    public var absent: Int64
    /// Absent for a medical reason; they stay in the denominator.
    public var medical: Int64
    /// English learners who did not take the English test; non-participants in the subjects the framework names.
    public var notTakingEnglishTest: Int64
    /// Students with at least one test due, each counted once.
    public var students: Int64

    /// A tally of given counts; `students` defaults to all tests of the counts, right for one subject.
    public init(
        standard: Int64 = 0,
        alternate: Int64 = 0,
        firstYear: Int64 = 0,
        afterOctober: Int64 = 0,
        absent: Int64 = 0,
        medical: Int64 = 0,
        notTakingEnglishTest: Int64 = 0,
        students: Int64? = nil
    ) {
        self.standard = standard
        self.alternate = alternate
        self.firstYear = firstYear
        self.afterOctober = afterOctober
        self.absent = absent
        self.medical = medical
        self.notTakingEnglishTest = notTakingEnglishTest
        self.students =
            students ?? standard &+ alternate &+ firstYear &+ afterOctober &+ absent &+ medical &+ notTakingEnglishTest
    }

    /// The tally of nobody.
    public static let zero = ParticipationTally()

    /// What one student adds in a subject.
    public init(
        _ status: TestStatus,
        in subject: Subject,
        enrolledSinceOctober: Bool,
        _ parameters: ParticipationParameters
    ) {
        self.init()
        switch status {
        case .standard where enrolledSinceOctober: standard = 1
        case .alternate where enrolledSinceOctober: alternate = 1
        case .standard, .alternate: afterOctober = 1
        case .absent: absent = 1
        case .medical: medical = 1
        case .exemptFirstYear: firstYear = 1
        case .notTakingEnglishTest: notTakingEnglishTest = 1
        case .notRequired: break
        }
        students = 1
        self = counted(in: subject, parameters)
        students = tests > 0 ? 1 : 0
    }

    /// What one student adds to all subjects combined: every test due, and the student once.
    public init(
        combining statuses: [Subject: TestStatus],
        enrolledSinceOctober: Bool,
        _ parameters: ParticipationParameters
    ) {
        self.init()
        for (subject, status) in statuses {
            self += ParticipationTally(status, in: subject, enrolledSinceOctober: enrolledSinceOctober, parameters)
        }
        students = tests > 0 ? 1 : 0
    }

    /// All subjects combined, from counts by subject; students default to those of the largest subject.
    public init(
        combining subjects: [Subject: ParticipationTally],
        students: Int64? = nil,
        _ parameters: ParticipationParameters
    ) {
        self.init()
        var most: Int64 = 0
        for (subject, tally) in subjects {
            let counted = tally.counted(in: subject, parameters)
            self += counted
            most = max(most, counted.students)
        }
        self.students = students ?? most
    }

    /// The tally without what does not count in a subject.
    public func counted(in subject: Subject, _ parameters: ParticipationParameters) -> ParticipationTally {
        var result = self
        if !parameters.firstYearSubjects.value.contains(subject) {
            result.students = result.students &- result.firstYear
            result.firstYear = 0
        }
        if !parameters.notTakingEnglishTestSubjects.value.contains(subject) {
            result.students = result.students &- result.notTakingEnglishTest
            result.notTakingEnglishTest = 0
        }
        return result
    }

    /// Tests taken: participants.
    public var participants: Int64 { standard &+ alternate &+ firstYear &+ afterOctober }
    /// Tests due and not taken: non-participants.
    public var nonParticipants: Int64 { absent &+ medical &+ notTakingEnglishTest }
    /// Tests due.
    public var tests: Int64 { participants &+ nonParticipants }

    /// Adds.
    public static func += (left: inout ParticipationTally, right: ParticipationTally) {
        left = ParticipationTally(
            standard: left.standard &+ right.standard,
            alternate: left.alternate &+ right.alternate,
            firstYear: left.firstYear &+ right.firstYear,
            afterOctober: left.afterOctober &+ right.afterOctober,
            absent: left.absent &+ right.absent,
            medical: left.medical &+ right.medical,
            notTakingEnglishTest: left.notTakingEnglishTest &+ right.notTakingEnglishTest,
            students: left.students &+ right.students
        )
    }

    /// Retracts.
    public static func -= (left: inout ParticipationTally, right: ParticipationTally) {
        left = ParticipationTally(
            standard: left.standard &- right.standard,
            alternate: left.alternate &- right.alternate,
            firstYear: left.firstYear &- right.firstYear,
            afterOctober: left.afterOctober &- right.afterOctober,
            absent: left.absent &- right.absent,
            medical: left.medical &- right.medical,
            notTakingEnglishTest: left.notTakingEnglishTest &- right.notTakingEnglishTest,
            students: left.students &- right.students
        )
    }

    /// The sum.
    public static func + (left: ParticipationTally, right: ParticipationTally) -> ParticipationTally {
        var sum = left
        sum += right
        return sum
    }

    /// The difference.
    public static func - (left: ParticipationTally, right: ParticipationTally) -> ParticipationTally {
        var difference = left
        difference -= right
        return difference
    }

    /// The same counts, or an error where one is negative or their sum does not fit.
    func checked() throws(NumberError) -> ParticipationTally {
        var total: Int64 = 0
        for count in [standard, alternate, firstYear, afterOctober, absent, medical, notTakingEnglishTest] {
            guard count >= 0 else { throw .negativeCount }
            let (sum, overflow) = total.addingReportingOverflow(count)
            guard !overflow else { throw .overflow }
            total = sum
        }
        guard students >= 0 else { throw .negativeCount }
        return self
    }
}
