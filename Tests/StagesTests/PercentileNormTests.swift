import Messages
import Rules
import StreamingTesting
import SwiftProtobuf
import Testing
@testable import Stages
@testable import Streaming

/// The ranks before and after the state's results became official, and what is taken from them.
@Suite struct PercentileNormTests {
    private let codes = (1...9).map { "000\($0)0005" }

    private func bench(_ partitions: Int32 = 3, disturbances: InMemoryDriver.Disturbances = .init(), seed: UInt64 = 1)
        throws -> JudgingBench
    {
        try JudgingBench(
            [PercentileStage(pipeline: Pipeline())],
            partitions: partitions,
            seed: seed,
            disturbances: disturbances
        )
    }

    private func score(_ bench: JudgingBench, _ code: String, _ score: Int, cause: String = "") throws {
        try bench.standing(
            2019,
            .allStudents,
            code,
            "non_high",
            title1: code < "00060000",
            [
                ("non_high", "ela_achievement", "\(score).0"), ("non_high", "ela_growth", "50.0"),
                ("non_high", "chronic_absenteeism", "10.0"),
            ],
            cause: cause
        )
    }

    private func fill(_ bench: JudgingBench) throws {
        for (index, code) in codes.enumerated() { try score(bench, code, 490 + index) }
        try bench.close(2019, Topics.standings, Topics.directives)
        try bench.driver.run()
    }

    private func entries(_ bench: JudgingBench) throws -> [String: Accountability_V1_Percentile] {
        let all = try bench.messages(Topics.percentiles, Accountability_V1_PercentileEntry.self)
        var byCode: [String: Accountability_V1_Percentile] = [:]
        for entry in all.values {
            if case .percentile(let percentile)? = entry.entry { byCode[percentile.orgCode] = percentile }
        }
        return byCode
    }

    private func percentiles(_ bench: JudgingBench) throws -> [UInt32?] {
        let entries = try entries(bench)
        return codes.map { entries[$0]?.percentile }
    }

    private let ranks: [UInt32?] = [10, 20, 30, 40, 50, 60, 70, 80, 90]

    /// 603 CMR 2.03(2)(a).
    @Test func beforeTheReleaseEverybodyIsRankedAnew() throws {
        let bench = try bench()
        try fill(bench)
        #expect(try percentiles(bench) == ranks)
        try score(bench, codes[0], 510)
        try bench.driver.run()
        #expect(try percentiles(bench) == [90, 10, 20, 30, 40, 50, 60, 70, 80])
    }

    /// 603 CMR 2.03(2)(a).
    @Test func afterTheReleaseACorrectionIsPlacedAmongTheOthers() throws {
        let bench = try bench()
        try fill(bench)
        try bench.directive(2019, "release", "00000000", "official")
        try bench.driver.run()
        #expect(try percentiles(bench) == ranks)
        try score(bench, codes[0], 510, cause: "corrected")
        try bench.driver.run()
        // It stands half a rank above the best of the nine as they were, and they keep their ranks.
        #expect(try percentiles(bench) == [95, 20, 30, 40, 50, 60, 70, 80, 90])
        #expect(try entries(bench)[codes[0]]?.frozen == true)
        #expect(try entries(bench)[codes[1]]?.frozen == false)
        // A restart knows the norm by what was published of it.
        bench.driver.restartAll()
        try score(bench, codes[8], 480)
        try bench.driver.run()
        #expect(try percentiles(bench) == [95, 20, 30, 40, 50, 60, 70, 80, 5])
        // Corrected back, everything is as it was.
        try score(bench, codes[0], 490)
        try score(bench, codes[8], 498)
        try bench.driver.run()
        #expect(try percentiles(bench) == ranks)
        #expect(try entries(bench).values.allSatisfy { !$0.frozen })
    }

    private static let release = "20190701T080000000Z-bbbbbb"
    private static let (before, after) = ("20190701T075959000Z-cccccc", "20190701T080001000Z-aaaaaa")

    /// The release has come, and not yet all that was submitted before it.
    private func announce(_ bench: JudgingBench) throws {
        try fill(bench)
        try bench.directive(2019, "release", "00000000", "official", submission: Self.release, marked: true)
        try bench.driver.run()
    }

    private func arrive(_ bench: JudgingBench) throws {
        try bench.mark(Self.release, Topics.standings, Topics.directives)
        try bench.driver.run()
    }

    private func norms(_ bench: JudgingBench) throws -> Int {
        try bench.messages(Topics.percentiles, Accountability_V1_PercentileEntry.self).keys
            .count { $0.contains("/norm/") }
    }

