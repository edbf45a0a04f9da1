internal import PublishedFigures
internal import Rules
internal import Testing

/// The subgroup percentiles of 2019, from the values to the finals, against the Department's research file in long
/// form.
///
/// Exact in whole groups; the others lack schools: one non-high school in low income, and of the high sheet's other
/// four groups the middle/high schools that rank with them.
@Suite(.enabled(if: PublishedData.has("subgroup-2019-values.csv.gz"), "the published figures are not there"))
struct SubgroupPercentileTests {
    private typealias Place = LongResearchFile.Place

    /// Exact figures and all figures.
    private struct Count: Equatable, CustomStringConvertible {
        var exact = 0
        var all = 0
        var description: String { "\(exact)/\(all)" }

        init(_ exact: Int = 0, of all: Int = 0) {
            self.exact = exact
            self.all = all
        }

        mutating func add(_ isExact: Bool) {
            all += 1
            if isExact { exact += 1 }
        }
    }

    private struct Key: Hashable, CustomStringConvertible {
        let comparisonGroup: ComparisonGroup
        let group: StudentGroup
        var description: String { "\(comparisonGroup) \(group)" }

        init(_ comparisonGroup: ComparisonGroup, _ group: StudentGroup) {
            self.comparisonGroup = comparisonGroup
            self.group = group
        }
    }

    private struct Computed: Sendable {
        let values: LongResearchFile.Values
        let results: [StudentGroup: [PercentileResult]]
        let steps: [Place: LongResearchFile.Steps]
        let finals: [LongResearchFile.Final]

        init() throws {
            let framework = try Framework.of(schoolYear: 2019)
            finals = try LongResearchFile.finals()
            steps = try LongResearchFile.steps()
            values = try LongResearchFile.values(
                finals,
                minimumSize: framework.minimumSize.accountability.value
            )
            results = try values.entries.mapValues { try Percentiles.rank($0, framework) }
        }

        /// The steps of 2019 by place.
        func current() -> [Place: (ComparisonGroup, PercentileSpanYear)] {
            var current: [Place: (ComparisonGroup, PercentileSpanYear)] = [:]
            for (group, results) in results {
                for result in results {
                    guard let comparisonGroup = result.comparisonGroup else { continue }
                    for span in result.years.first(where: { $0.yearsBefore == 0 })?.spans ?? [] {
                        let place = Place(
                            schoolYear: 2019,
                            organization: result.organization,
                            group: group,
                            span: span.span
                        )
                        current[place] = (comparisonGroup, span)
                    }
                }
            }
            return current
        }
    }

    private static let computed = Result { try Computed() }

    private static let whole: [StudentGroup] = [.highNeeds, .lowIncome, .hispanic, .white]

    /// 603 CMR 2.03(2)(c).
    @Test func whatIsPrintedWithoutAPercentileIsNotRanked() throws {
        let computed = try Self.computed.get()
        let current = computed.current()
        var (unranked, missing, extra) = (0, 0, 0)
        for (place, indicators) in computed.values.printed where place.schoolYear == 2019 {
            for (indicator, printed) in indicators {
                let own = current[place]?.1.indicatorPercentiles[indicator]
                if printed == nil { unranked += 1 }
                if printed == nil, own != nil { extra += 1 }
                if printed != nil, own == nil { missing += 1 }
            }
        }
        #expect(unranked == 40 && missing == 0 && extra == 0, "\(unranked) \(missing) \(extra)")
    }

