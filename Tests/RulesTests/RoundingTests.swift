internal import PublishedFigures
internal import Rules
internal import Testing

/// Every rounding is the framework's: another rounding there, and the figure is another.
@Suite struct RoundingTests {
    /// The framework of 2019 with one rounding replaced.
    private func framework(_ path: String, _ rounding: String) throws -> Framework {
        let parts = path.split(separator: ".")
        let text = """
            name: "rounded"
            title: The framework of 2019 with another rounding
            school_years: [2019]
            based_on: "2019"

            \(parts[0]):
              \(parts[1]): {value: \(rounding), status: assumed, source: "A test"}
            """
        let bases = Dictionary(uniqueKeysWithValues: Framework.documents.map { ($0.name, $0.text) })
        return try Framework.load(file: "rounded.yaml", text: text, bases: bases)
    }

    /// A rounding of the framework, another for it, and a figure that depends on it.
    private struct Case: Sendable, CustomTestStringConvertible {
        let path: String
        let other: String
        let figure: @Sendable (Framework) throws -> String
        var testDescription: String { path }
    }

    private static let down = "{mode: down, decimals: 0}"
    private static let points: [Indicator: Int] = [
        .elaAchievement: 4, .mathAchievement: 3, .scienceAchievement: 3, .elaGrowth: 3, .mathGrowth: 3,
        .chronicAbsenteeism: 4,
    ]

    private static func column(_ framework: Framework) throws -> TargetColumn {
        try #require(try TargetColumn.of(points, span: .nonHigh, group: .allStudents, framework))
    }

    /// What is ranked of a middle/high school, alone in its population.
    private static let combined: @Sendable (Framework) throws -> String = { framework in
        var year = PercentileYearValues(comparisonGroup: .middleHigh, nonHighShare: try Ratio(63, over: 100))
        for span in GradeSpan.allCases {
            for indicator in Indicator.allCases where indicator.spans.contains(span) {
                year[span, indicator] = Ratio(50)
            }
        }
        let results = try Percentiles.rank([PercentileEntry(organization: .state, years: [0: year])], framework)
        return "\(results.first?.weightedMean ?? .zero)"
    }

    private static let cases: [Case] = [
        Case(path: "percentage.weighted_total_rounding", other: down) { try "\(column($0).weightedEarned)" },
        Case(path: "percentage.column_rounding", other: down) { try "\(column($0).percent)" },
        Case(path: "percentage.display_rounding", other: "{mode: half_up, decimals: 1}") {
            try "\(column($0).displayed)"
        },
        Case(path: "percentage.annual_rounding", other: down) { framework in
            let span = try SpanPercentage(allStudents: column(framework), lowestPerforming: nil, framework)
            return try "\(AnnualPercentage.of([span], nonHighWeight: nil, framework)?.percent ?? .zero)"
        },
        Case(path: "percentage.carried_rounding", other: down) {
            try "\(AnnualPercentage.carried(Ratio(decimal: "43.29"), $0))"
        },
        Case(path: "percentage.cumulative_rounding", other: down) {
            try "\(CumulativePercentage(current: Ratio(decimal: "50.9"), prior: Ratio(decimal: "51.0"), $0).percent)"
        },
        Case(path: "percentage.span_weight_rounding", other: "{mode: half_up, decimals: 1}") {
            try "\(AnnualPercentage.nonHighWeight(nonHighEnrollment: 2, highEnrollment: 1, $0) ?? .zero)"
        },
        Case(path: "percentile.share_rounding", other: "{mode: half_up, decimals: 1}", figure: combined),
        Case(path: "percentile.high_share_rounding", other: "{mode: half_up, decimals: 1}", figure: combined),
        Case(path: "indicators.value_rounding", other: down) {
            try "\(IndicatorValue(.elaAchievement, IndicatorTally(sum: 10_011, count: 20), $0).value ?? .zero)"
        },
        Case(path: "indicators.difficulty_rounding", other: down) { framework in
            let parameters = try #require(framework.indicators)
            return try "\(IndicatorTally(sum: 5, count: 2).difficultyQuartile(parameters) ?? 0)"
        },
        Case(path: "participation.display_rounding", other: down) {
            try
                "\(ParticipationRate(ParticipationTally(standard: 473, absent: 27), .subject(.math), $0).displayed ?? 0)"
        },
        Case(path: "lowest_performing.size_rounding", other: down) { framework in
            let parameters = try #require(framework.lowestPerforming)
            let candidates = (0..<7).map { LowestPerformingGroup.Candidate(id: $0, score: Int64(900 + $0)) }
            return try "\(LowestPerformingGroup.select(candidates, parameters).count)"
        },
    ]

    @Test(arguments: cases)
    private func aFigureFollowsTheRoundingOfItsFramework(_ one: Case) throws {
        let published = try one.figure(try Framework.of(schoolYear: 2019))
        let other = try one.figure(try framework(one.path, one.other))
        #expect(published != other, "\(one.path): \(published)")
    }

    /// A rounding that is added to the frameworks has to be tried here.
    @Test func everyRoundingIsTried() throws {
        let all = try Framework.of(schoolYear: 2019).parameters.map(\.path).filter { $0.hasSuffix("_rounding") }
        // The distance between organizations is tried with the tool of (5).
        #expect(Set(all).subtracting(Self.cases.map(\.path)) == ["comparison.share_rounding"])
    }
}
