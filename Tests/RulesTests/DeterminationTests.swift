internal import PublishedFigures
internal import Foundation
internal import Rules
internal import Testing

@Suite struct DeterminationTests {
    static func framework() throws -> Framework { try Framework.of(schoolYear: 2019) }

    /// 603 CMR 2.03(2)(e)
    /// 603 CMR 2.03(3)(b)(1)
    /// 603 CMR 2.03(3)(b)(1)(a)
    /// 603 CMR 2.03(3)(b)(1)(b)(iii)
    /// 603 CMR 2.03(3)(b)(1)(b)(iv).
    @Test func allReasonsAreListedAndTheFirstRankGivesTheLevel() throws {
        let determination = try Determination(
            DeterminationInput(
                type: .school,
                designations: [.underperforming],
                percentile: 3,
                lowSubgroups: [.swd],
                cohort: 100,
                graduates: 60,
                lowParticipationGroups: [.highNeeds],
                recognitions: ["high_growth"],
                cumulative: 80
            ),
            try Self.framework()
        )
        #expect(determination.classification == .requiringAssistance)
        #expect(determination.level == .broadComprehensive)
        #expect(determination.reasons == DeterminationReason.allCases)
        #expect(determination.progress == .meeting)
    }

    /// 603 CMR 2.03(3)(a)
    /// 603 CMR 2.03(3)(a)(2).
    @Test func districtsHaveNoPercentileTrigger() throws {
        let determination = try Determination(
            DeterminationInput(
                type: .district,
                percentile: 1,
                lowSubgroups: [.swd],
                recognitions: ["high_growth"],
                cumulative: 60
            ),
            try Self.framework()
        )
        #expect(determination.classification == .notRequiringAssistance)
        #expect(determination.level == .substantial)
        #expect(determination.reasons == [])
    }

    /// Districts and the state have no percentile: one that is given of them is no data.
    @Test func aPercentileIsNoDataOfADistrict() throws {
        for type in [OrganizationType.district, .state] {
            let determination = try Determination(DeterminationInput(type: type, percentile: 40), try Self.framework())
            #expect(determination.classification == .insufficientData && determination.level == nil)
            #expect(determination.rows == [.insufficientData, .progress])
            let low = try Determination(DeterminationInput(type: type, percentile: 4), try Self.framework())
            #expect(low.rows == [.insufficientData, .progress])
        }
        let school = try Determination(DeterminationInput(type: .school, percentile: 40), try Self.framework())
        #expect(school.classification == .notRequiringAssistance && school.level == nil)
        #expect(school.rows == [.progress])
        let low = try Determination(DeterminationInput(type: .school, percentile: 4), try Self.framework())
        #expect(low.rows == [.lowest10Percent, .progress] && low.row == .lowest10Percent)
    }

