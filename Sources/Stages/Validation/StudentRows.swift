import Messages
import Rules
import Tables

/// Canonical places of the columns of the student layouts.
private enum Place {
    static let student = Layout.attendance.place("student_id")
    static let grade = Layout.attendance.place("grade")
    static let race = Layout.attendance.place("race")
    static let lowIncome = Layout.attendance.place("low_income")
    static let englishLearner = Layout.attendance.place("el_status")
    static let disability = Layout.attendance.place("swd")
    static let october = Layout.attendance.place("enrolled_since_october")
    static let daysEnrolled = Layout.attendance.place("days_enrolled")
    static let daysAbsent = Layout.attendance.place("days_absent")
    static let priorOrganization = Layout.assessmentResults.place("prior_org_code")
}

/// Canonical places of one subject's columns.
struct TestPlaces: Sendable {
    var subject: Subject
    var status: Int
    var score: Int
    var growth: Int?
    var priorScore: Int?

    init(_ subject: Subject, _ prefix: String) {
        self.subject = subject
        status = Layout.assessmentResults.place("\(prefix)_status")
        score = Layout.assessmentResults.place("\(prefix)_scaled_score")
        growth = Layout.assessmentResults.index(of: "\(prefix)_sgp")
        priorScore = Layout.assessmentResults.index(of: "\(prefix)_prior_scaled_score")
    }

    static let ela = TestPlaces(.ela, "ela")
    static let math = TestPlaces(.math, "math")
    static let science = TestPlaces(.science, "science")
}

/// The common parts of the student layouts.
struct StudentColumns {
    var pseudonym: UInt128
    var grade: Int
    var englishLearner: EnglishLearnerStatus
    var groups: StudentGroupSet
    var sinceOctober: Bool

    /// The common content of their records.
    var fact: StudentFact {
        var fact = StudentFact()
        fact.student = pseudonym
        fact.grade = UInt32(clamping: grade)
        fact.groups = UInt32(groups.rawValue)
        if sinceOctober { fact.flags.insert(.enrolledSinceOctober) }
        return fact
    }
}

extension RowCheck {
    mutating func assessment(_ line: Span<UInt8>, isDeletion: Bool) -> CheckedRow.Content {
        guard beginStudent(line, isDeletion: isDeletion) else { return .none }
        let student = studentColumns(line)
        let prior = code(Place.priorOrganization, line)
        let ela = test(.ela, student, line)
        let math = test(.math, student, line)
        let science = test(.science, student, line)
        guard faults.isEmpty, let student else { return .none }
        guard records()?.testedGrades.contains(student.grade) == true else {
            fault(.gradeNotTested, Place.grade)
            return .none
        }
        var fact = student.fact
        fact.priorOrganization = prior?.rawValue ?? 0
        fact.ela = ela
        fact.math = math
        fact.science = science
        if student.englishLearner == .firstYear { fact.flags.insert(.firstYearLearner) }
        return .student(fact)
    }

    mutating func attendance(_ line: Span<UInt8>, isDeletion: Bool) -> CheckedRow.Content {
        guard beginStudent(line, isDeletion: isDeletion) else { return .none }
        let student = studentColumns(line)
        let enrolled = integer(Place.daysEnrolled, line)
        let absent = integer(Place.daysAbsent, line)
        if let enrolled, let absent, absent > enrolled { fault(.absentMoreThanEnrolled, Place.daysAbsent) }
        guard faults.isEmpty, let student, let enrolled, let absent else { return .none }
        var fact = student.fact
        fact.daysEnrolled = UInt32(enrolled)
        fact.daysAbsent = UInt32(absent)
        return .student(fact)
    }

    mutating func studentColumns(_ line: Span<UInt8>) -> StudentColumns? {
        let pseudonym = pseudonym(line)
        let grade = grade(Place.grade, line)
        let race = group(Place.race, line)
        if let race, race < .americanIndianAlaskaNative { fault(.unknownGroup, Place.race) }
        let lowIncome = yesNo(Place.lowIncome, line)
        let status = choice(Place.englishLearner, line).flatMap { EnglishLearnerStatus(rawValue: UInt8($0)) }
        let disability = yesNo(Place.disability, line)
        // One layout does not ask for it, and counts nothing by it.
        let october = yesNo(Place.october, line) ?? (columns[Place.october].required ? nil : false)
        guard let pseudonym, let grade, let lowIncome, let status, let disability, let october else { return nil }
        let traits = StudentTraits(race: race, lowIncome: lowIncome, englishLearner: status, disability: disability)
        return StudentColumns(
            pseudonym: pseudonym,
            grade: grade,
            englishLearner: status,
            groups: traits.groups,
            sinceOctober: october
        )
    }

    /// For a deletion only the student is read.
    mutating func beginStudent(_ line: Span<UInt8>, isDeletion: Bool) -> Bool {
        if isDeletion { _ = pseudonym(line) }
        return !isDeletion
    }

    /// The pseudonym that ingestion wrote.
    private mutating func pseudonym(_ line: Span<UInt8>) -> UInt128? {
        if student == nil { fault(.malformedStudentIdentifier, Place.student) }
        return student
    }

    private mutating func test(_ places: TestPlaces, _ student: StudentColumns?, _ line: Span<UInt8>)
        -> StudentFact.Test
    {
        let status = choice(places.status, line).flatMap { $0 < RowCheck.statuses.count ? RowCheck.statuses[$0] : nil }
        let score = integer(places.score, line)
        var test = StudentFact.Test()
        if let score {
            if let status, !TestStatus(recorded: status).mayHaveScore { fault(.scoreWithoutTest, places.score) }
            if let year, let records = records(), !records.holds(score, places.subject, in: year) {
                fault(.scoreOffScale, places.score)
            }
            test.score = UInt32(score)
        } else if status == .tested, !hasFault(places.score) {
            fault(.scoreMissing, places.score)
        }
        if let place = places.growth, let growth = integer(place, line) {
            if let status, status != .tested { fault(.growthWithoutTest, place) }
            if let student, let records = records(), !records.growthGrades.contains(student.grade) {
                fault(.growthNotInGrade, place)
            }
            test.growth = UInt32(growth)
        }
        if let place = places.priorScore, let prior = integer(place, line) {
            if let year, let records = records(), !records.holds(prior, places.subject, in: year - 1) {
                fault(.scoreOffScale, place)
            }
            test.priorScore = UInt32(prior)
        }
        if let status {
            check(status, places, student)
            test.status = UInt32(clamping: status.rawValue)
        }
        return test
    }

    private mutating func check(
        _ status: Accountability_V1_TestStatus,
        _ places: TestPlaces,
        _ student: StudentColumns?
    ) {
        guard status == .exemptFirstYear || status == .noElTest else { return }
        if status == .noElTest, places.subject != .ela { return fault(.statusNotInSubject, places.status) }
        guard let learner = student?.englishLearner else { return }
        if status == .exemptFirstYear, learner != .firstYear { fault(.exemptNotFirstYear, places.status) }
        if status == .noElTest, learner != .firstYear, learner != .current {
            fault(.noTestNotEnglishLearner, places.status)
        }
    }

    private func hasFault(_ column: Int) -> Bool { faults.contains { $0.column == column } }

    /// In the order of the layout's words.
    private static let statuses: [Accountability_V1_TestStatus] = [
        .tested, .alternate, .absent, .medical, .exemptFirstYear, .noElTest, .notRequired,
    ]
}
