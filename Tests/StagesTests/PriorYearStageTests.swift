import Messages
import Rules
import StreamingTesting
import Testing
@testable import Stages
@testable import Streaming

/// Which year before counts, what has a percentage at all, and what is published of graduation, in the determination
/// stage.
@Suite struct PriorYearStageTests {
    private let school = "00010005"

    private func find(_ bench: JudgingBench, _ year: Int, _ code: String) throws -> Accountability_V1_Determination {
        try #require(try bench.determinations()["\(year)/\(code)"])
    }

    /// A percentage of 75 in 2019, and in 2018 one of 100 from a target that was met by far.
    private func fill(_ bench: JudgingBench, _ code: String, before: String?, now: String) throws {
        try bench.organization(2019, code, comparison: now)
        try bench.points(
            2019,
            code,
            "non_high",
            "all_students",
            ["ela_achievement": 3, "math_achievement": 3, "ela_growth": 3, "math_growth": 3, "chronic_absenteeism": 3]
        )
        if let before { try bench.organization(2018, code, comparison: before) }
        try bench.value(2018, code, "non_high", "all_students", "ela_achievement", "60.0")
        try bench.target(2018, code, "non_high", "all_students", "ela_achievement", "50.0")
    }

    /// DESE, determinations of 2019: Uxbridge and Wareham, high in 2018 and middle/high in 2019, have the percentage of
    /// 2019 alone.
    @Test(
        arguments: [
            ("non_high", "non_high", "100", 85), ("high", "middle_high", "", 75), ("", "non_high", "", 75),
            ("", "", "100", 85), (nil, "non_high", "", 75),
        ] as [(String?, String, String, UInt32)]
    )
    func thePriorYearCountsInTheSameComparisonGroup(
        _ before: String?,
        _ now: String,
        _ prior: String,
        _ cumulative: UInt32
    ) throws {
        let bench = try JudgingBench.determining()
        try fill(bench, school, before: before, now: now)
        for year in [2018, 2019] { try bench.closeMeasures(year) }
        try bench.driver.run()
        let found = try find(bench, 2019, school)
        #expect(found.priorAnnualExact == prior && found.cumulative == cumulative)
    }

    /// Where the group is blank, the declared grades of each year decide: Uxbridge again.
    ///
    /// Of a district the column alone.
    @Test(
        arguments: [
            ("09,10,11,12", "07-12", "", 75), ("K-5", "K-8", "100", 85), ("07-12", "07,08,09,10,11,12", "100", 85),
            ("", "K-8", "", 75), ("K,01,02", "K-5", "", 75),
        ] as [(String, String, String, UInt32)],
        ["00010005", "00010000"]
    )
    func theDeclaredGradesDecideWhereTheGroupIsBlank(
        _ grades: (before: String, now: String, prior: String, cumulative: UInt32),
        _ code: String
    ) throws {
        let bench = try JudgingBench.determining()
        try fill(bench, code, before: "", now: "")
        try bench.organization(2019, code, comparison: "", grades: grades.now)
        try bench.organization(2018, code, comparison: "", grades: grades.before)
        for year in [2018, 2019] { try bench.closeMeasures(year) }
        try bench.driver.run()
        let found = try find(bench, 2019, code)
        let isSchool = code == school
        #expect(found.priorAnnualExact == (isSchool ? grades.prior : "100"))
        #expect(found.cumulative == (isSchool ? grades.cumulative : 85))
    }

    /// Where several percentiles stand, that of the declared group counts, or of the declared grades.
    @Test(
        arguments: [("high", "", 7), ("", "09-12", 7), ("", "K-8", 40), ("middle_high", "09-12", 20)]
            as [(String, String, UInt32)]
    )
    func thePercentileOfTheDeclaredGradesCounts(_ comparison: String, _ grades: String, _ percentile: UInt32) throws {
        let bench = try JudgingBench.determining()
        try bench.organization(2019, school, comparison: comparison, grades: grades)
        for (group, number) in [("non_high", 40), ("high", 7), ("middle_high", 20)] as [(String, UInt32)] {
            try bench.percentile(2019, school, "all_students", number, comparison: group)
        }
        try bench.closeMeasures(2019)
        try bench.driver.run()
        #expect(try find(bench, 2019, school).percentile == percentile)
    }

