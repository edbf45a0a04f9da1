import Messages
import Rules
import StreamingTesting
import Testing
@testable import Stages
@testable import Streaming

@Suite struct DeterminationStageTests {
    private let school = "00010005"

    /// A school with a percentage of 75 that no reason applies to.
    private func fillSchool(_ bench: JudgingBench, _ code: String, percentile: UInt32? = 40) throws {
        try bench.organization(2019, code)
        try bench.points(
            2019,
            code,
            "non_high",
            "all_students",
            ["ela_achievement": 3, "math_achievement": 3, "ela_growth": 3, "math_growth": 3, "chronic_absenteeism": 3]
        )
        try bench.participation(2019, code, "all_students", met: true)
        if let percentile { try bench.percentile(2019, code, "all_students", percentile) }
    }

    // MARK: The decision table

    /// Where a percentile is missing, a message says why; its 0 is not among the lowest ten.
    @Test func aMissingPercentileIsNoReason() throws {
        let bench = try JudgingBench.determining()
        try fillSchool(bench, school, percentile: nil)
        var entry = Accountability_V1_PercentileEntry()
        entry.schoolYear = 2019
        entry.percentile.orgCode = school
        entry.percentile.group = "all_students"
        entry.percentile.comparisonGroup = "middle_high"
        entry.percentile.missing = "shares"
        let key = "2019/\(school)/all_students/middle_high"
        try bench.put(Topics.percentiles, key, entry, partition: bench.district(school))
        try bench.closeMeasures(2019)
        try bench.driver.run()
        let found = try #require(try bench.determinations()["2019/\(school)"])
        #expect(!found.hasPercentile && found.reasons.isEmpty && found.groupPercentiles.isEmpty)
    }

