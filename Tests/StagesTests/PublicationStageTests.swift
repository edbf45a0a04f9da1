import Messages
import Rules
import StreamingTesting
import Synchronization
import Testing
@testable import Stages
@testable import Streaming

/// What the public sees of determinations, and when.
@Suite struct PublicationStageTests {
    private let district = "00010000"
    private let school = "00010005"
    private let other = "00010010"

    private func counts(_ bench: JudgingBench, _ code: String, _ counts: [String: UInt32]) throws {
        for (group, count) in counts.sorted(by: { $0.key < $1.key }) {
            try bench.value(2019, code, "non_high", group, "ela_achievement", "50\(count % 10).5", count: count)
        }
    }

    /// Two schools and their district, one of the schools with a small group.
    private func fill(_ bench: JudgingBench) throws {
        for code in [district, school, other] { try bench.organization(2019, code) }
        try counts(bench, school, ["all_students": 100, "white": 50, "hispanic": 42, "asian": 8])
        try counts(bench, other, ["all_students": 100, "white": 40, "hispanic": 32, "asian": 28])
        try counts(bench, district, ["all_students": 200, "white": 90, "hispanic": 74, "asian": 36])
        for code in [district, school, other] {
            try bench.participation(2019, code, "all_students", met: true, students: 200)
        }
        try bench.closeMeasures(2019)
        try bench.driver.run()
    }

    private func release(_ bench: JudgingBench) throws {
        try bench.directive(2019, "release", "00000000", "official")
        try bench.driver.run()
    }

    private func publications(_ bench: JudgingBench) throws -> [String: Accountability_V1_Publication] {
        try bench.messages(Topics.publications, Accountability_V1_Publication.self)
    }

    /// `asian 8`, of one measure; without a number `asian`.
    private func shown(_ bench: JudgingBench, _ code: String) throws -> [String] {
        let publication = try #require(try publications(bench)["2019/\(code)"])
        return publication.figures.filter { $0.measure == "non_high/ela_achievement" }
            .map { $0.hasStudents ? "\($0.group) \($0.students)" : $0.group }.sorted()
    }

    /// With the framing of a schema registry the messages are the same, and a restarted stage knows them again.
    @Test func framedPublicationsAreReadBack() throws {
        let plain = try JudgingBench.determining()
        let framing = SchemaFraming(schema: 42, place: 12)
        let framed = try JudgingBench.determining(framing: framing)
        for bench in [plain, framed] {
            try fill(bench)
            try release(bench)
        }
        func values(_ bench: JudgingBench) -> [[UInt8]: [UInt8]] {
            bench.driver.table(bench.pipeline.name(Topics.publications))
        }
        #expect(values(framed) == values(plain).mapValues { framing.prefix + $0 })
        #expect(values(plain).count == 3)
        // What is withdrawn keeps the numbers and goes on from the revision that was read back.
        for bench in [plain, framed] {
            bench.driver.restartAll()
            try bench.put(Topics.directives, "2019/release/00000000/official", nil, partition: 0)
            try bench.driver.run()
        }
        #expect(values(framed) == values(plain).mapValues { framing.prefix + $0 })
        #expect(try publications(plain).values.allSatisfy { $0.status == "withdrawn" && $0.revision == 2 })
    }

    /// A declared identifier is published, and one that comes later revises the publication and no determination.
    @Test func theNCESIdentifierIsPublished() throws {
        let bench = try JudgingBench.determining()
        try fill(bench)
        try bench.organization(2019, school, nces: "250327000423")
        try release(bench)
        #expect(try publications(bench)["2019/\(school)"]?.ncesID == "250327000423")
        #expect(try publications(bench)["2019/\(other)"]?.ncesID == "")
        let before = try bench.determinations()
        try bench.organization(2019, other, nces: "250327000424")
        try bench.driver.run()
        let later = try #require(try publications(bench)["2019/\(other)"])
        #expect(later.ncesID == "250327000424" && later.revision == 2)
        #expect(try bench.determinations() == before)
    }

