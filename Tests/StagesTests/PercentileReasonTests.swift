import Messages
import Rules
import StreamingTesting
import Testing
@testable import Stages
@testable import Streaming

/// Who has no percentile and is told why, and what a reconfiguration changes.
@Suite struct PercentileReasonTests {
    private static let lower = [
        (span: "non_high", indicator: "ela_achievement", value: "500.0"),
        (span: "non_high", indicator: "ela_growth", value: "50.0"),
        (span: "non_high", indicator: "chronic_absenteeism", value: "10.0"),
    ]
    private static let upper = [
        (span: "high", indicator: "ela_achievement", value: "80.0"),
        (span: "high", indicator: "ela_growth", value: "50.0"),
        (span: "high", indicator: "four_year_graduation", value: "90.0"),
        (span: "high", indicator: "chronic_absenteeism", value: "10.0"),
    ]

    private func bench() throws -> JudgingBench {
        try JudgingBench([PercentileStage(pipeline: Pipeline())], partitions: 3)
    }

    private func percentile(_ bench: JudgingBench, _ code: String, _ comparison: String, _ group: String) throws
        -> Accountability_V1_Percentile?
    {
        try
            bench.messages(Topics.percentiles, Accountability_V1_PercentileEntry.self)[
                "2019/\(code)/\(group)/\(comparison)"
            ]?
            .percentile
    }

    /// 603 CMR 2.03(2)(a).
    @Test func aMiddleHighSchoolWithoutEnrolmentSaysSo() throws {
        let bench = try bench()
        let group = StudentGroup.allStudents
        try bench.standing(2019, group, "00010005", "middle_high", Self.lower + Self.upper)
        try bench.standing(2019, group, "00020005", "middle_high", nonHigh: 300, high: 600, Self.lower + Self.upper)
        try bench.standing(2019, group, "00030005", "", Self.lower)
        try bench.close(2019, Topics.standings, Topics.directives)
        try bench.driver.run()
        let without = try #require(try percentile(bench, "00010005", "middle_high", "all_students"))
        #expect(without.percentile == 0 && without.missing == "shares" && without.weightedMean.isEmpty)
        #expect(without.stages.filter { $0.stage == "span_percentile" }.map(\.value) == ["50", "50"])
        let with = try #require(try percentile(bench, "00020005", "middle_high", "all_students"))
        #expect(with.percentile == 50 && with.missing.isEmpty && with.population == 1 && with.yearMean.isEmpty)
        // 50 of both spans: 0.33 of the one and two thirds of the other.
        #expect(with.weightedMean == "299/6")
        #expect(with.stages.filter { $0.stage == "non_high_share" }.map(\.value) == ["33/100"])
        let unknown = try #require(try percentile(bench, "00030005", "non_high", "all_students"))
        #expect(unknown.percentile == 0 && unknown.missing == "comparison_group" && unknown.comparisonGroup.isEmpty)

        // The enrolment comes, and with it the percentile.
        try bench.standing(2019, group, "00010005", "middle_high", nonHigh: 300, high: 600, Self.lower + Self.upper)
        try bench.driver.run()
        #expect(try percentile(bench, "00010005", "middle_high", "all_students")?.percentile == 50)
    }

    /// 603 CMR 2.03(2)(c).
    @Test func onlyTheGroupsThatTheFrameworkNamesHaveASubgroupPercentile() throws {
        let bench = try bench()
        for group in StudentGroup.allCases { try bench.standing(2019, group, "00010005", "non_high", Self.lower) }
        try bench.close(2019, Topics.standings, Topics.directives)
        try bench.driver.run()
        let ranked = try StudentGroup.allCases.filter {
            try percentile(bench, "00010005", "non_high", $0.wireName) != nil
        }
        #expect(
            ranked == [
                .allStudents, .highNeeds, .lowIncome, .elFormerEL, .swd, .asian, .black, .hispanic, .white,
            ]
        )
        // Statewide thresholds are of every group.
        let table = try bench.messages(Topics.percentiles, Accountability_V1_PercentileEntry.self)
        #expect(table["2019/threshold/school/non_high/multi_race/ela_growth"] != nil)
    }

    private func fill(_ bench: JudgingBench, changed: String = "00010005") throws {
        for (index, code) in ["00010005", "00020005", "00030005"].enumerated() {
            for year in [2018, 2019] {
                let score = year == 2018 && code == "00010005" ? 530 : 500 + index
                var values = Self.lower
                values[0].value = "\(score).0"
                try bench.standing(year, .allStudents, code, "non_high", values)
            }
        }
        try bench.close(2019, Topics.standings, Topics.directives)
        try bench.driver.run()
    }

    private func weighted(_ bench: JudgingBench) throws -> [String?] {
        try ["00010005", "00020005", "00030005"]
            .map { try percentile(bench, $0, "non_high", "all_students")?.weightedMean }
    }

    /// 603 CMR 2.03(2)(a).
    @Test func aReconfiguredSchoolCountsTheCurrentYearAlone() throws {
        let bench = try bench()
        try fill(bench)
        // 67.5 percent of 25 or 75 and 32.5 of 50 are 33.125 and 66.875; 40 to 60 of both: 46.625.
        #expect(try weighted(bench)[0] == "373/8")
        let before = try weighted(bench)
        try bench.directive(2019, "reconfiguration", "00010005", "reconfigured", reason: "merged", cause: "acts-1")
        try bench.driver.run()
        #expect(try weighted(bench) == ["265/8", before[1], before[2]])
        let own = try #require(try percentile(bench, "00010005", "non_high", "all_students"))
        #expect(own.stages.contains { $0.stage == "not_counted" && $0.schoolYear == 2018 })
        #expect(bench.history(Topics.percentiles, "2019/00010005/all_students/non_high").last?.cause == "acts-1")
        bench.driver.restartAll()
        try bench.driver.run()
        #expect(try weighted(bench)[0] == "265/8")
        try bench.put(Topics.directives, "2019/reconfiguration/00010005/reconfigured", nil, partition: 0)
        try bench.driver.run()
        #expect(try weighted(bench) == before)
    }

    /// 603 CMR 2.03(2)(a).
    @Test func aReconfigurationAfterTheReleaseChangesNobodyElse() throws {
        let bench = try bench()
        try fill(bench)
        try bench.directive(2019, "release", "00000000", "official")
        try bench.driver.run()
        try bench.directive(2019, "reconfiguration", "00010005", "reconfigured")
        try bench.driver.run()
        let own = try #require(try percentile(bench, "00010005", "non_high", "all_students"))
        #expect(own.frozen && own.weightedMean == "265/8")
        #expect(try percentile(bench, "00020005", "non_high", "all_students")?.frozen == false)
        // The norm knows the reconfigurations that it was taken with.
        let later = try self.bench()
        try fill(later)
        try later.directive(2019, "reconfiguration", "00010005", "reconfigured")
        try later.directive(2019, "release", "00000000", "official")
        try later.driver.run()
        later.driver.restartAll()
        try later.driver.run()
        let known = try #require(try percentile(later, "00010005", "non_high", "all_students"))
        #expect(!known.frozen && known.weightedMean == "265/8")
    }
}