    /// A release comes to the ranks by a shorter way than the rows of a file, and may overtake them.
    ///
    /// 603 CMR 2.03(2)(a).
    @Test(arguments: [false, true]) func whatWasSubmittedBeforeTheReleaseIsPartOfItsNorm(isRestarted: Bool) throws {
        let bench = try bench()
        try announce(bench)
        #expect(try percentiles(bench) == ranks && norms(bench) == 0)
        try score(bench, codes[0], 510, cause: Self.before)
        try bench.driver.run()
        if isRestarted { bench.driver.restartAll() }
        // One partition after another.
        let topic = bench.pipeline.name(Topics.standings)
        try bench.mark(Self.release, Topics.directives)
        try bench.driver.close(scope: "release/another", topic: topic)
        try bench.driver.run()
        #expect(try norms(bench) == 0)
        try arrive(bench)
        let late: [UInt32?] = [90, 10, 20, 30, 40, 50, 60, 70, 80]
        #expect(try percentiles(bench) == late && norms(bench) == codes.count + 1)
        #expect(try entries(bench).values.allSatisfy { !$0.frozen })
        if isRestarted { bench.driver.restartAll() }
        try score(bench, codes[1], 520, cause: Self.before)
        try bench.driver.run()
        #expect(try percentiles(bench) == [90, 95, 20, 30, 40, 50, 60, 70, 80])
        #expect(try entries(bench)[codes[1]]?.frozen == true)
    }

    /// 603 CMR 2.03(2)(a).
    @Test func whatWasSubmittedAfterTheReleaseStaysOutOfItsNorm() throws {
        let bench = try bench()
        try announce(bench)
        try score(bench, codes[0], 509, cause: Self.before)
        try score(bench, codes[0], 510, cause: Self.after)
        try score(bench, codes[8], 480, cause: Self.after)
        try score(bench, codes[8], 479, cause: Self.after)
        // A school that only a later submission brings.
        try score(bench, "00110005", 495, cause: Self.after)
        try bench.driver.run()
        try arrive(bench)
        // The norm has 509 and 498: the ninth school is below the lowest, 491.
        #expect(try percentiles(bench) == [95, 10, 20, 30, 40, 50, 60, 70, 5])
        #expect(try entries(bench)["00110005"]?.percentile == 50)
        #expect(try norms(bench) == codes.count + 1)
        // The next release takes what there is now.
        try bench.directive(2019, "release", "00000000", "official", submission: "acts-2")
        try bench.driver.run()
        #expect(try norms(bench) == codes.count + 2)
        #expect(try entries(bench).values.allSatisfy { !$0.frozen })
    }

    /// The earlier one stays in effect until the markers of the later one come.
    @Test func aReleaseThatReplacesAnotherAwaitsItsMarkersToo() throws {
        let bench = try bench()
        try announce(bench)
        try arrive(bench)
        try score(bench, codes[0], 510, cause: Self.after)
        let later = "20190702T080000000Z-bbbbbb"
        try bench.directive(2019, "release", "00000000", "official", submission: later, marked: true)
        try bench.driver.run()
        #expect(try percentiles(bench) == [95, 20, 30, 40, 50, 60, 70, 80, 90])
        try bench.mark(later, Topics.standings, Topics.directives)
        try bench.driver.run()
        #expect(try percentiles(bench) == [90, 10, 20, 30, 40, 50, 60, 70, 80])
        // One that is withdrawn before its markers come has no effect.
        try bench.directive(2019, "release", "00000000", "official", submission: "acts-3", marked: true)
        try bench.put(Topics.directives, "2019/release/00000000/official", nil, partition: 0)
        try bench.mark("acts-3", Topics.standings, Topics.directives)
        try score(bench, codes[0], 480, cause: Self.after)
        try bench.driver.run()
        #expect(try percentiles(bench) == ranks)
    }

    /// 603 CMR 2.03(2)(a).
    ///
    /// Of four schools the percentiles of ranks 1 to 4 are 20, 40, 60 and 80, and 90 above all. Ranked anew, all four
    /// would have other percentiles of achievement, and the corrected school the highest of all.
    @Test func theOthersStandWithTheirPublishedFiguresAtEveryStep() throws {
        let bench = try bench()
        func values(_ place: Int, ela: Int, growth: Int) throws {
            try bench.standing(
                2019,
                .allStudents,
                codes[place],
                "non_high",
                [
                    ("non_high", "ela_achievement", "\(ela).0"), ("non_high", "ela_growth", "\(growth).0"),
                    ("non_high", "chronic_absenteeism", "10.0"),
                ]
            )
        }
        for (place, growth) in [51, 50, 52, 53].enumerated() { try values(place, ela: 500 + place, growth: growth) }
        try bench.close(2019, Topics.standings, Topics.directives)
        try bench.directive(2019, "release", "00000000", "official")
        try bench.driver.run()
        // 67.5, 22.5 and 10 percent: the means of the year are 27.5, 36.5, 59 and 77.
        #expect(try percentiles(bench).prefix(4) == [20, 40, 60, 80])
        try values(0, ela: 510, growth: 51)
        try bench.driver.run()
        #expect(try percentiles(bench).prefix(4) == [70, 40, 60, 80])
        let stages = try #require(try entries(bench)[codes[0]]).stages
        func figure(_ stage: String, _ name: String) -> String? {
            stages.first { $0.stage == stage && $0.indicatorOrCategory == name }?.value
        }
        #expect(figure("indicator_percentile", "ela_achievement") == "90")
        #expect(figure("category_percentile", "achievement") == "90")
        #expect(figure("category_percentile", "growth") == "40")
        // 0.675 * 90 + 0.225 * 40 + 0.1 * 50, between the published means 59 and 77.
        #expect(figure("year_mean", "") == "299/4")
        #expect(try entries(bench)[codes[0]]?.population == 4)
    }