    @Test func nothingIsPublicBeforeItIsOfficial() throws {
        let bench = try JudgingBench.determining()
        try fill(bench)
        #expect(try bench.determinations().count == 3 && publications(bench).isEmpty)
        try bench.directive(2019, "release", "00010000", "preliminary")
        try bench.driver.run()
        #expect(try publications(bench).isEmpty)
        try release(bench)
        let published = try publications(bench)
        #expect(published.keys.sorted() == ["2019/00010000", "2019/00010005", "2019/00010010"])
        let own = try #require(published["2019/\(school)"])
        let determination = try #require(try bench.determinations()["2019/\(school)"])
        #expect(own.status == "official" && own.revision == 1 && own.issuedUnixMilliseconds == 1_569_000_000_000)
        #expect(own.classification == determination.classification && own.level == determination.level)
        #expect(own.annualExact == determination.annualExact && own.name == determination.name)
        // Nobody learns which submission it was.
        #expect(bench.history(Topics.publications, "2019/\(school)").allSatisfy { $0.cause.isEmpty })
    }

    /// The numbers that people see are those of everything that was submitted before the release.
    @Test(arguments: [false, true]) func whatWasSubmittedBeforeTheReleaseIsPublished(isRestarted: Bool) throws {
        let bench = try JudgingBench.determining()
        try fill(bench)
        let submission = "20190701T080000000Z-bbbbbb"
        try bench.directive(2019, "release", "00000000", "official", submission: submission, marked: true)
        try bench.driver.run()
        try counts(bench, other, ["all_students": 101, "white": 41])
        try counts(bench, district, ["all_students": 201, "white": 91])
        if isRestarted { bench.driver.restartAll() }
        try bench.driver.run()
        try bench.mark(submission, Topics.participation, Topics.indicators, Topics.directives)
        try bench.driver.run()
        #expect(try publications(bench).isEmpty)
        #expect(try bench.determinations().values.allSatisfy { $0.status == "computed" })
        try bench.mark(submission, Topics.percentiles)
        try bench.driver.run()
        #expect(try shown(bench, other).contains("all_students 101") && shown(bench, other).contains("white 41"))
        let published = try publications(bench).values
        #expect(published.count == 3 && published.allSatisfy { $0.status == "official" && $0.revision == 1 })
        #expect(try bench.determinations().values.allSatisfy { $0.cause == submission })
    }

    /// Who is named has missed the requirement, so there are at least as many of them as it asks for.
    @Test func aHiddenGroupIsNamedInNoList() throws {
        let bench = try JudgingBench.determining()
        try fill(bench)
        // Eight students are hidden, and with them the forty-two from whom they could be computed.
        for (group, students) in [("all_students", UInt32(200)), ("white", 150), ("black", 42), ("asian", 8)] {
            let hasMissed = group == "white" || group == "black"
            try bench.participation(2019, school, group, met: !hasMissed, students: students)
        }
        try bench.driver.run()
        let determination = try #require(try bench.determinations()["2019/\(school)"])
        #expect(determination.lowParticipationGroups == ["black", "white"])
        try release(bench)
        let publication = try #require(try publications(bench)["2019/\(school)"])
        let tested = publication.figures.filter { $0.measure == "participation/combined" }.map(\.group)
        #expect(tested == ["all_students", "white"])
        #expect(publication.lowParticipationGroups == ["white"])
    }

    /// 12.5 percent are one of eight, whether or not anybody says so.
    @Test func aRateWithoutANumberIsThatOfALargeGroup() throws {
        let bench = try JudgingBench.determining()
        try fill(bench)
        for (group, rate) in [("all_students", "12.5"), ("asian", "12.5"), ("white", "12.5")] {
            try bench.value(2019, school, "non_high", group, "chronic_absenteeism", rate, count: nil)
        }
        try bench.value(2019, school, "non_high", "asian", "ela_growth", "50.5", count: nil)
        try bench.driver.run()
        try release(bench)
        let publication = try #require(try publications(bench)["2019/\(school)"])
        func values(_ measure: String) -> [String] {
            publication.figures.filter { $0.measure == "non_high/\(measure)" }.map { "\($0.group) \($0.value)" }
                .sorted()
        }
        // Of fifty students a rate to twenty percent is coded.
        #expect(values("chronic_absenteeism") == ["all_students 12.5", "white <=20"])
        #expect(values("ela_growth") == ["asian 50.5"])
    }