    /// 603 CMR 2.03(2)(c).
    @Test func indicatorPercentilesAreThePrintedOnes() throws {
        let computed = try Self.computed.get()
        var counts: [Key: Count] = [:]
        var absenteeism = Count()
        let current = computed.current()
        for (place, indicators) in computed.values.printed where place.schoolYear == 2019 {
            guard let (comparisonGroup, own) = current[place] else { continue }
            for (indicator, printed) in indicators {
                guard let printed else { continue }
                let isExact = own.indicatorPercentiles[indicator] == printed
                counts[Key(comparisonGroup, place.group), default: Count()].add(isExact)
                if place.span == .nonHigh, indicator == .chronicAbsenteeism { absenteeism.add(isExact) }
            }
        }
        print("indicator percentiles of 2019: \(counts.map { "\($0.key) \($0.value)" }.sorted())")
        let expected: [Key: Count] = [
            Key(.nonHigh, .highNeeds): Count(6684, of: 6684), Key(.nonHigh, .hispanic): Count(3267, of: 3267),
            Key(.nonHigh, .white): Count(6017, of: 6017), Key(.nonHigh, .lowIncome): Count(5037, of: 5252),
            Key(.middleHigh, .highNeeds): Count(975, of: 975), Key(.middleHigh, .hispanic): Count(320, of: 320),
            Key(.middleHigh, .white): Count(909, of: 909), Key(.middleHigh, .lowIncome): Count(703, of: 703),
            Key(.high, .highNeeds): Count(2387, of: 2387), Key(.high, .hispanic): Count(823, of: 823),
            Key(.high, .white): Count(2250, of: 2250), Key(.high, .lowIncome): Count(1935, of: 1935),
        ]
        for (key, count) in expected { #expect(counts[key] == count, "\(key)") }
        #expect(absenteeism == Count(3909, of: 3909))
    }

    /// 603 CMR 2.03(2)(c).
    @Test func categoryPercentilesAreThePrintedOnes() throws {
        let computed = try Self.computed.get()
        var counts: [Key: Count] = [:]
        for (place, (comparisonGroup, own)) in computed.current() {
            let printed = try #require(computed.steps[place]).categories
            for category in IndicatorCategory.allCases {
                // On the high sheet the additional category of 2019 is not of 2019: percentile.known_slip.
                if comparisonGroup == .high, category == .additional { continue }
                guard printed[category] != nil || own.categoryPercentiles[category] != nil else { continue }
                counts[Key(comparisonGroup, place.group), default: Count()]
                    .add(own.categoryPercentiles[category] == printed[category])
            }
        }
        print("category percentiles of 2019: \(counts.map { "\($0.key) \($0.value)" }.sorted())")
        let expected: [Key: Count] = [
            Key(.nonHigh, .highNeeds): Count(3501, of: 3501), Key(.nonHigh, .hispanic): Count(1752, of: 1752),
            Key(.nonHigh, .white): Count(3138, of: 3138), Key(.nonHigh, .lowIncome): Count(2586, of: 2781),
            Key(.middleHigh, .highNeeds): Count(434, of: 434), Key(.middleHigh, .hispanic): Count(147, of: 147),
            Key(.middleHigh, .white): Count(399, of: 399), Key(.middleHigh, .lowIncome): Count(315, of: 315),
            Key(.high, .highNeeds): Count(717, of: 717), Key(.high, .hispanic): Count(249, of: 249),
            Key(.high, .white): Count(675, of: 675), Key(.high, .lowIncome): Count(582, of: 582),
        ]
        for (key, count) in expected { #expect(counts[key] == count, "\(key)") }
    }

    /// The finals of a comparison group from the means of 2019 as they are computed and those of 2018 as they are
    /// printed.
    private func finals(
        _ comparisonGroup: ComparisonGroup,
        _ computed: Computed,
        mean: (Place, PercentileSpanYear) throws -> Ratio? = { $1.mean }
    ) throws -> [StudentGroup: Count] {
        let parameters = try #require(try Framework.of(schoolYear: 2019).percentile)
        let current = computed.current()
        var counts: [StudentGroup: Count] = [:]
        let all = computed.finals.filter { $0.comparisonGroup == comparisonGroup }
        for (group, rows) in Dictionary(grouping: all, by: \.group) {
            let means = try rows.map { row in
                let share = try row.nonHighEnrollment.flatMap { lower in
                    try PercentileYearValues.share(nonHigh: lower, high: row.highEnrollment ?? 0)
                }
                var means = PercentileMeans(comparisonGroup: comparisonGroup, nonHighShare: share)
                for span in comparisonGroup.spans {
                    func place(_ year: Int) -> Place {
                        Place(schoolYear: year, organization: row.organization, group: group, span: span)
                    }
                    if let (_, own) = current[place(2019)] {
                        means.spans[span, default: [:]][0] = try mean(place(2019), own)
                    }
                    if let prior = computed.steps[place(2018)]?.mean { means.spans[span, default: [:]][1] = prior }
                }
                return means
            }
            for (row, final) in zip(rows, try FinalPercentile.rank(means, parameters)) {
                counts[group, default: Count()].add(final.percentile == row.percentile)
            }
        }
        print("finals of 2019, \(comparisonGroup): \(counts.map { "\($0.key) \($0.value)" }.sorted())")
        return counts
    }

    /// 603 CMR 2.03(2)(c).
    @Test func finalsAreThePrintedOnes() throws {
        let computed = try Self.computed.get()
        #expect(
            try finals(.middleHigh, computed) == [
                .highNeeds: Count(62, of: 62), .lowIncome: Count(45, of: 45), .hispanic: Count(21, of: 21),
                .white: Count(57, of: 57),
            ]
        )
        #expect(
            try finals(.nonHigh, computed) == [
                .highNeeds: Count(1167, of: 1167), .lowIncome: Count(835, of: 927), .hispanic: Count(584, of: 584),
                .white: Count(1046, of: 1046),
            ]
        )
    }

