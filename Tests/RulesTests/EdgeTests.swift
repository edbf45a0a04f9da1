internal import PublishedFigures
internal import Rules
internal import Testing

/// Edges, windows and defaults, each by the smallest case that it decides: what Deploy/mutants.txt gets wrong.
@Suite struct EdgeTests {
    /// The framework of a year with some parameters changed.
    private func framework(_ base: Int, _ changes: String) throws -> Framework {
        let text = "name: \"changed\"\ntitle: A change\nschool_years: []\nbased_on: \"\(base)\"\n\(changes)\n"
        let bases = Dictionary(uniqueKeysWithValues: Framework.documents.map { ($0.name, $0.text) })
        return try Framework.load(file: "changed.yaml", text: text, bases: bases)
    }

    @Test func aMeanIsOfThoseThatAreThere() throws {
        #expect(try Ratio.mean([Ratio(1), Ratio(2), Ratio(6)]) == Ratio(3))
        #expect(try Ratio.mean([Ratio]()) == nil)
    }

    // MARK: Participation

    /// Medical absences stay in the denominator: 17 of 17 rows of the participation reports of 2019 to 2023.
    @Test func medicalAbsencesAreMissing() throws {
        let tally = ParticipationTally(standard: 18, medical: 2)
        let rate = try ParticipationRate(tally, .subject(.math), try Framework.of(schoolYear: 2019))
        #expect(rate.denominator == 20 && rate.displayed == 90)
    }

    @Test func firstYearLearnersCountInTheSubjectsThatTheFrameworkNames() throws {
        let english = try framework(
            2012 - 5,
            "participation:\n  first_year_subjects: {value: [ELA], status: assumed, source: \"A test\"}"
        )
        let tally = ParticipationTally(standard: 18, firstYear: 4, absent: 2)
        let rates = try [Subject.ela, .math].map { try ParticipationRate(tally, .subject($0), english) }
        #expect(rates.map(\.denominator) == [24, 20] && rates.map(\.participants) == [22, 18])
    }

    /// N = 20 counts students, and a student with tests in three subjects once.
    @Test func studentsOfSeveralSubjectsAreCountedOnce() throws {
        let parameters = try Framework.of(schoolYear: 2019).participation
        let subjects = [
            Subject.ela: ParticipationTally(standard: 15), .math: ParticipationTally(standard: 12, absent: 2),
        ]
        let combined = ParticipationTally(combining: subjects, parameters)
        #expect(combined.students == 15 && combined.tests == 29)
    }

    /// 2017: the higher of the current rate and the average.
    @Test(arguments: [(Int64(97), Int64(95), "97"), (94, 98, "96")])
    func theHigherOfRateAndAverageIsJudged(_ now: Int64, _ before: Int64, _ judged: String) throws {
        let judgement = try ParticipationJudgement(
            current: ParticipationTally(standard: now, absent: 100 - now),
            prior: ParticipationTally(standard: before, absent: 100 - before),
            .subject(.ela),
            try Framework.of(schoolYear: 2017)
        )
        #expect(judgement.judged == decimal(judged))
    }

    // MARK: Indicators

    /// Values are shown exactly where N is at least 20: 93 of 93 rows of 2022.
    @Test func aSuppliedValueNeedsTwentyStudents() throws {
        let framework = try Framework.of(schoolYear: 2019)
        func value(_ count: Int64) -> Ratio? {
            IndicatorValue(supplied: .elaAchievement, value: decimal("500.1"), count: count, framework).value
        }
        #expect(value(20) == decimal("500.1") && value(19) == nil)
    }

    /// The federal rule, 20 USC 6311(c)(4)(E): 95 percent of those enrolled, or those tested where there are more.
    @Test func theFederalDenominatorIsTheLargerOne() throws {
        let federal = try framework(
            2019,
            "participation:\n  federal_denominator: {value: true, status: assumed, source: \"A test\"}"
        )
        let tally = IndicatorTally(sum: 38_000, count: 80)
        func value(_ enrolled: Int64, _ framework: Framework) throws -> Ratio? {
            try IndicatorValue(.elaAchievement, tally, enrolled: enrolled, framework).value
        }
        #expect(try value(100, federal) == decimal("400.0") && value(80, federal) == decimal("475.0"))
        #expect(try value(100, try Framework.of(schoolYear: 2019)) == decimal("475.0"))
    }

