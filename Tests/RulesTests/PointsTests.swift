internal import PublishedFigures
internal import Rules
internal import Testing

@Suite struct PointsTests {
    /// The fixed high value of CPI is printed for science; whether it holds of ELA and mathematics the framework says.
    @Test func theHighValueOfCPIIsOfTheSubjectsThatTheFrameworkNames() throws {
        let usual = try Framework.of(schoolYear: 2019)
        #expect(
            usual.points?.highCutSubjects.status == .assumed
                && usual.points?.highCut[.achievement(.cpi)]?.status == .published
        )
        let science = try Framework.load(
            file: "science.yaml",
            text: """
                name: science
                title: The high value of science alone
                school_years: []
                based_on: "2019"
                points:
                  high_cut_subjects: {value: [STE], status: assumed, source: "A test of subjects"}
                """,
            bases: Dictionary(uniqueKeysWithValues: Framework.documents.map { ($0.name, $0.text) })
        )
        func points(_ indicator: Indicator, _ framework: Framework) throws -> Int? {
            let input = PointsInput(
                indicator,
                .high,
                current: decimal("98.0"),
                prior: decimal("99.5"),
                target: decimal("99.9"),
                count: 100
            )
            return try IndicatorPoints(input, framework).points
        }
        for indicator in [Indicator.elaAchievement, .mathAchievement, .scienceAchievement] {
            #expect(try points(indicator, usual) == 4)
            #expect(try points(indicator, science) == (indicator == .scienceAchievement ? 4 : 0))
        }
    }

    /// Reports from 2023 on name the path: "Recovery Path: Met Target".
    @Test func theReasonNamesThePathOfTheTarget() throws {
        let framework = try Framework.of(schoolYear: 2023)
        #expect(framework.points?.paths.value == [.recovery, .forward])
        #expect(try Framework.of(schoolYear: 2019).points?.paths.value == [])
        func points(_ current: Int64, _ path: TargetPath?, count: Int64 = 30) throws -> IndicatorPoints {
            try IndicatorPoints(
                PointsInput(
                    .elaAchievement,
                    .nonHigh,
                    current: Ratio(current),
                    prior: Ratio(490),
                    target: Ratio(500),
                    count: count,
                    path: path
                ),
                framework
            )
        }
        #expect(try points(500, .recovery).reason == "Recovery Path: Met Target")
        #expect(try points(505, .forward).reason == "Path Forward: Exceeded Target")
        #expect(try points(495, nil).reason == "Improved Below Target")
        #expect(try points(500, .recovery, count: 19).reason == "No points: below the minimum size")
        // The path names, and decides nothing.
        for value: Int64 in 480...510 { #expect(try points(value, .recovery).points == points(value, nil).points) }
    }

    /// 603 CMR 2.03(2)(b).
    @Test func progressOfEnglishLearnersIsJudgedWithinItsDifficultyQuartile() throws {
        let framework = try Framework.of(schoolYear: 2019)
        var statewide = StatewideThresholds()
        statewide[.difficultyQuartile, 80] = Ratio(60)
        statewide[.difficultyQuartile, 90] = Ratio(70)
        func points(_ current: Int64, _ statewide: StatewideThresholds) throws -> IndicatorPoints {
            try IndicatorPoints(
                PointsInput(
                    .elProgress,
                    .nonHigh,
                    current: Ratio(current),
                    prior: Ratio(80),
                    target: Ratio(90),
                    count: 30,
                    statewide: statewide
                ),
                framework
            )
        }
        #expect(try points(70, statewide).points == 4)
        #expect(try points(69, statewide).points == 3)
        #expect(try points(59, statewide).points == 0)
        #expect(try points(70, StatewideThresholds()).points == 0)
    }

    /// A row of Masconomet's report of 2023, high school: indicator, prior, current, target, students, points.
    struct Row: Sendable, CustomTestStringConvertible {
        let group: String
        let indicator: Indicator
        let prior: String
        let current: String
        let target: String
        let count: Int64
        let points: Int
        var testDescription: String { "\(group), \(indicator)" }
    }

    @Test(arguments: [
        Row(
            group: "all",
            indicator: .elaAchievement,
            prior: "513.1",
            current: "515.5",
            target: "514.1",
            count: 205,
            points: 4
        ),
        Row(
            group: "high needs",
            indicator: .elaAchievement,
            prior: "500.2",
            current: "500.8",
            target: "502.1",
            count: 49,
            points: 2
        ),
        Row(
            group: "swd",
            indicator: .elaAchievement,
            prior: "497.0",
            current: "497.6",
            target: "498.9",
            count: 37,
            points: 2
        ),
        Row(
            group: "white",
            indicator: .elaAchievement,
            prior: "513.5",
            current: "516.0",
            target: "514.8",
            count: 191,
            points: 4
        ),
        Row(
            group: "high needs",
            indicator: .mathAchievement,
            prior: "499.1",
            current: "500.0",
            target: "501.8",
            count: 49,
            points: 2
        ),
    ])
    func masconomet2023(row: Row) throws {
        let points = try IndicatorPoints(
            PointsInput(
                row.indicator,
                .high,
                current: decimal(row.current),
                prior: decimal(row.prior),
                target: decimal(row.target),
                count: row.count
            ),
            try Framework.of(schoolYear: 2023)
        )
        #expect(points.points == row.points)
    }

    @Test(arguments: [("47.4", "52.3", "49.0"), ("12.5", "17.1", "13.8")])
    func methuen2025EnglishLearnerProgress(prior: String, current: String, target: String) throws {
        let points = try IndicatorPoints(
            PointsInput(
                .elProgress,
                .nonHigh,
                current: decimal(current),
                prior: decimal(prior),
                target: decimal(target),
                count: 60
            ),
            try Framework.of(schoolYear: 2025)
        )
        #expect(points.row == .exceededTarget)
    }

    @Test(arguments: [
        ("60.0", 4), ("59.9", 3), ("50.0", 3), ("49.9", 2), ("40.0", 2), ("39.9", 1), ("30.0", 1), ("29.9", 0),
    ])
    func growthBands(value: String, expected: Int) throws {
        let points = try IndicatorPoints(
            PointsInput(.mathGrowth, .nonHigh, current: decimal(value), count: 20),
            try Framework.of(schoolYear: 2019)
        )
        #expect(points.points == expected)
        #expect(points.row == .growthBand)
    }

    @Test(arguments: [
        ("500.6", 4, PointsRow.exceededTarget), ("500.5", 3, .metTarget), ("499.5", 3, .metTarget),
        ("499.4", 2, .improvedBelowTarget), ("498.0", 1, .noChange), ("497.5", 1, .noChange), ("497.4", 0, .declined),
    ])
    func edgesOfAchievement(value: String, expected: Int, row: PointsRow) throws {
        let points = try IndicatorPoints(
            PointsInput(
                .elaAchievement,
                .nonHigh,
                current: decimal(value),
                prior: decimal("498.0"),
                target: decimal("500.0"),
                count: 20
            ),
            try Framework.of(schoolYear: 2019)
        )
        #expect(points.points == expected)
        #expect(points.row == row)
    }

    @Test func chronicAbsenteeismIsBetterWhenLower() throws {
        let framework = try Framework.of(schoolYear: 2019)
        func points(_ current: String, statewide: StatewideThresholds = StatewideThresholds()) throws -> Int? {
            try IndicatorPoints(
                PointsInput(
                    .chronicAbsenteeism,
                    .nonHigh,
                    current: decimal(current),
                    prior: decimal("12.0"),
                    target: decimal("11.0"),
                    count: 100,
                    statewide: statewide
                ),
                framework
            )
            .points
        }
        #expect(try points("10.4") == 4)
        #expect(try points("11.5") == 3)
        #expect(try points("11.6") == 2)
        #expect(try points("12.5") == 1)
        #expect(try points("12.6") == 0)
        var statewide = StatewideThresholds()
        statewide[.allStudents, 90] = decimal("12.5")
        statewide[.allStudents, 80] = decimal("13.0")
        #expect(try points("12.5", statewide: statewide) == 4)
        #expect(try points("12.8", statewide: statewide) == 3)
        #expect(try points("13.1", statewide: statewide) == 0)
    }

    /// Supplied values may have more decimals.
    ///
    /// The best school of the state reaches its own percentile.
    @Test func aStatewidePercentileIsComparedAtOneDecimal() throws {
        for (value, threshold, lower) in [("510.04", "510.04", false), ("3.65", "3.65", true)] {
            var statewide = StatewideThresholds()
            statewide[.allStudents, 90] = decimal(threshold)
            statewide[.allStudents, 80] = decimal(threshold)
            let result = try IndicatorPoints(
                PointsInput(
                    lower ? .chronicAbsenteeism : .elaAchievement,
                    .nonHigh,
                    current: decimal(value),
                    prior: decimal(lower ? "1.0" : "520.0"),
                    target: decimal(lower ? "0.5" : "530.0"),
                    count: 50,
                    statewide: statewide
                ),
                try Framework.of(schoolYear: 2019)
            )
            #expect(result.points == 4, "\(value)")
        }
    }

    @Test func aStatewidePercentileOverridesADecline() throws {
        var statewide = StatewideThresholds()
        statewide[.allStudents, 90] = decimal("85.0")
        statewide[.allStudents, 80] = decimal("80.0")
        let result = try IndicatorPoints(
            PointsInput(
                .advancedCoursework,
                .high,
                current: decimal("86.0"),
                prior: decimal("95.0"),
                target: decimal("96.0"),
                count: 50,
                statewide: statewide
            ),
            try Framework.of(schoolYear: 2024)
        )
        #expect(result.points == 4)
        let own: StatewideThresholds = {
            var thresholds = StatewideThresholds()
            thresholds[.ownGroup, 90] = decimal("490.0")
            return thresholds
        }()
        let group = try IndicatorPoints(
            PointsInput(
                .elaAchievement,
                .nonHigh,
                current: decimal("491.0"),
                prior: decimal("495.0"),
                target: decimal("499.0"),
                count: 50,
                statewide: own
            ),
            try Framework.of(schoolYear: 2024)
        )
        #expect(group.points == 3)
    }

    @Test func withoutDataThereAreNoPoints() throws {
        let framework = try Framework.of(schoolYear: 2019)
        func row(_ input: PointsInput) throws -> PointsRow {
            let result = try IndicatorPoints(input, framework)
            #expect(result.points == nil)
            return result.row
        }
        let value = decimal("500.0")
        #expect(
            try row(PointsInput(.elaAchievement, .nonHigh, current: value, prior: value, target: value, count: 18))
                == .belowMinimumSize
        )
        #expect(try row(PointsInput(.elaGrowth, .nonHigh, current: nil, count: 50)) == .noValue)
        #expect(try row(PointsInput(.elaAchievement, .nonHigh, current: value, prior: value, count: 50)) == .noTarget)
        #expect(
            try row(PointsInput(.elaAchievement, .nonHigh, current: value, target: decimal("505.0"), count: 50))
                == .noPriorValue
        )
        #expect(throws: RuleError.self) {
            try IndicatorPoints(
                PointsInput(.elaGrowth, .nonHigh, current: value, count: 50),
                try Framework.of(schoolYear: 2022)
            )
        }
    }

    @Test(arguments: [21, 22] as [UInt64])
    func aBetterValueNeverLosesPoints(seed: UInt64) throws {
        var random = SeededNumbers(seed: seed)
        let framework = try Framework.of(schoolYear: 2019)
        for _ in 0..<300 {
            let indicator = Indicator.allCases.randomElement(using: &random) ?? .elaAchievement
            let prior = try Ratio(.random(in: 0...1000, using: &random), over: 10)
            let target = try Ratio(.random(in: 0...1000, using: &random), over: 10)
            var statewide = StatewideThresholds()
            statewide[.allStudents, 90] = try Ratio(.random(in: 0...1000, using: &random), over: 10)
            var last: Int?
            for tenth in stride(from: Int64(0), through: 1000, by: 7) {
                let value = try Ratio(indicator.lowerIsBetter ? 1000 - tenth : tenth, over: 10)
                let points = try IndicatorPoints(
                    PointsInput(
                        indicator,
                        .high,
                        current: value,
                        prior: prior,
                        target: target,
                        count: 40,
                        statewide: statewide
                    ),
                    framework
                )
                .points
                let now = try #require(points)
                #expect(now >= (last ?? 0), "\(indicator) at \(value)")
                last = now
            }
        }
    }

    @Test("A rate of chronic absenteeism says where a supplied one names no threshold")
    func absenteeismThresholds() throws {
        func words(_ year: Int, _ indicator: Indicator) throws -> String {
            PointsReport(indicator, .nonHigh, row: .noTarget, statement: "")
                .explained(by: try Framework.of(schoolYear: year)).value
        }
        #expect(try words(2022, .chronicAbsenteeism).contains("a supplied rate does not say whether it is at 20 or 10"))
        for year in [2019, 2023] { #expect(try !words(year, .chronicAbsenteeism).contains("supplied")) }
        #expect(try !words(2022, .elaAchievement).contains("supplied"))
    }
}
