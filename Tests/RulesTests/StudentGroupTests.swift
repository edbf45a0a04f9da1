internal import PublishedFigures
internal import Rules
internal import Testing

@Suite struct VocabularyTests {
    @Test(arguments: [
        ("Special Ed", StudentGroup.swd), ("LEP/Formerly LE", .elFormerEL), ("LEP/Formerly LEP", .elFormerEL),
        ("Hawaiian", .nativeHawaiianPacificIslander), ("Native American", .americanIndianAlaskaNative),
        ("Econ. Disadvantaged", .lowIncome), ("Economically disadvantaged", .lowIncome), ("Afr. Amer./Black", .black),
        ("Students w/disabilities", .swd), ("Multi-race, Non-Hisp./Lat.", .multiRace), ("all students", .allStudents),
        ("Amer. Ind. or Alaska Nat.", .americanIndianAlaskaNative),
        ("Nat. Haw. or Pacif. Isl.", .nativeHawaiianPacificIslander),
        ("ELL and Former ELL", .elFormerEL), ("HIGH NEEDS", .highNeeds),
    ])
    func publishedNames(name: String, group: StudentGroup) {
        #expect(StudentGroup(name: name) == group)
    }

    @Test func namesGoRound() {
        for group in StudentGroup.allCases {
            #expect(StudentGroup(wireName: group.wireName) == group)
            #expect(StudentGroup(name: group.title) == group)
        }
        #expect(StudentGroup(name: "left-handed") == nil)
        #expect(StudentGroup.allCases.count == 13 && Indicator.allCases.count == 11)
        #expect(Set(Paragraph.all.map(\.citation)).count == Paragraph.all.count)
        #expect(Paragraph.all == Paragraph.all.sorted())
    }

    @Test(arguments: [
        ("00000000", OrganizationType.state, "00000000"), ("00070000", .district, "00070000"),
        ("00070015", .school, "00070000"), ("35150205", .school, "35150000"),
    ])
    func organizationCodes(text: String, type: OrganizationType, district: String) throws {
        let code = try #require(OrganizationCode(text))
        #expect(code.type == type)
        #expect(code.description == text)
        #expect(code.district.description == district)
    }

    @Test(arguments: ["", "7", "0007000", "000700000", "0007000x", "+0070000", "00070 00"])
    func whatIsNoCode(text: String) {
        #expect(OrganizationCode(text) == nil)
    }

    @Test(arguments: [("03", GradeSpan.nonHigh), ("8", .nonHigh), ("10", .high), ("PK", nil), ("K", nil), ("SP", nil)])
    func spansOfGrades(text: String, span: GradeSpan?) throws {
        let grade = try #require(Grade(text))
        #expect(GradeSpan(grade: grade) == span)
    }
}

@Suite struct StudentGroupTests {
    @Test func highNeedsIsUnduplicated() {
        let student = StudentTraits(race: .asian, lowIncome: true, englishLearner: .former, disability: true)
        #expect(student.groups.groups == [.allStudents, .highNeeds, .lowIncome, .elFormerEL, .swd, .asian])
        let other = StudentTraits(race: .white, lowIncome: false, englishLearner: .never, disability: false)
        #expect(other.groups.groups == [.allStudents, .white])
        #expect(StudentTraits(race: .swd, lowIncome: false, englishLearner: .never, disability: false).race == nil)
    }

    @Test func theLowestQuarterWithTies() throws {
        let parameters = try #require(try Framework.of(schoolYear: 2019).lowestPerforming)
        var random = SeededNumbers(seed: 61)
        let scores: [Int64] = [980, 970, 960, 960, 1000, 1010, 960, 1020, 1030, 1040, 990, 950]
        let candidates = scores.enumerated().map { LowestPerformingGroup.Candidate(id: $0.offset, score: $0.element) }
        // A quarter of 12 is 3; the third lowest score is shared by three students.
        #expect(try LowestPerformingGroup.select(candidates, parameters) == [2, 3, 6, 11])
        #expect(try LowestPerformingGroup.select(candidates.shuffled(using: &random), parameters) == [2, 3, 6, 11])
        #expect(try LowestPerformingGroup.select([LowestPerformingGroup.Candidate<Int>](), parameters) == [])
    }

