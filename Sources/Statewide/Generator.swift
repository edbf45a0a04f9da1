import Messages

/// What to generate.
struct Plan {
    var seed: UInt64
    /// Distinct students of grades 1 to 12 a year.
    var students: Int
    /// The spring year of the determinations; the year before it is generated too.
    var year: Int
    var compressed = false
}

/// What was generated.
struct Generated {
    var districts: Int
    var schools: Int
    /// In the order in which they are to be submitted.
    var files: [TableFile.Entry]
    var corrections: [TableFile.Entry]
}

/// Writes a state's files, student by student: nothing but sums is kept.
struct Generator {
    let plan: Plan
    let state: State
    private(set) var tally: Tally
    private(set) var ranking: Ranking
    private(set) var enrollment: [Enrollment]
    private(set) var tests = TestCounts()
    private var assessed = 0
    private var attended = 0

    /// October enrolment of a school in a year.
    struct Enrollment {
        var byGrade = [Int](repeating: 0, count: 13)
        var lowIncome = 0
        var disabled = 0
        var learners = 0
    }

    init(_ plan: Plan) {
        self.plan = plan
        state = StateBuilder.build(seed: plan.seed, students: plan.students)
        tally = Tally(organizations: state.schools.count)
        ranking = Ranking(organizations: state.schools.count)
        enrollment = [Enrollment](repeating: Enrollment(), count: state.schools.count * 2)
    }

    /// Writes everything into a directory that exists.
    static func write(_ plan: Plan, into directory: String) throws -> Generated {
        var generator = Generator(plan)
        let studentFiles = try generator.writeStudents(directory)
        var supplied = Supplied(generator)
        let files = try supplied.write(into: directory)
        return Generated(
            districts: generator.state.districts.count,
            schools: generator.state.schools.count,
            files: files + studentFiles.files,
            corrections: studentFiles.corrections
        )
    }

    private mutating func writeStudents(
        _ directory: String
    ) throws -> (files: [TableFile.Entry], corrections: [TableFile.Entry]) {
        var prior = try StudentFiles(directory, year: plan.year - 1, corrections: false, compressed: plan.compressed)
        var current = try StudentFiles(
            directory,
            year: plan.year,
            corrections: false,
            cohort: true,
            compressed: plan.compressed
        )
        var corrections = try StudentFiles(directory, year: plan.year, corrections: true, compressed: plan.compressed)
        // Cohorts 1 to 12 are in school this year, 2 to 13 were last year; the first and the last are equally large, so
        // that both years have exactly the students asked for.
        let cohorts = (1...13)
            .map { cohort in
                plan.students / 12 + ((cohort == 13 ? 1 : cohort) <= plan.students % 12 ? 1 : 0)
            }
        let all = cohorts.reduce(0, +)
        // A bijection on the ten-digit numbers that do not begin with 0: the factor has no divisor in common with
        // their count, so no two students share one.
        let offset = Int(Random(seed: plan.seed, stream: 2).first % 9_000_000_000)
        func identifier(_ serial: Int) -> Int { 1_000_000_000 + (serial * 7_919_000_011 + offset) % 9_000_000_000 }

        let total = state.ends.last ?? 1
        var serial = 0
        var starts = [Int](repeating: 0, count: 13)
        for catchment in state.catchments.indices {
            for cohort in cohorts.indices {
                let end = state.ends[catchment] * cohorts[cohort] / total
                for _ in starts[cohort]..<end {
                    var random = Random(seed: plan.seed, stream: 3, index: UInt64(serial))
                    // Some leave the state after the prior year; as many come in their place.
                    let leaves = random.chance(20)
                    let arrives = random.chance(20) ? 1 : 0
                    var student = Student(
                        &random,
                        identifier: identifier(serial),
                        grade: cohort + 1,
                        catchment: catchment,
                        years: arrives...(leaves ? 1 : 2),
                        in: state
                    )
                    try write(student, &random, &prior, &current, &corrections)
                    if leaves {
                        student = Student(
                            &random,
                            identifier: identifier(serial + all),
                            grade: cohort + 1,
                            catchment: catchment,
                            years: 2...2,
                            in: state
                        )
                        try write(student, &random, &prior, &current, &corrections)
                    }
                    serial += 1
                }
                starts[cohort] = end
            }
        }
        return (try prior.close() + current.close(), try corrections.close())
    }

