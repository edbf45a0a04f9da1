import Messages
import Stages
import Streaming
import StreamingTesting
import Testing

@Suite struct IndicatorStageTests {
    private func run(_ facts: [Fact], closing years: Int...) throws -> MeasuresRun {
        let run = try MeasuresRun(IndicatorStage(pipeline: MeasuresRun.pipeline))
        try run.append(facts)
        for year in years { try run.close(year) }
        try run.driver.run()
        return run
    }

    private func value(_ run: MeasuresRun, _ key: String) throws -> Accountability_V1_IndicatorValue? {
        try run.entry(key)?.value
    }

    /// Three students in two schools, one of them there only after October: (500 + 501) / 2 in ELA; science by index,
    /// 0 and 100; SGP 40 and 45; absent 18 of 180 days is chronic, 17 is not, 19 days of membership do not count.
    @Test func valuesByRule() throws {
        let run = try run(
            [
                .tests(
                    2019,
                    "00010001",
                    student: 1,
                    groups: GroupBits.all | GroupBits.white,
                    ela: .taken(500, sgp: 40),
                    science: .taken(440)
                ),
                .tests(2019, "00010002", student: 2, ela: .taken(501, sgp: 45), science: .taken(500)),
                .tests(2019, "00010002", student: 3, october: false, ela: .taken(560, sgp: 99)),
                .tests(2019, "00010002", student: 4, ela: .with(.absent, score: 510), math: .taken()),
                .attendance(2019, "00010001", student: 1, absent: 18),
                .attendance(2019, "00010001", student: 2, absent: 17),
                .attendance(2019, "00010001", student: 3, enrolled: 19, absent: 19),
                .attendance(2019, "00010001", student: 4, october: false, absent: 90),
                .attendance(2019, "00010001", student: 5, grade: 0, absent: 90),
            ],
            closing: 2019
        )
        let ela = try #require(try value(run, "2019/00010000/value/non_high/all_students/ela_achievement"))
        #expect(ela.value == "500.5" && ela.count == 2 && ela.sum == 1001 && ela.divisor == 2 && !ela.supplied)
        #expect(try value(run, "2019/00010001/value/non_high/white/ela_achievement")?.value == "500.0")
        #expect(try value(run, "2019/00010002/value/non_high/all_students/ela_growth")?.value == "45.0")
        #expect(try value(run, "2019/00010000/value/non_high/all_students/ela_growth")?.value == "42.5")
        #expect(try value(run, "2019/00010000/value/non_high/all_students/science_achievement")?.value == "50.0")
        let absent = try #require(try value(run, "2019/00010001/value/non_high/all_students/chronic_absenteeism"))
        #expect(absent.value == "50.0" && absent.count == 2 && absent.sum == 1)
        #expect(try value(run, "2019/00010000/value/non_high/all_students/math_achievement") == nil)
        #expect(try value(run, "2019/00010000/value/high/all_students/ela_achievement") == nil)
        // Nobody reaches the minimum size.
        #expect(run.table(Topics.standings).isEmpty)
    }

    /// A first-year English learner: the score does not count, growth does.
    ///
    /// EXN and ALT rows with a score count in achievement, and not
    /// in growth; without one they do not. Science of grade 8 has its own index table.
    @Test func scoresThatCount() throws {
        func firstYear(_ student: Int, _ test: Accountability_V1_Test) -> Fact {
            var fact = Fact.tests(2019, "00010001", student: student, ela: test)
            fact.record.assessmentResult.firstYearEl = true
            return fact
        }
        let run = try run(
            [
                firstYear(1, .taken(560, sgp: 80)),
                .tests(2019, "00010001", student: 2, ela: .taken(500, sgp: 40)),
                .tests(2019, "00010001", student: 3, ela: .with(.noElTest, score: 470, sgp: 99)),
                .tests(2019, "00010001", student: 4, ela: .with(.alternate, score: 450, sgp: 99)),
                .tests(2019, "00010001", student: 5, ela: .with(.alternate), math: .with(.noElTest)),
                .tests(2019, "00010001", student: 6, ela: .with(.exemptFirstYear, score: 560)),
                .tests(2019, "00010001", student: 7, science: .taken(503)),
                .tests(2019, "00010002", student: 8, grade: 8, science: .taken(503)),
            ],
            closing: 2019
        )
        let school = "2019/00010001/value/non_high/all_students"
        let ela = try #require(try value(run, "\(school)/ela_achievement"))
        #expect(ela.count == 3 && ela.sum == 500 + 470 + 450)
        let growth = try #require(try value(run, "\(school)/ela_growth"))
        #expect(growth.count == 2 && growth.sum == 120)
        #expect(try value(run, "\(school)/math_achievement") == nil)
        #expect(try value(run, "\(school)/science_achievement")?.value == "100.0")
        #expect(try value(run, "2019/00010002/value/non_high/all_students/science_achievement")?.value == "75.0")
    }