    /// Mount Greylock 2019: a reconfigured district has no year before, and has it again without the act.
    @Test func aReconfiguredDistrictHasNoYearBefore() throws {
        let bench = try JudgingBench.determining()
        let district = "00010000"
        for code in [district, school] { try fill(bench, code, before: "non_high", now: "non_high") }
        try bench.directive(2019, "reconfiguration", district, "reconfigured", reason: "Two towns joined")
        for year in [2018, 2019] { try bench.closeMeasures(year) }
        try bench.driver.run()
        #expect(try find(bench, 2019, district).priorAnnualExact.isEmpty)
        #expect(try find(bench, 2019, district).cumulative == 75)
        // Its schools are what they were.
        #expect(try find(bench, 2019, school).cumulative == 85)
        let key = "2019/reconfiguration/\(district)/reconfigured"
        try bench.put(Topics.directives, key, nil, partition: 0, cause: "acts-2")
        try bench.driver.run()
        #expect(try find(bench, 2019, district).cumulative == 85)
        // That of another year says nothing of this one.
        try bench.directive(2018, "reconfiguration", district, "reconfigured", reason: "Two towns joined")
        try bench.driver.run()
        #expect(try find(bench, 2019, district).cumulative == 85)
    }

    /// A PK-2 school with absenteeism alone, a new school with growth alone, an alternative high school with a low
    /// rate: no percentage, no reason, insufficient data.
    @Test(
        arguments: [
            ("non_high", ["chronic_absenteeism": 4]), ("non_high", ["ela_growth": 4, "math_growth": 4]),
            ("high", ["four_year_graduation": 0, "dropout": 0]),
        ] as [(String, [String: Int])]
    )
    func withoutAchievementThereIsNoPercentage(_ span: String, _ points: [String: Int]) throws {
        let bench = try JudgingBench.determining()
        try bench.organization(2019, school, comparison: span)
        try bench.points(2019, school, span, "all_students", points.sorted { $0.key < $1.key })
        try bench.value(2019, school, "high", "all_students", "four_year_graduation", "10.0", count: 60)
        try bench.closeMeasures(2019)
        try bench.driver.run()
        let found = try find(bench, 2019, school)
        #expect(found.classification == "insufficient_data" && found.level.isEmpty && found.reasons.isEmpty)
        #expect(!found.hasAnnual && !found.hasCumulative && found.band.isEmpty)
        // With a percentile it is not: that is data.
        try bench.percentile(2019, school, "all_students", 40, cause: "later")
        try bench.driver.run()
        #expect(try find(bench, 2019, school).classification == "not_requiring_assistance")
        // Participation is judged where nothing else is.
        try bench.percentile(2019, school, "all_students", 11, cause: "later")
        try bench.participation(2019, school, "all_students", met: false, cause: "later")
        try bench.driver.run()
        #expect(try find(bench, 2019, school).reasons == ["low_participation"])
    }

    /// What an act ended in 2018 is not carried into 2019, whether the act or the year identified the school.
    @Test(arguments: ["csi", "atsi"], [true, false])
    func anEndEndsAFederalIdentification(_ kind: String, _ isComputed: Bool) throws {
        let bench = try JudgingBench.determining()
        for year in [2018, 2019] {
            try bench.organization(year, school, title1: true)
            if isComputed {
                try bench.percentile(
                    year,
                    school,
                    kind == "csi" ? "all_students" : "swd",
                    year == 2018 ? 3 : 40,
                    lowestTitle1: year == 2018 && kind == "csi"
                )
            }
            try bench.closeMeasures(year)
        }
        try bench.directive(2018, "designation", school, kind)
        try bench.driver.run()
        #expect(try find(bench, 2019, school).federalDesignations.map(\.designation) == [kind])
        try bench.directive(2018, "designation", school, kind, end: "2018-12-31", cause: "ended")
        try bench.driver.run()
        #expect(try find(bench, 2018, school).federalDesignations.map(\.designation) == [kind])
        #expect(try find(bench, 2019, school).federalDesignations.isEmpty)
    }

