import Foundation
import Messages
import Stages
import Streaming
import StreamingTesting
import Testing

/// Graduation, engagement, dropout, progress of English learners and advanced coursework, from student records.
@Suite struct OutcomeIndicatorTests {
    private func run(_ facts: [Fact], seed: UInt64 = 1, partitions: Int32 = 1, closing years: [Int] = [2019]) throws
        -> MeasuresRun
    {
        let run = try MeasuresRun(IndicatorStage(pipeline: MeasuresRun.pipeline), partitions: partitions, seed: seed)
        try run.append(facts)
        for year in years { try run.close(year) }
        try run.driver.run()
        return run
    }

    private func value(_ run: MeasuresRun, _ key: String) throws -> Accountability_V1_IndicatorValue? {
        try run.entry(key)?.value
    }

    /// Determinations of 2019 judge the cohort due in 2018 for graduation and dropout, that due in 2017 for engagement.
    @Test func cohortsAreThoseOfTheDataYear() throws {
        let run = try run(
            [
                .member(2019, "00010505", student: 1, cohort: 2018, fourYear: true, fiveYear: true),
                .member(2019, "00010505", student: 2, cohort: 2018, droppedOut: true),
                .member(2019, "00010505", student: 3, cohort: 2018),
                .member(2019, "00010505", student: 4, cohort: 2017, fiveYear: true),
                .member(2019, "00010505", student: 5, cohort: 2017, stillEnrolled: true),
                .member(2019, "00010505", student: 6, cohort: 2017, droppedOut: true),
                .member(2019, "00010505", student: 7, cohort: 2019, fourYear: true, fiveYear: true),
            ]
        )
        let prefix = "2019/00010505/value/high/all_students"
        let graduation = try #require(try value(run, "\(prefix)/four_year_graduation"))
        #expect(graduation.value == "33.3" && graduation.sum == 1 && graduation.divisor == 3 && graduation.count == 3)
        // Dropout is no share of the cohort.
        #expect(try value(run, "\(prefix)/dropout") == nil)
        let engagement = try #require(try value(run, "\(prefix)/extended_engagement"))
        #expect(engagement.value == "66.7" && engagement.sum == 2 && engagement.divisor == 3)
        // The district has what its schools have, and nothing is of the lower span.
        #expect(try value(run, "2019/00010000/value/high/all_students/four_year_graduation")?.sum == 1)
        #expect(try value(run, "2019/00010505/value/non_high/all_students/four_year_graduation") == nil)
    }

    /// The annual rate: two of the four enrolled on October 1 are gone for good, and one who was not enrolled then.
    @Test func dropoutIsOfTheYearBefore() throws {
        let run = try run(
            [
                .outcome(2019, "00010505", student: 1, droppedOut: true),
                .outcome(2019, "00010505", student: 2, groups: GroupBits.all | GroupBits.white, droppedOut: true),
                .outcome(2019, "00010505", student: 3, droppedOut: true, returned: true),
                .outcome(2019, "00010505", student: 4),
                .outcome(2019, "00010505", student: 5, enrolled: false, droppedOut: true),
                .outcome(2019, "00010505", student: 6, enrolled: false),
                .member(2019, "00010505", student: 7, cohort: 2018, droppedOut: true),
            ]
        )
        let dropout = try #require(try value(run, "2019/00010505/value/high/all_students/dropout"))
        #expect(dropout.value == "75.0" && dropout.sum == 3 && dropout.divisor == 4 && dropout.count == 4)
        #expect(try value(run, "2019/00010505/value/high/white/dropout")?.value == "100.0")
        #expect(try value(run, "2019/00010000/value/high/all_students/dropout")?.sum == 3)
        #expect(try value(run, "2019/00010505/value/high/all_students/four_year_graduation")?.value == "0.0")
    }

