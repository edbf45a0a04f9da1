internal import PublishedFigures
internal import Foundation
internal import Rules
internal import Testing

@Suite struct TargetPercentageTests {
    /// 603 CMR 2.03(2)(b)
    /// 603 CMR 2.03(2)(b)(1).
    @Test func leominster2019() throws {
        // Weighted totals of the report: columns 57, 65 and 65, 51; spans 61 (67 %), 58; annual 60; prior 47;
        // cumulative 55.
        let framework = try Framework.of(schoolYear: 2019)
        let rounding = try #require(framework.percentage).columnRounding.value
        func column(_ earned: String, _ possible: String) throws -> Ratio {
            try rounding(decimal(earned) / decimal(possible) * .hundred)
        }
        let columns = [
            try column("5.5", "9.6"), try column("4.9", "7.6"), try column("6.5", "10.0"), try column("3.9", "7.6"),
        ]
        #expect(columns.map { $0.text(decimals: 0) } == ["57", "65", "65", "51"])
        let spans = [try (columns[0] + columns[1]) / Ratio(2), try (columns[2] + columns[3]) / Ratio(2)]
        #expect(spans.map { $0.text(decimals: 0) } == ["61", "58"])
        let annual = try Rounding(.halfUp, decimals: 1)(
            (spans[0] * Ratio(67) + spans[1] * Ratio(33)) / .hundred
        )
        #expect(annual.text(decimals: 0) == "60")
        let cumulative = try CumulativePercentage(current: annual, prior: decimal("47.0"), framework)
        #expect(cumulative.percent == 55)
        #expect(cumulative.level == .substantial)
    }

    @Test(
        arguments: [
            (75, ProgressLevel.meeting), (74, .substantial), (50, .substantial), (49, .moderate), (25, .moderate),
            (24, .limited), (0, .limited),
        ] as [(Int64, ProgressLevel)]
    )
    func bandsFrom2019(percent: Int64, level: ProgressLevel) throws {
        #expect(try CumulativePercentage.level(of: percent, try Framework.of(schoolYear: 2019)) == level)
    }

    /// All published cumulative percentages of 2019: 2018 counts as it was printed, a whole number, 2019 by its tenth.
    @Test(
        .enabled(if: PublishedData.has("determinations-2019-schools.csv"), "the published figures are not there"),
        arguments: ["determinations-2019-schools.csv", "determinations-2019-districts.csv"]
    )
    func publishedCumulativePercentages(file: String) throws {
        let framework = try Framework.of(schoolYear: 2019)
        let former = try Framework.of(schoolYear: 2018)
        var compared = 0
        for row in try PublishedData.rows(file) {
            func figure(_ name: String) throws -> Ratio? {
                let text = row["\(name) Criterion-Referenced Target Percentage (%)"] ?? ""
                return text.isEmpty ? nil : try? Ratio(decimal: text)
            }
            guard let prior = try figure("2018 Annual"), let current = try figure("2019 Annual"),
                let published = try figure("2019 Cumulative")
            else { continue }
            // What was printed of 2018 is what is carried over of it.
            #expect(try AnnualPercentage.carried(prior, former) == prior)
            let found = try CumulativePercentage(current: current, prior: prior, framework)
            #expect(Ratio(found.percent) == published, "\(row)")
            compared += 1
        }
        #expect(compared == (file.contains("schools") ? 678 : 178))
    }

    @Test func aYearIsCarriedOverAsItsFrameworkSays() throws {
        #expect(try AnnualPercentage.carried(decimal("43.4998"), try Framework.of(schoolYear: 2018)) == decimal("43"))
        #expect(try AnnualPercentage.carried(decimal("43.3"), try Framework.of(schoolYear: 2019)) == decimal("43.3"))
        #expect(try AnnualPercentage.carried(decimal("43.3"), try Framework.of(schoolYear: 2024)) == decimal("43.3"))
    }

