import Messages
import StreamingTesting
import Testing
@testable import Stages
@testable import Streaming

/// Published reports of 2019 through the determination stage.
///
/// Points come from values and targets alone, so the values are made up to give
/// the published points.
@Suite struct DeterminationCasesTests {
    /// Leominster 2019, DESE's district report.
    ///
    /// 5.5/9.6, 4.9/7.6, 6.5/10.0, 3.9/7.6; weights 67 and 33; annual 60,
    /// prior 47, cumulative 55. The points are ones that give those totals.
    @Test func leominster2019() throws {
        let bench = try JudgingBench.determining()
        let code = "01530000"
        try bench.organization(2019, code, nonHigh: 6700, high: 3300)
        try bench.organization(2019, "01530005")
        try bench.organization(2019, "01530505", nonHigh: 0, high: 900, comparison: "high")
        try bench.points(
            2019,
            code,
            "non_high",
            "all_students",
            [
                "ela_achievement": 3, "math_achievement": 2, "science_achievement": 2, "ela_growth": 2,
                "math_growth": 2,
                "el_progress": 2, "chronic_absenteeism": 3,
            ]
        )
        try bench.points(
            2019,
            code,
            "non_high",
            "lowest_performing",
            ["ela_achievement": 3, "math_achievement": 2, "ela_growth": 3, "math_growth": 2, "chronic_absenteeism": 4]
        )
        try bench.points(
            2019,
            code,
            "high",
            "all_students",
            [
                "ela_achievement": 3, "math_achievement": 3, "science_achievement": 2, "ela_growth": 3,
                "math_growth": 2,
                "four_year_graduation": 2, "extended_engagement": 2, "dropout": 3, "el_progress": 4,
                "chronic_absenteeism": 2, "advanced_coursework": 3,
            ]
        )
        try bench.points(
            2019,
            code,
            "high",
            "lowest_performing",
            [
                // Science of the lowest performing does not count for a district of several schools.
                "ela_achievement": 2, "math_achievement": 2, "science_achievement": 4, "ela_growth": 2,
                "math_growth": 2,
                "chronic_absenteeism": 3,
            ]
        )
        // The year before, 3.6/7.6: ELA met, mathematics declined, growth 3 and 2, chronic absenteeism exceeded.
        try bench.organization(2018, code, nonHigh: 6700, high: 3300)
        try bench.target(2018, code, "non_high", "all_students", "ela_achievement", "40.0")
        try bench.target(2018, code, "non_high", "all_students", "math_achievement", "50.0", baseline: "60.0")
        try bench.target(2018, code, "non_high", "all_students", "chronic_absenteeism", "70.0")
        try bench.value(2018, code, "non_high", "all_students", "ela_growth", "55.0")
        try bench.value(2018, code, "non_high", "all_students", "math_growth", "45.0")
        try bench.closeMeasures(2019)
        try bench.driver.run()

        let found = try #require(try bench.determinations()["2019/\(code)"])
        let columns = found.spans.flatMap(\.columns).map { "\($0.weightedEarned)/\($0.weightedPossible) \($0.percent)" }
        #expect(columns == ["5.5/9.6 57.3", "4.9/7.6 64.5", "6.5/10.0 65", "3.9/7.6 51.3"])
        #expect(found.spans.map(\.percent) == [61, 58])
        #expect(found.spans.map(\.weight) == [67, 33])
        #expect(found.annual == 60)
        #expect(found.annualExact == "60")
        #expect(found.priorAnnualExact == "47")
        #expect(found.cumulative == 55)
        #expect(found.band == "substantial")
        #expect(found.classification == "not_requiring_assistance")
        #expect(found.level == "substantial")
        #expect(!found.hasPercentile)
        #expect(found.revision == 1)
        // 2018 was not closed.
        #expect(try bench.determinations().keys.sorted() == ["2019/01530000", "2019/01530005", "2019/01530505"])
    }

    /// DESE, district report of Lawrence 2019 (profiles.doe.mass.edu, orgcode 01490000): 48 and 76, span 62, weight 72;
    /// 19 and 15, span 17; annual 49.
    @Test func lawrence2019() throws {
        let bench = try JudgingBench.determining()
        let code = "01490000"
        try bench.organization(2019, code, nonHigh: 7200, high: 2800)
        for school in ["01490005", "01490505"] { try bench.organization(2019, school) }
        try bench.points(
            2019,
            code,
            "non_high",
            "all_students",
            [
                "ela_achievement": 3, "math_achievement": 2, "science_achievement": 0, "ela_growth": 2,
                "math_growth": 3,
                "el_progress": 3, "chronic_absenteeism": 3,
            ]
        )
        try bench.points(
            2019,
            code,
            "non_high",
            "lowest_performing",
            ["ela_achievement": 3, "math_achievement": 4, "ela_growth": 2, "math_growth": 2, "chronic_absenteeism": 2]
        )
        try bench.points(
            2019,
            code,
            "high",
            "all_students",
            [
                "ela_achievement": 0, "math_achievement": 0, "science_achievement": 1, "ela_growth": 1,
                "math_growth": 1,
                "four_year_graduation": 2, "extended_engagement": 0, "dropout": 0, "el_progress": 3,
                "chronic_absenteeism": 2, "advanced_coursework": 2,
            ]
        )
        try bench.points(
            2019,
            code,
            "high",
            "lowest_performing",
            ["ela_achievement": 0, "math_achievement": 1, "ela_growth": 0, "math_growth": 0, "chronic_absenteeism": 4]
        )
        try bench.closeMeasures(2019)
        try bench.driver.run()
        let found = try #require(try bench.determinations()["2019/\(code)"])
        let columns = found.spans.flatMap(\.columns).map { "\($0.weightedEarned)/\($0.weightedPossible)" }
        #expect(columns == ["4.6/9.6", "5.8/7.6", "1.9/10.0", "1.1/7.6"])
        #expect(found.spans.map(\.percent) == [62, 17])
        #expect(found.annual == 49)
    }

    /// DESE, district report of Greater Lowell 2019 (orgcode 08280000), one school: 4.4/10.0 and, science included,
    /// 3.6/10.3; annual 40.
    @Test func greaterLowell2019() throws {
        let bench = try JudgingBench.determining()
        for code in ["08280000", "08280605"] {
            try bench.organization(2019, code, nonHigh: 0, high: 2000, comparison: "high")
            try bench.points(
                2019,
                code,
                "high",
                "all_students",
                [
                    "ela_achievement": 1, "math_achievement": 1, "science_achievement": 3, "ela_growth": 1,
                    "math_growth": 2, "four_year_graduation": 0, "extended_engagement": 3, "dropout": 3,
                    "el_progress": 3,
                    "chronic_absenteeism": 3, "advanced_coursework": 0,
                ]
            )
            try bench.points(
                2019,
                code,
                "high",
                "lowest_performing",
                [
                    "ela_achievement": 0, "math_achievement": 2, "science_achievement": 3, "ela_growth": 0,
                    "math_growth": 1, "chronic_absenteeism": 0,
                ]
            )
        }
        try bench.closeMeasures(2019)
        try bench.driver.run()
        for code in ["08280000", "08280605"] {
            let found = try #require(try bench.determinations()["2019/\(code)"])
            let columns = found.spans.flatMap(\.columns)
                .map { "\($0.weightedEarned)/\($0.weightedPossible) \($0.percent)" }
            #expect(columns == ["4.4/10.0 44", "3.6/10.3 35"])
            #expect(found.annual == 40)
        }
    }
}
