/// What is counted of the students: values, baselines, enrolment.
extension Generator {
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

    mutating func count(_ student: Student, _ result: StudentYear, year: Int, _ random: inout Random)
        -> StudentOutcomes
    {
        var outcomes = StudentOutcomes()
        let school = result.school
        let groups = Generator.groups(student, result)
        if result.isHigh, result.grade >= 11 {
            let advanced = random.chance(max(20, 720 - result.risk(student, state.schools[school]) * 3 / 2))
            outcomes.advanced = advanced
            // Who came after October does not count in the school's results.
            if result.sinceOctober {
                tally.add(school, year, true, groups: groups, .advanced, advanced ? 1 : 0)
            }
        }
        if result.isTested, year > 0 { tests.add(result, year: year - 1, groups: groups) }
        guard result.sinceOctober else { return outcomes }
        if year > 0 { enroll(student, result, slot: school * 2 + year - 1) }
        if result.isLearner {
            let progress = random.chance(min(max(470 + state.schools[school].growth[year] / 4, 60), 940))
            outcomes.progress = progress
            tally.add(school, year, result.isHigh, groups: groups, .progress, progress ? 1 : 0)
        }
        let absent = result.isChronicallyAbsent
        if result.daysEnrolled >= 20 {
            tally.add(school, year, result.isHigh, groups: groups, .chronic, absent ? 1 : 0)
        }
        // Scores of first-year English learners do not count in achievement.
        guard result.language != .firstYear else { return outcomes }
        func achieved(_ measure: Measure, _ test: Test) -> Int? {
            test.score.map { scale.value(measure, $0, grade: result.grade, year: year) }
        }
        let (ela, math) = (achieved(.ela, result.ela), achieved(.math, result.math))
        let science = achieved(.science, result.science)
        if let ela { tally.add(school, year, result.isHigh, groups: groups, .ela, ela) }
        if let math { tally.add(school, year, result.isHigh, groups: groups, .math, math) }
        if let science { tally.add(school, year, result.isHigh, groups: groups, .science, science) }
        guard year < 2, ela != nil || math != nil || science != nil, let rank = rank(student, result, year: year) else {
            return outcomes
        }
        let entry = Ranking.Entry(rank: rank, ela: ela, math: math, science: science, chronic: absent)
        for organization in rankedAt(result, year: year) {
            ranking.add(organization, year, result.isHigh, entry)
        }
        return outcomes
    }

    mutating func enroll(_ student: Student, _ result: StudentYear, slot: Int) {
        enrollment[slot].byGrade[result.grade] += 1
        if result.lowIncome { enrollment[slot].lowIncome += 1 }
        if student.disabled { enrollment[slot].disabled += 1 }
        if result.isLearner { enrollment[slot].learners += 1 }
    }

    /// What a student is ordered by: in high school the scores of the year, else those of the year before.
    func rank(_ student: Student, _ result: StudentYear, year: Int) -> Int? {
        if result.isHigh { return result.ela.score.flatMap { ela in result.math.score.map { ela + $0 } } }
        // The first year has no year before it: what the student can do stands for it.
        guard year > 0 else { return StudentYear.composite(student.ela) + StudentYear.composite(student.math) }
        return result.ela.priorScore.flatMap { ela in result.math.priorScore.map { ela + $0 } }
    }

    /// Where a student is ordered: in high school everywhere, else where the student was the year before.
    func rankedAt(_ result: StudentYear, year: Int) -> [Int] {
        let district = state.schools[result.school].district
        let (inDistrict, inSchool) = (1 + district, 1 + state.districts.count + result.school)
        guard !result.isHigh, year > 0 else { return [0, inDistrict, inSchool] }
        guard let prior = result.priorSchool else { return [] }
        if prior == result.school { return [0, inDistrict, inSchool] }
        return state.schools[prior].district == district ? [0, inDistrict] : [0]
    }

    /// The dropout rate that the determinations of the year after judge; that of the first year has none before it, and
    /// is drawn again.
    mutating func countLeaving(
        _ student: Student,
        _ result: StudentYear,
        year: Int,
        _ random: inout Random
    ) {
        let groups = Generator.groups(student, result)
        func add(_ year: Int, _ isGone: Bool) {
            tally.add(
                result.school,
                year,
                true,
                groups: groups,
                .dropout,
                isGone ? 1 : 0,
                counted: result.sinceOctober
            )
        }
        add(year + 1, result.droppedOut && !result.returned)
        guard year == 0 else { return }
        let other = result.leaving(&random, student, state.schools[result.school])
        add(0, other.droppedOut && !other.returned)
    }

    /// The rates of a cohort in the determinations that judge it.
    ///
    /// The cohorts before the first one are drawn from its students.
    mutating func countCohort(_ student: Student, _ result: StudentYear, _ outcome: CohortOutcome, year: Int) {
        let groups = Generator.groups(student, result)
        func add(_ measure: Measure, _ year: Int, _ holds: Bool) {
            tally.add(result.school, year, true, groups: groups, measure, holds ? 1 : 0)
        }
        func isEngaged(_ outcome: CohortOutcome) -> Bool { outcome.fiveYear || outcome.stillEnrolled }
        add(.graduation, year + 1, outcome.fourYear)
        guard year == 0 else { return }
        add(.engagement, 2, isEngaged(outcome))
        add(.engagement, 1, isEngaged(cohortOutcome(student, result, cohort: 1)))
        let first = cohortOutcome(student, result, cohort: 2)
        add(.graduation, 0, first.fourYear)
        add(.engagement, 0, isEngaged(first))
    }

    /// What became of a member of a graduation cohort.
    ///
    /// Numbers of its own: those of the other files do not move. `cohort` numbers those before the first one of the
    /// files.
    func cohortOutcome(_ student: Student, _ result: StudentYear, cohort: UInt64 = 0) -> CohortOutcome {
        var random = Random(seed: plan.seed, stream: 10 + cohort, index: UInt64(student.identifier))
        let risk = result.risk(student, state.schools[result.school])
        var outcome = CohortOutcome()
        outcome.fourYear = random.chance(min(max(965 - risk, 50), 995))
        outcome.droppedOut = !outcome.fourYear && random.chance(400)
        let stays = !outcome.fourYear && !outcome.droppedOut
        outcome.fiveYear = outcome.fourYear || (stays && random.chance(300))
        outcome.stillEnrolled = stays && !outcome.fiveYear && random.chance(500)
        return outcome
    }
}
