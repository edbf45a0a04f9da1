import Messages
import Rules
import StreamingTesting
import Testing
@testable import Stages
@testable import Streaming

/// What a determination shows, counts and follows, each by the smallest case that decides it: what Deploy/mutants.txt
/// gets wrong.
@Suite struct DeterminationEdgeTests {
    private let school = "00010005"
    private let district = "00010000"

    private func found(_ year: Int, _ code: String, _ bench: JudgingBench) throws -> Accountability_V1_Determination {
        try bench.driver.run()
        return try #require(try bench.determinations()["\(year)/\(code)"])
    }

    /// What an earlier version published names no rows: naming them is no revision, and a figure beside them is.
    @Test func namingTheRowsIsNoRevision() throws {
        var points = Accountability_V1_IndicatorPoints()
        points.rule = "Declined"
        points.row = .declined
        var column = Accountability_V1_Column()
        column.indicators = [points]
        var span = Accountability_V1_Span()
        span.columns = [column]
        var now = Accountability_V1_Determination()
        now.decisionRow = .progress
        now.spans = [span]
        #expect(try PublishedDetermination(now.withoutRows).statesTheSame(as: now))
        #expect(DeterminationChanges.list(from: now.withoutRows, to: now).allSatisfy { $0.hasPrefix("details") })
        var moved = now
        moved.percentile = 7
        #expect(try !PublishedDetermination(now.withoutRows).statesTheSame(as: moved))
        #expect(DeterminationChanges.list(from: now.withoutRows, to: moved) == ["percentile: none → 7"])
        moved = now
        moved.decisionRow = .insufficientData
        #expect(try !PublishedDetermination(now).statesTheSame(as: moved))
    }

    /// After an upgrade the topic holds the rows too, under the stamp that the determination had.
    ///
    /// `audit` recomputes them.
    @Test func theRowsAreAddedToWhatAnEarlierVersionPublished() throws {
        let bench = try JudgingBench.determining(partitions: 1)
        try bench.organization(2019, school)
        try bench.value(2019, school, "non_high", "all_students", "ela_achievement", "500.1")
        try bench.target(2019, school, "non_high", "all_students", "ela_achievement", "490.0")
        try bench.closeMeasures(2019)
        var whole = try found(2019, school, bench)
        #expect(whole.decisionRow != .unspecified && whole != whole.withoutRows)
        (whole.revision, whole.issuedUnixMilliseconds) = (3, 1_500_000_000_000)
        (whole.cause, whole.causes, whole.changes) = ("s2", ["s1", "s2"], ["percentile: 6 → 7"])
        let key = "2019/\(school)"
        try bench.put(Topics.determinations, key, whole.withoutRows, partition: 0)
        bench.driver.restartAll()
        #expect(try found(2019, school, bench) == whole)
        let records = bench.history(Topics.determinations, key).count
        bench.driver.restartAll()
        #expect(try found(2019, school, bench) == whole)
        #expect(bench.history(Topics.determinations, key).count == records)
    }

    /// 2022 reported values without points: groups below 10 are not published, those of 10 to 19 without the value.
    @Test func valuesOfSmallGroupsAreNotShown() throws {
        let bench = try JudgingBench.determining(partitions: 1)
        try bench.organization(2022, school)
        for (group, count) in [("swd", UInt32(12)), ("asian", 9), ("white", 20)] {
            try bench.value(2022, school, "non_high", group, "ela_achievement", "490.1", count: count)
        }
        try bench.closeMeasures(2022)
        let shown = try found(2022, school, bench).groupPercentages
            .map { group in
                let indicator = group.spans.first?.columns.first?.indicators.first
                return "\(group.group) \(indicator?.count ?? 0) \(indicator?.value ?? "")"
            }
        #expect(Set(shown) == ["swd 12 ", "white 20 490.1"])
    }

    /// A group with low participation in two subjects is one group.
    @Test func aGroupWithTwoLowSubjectsIsNamedOnce() throws {
        let bench = try JudgingBench.determining(partitions: 1)
        try bench.organization(2018, school)
        for subject in ["ELA", "Math"] {
            var rate = Accountability_V1_Participation()
            (rate.schoolYear, rate.orgCode, rate.grade) = (2018, school, "all")
            rate.group = "low_income"
            rate.subject = subject
            (rate.participants, rate.denominator, rate.students) = (50, 60, 60)
            rate.requirementMet = false
            rate.judged = true
            try bench.put(Topics.participation, "2018/\(school)/all/low_income/\(subject)", rate, partition: 0)
        }
        try bench.closeMeasures(2018)
        let low = try found(2018, school, bench).lowParticipationGroups
        #expect(low == ["low_income"])
    }

    private func fill(_ year: Int, _ bench: JudgingBench, _ achievement: Int = 3) throws {
        try bench.points(
            year,
            school,
            "non_high",
            "all_students",
            [
                "ela_achievement": achievement, "math_achievement": 3, "ela_growth": 3, "math_growth": 3,
                "chronic_absenteeism": 3,
            ]
        )
    }

