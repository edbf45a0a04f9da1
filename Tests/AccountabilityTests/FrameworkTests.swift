import Foundation
import Messages
import Operating
import Rules
import Stages
import Testing

@testable import accountability
@testable import Reading

@Suite struct FrameworkTests {
    @Test func listsEveryFrameworkWithItsYearsAndCounts() throws {
        let frameworks = try Framework.all()
        let summaries = frameworks.map { FrameworkSummary($0) }
        let years = Set(summaries.flatMap(\.schoolYears))
        #expect(years.isSuperset(of: [2018, 2019, 2022, 2023, 2024, 2025]))
        // There were no determinations in 2020 and 2021.
        #expect(years.isDisjoint(with: [2020, 2021]))
        for (summary, framework) in zip(summaries, frameworks) {
            #expect(summary.published + summary.derived + summary.assumed == framework.parameters.count)
        }
        let text = FrameworkSummary.listing(summaries).text(limit: 90)
        for summary in summaries { #expect(text.contains(summary.title.prefix(80))) }
        #expect(FrameworkSummary.years([2007, 2008, 2009]) == "2007-2009")
        #expect(FrameworkSummary.years([2018, 2022]) == "2018, 2022" && FrameworkSummary.years([2019]) == "2019")
    }

    @Test(arguments: [2018, 2019, 2022, 2023, 2024, 2025])
    func showsEveryParameterResolvedWithStatusAndSource(_ year: Int) throws {
        let framework = try FrameworkCommand.of(year)
        let parameters = FrameworkParameter.of(framework)
        #expect(parameters.map(\.path) == framework.parameters.map(\.path))
        #expect(
            parameters.allSatisfy { !$0.source.isEmpty && ["published", "derived", "assumed"].contains($0.status) }
        )
        let text = FrameworkParameter.text(parameters)
        for parameter in parameters {
            #expect(
                text.contains("\(parameter.path) = \(parameter.value)\n    \(parameter.status): \(parameter.source)\n")
            )
        }
    }

    /// A path takes what is below it, and nothing that only begins with the same letters.
    @Test func aPathTakesWhatIsBelowIt() throws {
        let framework = try FrameworkCommand.of(2019)
        let paths = FrameworkParameter.of(framework, under: "minimum_size").map(\.path)
        #expect(!paths.isEmpty && paths.allSatisfy { $0.hasPrefix("minimum_size.") })
        #expect(FrameworkParameter.of(framework, under: "minimum_size.accountability").map(\.value) == ["20"])
        #expect(FrameworkParameter.of(framework, under: "minimum").isEmpty)
        #expect(FrameworkParameter.of(framework, under: "").isEmpty)
    }

    @Test func whatIsAssumedIsListedAndNothingElse() throws {
        let framework = try FrameworkCommand.of(2019)
        let assumed = FrameworkParameter.assumed(framework)
        #expect(assumed.count == FrameworkSummary(framework).assumed && !assumed.isEmpty)
        #expect(assumed.allSatisfy { $0.status == "assumed" })
        #expect(assumed.contains { $0.path == "indicators.cohort_october_enrollment" && $0.value == "false" })
        // What published figures decide is assumed no longer.
        let decided = ["percentage.missing_category", "percentage.prior_year", "percentage.required_categories"]
        #expect(!assumed.contains { decided.contains($0.path) })
        let stated = [
            "points.high_cut_subjects", "points.difficulty_quartile_values", "determination.designation_day",
            "determination.graduation_rate_minimum", "lowest_performing.multi_school_counts",
            "indicators.other_october_enrollment", "records.tested_grades",
        ]
        #expect(Set(stated).isSubset(of: assumed.map(\.path)))
    }

    /// 2022-23 stands alone: its own weight of the current year, no lowest performing group in high schools, its own
    /// title and nothing lost.
    @Test func comparesTwoYears() throws {
        let (earlier, later) = (try FrameworkCommand.of(2019), try FrameworkCommand.of(2023))
        let changes = FrameworkChange.between(earlier, later)
        let weight = try #require(changes.first { $0.path == "percentage.current_year_weight" })
        #expect(weight.before?.value == "60" && weight.after?.value == "100")
        #expect(weight.text == "percentage.current_year_weight\n  - 60 (published)\n  + 100 (published)\n")
        #expect(changes.first { $0.path == "lowest_performing.exists.high" }?.after?.value == "false")
        #expect(changes.map(\.path) == changes.map(\.path).sorted())
        #expect(FrameworkChange.between(earlier, earlier).isEmpty)
        // The other way round the same paths differ, before and after exchanged.
        let back = FrameworkChange.between(later, earlier)
        #expect(back.map(\.path) == changes.map(\.path) && back.map(\.before) == changes.map(\.after))
        // What did not change is what both have alike.
        let changed = Set(changes.map(\.path))
        let kept = FrameworkParameter.of(earlier).filter { !changed.contains($0.path) }
        #expect(kept == FrameworkParameter.of(later).filter { !changed.contains($0.path) } && !kept.isEmpty)
    }

    /// A parameter of one year alone has one line; one whose source alone differs shows both sources.
    @Test func aDifferenceSaysInWhatItLies() throws {
        let gone = FrameworkChange.between(try FrameworkCommand.of(2019), try FrameworkCommand.of(2022))
            .filter { $0.after == nil }
        #expect(!gone.isEmpty)
        for change in gone { #expect(change.text.contains("  - ") && !change.text.contains("  + ")) }
        let cited = FrameworkChange.between(try FrameworkCommand.of(2019), try FrameworkCommand.of(2023))
        let weights = try #require(cited.first { $0.path == "percentile.year_weights" })
        let sources = [weights.before?.source ?? "", weights.after?.source ?? ""]
        #expect(weights.before?.value == weights.after?.value && sources[0] != sources[1])
        #expect(
            weights.text == """
                percentile.year_weights
                  - {0: 60, 1: 40} (published): \(sources[0])
                  + {0: 60, 1: 40} (published): \(sources[1])

                """
        )
    }

    @Test(arguments: [1, 2006, 2020, 2021, 2100, -2019])
    func aYearWithoutFrameworkIsAMistakeOfUse(_ year: Int) {
        #expect(throws: (any Error).self) { try FrameworkCommand.of(year) }
    }

    /// The JSON has the names that the text has.
    @Test func theJSONIsReadable() throws {
        let framework = try FrameworkCommand.of(2019)
        let data = try JSONEncoder().encode(FrameworkParameter.of(framework, under: "minimum_size"))
        let rows = try #require(try JSONSerialization.jsonObject(with: data) as? [[String: String]])
        #expect(rows.allSatisfy { Set($0.keys) == ["path", "value", "status", "source"] } && !rows.isEmpty)
    }

    private func written(_ text: String) throws -> String {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("framework-\(UUID().uuidString).yaml")
            .path
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    /// What a template says is what holds already, whatever it names.
    @Test(arguments: [2018, 2019, 2022, 2025], [true, false])
    func aTemplateChangesNothing(year: Int, isWhole: Bool) throws {
        let framework = try FrameworkCommand.of(year)
        let text = framework.template(name: "draft", schoolYears: [year]) { isWhole || $0.status == .assumed }
        let path = try written(text)
        defer { try? FileManager.default.removeItem(atPath: path) }
        let draft = try FrameworkFile.load(path)
        #expect(draft.paths(differingFrom: framework).isEmpty && draft.parameters == framework.parameters)
        for record in framework.parameters {
            #expect(draft.alternatives(to: record.path) == framework.alternatives(to: record.path))
        }
        let named = text.split(separator: "\n").count { $0.contains("{value: ") }
        #expect(named == (isWhole ? framework.parameters.count : FrameworkParameter.assumed(framework).count))
    }

    @Test func aDocumentIsCheckedWhole() throws {
        let good = try written(
            """
            name: draft
            title: Draft for 2019
            school_years: [2019, 2030]
            based_on: "2019"
            determination:
              lowest_performing_percentile: {value: 15, status: published, source: "Board vote of 2018-06-26"}
              low_subgroup_percentile: {value: 4, status: assumed, source: "A draft"}
            """
        )
        defer { try? FileManager.default.removeItem(atPath: good) }
        let answer = try FrameworkValidate.answer(try FrameworkFile.load(good))
        #expect(answer.digest.count == 64 && answer.withoutAlternatives == ["determination.low_subgroup_percentile"])
        #expect(answer.years.map(\.framework) == ["2019", nil])
        // No broker is asked, so nothing is said of what is in force.
        let text = FrameworkValidate.text(answer)
        #expect(
            text.contains(
                "2019: 2 values differ from 2019, which is built in: an installation computes 2019 under it unless"
            )
        )
        #expect(text.contains("2030: no framework is built in") && !text.contains("in force"))
        let differing = ["determination.low_subgroup_percentile", "determination.lowest_performing_percentile"]
        #expect(answer.years.map(\.differing) == [differing, []])
        let changes = FrameworkChange.between(try FrameworkCommand.named("2019"), try FrameworkCommand.named(good))
        #expect(changes.map(\.path) == differing)

        let bad = try written(
            "name: draft\ntitle: Draft\nschool_years: [2019]\nbased_on: \"2019\"\n\nparticipation:\n  standard: {value: high, status: assumed, source: x}\n"
        )
        defer { try? FileManager.default.removeItem(atPath: bad) }
        let failure = #expect(throws: Failure.self) { try FrameworkFile.load(bad) }
        #expect(failure?.status == .badInput)
        for word in [" line 7: ", "participation.standard: ", "'high' is not a percentage from 0 to 100"] {
            #expect(failure?.message.contains(word) == true, "\(failure?.message ?? "")")
        }
        var choice = try FrameworkChoice(good)
        #expect(try choice.framework(schoolYear: 2012).name == "draft")
        #expect(throws: (any Error).self) { try FrameworkChoice(bad) }
    }

    @Test func aDraftIsComparedForPublicComment() throws {
        func determination(_ org: String, _ level: String, percentile: UInt32) -> Accountability_V1_Determination {
            var message = Accountability_V1_Determination()
            message.schoolYear = 2019
            message.orgCode = org
            message.type = .school
            message.name = "School <\(org)>"
            message.classification = level == "focused_targeted" ? "requiring_assistance" : "not_requiring_assistance"
            message.level = level
            message.percentile = percentile
            return message
        }
        let draft = try Framework.load(
            file: "draft.yaml",
            text: """
                name: draft
                title: Draft for 2019
                school_years: [2019]
                based_on: "2019"
                determination:
                  lowest_performing_percentile: {value: 15, status: published, source: "Board vote of 2018-06-26"}
                """,
            bases: Dictionary(uniqueKeysWithValues: Framework.documents.map { ($0.name, $0.text) })
        )
        let before = [
            determination("00010505", "moderate", percentile: 12),
            determination("00010506", "moderate", percentile: 40),
        ]
        let after = [
            determination("00010505", "focused_targeted", percentile: 12),
            determination("00010506", "moderate", percentile: 40),
        ]
        let comparison = try FrameworkComparison(draft, .builtIn, before: before, after: after)
        let files = Dictionary(uniqueKeysWithValues: comparison.files.map { ($0.0, $0.1.rows) })
        #expect(
            files["parameters.csv"]?.map { $0[1...3].joined(separator: " ") } == [
                "determination.lowest_performing_percentile 10 15"
            ]
        )
        #expect(
            files["outcomes.csv"] == [
                ["2019", "school", "not_requiring_assistance", "moderate", "2", "1", "-1"],
                ["2019", "school", "requiring_assistance", "focused_targeted", "0", "1", "1"],
            ]
        )
        #expect(files["organizations.csv"]?.map { $0[1] } == ["00010505"])
        #expect(comparison.summary.contains("1 of 2 determinations would change, 1 of them in classification or level"))
        #expect(comparison.html.contains("School &lt;00010505&gt;") && comparison.html.contains(draft.digest))
        #expect(throws: Failure.self) { try FrameworkComparison(draft, .builtIn, before: [], after: []) }
    }
}
