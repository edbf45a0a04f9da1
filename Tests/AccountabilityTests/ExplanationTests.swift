import ArgumentParser
import Foundation
import Messages
import Operating
import Rules
import Testing
@testable import accountability
@testable import Reading

@Suite struct ExplanationTests {
    /// The high span of a district of 2019: one column of points that give 2.2 of 9.6.
    private func determination() -> Accountability_V1_Determination {
        func points(
            _ indicator: String,
            _ points: UInt32,
            _ row: Accountability_V1_PointsRow,
            _ rule: String
        ) -> Accountability_V1_IndicatorPoints {
            var entry = Accountability_V1_IndicatorPoints()
            entry.indicator = indicator
            entry.value = "500.1"
            entry.prior = "499.2"
            entry.target = "501.5"
            entry.count = 205
            entry.points = points
            entry.rule = rule
            entry.row = row
            return entry
        }
        var column = Accountability_V1_Column()
        column.group = "all_students"
        column.weightedEarned = "2.2"
        column.weightedPossible = "9.6"
        column.percent = "22.9"
        column.indicators = [
            points("ela_achievement", 2, .improvedBelowTarget, "Improved Below Target"),
            points("ela_growth", 2, .growthBand, "Band"), points("math_achievement", 1, .noChange, "No Change"),
        ]
        var total = Accountability_V1_CategoryTotal()
        total.category = "achievement"
        total.earned = 3
        total.possible = 12
        total.weight = "60"
        column.categories = [total]
        var span = Accountability_V1_Span()
        span.gradeSpan = "non_high"
        span.weight = 100
        span.percent = 23
        span.percentExact = "22.9"
        span.columns = [column]

        var determination = Accountability_V1_Determination()
        determination.schoolYear = 2019
        determination.orgCode = "00010005"
        determination.type = .school
        determination.name = "Example \"East\""
        determination.classification = "requiring_assistance"
        determination.level = "focused_targeted"
        determination.reasons = ["lowest_10_percent", "low_participation"]
        determination.percentile = 7
        determination.lowParticipationGroups = ["swd"]
        determination.annual = 23
        determination.annualExact = "22.9"
        determination.priorAnnualExact = "30"
        determination.cumulative = 26
        determination.band = "moderate"
        determination.spans = [span]
        determination.framework = "2019"
        determination.status = "official"
        determination.revision = 2
        determination.changes = ["percentile: 11 → 7"]
        determination.cause = "corrections-7"
        return determination
    }