    /// Of a whole percent that was printed: 2018 is known by it, later years to a tenth, none outside the scale.
    @Test(
        arguments: [
            (2018, "32", "32", "32"), (2018, "0", "0", "0"), (2018, "100", "100", "100"), (2019, "32", "31.5", "32.4"),
            (2023, "0", "0", "0.4"), (2024, "100", "99.5", "100"),
        ]
    )
    func whatAPrintedPercentageCarriesOver(year: Int, shown: String, least: String, most: String) throws {
        let range = (try decimal(shown) - decimal("0.5"))...(try decimal(shown) + decimal("0.4"))
        #expect(
            try AnnualPercentage.carried(range, try Framework.of(schoolYear: year)) == decimal(least)...decimal(most)
        )
    }

    /// The annual percentage of two spans lies between those of the spans alone, and is kept to a tenth like them.
    @Test(arguments: [71, 72] as [UInt64])
    func whateverTheWeightsTheBoundsHold(seed: UInt64) throws {
        var random = SeededNumbers(seed: seed)
        let framework = try Framework.of(schoolYear: 2019)
        #expect(try AnnualPercentage.bounds([], framework) == nil)
        for _ in 0..<100 {
            let spans = try GradeSpan.allCases.map { span in
                func column(_ group: StudentGroup) throws -> TargetColumn {
                    var points: [Indicator: Int] = [:]
                    for indicator in [
                        Indicator.elaAchievement, .mathAchievement, .elaGrowth, .mathGrowth, .chronicAbsenteeism,
                    ] {
                        points[indicator] = .random(in: 0...4, using: &random)
                    }
                    return try #require(try TargetColumn.of(points, span: span, group: group, framework))
                }
                return try SpanPercentage(
                    allStudents: column(.allStudents),
                    lowestPerforming: column(.lowestPerforming),
                    framework
                )
            }
            let bounds = try #require(try AnnualPercentage.bounds(spans, framework))
            var found: [Ratio] = []
            for weight in 0...100 {
                found.append(
                    try #require(try AnnualPercentage.of(spans, nonHighWeight: Ratio(Int64(weight)), framework)).percent
                )
            }
            #expect(found.min() == bounds.lowerBound && found.max() == bounds.upperBound)
        }
    }

    /// Only all students are known to need achievement points: a group without them has the percentage of its other
    /// categories, unless the framework says otherwise.
    @Test func aGroupWithoutAchievementHasAPercentageUnlessTheFrameworkSaysOtherwise() throws {
        let built = try Framework.of(schoolYear: 2019)
        let strict = try Framework.proposed(
            """
            name: strict
            title: Groups need achievement too
            school_years: [2019]
            based_on: "2019"
            percentage:
              groups_need_required_categories: {value: true, status: assumed, alternatives: [false], source: a test}
            """
        )
        func annual(_ points: [Indicator: Int], _ group: StudentGroup, _ framework: Framework) throws -> Ratio? {
            let column = try #require(try TargetColumn.of(points, span: .nonHigh, group: group, framework))
            let span = try SpanPercentage(allStudents: column, lowestPerforming: nil, framework)
            return try AnnualPercentage.of([span], group: group, nonHighWeight: nil, framework)?.percent
        }
        let absent: [Indicator: Int] = [.chronicAbsenteeism: 2]
        #expect(try annual(absent, .allStudents, built) == nil)
        #expect(try annual(absent, .swd, built) == Ratio(50))
        #expect(try annual(absent, .swd, strict) == nil)
        let tested: [Indicator: Int] = [.elaAchievement: 4, .mathAchievement: 4, .chronicAbsenteeism: 4]
        for framework in [built, strict] { #expect(try annual(tested, .swd, framework) == .hundred) }
    }

    @Test func yearsThatStandAlone() throws {
        for year in [2018, 2023] {
            let framework = try Framework.of(schoolYear: year)
            let result = try CumulativePercentage(current: decimal("80.0"), prior: decimal("20.0"), framework)
            #expect(result.percent == 80)
            #expect(result.prior == nil)
        }
        #expect(
            try CumulativePercentage(current: decimal("60.0"), prior: nil, try Framework.of(schoolYear: 2018)).level
                == .partiallyMeeting
        )
    }

    @Test func spanWeightsAreSharesOfEnrolment() throws {
        let framework = try Framework.of(schoolYear: 2019)
        #expect(
            try AnnualPercentage.nonHighWeight(nonHighEnrollment: 665, highEnrollment: 335, framework) == Ratio(67)
        )
        #expect(try AnnualPercentage.nonHighWeight(nonHighEnrollment: 0, highEnrollment: 0, framework) == nil)
        #expect(
            try AnnualPercentage.nonHighWeight(
                nonHighEnrollment: 500,
                highEnrollment: 500,
                try Framework.of(schoolYear: 2018)
            ) == Ratio(50)
        )
    }

    /// DESE, reports of 2018: the share of grades 1 to 8 rounded half up to ten percent.
    ///
    /// Medford has 64.79, Boston 65.39 and Lowell 74.26 percent there.
    @Test(arguments: [(6479, 60), (6539, 70), (7426, 70), (6500, 70), (6499, 60), (7500, 80)] as [(Int64, Int64)])
    func theWeightsOf2018AreInTens(_ share: Int64, _ weight: Int64) throws {
        let framework = try Framework.of(schoolYear: 2018)
        let found = try AnnualPercentage.nonHighWeight(
            nonHighEnrollment: share,
            highEnrollment: 10_000 - share,
            framework
        )
        #expect(found == Ratio(weight))
        #expect(framework.percentage?.spanWeightStep.status == .derived)
    }

    private func annual(_ points: [GradeSpan: [Indicator: Int]], group: StudentGroup = .allStudents) throws -> Ratio? {
        let framework = try Framework.of(schoolYear: 2019)
        let spans = try GradeSpan.allCases.compactMap { span in
            try points[span].flatMap { try TargetColumn.of($0, span: span, group: group, framework) }
                .map { try SpanPercentage(allStudents: $0, lowestPerforming: nil, framework) }
        }
        return try AnnualPercentage.of(spans, group: group, nonHighWeight: Ratio(60), framework)?.percent
    }

    /// Of all students points of achievement are needed, in one span or another; of a subgroup nothing is said.
    @Test func withoutAchievementInAnySpanThereIsNoPercentage() throws {
        #expect(try annual([.nonHigh: [.chronicAbsenteeism: 4]]) == nil)
        #expect(try annual([.nonHigh: [.elaGrowth: 4, .mathGrowth: 4]]) == nil)
        #expect(try annual([.high: [.fourYearGraduation: 0, .dropout: 0, .chronicAbsenteeism: 0]]) == nil)
        #expect(try annual([.nonHigh: [.chronicAbsenteeism: 4], .high: [.dropout: 1]]) == nil)
        #expect(try annual([.nonHigh: [.chronicAbsenteeism: 4], .high: [.scienceAchievement: 4]]) == .hundred)
        #expect(try annual([.nonHigh: [.chronicAbsenteeism: 4]], group: .swd) == .hundred)
    }

    @Test(.enabled(if: PublishedData.has("determinations-2019-schools.csv"), "the published figures are not there"))
    func schoolsWithoutTestedGradesHaveNoPercentageIn2019() throws {
        let tested = Set(["03", "04", "05", "06", "07", "08", "10"])
        let schools = try PublishedData.rows("determinations-2019-schools.csv")
            .filter { row in
                tested.isDisjoint(with: (row["Grades Served"] ?? "").split(separator: ",").map { String($0) })
            }
        let without = schools.count { $0["2019 Annual Criterion-Referenced Target Percentage (%)"] == nil }
        print("2019: \(without) of \(schools.count) schools without tested grades have no percentage")
        #expect(schools.count == 80 && without == 80)
        // They have absenteeism at most, which gives them none here either.
        for points in 0...4 { #expect(try annual([.nonHigh: [.chronicAbsenteeism: points]]) == nil) }
    }

    @Test func missingGrowthCountsWithAchievementAndIsNotFlagged() throws {
        // Grade 3 alone: achievement and chronic absenteeism, no growth.
        let column = try #require(
            try TargetColumn.of(
                [.elaAchievement: 4, .mathAchievement: 2, .chronicAbsenteeism: 0],
                span: .nonHigh,
                group: .allStudents,
                try Framework.of(schoolYear: 2019)
            )
        )
        #expect(column.missing == [] && column.growthCountsWithAchievement)
        #expect(try Ratio.sum(column.categories.map(\.weight)) == .hundred)
        // 90 : 10 of 6 of 8 and 0 of 4 points.
        #expect(column.weightedEarned == decimal("5.4"))
        #expect(column.weightedPossible == decimal("7.6"))
    }

    @Test func anotherMissingCategoryIsRenormalizedAndFlagged() throws {
        let column = try #require(
            try TargetColumn.of(
                [.elaAchievement: 4, .mathAchievement: 2, .elaGrowth: 2, .mathGrowth: 0],
                span: .nonHigh,
                group: .allStudents,
                try Framework.of(schoolYear: 2019)
            )
        )
        #expect(column.missing == [.additional] && !column.growthCountsWithAchievement)
        // 75 : 25 of 6 of 8 and 2 of 8 points.
        #expect(column.weightedEarned == decimal("5.0"))
        #expect(column.weightedPossible == decimal("8.0"))
    }

    /// Completion, EL progress and advanced coursework are none of the lowest performing group's, nor is science in the
    /// lower span.
    @Test(
        arguments: [
            (2018, GradeSpan.nonHigh, 5), (2019, .nonHigh, 5), (2019, .high, 6), (2023, .nonHigh, 5), (2023, .high, 0),
            (2024, .high, 6),
        ]
            as [(Int, GradeSpan, Int)]
    )
    func theLowestPerformingGroupHasItsOwnIndicators(year: Int, span: GradeSpan, count: Int) throws {
        let framework = try Framework.of(schoolYear: year)
        let named = Indicator.allCases.filter { TargetColumn.has($0, span: span, group: .lowestPerforming, framework) }
        #expect(named.count == count && named.contains(.scienceAchievement) == (count == 6))
        var points: [Indicator: Int] = [:]
        for indicator in named { points[indicator] = 1 }
        let column = try TargetColumn.of(points, span: span, group: .lowestPerforming, framework)
        for indicator in Indicator.allCases where points[indicator] == nil { points[indicator] = 4 }
        #expect(try TargetColumn.of(points, span: span, group: .lowestPerforming, framework) == column)
        #expect((column == nil) == (count == 0))
        // Every other group has all indicators of the span, and none of the other one.
        let all = Indicator.allCases.filter { TargetColumn.has($0, span: span, group: .swd, framework) }
        #expect(all == Indicator.allCases.filter { $0.spans.contains(span) })
    }

    @Test func pointsOutsideTheScaleAreRefused() throws {
        #expect(throws: RuleError.self) {
            try TargetColumn.of(
                [.elaAchievement: 5],
                span: .high,
                group: .allStudents,
                try Framework.of(schoolYear: 2019)
            )
        }
    }

    @Test(arguments: [31, 32, 33] as [UInt64])
    func thePercentageNeverMovesAgainstItsPoints(seed: UInt64) throws {
        var random = SeededNumbers(seed: seed)
        for year in [2018, 2019, 2023, 2025] {
            let framework = try Framework.of(schoolYear: year)
            for _ in 0..<200 {
                let span: GradeSpan = Bool.random(using: &random) ? .nonHigh : .high
                let group: StudentGroup = Bool.random(using: &random) ? .allStudents : .lowestPerforming
                var points: [Indicator: Int] = [:]
                for indicator in Indicator.allCases where indicator.spans.contains(span) {
                    if Bool.random(using: &random) { points[indicator] = .random(in: 0...4, using: &random) }
                }
                guard let before = try TargetColumn.of(points, span: span, group: group, framework),
                    let raised = points.filter({ $0.value < 4 }).keys.sorted().randomElement(using: &random)
                else { continue }
                points[raised, default: 0] += 1
                let after = try #require(try TargetColumn.of(points, span: span, group: group, framework))
                #expect(after.percent >= before.percent)
                #expect(after.displayed >= before.displayed)
                let low = try CumulativePercentage(current: before.percent, prior: decimal("40.0"), framework)
                let high = try CumulativePercentage(current: after.percent, prior: decimal("40.0"), framework)
                #expect(high.percent >= low.percent)
                #expect(high.level <= low.level || year == 2018)
            }
        }
    }
}
