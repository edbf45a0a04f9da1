import Messages
import Stages
import Streaming
import StreamingTesting
import Testing

@Suite struct ParticipationStageTests {
    private func run(_ facts: [Fact], closing years: Int...) throws -> MeasuresRun {
        let run = try MeasuresRun(ParticipationStage(pipeline: MeasuresRun.pipeline))
        try run.append(facts)
        for year in years { try run.close(year) }
        try run.driver.run()
        return run
    }

    /// Three students: ELA 2 of 3, Math 3 of 3, science 2 of 2; a first-year learner is a participant in every subject.
    @Test func countsByRule() throws {
        let run = try run(
            [
                .tests(2019, "00010001", student: 1, ela: .taken(), math: .taken(), science: .taken()),
                .tests(2019, "00010001", student: 2, ela: .with(.absent), math: .taken()),
                .tests(
                    2019,
                    "00010001",
                    student: 3,
                    october: false,
                    ela: .with(.exemptFirstYear),
                    math: .with(.exemptFirstYear),
                    science: .with(.alternate)
                ),
            ],
            closing: 2019
        )
        for org in ["00010001", "00010000"] {
            let ela = try #require(try run.row("2019/\(org)/all/all_students/ELA"))
            #expect(ela.participants == 2 && ela.denominator == 3)
            #expect(ela.rate == 67 && ela.rateExact == "66.6667" && !ela.hasMet && !ela.judged)
            let math = try #require(try run.row("2019/\(org)/all/all_students/Math"))
            #expect(math.participants == 3 && math.denominator == 3)
            let science = try #require(try run.row("2019/\(org)/all/all_students/STE"))
            #expect(science.participants == 2 && science.denominator == 2)
            let combined = try #require(try run.row("2019/\(org)/all/all_students/combined"))
            #expect(combined.participants == 7 && combined.denominator == 8 && combined.students == 3)
            #expect(combined.judged && !combined.supplied && combined.rateExact == "87.5000")
        }
        #expect(try run.row("2019/00010001/all/white/ELA") == nil)
        #expect(run.table(Topics.participation).count == 8)
    }

    @Test func publishesNothingBeforeTheClose() throws {
        let run = try run([.tests(2019, "00010001", student: 1, ela: .taken())], closing: 2018)
        #expect(run.log(Topics.participation).isEmpty)
    }

    /// 18 of 20 in 2019, 20 of 20 in 2018: pooled 38 of 40 = 95; with one fewer in 2018 37 of 39 = 94.8718.
    @Test func looksBackAndFollowsThePriorYear() throws {
        let before = (0..<20).map { Fact.tests(2018, "00010001", student: $0, ela: .taken()) }
        let now = (0..<20).map { Fact.tests(2019, "00010001", student: $0, ela: $0 < 2 ? .with(.absent) : .taken()) }
        let run = try run(before + now, closing: 2018, 2019)
        let key = "2019/00010001/all/all_students/combined"
        let row = try #require(try run.row(key))
        #expect(row.rateExact == "90.0000" && row.judgedRateExact == "95.0000" && row.students == 20)
        // Its own year is below the standard; looking back it is met.
        #expect(row.hasMet && !row.met && row.requirementMet)
        #expect(row.priorParticipants == 20 && row.priorDenominator == 20)
        try run.append(before[0], retract: true, cause: "correction")
        try run.driver.run()
        let after = try #require(try run.row(key))
        #expect(after.judgedRateExact == "94.8718" && after.hasRequirementMet && !after.requirementMet)
        #expect(run.log(Topics.participation).last { $0.key == Array(key.utf8) }?.cause == "correction")
    }

    @Test func aYearThatIsNotCompleteIsNotLookedBackOn() throws {
        let run = try run(
            [
                .tests(2018, "00010001", student: 1, ela: .taken()),
                .tests(2019, "00010001", student: 1, ela: .with(.absent)),
            ],
            closing: 2019
        )
        let key = "2019/00010001/all/all_students/combined"
        #expect(try run.row(key)?.priorDenominator == 0)
        try run.close(2018)
        try run.driver.run()
        #expect(try run.row(key)?.priorDenominator == 1)
    }