    /// Students who came after October 1 and left again: the rate was 200, which no later stage takes.
    @Test func noMoreDropOutThanAllOfThem() throws {
        let run = try run(
            [
                .outcome(2019, "00010505", student: 1, droppedOut: true),
                .outcome(2019, "00010505", student: 2, enrolled: false, droppedOut: true),
                .outcome(2019, "00010510", student: 3, enrolled: false, droppedOut: true),
            ]
        )
        let dropout = try #require(try value(run, "2019/00010505/value/high/all_students/dropout"))
        #expect(dropout.value == "100.0" && dropout.sum == 2 && dropout.divisor == 1 && dropout.count == 1)
        let key = try #require(IndicatorKey("2019/00010505/value/high/all_students/dropout"))
        var entry = Accountability_V1_IndicatorEntry()
        (entry.schoolYear, entry.orgCode, entry.value) = (2019, "00010505", dropout)
        #expect(entry.fault(under: key) == nil)
        // Of nobody who was enrolled there is no rate.
        #expect(try value(run, "2019/00010510/value/high/all_students/dropout") == nil)
    }

    /// The share of English learners who met their target; who came after October does not count.
    @Test func progressAndCourseworkBySpanAndGroup() throws {
        let run = try run(
            [
                .progress(2019, "00010001", student: 1, grade: 4, groups: GroupBits.all | GroupBits.white, met: true),
                .progress(2019, "00010001", student: 2, grade: 5, met: false),
                .progress(2019, "00010001", student: 3, grade: 5, october: false, met: true),
                .progress(2019, "00010001", student: 4, grade: 10, met: true),
                // Kindergarten is in no span: EL progress is of grades 1 to 12.
                .progress(2019, "00010001", student: 5, grade: 0, met: true),
                .coursework(2019, "00010002", student: 6, completed: true),
                .coursework(2019, "00010002", student: 7, completed: false),
                .coursework(2019, "00010002", student: 8, completed: false),
                .coursework(2019, "00010002", student: 9, october: false, completed: true),
            ]
        )
        #expect(try value(run, "2019/00010001/value/non_high/all_students/el_progress")?.value == "50.0")
        #expect(try value(run, "2019/00010001/value/non_high/white/el_progress")?.value == "100.0")
        #expect(try value(run, "2019/00010001/value/high/all_students/el_progress")?.value == "100.0")
        #expect(try value(run, "2019/00010002/value/high/all_students/advanced_coursework")?.value == "33.3")
        #expect(try value(run, "2019/00010000/value/high/all_students/advanced_coursework")?.count == 3)
        #expect(try value(run, "2019/00010002/value/high/lowest_performing/advanced_coursework") == nil)
    }

    /// How hard the targets of an organization's English learners are to meet: the mean of their quartiles, half up.
    @Test func theDifficultyQuartileIsTheMeanOfTheStudents() throws {
        let run = try run(
            [
                .progress(2019, "00010001", student: 1, grade: 4, met: true, quartile: 1),
                .progress(2019, "00010001", student: 2, grade: 5, met: false, quartile: 4),
                .progress(2019, "00010001", student: 3, grade: 5, october: false, met: true, quartile: 1),
                .progress(2019, "00010001", student: 4, grade: 5, met: true),
                .progress(2019, "00010002", student: 5, grade: 5, met: true),
            ]
        )
        #expect(try value(run, "2019/00010001/value/non_high/all_students/el_progress")?.difficultyQuartile == 3)
        #expect(try value(run, "2019/00010002/value/non_high/all_students/el_progress")?.difficultyQuartile == 0)
        #expect(try value(run, "2019/00010000/value/non_high/all_students/el_progress")?.difficultyQuartile == 3)
    }

    /// A cohort is what transfers made of it: who came after October belongs to it too (assumed).
    ///
    /// Every group has its own rate, High Needs once.
    @Test func everyGroupOfACohortHasItsRate() throws {
        let groups = GroupBits.all | GroupBits.highNeeds | GroupBits.lowIncome
        let run = try run(
            [
                .member(
                    2019,
                    "00010505",
                    student: 1,
                    cohort: 2018,
                    groups: groups,
                    october: false,
                    fourYear: true,
                    fiveYear: true
                ),
                .member(2019, "00010505", student: 2, cohort: 2018, groups: groups | GroupBits.white, droppedOut: true),
                .member(2019, "00010506", student: 3, cohort: 2018, groups: GroupBits.all | GroupBits.white),
            ]
        )
        let district = "2019/00010000/value/high"
        let figures = try ["all_students", "high_needs", "low_income", "white", "swd"]
            .map { group in
                try value(run, "\(district)/\(group)/four_year_graduation").map { "\($0.sum)/\($0.divisor)" }
            }
        #expect(figures == ["1/3", "1/2", "1/2", "0/2", nil])
        #expect(try value(run, "2019/00010506/value/high/all_students/four_year_graduation")?.divisor == 1)
    }