    @Test func aSchoolThatWasNotInTheNormIsPlacedInIt() throws {
        let bench = try bench()
        try fill(bench)
        try bench.directive(2019, "release", "00000000", "official")
        try bench.driver.run()
        try score(bench, "00110005", 495)
        try bench.driver.run()
        // It has the percentile that was published for its score.
        #expect(try entries(bench)["00110005"]?.percentile == 60)
        #expect(try percentiles(bench) == ranks)
        // A school that is withdrawn loses its percentile; the others keep theirs.
        try bench.put(
            Topics.standings,
            "2019/all_students/\(codes[3])",
            nil,
            partition: KeyPlacement.group(.allStudents).partition(of: 3) ?? 0
        )
        try bench.driver.run()
        #expect(try percentiles(bench) == [10, 20, 30, nil, 50, 60, 70, 80, 90])
    }

    @Test func aReleaseThatIsWithdrawnRanksEverybodyAnew() throws {
        let bench = try bench()
        try fill(bench)
        try bench.directive(2019, "release", "00000000", "official")
        try bench.driver.run()
        try score(bench, codes[0], 510)
        try bench.driver.run()
        try bench.put(Topics.directives, "2019/release/00000000/official", nil, partition: 0)
        try bench.driver.run()
        #expect(try percentiles(bench) == [90, 10, 20, 30, 40, 50, 60, 70, 80])
        // Released anew, the ranks of now are the norm, and what is left of the first does not stand, restarts or not.
        try bench.directive(2019, "release", "00000000", "official", submission: "acts-2")
        try bench.driver.run()
        try score(bench, codes[0], 480)
        try bench.driver.run()
        bench.driver.restartAll()
        try score(bench, codes[1], 480)
        try bench.driver.run()
        #expect(try percentiles(bench) == [5, 5, 20, 30, 40, 50, 60, 70, 80])
    }

    /// A copy of the ledger comes with the norms that were taken, and finds the release later than the records.
    @Test func aNormThatWasCopiedStandsWhenItsReleaseComes() throws {
        let original = try bench()
        try fill(original)
        try original.directive(2019, "release", "00000000", "official")
        try original.driver.run()
        try score(original, codes[0], 510)
        try original.driver.run()
        let copy = try bench()
        for (key, entry) in try original.messages(Topics.percentiles, Accountability_V1_PercentileEntry.self)
        where key.contains("/norm/") {
            let code = key.split(separator: "/").last.map(String.init) ?? ""
            try copy.put(Topics.percentiles, key, entry, partition: copy.district(code))
        }
        for (index, code) in codes.enumerated() { try score(copy, code, index == 0 ? 510 : 490 + index) }
        try copy.close(2019, Topics.standings, Topics.directives)
        try copy.driver.run()
        #expect(try percentiles(copy) == [90, 10, 20, 30, 40, 50, 60, 70, 80])
        try copy.directive(2019, "release", "00000000", "official")
        try copy.driver.run()
        #expect(try percentiles(copy) == percentiles(original))
        #expect(try percentiles(copy) == [95, 20, 30, 40, 50, 60, 70, 80, 90])
    }

    @Test func aReleaseUnderAFrameworkThatIsNotApprovedFreezesNothing() throws {
        let bench = try bench()
        try fill(bench)
        try bench.directive(2019, "framework_step", "00000000", "proposed", date: "2019-01-01")
        try bench.directive(2019, "release", "00000000", "official")
        try bench.directive(2019, "release", "00010000", "official")
        try bench.driver.run()
        try score(bench, codes[0], 510)
        try bench.driver.run()
        #expect(try percentiles(bench) == [90, 10, 20, 30, 40, 50, 60, 70, 80])
    }