    @Test func theFirstScreenHasTheResultTheReasonsAndTheFigures() throws {
        var determination = determination()
        var rate = Accountability_V1_GroupParticipation()
        rate.group = "swd"
        rate.subject = "ELA"
        rate.participants = 90
        rate.denominator = 100
        rate.rate = 90
        rate.met = false
        rate.students = 100
        determination.participation = [rate]
        determination.annualExact = "22.876543"
        let text = try ExplanationSummary(determination: determination, framework: try Framework.of(schoolYear: 2019))
            .text(width: 100)
        for part in [
            "Example \"East\" (00010005)", "Among the lowest performing 10% of schools: percentile 7",
            "Students with Disabilities, ELA: 90/100 tests = 90 percent, not met", "Accountability percentile: 7",
            "Annual percentage of its targets: 23", "Cumulative percentage of its targets: 26, Moderate progress",
            "revision 2, official", "changed: percentile: 11 → 7", "caused by submission corrections-7", "--full",
        ] {
            #expect(text.contains(part), "\(part) is not in\n\(text)")
        }
        #expect(text.split(separator: "\n", omittingEmptySubsequences: false).count <= 30, "\(text)")
        #expect(!text.contains("22.876543") && !text.contains("determination.lowest_performing_percentile"))
        #expect(throws: (any Error).self) {
            try ExplainCommand.parse(["2019", "00010005", "--full", "--why-not", "meeting"])
        }
    }

    @Test func showsEveryFigureWithItsRule() throws {
        let explanation = try Explanation(determination: determination(), framework: try Framework.of(schoolYear: 2019))
        let text = explanation.text(width: 400)
        for part in [
            "2.2/9.6 = 22.9", "3 of 12 points, weight 60 %", "40 % × 30 + 60 % × 22.9 → 26",
            "Moderate progress toward targets", "2 of 4 points: 499.2 → 500.1, target 501.5, N 205",
            "603 CMR 2.03(3)(b)(1)(b)(i)", "603 CMR 2.03(3)(b)(1)(b)(iv)", "603 CMR 2.03(2)(b)(1)",
            "determination.lowest_performing_percentile = 10 (published: ",
            "points.no_change_band.scaled_score = 0.5 (assumed: ",
            "points.growth.2 = 40", "points.growth.3 = 50", "rounded: half_up, 1 decimals", "submission corrections-7",
            "percentile: 11 → 7",
            "Students with Disabilities",
        ] {
            #expect(text.contains(part), "\(part)")
        }
    }

    @Test func everySubmissionThatHadAPartIsNamed() throws {
        var determination = determination()
        determination.causes = (1...6).map { "corrections-\($0)" }
        let framework = try Framework.of(schoolYear: 2019)
        let text = try Explanation(determination: determination, framework: framework).text(width: 400)
        for cause in determination.causes { #expect(text.contains("Changed by: submission \(cause)")) }
        #expect(!text.contains("earlier submissions"))
        let screen = try ExplanationSummary(determination: determination, framework: framework).text(width: 400)
        #expect(screen.contains("by submissions corrections-3, corrections-4, corrections-5, corrections-6 and 2 more"))
        determination.moreCauses = true
        #expect(
            try Explanation(determination: determination, framework: framework).text(width: 400)
                .contains("Changed by: earlier submissions too")
        )
        #expect(DeterminationRows.fields(determination).contains(determination.causes.joined(separator: ";") + ";…"))
    }

    @Test func namesTheLastDayOfTheEmbargo() throws {
        var determination = determination()
        determination.status = "preliminary"
        let framework = try Framework.of(schoolYear: 2019)
        func texts() throws -> [String] {
            [
                try Explanation(determination: determination, framework: framework).text(width: 400),
                try ExplanationSummary(determination: determination, framework: framework).text(width: 400),
            ]
        }
        for text in try texts() { #expect(text.contains("revision 2, preliminary") && !text.contains("embargo")) }
        determination.embargoUntil = "2019-09-24"
        for text in try texts() { #expect(text.contains("revision 2, preliminary, embargoed until 2019-09-24")) }
    }

    @Test func wrapsToItsWidth() throws {
        let text = try Explanation(determination: determination(), framework: try Framework.of(schoolYear: 2019))
            .text(width: 80)
        let lines = text.split(separator: "\n")
        #expect(lines.count > 40)
        // A line is only longer where a single word is.
        #expect(lines.allSatisfy { $0.count <= 80 || !$0.drop { $0 == " " }.contains(" ") })
    }

    @Test func isValidJSON() throws {
        let json = try Explanation(determination: determination(), framework: Framework.of(schoolYear: 2019)).json()
        let root = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
        #expect((root["title"] as? String)?.contains("Example \"East\"") == true)
        #expect((root["inputs"] as? [[String: Any]])?.count ?? 0 >= 4)
        #expect(json.contains("\"status\": \"assumed\""))
    }

    @Test func showsTheStepsOfAPercentileWhereTheyAreGiven() throws {
        var group = Accountability_V1_GroupPercentile()
        group.group = "all_students"
        group.percentile = 7
        group.comparisonGroup = "non_high"
        var determination = determination()
        determination.groupPercentiles = [group]
        var step = Accountability_V1_PercentileStage()
        step.schoolYear = 2019
        step.stage = "year_mean"
        step.value = "119/4"
        var percentile = Accountability_V1_Percentile()
        percentile.group = "all_students"
        percentile.comparisonGroup = "non_high"
        percentile.population = 1049
        percentile.stages = [step]
        let framework = try Framework.of(schoolYear: 2019)
        let text = try Explanation(determination: determination, framework: framework, percentiles: [percentile])
            .text(width: 200)
        #expect(text.contains("among 1049 non-high schools"))
        #expect(text.contains("119/4 = 29.75"))
    }

    /// What decided is read from the rows that the message names, not from its words.
    @Test func theRowGivesTheParametersAndNotItsWords() throws {
        var determination = determination()
        determination.spans[0].columns[0].indicators[2].rule = "In words that nobody knows"
        determination.reasons = ["designation", "low_participation"]
        determination.designation = "underperforming"
        determination.level = "broad_comprehensive"
        determination.decisionRow = .designation
        let text = try Explanation(determination: determination, framework: Framework.of(schoolYear: 2019))
            .text(width: 400)
        #expect(text.contains("points.no_change_band.scaled_score = 0.5"))
        #expect(text.contains("2 reasons apply; the designation, the most severe, gives the level"))
        #expect(text.contains("Reason: Designation: underperforming"))
        // A message of an earlier version names no row: everything that could have decided is shown.
        determination.spans[0].columns[0].indicators[2].row = .unspecified
        let older = try Explanation(determination: determination, framework: Framework.of(schoolYear: 2019))
            .text(width: 400)
        #expect(older.contains("In words that nobody knows"))
        #expect(older.contains("points.no_change_band.scaled_score = 0.5"))
    }

    @Test func saysWhatItDoesNotKnow() throws {
        var determination = determination()
        determination.lowParticipationGroups = ["left_handed"]
        let fault = #expect(throws: Failure.self) {
            try Explanation(determination: determination, framework: Framework.of(schoolYear: 2019))
        }
        #expect(fault?.message.contains("'left_handed' in low_participation_groups") == true)
        #expect(fault?.status == .configuration)
    }
}
