import ArgumentParser
import Foundation
import Messages
import Rules
import SwiftProtobuf
import Testing
@testable import Reading
@testable import accountability

@Suite struct DepartmentTests {
    private func determination(
        _ year: Int,
        _ code: String,
        _ classification: String = "not_requiring_assistance",
        level: String = "meeting",
        name: String = "",
        reasons: [String] = []
    ) -> Accountability_V1_Determination {
        var determination = Accountability_V1_Determination()
        determination.schoolYear = UInt32(year)
        determination.orgCode = code
        determination.districtCode = String(code.prefix(4)) + "0000"
        determination.type = code.hasSuffix("0000") ? .district : .school
        determination.name = name
        determination.classification = classification
        determination.level = level
        determination.reasons = reasons
        determination.status = "official"
        return determination
    }

    // MARK: Acts

    @Test func anActIsOneRowOfTheLayout() throws {
        let command = try #require(
            try AccountabilityCommand.parseAsRoot([
                "directive", "plan_filing", "school_improvement_plan", "--year", "2020", "--org", "00350012",
                "--reason", "Says \"so\", twice",
                "--parts", "data_analysis,performance_goals", "--reference", "2019/00350000",
            ]) as? DirectiveCommand
        )
        #expect(
            try command.text(today: "2019-06-20") == """
                school_year,org_code,action,directive,kind,effective_date,end_date,reason,reference,rating,parts,packages_root,document
                2020,00350012,,plan_filing,school_improvement_plan,2019-06-20,,"Says ""so"", twice",2019/00350000,,data_analysis;performance_goals,,

                """
        )
    }

    @Test func theEmbargoOfAReleaseIsItsEnd() throws {
        let words = [
            "directive", "release", "preliminary", "--year", "2019", "--date", "2019-09-10", "--embargo-until",
            "2019-09-24",
        ]
        let command = try #require(try AccountabilityCommand.parseAsRoot(words) as? DirectiveCommand)
        #expect(
            try command.text(today: "2019-09-10")
                .hasSuffix("\n2019,00000000,,release,preliminary,2019-09-10,2019-09-24,,,,,,\n")
        )
        // It is only of preliminary results, and stands for itself.
        for wrong in [["--end", "2019-09-24"], ["--withdraw"]] {
            #expect(throws: (any Error).self) { try AccountabilityCommand.parseAsRoot(words + wrong) }
        }
        var official = words
        official[2] = "official"
        #expect(throws: (any Error).self) { try AccountabilityCommand.parseAsRoot(official) }
        #expect(try PreviewedAct(words.dropFirst().joined(separator: " ")).text == command.text(today: "2019-09-10"))
    }

    @Test(arguments: [
        ["directive"], ["directive", "designation"], ["directive", "designation", "underperforming"],
        ["directive", "decree", "underperforming", "--year", "2019"],
        ["directive", "designation", "poor", "--year", "2019"],
        ["directive", "designation", "underperforming", "--year", "19"],
        ["directive", "designation", "underperforming", "--year", "2019", "--org", "350000"],
        ["directive", "--list", "--withdraw"],
    ])
    func refusesWhatIsNoAct(arguments: [String]) {
        #expect(throws: (any Error).self) { try AccountabilityCommand.parseAsRoot(arguments) }
    }

    @Test func theHelpTeachesEveryKind() {
        let help = AccountabilityCommand.helpMessage(for: DirectiveCommand.self, columns: 400)
        for kind in Vocabulary.directives + Vocabulary.directiveKinds + Vocabulary.reviewRatings {
            #expect(help.contains(kind), "\(kind) is not in the help")
        }
    }

    @Test func readsReviewsAndFilingsFromTheirActs() {
        func act(_ directive: String, _ kind: String, _ code: String, year: UInt32 = 2019)
            -> Accountability_V1_Directive
        {
            .with {
                $0.directive = directive
                $0.kind = kind
                $0.orgCode = code
                $0.schoolYear = year
                $0.effectiveDate = "2019-03-04"
                $0.rating = kind == "assessment" ? "proficient" : ""
                $0.parts = ["objectives", "poetry"]
                $0.reference = "2018/00350000"
            }
        }
        let records = DepartmentRecords([
            act("review", "conducted", "00350012"), act("review", "assessment", "00350000"),
            act("review", "conducted", "00350000", year: 2018),
            act("plan_filing", "school_improvement_plan", "00350012"),
            act("designation", "underperforming", "00350012"),
        ])
        #expect(records.reviews.map(\.schoolYear) == [2018, 2019])
        #expect(records.reviews[1].schools.map(\.description) == ["00350012"])
        #expect(ReviewRow(records.reviews[1]).ratings == ["assessment": "proficient"])
        #expect(records.filings.map(\.alignment) == ["2018/00350000"])
        #expect(records.filings.map(\.parts) == [[.objectives]])
    }

    // MARK: Assistance

    /// 603 CMR 2.03(8)(b).
    @Test func ordersDistrictsByDetermination() {
        var chronic = determination(2019, "00020005", "requiring_assistance", level: "broad_comprehensive")
        chronic.designation = "chronically_underperforming"
        let rows = PriorityRow.list(
            [
                determination(2018, "00010005", "requiring_assistance", level: "focused_targeted"),
                determination(2019, "00010005", "requiring_assistance", level: "focused_targeted"),
                determination(2019, "00010000", name: "Old, Name"),
                determination(2019, "00030000", "requiring_assistance", level: "focused_targeted"), chronic,
                determination(2019, "00040000"),
            ],
            in: 2019
        )
        #expect(rows.map(\.district) == ["00020000", "00010000", "00030000"])
        #expect(rows.map(\.severity) == ["chronically_underperforming", "focused_targeted", "focused_targeted"])
        #expect(rows.map(\.duration) == [1, 2, 1])
        #expect(rows[1].name == "Old, Name" && rows[1].place == 2)
        #expect(PriorityRow.listing(rows).rows[0].last == "00020005")
    }

    /// 603 CMR 2.03(1): duration counts under a former code too.
    @Test func theDurationOfLowPerformanceGoesWithTheSchool() {
        var recoded = determination(2019, "00010010", "requiring_assistance", level: "focused_targeted")
        let before = determination(2018, "00010005", "requiring_assistance", level: "focused_targeted")
        #expect(PriorityRow.list([before, recoded], in: 2019).map(\.duration) == [1])
        var step = Accountability_V1_HistoryStep()
        step.schoolYear = 2019
        step.change = "recoded"
        step.formerOrgCodes = ["00010005"]
        step.takenOrgCode = "00010005"
        recoded.history = [step]
        #expect(PriorityRow.list([before, recoded], in: 2019).map(\.duration) == [2])
        // A change of a year without determinations lies between.
        recoded.schoolYear = 2022
        recoded.history[0].schoolYear = 2021
        var earlier = before
        earlier.schoolYear = 2019
        let gap = determination(2022, "00020005", "requiring_assistance", level: "focused_targeted")
        let same = determination(2019, "00020005", "requiring_assistance", level: "focused_targeted")
        #expect(Set(PriorityRow.list([earlier, recoded, gap, same], in: 2022).map(\.duration)).count == 1)
        (recoded.schoolYear, recoded.history[0].schoolYear) = (2019, 2019)
        // A change of an earlier year is that of the earlier determination.
        recoded.history[0].schoolYear = 2018
        #expect(PriorityRow.list([before, recoded], in: 2019).map(\.duration) == [1])
    }

    // MARK: Comparison

    /// 603 CMR 2.03(5).
    @Test func comparesYearsSideBySide() throws {
        let codes = try [10_005, 10_010, 20_005, 30_005].map { try #require(OrganizationCode(rawValue: $0)) }
        let facts = codes.enumerated()
            .map { index, code in
                (
                    code: code,
                    facts: Accountability_V1_Organization.with {
                        $0.name = "School \(index)"
                        $0.comparisonGroup = index == 3 ? "high" : "non_high"
                        $0.enrollment = UInt32(100 + index)
                        $0.enrollmentLowIncome = 50
                    }
                )
            }
        var own = determination(2019, codes[0].description)
        own.percentile = 40
        own.annualExact = "60.5"
        own.participation = [
            .with {
                $0.group = "all_students"
                $0.subject = "combined"
                $0.rate = 98
            }
        ]
        own.spans = [
            .with {
                $0.columns = [
                    .with {
                        $0.group = "all_students"
                        $0.indicators = [
                            .with {
                                $0.indicator = "ela_growth"
                                $0.value = "51.0"
                            }
                        ]
                    }
                ]
            },
            .with {
                $0.columns = [
                    .with {
                        $0.group = "all_students"
                        $0.indicators = [
                            .with {
                                $0.indicator = "ela_growth"
                                $0.value = "49.0"
                            }
                        ]
                    }
                ]
            },
        ]
        let compared = facts.map { Comparison.organization($0.code, $0.facts) }
        let nearest = try SimilarOrganization.nearest(to: codes[0], among: compared, try Framework.of(schoolYear: 2019))
        #expect(nearest.map(\.code) == [codes[1], codes[2]])
        let rows = Comparison.rows(
            codes[0],
            nearest,
            chosen: [codes[3]],
            facts: facts,
            [determination(2018, codes[0].description), own, determination(2020, codes[0].description)],
            through: 2019
        )
        #expect(rows.map(\.role) == ["own", "own", "similar", "similar", "chosen"])
        #expect(rows.map(\.schoolYear) == [2019, 2018, 2019, 2019, 2019])
        #expect(
            rows[0].figures == [
                "percentile": "40", "annual": "60.5", "participation": "98", "ela_growth": "51.0 / 49.0",
            ]
        )
        #expect(rows[0].lowIncomeShare == "50.0" && rows[4].organization == codes[3].description)
        #expect(
            Comparison.listing(rows).columns.contains("ela_growth")
                && !Comparison.listing(rows).columns.contains("dropout")
        )
    }

    // MARK: Recognition, plans, standards

    /// 603 CMR 2.03(2)(f).
    @Test func proposesAndNotesWhoIsRecognised() throws {
        var school = determination(2019, "00010005")
        school.percentile = 95
        school.recognitions = ["high_achievement"]
        school.spans = [
            .with {
                $0.columns = [
                    .with {
                        $0.group = "all_students"
                        $0.indicators = [
                            .with {
                                $0.indicator = "ela_growth"
                                $0.value = "61.0"
                            }
                        ]
                    }
                ]
            }
        ]
        let rows = try CandidateRow.of(school, try Framework.of(schoolYear: 2019))
        #expect(rows.map(\.kind) == ["high_achievement", "high_growth"])
        #expect(rows.map(\.isRecognised) == [true, false])
        #expect(rows.map(\.cutOff) == ["90", "60.0"])
    }

    /// 603 CMR 2.03(6)(b).
    @Test func publishesTheStandardsWithTheirIndicators() throws {
        let rows = StandardRow.all(try Framework.of(schoolYear: 2019))
        #expect(rows.count == 6 && rows.allSatisfy { !$0.indicators.isEmpty })
        let template = PlanRow.text(of: try PlanTemplate(.selfEvaluation, try Framework.of(schoolYear: 2019)))
        for row in rows { #expect(template.contains("## \(row.title)")) }
        #expect(template.contains("603 CMR 2.03(6)(a)") && template.hasPrefix("# self-evaluation"))
    }
}
