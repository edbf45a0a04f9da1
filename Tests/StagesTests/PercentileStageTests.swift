import Messages
import Rules
import StreamingTesting
import Testing
@testable import Stages
@testable import Streaming

@Suite struct PercentileStageTests {
    /// Four schools on three required categories, chronic absenteeism the other way round.
    private func fill(_ bench: JudgingBench, _ year: Int, _ scores: [String: String], cause: String = "") throws {
        for (code, score) in scores.sorted(by: { $0.key < $1.key }) {
            try bench.standing(
                year,
                .allStudents,
                code,
                "non_high",
                [
                    ("non_high", "ela_achievement", score), ("non_high", "ela_growth", "50.0"),
                    ("non_high", "chronic_absenteeism", "10.0"),
                ],
                cause: cause
            )
        }
    }

    private let codes = ["00010005", "00010010", "00020005", "00030005"]

    private func percentiles(_ bench: JudgingBench) throws -> [String: Accountability_V1_Percentile] {
        try bench.messages(Topics.percentiles, Accountability_V1_PercentileEntry.self)
            .compactMapValues {
                if case .percentile(let percentile)? = $0.entry { percentile } else { nil }
            }
    }

    @Test func ranksASmallPopulationByHand() throws {
        let bench = try JudgingBench([PercentileStage(pipeline: Pipeline())], partitions: 3)
        try fill(bench, 2019, [codes[0]: "490.0", codes[1]: "500.0", codes[2]: "500.0", codes[3]: "510.0"])
        try bench.driver.run()
        #expect(try percentiles(bench).isEmpty)
        try bench.close(2019, Topics.standings, Topics.directives)
        try bench.driver.run()
        let found = try percentiles(bench)
        // floor(99 r / 5) + 1 for the ranks 1, 2.5, 2.5, 4: 20, 50, 50, 80. All tied elsewhere: 50.
        // 67.5 % of the first, 22.5 and 10 % of 50: 29.75, 50, 50, 70.25, in the same ranks.
        #expect(found.count == 4)
        #expect(codes.map { found["2019/\($0)/all_students/non_high"]?.percentile } == [20, 50, 50, 80])
        let first = try #require(found["2019/\(codes[0])/all_students/non_high"])
        #expect(first.yearMean == "119/4")
        #expect(first.weightedMean == "119/4")
        #expect(first.population == 4)
        let ela = first.stages.filter { $0.indicatorOrCategory == "ela_achievement" }.map { "\($0.stage) \($0.value)" }
        #expect(ela == ["value 490", "indicator_percentile 20"])
    }

    @Test func weighsTheYearBefore() throws {
        let bench = try JudgingBench([PercentileStage(pipeline: Pipeline())], partitions: 1)
        try fill(bench, 2018, [codes[0]: "510.0", codes[1]: "490.0"])
        try fill(bench, 2019, [codes[0]: "490.0", codes[1]: "510.0"])
        try bench.close(2019, Topics.standings, Topics.directives)
        try bench.driver.run()
        // Two schools: 34 and 67. 67.5 % of them and 32.5 % of 50: 39.2 and 61.475; 40/60 of both years: 48.11 and
        // 52.565.
        #expect(try percentiles(bench)["2019/\(codes[0])/all_students/non_high"]?.weightedMean == "4811/100")
        #expect(try percentiles(bench)["2019/\(codes[1])/all_students/non_high"]?.weightedMean == "10513/200")
        #expect(try percentiles(bench).keys.contains { $0.hasPrefix("2018/") } == false)
    }