    @Test func aQuarterOfEightIsTwo() throws {
        let parameters = try #require(try Framework.of(schoolYear: 2019).lowestPerforming)
        let candidates = (0..<8).map { LowestPerformingGroup.Candidate(id: $0, score: Int64(1000 - $0)) }
        #expect(try LowestPerformingGroup.select(candidates, parameters) == [6, 7])
        // Half up: 1.5 of six.
        #expect(try LowestPerformingGroup.select(Array(candidates.prefix(6)), parameters) == [4, 5])
    }

    /// Students with 20 days in membership count.
    @Test(arguments: [(Int64(20), Int64(2), Int64(1)), (20, 1, 0)])
    func twentyDaysAreEnough(_ enrolled: Int64, _ absent: Int64, _ chronic: Int64) throws {
        let parameters = try #require(try Framework.of(schoolYear: 2019).indicators)
        let tally = try StudentContribution.chronicAbsence(
            grade: try #require(Grade("5")),
            daysEnrolled: enrolled,
            daysAbsent: absent,
            parameters
        )
        #expect(tally == IndicatorTally(sum: chronic, count: 1))
    }

    /// Extended engagement: whoever graduated in four or five years, or is still enrolled.
    @Test func engagementOfACohort() {
        func counts(_ indicator: Indicator, _ four: Bool, _ five: Bool, _ still: Bool) -> Int64? {
            StudentContribution.cohort(
                indicator,
                fourYearGraduate: four,
                fiveYearGraduate: five,
                stillEnrolledAfterFive: still
            )?
            .sum
        }
        #expect(counts(.extendedEngagement, true, false, false) == 1)
        #expect(counts(.extendedEngagement, false, true, false) == 1)
        #expect(counts(.extendedEngagement, false, false, true) == 1)
        #expect(counts(.extendedEngagement, false, false, false) == 0)
        #expect(counts(.fourYearGraduation, false, true, true) == 0 && counts(.dropout, true, true, true) == nil)
    }

    /// High needs: students with disabilities, English learners and former ones, or low income.
    @Test(arguments: [EnglishLearnerStatus.current, .former, .firstYear])
    func englishLearnersHaveHighNeeds(_ status: EnglishLearnerStatus) {
        let student = StudentTraits(race: nil, lowIncome: false, englishLearner: status, disability: false)
        #expect(student.groups.groups == [.allStudents, .highNeeds, .elFormerEL])
    }

    /// In year Y four-year graduation is that of Y-1, extended engagement that of Y-2.
    @Test func aCohortIsJudgedInItsYear() throws {
        let parameters = try #require(try Framework.of(schoolYear: 2019).indicators)
        #expect((2016...2020).filter { parameters.judges(.fourYearGraduation, cohort: $0, in: 2019) } == [2018])
        #expect((2016...2020).filter { parameters.judges(.extendedEngagement, cohort: $0, in: 2019) } == [2017])
        #expect(!parameters.judges(.dropout, cohort: 2018, in: 2019))
    }