    @Test func whoCanBeInTheLowestGroup() throws {
        let year2019 = try #require(try Framework.of(schoolYear: 2019).lowestPerforming)
        let year2023 = try #require(try Framework.of(schoolYear: 2023).lowestPerforming)
        func score(
            _ span: GradeSpan,
            stayed: Bool,
            counts: Bool = true,
            _ parameters: LowestPerformingParameters
        ) -> Int64? {
            LowestPerformingGroup.score(
                span: span,
                ela: 500,
                math: 490,
                priorELA: 480,
                priorMath: 470,
                sameOrganizationBothYears: stayed,
                countsInAchievement: counts,
                parameters
            )
        }
        #expect(score(.nonHigh, stayed: true, year2019) == 950)
        #expect(score(.nonHigh, stayed: false, year2019) == nil)
        #expect(score(.high, stayed: false, year2019) == 990)
        #expect(score(.high, stayed: true, year2023) == nil)
        // Exactly those whose scores count in achievement.
        #expect(score(.nonHigh, stayed: true, counts: false, year2019) == nil)
        #expect(score(.high, stayed: true, counts: false, year2019) == nil)
    }

    /// Grade 5 and grade 8 science give different index points for the same score; grade 10 has the general table.
    @Test func indexPointsAreByGrade() throws {
        let parameters = try #require(try Framework.of(schoolYear: 2019).indicators)
        let points = try [5, 8, 10]
            .map { number in
                let grade = try #require(Grade(number: number))
                return StudentContribution.indexPoints(.science, scaledScore: 503, grade: grade, parameters)
            }
        #expect(points == [100, 75, 100])
        // Every score of both scales has its points, in every grade and subject.
        for subject in Subject.allCases {
            for grade in (3...12).compactMap({ Grade(number: $0) }) {
                for score in Array(200...280) + Array(440...560) {
                    let points = StudentContribution.indexPoints(subject, scaledScore: score, grade: grade, parameters)
                    #expect(points.map { [0, 25, 50, 75, 100].contains($0) } == true, "\(subject) \(grade) \(score)")
                }
            }
        }
    }

    /// Whoever dropped out and did not return, enrolled on October 1 or not, of those enrolled on October 1.
    @Test func dropoutIsTheAnnualRate() {
        func tally(_ enrolled: Bool, _ droppedOut: Bool, _ returned: Bool) -> IndicatorTally {
            StudentContribution.dropout(enrolledOctober: enrolled, droppedOut: droppedOut, returned: returned)
        }
        #expect(tally(true, true, false) == IndicatorTally(sum: 1, count: 1))
        #expect(tally(true, true, true) == IndicatorTally(sum: 0, count: 1))
        #expect(tally(true, false, false) == IndicatorTally(sum: 0, count: 1))
        #expect(tally(false, true, false) == IndicatorTally(sum: 1, count: 0))
        #expect(tally(false, true, true) == .zero && tally(false, false, false) == .zero)
    }

    @Test func valuesOfIndicators() throws {
        let framework = try Framework.of(schoolYear: 2019)
        let parameters = try #require(framework.indicators)
        let fifth = try #require(Grade("5"))
        let absence = try #require(
            try StudentContribution.chronicAbsence(
                grade: fifth,
                daysEnrolled: 180,
                daysAbsent: 18,
                parameters
            )
        )
        #expect(absence == IndicatorTally(sum: 1, count: 1))
        #expect(
            try StudentContribution.chronicAbsence(
                grade: fifth,
                daysEnrolled: 19,
                daysAbsent: 19,
                parameters
            ) == nil
        )
        #expect(StudentContribution.indexPoints(.science, scaledScore: 236, grade: fifth, parameters) == 75)
        #expect(StudentContribution.indexPoints(.science, scaledScore: 300, grade: fifth, parameters) == nil)
        let mean = try IndicatorValue(.elaAchievement, IndicatorTally(sum: 10_001, count: 20), framework)
        #expect(mean.value == decimal("500.1"))
        #expect(try IndicatorValue(.elaAchievement, IndicatorTally(sum: 9500, count: 19), framework).value == nil)
        let rate = try IndicatorValue(.chronicAbsenteeism, IndicatorTally(sum: 1, count: 32), framework)
        #expect(rate.value == decimal("3.1"))
        #expect(throws: NumberError.negativeCount) {
            try IndicatorValue(.dropout, .zero - IndicatorTally(true), framework)
        }
    }
}
