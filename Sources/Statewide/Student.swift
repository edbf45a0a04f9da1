import Messages

/// A student of the made-up state: what does not change from year to year.
///
/// Years are counted from the year before the prior one: 0, 1 (the prior year) and 2 (the year of determination).
struct Student {
    var identifier: Int
    /// The grade in year 2; 13 has left school.
    var grade: Int
    /// The index in ``Vocabulary/races``.
    var race: Int
    var lowIncome: Bool
    var learner: Bool
    /// The grade from which on the student is a former English learner.
    var exitGrade: Int
    var disabled: Bool
    /// Effects on scores in thousandths of a standard deviation.
    var ela: Int
    var math: Int
    var absence: Int
    var lot: Int
    var places: [3 of Place]
    /// The first and the last year in the state's schools.
    var years: ClosedRange<Int>
    var isNewToTheCountry: Bool

    /// Hispanic students are the most likely to be English learners; in the order of the vocabulary, of a thousand.
    private static let learnerShares = [40, 170, 110, 330, 40, 120, 22]
    /// Low income compared with the neighbourhood, in percent.
    private static let incomeShares = [120, 85, 145, 150, 100, 110, 72]
    private static let scoreEffects = [-60, 380, -140, -120, 40, -40, 60]

    init(_ random: inout Random, identifier: Int, grade: Int, catchment: Int, years: ClosedRange<Int>, in state: State)
    {
        self.identifier = identifier
        self.grade = grade
        self.years = years
        let place = state.catchments[catchment]
        let home = random.below(65_536)
        let poverty = state.neighbourhoods[catchment][home >> 12]
        let draw = random.below(1000)
        race = place.races.firstIndex { draw < $0 } ?? 6
        lowIncome = random.chance(min(poverty * Student.incomeShares[race] / 100, 960))
        let arrives = years.lowerBound > 0
        learner = random.chance(Student.learnerShares[race] * place.learners / 100 * (arrives ? 2 : 1))
        isNewToTheCountry = arrives && learner && random.chance(700)
        // Nearly half leave the status in the lower grades, some never do.
        exitGrade = isNewToTheCountry ? 13 : random.chance(450) ? 3 + random.below(6) : 9 + random.below(7)
        disabled = random.chance(lowIncome ? 215 : 145)
        let both =
            430 + random.normal(600) + Student.scoreEffects[race] + place.quality
            - (lowIncome ? 500 : 0) - (disabled ? 850 : 0)
        ela = both + random.normal(250)
        math = both + random.normal(250)
        absence = random.normal(700) + (lowIncome ? 420 : -160) + (disabled ? 180 : 0)
        lot = random.below(1000)
        places = .init(repeating: Place(catchment: catchment, home: home))
        for year in 1...2 where random.chance(45) {
            // A family moves: mostly within the place.
            let away = random.chance(350)
            let target = away ? state.catchment(at: random.below(state.ends.last ?? 1)) : catchment
            for later in year...2 { places[later] = Place(catchment: target, home: random.below(65_536)) }
        }
    }
}

/// Where a student lives.
struct Place {
    var catchment: Int
    /// 0 ..< 65,536 within the catchment.
    var home: Int
}

/// A test of a student in a year.
struct Test {
    enum Status: Int {
        case tested, alternate, absent, medical, exempt, withoutLanguageTest, notRequired

        var wireName: String { Vocabulary.testStatuses[rawValue] }
    }

    var status = Status.notRequired
    var score: Int?
    var growth: Int?
    var priorScore: Int?
}

/// A student's year in school.
struct StudentYear {
    enum Language: Int {
        case native, learner, former, firstYear

        var wireName: String { Vocabulary.englishLearnerStatuses[rawValue] }
    }

    var grade: Int
    var school: Int
    var priorSchool: Int?
    var lowIncome: Bool
    var language: Language
    var sinceOctober: Bool
    var ela = Test()
    var math = Test()
    var science = Test()
    var daysEnrolled = 180
    var daysAbsent = 0
    /// What became of a student of grades 9 to 12 in the year.
    var droppedOut = false
    var returned = false
    /// The school's part of growth and the test day's luck, for the next year's growth.
    var luckELA = 0
    var luckMath = 0

    var isTested: Bool { 3...8 ~= grade || grade == 10 }
    var isHigh: Bool { grade >= 9 }
    var isChronicallyAbsent: Bool { daysAbsent * 10 >= daysEnrolled }
    var isLearner: Bool { language == .learner || language == .firstYear }

    /// Days absent of 180, in tenths, from 3 standard deviations below the mean to 3 above.
    private static let absences = Curve(points: [4, 7, 11, 17, 26, 40, 60, 89, 132, 197, 294, 440, 660])

    /// The year after `before`, or the first one; `nil` if the student is not in grades 1 to 12 of the state.
    static func next(
        _ random: inout Random,
        _ student: Student,
        year: Int,
        after before: StudentYear?,
        in state: State,
        _ scale: Scale
    ) -> StudentYear? {
        let grade = student.grade - 2 + year
        guard 1...12 ~= grade, student.years.contains(year) else { return nil }
        let place = student.places[year]
        let index = state.catchments[place.catchment]
            .school(
                grade: grade,
                home: place.home,
                lot: student.lot,
                year: year,
                in: state
            )
        let school = state.schools[index]
        var result = StudentYear(
            grade: grade,
            school: index,
            priorSchool: before?.school,
            lowIncome: random.chance(20) ? !student.lowIncome : student.lowIncome,
            language: language(student, grade: grade, year: year),
            sinceOctober: random.chance(before == nil && year > 0 && grade > 1 ? 780 : 980)
        )
        // Who had dropped out comes back only after October 1, or was counted as returned.
        if let before, before.droppedOut, !before.returned { result.sinceOctober = false }
        result.attend(&random, student, school, year: year)
        result.leave(&random, student, school)
        guard result.isTested else { return result }
        result.takeTests(&random, student, school, scale, year: year, after: before)
        return result
    }