    /// 2017 participation report: results of first-year English learners do not count in achievement.
    @Test func scoresThatCount() throws {
        let parameters = try #require(try Framework.of(schoolYear: 2019).indicators)
        for status in [TestStatus.standard, .alternate, .notTakingEnglishTest] {
            #expect(
                parameters.scoreCounts(status, firstYear: false) && !parameters.scoreCounts(status, firstYear: true)
            )
        }
        #expect(!parameters.scoreCounts(.exemptFirstYear, firstYear: false))
    }

    // MARK: Points and percentages

    private func points(_ indicator: Indicator, _ span: GradeSpan, _ current: String, _ prior: String, _ target: String)
        throws -> IndicatorPoints
    {
        let input = PointsInput(
            indicator,
            span,
            current: decimal(current),
            prior: decimal(prior),
            target: decimal(target),
            count: 20
        )
        return try IndicatorPoints(input, try Framework.of(schoolYear: 2019))
    }

    /// A fixed high value takes its edge in, even after a decline.
    @Test func theFixedHighValueIsReachedAtIt() throws {
        let (at, below) = try (
            points(.fourYearGraduation, .high, "96.0", "98.0", "99.0"),
            points(.fourYearGraduation, .high, "95.9", "98.0", "99.0")
        )
        #expect(at.points == 4 && at.row == .highCut && below.points == 0)
    }

    /// Values are compared at one decimal: 32 of 32 changes.
    @Test func valuesAreComparedAtOneDecimal() throws {
        let met = try points(.elaAchievement, .nonHigh, "499.46", "499.0", "500.0")
        #expect(met.points == 3 && met.row == .metTarget && met.input.current == decimal("499.5"))
        let change = try points(.elaAchievement, .nonHigh, "490.04", "489.96", "500.0")
        #expect(change.points == 1 && change.row == .noChange)
    }

    private func column(_ points: [Int], _ group: StudentGroup, _ framework: Framework) throws -> TargetColumn {
        let indicators: [Indicator] = [
            .elaAchievement, .mathAchievement, .elaGrowth, .mathGrowth, .chronicAbsenteeism,
        ]
        let table = Dictionary(uniqueKeysWithValues: zip(indicators, points))
        return try #require(try TargetColumn.of(table, span: .nonHigh, group: group, framework))
    }

    /// All students and the lowest performing count half each: 45 of 45 printed spans.
    @Test func theLowestPerformingAreHalfOfASpan() throws {
        let framework = try Framework.of(schoolYear: 2019)
        let span = try SpanPercentage(
            allStudents: column([4, 4, 4, 4, 4], .allStudents, framework),
            lowestPerforming: column([0, 0, 0, 0, 0], .lowestPerforming, framework),
            framework
        )
        #expect(span.percent == Ratio(50) && span.displayed == 50)
    }

    /// 2018: the annual percentage comes from the unrounded ratios whatever a column is rounded to, and the shown span
    /// is the mean of the shown columns.
    @Test func aSpanOf2018() throws {
        let rounded = try framework(
            2018,
            "percentage:\n  column_rounding: {value: {mode: half_up, decimals: 0}, status: assumed, source: \"A test\"}"
        )
        // 4.05 + 1.125 + 0.4 is 5.6 of 7.6 points; 1.35 + 0.9 + 0.2 is 2.5 of 7.6 points, exactly 2.45 before.
        let all = try column([3, 3, 2, 3, 4], .allStudents, rounded)
        let lowest = try column([1, 1, 2, 2, 2], .lowestPerforming, rounded)
        #expect(all.weightedEarned == decimal("5.6") && all.percent == Ratio(74))
        #expect(lowest.weightedEarned == decimal("2.5") && lowest.percent == Ratio(33))
        let span = try SpanPercentage(allStudents: all, lowestPerforming: lowest, rounded)
        #expect(try span.percent == decimal("8.1") / decimal("15.2") * .hundred)
        // As it was in 2018: the mean of 74 and 33 is shown as 54, and that of 73.68 and 32.89 would be as 53.
        let framework = try Framework.of(schoolYear: 2018)
        let shown = try SpanPercentage(
            allStudents: column([3, 3, 2, 3, 4], .allStudents, framework),
            lowestPerforming: column([1, 1, 2, 2, 2], .lowestPerforming, framework),
            framework
        )
        #expect(shown.displayed == 54 && shown.percent == span.percent)
    }

    // MARK: Determinations

    /// The first row that applies gives the level: a designation before a placement by the Department.
    @Test func aDesignationComesBeforeAPlacement() throws {
        let framework = try Framework.of(schoolYear: 2019)
        func decide(_ designations: [Designation]) throws -> Determination {
            try Determination(
                DeterminationInput(type: .school, designations: designations, percentile: 50, cumulative: 80),
                framework
            )
        }
        let both = try decide([.underperforming, .directedFocused])
        #expect(both.level == .broadComprehensive && both.reasons == [.designation])
        #expect(both.rows.map(\.rank).prefix(2) == [1, 2])
        #expect(try decide([.directedFocused]).level == .focusedTargeted)
    }
}