    /// Revisions are counted on in one life of the task, not only from what a restart reads back.
    @Test func revisionsAreCountedOn() throws {
        let bench = try JudgingBench.determining(partitions: 1)
        try bench.organization(2019, school)
        try fill(2019, bench)
        try bench.closeMeasures(2019)
        #expect(try found(2019, school, bench).revision == 1)
        for (revision, value) in [(UInt32(2), "45.0"), (3, "46.0"), (4, "47.0")] {
            try bench.value(2019, school, "non_high", "all_students", "ela_achievement", value)
            #expect(try found(2019, school, bench).revision == revision)
        }
    }

    /// An organization that went and comes back after a restart begins anew: what was withdrawn is no revision before.
    @Test func whatWasWithdrawnIsNotGoneOnFrom() throws {
        let bench = try JudgingBench.determining(partitions: 1)
        try bench.organization(2019, school)
        try fill(2019, bench)
        try bench.closeMeasures(2019)
        try bench.driver.run()
        try bench.value(2019, school, "non_high", "all_students", "ela_achievement", "45.0")
        #expect(try found(2019, school, bench).revision == 2)
        let key = "2019/\(school)/organization"
        try bench.put(Topics.indicators, key, nil, partition: bench.district(school))
        try bench.driver.run()
        #expect(try bench.determinations()["2019/\(school)"] == nil)
        bench.driver.restartAll()
        try bench.organization(2019, school)
        #expect(try found(2019, school, bench).revision == 1)
        try bench.value(2019, school, "non_high", "all_students", "ela_achievement", "46.0")
        #expect(try found(2019, school, bench).revision == 2)
    }

    /// The baseline of a target stands in only where the year before was not submitted.
    @Test func theBaselineIsNoPriorValueWhereThereIsOne() throws {
        let bench = try JudgingBench.determining(partitions: 1)
        try bench.organization(2019, school)
        for group in ["all_students", "white"] {
            try bench.value(2019, school, "non_high", group, "ela_achievement", "495.0")
            try bench.target(2019, school, "non_high", group, "ela_achievement", "500.0", baseline: "498.0")
        }
        try bench.value(2018, school, "non_high", "all_students", "ela_achievement", "490.0")
        // Of too few students to be compared with.
        try bench.value(2018, school, "non_high", "white", "ela_achievement", "480.0", count: 19)
        try bench.closeMeasures(2019)
        let determination = try found(2019, school, bench)
        let all = try #require(determination.spans.first?.columns.first?.indicators.first)
        #expect(all.prior == "490" && !all.priorIsBaseline && all.points == 2)
        let white = try #require(determination.groupPercentages.first?.spans.first?.columns.first?.indicators.first)
        #expect(white.prior == "498" && white.priorIsBaseline && white.points == 0)
    }

    /// In 2022 a student was chronically absent from 20 percent of the days on, and in 2023 from 10.
    ///
    /// Rates of student records are not compared. A supplied rate is: both were published.
    @Test(arguments: [true, false]) func aRateUnderAnotherThresholdIsNoPriorValue(_ isSupplied: Bool) throws {
        let bench = try JudgingBench.determining(partitions: 1)
        for year in [2022, 2023, 2024] { try bench.organization(year, school) }
        let indicator = "chronic_absenteeism"
        for (year, value) in [(2022, 5), (2023, 20), (2024, 19)] {
            try bench.value(
                year,
                school,
                "non_high",
                "all_students",
                indicator,
                "\(value).0",
                counted: isSupplied ? nil : Int64(value)
            )
            try bench.target(year, school, "non_high", "all_students", indicator, "15.0", baseline: "30.0")
        }
        for year in [2022, 2023, 2024] { try bench.closeMeasures(year) }
        let first = try #require(try found(2023, school, bench).spans.first?.columns.first?.indicators.first)
        #expect(first.prior == (isSupplied ? "5" : "30") && first.priorIsBaseline != isSupplied)
        #expect(first.points == (isSupplied ? 0 : 2))
        let second = try #require(try found(2024, school, bench).spans.first?.columns.first?.indicators.first)
        #expect(second.prior == "20" && !second.priorIsBaseline && second.points == 2)
    }

    /// A value of 2023 is the prior value of 2024, whose annual percentage 2025 weighs.
    @Test func aCorrectionReachesTheYearAfterNext() throws {
        let bench = try JudgingBench.determining(partitions: 1)
        for year in [2023, 2024, 2025] { try bench.organization(year, school) }
        try fill(2025, bench)
        try fill(2024, bench, 2)
        for year in [2023, 2024, 2025] { try bench.closeMeasures(year) }
        let before = try found(2025, school, bench)
        #expect(before.revision == 1 && !before.priorAnnualExact.isEmpty)
        // What improved now declined.
        try bench.value(2023, school, "non_high", "all_students", "ela_achievement", "60.0", cause: "late")
        let after = try found(2025, school, bench)
        #expect(after.revision == 2 && after.cause == "late" && after.priorAnnualExact != before.priorAnnualExact)
    }