    /// Nineteen are published and do not count; twenty do.
    @Test(arguments: [19, 20])
    func theMinimumSizeDecidesWhatCounts(_ students: Int) throws {
        let run = try run(
            (1...students)
                .flatMap { student -> [Fact] in
                    [
                        .member(2019, "00010505", student: student, cohort: 2018, fourYear: true, fiveYear: true),
                        .member(2019, "00010505", student: student, cohort: 2017, fiveYear: true),
                        .outcome(2019, "00010505", student: student),
                        .progress(2019, "00010505", student: student, grade: 10, met: true),
                        .coursework(2019, "00010505", student: student, completed: false),
                    ]
                }
        )
        let standing = try run.standing("2019/all_students/00010505")?.values
            .map { "\($0.indicator) \($0.value) \($0.count)" }
        let all = [
            "four_year_graduation 100.0", "extended_engagement 100.0", "dropout 0.0", "el_progress 100.0",
            "advanced_coursework 0.0",
        ]
        #expect(standing == (students < 20 ? nil : all.map { "\($0) 20" }))
        #expect(try value(run, "2019/00010505/value/high/all_students/dropout")?.count == UInt32(students))
    }

    /// Student records of a measure shadow what was supplied of it, and of nothing else; when they go it stands again.
    @Test func suppliedValuesStandWhereThereAreNoRecordsOfTheMeasure() throws {
        let member = Fact.member(2019, "00010505", student: 1, cohort: 2018, fourYear: true, fiveYear: true)
        let run = try MeasuresRun(IndicatorStage(pipeline: MeasuresRun.pipeline))
        try run.append([
            .supplied(2019, "00010505", span: "high", indicator: "four_year_graduation", value: "88.8", count: 90),
            .supplied(2019, "00010505", span: "high", indicator: "extended_engagement", value: "91.1", count: 80),
            member,
        ])
        try run.close(2019)
        try run.driver.run()
        let prefix = "2019/00010505/value/high/all_students"
        #expect(try value(run, "\(prefix)/four_year_graduation")?.value == "100.0")
        #expect(try value(run, "\(prefix)/extended_engagement")?.value == "91.1")
        #expect(try run.rejections().map(\.code) == ["supplied_shadowed"])
        try run.append(member, retract: true)
        try run.driver.run()
        #expect(try value(run, "\(prefix)/four_year_graduation")?.value == "88.8")
    }