    /// 603 CMR 2.03(3)(a)(1)
    /// 603 CMR 2.03(3)(a)(1)(a)
    /// 603 CMR 2.03(3)(a)(1)(b)(i)
    /// 603 CMR 2.03(3)(a)(1)(b)(ii).
    @Test func districtsHaveThreeReasons() throws {
        func reasons(_ input: DeterminationInput) throws -> [DeterminationReason] {
            let determination = try Determination(input, try Self.framework())
            #expect(determination.classification == .requiringAssistance)
            return determination.reasons
        }
        #expect(
            try reasons(
                DeterminationInput(type: .district, designations: [.chronicallyUnderperforming], cumulative: 80)
            ) == [.designation]
        )
        #expect(
            try reasons(DeterminationInput(type: .district, cohort: 100, graduates: 66, cumulative: 80)) == [
                .lowGraduation
            ]
        )
        #expect(
            try reasons(DeterminationInput(type: .district, lowParticipationGroups: [.swd], cumulative: 80)) == [
                .lowParticipation
            ]
        )
    }

    /// 603 CMR 2.03(3)(b)(1)(b)(i)
    /// 603 CMR 2.03(3)(b)(2).
    @Test(arguments: [
        (11, DeterminationLevel.moderate, []), (10, .focusedTargeted, [DeterminationReason.lowest10Percent]),
    ])
    func lowestTenPercent(percentile: Int, level: DeterminationLevel, reasons: [DeterminationReason]) throws {
        let determination = try Determination(
            DeterminationInput(type: .school, percentile: percentile, cumulative: 40),
            try Self.framework()
        )
        #expect(determination.level == level)
        #expect(determination.reasons == reasons)
    }

    @Test func insufficientDataUnlessThereIsAReason() throws {
        let framework = try Self.framework()
        let none = try Determination(DeterminationInput(type: .school, sufficientData: false), framework)
        #expect(none.classification == .insufficientData)
        #expect(none.level == nil)
        let low = try Determination(
            DeterminationInput(type: .school, sufficientData: false, lowParticipationGroups: [.allStudents]),
            framework
        )
        #expect(low.classification == .requiringAssistance)
        #expect(low.level == .focusedTargeted)
        let recognised = try Determination(
            DeterminationInput(type: .school, recognitions: ["high_achievement"], cumulative: 90),
            framework
        )
        #expect(recognised.level == .schoolOfRecognition)
    }

    @Test func graduationIsLowBelowTheThresholdAsPublished() throws {
        let framework = try Self.framework()
        func isLow(_ graduates: Int64, of cohort: Int64) throws -> Bool? {
            try LowGraduation(cohort: cohort, graduates: graduates, framework).isLow
        }
        // Two thirds are published as 66.7, which is not below 66.7; one third fail, which the federal act calls low.
        #expect(try isLow(40, of: 60) == false)
        #expect(try isLow(39, of: 60) == true)
        #expect(try isLow(0, of: 19) == nil)
        #expect(throws: RuleError.self) { try isLow(21, of: 20) }
        // 66.65 is published as 66.7 and passes; unrounded it does not, nor in the words of the federal act. All three
        // agree below and above.
        #expect(try isLow(1333, of: 2000) == false)
        #expect(try isLow(1332, of: 2000) == true)
        let unrounded = try Framework.load(
            file: "unrounded.yaml",
            text: """
                name: unrounded
                title: The rate as it is, not as it is published
                school_years: []
                based_on: "2019"
                determination:
                  low_graduation_rate: {value: unrounded, status: assumed, source: "A test"}
                """,
            bases: Dictionary(uniqueKeysWithValues: Framework.documents.map { ($0.name, $0.text) })
        )
        #expect(try LowGraduation(cohort: 2000, graduates: 1333, unrounded).isLow == true)
        #expect(try LowGraduation(cohort: 60, graduates: 40, unrounded).isLow == true)
        #expect(try LowGraduation(cohort: 2000, graduates: 1334, unrounded).isLow == false)
        #expect(framework.determination?.lowGraduationRate.record.status == .assumed)
        let federal = try Framework.load(
            file: "federal.yaml",
            text: """
                name: federal
                title: The federal definition of low graduation
                school_years: []
                based_on: "2019"
                determination:
                  low_graduation: {value: one_third_fail, status: published, source: "20 U.S.C. 6311(c)(4)(D)"}
                """,
            bases: Dictionary(uniqueKeysWithValues: Framework.documents.map { ($0.name, $0.text) })
        )
        #expect(try LowGraduation(cohort: 60, graduates: 40, federal).isLow == true)
        #expect(try LowGraduation(cohort: 2000, graduates: 1333, federal).isLow == true)
        #expect(try LowGraduation(cohort: 2000, graduates: 1334, federal).isLow == false)
        #expect(try LowGraduation(cohort: 60, graduates: 41, federal).isLow == false)
    }

    /// A supplied rate is judged at one decimal, published as it was supplied, and never turned into a count.
    @Test(
        arguments: [
            ("57.784431137724546", 1002, true, "57.784431137724546"), ("66.7", 200, false, "66.7"),
            ("66.66", 200, false, "66.66"), ("66.64", 200, true, "66.64"), ("91.7", 25, false, "91.7"),
            ("60", 19, nil, "60"), ("0", 20, true, "0"), ("100", 20, false, "100"),
        ] as [(String, Int64, Bool?, String)]
    )
    func aSuppliedRateIsJudgedAsARate(_ rate: String, _ cohort: Int64, _ isLow: Bool?, _ published: String) throws {
        let judged = try LowGraduation(cohort: cohort, supplied: decimal(rate), try Self.framework())
        #expect(judged.isLow == isLow && judged.rate?.shortText == published && judged.graduates == nil)
        let district = DeterminationInput(
            type: .district,
            cohort: cohort,
            suppliedGraduationRate: decimal(rate),
            cumulative: 80
        )
        let reasons = try Determination(district, try Self.framework()).reasons
        #expect(reasons == (isLow == true ? [.lowGraduation] : []))
        #expect(throws: RuleError.self) {
            try LowGraduation(cohort: cohort, supplied: decimal("100.1"), try Self.framework())
        }
    }

    @Test func graduationNeedsAnAnnualPercentage() throws {
        let low = DeterminationInput(type: .school, percentile: 40, cohort: 100, graduates: 10)
        #expect(try Determination(low, try Self.framework()).reasons == [])
        var withPercentage = low
        withPercentage.cumulative = 30
        #expect(try Determination(withPercentage, try Self.framework()).reasons == [.lowGraduation])
    }

    /// 603 CMR 2.03(3)(b)(1)(b)(ii).
    @Test func lowSubgroupsAreThoseUpToTheCut() throws {
        let groups = try Determination.lowSubgroups(
            [.white: 5, .asian: 6, .swd: 1, .allStudents: 2],
            try Self.framework()
        )
        #expect(groups == [.swd, .white])
    }

    @Test func theRowsNameTheirParagraphsAndParameters() throws {
        let framework = try Self.framework()
        let determination = try Determination(
            DeterminationInput(type: .school, percentile: 4, lowParticipationGroups: [.swd], cumulative: 30),
            framework
        )
        #expect(determination.row == .lowest10Percent)
        #expect(determination.rows == [.lowest10Percent, .lowParticipation, .progress])
        let paragraphs = determination.rows.map { $0.paragraph(of: .school) }
        #expect(paragraphs == [.lowestPerformingSchools, .schoolLowParticipation, .schoolsNotRequiring])
        let parameters = determination.reasons.flatMap { $0.parameters(framework) }.map(\.path)
        #expect(parameters == ["determination.lowest_performing_percentile", "participation.standard"])
    }

    /// 603 CMR 2.03(3): the row of the first rank decides; of several the first in the order of the regulation.
    @Test func theFirstRowOfTheFirstRankDecides() throws {
        let everything = DeterminationInput(
            type: .school,
            designations: [.directedFocused, .chronicallyUnderperforming],
            percentile: 4,
            lowSubgroups: [.swd],
            lowParticipationGroups: [.swd],
            recognitions: ["high_growth"],
            cumulative: 80
        )
        var input = everything
        #expect(try Determination(input, try Self.framework()).row == .designation)
        input.designations = [.directedFocused]
        #expect(try Determination(input, try Self.framework()).row == .directedFocused)
        input.designations = []
        #expect(try Determination(input, try Self.framework()).row == .lowest10Percent)
        input.percentile = 90
        #expect(try Determination(input, try Self.framework()).row == .lowSubgroup)
        input.lowSubgroups = []
        #expect(try Determination(input, try Self.framework()).row == .lowParticipation)
        input.lowParticipationGroups = []
        #expect(try Determination(input, try Self.framework()).row == .recognition)
        input.recognitions = []
        #expect(try Determination(input, try Self.framework()).row == .progress)
        input.sufficientData = false
        #expect(try Determination(input, try Self.framework()).row == .insufficientData)
    }
}