    /// By the rule the finals of high schools are not the printed ones; with the file's own additional category they
    /// are, but for English learners, of whom the file lacks a school.
    @Test func finalsOfHighSchoolsAreThePrintedOnesWithTheKnownSlip() throws {
        let computed = try Self.computed.get()
        let byRule = try finals(.high, computed)
        #expect(byRule[.highNeeds] == Count(95, of: 239) && byRule[.lowIncome] == Count(57, of: 194))
        #expect(byRule[.hispanic] == Count(29, of: 83) && byRule[.white] == Count(99, of: 225))
        let weights = try #require(try Framework.of(schoolYear: 2019).weights)
        let slipped = try finals(.high, computed) { place, own in
            let printed = try #require(computed.steps[place]).categories
            var sum = Ratio.zero
            for (category, weight) in weights.weights(.high, own.weights).value {
                // Completion of four groups ranks with middle/high schools that the file does not have.
                let isPrinted = category == .additional || category == .highSchoolCompletion
                let percentile = try #require(isPrinted ? printed[category] : own.categoryPercentiles[category])
                sum = try sum + Ratio(percentile) * weight
            }
            return try sum / .hundred
        }
        #expect(slipped.values.map(\.exact).reduce(0, +) == 1041 && slipped.values.map(\.all).reduce(0, +) == 1049)
        #expect(slipped[.elFormerEL] == Count(43, of: 51))
    }

    /// From the values of both years: those of 2018 lack the schools that have none of 2019.
    @Test func finalsFromTheValuesOfBothYearsComeClose() throws {
        let computed = try Self.computed.get()
        var counts: [ComparisonGroup: Count] = [:]
        let finals = Dictionary(
            uniqueKeysWithValues: computed.finals.map { ("\($0.organization) \($0.group)", $0.percentile) }
        )
        for (group, results) in computed.results {
            for result in results {
                guard let comparisonGroup = result.comparisonGroup,
                    let printed = finals["\(result.organization) \(group)"]
                else { continue }
                counts[comparisonGroup, default: Count()].add(result.percentile == printed)
            }
        }
        print("finals of 2019 from the values of both years: \(counts)")
        #expect(counts[.nonHigh] == Count(3073, of: 3724) && counts[.middleHigh] == Count(153, of: 185))
        #expect(counts[.high] == Count(419, of: 1049))
    }
}