    /// Of eight who stayed with the lowest scores of the year before, two have no score of this year that counts: they
    /// are no quarter.
    @Test func onlyThoseWhoseScoresCountAreAmongTheLowest() throws {
        var facts = (0..<8)
            .map { number in
                let prior = 440 + UInt32(number) * 5
                return Fact.tests(
                    2019,
                    "00010001",
                    student: number,
                    prior: 10001,
                    ela: number == 0
                        ? .with(.absent, prior: prior) : .taken(500 + UInt32(number), sgp: 50, prior: prior),
                    math: number == 0 ? .with(.medical, prior: prior) : .taken(480, prior: prior)
                )
            }
        facts[1].record.assessmentResult.firstYearEl = true
        facts += (0..<8).map { Fact.attendance(2019, "00010001", student: $0, absent: $0 < 2 ? 100 : 1) }
        let run = try run(facts, closing: 2019)
        let lowest = "2019/00010001/value/non_high/lowest_performing"
        // A quarter of six, half up: students 2 and 3.
        let ela = try #require(try value(run, "\(lowest)/ela_achievement"))
        #expect(ela.count == 2 && ela.sum == 502 + 503)
        #expect(try value(run, "\(lowest)/chronic_absenteeism")?.value == "0.0")
    }

    /// In 2022 the threshold was 20 percent.
    @Test func theThresholdIsThatOfTheYear() throws {
        let facts = [2019, 2022]
            .flatMap { year in
                [
                    Fact.attendance(year, "00010001", student: 1, absent: 18),
                    .attendance(year, "00010001", student: 2, absent: 36),
                ]
            }
        let run = try run(facts, closing: 2019, 2022)
        let key = "00010001/value/non_high/all_students/chronic_absenteeism"
        #expect(try value(run, "2019/\(key)")?.value == "100.0")
        #expect(try value(run, "2022/\(key)")?.value == "50.0")
    }

    /// High school science by index in 2019; the span follows the grade.
    @Test func theSpanFollowsTheGrade() throws {
        let run = try run(
            [
                .tests(2019, "00010001", student: 1, grade: 8, ela: .taken(500)),
                .tests(2019, "00010001", student: 2, grade: 10, ela: .taken(500)),
            ],
            closing: 2019
        )
        #expect(try value(run, "2019/00010001/value/non_high/all_students/ela_achievement")?.value == "500.0")
        #expect(try value(run, "2019/00010001/value/high/all_students/ela_achievement")?.value == "100.0")
    }

    /// Nine students with prior scores 900, 910 and so on to 980 who stayed in the school: a quarter is 2.25, so two;
    /// the third ties with the second.
    @Test func theLowestPerformingAreAQuarterOfThoseWhoStayed() throws {
        var facts = (0..<9)
            .map { number in
                let prior = 450 + UInt32(number == 2 ? 1 : number) * 5
                return Fact.tests(
                    2019,
                    "00010001",
                    student: number,
                    prior: 10001,
                    ela: .taken(500 + UInt32(number), prior: prior),
                    math: .taken(480, prior: prior),
                    science: .taken(440)
                )
            }
        // Came from the other school of the district: in the district's group, not in the school's.
        facts.append(
            .tests(
                2019,
                "00010001",
                student: 20,
                prior: 10002,
                ela: .taken(560, prior: 440),
                math: .taken(470, prior: 440)
            )
        )
        // Came from another district, and after October: in neither.
        facts.append(
            .tests(
                2019,
                "00010001",
                student: 21,
                prior: 20001,
                ela: .taken(560, prior: 440),
                math: .taken(440, prior: 440)
            )
        )
        facts.append(
            .tests(
                2019,
                "00010001",
                student: 22,
                october: false,
                prior: 10001,
                ela: .taken(560, prior: 440),
                math: .taken(440, prior: 440)
            )
        )
        facts += [0, 1, 5].map { Fact.attendance(2019, "00010001", student: $0, absent: $0 == 0 ? 100 : 1) }
        let run = try run(facts, closing: 2019)
        let school = "2019/00010001/value/non_high/lowest_performing"
        let ela = try #require(try value(run, "\(school)/ela_achievement"))
        #expect(ela.count == 3 && ela.sum == 500 + 501 + 502)
        #expect(try value(run, "\(school)/math_achievement")?.value == "480.0")
        // Student 2 has no attendance; science does not count for the group in this span.
        #expect(try value(run, "\(school)/chronic_absenteeism")?.value == "50.0")
        #expect(try value(run, "\(school)/science_achievement") == nil)
        // Ten in the district: 2.5 is rounded as the rules say; student 20 is the lowest of all.
        let district = try #require(
            try value(run, "2019/00010000/value/non_high/lowest_performing/ela_achievement")
        )
        #expect(district.sum >= 560 + 500 && district.count >= 2)