    private mutating func write(
        _ student: Student,
        _ random: inout Random,
        _ prior: inout StudentFiles,
        _ current: inout StudentFiles,
        _ corrections: inout StudentFiles
    ) throws {
        var before: StudentYear?
        for year in 0...2 {
            let result = StudentYear.next(&random, student, year: year, after: before, in: state)
            defer { before = result }
            guard let result, year > 0 else { continue }
            let outcomes = count(student, result, year: year - 1, &random)
            if year == 1 {
                if result.isTested { try prior.writeAssessment(student, result, in: state) }
                try prior.writeAttendance(student, result, in: state)
                try prior.writeOutcomes(student, result, outcomes, in: state)
                // Who was in grade 12 is the cohort that the determinations of the year after judge.
                if result.grade == 12 {
                    try current.writeMember(student, result, cohortOutcome(student, result), in: state)
                }
            } else {
                if result.isTested { try current.writeAssessment(student, result, in: state) }
                try current.writeAttendance(student, result, in: state)
                try current.writeOutcomes(student, result, outcomes, in: state)
                try correct(student, result, &random, &corrections)
            }
        }
    }

    // MARK: Sums

    /// The groups a student is in, as bits in the vocabulary's order without the lowest performing.
    static func groups(_ student: Student, _ result: StudentYear) -> UInt16 {
        let language = result.language != .native
        var mask: UInt16 = 1
        if language || result.lowIncome || student.disabled { mask |= 1 << 1 }
        if result.lowIncome { mask |= 1 << 2 }
        if language { mask |= 1 << 3 }
        if student.disabled { mask |= 1 << 4 }
        return mask | 1 << UInt16(5 + student.race)
    }

    private mutating func count(_ student: Student, _ result: StudentYear, year: Int, _ random: inout Random)
        -> StudentOutcomes
    {
        var outcomes = StudentOutcomes()
        outcomes.advanced = countHighSchool(student, result, year: year, &random)
        if result.isTested { tests.add(result, year: year, groups: Generator.groups(student, result)) }
        guard result.sinceOctober else { return outcomes }
        let school = result.school
        let groups = Generator.groups(student, result)
        let slot = school * 2 + year
        enrollment[slot].byGrade[result.grade] += 1
        if result.lowIncome { enrollment[slot].lowIncome += 1 }
        if student.disabled { enrollment[slot].disabled += 1 }
        let learner = result.language == .learner || result.language == .firstYear
        if learner {
            enrollment[slot].learners += 1
            let progress = random.chance(470 + state.schools[school].growth[year + 1] / 4)
            outcomes.progress = progress
            tally.add(school, year, result.isHigh, groups: groups, .progress, progress ? 1 : 0)
        }
        let absent = result.isChronicallyAbsent
        if result.daysEnrolled >= 20 {
            tally.add(school, year, result.isHigh, groups: groups, .chronic, absent ? 1 : 0)
        }
        let index = result.science.score.map(Generator.performanceIndex)
        // Through 2019 high schools are measured by index points.
        let isIndexed = result.isHigh && plan.year <= 2019
        let achieved = (
            ela: result.ela.score.map { isIndexed ? Generator.index($0, steps: Generator.elaSteps) : $0 },
            math: result.math.score.map { isIndexed ? Generator.index($0, steps: Generator.mathSteps) : $0 }
        )
        if let value = achieved.ela { tally.add(school, year, result.isHigh, groups: groups, .ela, value) }
        if let value = achieved.math { tally.add(school, year, result.isHigh, groups: groups, .math, value) }
        if let index { tally.add(school, year, result.isHigh, groups: groups, .science, index) }
        guard year == 0, let ela = result.ela.score, let math = result.math.score else { return outcomes }
        var rank: Int? = result.isHigh ? (ela + math) / 2 : nil
        if !result.isHigh, result.priorSchool == school, let first = result.ela.priorScore {
            rank = result.math.priorScore.map { (first + $0) / 2 }
        }
        guard let rank else { return outcomes }
        ranking.add(
            school,
            result.isHigh,
            rank: rank,
            ela: achieved.ela ?? ela,
            math: achieved.math ?? math,
            science: index,
            chronic: absent
        )
        return outcomes
    }

    /// CPI points of a legacy scaled score: proficient is 100, then steps of ten points on the scale.
    private static func performanceIndex(_ score: Int) -> Int {
        score >= 240 ? 100 : max(0, (score - 200) / 10) * 25
    }

    /// Scores from which on a student of a high school has 25, 50, 75 and 100 index points.
    private static let elaSteps = [448, 455, 464, 472]
    private static let mathSteps = [455, 469, 478, 486]

    private static func index(_ score: Int, steps: [Int]) -> Int { steps.reduce(0) { $0 + (score >= $1 ? 25 : 0) } }

