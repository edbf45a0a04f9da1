internal import Rules
internal import Testing

/// Whether the year before counts: 603 CMR 2.03(2)(a), (2)(b), (2)(c).
@Suite struct PriorYearTests {
    @Test(
        arguments: [
            (.high, .high, false, true), (.middleHigh, .high, false, false), (nil, nil, false, true),
            (.nonHigh, nil, false, false), (nil, .middleHigh, false, false), (.high, .high, true, false),
            (nil, nil, true, false),
        ] as [(ComparisonGroup?, ComparisonGroup?, Bool, Bool)]
    )
    func countsInTheSameComparisonGroup(
        _ group: ComparisonGroup?,
        _ before: ComparisonGroup?,
        _ isReconfigured: Bool,
        _ counts: Bool
    ) {
        let found = PriorYear.counts(
            group: group,
            before: before,
            isReconfigured: isReconfigured,
            .sameComparisonGroup
        )
        #expect(found == counts)
        // A framework may count every year; an act of the Department stands all the same.
        let every = PriorYear.counts(group: group, before: before, isReconfigured: isReconfigured, .every)
        #expect(every == !isReconfigured)
    }

    @Test func thePublishedFiguresDecideIt() throws {
        for year in [2018, 2019, 2023, 2024, 2025] {
            let parameter = try #require(try Framework.of(schoolYear: year).percentage).priorYear
            #expect(parameter.value == .sameComparisonGroup && parameter.status == .derived)
        }
    }

    /// 2022 was published at 20 and at 10 percent of the days enrolled; 2023 counts at 10.
    ///
    /// 603 CMR 2.03(2)(b).
    @Test func absenteeismIsComparedAtOneThreshold() {
        func prior(at threshold: Ratio?, _ others: [Ratio: Ratio], now: Ratio?) -> Ratio? {
            PriorYear.chronicAbsenteeism(counted: Ratio(15), at: threshold, others: others, now: now)
        }
        let others = [Ratio(10): Ratio(75)]
        #expect(prior(at: Ratio(20), others, now: Ratio(10)) == Ratio(75))
        #expect(prior(at: Ratio(20), others, now: Ratio(20)) == Ratio(15))
        #expect(prior(at: Ratio(10), [:], now: Ratio(10)) == Ratio(15))
        #expect(prior(at: Ratio(20), [:], now: Ratio(10)) == nil)
        #expect(prior(at: Ratio(20), others, now: nil) == nil)
    }
}