        // The lowest of them leaves: another one takes the place.
        try run.append(facts[0], retract: true, cause: "left")
        try run.driver.run()
        let after = try #require(try value(run, "\(school)/ela_achievement"))
        #expect(after.sum == 501 + 502 && after.count == 2)
    }

    @Test func highSchoolsTakeTheCurrentClassAndNoneIn2023() throws {
        let facts = [2019, 2023]
            .flatMap { year in
                (0..<8)
                    .map {
                        Fact.tests(
                            year,
                            "00010001",
                            student: $0,
                            grade: 10,
                            ela: .taken(480),
                            math: .taken(440 + UInt32($0) * 10)
                        )
                    }
            }
        let run = try run(facts, closing: 2019, 2023)
        let key = "00010001/value/high/lowest_performing/math_achievement"
        #expect(try value(run, "2019/\(key)")?.count == 2)
        #expect(try value(run, "2023/\(key)") == nil)
    }

    @Test func standingsHoldWhatIsLargeEnough() throws {
        let students = (0..<20)
            .map { number in
                Fact.tests(
                    2019,
                    "00010001",
                    student: number,
                    groups: number < 19 ? GroupBits.all | GroupBits.white : GroupBits.all,
                    ela: .taken(500)
                )
            }
        let run = try run(
            students + [
                .organization(2019, "00010001", .school, comparison: "middle_high", nonHigh: 300, high: 200),
                .supplied(2019, "00010001", span: "high", indicator: "four_year_graduation", value: "91.25"),
                .supplied(2019, "00010001", indicator: "el_progress", value: "50.0", count: 19),
                .target(2019, "00010001", group: "white", indicator: "ela_achievement", target: "501.5"),
            ],
            closing: 2019
        )
        let standing = try #require(try run.standing("2019/all_students/00010001"))
        #expect(standing.type == .school && standing.comparisonGroup == "middle_high")
        #expect(standing.nonHighEnrollment == 300 && standing.highEnrollment == 200)
        #expect(
            standing.values.map { "\($0.gradeSpan) \($0.indicator) \($0.value)" } == [
                "non_high ela_achievement 500.0", "high four_year_graduation 91.25",
            ]
        )
        #expect(standing.values.map(\.count) == [20, 0] && !standing.values[1].hasCount)
        let district = try #require(try run.standing("2019/all_students/00010000"))
        #expect(district.type == .district && district.comparisonGroup.isEmpty && district.values.count == 1)
        #expect(try run.standing("2019/white/00010001") == nil)
        #expect(try run.entry("2019/00010001/target/non_high/white/ela_achievement")?.target.target == "501.5")
        #expect(try run.entry("2019/00010001/organization")?.organization.nonHighEnrollment == 300)
        #expect(try value(run, "2019/00010001/value/non_high/all_students/el_progress")?.count == 19)

        // Below the minimum size nothing is left in the district.
        try run.append(students[0], retract: true)
        try run.driver.run()
        #expect(try run.standing("2019/all_students/00010000") == nil)
        #expect(try run.standing("2019/all_students/00010001")?.values.map(\.indicator) == ["four_year_graduation"])
    }

    /// The lowest-performing 5 percent are of all schools that receive funds under Title I.
    @Test func aSchoolUnderTitle1WithoutValuesIsCounted() throws {
        let run = try run(
            [
                .organization(2019, "00010001", .school, comparison: "non_high", title1: true),
                .organization(2019, "00010002", .school, comparison: "non_high"),
                .organization(2019, "00010000", .district, comparison: "", title1: true),
            ],
            closing: 2019
        )
        let standing = try #require(try run.standing("2019/all_students/00010001"))
        #expect(standing.title1 && standing.values.isEmpty)
        #expect(run.table(Topics.standings).count == 1)
    }

    /// Stray rows of grade 10 do not make a school of grades K to 8 a middle/high school, and grades without tests make
    /// no span at all.
    @Test func declaredGradesAndNeverStudentsDecideTheComparisonGroup() throws {
        let students = ["00010001", "00010002", "00010003"].enumerated()
            .flatMap { place, school in
                (0..<40)
                    .map { number in
                        Fact.tests(
                            2019,
                            school,
                            student: place * 100 + number,
                            grade: number < 20 ? 8 : 10,
                            ela: .taken(500)
                        )
                    }
            }
        let run = try run(
            students + [
                .organization(2019, "00010001", .school, comparison: "", grades: "K,01,02,03,04,05,06,07,08"),
                .organization(2019, "00010002", .school, comparison: "", grades: "PK,K,01,02"),
                .organization(2019, "00010003", .school, comparison: "high", grades: "06,07,08", schoolType: "ES_3"),
                .supplied(2019, "00020001", indicator: "el_progress", value: "1", comparison: "high"),
            ],
            closing: 2019
        )
        let standings = try ["00010001", "00010002", "00010003", "00020001"]
            .map { try run.standing("2019/all_students/\($0)") }
        #expect(standings.map { $0?.comparisonGroup } == ["non_high", nil, "high", "high"])
        #expect(standings.map { $0?.schoolType } == ["ESMS", nil, "ES", ""])
        #expect(standings.map { Set($0?.values.map(\.gradeSpan) ?? []) } == [["non_high"], [], ["high"], ["non_high"]])
        let spans = { (code: String) in
            try ["non_high", "high"]
                .filter { try value(run, "2019/\(code)/value/\($0)/all_students/ela_achievement") != nil }
        }
        #expect(try spans("00010001") == ["non_high"])
        #expect(try spans("00010002").isEmpty)
        #expect(try spans("00010003") == ["high"])
        // The district declares nothing, so its students decide.
        #expect(try spans("00010000") == ["non_high", "high"])
    }

    @Test func suppliedValuesBringTheirSchoolTypeTheirEnrolmentAndTheirQuartile() throws {
        let type: (inout Accountability_V1_SuppliedValue) -> Void = {
            $0.schoolType = "EES"
            $0.difficultyQuartile = 3
        }
        let enrolled: (inout Accountability_V1_SuppliedValue) -> Void = {
            $0.nonHighEnrollment = 300
            $0.highEnrollment = 0
        }
        let half: (inout Accountability_V1_SuppliedValue) -> Void = { $0.nonHighEnrollment = 100 }
        let run = try run(
            [
                .supplied(2019, "00010001", indicator: "el_progress", value: "50", besides: type),
                .supplied(2019, "00010001", group: "white", indicator: "ela_growth", value: "50", besides: enrolled),
                .supplied(2019, "00020001", indicator: "ela_growth", value: "50", besides: half),
                .organization(2019, "00030001", .school, comparison: "middle_high", nonHigh: 10, high: 20),
                .supplied(2019, "00030001", indicator: "ela_growth", value: "50", besides: enrolled),
            ],
            closing: 2019
        )
        for group in ["all_students", "white"] {
            let standing = try #require(try run.standing("2019/\(group)/00010001"))
            #expect(standing.schoolType == "ES" && standing.nonHighEnrollment == 300 && standing.hasHighEnrollment)
        }
        let progress = try #require(try run.standing("2019/all_students/00010001")).values
        #expect(progress.map(\.difficultyQuartile) == [3])
        #expect(try value(run, "2019/00010001/value/non_high/all_students/el_progress")?.difficultyQuartile == 3)
        // One span says nothing of the share, and what is declared stands before what is supplied.
        #expect(try run.standing("2019/all_students/00020001")?.hasNonHighEnrollment == false)
        #expect(try run.standing("2019/all_students/00030001")?.highEnrollment == 20)
        // The spans of the percentage are weighed by the same: every supplied value of the organization says it.
        for cell in ["all_students/el_progress", "white/ela_growth"] {
            let message = try #require(try value(run, "2019/00010001/value/non_high/\(cell)"))
            #expect(message.nonHighEnrollment == 300 && message.hasHighEnrollment && message.highEnrollment == 0)
        }
        for school in ["00020001", "00030001"] {
            let message = try #require(try value(run, "2019/\(school)/value/non_high/all_students/ela_growth"))
            #expect(!message.hasNonHighEnrollment && !message.hasHighEnrollment)
        }
    }

    @Test func studentRecordsShadowSuppliedValuesOfTheirMeasure() throws {
        let supplied = [
            Fact.supplied(2019, "00010001", indicator: "ela_achievement", value: "499.9", count: 25),
            Fact.supplied(2019, "00010001", indicator: "chronic_absenteeism", value: "9.9", count: 25),
            Fact.supplied(2019, "00010000", indicator: "math_growth", value: "51", count: 25),
            Fact.supplied(2019, "00010002", indicator: "ela_growth", value: "52", count: 25),
        ]
        let run = try run(supplied, closing: 2019)
        let before = (run.table(Topics.indicators), run.table(Topics.standings))
        #expect(before.0.count == 4 && before.1.count == 3)
        let student = Fact.tests(2019, "00010001", student: 1, ela: .taken(510))
        try run.append(student)
        try run.driver.run()
        #expect(
            try run.rejections().map { "\($0.code) \($0.line)" }.sorted()
                == [supplied[0], supplied[2]].map { "supplied_shadowed \($0.record.line)" }.sorted()
        )
        let school = "2019/00010001/value/non_high/all_students"
        #expect(try value(run, "\(school)/ela_achievement")?.value == "510.0")
        #expect(try value(run, "\(school)/chronic_absenteeism")?.value == "9.9")
        #expect(try value(run, "2019/00010000/value/non_high/all_students/math_growth") == nil)
        #expect(try run.standing("2019/all_students/00010001")?.values.map(\.indicator) == ["chronic_absenteeism"])
        // The same row once more: its note is closed and open again.
        try run.append(supplied[0])
        try run.driver.run()
        #expect(try run.rejections().count == 4)
        #expect(try run.openRejections() == [supplied[0], supplied[2]].map(\.record.line).sorted())
        run.driver.restartAll()
        try run.append(student, retract: true, cause: "withdrawal")
        try run.driver.run()
        #expect(run.table(Topics.indicators) == before.0 && run.table(Topics.standings) == before.1)
        #expect(try run.openRejections() == [])
        #expect(try run.rejections()[4...].map(\.closedBy) == ["withdrawal", "withdrawal"])

        // A row that is replaced or retracted under a shadow closes its note, too.
        try run.append(student)
        try run.append(supplied[2], retract: true, cause: "fewer")
        try run.driver.run()
        #expect(try run.openRejections() == [supplied[0].record.line])
        var moved = supplied[0]
        moved.record.submission = "corrected"
        try run.append(moved, cause: "corrected")
        try run.driver.run()
        #expect(
            try run.rejections().suffix(2).map { "\($0.submission) \($0.closedBy)" }.sorted() == [
                "corrected ", "\(supplied[0].record.submission) corrected",
            ]
        )
    }

    @Test(arguments: [11, 12, 13, 14] as [UInt64])
    func anyHistoryEndsInTheSameBytes(seed: UInt64) throws {
        let history = RandomHistory(seed: seed, length: 500)
        try MeasuresHistories.check(history, seed: seed) { IndicatorStage(pipeline: MeasuresRun.pipeline) }
    }

    @Test func aCorrectionChangesOnlyItsRows() throws {
        let students = (0..<120)
            .map { number in
                Fact.tests(
                    2019,
                    ["00010001", "00010002", "00020001"][number % 3],
                    student: number,
                    groups: number % 2 == 0 ? GroupBits.all | GroupBits.white : GroupBits.all,
                    ela: .taken(500, sgp: 50),
                    math: .taken(500, sgp: 50)
                )
            }
        let run = try run(students, closing: 2019)
        let sent = (run.log(Topics.indicators).count, run.log(Topics.standings).count)
        var corrected = students[0]
        corrected.record.assessmentResult.ela.sgp = 90
        try run.append(corrected, cause: "appeal")
        try run.driver.run()
        let values = run.log(Topics.indicators)[sent.0...]
        #expect(
            values.map { String(decoding: $0.key, as: UTF8.self) }.sorted()
                == ["00010000", "00010001"]
                .flatMap { org in
                    ["all_students", "white"].map { "2019/\(org)/value/non_high/\($0)/ela_growth" }
                }
        )
        let standings = run.log(Topics.standings)[sent.1...]
        #expect(
            Set(standings.map { String(decoding: $0.key, as: UTF8.self) })
                == [
                    "2019/all_students/00010000", "2019/all_students/00010001", "2019/white/00010000",
                    "2019/white/00010001",
                ]
        )
        #expect((values + standings).allSatisfy { $0.cause == "appeal" })
    }

    @Test func aYearWithoutFrameworkPassesOnWhatWasSet() throws {
        let run = try run(
            [
                .tests(2020, "00010001", student: 1, ela: .taken(500)),
                .target(2020, "00010001", group: "white", indicator: "ela_achievement", target: "500"),
            ],
            closing: 2020
        )
        #expect(Array(run.table(Topics.indicators).keys) == ["2020/00010001/target/non_high/white/ela_achievement"])
    }
}
