internal import Rules
internal import Testing

@Suite struct SuspensionTests {
    /// 603 CMR 2.03(11).
    @Test(arguments: [2018, 2019, 2020, 2021, 2022, 2023, 2024, 2025])
    func reachesSchoolYear2022Alone(year: Int) {
        let framework = try? Framework.of(schoolYear: year)
        let refusal = Suspension.refusal(framework: framework, reason: "Good cause arising from the covid-19 pandemic")
        #expect(refusal == (year == 2022 ? nil : .schoolYear))
    }

    /// 603 CMR 2.03(11).
    @Test(arguments: ["", "Snow days", "A pandemic"])
    func needsTheStatedCause(reason: String) throws {
        #expect(Suspension.refusal(framework: try Framework.of(schoolYear: 2022), reason: reason) == .cause)
    }

    @Test func aKindIsAMeasureOrAll() {
        #expect(ReportedMeasure.suspended(byKind: "all_measures") == ReportedMeasure.allCases)
        for measure in ReportedMeasure.allCases {
            #expect(ReportedMeasure.suspended(byKind: measure.wireName) == [measure])
        }
        #expect(ReportedMeasure.suspended(byKind: "weather") == nil)
        #expect(Set(ReportedMeasure.kinds).count == ReportedMeasure.allCases.count + 1)
    }
}
