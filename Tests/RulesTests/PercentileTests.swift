internal import Neighbour
internal import PublishedFigures
internal import Rules
internal import Testing

@Suite struct PercentileTests {
    static func parameters() throws -> PercentileParameters {
        try #require(try Framework.of(schoolYear: 2019).percentile)
    }

    /// 603 CMR 2.03(2)(a).
    @Test func ranksRunFrom1To99() throws {
        let population = RankedPopulation(
            (1...200).map { Ratio(Int64($0)) },
            lowerIsBetter: false,
            try Self.parameters()
        )
        #expect(population.percentile(of: Ratio(Int64(1))) == 1)
        #expect(population.percentile(of: Ratio(Int64(200))) == 99)
        #expect(population.percentile(of: Ratio(Int64(100))) == 50)
        let alone = RankedPopulation([Ratio.one], lowerIsBetter: false, try Self.parameters())
        #expect(alone.percentile(of: .one) == 50)
    }

    @Test func tiesShareTheMeanRank() throws {
        // Ranks 2, 3 and 4 of 5 share 3: floor(99 * 3 / 6) + 1.
        let values = [1, 5, 5, 5, 9].map { Ratio(Int64($0)) }
        let population = RankedPopulation(values, lowerIsBetter: false, try Self.parameters())
        #expect(population.percentile(of: Ratio(Int64(5))) == 50)
        #expect(population.percentile(of: Ratio(Int64(9))) == 83)
        let reversed = RankedPopulation(values, lowerIsBetter: true, try Self.parameters())
        #expect(reversed.percentile(of: Ratio(Int64(9))) == 17)
        #expect(reversed.percentile(of: Ratio(Int64(1))) == 83)
    }

    @Test(arguments: [false, true])
    func thresholdsAreTheWorstValueThatReachesThePercentile(lower: Bool) throws {
        var random = SeededNumbers(seed: 41)
        for _ in 0..<50 {
            let values = (0..<Int.random(in: 1...300, using: &random))
                .map { _ in
                    Ratio(Int64.random(in: 0...100, using: &random))
                }
            let population = RankedPopulation(values, lowerIsBetter: lower, try Self.parameters())
            for percentile in [80, 90] {
                let reached = values.filter { population.percentile(of: $0) >= percentile }
                #expect(population.threshold(percentile: percentile) == (lower ? reached.max() : reached.min()))
            }
        }
    }

    /// A population like a state's, from a seed.
    static func population(_ count: Int, seed: UInt64) throws -> [PercentileEntry] {
        var random = SeededNumbers(seed: seed)
        return try (0..<count)
            .map { index in
                let group = ComparisonGroup.allCases[index % 10 < 7 ? 0 : index % 10 < 9 ? 1 : 2]
                var years: [Int: PercentileYearValues] = [:]
                for before in 0...1 where before == 0 || index % 17 != 0 {
                    var year = PercentileYearValues(comparisonGroup: group, nonHighShare: try Ratio(57, over: 91))
                    for span in group.spans {
                        for indicator in Indicator.allCases where indicator.spans.contains(span) {
                            if indicator == .elProgress, index % 3 != 0 { continue }
                            year[span, indicator] = try Ratio(.random(in: 0...1000, using: &random), over: 10)
                        }
                    }
                    years[before] = year
                }
                let code = try #require(OrganizationCode(rawValue: UInt32(index / 5 * 10_000 + index % 5 + 10_001)))
                return PercentileEntry(organization: code, years: years)
            }
    }