    @Test func publishesThresholdsInEveryPartition() throws {
        let bench = try JudgingBench([PercentileStage(pipeline: Pipeline())], partitions: 4)
        for (index, code) in (1...9).map({ "000\($0)0005" }).enumerated() {
            try bench.standing(
                2019,
                .lowestPerforming,
                code,
                "non_high",
                [("non_high", "ela_achievement", "50\(index).5")]
            )
            try bench.standing(
                2019,
                .lowestPerforming,
                "000\(index + 1)0000",
                "",
                [("non_high", "ela_achievement", "49\(index).5")]
            )
        }
        try bench.close(2019, Topics.standings, Topics.directives)
        try bench.driver.run()
        let key = "2019/threshold/school/non_high/lowest_performing/ela_achievement"
        #expect(bench.history(Topics.percentiles, key).count == 4)
        let table = try bench.messages(Topics.percentiles, Accountability_V1_PercentileEntry.self)
        // Of nine, ranks 8 and 9 have percentiles 80 and 90.
        #expect(table[key]?.threshold.at80 == "507.5")
        #expect(table[key]?.threshold.at90 == "508.5")
        #expect(table["2019/threshold/district/non_high/lowest_performing/ela_achievement"]?.threshold.at80 == "497.5")
        #expect(table.keys.allSatisfy { $0.contains("/threshold/") })

        // A restart sends nothing again, and a withdrawn population takes its thresholds with it everywhere.
        bench.driver.restartAll()
        try bench.driver.run()
        #expect(bench.history(Topics.percentiles, key).count == 4)
        for index in 1...9 {
            try bench.put(
                Topics.standings,
                "2019/lowest_performing/000\(index)0005",
                nil,
                partition: KeyPlacement.group(.lowestPerforming).partition(of: 4) ?? 0
            )
        }
        try bench.driver.run()
        #expect(
            bench.history(Topics.percentiles, key).map { $0.value == nil } == [
                false, true, false, true, false, true, false, true,
            ]
        )
    }

    @Test func resendsOnlyWhatACorrectionChanges() throws {
        let bench = try JudgingBench([PercentileStage(pipeline: Pipeline())], partitions: 2)
        let many = (0..<40).map { "00\($0 + 10)0005" }
        try fill(bench, 2019, Dictionary(uniqueKeysWithValues: many.enumerated().map { ($1, "4\($0 + 50).0") }))
        try bench.close(2019, Topics.standings, Topics.directives)
        try bench.driver.run()
        let before = try percentiles(bench)
        try fill(bench, 2019, [many[10]: "461.5"], cause: "s2")
        try bench.driver.run()
        let after = try percentiles(bench)
        let changed = after.keys.filter { after[$0] != before[$0] }.sorted()
        // Numbers 10 and 11 change places: nobody else moves.
        #expect(changed == ["2019/\(many[10])/all_students/non_high", "2019/\(many[11])/all_students/non_high"])
        for (key, _) in after {
            let history = bench.history(Topics.percentiles, key)
            #expect(history.count == (changed.contains(key) ? 2 : 1))
            if changed.contains(key) { #expect(history.last?.cause == "s2") }
        }
        // Without a current standing there is no percentile.
        try bench.put(
            Topics.standings,
            "2019/all_students/\(many[3])",
            nil,
            partition: KeyPlacement.group(.allStudents).partition(of: 2) ?? 0,
            cause: "s3"
        )
        try bench.driver.run()
        #expect(try percentiles(bench)["2019/\(many[3])/all_students/non_high"] == nil)
        #expect(bench.history(Topics.percentiles, "2019/\(many[3])/all_students/non_high").last?.value == nil)
    }

    @Test(arguments: [UInt64(3), 4, 5])
    func isTheSameForAnyPartitionsAndDisturbances(seed: UInt64) throws {
        var tables: [[[UInt8]: [UInt8]]] = []
        for (partitions, disturbed) in [(Int32(1), false), (6, true)] {
            let bench = try JudgingBench(
                [PercentileStage(pipeline: Pipeline())],
                partitions: partitions,
                seed: seed,
                disturbances: disturbed ? .all : .init()
            )
            var random = SplitMix64(seed: seed)
            for year in [2018, 2019] {
                for group in [StudentGroup.allStudents, .hispanic, .swd, .lowestPerforming] {
                    for index in 0..<30 {
                        let code = "0\(100 + index)0010"
                        let comparison = ["non_high", "high", "middle_high"][index % 3]
                        var values: [(span: String, indicator: String, value: String)] = []
                        for span in comparison == "middle_high" ? ["non_high", "high"] : [comparison] {
                            values.append((span, "ela_achievement", "\(480 + random.next() % 40).5"))
                            values.append((span, "math_growth", "\(30 + random.next() % 40).0"))
                            values.append((span, "chronic_absenteeism", "\(random.next() % 40).5"))
                            if span == "high" {
                                values.append((span, "four_year_graduation", "\(60 + random.next() % 40).0"))
                            }
                        }
                        try bench.standing(year, group, code, comparison, nonHigh: 300, high: 170, values)
                    }
                }
                try bench.close(year, Topics.standings, Topics.directives)
            }
            try bench.driver.run()
            #expect(bench.driver.unusable.isEmpty)
            if disturbed { #expect(bench.driver.disturbed > 0) }
            tables.append(bench.driver.table(bench.pipeline.name(Topics.percentiles)))
        }
        #expect(tables[0].count > 100)
        #expect(tables[0] == tables[1])
    }
}