/// The 2019 workbook of determinations.
@Suite(.enabled(if: PublishedData.has("determinations-2019-schools.csv"), "the published figures are not there"))
struct Determinations2019Tests {
    /// 603 CMR 2.03(3)(b).
    @Test(arguments: [
        ("determinations-2019-schools.csv", OrganizationType.school, 790),
        ("determinations-2019-districts.csv", .district, 183),
    ])
    func workbook(file: String, type: OrganizationType, rows: Int) throws {
        let framework = try Framework.of(schoolYear: 2019)
        let levels = Dictionary(
            uniqueKeysWithValues: DeterminationLevel.allCases.map { ($0.title, $0) }
        )
        var (all, agreeing, requiring, bands) = (0, 0, 0, 0)
        for row in try PublishedData.rows(file) {
            all += 1
            let determination = try Determination(try Self.input(row, type), framework)
            let classification = row["\(type == .school ? "School" : "District") Overall Classification"]
            let reason = row["Reason for School Classification"] ?? row["Reason for Classification"] ?? ""
            let level: DeterminationLevel? = Self.isRecognition(reason) ? .schoolOfRecognition : levels[reason]
            let same = determination.classification.title == classification && determination.level == level
            agreeing += same ? 1 : 0
            #expect(same, "\(row["School Code"] ?? row["District Code"] ?? "")")
            if determination.classification == .requiringAssistance { requiring += 1 }
            if let level, ProgressLevel.allCases.contains(where: { DeterminationLevel($0) == level }) {
                #expect(determination.progress.map(DeterminationLevel.init) == level)
                bands += 1
            }
        }
        print("\(file): \(agreeing) of \(all) determinations, \(requiring) requiring assistance, \(bands) bands")
        #expect(all == rows)
        #expect(agreeing == rows)
    }

    /// What the workbook prints of an organization; the cohort is not in it, so that the flag stands for one.
    static func input(_ row: [String: String], _ type: OrganizationType) throws -> DeterminationInput {
        var input = DeterminationInput(type: type)
        func number(_ column: String) throws -> Int64? { try row[column].flatMap { printed($0) }?.floor }
        input.percentile = try number("2019 Accountability Percentile").map(Int.init)
        input.cumulative = try number("2019 Cumulative Criterion-Referenced Target Percentage (%)")
        input.sufficientData = input.percentile != nil || input.cumulative != nil
        switch row["2019 Reason for Classification - Overall Performance"] {
        case "Underperforming school": input.designations = [.underperforming]
        case "Chronically underperforming school", "Chronically underperforming district":
            input.designations = [.chronicallyUnderperforming]
        case "Failure to meet mandatory data reporting deadlines": input.designations = [.directedFocused]
        default: break
        }
        input.lowSubgroups = try groups(row["2019 Low Performing Subgroup(s)"])
        input.lowParticipationGroups = try groups(row["2019 Low Participation Subgroup(s)"])
        if row["2019 Reason for Classification - Graduation Rate"] != nil {
            (input.cohort, input.graduates) = (100, 50)
        }
        if isRecognition(row["Reason for School Classification"] ?? "") { input.recognitions = ["recognised"] }
        return input
    }

    /// Recognition takes the place of the reason, whatever its kind.
    private static func isRecognition(_ reason: String) -> Bool {
        ["School of Recognition", "National Blue Ribbon School", "ESEA Distinguished School"]
            .contains {
                reason.contains($0)
            }
    }

    private static func groups(_ text: String?) throws -> [StudentGroup] {
        guard let text else { return [] }
        return try text.split(separator: " -").map { try #require(StudentGroup(name: $0), "\($0)") }
    }
}