    @Test func listsEveryReason() throws {
        let bench = try JudgingBench.determining()
        try fillSchool(bench, school, percentile: 10)
        try bench.percentile(2019, school, "swd", 5)
        try bench.percentile(2019, school, "hispanic", 6)
        try bench.participation(2019, school, "low_income", met: false)
        try bench.value(2019, school, "high", "all_students", "four_year_graduation", "66.6", count: 500)
        try bench.directive(2017, "designation", school, "underperforming")
        try bench.closeMeasures(2019)
        try bench.driver.run()
        let found = try #require(try bench.determinations()["2019/\(school)"])
        #expect(found.classification == "requiring_assistance")
        #expect(found.level == "broad_comprehensive")
        #expect(
            found.reasons == [
                "designation", "lowest_10_percent", "low_subgroup", "low_graduation", "low_participation",
            ]
        )
        #expect(found.lowSubgroups == ["swd"])
        #expect(found.lowParticipationGroups == ["low_income"])
        #expect(found.designation == "underperforming")
        #expect(found.graduationRate == "66.6")
        // A supplied rate has no count of graduates.
        #expect(!found.hasGraduates && found.graduationCohort == 500)
        #expect(found.graduationDataYear == 2018)
        #expect(found.cumulative == 75)
        #expect(found.band == "meeting")
    }

    @Test(arguments: [
        ("none", "not_requiring_assistance", "meeting"), ("percentile", "requiring_assistance", "focused_targeted"),
        ("ended", "not_requiring_assistance", "meeting"), ("directed", "requiring_assistance", "focused_targeted"),
        ("recognition", "not_requiring_assistance", "school_of_recognition"),
        ("recognition of another year", "not_requiring_assistance", "meeting"),
        ("participation", "requiring_assistance", "focused_targeted"),
    ])
    func decides(fact: String, classification: String, level: String) throws {
        let bench = try JudgingBench.determining()
        try fillSchool(bench, school, percentile: fact == "percentile" ? 10 : 11)
        switch fact {
        case "ended": try bench.directive(2016, "designation", school, "underperforming", end: "2019-06-30")
        case "directed":
            try bench.directive(2019, "designation", school, "directed_focused", reason: "Data not reported")
        case "recognition": try bench.directive(2019, "recognition", school, "high_growth")
        case "recognition of another year": try bench.directive(2018, "recognition", school, "high_growth")
        case "participation": try bench.participation(2019, school, "swd", met: false)
        default: break
        }
        try bench.closeMeasures(2019)
        try bench.driver.run()
        let found = try #require(try bench.determinations()["2019/\(school)"])
        #expect(found.classification == classification)
        #expect(found.level == level)
        if fact == "directed" { #expect(found.reasonTexts == ["Data not reported"]) }
    }

    @Test func hasInsufficientDataWithoutPercentageAndPercentile() throws {
        let bench = try JudgingBench.determining()
        try bench.organization(2019, school)
        try bench.value(2019, school, "non_high", "all_students", "ela_achievement", "500.0", count: 18)
        try bench.organization(2020, school)
        try bench.organization(2022, school)
        for year in [2019, 2020, 2022] { try bench.closeMeasures(year) }
        try bench.driver.run()
        // 2020 had no determinations, 2022 values and percentiles alone.
        #expect(try bench.determinations().keys.sorted() == ["2019/\(school)", "2022/\(school)"])
        #expect(try bench.determinations()["2019/\(school)"]?.classification == "insufficient_data")
        #expect(try bench.determinations()["2022/\(school)"]?.classification == "")
    }

    /// 603 CMR 2.03(2)(b)(2).
    @Test func hidesSmallGroups() throws {
        let bench = try JudgingBench.determining()
        try fillSchool(bench, school)
        try bench.value(2019, school, "non_high", "swd", "ela_achievement", "490.1", count: 12)
        try bench.value(2019, school, "non_high", "asian", "ela_achievement", "520.2", count: 9)
        try bench.participation(2019, school, "swd", met: nil, students: 12)
        try bench.participation(2019, school, "asian", met: nil, students: 9)
        try bench.closeMeasures(2019)
        try bench.driver.run()
        let found = try #require(try bench.determinations()["2019/\(school)"])
        #expect(found.groupPercentages.map(\.group) == ["swd"])
        let points = try #require(found.groupPercentages.first?.spans.first?.columns.first?.indicators.first)
        #expect(points.count == 12)
        #expect(points.value.isEmpty)
        #expect(!points.hasPoints)
        #expect(found.participation.map(\.group) == ["all_students", "swd"])
        #expect(found.participation.last?.denominator == 0)
        #expect(found.participation.last?.students == 12)
    }

    // MARK: Revisions

    @Test func revisesOnlyWhatACorrectionChanges() throws {
        let bench = try JudgingBench.determining(partitions: 1)
        let others = ["00010010", "00020005", "00020010"]
        for code in [school] + others { try fillSchool(bench, code) }
        try bench.closeMeasures(2019)
        try bench.driver.run()
        try bench.value(2019, school, "non_high", "all_students", "ela_achievement", "45.0", cause: "corrections-1")
        try bench.driver.run()
        let key = "2019/\(school)"
        let found = try #require(try bench.determinations()[key])
        #expect(found.revision == 2)
        #expect(found.cause == "corrections-1")
        // 5 of 8 points of achievement: 5.0/7.6 instead of 5.7/7.6.
        #expect(found.changes.contains("cumulative: 75 → 66"))
        #expect(found.changes.contains("annual: 75 → 65.8"))
        #expect(found.changes.contains("level: meeting → substantial"))
        #expect(found.changes.contains("non_high all_students ela_achievement: 50 (3 points) → 45 (2 points)"))
        for code in others { #expect(bench.history(Topics.determinations, "2019/\(code)").count == 1) }

        // Said again and taken back: a third revision with the figures of the first.
        bench.driver.restartAll()
        try bench.value(2019, school, "non_high", "all_students", "ela_achievement", "45.0", cause: "corrections-2")
        try bench.driver.run()
        #expect(bench.history(Topics.determinations, key).count == 2)
        try bench.value(2019, school, "non_high", "all_students", "ela_achievement", "50.0", cause: "corrections-3")
        try bench.driver.run()
        let third = try #require(try bench.determinations()[key])
        #expect(third.revision == 3)
        #expect(third.cumulative == 75)
        #expect(third.cause == "corrections-3")
        for code in others { #expect(bench.history(Topics.determinations, "2019/\(code)").count == 1) }
    }

    @Test func aReleaseMakesItOfficialAndAWithdrawalTakesItBack() throws {
        let bench = try JudgingBench.determining()
        try fillSchool(bench, school)
        try fillSchool(bench, "00020005")
        try bench.closeMeasures(2019)
        try bench.driver.run()
        #expect(try bench.determinations()["2019/\(school)"]?.status == "computed")
        try bench.directive(2019, "release", "00010000", "preliminary", cause: "release-1")
        try bench.driver.run()
        #expect(try bench.determinations()["2019/\(school)"]?.changes == ["status: computed → preliminary"])
        // The other district's stay the Department's.
        #expect(try bench.determinations()["2019/00020005"]?.status == "computed")
        try bench.directive(2019, "release", "00010000", "official", cause: "release-2")
        try bench.driver.run()
        #expect(try bench.determinations()["2019/\(school)"]?.status == "official")
        #expect(try bench.determinations()["2019/\(school)"]?.changes == ["status: preliminary → official"])
        #expect(try bench.determinations()["2019/00020005"]?.status == "computed")

        try bench.put(
            Topics.indicators,
            "2019/\(school)/organization",
            nil,
            partition: bench.district(school),
            cause: "s9"
        )
        try bench.driver.run()
        #expect(try bench.determinations()["2019/\(school)"] == nil)
        let last = try #require(bench.history(Topics.determinations, "2019/\(school)").last)
        #expect(last.value == nil)
        #expect(last.cause == "s9")
        // It comes back anew, after a restart too.
        bench.driver.restartAll()
        try bench.organization(2019, school, cause: "s10")
        try bench.driver.run()
        #expect(try bench.determinations()["2019/\(school)"]?.revision == 1)
    }

    @Test func aThresholdMovesOnlyWhomItDecides() throws {
        let bench = try JudgingBench.determining(partitions: 1)
        try fillSchool(bench, school)
        try fillSchool(bench, "00020005")
        func threshold(_ at90: String, cause: String) throws {
            try bench.threshold(2019, "school/non_high/all_students/ela_achievement", at90: at90, cause: cause)
        }
        try bench.value(2019, school, "non_high", "all_students", "ela_achievement", "50.4")
        try threshold("60.0", cause: "")
        try bench.closeMeasures(2019)
        try bench.driver.run()
        try threshold("55.0", cause: "s1")
        try bench.driver.run()
        #expect(bench.history(Topics.determinations, "2019/\(school)").count == 1)
        try threshold("50.4", cause: "s2")
        try bench.driver.run()
        let found = try #require(try bench.determinations()["2019/\(school)"])
        #expect(found.revision == 2)
        #expect(found.cause == "s2")
        let points = try #require(found.spans.first?.columns.first?.indicators.first)
        #expect(points.points == 4)
        #expect(points.at90 == "50.4")
        #expect(bench.history(Topics.determinations, "2019/00020005").count == 1)
    }

    @Test func aCorrectionOfTheYearBeforeRevisesThisOne() throws {
        let bench = try JudgingBench.determining()
        try fillSchool(bench, school)
        try bench.closeMeasures(2018)
        try bench.closeMeasures(2019)
        try bench.driver.run()
        // Chronic absenteeism of 2018 gets a target and so 2018 an annual percentage.
        try bench.target(2018, school, "non_high", "all_students", "chronic_absenteeism", "60.0")
        try bench.target(2018, school, "non_high", "all_students", "ela_achievement", "40.0")
        try bench.organization(2018, school)
        try bench.value(2018, school, "non_high", "all_students", "ela_growth", "25.0", cause: "late")
        try bench.driver.run()
        let found = try #require(try bench.determinations()["2019/\(school)"])
        #expect(found.cause == "late")
        #expect(found.revision > 1)
        #expect(!found.priorAnnualExact.isEmpty)
        #expect(found.cumulative < 75)
    }

    // MARK: The property

    @Test(arguments: [UInt64(1), 2, 3])
    func isTheSameForAnyPartitionsAndDisturbances(seed: UInt64) throws {
        var tables: [[String: Accountability_V1_Determination]] = []
        for (partitions, disturbed) in [(Int32(1), false), (6, true)] {
            let bench = try JudgingBench.determining(
                partitions: partitions,
                seed: seed,
                disturbances: disturbed ? .all : .init()
            )
            var random = SplitMix64(seed: seed)
            let codes = (0..<40).flatMap { ["0\(100 + $0 / 4)0000", "0\(100 + $0 / 4)00\(10 + $0 % 4)"] }
            for code in Set(codes).sorted() {
                try bench.organization(2018, code)
                try bench.organization(2019, code)
                for group in ["all_students", "lowest_performing", "swd"] {
                    for indicator in ["ela_achievement", "math_achievement", "ela_growth", "chronic_absenteeism"] {
                        for year in [2018, 2019] {
                            let value = "\(40 + random.next() % 20).\(random.next() % 10)"
                            try bench.value(
                                year,
                                code,
                                "non_high",
                                group,
                                indicator,
                                value,
                                count: UInt32(random.next() % 200)
                            )
                            try bench.target(year, code, "non_high", group, indicator, "50.0")
                        }
                    }
                    try bench.participation(2019, code, group, met: random.next() % 9 > 0)
                }
                try bench.percentile(2019, code, "all_students", UInt32(1 + random.next() % 99))
            }
            try bench.directive(2018, "designation", "01000000", "chronically_underperforming")
            try bench.closeMeasures(2018)
            try bench.closeMeasures(2019)
            // Corrections after the close, one of them a withdrawal.
            for code in ["01000010", "01020011"] {
                try bench.value(2019, code, "non_high", "all_students", "ela_achievement", "59.9", cause: "corrections")
            }
            let gone = "2019/01030010/value/non_high/all_students/math_achievement"
            try bench.put(Topics.indicators, gone, nil, partition: bench.district("01030010"), cause: "corrections")
            try bench.driver.run()
            #expect(bench.driver.unusable.isEmpty)
            if disturbed { #expect(bench.driver.disturbed > 0) }
            tables.append(
                try bench.determinations()
                    .mapValues(\.withoutPublication)
            )
        }
        #expect(tables[0].count == 100)
        #expect(Set(tables[0].values.map(\.classification)).count > 1)
        #expect(tables[0] == tables[1])
    }
}