    /// Science of the lowest performing in high counts for single-school districts alone.
    @Test func aSecondSchoolChangesItsDistrict() throws {
        let bench = try JudgingBench.determining(partitions: 1)
        try bench.organization(2019, district, nonHigh: 0, high: 400)
        try bench.organization(2019, "00010505", nonHigh: 0, high: 400, comparison: "high")
        for group in ["all_students", "lowest_performing"] {
            try bench.points(
                2019,
                district,
                "high",
                group,
                ["ela_achievement": 3, "math_achievement": 3, "science_achievement": 3, "ela_growth": 3]
            )
        }
        try bench.closeMeasures(2019)
        func science(_ determination: Accountability_V1_Determination) -> Bool {
            determination.spans.flatMap(\.columns).first { $0.group == "lowest_performing" }?.indicators
                .contains { $0.indicator == "science_achievement" } ?? false
        }
        #expect(science(try found(2019, district, bench)))
        try bench.organization(2019, "00010510", nonHigh: 0, high: 400, comparison: "high", cause: "second")
        let after = try found(2019, district, bench)
        #expect(!science(after) && after.revision == 2 && after.cause == "second")
    }

    /// The gravest designation is the one that is named.
    @Test func theGravestDesignationIsNamed() throws {
        let bench = try JudgingBench.determining(partitions: 1)
        try bench.organization(2019, school)
        for kind in ["directed_focused", "underperforming", "chronically_underperforming"] {
            try bench.directive(2019, "designation", school, kind)
        }
        try bench.closeMeasures(2019)
        #expect(try found(2019, school, bench).designation == "chronically_underperforming")
    }

    @Test func aReleaseIsOfItsYear() throws {
        let bench = try JudgingBench.determining(partitions: 1)
        try bench.organization(2019, school)
        try bench.directive(2018, "release", district, "official")
        try bench.closeMeasures(2019)
        #expect(try found(2019, school, bench).status == "computed")
        try bench.directive(2019, "release", district, "official")
        #expect(try found(2019, school, bench).status == "official")
    }
}

/// Who is ranked, by the size that a standing names.
@Suite struct PercentileEdgeTests {
    /// A value of exactly the minimum size is ranked, and one of a student less is not.
    @Test func aValueOfTwentyStudentsIsRanked() throws {
        let bench = try JudgingBench([PercentileStage(pipeline: Pipeline())], partitions: 1)
        for (code, count) in [("00010005", UInt32(20)), ("00020005", 19), ("00030005", 100)] {
            var standing = Accountability_V1_Standing()
            standing.schoolYear = 2019
            standing.group = "high_needs"
            standing.orgCode = code
            standing.type = .school
            standing.comparisonGroup = "non_high"
            standing.values = ["ela_achievement", "ela_growth", "chronic_absenteeism"]
                .map { indicator in
                    var value = Accountability_V1_StandingValue()
                    value.gradeSpan = "non_high"
                    value.indicator = indicator
                    value.value = "50.0"
                    value.count = count
                    return value
                }
            try bench.put(Topics.standings, "2019/high_needs/\(code)", standing, partition: 0)
        }
        try bench.close(2019, Topics.standings, Topics.directives)
        try bench.driver.run()
        let entries = try bench.messages(Topics.percentiles, Accountability_V1_PercentileEntry.self)
        let ranked = ["00010005", "00020005", "00030005"]
            .map { entries["2019/\($0)/high_needs/non_high"]?.percentile.percentile ?? 0 }
        #expect(ranked == [50, 0, 50])
    }
}

/// What participation keeps of a student and of counted rows.
@Suite struct ParticipationEdgeTests {
    /// Enrolled since October or not: the student took part either way, in another column.
    @Test(arguments: [true, false])
    func enrolmentSinceOctoberIsKept(_ isEnrolled: Bool) throws {
        let tests = TestContribution(ela: 1, math: 1, science: 1, enrolledSinceOctober: isEnrolled)
        #expect(tests.enrolledSinceOctober == isEnrolled)
    }

    /// Of two counted rows for the same figure one counts, whichever came first.
    @Test func oneOfTwoCountedRowsCounts() throws {
        var counts = Accountability_V1_ParticipationCounts()
        (counts.grade, counts.group, counts.subject) = ("all", "all_students", "ELA")
        var rows: [SuppliedCounts] = []
        for (name, standard) in [("first", UInt32(40)), ("second", 50)] {
            counts.standard = standard
            let key = Array(name.utf8)
            rows.append(
                try SuppliedCounts(
                    counts,
                    record: Digest(key.span),
                    row: SubmittedLine(submission: 0, line: 1),
                    label: 0
                )
            )
        }
        let kept = [rows, rows.reversed()]
            .map { order in
                var state = ParticipationState()
                for row in order { state.supply(row) }
                return state.suppliedRows().map(\.tally.standard)
            }
        #expect(kept[0].count == 1 && kept[0] == kept[1])
    }
}
