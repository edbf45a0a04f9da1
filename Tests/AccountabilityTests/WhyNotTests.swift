import Messages
import Rules
import Testing
@testable import accountability
@testable import Reading

@Suite struct WhyNotTests {
    private let framework: Framework

    init() throws {
        framework = try Framework.of(schoolYear: 2019)
    }

    /// A school of 2019 without any reason for assistance.
    private func school() -> Accountability_V1_Determination {
        var determination = Accountability_V1_Determination()
        determination.schoolYear = 2019
        determination.orgCode = "00010005"
        determination.type = .school
        determination.classification = "not_requiring_assistance"
        determination.level = "moderate"
        determination.percentile = 34
        determination.annual = 40
        determination.annualExact = "40"
        determination.priorAnnualExact = "40"
        determination.cumulative = 40
        determination.band = "moderate"
        return determination
    }

    private func rate(_ participants: UInt32, of denominator: UInt32, met: Bool) -> Accountability_V1_GroupParticipation
    {
        var rate = Accountability_V1_GroupParticipation()
        rate.group = "swd"
        rate.subject = "combined"
        rate.participants = participants
        rate.denominator = denominator
        rate.students = denominator
        rate.met = met
        return rate
    }

    private func text(
        _ determination: Accountability_V1_Determination,
        _ name: String,
        _ participation: [Accountability_V1_Participation] = []
    ) throws -> String {
        var lines: [String] = []
        ExplanationText(width: 1000)
            .render(
                try WhyNot(determination, framework, participation: participation).derivation(name),
                depth: 0,
                into: &lines
            )
        return lines.joined(separator: "\n")
    }

    @Test func saysThatItIs() throws {
        #expect(try text(school(), "moderate").contains("Why not: Moderate progress toward targets: it is"))
        #expect(try text(school(), "not_requiring_assistance").contains(": it is"))
    }

    @Test func findsTheAnnualPercentageThatGivesABand() throws {
        // 60 % of 56.0 and 40 % of 40 are 49.6, which rounds to 50; 55.8 gives 49.48.
        let text = try text(school(), "substantial")
        #expect(
            text.contains(
                "40; at least 50 would be needed: an annual percentage of 55.9 or more instead of 40 would give it"
            )
        )
        #expect(text.contains("percentage.bands") && text.contains("603 CMR 2.03(2)(b)"))
        #expect(try CumulativePercentage(current: Ratio(decimal: "55.9"), prior: Ratio(40), framework).percent == 50)
        #expect(try CumulativePercentage(current: Ratio(decimal: "55.8"), prior: Ratio(40), framework).percent == 49)
    }

    @Test func findsTheAnnualPercentageOfALowerBand() throws {
        let text = try text(school(), "limited")
        #expect(
            text.contains(
                "40; at most 24 would be needed: an annual percentage of 14.1 or less instead of 40 would give it"
            )
        )
        #expect(try CumulativePercentage(current: Ratio(decimal: "14.1"), prior: Ratio(40), framework).percent == 24)
        #expect(try CumulativePercentage(current: Ratio(decimal: "14.2"), prior: Ratio(40), framework).percent == 25)
    }

    @Test func saysWhenNoAnnualPercentageCould() throws {
        var determination = school()
        determination.priorAnnualExact = "10"
        determination.cumulative = 28
        let text = try text(determination, "meeting")
        #expect(text.contains("no annual percentage of this year could give it after 10 in the year before"))
    }

    @Test func namesEveryReasonThatHasToGo() throws {
        var determination = school()
        determination.classification = "requiring_assistance"
        determination.level = "focused_targeted"
        determination.reasons = ["lowest_10_percent", "low_subgroup", "low_graduation", "low_participation"]
        determination.percentile = 7
        determination.lowSubgroups = ["swd"]
        var group = Accountability_V1_GroupPercentile()
        group.group = "swd"
        group.percentile = 4
        determination.groupPercentiles = [group]
        determination.graduationRate = "66"
        determination.graduationCohort = 100
        determination.graduates = 66
        determination.graduationDataYear = 2018
        determination.lowParticipationGroups = ["swd"]
        determination.participation = [rate(90, of: 100, met: false)]
        let text = try text(determination, "not_requiring_assistance")
        for part in [
            "4 things would have to differ, all of them", "Accountability percentile: 7; at least 11 would be needed",
            "Percentile of Students with Disabilities: 4; at least 6 would be needed",
            "66 of 100 = 66 percent; 67 would be needed, 1 more", "5 more participants would be needed",
            "603 CMR 2.03(3)(b)(1)(b)(i)]", "603 CMR 2.03(3)(b)(1)(b)(ii)]", "603 CMR 2.03(3)(b)(1)(b)(iii)]",
            "603 CMR 2.03(3)(b)(1)(b)(iv)]",
            "determination.lowest_performing_percentile = 10", "participation.standard = 95",
        ] {
            #expect(text.contains(part), "\(part) in\n\(text)")
        }
    }

    @Test func looksBackWhereThePublishedRowIsGiven() throws {
        var determination = school()
        determination.classification = "requiring_assistance"
        determination.level = "focused_targeted"
        determination.reasons = ["low_participation"]
        determination.lowParticipationGroups = ["swd"]
        determination.participation = [rate(90, of: 100, met: false)]
        var published = Accountability_V1_Participation()
        published.grade = "all"
        published.group = "swd"
        published.subject = "combined"
        published.priorParticipants = 98
        published.priorDenominator = 100
        // 92 and 98 of 200 are 95 percent.
        let looking = try text(determination, "not_requiring_assistance", [published])
        let rule = framework.participation.lookBack.value
        #expect(
            looking.contains(rule == .current ? "5 more participants" : "2 more participants"),
            "\(rule)\n\(looking)"
        )
    }

    @Test func findsWhatWouldBeAReason() throws {
        var determination = school()
        determination.graduationRate = "90"
        determination.graduationCohort = 100
        determination.graduates = 90
        determination.participation = [rate(98, of: 100, met: true)]
        let text = try text(determination, "focused_targeted")
        for part in [
            "any one of these would be enough", "Accountability percentile: 34; 10 or less would be a reason",
            "66 would be a reason, 24 fewer",
            "4 participants fewer would be a reason", "a directive of the Department with a stated reason",
        ] {
            #expect(text.contains(part), "\(part) in\n\(text)")
        }
    }

    @Test func districtsAreNotRecognised() throws {
        var determination = school()
        determination.type = .district
        #expect(try text(determination, "school_of_recognition").contains("schools alone are recognised"))
        #expect(try text(school(), "school_of_recognition").contains("it takes a directive of recognition"))
    }

    @Test(arguments: WhyNot.names) func answersEveryName(_ name: String) throws {
        var designated = school()
        designated.classification = "requiring_assistance"
        designated.level = "broad_comprehensive"
        designated.reasons = ["designation"]
        designated.designation = "underperforming"
        for determination in [school(), designated, Accountability_V1_Determination()] {
            #expect(try text(determination, name).hasPrefix("Why not: "))
        }
    }

    @Test func searchesTheFirstThatPasses() {
        #expect(Search.first(in: 0...100) { $0 >= 37 } == 37)
        #expect(Search.first(in: 0...100) { _ in true } == 0)
        #expect(Search.first(in: 0...100) { _ in false } == nil)
    }
}