    /// Gill-Montague 2018, science of Latino students: 18 of 20.
    ///
    /// Ashland grade 3 EL: 39 of 40 is 97.5, shown 98.
    @Test func suppliedCountsStandAlone() throws {
        let run = try run(
            [
                .counts(
                    2018,
                    "06740000",
                    group: "hispanic",
                    label: "Hispanic/Latino",
                    subject: "STE",
                    standard: 18,
                    absent: 2
                ),
                .counts(2018, "00140010", grade: "03", group: "el_former_el", label: "EL", subject: "ELA", standard: 2)
                {
                    $0.alternate = 33
                    $0.afterOctober = 2
                    $0.firstYearEl = 2
                    $0.absent = 1
                },
            ],
            closing: 2018
        )
        let science = try #require(try run.row("2018/06740000/all/hispanic/STE"))
        #expect(
            science.supplied && science.judged && science.hasMet && !science.met && !science.requirementMet
                && science.judgedRateExact == "90.0000"
        )
        #expect(science.groupLabel == "Hispanic/Latino")
        #expect(try run.row("2018/06740000/all/hispanic/combined")?.judged == false)
        let grade = try #require(try run.row("2018/00140010/03/el_former_el/ELA"))
        #expect(grade.rate == 98 && grade.rateExact == "97.5000" && grade.met && !grade.judged)
        #expect(run.table(Topics.participation).count == 3)
    }

    /// The same students as records and as counts: supplied counts give what student records give.
    @Test func suppliedCountsGiveWhatRecordsGive() throws {
        let records = (0..<40)
            .map { number in
                Fact.tests(
                    2019,
                    "00010001",
                    student: number,
                    ela: number < 18 ? .taken() : .with(number < 20 ? .noElTest : .exemptFirstYear),
                    math: number < 2 ? .with(.absent) : .with(number < 20 ? .tested : .exemptFirstYear)
                )
            }
        let counts = [
            Fact.counts(2019, "00020001", subject: "ELA", standard: 18) {
                $0.elNotTested = 2
                $0.firstYearEl = 20
            },
            // The column is of ELA; in another subject nobody is missing for it.
            Fact.counts(2019, "00020001", subject: "Math", standard: 18, absent: 2) {
                $0.elNotTested = 2
                $0.firstYearEl = 20
            },
        ]
        let run = try run(records + counts, closing: 2019)
        for unit in ["ELA", "Math", "combined"] {
            let counted = try #require(try run.row("2019/00010001/all/all_students/\(unit)"))
            let supplied = try #require(try run.row("2019/00020001/all/all_students/\(unit)"))
            #expect(counted.participants == supplied.participants && counted.denominator == supplied.denominator)
            #expect(counted.rateExact == "95.0000" && counted.met && supplied.met && supplied.requirementMet)
            #expect(counted.students == 40 && supplied.students == 40)
        }
    }

    @Test func studentRecordsShadowSuppliedCountsAndGiveThemBack() throws {
        let supplied = [
            Fact.counts(2019, "00010001", subject: "ELA", standard: 30),
            Fact.counts(2019, "00010001", grade: "05", subject: "ELA", standard: 30),
            Fact.counts(2019, "00010000", subject: "ELA", standard: 60),
            Fact.counts(2019, "00010002", subject: "ELA", standard: 40),
        ]
        let run = try run(supplied, closing: 2019)
        let before = run.table(Topics.participation)
        #expect(before.count == 7)
        #expect(try run.rejections().isEmpty)

        let student = Fact.tests(2019, "00010001", student: 1, ela: .taken())
        try run.append(student)
        try run.driver.run()
        #expect(try run.row("2019/00010001/all/all_students/ELA")?.denominator == 1)
        #expect(try run.row("2019/00010001/05/all_students/ELA") == nil)
        #expect(try run.row("2019/00010000/all/all_students/ELA")?.denominator == 1)
        #expect(try run.row("2019/00010002/all/all_students/ELA")?.denominator == 40)
        #expect(
            try run.rejections().map { "\($0.code) \($0.line)" }.sorted()
                == supplied[..<3].map { "supplied_shadowed \($0.record.line)" }.sorted()
        )

        // Seen live where student records are: noted once more, nothing published.
        let sent = run.log(Topics.participation).count
        try run.append(.counts(2019, "00010001", grade: "06", subject: "ELA", standard: 9))
        try run.driver.run()
        #expect(try run.rejections().count == 4)
        #expect(run.log(Topics.participation).count == sent)

        // A row that is retracted, and the end of the shadow, close their notes.
        run.driver.restartAll()
        try run.append(
            .counts(2019, "00010001", grade: "06", subject: "ELA", standard: 9),
            retract: true,
            cause: "fewer"
        )
        try run.append(student, retract: true, cause: "withdrawal")
        try run.driver.run()
        #expect(run.table(Topics.participation) == before)
        #expect(
            try run.rejections()[4...].map(\.closedBy).sorted() == ["fewer"] + [
                "withdrawal", "withdrawal", "withdrawal",
            ]
        )
        #expect(try run.openRejections() == [])
    }

    /// A student who moves takes the shadow along, and a supplied row that moves leaves it behind.
    @Test func aShadowMovesWithItsRecords() throws {
        var supplied = Fact.counts(2019, "00010001", subject: "ELA", standard: 30)
        let other = Fact.counts(2019, "00010002", subject: "ELA", standard: 40)
        var student = Fact.tests(2019, "00010001", student: 1, ela: .taken())
        let run = try run([supplied, other, student], closing: 2019)
        #expect(try run.openRejections() == [supplied.record.line])
        student.record.orgCode = "00010002"
        try run.append(student, cause: "move")
        try run.driver.run()
        #expect(try run.openRejections() == [other.record.line])
        #expect(try run.rejections().filter { $0.line == supplied.record.line }.map(\.closedBy) == ["", "move"])
        supplied.record.orgCode = "00010002"
        try run.append(supplied, cause: "one more")
        try run.driver.run()
        #expect(try run.openRejections() == [supplied.record.line, other.record.line].sorted())
    }

    @Test func aSuppliedRowThatIsWithdrawnIsRetracted() throws {
        let row = Fact.counts(2019, "00010001", grade: "05", subject: "ELA", standard: 30)
        let run = try run([row], closing: 2019)
        #expect(run.table(Topics.participation).count == 1)
        try run.append(row, retract: true)
        try run.driver.run()
        #expect(run.table(Topics.participation).isEmpty)
    }

    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func anyHistoryEndsInTheSameBytes(seed: UInt64) throws {
        let history = RandomHistory(seed: seed, length: 500)
        try MeasuresHistories.check(history, seed: seed) { ParticipationStage(pipeline: MeasuresRun.pipeline) }
    }

    @Test func aCorrectionChangesOnlyItsRows() throws {
        let students = (0..<120)
            .map { number in
                Fact.tests(
                    2019,
                    ["00010001", "00010002", "00020001"][number % 3],
                    student: number,
                    groups: number % 2 == 0 ? 1 | GroupBits.white : 1,
                    ela: .taken(),
                    math: .taken()
                )
            }
        let run = try run(students, closing: 2019)
        let sent = run.log(Topics.participation).count
        var corrected = students[0]
        corrected.record.assessmentResult.math.status = .absent
        try run.append(corrected, cause: "appeal")
        try run.driver.run()
        let changed = run.log(Topics.participation)[sent...]
        let expected = ["00010000", "00010001"]
            .flatMap { org in
                ["all_students", "white"]
                    .flatMap { group in
                        ["Math", "combined"].map { "2019/\(org)/all/\(group)/\($0)" }
                    }
            }
        #expect(changed.map { String(decoding: $0.key, as: UTF8.self) }.sorted() == expected.sorted())
        #expect(changed.allSatisfy { $0.cause == "appeal" })
    }

    @Test func nonsenseIsCountedAndTakesTheEarlierFactAway() throws {
        var fact = Fact.counts(2019, "00010001", subject: "ELA", standard: 30)
        let run = try run([fact], closing: 2019)
        fact.record.participationCounts.subject = "Latin"
        try run.append(fact)
        try run.driver.run()
        #expect(run.driver.unusable.count == 1)
        #expect(run.table(Topics.participation).isEmpty)
    }
}