    /// Counts what high schools report.
    ///
    /// Returns whether a student of the upper grades completed an advanced course.
    private mutating func countHighSchool(
        _ student: Student,
        _ result: StudentYear,
        year: Int,
        _ random: inout Random
    ) -> Bool? {
        guard result.isHigh else { return nil }
        let school = state.schools[result.school]
        let groups = Generator.groups(student, result)
        let risk = Generator.risk(student, result, school)
        func add(_ measure: Measure, _ holds: Bool) {
            tally.add(result.school, year, true, groups: groups, measure, holds ? 1 : 0)
        }
        add(.dropout, random.chance(max(2, 4 + risk / 10)))
        let advanced = result.grade >= 11 ? random.chance(max(20, 720 - risk * 3 / 2)) : nil
        // Who came after October does not count in the school's results.
        if let advanced, result.sinceOctober { add(.advanced, advanced) }
        guard result.grade == 12 else { return advanced }
        let graduated = random.chance(min(max(965 - risk, 50), 995))
        add(.graduation, graduated)
        add(.engagement, graduated || random.chance(450))
        return advanced
    }

    /// How likely a student is not to graduate, of a thousand.
    private static func risk(_ student: Student, _ result: StudentYear, _ school: School) -> Int {
        (result.lowIncome ? 70 : 0) + (student.disabled ? 110 : 0) + (result.language == .learner ? 150 : 0)
            - school.quality / 8 + (school.isAlternative ? 380 : 0)
    }

    /// What became of a member of a graduation cohort.
    ///
    /// Numbers of its own: those of the other files do not move.
    private func cohortOutcome(_ student: Student, _ result: StudentYear) -> CohortOutcome {
        var random = Random(seed: plan.seed, stream: 10, index: UInt64(student.identifier))
        let school = state.schools[result.school]
        let risk = Generator.risk(student, result, school) - school.growth[1] / 8
        var outcome = CohortOutcome()
        outcome.fourYear = random.chance(min(max(965 - risk, 50), 995))
        outcome.droppedOut = !outcome.fourYear && random.chance(400)
        let stays = !outcome.fourYear && !outcome.droppedOut
        outcome.fiveYear = outcome.fourYear || (stays && random.chance(300))
        outcome.stillEnrolled = stays && !outcome.fiveYear && random.chance(500)
        return outcome
    }

    // MARK: Corrections

    /// Every so-many-th student is corrected: some scores and days change, some rows go, some students have moved.
    private mutating func correct(
        _ student: Student,
        _ result: StudentYear,
        _ random: inout Random,
        _ corrections: inout StudentFiles
    ) throws {
        attended += 1
        let interval = max(5, min(plan.students / 100, 2000))
        if result.isTested {
            assessed += 1
            if assessed % interval == interval / 2 {
                var changed = result
                switch assessed / interval % 4 {
                case 0:
                    changed.changeScores(&random)
                    try corrections.writeAssessment(student, changed, in: state)
                case 1:
                    try corrections.writeAssessment(student, result, in: state, delete: true)
                case 2:
                    changed.school = otherSchool(result)
                    try corrections.writeAssessment(student, changed, in: state)
                    try corrections.writeAttendance(student, changed, in: state)
                default:
                    changed.changeScores(&random)
                    changed.sinceOctober = true
                    try corrections.writeAssessment(student, changed, in: state)
                }
                return
            }
        }
        guard attended % (interval * 2) == interval else { return }
        var changed = result
        changed.daysAbsent = random.below(changed.daysEnrolled / 2 + 1)
        try corrections.writeAttendance(student, changed, in: state, delete: attended / interval % 6 == 1)
    }

    /// The next school that serves the grade.
    private func otherSchool(_ result: StudentYear) -> Int {
        let count = state.schools.count
        for step in 1..<max(2, count) {
            let index = (result.school + step) % count
            if state.schools[index].grades.contains(result.grade) { return index }
        }
        return result.school
    }
}

extension Random {
    /// The first number of the generator.
    var first: UInt64 {
        var copy = self
        return copy.next()
    }
}

extension StudentYear {
    /// Scores as a second reading would give them: a few points up or down, and a test found for who had none.
    mutating func changeScores(_ random: inout Random) {
        let change = random.within(4...24) * (random.chance(500) ? 1 : -1)
        ela.score = min(max((ela.score ?? 500) + change, 440), 560)
        math.score = min(max((math.score ?? 500) + change, 440), 560)
        ela.status = .tested
        math.status = .tested
    }
}