    @Test func orderOfTheEntriesDoesNotMatter() throws {
        let framework = try Framework.of(schoolYear: 2019)
        let entries = try Self.population(300, seed: 51)
        var random = SeededNumbers(seed: 52)
        let first = try Percentiles.rank(entries, framework)
        let second = try Percentiles.rank(entries.shuffled(using: &random), framework)
        #expect(
            first.sorted { $0.organization < $1.organization } == second.sorted { $0.organization < $1.organization }
        )
        #expect(first.allSatisfy { (1...99).contains($0.percentile ?? 0) })
    }

    /// Eight times the organizations take little more than eight times as long: the work grows as sorting does.
    @Test(.timeLimit(.minutes(30)))
    func aStateIsRankedQuickly() throws {
        let framework = try Framework.of(schoolYear: 2019)
        let (few, many) = try (Self.population(250, seed: 53), Self.population(2000, seed: 53))
        let ratio = try Neighbour.ratio {
            _ = try Percentiles.rank(many, framework)
        } to: {
            _ = try Percentiles.rank(few, framework)
        }
        print("percentiles of 2,000 organizations take \(ratio) times as long as those of 250")
        // Each compared with each would be 64 times.
        #expect(ratio < 24)
    }

    @Test func theLatestYearCountsAloneWithoutTheYearBefore() throws {
        let framework = try Framework.of(schoolYear: 2019)
        let entries = try Self.population(100, seed: 55)
        var alone = 0
        for result in try Percentiles.rank(entries, framework)
        where result.years.count == 1 && result.comparisonGroup != .middleHigh {
            alone += 1
            #expect(result.weightedMean != nil && result.weightedMean == result.yearMean)
        }
        #expect(alone == 6)
    }

    /// Of three years with the middle one missing the oldest counts by its weight, or the current one alone: the
    /// framework says which.
    @Test(arguments: [("renormalize", 2), ("current_alone", 1)])
    func aMissingMiddleYearCountsAsTheFrameworkSays(_ way: String, _ counting: Int) throws {
        let text = """
            name: "another"
            title: The framework of 2025 with another way to treat a missing year
            school_years: [2025]
            based_on: "2025"

            percentile:
              missing_year: {value: \(way), status: assumed, source: "A test of missing years"}
            """
        let bases = Dictionary(uniqueKeysWithValues: Framework.documents.map { ($0.name, $0.text) })
        let framework = try Framework.load(file: "another.yaml", text: text, bases: bases)
        let entries = try Self.population(60, seed: 56).filter { $0.years[0]?.comparisonGroup != .middleHigh }
            .enumerated()
            .map { index, entry in
                let current = try #require(entry.years[0])
                let old = PercentileEntry(organization: entry.organization, years: [0: current, 2: current])
                let recent = PercentileEntry(organization: entry.organization, years: [0: current, 1: current])
                return index % 3 == 0
                    ? old
                    : index % 3 == 1 ? recent : PercentileEntry(organization: entry.organization, years: [0: current])
            }
        let weights = try #require(framework.percentile).yearWeights.value
        var decided = 0
        for (index, result) in try Percentiles.rank(entries, framework).enumerated() {
            let current = try #require(result.yearMean)
            guard index % 3 < 2 else {
                #expect(result.weightedMean == current)
                continue
            }
            let before = try #require(result.years.first { $0.yearsBefore == (index % 3 == 0 ? 2 : 1) })
            let weight = try #require(weights[before.yearsBefore])
            let mean = try #require(before.mean)
            let both = try (current * Ratio(60) + mean * weight) / (Ratio(60) + weight)
            if index % 3 == 0, both != current { decided += 1 }
            #expect(result.weightedMean == (index % 3 == 0 && counting == 1 ? current : both))
        }
        #expect(decided > 10)
    }

    /// What nothing public decides says so, and what is decided does not.
    @Test(arguments: [2018, 2019, 2022, 2023, 2024, 2025])
    func whatIsAssumedOfPercentilesIsListed(_ year: Int) throws {
        let framework = try Framework.of(schoolYear: year)
        let assumed = Set(framework.parameters.filter { $0.status == .assumed }.map(\.path))
        let ofPercentiles = assumed.filter { $0.hasPrefix("percentile.") }
        var expected: Set = ["percentile.missing_year", "percentile.norm", "percentile.earlier_absenteeism"]
        if [2018, 2022, 2024].contains(year) { expected.insert("percentile.year_weights") }
        if year == 2018 { expected.insert("percentile.missing_span") }
        #expect(ofPercentiles == expected)
        let parameters = try #require(framework.percentile)
        #expect(!parameters.knownSlip.value && parameters.changedComparisonGroup.value == .missing)
        #expect(parameters.rankedWith.value == [.achievement, .growth])
        #expect(StudentGroup.allCases.filter(parameters.ranks).count == 9)
        #expect(!parameters.ranks(.multiRace) && !parameters.ranks(.lowestPerforming))
    }
}
