import Rules
import Testing

/// Margins against trial: what fewer results cannot do, no results of theirs do.
@Suite struct MarginTests {
    /// Numbers from a seed.
    private struct Numbers: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state >> 11
        }
    }

    private func framework(_ year: Int = 2019) throws -> Framework { try Framework.of(schoolYear: year) }

    private func published(_ sum: Int, _ count: Int) throws -> Ratio {
        try Rounding(.halfUp, decimals: 1)(Ratio(Int64(sum), over: Int64(count)))
    }

    /// Whatever the results of some students become, the published mean lies within reach; and the ends are reached.
    @Test(arguments: [UInt64(1), 2, 3, 4]) func noResultsLeadBeyondTheReach(seed: UInt64) throws {
        var numbers = Numbers(state: seed)
        let reach = ResultReach(.elaAchievement, .nonHigh, try framework())
        for _ in 0..<400 {
            let count = Int.random(in: 20...60, using: &numbers)
            let results = (0..<count).map { _ in Int.random(in: 440...560, using: &numbers) }
            let value = try published(results.reduce(0, +), count)
            let students = Int.random(in: 1...count, using: &numbers)
            var others = results
            for place in 0..<students { others[place] = Int.random(in: 440...560, using: &numbers) }
            let other = try published(others.reduce(0, +), count)
            let most = try reach.value(from: value, of: Int64(count), changing: Int64(students), upwards: true)
            let least = try reach.value(from: value, of: Int64(count), changing: Int64(students), upwards: false)
            #expect(least <= other && other <= most, "\(least) \(other) \(most)")
            #expect(least <= value && value <= most)
        }
        // All students at the ends of the scale.
        #expect(try reach.value(from: Ratio(500), of: 30, changing: 30, upwards: true) == Ratio(560))
        #expect(try reach.value(from: Ratio(500), of: 30, changing: 99, upwards: false) == Ratio(440))
        // One of 30 moves the mean by 4.
        #expect(try reach.value(from: Ratio(500), of: 30, changing: 1, upwards: true) == Ratio(504))
        // One of 32 by 3.75, which rounds to 3.8 of some means that round to 500.0.
        #expect(try reach.value(from: Ratio(500), of: 32, changing: 1, upwards: true) == Ratio(5038, over: 10))
        #expect(try reach.value(from: Ratio(500), of: 32, changing: 1, upwards: false) == Ratio(4962, over: 10))
        let rate = ResultReach(.chronicAbsenteeism, .nonHigh, try framework())
        #expect(try rate.value(from: Ratio(1), of: 50, changing: 1, upwards: false) == .zero)
        #expect(try rate.value(from: Ratio(1), of: 0, changing: 1, upwards: false) == Ratio(1))
    }

    @Test func participationIsCountedInTests() throws {
        let framework = try framework()
        func tests(_ taken: Int64, _ due: Int64, prior: (Int64, Int64)? = nil) throws -> Int64? {
            try CountMargin.tests(
                participants: taken,
                of: due,
                students: due,
                prior: prior.map { (participants: $0.0, tests: $0.1) },
                .combined,
                framework
            )
        }
        // 165 of 177 tests are 93.2 percent; 169 would be 95.5, 168 94.9.
        #expect(try tests(165, 177) == 4)
        #expect(try tests(169, 177) == 1)
        #expect(try tests(177, 177) == 9)
        // The year before lifts the rate: 354 tests, of which 337 are enough.
        #expect(try tests(165, 177, prior: (177, 177)) == 6)
        // Below the minimum size nothing is judged.
        #expect(try tests(10, 19) == nil)
        for taken in stride(from: Int64(0), through: 40, by: 1) {
            func met(_ taken: Int64) throws -> Bool? {
                let tally = ParticipationTally(standard: taken, absent: 40 - taken, students: 40)
                return try ParticipationJudgement(current: tally, prior: nil, .combined, framework).met
            }
            let judged: Bool? = try met(taken)
            let now = judged == true
            #expect(judged != nil)
            let least = try (Int64(1)...40)
                .first { change in
                    let other = now ? taken - change : taken + change
                    return (0...40).contains(other) ? try met(other) != now : false
                }
            #expect(try tests(taken, 40) == least)
        }
    }

    @Test func graduationIsCountedInMembers() throws {
        let framework = try framework()
        // 66 of 99 are 66.7, 65 are 65.7: one fewer is low. Of 65 one more is enough.
        #expect(try CountMargin.graduates(cohort: 99, graduates: 66, framework) == 1)
        #expect(try CountMargin.graduates(cohort: 99, graduates: 65, framework) == 1)
        #expect(try CountMargin.graduates(cohort: 100, graduates: 90, framework) == 24)
        #expect(try CountMargin.graduates(cohort: 100, graduates: 50, framework) == 17)
        #expect(try CountMargin.graduates(cohort: 19, graduates: 1, framework) == nil)
    }

    /// One line decides: fewer students cannot bring its points, and so many can.
    @Test func aBandIsAsManyStudentsAwayAsItsLinesAre() throws {
        let framework = try framework()
        func line(_ indicator: Indicator, _ value: Ratio, _ points: Int, target: Ratio?, count: Int64 = 50)
            -> TargetMargin.Line
        {
            TargetMargin.Line(
                PointsInput(indicator, .nonHigh, current: value, prior: value, target: target, count: count),
                group: .allStudents,
                points: points,
                isCounted: true
            )
        }
        let lines = [
            line(.elaAchievement, Ratio(500), 3, target: Ratio(500)),
            line(.mathAchievement, Ratio(500), 3, target: Ratio(500)),
            line(.elaGrowth, Ratio(55), 3, target: nil), line(.mathGrowth, Ratio(55), 3, target: nil),
            line(.chronicAbsenteeism, Ratio(10), 3, target: Ratio(10)),
        ]
        let margin = TargetMargin(lines, nonHighWeight: nil, prior: nil, framework)
        // 3 of 4 points everywhere: 75 percent, at the lower edge of the highest band.
        #expect(try margin.cumulative() == 75)
        // One student of 50 is 2 percent of absenteeism, 2.4 points of score: beyond the tolerance of each.
        #expect(try margin.students(toReach: 75, upwards: false) == 1)
        #expect(try margin.students(toReach: 76, upwards: true) == 1)
        // All points but growth's: 22.5 percent of the weight at 3 of 4.
        #expect(try margin.students(toReach: 94, upwards: true) == 1)
        // Growth of 60 takes 5 points of the mean, 250 of the sum: three of 50 at 99 instead of 1.
        #expect(try margin.students(toReach: 100, upwards: true) == 3)
        #expect(try margin.students(toReach: 101, upwards: true) == nil)
        // With the year before at 0 no results of this year reach 75 of 60.
        let behind = TargetMargin(lines, nonHighWeight: nil, prior: .zero, framework)
        #expect(try behind.cumulative() == 45 && behind.students(toReach: 75, upwards: true) == nil)
        // Lines of which nobody knows the students stay.
        let supplied = TargetMargin(
            lines.map { TargetMargin.Line($0.input, group: $0.group, points: $0.points, isCounted: false) },
            nonHighWeight: nil,
            prior: nil,
            framework
        )
        #expect(try supplied.students(toReach: 76, upwards: true) == nil)
    }

    @Test func aPercentileIsRankedAnewWithEachTrial() throws {
        let framework = try framework()
        let members = (0..<40)
            .map { place in
                var values = PercentileYearValues(comparisonGroup: .nonHigh, schoolType: .elementary)
                for indicator in [Indicator.elaAchievement, .mathAchievement] {
                    values[.nonHigh, indicator] = Ratio(480 + place)
                }
                for indicator in [Indicator.elaGrowth, .mathGrowth] { values[.nonHigh, indicator] = Ratio(30 + place) }
                values[.nonHigh, .chronicAbsenteeism] = Ratio(60 - place)
                let counts = Dictionary(
                    uniqueKeysWithValues: [
                        Indicator.elaAchievement, .mathAchievement, .elaGrowth, .mathGrowth, .chronicAbsenteeism,
                    ]
                    .map { ($0, Int64(100)) }
                )
                return PercentileMargin.Member(
                    PercentileEntry(
                        organization: OrganizationCode(rawValue: UInt32(10_000 + place)) ?? .state,
                        years: [0: values]
                    ),
                    counts: [.nonHigh: counts]
                )
            }
        let margin = try PercentileMargin(members, framework)
        // floor(99 r / 41) + 1: rank 3 is percentile 8, rank 4 is 10, rank 5 is 13.
        #expect(margin.percentile(of: 2) == 8 && margin.percentile(of: 3) == 10 && margin.percentile(of: 4) == 13)
        // One student of 100 moves a score by 1.2, growth by 0.98, absenteeism by 1: past the next school.
        #expect(try margin.students(of: 3, toCross: 10) == 1)
        #expect(try margin.students(of: 4, toCross: 10) == 1)
        let far = try #require(try margin.students(of: 20, toCross: 10))
        let farther = try #require(try margin.students(of: 39, toCross: 10))
        #expect(1 < far && far < farther && farther < 100)
    }
}