    @Test func whatASmallGroupCouldBeComputedFromIsHiddenWithIt() throws {
        let bench = try JudgingBench.determining()
        try fill(bench)
        for (group, percentile) in [("white", UInt32(20)), ("hispanic", 30), ("asian", 40)] {
            try bench.percentile(2019, school, group, percentile)
        }
        for group in ["all_students", "white", "hispanic"] {
            try bench.target(2019, school, "non_high", group, "ela_achievement", "501.0")
        }
        try release(bench)
        // Eight of the first school; the second school and the district would give them away.
        #expect(try shown(bench, school) == ["all_students 100", "white 50"])
        #expect(try shown(bench, other) == ["all_students 100", "white 40"])
        #expect(try shown(bench, district) == ["all_students 200", "asian 36", "hispanic 74", "white 90"])
        // 99 of a hundred: only that at least 95 percent took part.
        let rate = try #require(
            try publications(bench)["2019/\(school)"]?.figures.first { $0.measure == "participation/combined" }
        )
        #expect(rate.value == ">=95" && rate.students == 200 && !rate.hasCounted && !rate.hasOf && rate.met)
        #expect(rate.judgedRate == ">=95")
        // Of a hidden group nothing else is told either.
        let determination = try #require(try bench.determinations()["2019/\(school)"])
        #expect(determination.groupPercentiles.map(\.group).contains("hispanic"))
        #expect(determination.groupPercentages.contains { $0.group == "hispanic" && !$0.annualExact.isEmpty })
        let own = try #require(try publications(bench)["2019/\(school)"])
        #expect(own.groupPercentiles.map(\.group) == ["white"])
        #expect(own.groupPercentages.map(\.group).filter { $0 != "all_students" } == ["white"])
    }

    /// What an organization is can be read by everybody; how many students it has only where that tells of no hidden
    /// number, and as it was at the release.
    @Test(arguments: [UInt32(100), 8]) func theEnrollmentTellsOfNoHiddenNumber(students: UInt32) throws {
        let bench = try JudgingBench.determining()
        func declare(_ enrollment: UInt32) throws {
            try bench.organization(2019, district, enrollment: 500)
            try bench.organization(2019, school, grades: "03,04", title1: true, enrollment: enrollment)
            try bench.organization(2019, other, enrollment: 200)
        }
        func enrollments() throws -> [UInt32?] {
            try [district, school, other]
                .map { code in
                    let publication = try #require(try publications(bench)["2019/\(code)"])
                    return publication.hasEnrollment ? publication.enrollment : nil
                }
        }
        try fill(bench)
        try declare(300)
        try counts(bench, other, ["all_students": students])
        try bench.driver.run()
        try release(bench)
        #expect(try enrollments() == (students < 10 ? [nil, nil, nil] : [500, 300, 200]))
        try declare(310)
        try counts(bench, other, ["all_students": 40])
        try bench.driver.run()
        #expect(try enrollments() == (students < 10 ? [nil, nil, nil] : [500, 300, 200]))
        let own = try #require(try publications(bench)["2019/\(school)"])
        #expect(own.gradesServed == "03,04" && own.title1 && own.comparisonGroup == "non_high")
        try bench.put(Topics.directives, "2019/release/00000000/official", nil, partition: 0)
        try bench.driver.run()
        let withdrawn = try #require(try publications(bench)["2019/\(school)"])
        #expect(withdrawn.status == "withdrawn" && withdrawn.gradesServed.isEmpty)
        #expect(withdrawn.hasEnrollment == (students >= 10))
    }

    /// Of twenty-five students of last year a rate of 96 tells of one, whatever the group has become since.
    @Test func lastYearsRateIsNotToldAgain() throws {
        let bench = try JudgingBench.determining()
        try bench.organization(2018, school)
        for (year, count) in [(2018, UInt32(25)), (2019, 400)] {
            try bench.value(year, school, "non_high", "all_students", "chronic_absenteeism", "96.0", count: count)
            try bench.value(year, school, "non_high", "all_students", "ela_achievement", "501.0", count: count)
        }
        try bench.closeMeasures(2018)
        try fill(bench)
        try release(bench)
        let determination = try #require(try bench.determinations()["2019/\(school)"])
        let priors = determination.spans.flatMap(\.columns).filter { $0.group == "all_students" }.flatMap(\.indicators)
        #expect(priors.first { $0.indicator == "chronic_absenteeism" }?.prior == "96")
        let figures = try #require(try publications(bench)["2019/\(school)"]).figures
            .filter { $0.group == "all_students" }
        let rate = try #require(figures.first { $0.measure == "non_high/chronic_absenteeism" })
        #expect(rate.value == "96" && rate.prior.isEmpty)
        // A mean score tells of nobody.
        #expect(figures.first { $0.measure == "non_high/ela_achievement" }?.prior == "501")
    }

    /// How far a rate is coded tells how many students it is of: `>=58` is of 24.
    @Test func noCodeTellsANumberThatIsNotShown() throws {
        let bench = try JudgingBench.determining()
        try fill(bench)
        func absent(_ indicator: String, _ value: String, _ count: UInt32) throws {
            try bench.value(2019, school, "non_high", "all_students", indicator, value, count: count)
        }
        func rate(_ measure: String) throws -> String {
            let figures = try #require(try publications(bench)["2019/\(school)"]).figures
            return try #require(figures.first { $0.measure == measure && $0.group == "all_students" }).value
        }
        try absent("chronic_absenteeism", "96.0", 25)
        try release(bench)
        #expect(try rate("non_high/chronic_absenteeism") == ">=60")
        try absent("chronic_absenteeism", "96.0", 24)
        // These came after the release: of them no number is shown.
        try absent("el_progress", "96.0", 24)
        try bench.driver.run()
        #expect(try rate("non_high/chronic_absenteeism") == ">=60")
        #expect(try rate("non_high/el_progress") == ">=50")
        try absent("el_progress", "48.0", 1000)
        try bench.driver.run()
        #expect(try rate("non_high/el_progress") == "<=50")
        try absent("el_progress", "48.0", 19)
        // Of 25 students 41 percent are ten, of 24 fewer.
        try absent("chronic_absenteeism", "41.0", 24)
        try bench.driver.run()
        #expect(try rate("non_high/el_progress").isEmpty && rate("non_high/chronic_absenteeism").isEmpty)
        try absent("chronic_absenteeism", "41.0", 26)
        try bench.driver.run()
        #expect(try rate("non_high/chronic_absenteeism") == "41")
    }

    /// No correction changes a number of students, whatever it makes of the results.
    @Test func numbersStayAsTheyWereReleased() throws {
        let bench = try JudgingBench.determining()
        try fill(bench)
        try release(bench)
        let before = try publications(bench)
        // The small group grows, another one shrinks below the minimum, and all have another value.
        try counts(bench, school, ["all_students": 101, "white": 9, "hispanic": 52, "asian": 40])
        try bench.driver.run()
        #expect(try shown(bench, school) == ["all_students 100", "white 50"])
        let after = try #require(try publications(bench)["2019/\(school)"])
        #expect(after.revision == 2)
        #expect(try publications(bench)["2019/\(other)"] == before["2019/\(other)"])
        let figures = after.figures.filter { $0.measure == "non_high/ela_achievement" }
        #expect(figures.map(\.value) == ["501.5", ""], "what is too small now has no result")
    }

    /// A revision says when it was made, and what stays as it was when that was.
    @Test func aRevisionHasItsTime() throws {
        let hours = Hours()
        let bench = try JudgingBench(
            [DeterminationStage(pipeline: Pipeline(), clock: { hours.now })],
            partitions: 1
        )
        try fill(bench)
        hours.pass()
        try release(bench)
        let first = try publications(bench)
        hours.pass()
        try counts(bench, school, ["all_students": 101, "white": 50])
        try bench.driver.run()
        let second = try publications(bench)
        let key = "2019/\(school)"
        let times = try [first, second].map { try #require($0[key]).issuedUnixMilliseconds }
        #expect(times == [3_600_000, 7_200_000])
        #expect(second["2019/\(other)"] == first["2019/\(other)"])
    }

    private final class Hours: Sendable {
        private let hour = Mutex<Int64>(0)
        var now: Int64 { hour.withLock { $0 * 3_600_000 } }
        func pass() { hour.withLock { $0 += 1 } }
    }

    @Test func whatIsWithdrawnKeepsItsNumbersAlone() throws {
        let bench = try JudgingBench.determining()
        try fill(bench)
        try release(bench)
        try bench.put(Topics.directives, "2019/release/00000000/official", nil, partition: 0)
        try bench.driver.run()
        let withdrawn = try #require(try publications(bench)["2019/\(school)"])
        #expect(withdrawn.status == "withdrawn" && withdrawn.revision == 2)
        #expect(withdrawn.level.isEmpty && withdrawn.classification.isEmpty && withdrawn.annualExact.isEmpty)
        #expect(withdrawn.figures.allSatisfy { $0.hasStudents && $0.value.isEmpty && $0.rule.isEmpty && !$0.hasMet })
        #expect(try shown(bench, school) == ["all_students 100", "white 50"])
        // Released once more, with other numbers of students.
        try counts(bench, school, ["all_students": 103, "white": 51, "hispanic": 40, "asian": 12])
        try bench.driver.run()
        bench.driver.restartAll()
        try release(bench)
        #expect(try shown(bench, school) == ["all_students 100", "white 50"])
        #expect(try publications(bench)["2019/\(school)"]?.revision == 3)
    }

    /// What comes after the release has results of all students, and no numbers.
    @Test func aLateMeasureAndALateSchoolHaveNoNumbers() throws {
        let bench = try JudgingBench.determining()
        try fill(bench)
        try release(bench)
        try bench.organization(2019, "00010020")
        try counts(bench, "00010020", ["all_students": 60, "white": 30, "hispanic": 25, "asian": 5])
        for (group, count) in [("all_students", UInt32(100)), ("white", 95), ("asian", 5)] {
            try bench.value(2019, school, "non_high", group, "math_achievement", "500.5", count: count)
        }
        try bench.driver.run()
        #expect(try shown(bench, "00010020") == ["all_students"])
        let late = try #require(try publications(bench)["2019/\(school)"])
        let figures = late.figures.filter { $0.measure == "non_high/math_achievement" }
        #expect(figures.map(\.group) == ["all_students"])
        #expect(figures.allSatisfy { !$0.hasStudents && $0.value == "500.5" })
        #expect(!late.decidedMeasures.contains("non_high/math_achievement"))
        #expect(try shown(bench, school) == ["all_students 100", "white 50"])
    }

    @Test func anOrganizationThatIsGoneIsWithdrawn() throws {
        let bench = try JudgingBench.determining()
        try fill(bench)
        try release(bench)
        try bench.put(Topics.indicators, "2019/\(other)/organization", nil, partition: bench.district(other))
        try bench.driver.run()
        #expect(try bench.determinations()["2019/\(other)"] == nil)
        let gone = try #require(try publications(bench)["2019/\(other)"])
        #expect(gone.status == "withdrawn")
        // Also after a restart that does not know it.
        bench.driver.restartAll()
        try bench.driver.run()
        #expect(try publications(bench)["2019/\(other)"] == gone)
    }

    /// Crashes, aborts, repetitions, restarts, partitions: the same bytes.
    @Test(arguments: [UInt64(1), 2, 3, 4, 5, 6]) func faultsChangeNothing(seed: UInt64) throws {
        func run(_ bench: JudgingBench, restarts: Bool) throws -> [String: Accountability_V1_Publication] {
            try fill(bench)
            try release(bench)
            if restarts { bench.driver.restartAll() }
            try counts(bench, school, ["all_students": 104, "white": 50, "hispanic": 42, "asian": 12])
            try bench.driver.run()
            if restarts { bench.driver.restartAll() }
            try bench.driver.run()
            return try publications(bench).mapValues(\.withoutRevision)
        }
        let plain = try run(JudgingBench.determining(partitions: 1), restarts: false)
        let beaten = try run(JudgingBench.determining(partitions: 3, seed: seed, disturbances: .all), restarts: true)
        #expect(beaten == plain && plain.count == 3)
        // Made anew from what is there, the decisions stand: they are read back from what was published.
        let anew = try JudgingBench.determining(partitions: 2, seed: seed)
        _ = try run(anew, restarts: false)
        func records() -> Int {
            (anew.driver.topics[anew.pipeline.name(Topics.publications)] ?? []).joined()
                .count { !CompletionMarker.isMarker(key: $0.key.span) }
        }
        let before = records()
        anew.driver.rebuildAll(anew.pipeline.name(Topics.submissions), cutTo: [0, 0])
        try anew.driver.run()
        #expect(records() == before, "nothing is published that stands")
        #expect(try publications(anew).mapValues(\.withoutRevision) == plain)
    }

    /// A framework may say that groups are shown as the Department shows them: as they are, in every revision.
    @Test func theDepartmentsWayShowsWhatTheDeterminationShows() throws {
        let draft = try Framework.load(
            file: "draft.yaml",
            text: """
                name: draft
                title: As the Department publishes
                school_years: [2019]
                based_on: "2019"
                disclosure:
                  mode: {value: as_published, status: published, source: a test of modes}
                """,
            bases: Dictionary(uniqueKeysWithValues: Framework.documents.map { ($0.name, $0.text) })
        )
        let stage = DeterminationStage(pipeline: Pipeline(), frameworks: FrameworkSet(drafts: [draft]), clock: { 1 })
        let bench = try JudgingBench([stage], partitions: 1)
        try fill(bench)
        try bench.directive(2019, "framework_step", "00000000", "approved", date: "2018-05-22")
        try release(bench)
        #expect(try bench.determinations()["2019/\(school)"]?.status == "official")
        #expect(try shown(bench, school) == ["all_students 100", "hispanic 42", "white 50"])
        try counts(bench, school, ["all_students": 101, "white": 50, "hispanic": 41, "asian": 10])
        try bench.driver.run()
        #expect(try shown(bench, school) == ["all_students 101", "asian 10", "hispanic 41", "white 50"])
        let rate = try #require(
            try publications(bench)["2019/\(school)"]?.figures.first { $0.measure == "participation/combined" }
        )
        #expect(rate.value == "99" && rate.counted == 99 && rate.of == 100 && rate.judgedRate == "99.0000")
    }

    /// A state is too much for one transaction: the districts are decided about in several, whatever happens between.
    @Test(arguments: [UInt64(1), 2]) func aStateIsDecidedInSteps(_ seed: UInt64) throws {
        let districts = (0..<PublicationDesk.mostDecided).map { "0\(200 + $0)" }
        func released(_ seed: UInt64, _ disturbances: InMemoryDriver.Disturbances) throws -> JudgingBench {
            let bench = try JudgingBench.determining(partitions: 1, seed: seed, disturbances: disturbances)
            for number in districts {
                for code in [number + "0000", number + "0005"] {
                    try bench.organization(2019, code)
                    try counts(bench, code, ["all_students": 100, "white": 50, "hispanic": 42, "asian": 8])
                }
            }
            try bench.closeMeasures(2019)
            try bench.driver.run()
            try release(bench)
            return bench
        }
        let calm = try released(1, .init())
        let published = try publications(calm)
        #expect(published.count == 2 * districts.count)
        // One directive, two commits: no record comes for the second. Before them went the marker of the year.
        let topic = calm.pipeline.name(Topics.publications)
        let most = PublicationDesk.mostDecided
        #expect(calm.driver.commits.compactMap { $0[topic] } == [1, most, most])
        let disturbed = try released(seed, .all)
        #expect(disturbed.driver.disturbed > 0)
        #expect(try publications(disturbed) == published)
    }
}
