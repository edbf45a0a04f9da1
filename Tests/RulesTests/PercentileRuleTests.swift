internal import PublishedFigures
internal import Rules
internal import Testing

/// Who is ranked among whom, and how the percentile of a middle/high school comes about: by hand, rules of the 2019
/// research file.
@Suite struct PercentileRuleTests {
    private typealias Values = [Indicator: String]

    private static let lower: Values = [
        .elaAchievement: "500.0", .elaGrowth: "50.0", .chronicAbsenteeism: "10.0",
    ]
    private static let upper: Values = [
        .elaAchievement: "80.0", .elaGrowth: "50.0", .fourYearGraduation: "90.0", .chronicAbsenteeism: "10.0",
    ]

    private func year(
        _ comparisonGroup: ComparisonGroup?,
        _ spans: [GradeSpan: Values],
        share: Ratio? = nil,
        type: SchoolType? = nil
    ) -> PercentileYearValues {
        var year = PercentileYearValues(comparisonGroup: comparisonGroup, nonHighShare: share, schoolType: type)
        for (span, values) in spans {
            for (indicator, value) in values { year[span, indicator] = decimal(value) }
        }
        return year
    }

    private func entry(_ number: Int, _ years: [Int: PercentileYearValues], reconfigured: Int? = nil) throws
        -> PercentileEntry
    {
        let code = try #require(OrganizationCode(rawValue: UInt32(10_001 + number * 10_000)))
        return PercentileEntry(organization: code, years: years, reconfigured: reconfigured)
    }

    private func rank(_ entries: [PercentileEntry], _ changes: String = "") throws -> [PercentileResult] {
        let text = """
            name: "changed"
            title: The framework of 2019 with a change
            school_years: [2019]
            based_on: "2019"
            \(changes.isEmpty ? "" : "percentile:\n  \(changes)")
            """
        let bases = Dictionary(uniqueKeysWithValues: Framework.documents.map { ($0.name, $0.text) })
        return try Percentiles.rank(entries, try Framework.load(file: "changed.yaml", text: text, bases: bases))
    }

    private func steps(_ result: PercentileResult, _ span: GradeSpan, before: Int = 0) -> PercentileSpanYear? {
        result.years.first { $0.yearsBefore == before }?.spans.first { $0.span == span }
    }

