internal import Rules
internal import Testing

/// Where a corrected school stands in the published ranking: 603 CMR 2.03(2)(a).
@Suite struct PercentileRankingTests {
    /// Numbers from a seed.
    private struct Numbers {
        var state: UInt64

        mutating func next(below limit: Int64) -> Int64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int64(state >> 33) % limit
        }
    }

    private func code(_ number: Int) throws -> OrganizationCode {
        try #require(OrganizationCode(rawValue: UInt32(10_001 + number * 10_000)))
    }

    private func framework(slip: Bool = false) throws -> Framework {
        let text = """
            name: "changed"
            title: The framework of 2019 with a slip
            school_years: [2019]
            based_on: "2019"
            percentile:
              known_slip: {value: \(slip), status: assumed, source: Test}
            """
        let bases = Dictionary(uniqueKeysWithValues: Framework.documents.map { ($0.name, $0.text) })
        return try Framework.load(file: "changed.yaml", text: text, bases: bases)
    }

    /// Few different values, so that there are ties; some are missing.
    private func values(_ numbers: inout Numbers) throws -> PercentileYearValues {
        let groups: [ComparisonGroup?] = [.nonHigh, .nonHigh, .high, .high, .middleHigh, .middleHigh, nil]
        let types: [SchoolType?] = SchoolType.allCases + [nil]
        var year = PercentileYearValues(
            comparisonGroup: groups[Int(numbers.next(below: Int64(groups.count)))],
            nonHighShare: numbers.next(below: 8) == 0 ? nil : try Ratio(1, over: 2),
            schoolType: types[Int(numbers.next(below: Int64(types.count)))]
        )
        for span in GradeSpan.allCases {
            for indicator in Indicator.allCases where indicator.spans.contains(span) && numbers.next(below: 9) > 0 {
                year[span, indicator] = Ratio(numbers.next(below: 12))
            }
        }
        return year
    }

    private func population(_ numbers: inout Numbers) throws -> [PercentileEntry] {
        try (0..<40)
            .map { number in
                var years: [Int: PercentileYearValues] = [:]
                for before in [0, 1] where numbers.next(below: 8) > 0 { years[before] = try values(&numbers) }
                // Some have the year before of another code.
                let former = number % 7 == 0 ? [1: try code((number + 3) % 40)] : [:]
                return PercentileEntry(
                    organization: try code(number),
                    years: years,
                    reconfigured: number % 11 == 0 ? 0 : nil,
                    formers: former
                )
            }
    }

    /// 603 CMR 2.03(2)(a).
    ///
    /// 603 CMR 2.03(2)(c).
    @Test(arguments: UInt64(1)...20, [false, true])
    func anUnchangedSchoolHasItsPublishedPercentile(_ seed: UInt64, _ slips: Bool) throws {
        var numbers = Numbers(state: seed)
        let entries = try population(&numbers)
        let ranking = try PercentileRanking(entries, framework(slip: slips))
        #expect(ranking.results.contains { $0.percentile != nil })
        for (entry, published) in zip(entries, ranking.results) {
            #expect(try ranking.place(entry, formers: entries) == published)
            // So has another school with the same values.
            let twin = PercentileEntry(
                organization: try code(99),
                years: entry.years,
                reconfigured: entry.reconfigured,
                formers: entry.formers
            )
            #expect(try ranking.place(twin, formers: entries).final == published.final)
        }
    }

    /// 603 CMR 2.03(2)(a).
    @Test(arguments: UInt64(1)...20) func whoIsBetterInEverythingIsNotRankedLower(_ seed: UInt64) throws {
        var numbers = Numbers(state: seed)
        let entries = try population(&numbers)
        let ranking = try PercentileRanking(entries, framework())
        for (entry, published) in zip(entries, ranking.results) {
            let better = try entry.years.mapValues { year in
                var better = year
                for span in GradeSpan.allCases {
                    for indicator in Indicator.allCases {
                        guard let value = year[span, indicator] else { continue }
                        let change = Ratio(numbers.next(below: 4))
                        better[span, indicator] = try indicator.lowerIsBetter ? value - change : value + change
                    }
                }
                return better
            }
            let placed = try ranking.place(
                PercentileEntry(
                    organization: entry.organization,
                    years: better,
                    reconfigured: entry.reconfigured,
                    formers: entry.formers
                ),
                formers: entries
            )
            #expect((placed.percentile ?? 0) >= (published.percentile ?? 0))
        }
    }

    /// Nobody is in the published population of its comparison group.
    @Test func theOnlySchoolOfItsGroupIsInTheMiddle() throws {
        var year = PercentileYearValues(comparisonGroup: .nonHigh)
        year[.nonHigh, .elaAchievement] = Ratio(500)
        year[.nonHigh, .elaGrowth] = Ratio(50)
        year[.nonHigh, .chronicAbsenteeism] = Ratio(10)
        let entry = PercentileEntry(organization: try code(1), years: [0: year])
        let placed = try PercentileRanking([], framework()).place(entry)
        #expect(placed.percentile == 50 && placed.populationSize == 0)
        #expect(try PercentileRanking([entry], framework()).results[0].percentile == 50)
    }
}
