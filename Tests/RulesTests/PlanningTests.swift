internal import Rules
internal import Testing

@Suite struct PlanningTests {
    private let district = OrganizationCode(rawValue: 350_000) ?? .state
    private let school = OrganizationCode(rawValue: 350_012) ?? .state

    private func plan(_ year: Int, _ date: String, parts: [PlanPart]? = nil) throws -> PlanFiling {
        let all = try #require(try Framework.of(schoolYear: 2025).planning?.parts[.districtImprovementPlan]?.value)
        return PlanFiling(
            kind: .districtImprovementPlan,
            organization: district,
            schoolYear: year,
            date: date,
            parts: parts ?? all
        )
    }

    private func schoolPlan(_ year: Int, _ date: String, alignment: String) -> PlanFiling {
        PlanFiling(
            kind: .schoolImprovementPlan,
            organization: school,
            schoolYear: year,
            date: date,
            parts: [.dataAnalysis, .actionAssessment, .performanceGoals],
            alignment: alignment
        )
    }

    private func obligation(_ kind: PlanKind, _ year: Int, _ filings: [PlanFiling]) throws -> PlanObligation {
        let all = try PlanObligation.all(
            schoolYear: year,
            organizations: [school, district, district],
            filings: filings,
            try Framework.of(schoolYear: 2025)
        )
        #expect(
            all.map(\.kind) == [.selfEvaluation, .districtImprovementPlan, .districtActionPlan, .schoolImprovementPlan]
        )
        return try #require(all.first { $0.kind == kind })
    }

    /// 603 CMR 2.03(7)(a).
    @Test(arguments: [(2022, nil as Int?), (2023, 2023), (2025, 2023), (2026, nil)])
    func aDistrictPlanCoversThreeYears(year: Int, covering: Int?) throws {
        let found = try obligation(.districtImprovementPlan, year, [try plan(2023, "2022-06-20")])
        #expect(found.filing?.schoolYear == covering)
        #expect(found.dueDate == "\((covering ?? year) - 1)-07-01")
    }

    /// 603 CMR 2.03(7)(b).
    @Test func aSchoolPlanIsDueOnTheFirstOfJuly() throws {
        let nothing = try obligation(.schoolImprovementPlan, 2025, [])
        #expect(nothing.dueDate == "2024-07-01")
        #expect(nothing.standing(on: "2024-07-01") == .due)
        #expect(nothing.standing(on: "2024-07-02") == .overdue)
        let filed = [try plan(2024, "2023-06-01"), schoolPlan(2025, "2024-07-01", alignment: "2024/00350000")]
        #expect(try obligation(.schoolImprovementPlan, 2025, filed).standing(on: "2025-01-01") == .filed)
        let late = [try plan(2024, "2023-06-01"), schoolPlan(2025, "2024-07-02", alignment: "2024/00350000")]
        #expect(try obligation(.schoolImprovementPlan, 2025, late).standing(on: "2025-01-01") == .filedLate)
        #expect(try obligation(.schoolImprovementPlan, 2026, filed).standing(on: "2025-07-02") == .overdue)
    }

    /// 603 CMR 2.03(7)(b).
    @Test(arguments: ["", "2021/00350000", "2024/00360000"])
    func aSchoolPlanIsAlignedWithThePlanThatCoversItsYear(alignment: String) throws {
        let found = try obligation(
            .schoolImprovementPlan,
            2025,
            [try plan(2024, "2023-06-01"), schoolPlan(2025, "2024-06-01", alignment: alignment)]
        )
        #expect(found.isAligned == false)
        #expect(found.standing(on: "2024-06-02") == .incomplete)
    }

    /// 603 CMR 2.03(7)(c)
    /// 603 CMR 2.03(7)(d).
    @Test func namesMissingParts() throws {
        let found = try obligation(
            .districtImprovementPlan,
            2025,
            [try plan(2025, "2024-06-01", parts: [.objectives, .dataAnalysis])]
        )
        #expect(
            found.missingParts == [
                .actionAssessment, .achievementGaps, .initiatives, .benchmarks, .professionalDevelopment, .induction,
            ]
        )
        #expect(found.standing(on: "2024-06-02") == .incomplete)
    }

    /// 603 CMR 2.03(7).
    @Test func aSelfEvaluationIsForAYear() throws {
        let filing = PlanFiling(
            kind: .selfEvaluation,
            organization: district,
            schoolYear: 2025,
            date: "2024-06-30",
            parts: [.dataAnalysis, .actionAssessment]
        )
        #expect(try obligation(.selfEvaluation, 2025, [filing]).standing(on: "2025-01-01") == .filed)
        #expect(try obligation(.selfEvaluation, 2026, [filing]).filing == nil)
    }

    /// 603 CMR 2.03(8)(a)
    /// 603 CMR 2.03(6)(b).
    @Test(arguments: PlanKind.allCases)
    func aTemplateHasEveryPartThatTheLawNames(kind: PlanKind) throws {
        let framework = try Framework.of(schoolYear: 2025)
        let template = try PlanTemplate(kind, framework)
        let titles = template.sections.map(\.title)
        for part in try #require(framework.planning?.parts[kind]?.value) {
            #expect(titles.contains(part.wireName.replacing("_", with: " ")))
        }
        for standard in ReviewStandard.allCases {
            let section = template.sections.first { $0.title == standard.title }
            #expect((section != nil) == (kind == .selfEvaluation))
            #expect(section?.points.isEmpty != true)
        }
    }
}