    /// What keeps a group from having a percentile is said by span and category.
    @Test func whatIsMissingForAPercentileIsNamed() throws {
        let framework = try Framework.of(schoolYear: 2019)
        func absences(_ group: ComparisonGroup?, _ spans: [GradeSpan: Values]) throws -> [String] {
            try entry(0, [0: year(group, spans)]).absences(framework).map(\.statement)
        }
        #expect(try absences(.nonHigh, [.nonHigh: Self.lower]).isEmpty)
        var lower = Self.lower
        lower[.chronicAbsenteeism] = nil
        #expect(
            try absences(.nonHigh, [.nonHigh: lower]) == [
                "the span non_high has no value that counts of additional (chronic_absenteeism)"
            ]
        )
        lower[.elaGrowth] = nil
        #expect(
            try absences(.nonHigh, [.nonHigh: lower]) == [
                "the span non_high has no value that counts of growth (ela_growth or math_growth) and of additional (chronic_absenteeism)"
            ]
        )
        // Each span of a middle/high school by itself.
        #expect(try absences(.middleHigh, [.high: Self.upper]).count == 1)
        #expect(try absences(.middleHigh, [.nonHigh: Self.lower, .high: Self.upper]).isEmpty)
        #expect(try absences(nil, [.nonHigh: lower]).isEmpty)
    }

    /// 603 CMR 2.03(2)(a).
    @Test func aGroupIsRankedWithAchievementAndGrowthAlone() throws {
        var withoutGrowth = Self.lower
        withoutGrowth[.elaGrowth] = nil
        var withoutAchievement = Self.lower
        withoutAchievement[.elaAchievement] = nil
        let results = try rank([
            entry(0, [0: year(.nonHigh, [.nonHigh: withoutGrowth])]),
            entry(1, [0: year(.nonHigh, [.nonHigh: withoutAchievement])]),
            entry(2, [0: year(.nonHigh, [.nonHigh: Self.lower])]),
        ])
        #expect(results[0].years.first?.spans.isEmpty == true && results[1].years.first?.spans.isEmpty == true)
        #expect(results.map(\.percentile) == [nil, nil, 50])
        #expect(steps(results[2], .nonHigh)?.indicatorPercentiles[.chronicAbsenteeism] == 50)
        #expect(results[2].populationSize == 1)
    }

    /// 603 CMR 2.03(2)(a): every row of the 2019 research file has all required categories.
    ///
    /// Whoever lacks one has the ranks of the others and no percentile.
    @Test func aPercentileNeedsEveryRequiredCategory() throws {
        var withoutAbsenteeism = Self.lower
        withoutAbsenteeism[.chronicAbsenteeism] = nil
        let results = try rank([
            entry(0, [0: year(.nonHigh, [.nonHigh: withoutAbsenteeism])]),
            entry(1, [0: year(.nonHigh, [.nonHigh: Self.lower])]),
        ])
        #expect(results.map(\.percentile) == [nil, 50] && results[1].populationSize == 1)
        #expect(steps(results[0], .nonHigh)?.categoryPercentiles[.achievement] == 50)
        #expect(results[0].yearMean == nil)
    }

    /// 603 CMR 2.03(2)(a): a school with EL progress weighs by 60, 20, 10 and 10, one without by 67.5, 22.5 and 10.
    @Test func theWeightsAreThoseOfASchoolsOwnProgress() throws {
        func school(_ score: String, progress: String?) -> [Int: PercentileYearValues] {
            var values = Self.lower
            values[.elaAchievement] = score
            values[.elProgress] = progress
            return [0: year(.nonHigh, [.nonHigh: values])]
        }
        let results = try rank([
            entry(0, school("500.0", progress: "50.0")), entry(1, school("510.0", progress: nil)),
        ])
        #expect(results.map { steps($0, .nonHigh)?.weights } == [.withELProgress, .withoutELProgress])
        // Achievement 34 and 67, growth and absenteeism 50 of two that tie, progress 50 alone.
        #expect(results.map(\.yearMean) == [decimal("40.4"), decimal("61.475")])
    }

    /// 603 CMR 2.03(2)(a).
    @Test func ratesOfTheUpperSpanRankAcrossComparisonGroups() throws {
        func values(_ score: String, _ graduation: String) -> Values {
            Self.upper.merging([.elaAchievement: score, .fourYearGraduation: graduation]) { $1 }
        }
        let share = try Ratio(1, over: 2)
        let results = try rank([
            entry(0, [0: year(.high, [.high: values("70.0", "80.0")])]),
            entry(1, [0: year(.high, [.high: values("80.0", "95.0")])]),
            entry(2, [0: year(.middleHigh, [.nonHigh: Self.lower, .high: values("60.0", "90.0")], share: share)]),
        ])
        let upper = results.map { steps($0, .high)?.indicatorPercentiles }
        // Graduation among all three: ranks 1, 3, 2 of 3. Achievement among the two high schools, and alone.
        #expect(upper.map { $0?[.fourYearGraduation] } == [25, 75, 50])
        #expect(upper.map { $0?[.elaAchievement] } == [34, 67, 50])
    }

    /// 603 CMR 2.03(2)(a).
    @Test func absenteeismOfTheLowerSpanRanksWithinTheSchoolType() throws {
        func values(_ rate: String) -> [GradeSpan: Values] {
            [.nonHigh: Self.lower.merging([.chronicAbsenteeism: rate]) { $1 }]
        }
        let both = values("8.0").merging([.high: Self.upper]) { $1 }
        let results = try rank([
            entry(0, [0: year(.nonHigh, values("10.0"), type: .elementary)]),
            entry(1, [0: year(.nonHigh, values("5.0"), type: .elementary)]),
            entry(2, [0: year(.nonHigh, values("20.0"), type: .middle)]),
            entry(3, [0: year(.middleHigh, both, share: .one, type: .middle)]),
            entry(4, [0: year(.nonHigh, values("7.0"))]),
        ])
        let lower = results.map { steps($0, .nonHigh) }
        // Elementary: 1 and 2 of 2; middle across comparison groups: 1 and 2 of 2; of no known type: 3 of the 4
        // non-high schools.
        #expect(lower.map { $0?.indicatorPercentiles[.chronicAbsenteeism] } == [34, 67, 34, 67, 60])
        // The additional category of the lower span is that percentile, and not ranked again.
        #expect(lower.map { $0?.categoryPercentiles[.additional] } == [34, 67, 34, 67, 60])
    }

    private func middleHigh(_ number: Int, lower: String?, upper: String?, share: Ratio?) throws -> PercentileEntry {
        var spans: [GradeSpan: Values] = [:]
        if let lower { spans[.nonHigh] = Self.lower.merging([.elaAchievement: lower]) { $1 } }
        if let upper { spans[.high] = Self.upper.merging([.elaAchievement: upper]) { $1 } }
        return try entry(number, [0: year(.middleHigh, spans, share: share)])
    }

    /// 603 CMR 2.03(2)(a).
    @Test func bothSpansOfAMiddleHighSchoolAreRankedAndCombined() throws {
        let third = try Ratio(1, over: 3)
        let results = try rank([
            middleHigh(0, lower: "490.0", upper: "80.0", share: third),
            middleHigh(1, lower: "500.0", upper: "70.0", share: third),
            middleHigh(2, lower: "510.0", upper: nil, share: third),
        ])
        // Lower span: 25, 50, 75; upper span: 67, 34, and 0 for the school that has none. 0.33 of the first and two
        // thirds of the second.
        #expect(results.map { $0.final.spans.map(\.percentile) } == [[25, 67], [50, 34], [75]])
        #expect(results.map(\.final.nonHighShare) == [decimal("0.33"), decimal("0.33"), decimal("0.33")])
        let means = try [
            Ratio(25) * decimal("0.33") + Ratio(67) * Ratio(2, over: 3),
            Ratio(50) * decimal("0.33") + Ratio(34) * Ratio(2, over: 3), Ratio(75) * decimal("0.33"),
        ]
        #expect(results.map(\.weightedMean) == means && results.allSatisfy { $0.yearMean == nil })
        #expect(results.map(\.percentile) == [75, 50, 25] && results.allSatisfy { $0.populationSize == 3 })

        let strict = try rank(
            [
                middleHigh(0, lower: "490.0", upper: "80.0", share: third),
                middleHigh(2, lower: "510.0", upper: nil, share: third),
            ],
            "missing_span: {value: no_percentile, status: assumed, source: \"A test\"}"
        )
        #expect(strict.map(\.percentile) == [50, nil])
    }

    /// 603 CMR 2.03(2)(a).
    @Test func aMiddleHighSchoolWithoutSharesHasNoPercentileAndSaysWhy() throws {
        let results = try rank([
            middleHigh(0, lower: "490.0", upper: "80.0", share: nil),
            middleHigh(1, lower: "500.0", upper: "70.0", share: .one),
            entry(2, [0: year(nil, [.nonHigh: Self.lower])]),
        ])
        #expect(results.map(\.final.missing) == [.shares, nil, .comparisonGroup])
        #expect(results.map(\.percentile) == [nil, 50, nil])
        // It takes part in the ranks of its spans all the same.
        #expect(results[1].final.spans.map(\.percentile) == [67, 34])
        #expect(try PercentileYearValues.share(nonHigh: 0, high: 0) == nil)
    }

    /// 603 CMR 2.03(2)(a).
    @Test func aYearOfAnotherComparisonGroupDoesNotCount() throws {
        func high(_ score: String) -> PercentileYearValues {
            year(.high, [.high: Self.upper.merging([.elaAchievement: score]) { $1 }])
        }
        let both = year(.middleHigh, [.nonHigh: Self.lower, .high: Self.upper], share: .one)
        let entries = try [
            entry(0, [0: high("80.0"), 1: high("60.0")]), entry(1, [0: high("70.0"), 1: both]),
            entry(2, [0: both, 1: high("90.0")]),
        ]
        let results = try rank(entries)
        #expect(results.map { $0.years.map(\.counts) } == [[true, true], [true, false], [true, false]])
        #expect(results[1].weightedMean == results[1].yearMean && results[0].weightedMean != results[0].yearMean)
        #expect(results[2].final.spans.map(\.weightedMean) == results[2].years[0].spans.compactMap(\.mean))
        let counting = try rank(
            entries,
            "changed_comparison_group: {value: counts, status: assumed, source: \"A test\"}"
        )
        #expect(counting[1].weightedMean != counting[1].yearMean && counting.allSatisfy { $0.years[1].counts })
    }

    /// 603 CMR 2.03(2)(a).
    @Test func theYearsBeforeAReconfigurationDoNotCount() throws {
        let one = year(.nonHigh, [.nonHigh: Self.lower])
        let other = year(.nonHigh, [.nonHigh: Self.lower.merging([.elaAchievement: "520.0"]) { $1 }])
        let results = try rank([
            entry(0, [0: one, 1: other], reconfigured: 0), entry(1, [0: one, 1: other], reconfigured: 1),
            entry(2, [0: other, 1: one]),
        ])
        #expect(results.map { $0.years.map(\.counts) } == [[true, false], [true, true], [true, true]])
        #expect(results[0].weightedMean == results[0].yearMean && results[1].weightedMean != results[1].yearMean)
        // Its values of the year before are ranked all the same.
        #expect(steps(results[0], .nonHigh, before: 1)?.indicatorPercentiles[.elaAchievement] == 62)
    }

    /// What the Department's file of 2019 did, and no framework does unless it says so.
    @Test func theKnownSlipRanksTheAdditionalCategoryOfHighSchoolsByTheYearBefore() throws {
        func high(_ rate: String) -> PercentileYearValues {
            year(.high, [.high: Self.upper.merging([.chronicAbsenteeism: rate]) { $1 }])
        }
        func both(_ rate: String) -> PercentileYearValues {
            year(
                .middleHigh,
                [.nonHigh: Self.lower, .high: Self.upper.merging([.chronicAbsenteeism: rate]) { $1 }],
                share: .one
            )
        }
        let entries = try [
            entry(0, [0: high("5.0"), 1: high("20.0")]), entry(1, [0: high("20.0"), 1: high("5.0")]),
            entry(2, [0: both("10.0"), 1: both("30.0")]), entry(3, [0: both("9.0"), 1: both("40.0")]),
        ]
        func additional(_ results: [PercentileResult], before: Int = 0) -> [Int?] {
            results.map { steps($0, .high, before: before)?.categoryPercentiles[.additional] }
        }
        let rule = try rank(entries)
        #expect(additional(rule) == [67, 34, 34, 67] && additional(rule, before: 1) == [34, 67, 67, 34])
        let slipped = try rank(entries, "known_slip: {value: true, status: derived, source: \"A test\"}")
        #expect(additional(slipped) == [34, 67, 34, 67] && additional(slipped, before: 1) == [34, 67, 67, 34])
        // No other category slipped.
        func achievement(_ now: String, _ before: String) -> [Int: PercentileYearValues] {
            func high(_ score: String) -> PercentileYearValues {
                year(.high, [.high: Self.upper.merging([.elaAchievement: score]) { $1 }])
            }
            return [0: high(now), 1: high(before)]
        }
        let others = try rank(
            [entry(0, achievement("90.0", "60.0")), entry(1, achievement("70.0", "80.0"))],
            "known_slip: {value: true, status: derived, source: \"A test\"}"
        )
        #expect(others.map { steps($0, .high)?.categoryPercentiles[.achievement] } == [67, 34])
        // The mean that is printed beside it is the current year's.
        #expect(
            slipped.map { steps($0, .high)?.categoryMeans[.additional] }
                == rule.map { steps($0, .high)?.categoryMeans[.additional] }
        )
    }
}

