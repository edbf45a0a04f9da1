internal import PublishedFigures
internal import Testing

@testable import Rules

/// Which indicators a framework has: those whose populations it names.
@Suite struct FrameworkIndicatorTests {
    private static let populations =
        "ela_achievement: span, math_achievement: span, science_achievement: span, ela_growth: span, math_growth: span, "
        + "el_progress: span, four_year_graduation: span, extended_engagement: span, chronic_absenteeism: span"

    /// A framework on the base of 2019 with other indicators in the high span.
    private func framework(high populations: String, removed: [String] = [], _ more: String = "") throws -> Framework {
        let text = """
            name: "changed"
            title: The framework of 2019 with other indicators
            school_years: [2019]
            based_on: "2019"
            removed: [\(removed.joined(separator: ", "))]
            percentile:
              indicator_population:
                high: {value: {\(populations)}, status: assumed, source: "A made-up framework"}
              \(more)
            """
        let bases = Dictionary(uniqueKeysWithValues: Framework.documents.map { ($0.name, $0.text) })
        return try Framework.load(file: "changed.yaml", text: text, bases: bases)
    }

    /// Without the dropout rate and advanced coursework.
    private func without(_ more: String = "") throws -> Framework {
        let removed = ["dropout", "advanced_coursework"]
            .flatMap { ["points.met_tolerance.\($0)", "points.no_change_band.\($0)"] }
        return try framework(
            high: Self.populations,
            removed: removed + ["points.statewide.advanced_coursework"],
            more
        )
    }

    @Test func aFrameworkHasTheIndicatorsThatItNames() throws {
        let framework = try without()
        let all = try Framework.of(schoolYear: 2019)
        for indicator in Indicator.allCases {
            let isLeftOut = indicator == .dropout || indicator == .advancedCoursework
            #expect(framework.has(indicator, .high) == !isLeftOut, "\(indicator)")
            #expect(
                TargetColumn.has(indicator, span: .high, group: .allStudents, framework) == !isLeftOut,
                "\(indicator)"
            )
            #expect(framework.has(indicator, .nonHigh) == indicator.spans.contains(.nonHigh))
            #expect(all.has(indicator, .high))
        }
        // Of 2007 only participation is known.
        #expect(try Framework.of(schoolYear: 2007).has(.dropout, .high))
    }

    @Test func othersAreNotRanked() throws {
        func results(_ framework: Framework, dropout: [String]) throws -> [PercentileSpanYear?] {
            let entries = try ["90.0", "80.0", "70.0"].enumerated()
                .map { index, graduation in
                    var year = PercentileYearValues(comparisonGroup: .high)
                    for indicator in [Indicator.elaAchievement, .elaGrowth, .chronicAbsenteeism] {
                        year[.high, indicator] = decimal("\(50 + index)")
                    }
                    year[.high, .fourYearGraduation] = decimal(graduation)
                    if !dropout.isEmpty { year[.high, .dropout] = decimal(dropout[index]) }
                    let code = try #require(OrganizationCode(rawValue: UInt32(10_001 + index * 10_000)))
                    return PercentileEntry(organization: code, years: [0: year])
                }
            return try Percentiles.rank(entries, framework).map { $0.years.first?.spans.first }
        }
        // The dropout rates turn the order of the category around where they count.
        let framework = try without()
        let dropout = ["9.0", "5.0", "0.5"]
        let counted = try results(try Framework.of(schoolYear: 2019), dropout: dropout)
        let left = try results(framework, dropout: dropout)
        #expect(counted.allSatisfy { $0?.indicatorPercentiles[.dropout] != nil })
        #expect(left.count == 3 && left.allSatisfy { $0 != nil && $0?.indicatorPercentiles[.dropout] == nil })
        #expect(left == (try results(framework, dropout: [])))
        #expect(left.map { $0?.categoryMeans } != counted.map { $0?.categoryMeans })
    }

    @Test func aRateThatIsNamedNeedsItsTolerances() {
        let error = #expect(throws: FrameworkError.self) {
            try framework(
                high: Self.populations + ", dropout: span, advanced_coursework: span",
                removed: ["points.met_tolerance.dropout"]
            )
        }
        #expect(error?.code == .missingParameter && error?.parameter == "points.met_tolerance.dropout")
    }

    @Test func aToleranceNeedsItsRate() {
        let error = #expect(throws: FrameworkError.self) {
            try framework(high: Self.populations + ", advanced_coursework: span")
        }
        #expect(error?.code == .unknownParameter && error?.parameter == "points.met_tolerance.dropout")
    }

    @Test(arguments: [
        "ela_achievement: span, four_year_graduation: span",
        populations + ", advanced_coursework: span, dropout: span, college: span",
    ])
    func achievementIsNeverLeftOutAndNothingIsMadeUp(populations: String) {
        let error = #expect(throws: FrameworkError.self) { try framework(high: populations) }
        #expect(error?.code == .invalidValue && error?.parameter == "percentile.indicator_population.high")
    }

    /// A category that is not ranked again has one indicator of the framework, whatever others there are.
    @Test func anUnrankedCategoryCountsTheIndicatorsOfTheFramework() throws {
        let unranked = """
            unranked_categories:
                high: {value: [additional], status: assumed, source: "A made-up framework"}
            """
        #expect(try without(unranked).percentile?.unrankedCategories[.high]?.value == [.additional])
        let error = #expect(throws: FrameworkError.self) {
            try framework(high: Self.populations + ", dropout: span, advanced_coursework: span", unranked)
        }
        #expect(error?.parameter == "percentile.unranked_categories.high")
    }
}