    private func graduation(_ bench: JudgingBench, _ code: String, _ rate: String, _ graduates: Int64, _ cohort: Int64)
        throws
    {
        var measure = Accountability_V1_IndicatorValue()
        measure.gradeSpan = "high"
        measure.group = "all_students"
        measure.indicator = "four_year_graduation"
        measure.value = rate
        measure.count = UInt32(cohort)
        measure.sum = graduates
        measure.divisor = cohort
        var entry = Accountability_V1_IndicatorEntry()
        entry.schoolYear = 2019
        entry.orgCode = code
        entry.value = measure
        let key = "2019/\(code)/value/high/all_students/four_year_graduation"
        try bench.put(Topics.indicators, key, entry, partition: bench.district(code))
    }

    /// 1,878 of 2,148 are 87.4 percent, and 87.4 percent of 2,148 are 1,877.
    @Test func countedGraduatesTravelAsTheyWereCounted() throws {
        let bench = try JudgingBench.determining()
        try bench.organization(2019, school, comparison: "high")
        try graduation(bench, school, "87.4", 1878, 2148)
        try bench.closeMeasures(2019)
        try bench.driver.run()
        let found = try find(bench, 2019, school)
        #expect(found.graduates == 1878 && found.graduationCohort == 2148 && found.graduationRate == "87.4")
    }

    /// A supplied rate is judged and published as a rate: 579 of 1,002 as a script prints it, 66.7 of 200, 91.7 of 25.
    @Test(
        arguments: [
            ("57.784431137724546", 1002, true), ("66.7", 200, false), ("66.66", 200, false), ("91.7", 25, false),
        ] as [(String, UInt32, Bool)]
    )
    func aSuppliedRateStaysARate(_ rate: String, _ cohort: UInt32, _ isLow: Bool) throws {
        let bench = try JudgingBench.determining()
        let district = "00010000"
        try fill(bench, district, before: nil, now: "")
        try bench.value(2019, district, "high", "all_students", "four_year_graduation", rate, count: cohort)
        try bench.closeMeasures(2019)
        try bench.driver.run()
        let found = try find(bench, 2019, district)
        #expect(found.reasons == (isLow ? ["low_graduation"] : []) && found.lowGraduation == isLow)
        #expect(found.graduationRate == rate && !found.hasGraduates && found.graduationCohort == cohort)
    }

    /// Of a cohort of 10 to 19 the rate is hidden, as the points hide it; its size is a count.
    @Test func theRateOfASmallCohortIsHidden() throws {
        let bench = try JudgingBench.determining()
        for (code, cohort) in [("00010005", 9), ("00010010", 19), ("00010015", 20)] as [(String, Int64)] {
            try bench.organization(2019, code, comparison: "high")
            try graduation(bench, code, "50.0", cohort / 2, cohort)
        }
        try bench.closeMeasures(2019)
        try bench.driver.run()
        let found = try ["00010005", "00010010", "00010015"].map { try find(bench, 2019, $0) }
        #expect(found.map(\.graduationRate) == ["", "", "50"])
        #expect(found.map(\.hasGraduates) == [false, false, true])
        #expect(found.map(\.graduationCohort) == [0, 19, 20])
    }

    /// Of whose values the percentiles within a difficulty quartile are, the framework says: those of all students.
    @Test func theValuesOfAQuartileAreThoseTheFrameworkNames() throws {
        var table = StatewideTable()
        for (group, at80) in [(StudentGroup.allStudents, 50), (.swd, 40)] as [(StudentGroup, Int64)] {
            let key = StatewideTable.ThresholdKey(
                type: .school,
                span: .nonHigh,
                group: group,
                indicator: .elProgress,
                difficultyQuartile: 3
            )
            _ = table.set(StatewideTable.Threshold(at80: Ratio(at80), at90: nil), key)
        }
        let key = StatewideTable.ThresholdKey(type: .school, span: .nonHigh, group: .swd, indicator: .elProgress)
        let parameter = try #require(try Framework.of(schoolYear: 2019).points).difficultyQuartileValues
        #expect(parameter.value == .allStudents && parameter.status == .assumed)
        let all = table.thresholds(key, difficultyQuartile: 3, of: parameter.value)
        #expect(all[.difficultyQuartile, 80] == Ratio(50))
        let own = table.thresholds(key, difficultyQuartile: 3, of: .ownGroup)
        #expect(own[.difficultyQuartile, 80] == Ratio(40))
    }
}