/// The declared grades where a file leaves the comparison group or the school type open.
@Suite struct GradesServedTests {
    private static let cases: [(String, ComparisonGroup?, SchoolType)] = [
        ("K,01,02,03,04,05", .nonHigh, .elementary), ("PK-6", .nonHigh, .elementary),
        ("K-8", .nonHigh, .elementaryMiddle), ("06, 07, 08", .nonHigh, .middle), ("4-7", .nonHigh, .elementaryMiddle),
        ("9-12", .high, .middle), ("6-12", .middleHigh, .middle), ("PK;K;1-12", .middleHigh, .elementaryMiddle),
        ("PK,K,01,02", nil, .elementary), ("09", nil, .middle), ("9,10", .high, .middle),
    ]

    @Test(arguments: cases)
    func decide(_ text: String, _ comparisonGroup: ComparisonGroup?, _ type: SchoolType) throws {
        let grades = try #require(GradesServed(text))
        #expect(grades.comparisonGroup == comparisonGroup)
        #expect(grades.schoolType == type)
    }

    @Test(arguments: ["", ",", "all", "1-", "5-3", "1-2-3", "K,13", "K,xx", "-", "\u{301}"])
    func whatIsNoListOfGradesDecidesNothing(_ text: String) {
        #expect(GradesServed(text) == nil)
    }

    @Test func publishedTypesAreRead() {
        #expect(["ES", "ES_3", "EES", "es"].allSatisfy { SchoolType(name: $0) == .elementary })
        #expect(SchoolType(name: "ESMS") == .elementaryMiddle && SchoolType(name: "MS") == .middle)
        #expect(["", "HS", "MSHS", "K-12", "ES "].allSatisfy { SchoolType(name: $0) == nil })
    }
}