    /// Whatever the order, the partitions and what came and went between: the figures are those of what is left.
    @Test(arguments: [UInt64(1), 2, 3, 4])
    func retractingRestoresAndOrderDoesNotMatter(_ seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        func pick(_ below: Int) -> Int { Int(random.next() % UInt64(below)) }
        var events: [(fact: Fact, isRetraction: Bool)] = []
        var left: [String: Fact] = [:]
        for _ in 0..<400 {
            let organization = ["00010001", "00010002", "00020005"][pick(3)]
            let groups = GroupBits.all | UInt32(pick(8)) << 2
            let student = pick(60)
            let fact: Fact =
                switch pick(4) {
                case 3:
                    .outcome(
                        2019,
                        organization,
                        student: student,
                        groups: groups,
                        enrolled: pick(4) > 0,
                        droppedOut: pick(2) == 0
                    )
                case 0:
                    .progress(
                        2019,
                        organization,
                        student: student,
                        grade: UInt32([4, 10][pick(2)]),
                        groups: groups,
                        met: pick(2) == 0
                    )
                case 1: .coursework(2019, organization, student: student, groups: groups, completed: pick(2) == 0)
                default:
                    .member(
                        2019,
                        organization,
                        student: student,
                        cohort: UInt32(2017 + pick(3)),
                        groups: groups,
                        fourYear: pick(2) == 0,
                        fiveYear: true
                    )
                }
            if let before = left[fact.key], before.record.orgCode != fact.record.orgCode || pick(3) == 0 {
                events.append((before, true))
                left[fact.key] = nil
                continue
            }
            events.append((fact, false))
            left[fact.key] = fact
        }
        let history = try MeasuresRun(
            IndicatorStage(pipeline: MeasuresRun.pipeline),
            partitions: 3,
            seed: seed,
            disturbed: true
        )
        for event in events { try history.append(event.fact, retract: event.isRetraction) }
        try history.close(2019)
        try history.driver.run()
        let fresh = try run(left.values.sorted { $0.key < $1.key }.shuffled(using: &random), seed: seed &+ 7)
        #expect(!fresh.table(Topics.indicators).isEmpty)
        #expect(history.table(Topics.indicators) == fresh.table(Topics.indicators))
        #expect(history.table(Topics.standings) == fresh.table(Topics.standings))
    }
}

extension Fact {
    fileprivate static func member(
        _ year: Int,
        _ org: String,
        student: Int,
        cohort: UInt32,
        groups: UInt32 = 1,
        october: Bool = true,
        fourYear: Bool = false,
        fiveYear: Bool = false,
        stillEnrolled: Bool = false,
        droppedOut: Bool = false
    ) -> Fact {
        var member = Accountability_V1_CohortMember()
        member.student = Data(repeating: UInt8(student), count: 16)
        member.grade = 12
        member.groups = groups
        member.enrolledSinceOctober = october
        member.cohortYear = cohort
        member.fourYearGraduate = fourYear
        member.fiveYearGraduate = fiveYear
        member.stillEnrolledAfterFive = stillEnrolled
        member.droppedOut = droppedOut
        return Fact(
            year,
            "graduation_cohort",
            "\(hexadecimal(pseudonym(student)))/\(cohort)",
            org,
            .cohortMember(member)
        )
    }

    fileprivate static func outcome(
        _ year: Int,
        _ org: String,
        student: Int,
        groups: UInt32 = 1,
        enrolled: Bool = true,
        droppedOut: Bool = false,
        returned: Bool = false
    ) -> Fact {
        var outcome = Accountability_V1_EnrollmentOutcome()
        outcome.student = Data(repeating: UInt8(student), count: 16)
        outcome.grade = 9
        outcome.groups = groups
        outcome.enrolledOctober = enrolled
        outcome.droppedOut = droppedOut
        outcome.returnedByOctober = returned
        return Fact(year, "enrollment_outcomes", hexadecimal(pseudonym(student)), org, .enrollmentOutcome(outcome))
    }

    fileprivate static func progress(
        _ year: Int,
        _ org: String,
        student: Int,
        grade: UInt32,
        groups: UInt32 = 1,
        october: Bool = true,
        met: Bool,
        quartile: UInt32 = 0
    ) -> Fact {
        var progress = Accountability_V1_EnglishProficiency()
        progress.student = Data(repeating: UInt8(student), count: 16)
        progress.grade = grade
        progress.groups = groups
        progress.enrolledSinceOctober = october
        progress.metProgress = met
        progress.difficultyQuartile = quartile
        return Fact(year, "english_proficiency", hexadecimal(pseudonym(student)), org, .englishProficiency(progress))
    }

    fileprivate static func coursework(
        _ year: Int,
        _ org: String,
        student: Int,
        groups: UInt32 = 1,
        october: Bool = true,
        completed: Bool
    ) -> Fact {
        var coursework = Accountability_V1_AdvancedCoursework()
        coursework.student = Data(repeating: UInt8(student), count: 16)
        coursework.grade = 11
        coursework.groups = groups
        coursework.enrolledSinceOctober = october
        coursework.completed = completed
        return Fact(year, "advanced_coursework", hexadecimal(pseudonym(student)), org, .advancedCoursework(coursework))
    }
}