    private static func language(_ student: Student, grade: Int, year: Int) -> Language {
        guard student.learner else { return .native }
        if student.isNewToTheCountry && year == student.years.lowerBound { return .firstYear }
        if grade < student.exitGrade { return .learner }
        // A former English learner is counted as one for four years.
        return grade < student.exitGrade + 4 ? .former : .native
    }

    private mutating func attend(_ random: inout Random, _ student: Student, _ school: School, year: Int) {
        if !sinceOctober { daysEnrolled = random.within(25...150) }
        let latent = student.absence + school.absence[year] + random.normal(550) + (isHigh ? 250 : 0) + 30
        let tenths = StudentYear.absences.value(at: latent + 3000, of: 6000)
        daysAbsent = min((tenths * daysEnrolled / 180 + random.below(10)) / 10, daysEnrolled)
    }

    /// How likely a student is not to graduate, of a thousand.
    func risk(_ student: Student, _ school: School) -> Int {
        (lowIncome ? 70 : 0) + (student.disabled ? 110 : 0) + (language == .learner ? 150 : 0)
            - school.quality[1] / 8 + (school.isAlternative ? 460 : 0)
    }

    private mutating func leave(_ random: inout Random, _ student: Student, _ school: School) {
        guard isHigh else { return }
        (droppedOut, returned) = leaving(&random, student, school)
    }

    /// Whether a student drops out in a year, and returns.
    func leaving(_ random: inout Random, _ student: Student, _ school: School) -> (droppedOut: Bool, returned: Bool) {
        let droppedOut = random.chance(max(2, 4 + risk(student, school) / 8))
        return (droppedOut, droppedOut && random.chance(250))
    }

    private mutating func takeTests(
        _ random: inout Random,
        _ student: Student,
        _ school: School,
        _ scale: Scale,
        year: Int,
        after before: StudentYear?
    ) {
        let missed = school.missed[year] * (lowIncome ? 13 : 8) / 10
        let day = random.below(1000)
        let alternate = student.disabled && random.chance(75)
        let effect =
            school.quality[year] + school.growth[year] / 3 + (year - 1) * 25
            - (language == .learner ? 600 : language == .firstYear ? 1100 : 0)
        // A good day is one in both subjects.
        let luck = random.normal(250)
        luckELA = luck + random.normal(310)
        luckMath = luck + random.normal(310)

        func status(_ random: inout Random) -> Test.Status {
            // Who misses one test mostly misses the others too.
            let draw = random.chance(700) ? day : random.below(1000)
            if draw < missed { return .absent }
            if draw < missed + 2 { return .medical }
            return alternate ? .alternate : .tested
        }

        ela.status = status(&random)
        math.status = status(&random)
        if [5, 8, 10].contains(grade) { science.status = status(&random) }
        exempt(&random)
        let elaLevel = student.ela + effect + luckELA
        let mathLevel = student.math + effect + luckMath
        // Most alternate results have the score that the Department assigned, and most who were tested without the
        // language test.
        let isScored = random.chance(700)
        func score(_ test: Test, _ score: Int) -> Int? {
            switch test.status {
            case .tested: score
            case .alternate, .withoutLanguageTest: isScored ? score : nil
            case .absent, .medical, .exempt, .notRequired: nil
            }
        }
        ela.score = score(ela, StudentYear.composite(elaLevel))
        math.score = score(math, StudentYear.composite(mathLevel))
        let level = (elaLevel + mathLevel) / 2 + random.normal(350)
        science.score = score(science, scale.science(level, grade: grade, year: year))
        grow(&random, school, year: year, after: before)
    }

    /// English learners: in the first year exempt, in mathematics and science often tested all the same; some do not
    /// take the language test.
    private mutating func exempt(_ random: inout Random) {
        let (skips, sitsELA, sitsOthers) = (random.chance(45), random.chance(60), random.chance(500))
        guard isLearner else { return }
        if language == .firstYear {
            if ela.status == .tested, !sitsELA { ela.status = .exempt }
            if math.status == .tested, !sitsOthers { math.status = .exempt }
            if science.status == .tested, !sitsOthers { science.status = .exempt }
        }
        if skips, ela.status == .tested || ela.status == .exempt { ela.status = .withoutLanguageTest }
    }

    private mutating func grow(_ random: inout Random, _ school: School, year: Int, after before: StudentYear?) {
        let luck: (ela: Int, math: Int)
        if grade == 10 {
            // Growth is from grade 8; most were tested then, not the year before.
            guard before != nil, random.chance(960) else { return }
            let before = random.normal(250)
            luck = (before + random.normal(310), before + random.normal(310))
        } else {
            guard let before, before.isTested else { return }
            luck = (before.luckELA, before.luckMath)
            ela.priorScore = before.ela.score
            math.priorScore = before.math.score
        }
        if ela.status == .tested && (grade == 10 || ela.priorScore != nil) {
            ela.growth = StudentYear.percentile(school.growth[year] + school.lean + (9 * luckELA - 4 * luck.ela) / 4)
        }
        if math.status == .tested && (grade == 10 || math.priorScore != nil) {
            math.growth = StudentYear.percentile(school.growth[year] - school.lean + (9 * luckMath - 4 * luck.math) / 4)
        }
    }

    static func composite(_ level: Int) -> Int {
        min(max(500 + level * 22 / 1000, 440), 560)
    }

    private static func percentile(_ thousandths: Int) -> Int {
        min(max(Curve.perMille(ofNormal: thousandths) / 10, 1), 99)
    }
}
