import Foundation
import Rules
import Testing

@testable import accountability

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
}
