import Foundation
import Messages
import Rules
import Streaming
import StreamingTesting
import Testing
@testable import Stages

/// A revision names what it changed, and the submission that changed it, also when both are of the year before.
@Suite("Causes of revisions") struct CauseTests {
    private let school = "00010505"

    private func bench(partitions: Int32 = 2, seed: UInt64 = 1, disturbances: InMemoryDriver.Disturbances = .init())
        throws -> ValidationBench
    {
        let pipeline = Pipeline()
        let clock: @Sendable () -> Int64 = { 1_569_000_000_000 }
        return try ValidationBench(
            partitions: partitions,
            seed: seed,
            disturbances: disturbances,
            stages: [
                ValidationStage(pipeline: pipeline), ParticipationStage(pipeline: pipeline),
                IndicatorStage(pipeline: pipeline),
                PercentileStage(pipeline: pipeline), DeterminationStage(pipeline: pipeline, clock: clock),
            ]
        )
    }

    private func close(_ bench: ValidationBench, _ year: Int) throws {
        try bench.driver.close(scope: "\(year)", topic: bench.pipeline.name(Topics.submissions))
        try bench.driver.run()
    }

    private func values(_ year: Int, _ figures: [(indicator: String, value: String)]) -> [[String: String]] {
        figures.map {
            [
                "school_year": "\(year)", "org_code": school, "comparison_group": "non_high", "grade_span": "non_high",
                "group": "all_students",
                "indicator": $0.indicator, "value": $0.value, "count": "60",
            ]
        }
    }

    private func targets(_ year: Int, _ figures: [(indicator: String, value: String)]) -> [[String: String]] {
        figures.map {
            [
                "school_year": "\(year)", "org_code": school, "grade_span": "non_high", "group": "all_students",
                "indicator": $0.indicator,
                "target": $0.value,
            ]
        }
    }

    private static let year2018 = [
        ("ela_achievement", "498.0"), ("math_achievement", "498.0"), ("ela_growth", "45"),
        ("chronic_absenteeism", "12.0"),
    ]
    private static let year2019 = [
        ("ela_achievement", "500.0"), ("math_achievement", "500.0"), ("ela_growth", "55"),
        ("chronic_absenteeism", "11.0"),
    ]
    private static let goals = [
        ("ela_achievement", "503.0"), ("math_achievement", "503.0"), ("chronic_absenteeism", "9.0"),
    ]

    private func revisions(_ bench: ValidationBench) throws -> [Accountability_V1_Determination] {
        try (bench.driver.topics[bench.pipeline.name(Topics.determinations)] ?? []).joined()
            .filter { $0.key == Array("2019/\(school)".utf8) && $0.value != nil }
            .map { try decoded(Accountability_V1_Determination.self, $0) }
    }

    private func fill(_ bench: ValidationBench) throws {
        try bench.openYears(2018, 2019)
        for year in [2018, 2019] {
            try bench.submit(
                table(
                    .organizations,
                    [
                        [
                            "school_year": "\(year)", "org_code": school, "org_type": "school", "name": "S",
                            "comparison_group": "non_high",
                        ]
                    ]
                )
            )
        }
        try bench.submit(table(.indicatorValues, values(2019, Self.year2019)))
        try bench.submit(table(.targets, targets(2019, Self.goals)))
    }

    @Test(
        "The year before is closed after this one: its submissions are the causes, and each line says what moved",
        arguments: 1...6 as ClosedRange<UInt64>
    )
    func aYearThatComesLate(_ seed: UInt64) throws {
        var disturbances = InMemoryDriver.Disturbances()
        disturbances.crashEvery = seed > 3 ? 9 : 0
        disturbances.rebalanceEvery = seed > 3 ? 11 : 0
        let bench = try bench(partitions: seed % 2 == 0 ? 1 : 3, seed: seed, disturbances: disturbances)
        try fill(bench)
        try close(bench, 2019)
        #expect(try revisions(bench).map(\.cause) == [""])
        let late = try bench.submit(table(.indicatorValues, values(2018, Self.year2018))).id
        try bench.driver.run()
        #expect(try revisions(bench).count == 1, "2018 is not complete")
        try close(bench, 2018)
        let found = try revisions(bench)
        #expect(found.count > 1)
        for revision in found.dropFirst() {
            #expect(revision.cause == late, "revision \(revision.revision)")
            try checkLines(revision)
        }
        #expect(
            found.dropFirst().flatMap(\.changes)
                .contains { $0.hasPrefix("non_high all_students ela_achievement: ") && $0.contains("prior none → 498") }
        )
    }

    @Test("A correction of a prior value alone says which value, and whose submission")
    func aPriorValueAlone() throws {
        let bench = try bench()
        try fill(bench)
        try bench.submit(table(.indicatorValues, values(2018, Self.year2018)))
        try close(bench, 2018)
        try close(bench, 2019)
        let before = try revisions(bench).count
        // Still improved below target: value, points and percentages stay as they are.
        let correction = try bench.submit(table(.indicatorValues, values(2018, [("ela_achievement", "497.9")]))).id
        try bench.driver.run()
        let last = try #require(try revisions(bench).last)
        #expect(try revisions(bench).count == before + 1)
        #expect(last.cause == correction)
        #expect(last.changes == ["non_high all_students ela_achievement: prior 498 → 497.9"])
    }

    @Test(
        "Two corrections that are published together are both named, in the order of their names",
        arguments: 1...4 as ClosedRange<UInt64>
    )
    func twoCorrectionsTogether(_ seed: UInt64) throws {
        let bench = try bench(partitions: seed % 2 == 0 ? 1 : 3, seed: seed)
        try fill(bench)
        try bench.submit(table(.indicatorValues, values(2018, Self.year2018)))
        try close(bench, 2018)
        try close(bench, 2019)
        let before = try revisions(bench).count
        #expect(try revisions(bench).first?.causes == [])
        // One is of the year before, so it reaches this one by another way.
        let first = try bench.submit(table(.indicatorValues, values(2018, [("ela_achievement", "497.9")]))).id
        let second = try bench.submit(table(.targets, targets(2019, [("math_achievement", "503.4")]))).id
        try bench.driver.run()
        let found = try revisions(bench).dropFirst(before)
        #expect(Set(found.flatMap(\.causes)) == [first, second])
        let both = try #require(found.first { $0.causes.count == 2 }, "\(found.map(\.causes))")
        #expect(both.causes == [first, second].sorted() && both.cause == both.causes.last && !both.moreCauses)
        for revision in found { try checkLines(revision) }
    }

    @Test func aNoticeNamesEverySubmission() {
        var determination = Accountability_V1_Determination()
        determination.revision = 2
        determination.cause = "b"
        #expect(NoticeText.notice(of: determination).body.contains("It follows from submission b."))
        determination.causes = ["a", "b"]
        let notice = NoticeText.notice(of: determination)
        #expect(notice.body.contains("It follows from the submissions a, b."))
        #expect(notice.causes == ["a", "b"] && notice.cause == "b")
        determination.moreCauses = true
        let many = NoticeText.notice(of: determination)
        #expect(many.body.contains("It follows from more than 2 submissions, the latest of them b."))
        #expect(many.moreCauses)
    }

    private func checkLines(_ revision: Accountability_V1_Determination) throws {
        for line in revision.changes where line.contains(" → ") {
            for part in try #require(line.split(separator: ": ", maxSplits: 1).last).split(separator: "; ") {
                let sides = part.components(separatedBy: " → ")
                #expect(sides.count == 2 && !sides[0].hasSuffix(sides[1]), "\(line)")
            }
        }
    }
}