    /// Another program writes while the stage is down.
    @Test(arguments: ["/non_high", "/threshold/", "/norm/", "/norm/all_students/00000000"], [false, true])
    func whatIsForgedWhileTheStageIsDownIsPutBack(part: String, isRetracted: Bool) throws {
        let bench = try bench()
        try fill(bench)
        try bench.directive(2019, "release", "00000000", "official")
        try bench.driver.run()
        try score(bench, codes[0], 510)
        try bench.driver.run()
        let topic = bench.pipeline.name(Topics.percentiles)
        let before = bench.driver.table(topic)
        let logs = try #require(bench.driver.topics[topic])
        let (partition, own) = try #require(
            logs.enumerated()
                .compactMap { partition, log in
                    log.last { String(decoding: $0.key, as: UTF8.self).contains(part) && $0.value != nil }
                        .map { (partition, $0) }
                }
                .first
        )
        var entry = try Accountability_V1_PercentileEntry(serializedBytes: own.value ?? [])
        switch entry.entry {
        case .percentile: entry.percentile.percentile = 99
        case .norm:
            entry.norm.release = "another"
            entry.norm.standings = []
        default: entry.threshold.at80 = "1"
        }
        var forged = own
        forged.value = isRetracted ? nil : try entry.serializedBytes()
        bench.driver.restartAll()
        bench.driver.append(forged, topic: topic, partition: Int32(partition))
        try bench.driver.run()
        #expect(bench.driver.mended.contains(topic))
        #expect(bench.driver.table(topic) == before)
        try score(bench, codes[8], 480)
        try bench.driver.run()
        #expect(try percentiles(bench) == [95, 20, 30, 40, 50, 60, 70, 80, 5])
    }

    @Test(arguments: UInt64(1)...12)
    func theNormIsTheSameWhateverHappens(seed: UInt64) throws {
        let bench = try bench(4, disturbances: .all, seed: seed)
        try fill(bench)
        try bench.directive(2019, "release", "00000000", "official")
        try bench.driver.run()
        try score(bench, codes[2], 500)
        try bench.driver.run()
        bench.driver.restartAll()
        try score(bench, codes[5], 481)
        try bench.driver.run()
        #expect(try percentiles(bench) == [10, 20, 95, 40, 50, 5, 70, 80, 90])
        #expect(bench.driver.unusable.isEmpty)
    }

    @Test func theLowestSchoolsUnderTitle1AreNamed() throws {
        let bench = try bench()
        try fill(bench)
        // Five of nine are under Title I; five percent of five is not less than one school.
        #expect(try entries(bench).filter { $0.value.lowestTitle1 }.keys.sorted() == [codes[0]])
        try score(bench, codes[0], 510)
        try bench.driver.run()
        #expect(try entries(bench).filter { $0.value.lowestTitle1 }.keys.sorted() == [codes[1]])
    }

    /// Five percent of 21 schools under Title I are two, though only five of them have a percentile.
    @Test func schoolsUnderTitle1WithoutAPercentileCountAmongThem() throws {
        let bench = try bench()
        try fill(bench)
        func lowest() throws -> [String] { try entries(bench).filter { $0.value.lowestTitle1 }.keys.sorted() }
        for number in 10..<25 {
            try bench.standing(2019, .allStudents, "00\(number)0005", "non_high", title1: true, [])
        }
        try bench.driver.run()
        #expect(try lowest() == [codes[0]], "twenty")
        try bench.standing(2019, .allStudents, "00250005", "", title1: true, [])
        try bench.driver.run()
        #expect(try lowest() == [codes[0], codes[1]], "twenty-one")
        #expect(try percentiles(bench) == ranks && entries(bench).count == codes.count)
    }

    /// 603 CMR 2.03(2)(b).
    @Test func progressOfEnglishLearnersHasThresholdsWithinItsDifficultyQuartile() throws {
        let bench = try bench()
        for (index, code) in codes.enumerated() {
            for (quartile, more) in [(UInt32(1), 0), (4, 40)] {
                try bench.standing(
                    2019,
                    .allStudents,
                    quartile == 1 ? code : "1\(code.dropFirst())",
                    "non_high",
                    difficultyQuartile: quartile,
                    [("non_high", "el_progress", "\(10 + index + more).0")]
                )
            }
        }
        try bench.close(2019, Topics.standings, Topics.directives)
        try bench.driver.run()
        let table = try bench.messages(Topics.percentiles, Accountability_V1_PercentileEntry.self)
        let key = "2019/threshold/school/non_high/all_students/el_progress"
        #expect(table[key + "/1"]?.threshold.at80 == "17" && table[key + "/1"]?.threshold.at90 == "18")
        #expect(table[key + "/4"]?.threshold.at80 == "57" && table[key + "/4"]?.threshold.at90 == "58")
        #expect(table[key + "/2"] == nil)
        #expect(table[key]?.threshold.difficultyQuartile == 0 && table[key + "/4"]?.threshold.difficultyQuartile == 4)
        #expect(bench.history(Topics.percentiles, key + "/4").count == 3)
    }
}
