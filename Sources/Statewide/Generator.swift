import Messages

/// What to generate.
struct Plan {
    var seed: UInt64
    /// Distinct students of grades 1 to 12 a year.
    var students: Int
    /// The spring year of the determinations; the year before it is generated too.
    var year: Int
    var compressed = false
    /// Districts and schools are laid out as for this many students.
    var places: Int?
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
    let scale: Scale
    var tally: Tally
    /// Of the state, the districts and the schools, in this order.
    var ranking: Ranking
    var enrollment: [Enrollment]
    var tests = TestCounts()
    var assessed = 0
    var attended = 0

    /// October enrolment of a school in a year.
    struct Enrollment {
        var byGrade = [Int](repeating: 0, count: 13)
        var lowIncome = 0
        var disabled = 0
        var learners = 0
    }

    init(_ plan: Plan) {
        self.plan = plan
        scale = Scale(year: plan.year)
        state = StateBuilder.build(seed: plan.seed, students: plan.places ?? plan.students)
        tally = Tally(organizations: state.schools.count)
        ranking = Ranking(organizations: 1 + state.districts.count + state.schools.count)
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
        var current = try StudentFiles(directory, year: plan.year, corrections: false, compressed: plan.compressed)
        var corrections = try StudentFiles(directory, year: plan.year, corrections: true, compressed: plan.compressed)
        // Cohorts 1 to 12 are in school this year, 2 to 13 were last year, 3 to 14 the year before; those that follow
        // on the twelfth are as large as the first ones, so that every year has exactly the students asked for.
        let cohorts = (1...14)
            .map { cohort in
                plan.students / 12 + ((cohort > 12 ? cohort - 12 : cohort) <= plan.students % 12 ? 1 : 0)
            }
        let all = cohorts.reduce(0, +)
        // A bijection on the ten-digit numbers that do not begin with 0: the factor has no divisor in common with
        // their count, so no two students share one.
        let offset = Int(Random(seed: plan.seed, stream: 2).first % 9_000_000_000)
        func identifier(_ serial: Int) -> Int { 1_000_000_000 + (serial * 7_919_000_011 + offset) % 9_000_000_000 }

        let total = state.ends.last ?? 1
        var serial = 0
        var starts = [Int](repeating: 0, count: cohorts.count)
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
            let result = StudentYear.next(&random, student, year: year, after: before, in: state, scale)
            defer { before = result }
            guard let result else { continue }
            let outcomes = count(student, result, year: year, &random)
            // Who was in high school is of the determinations of the year after, who was due to graduate of two years.
            if result.isHigh, year < 2 {
                countLeaving(student, result, year: year, &random)
                let outcome = result.grade == 12 ? cohortOutcome(student, result) : nil
                if let outcome { countCohort(student, result, outcome, year: year) }
                let due = plan.year - 2 + year
                if year == 0 {
                    try prior.writeYearBefore(student, result, in: state)
                    if let outcome { try prior.writeMember(student, result, outcome, due: due, in: state) }
                } else {
                    try current.writeYearBefore(student, result, in: state)
                }
                if let outcome { try current.writeMember(student, result, outcome, due: due, in: state) }
            }
            switch year {
            case 0: break
            case 1:
                if result.isTested { try prior.writeAssessment(student, result, in: state) }
                try prior.writeAttendance(student, result, in: state)
                try prior.writeOutcomes(student, result, outcomes, in: state)
            default:
                if result.isTested { try current.writeAssessment(student, result, in: state) }
                try current.writeAttendance(student, result, in: state)
                try current.writeOutcomes(student, result, outcomes, in: state)
                try correct(student, result, &random, &corrections)
            }
        }
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
            if state.schools[index].serves(result.grade, in: 2) { return index }
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
