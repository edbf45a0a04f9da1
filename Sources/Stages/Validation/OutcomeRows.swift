import Messages
import Rules
import Tables

/// Canonical places of the columns of the layouts that say what became of a student; the student columns are those of
/// ``RowCheck/studentColumns(_:)``.
private enum Place {
    static let grade = Layout.englishProficiency.place("grade")
    static let englishLearner = Layout.englishProficiency.place("el_status")
    static let quartile = Layout.englishProficiency.place("difficulty_quartile")
    static let metProgress = Layout.englishProficiency.place("met_progress")
    static let cohortYear = Layout.graduationCohort.place("cohort_year")
    static let fourYear = Layout.graduationCohort.place("four_year_graduate")
    static let fiveYear = Layout.graduationCohort.place("five_year_graduate")
    static let stillEnrolled = Layout.graduationCohort.place("still_enrolled_after_five")
    static let droppedOut = Layout.graduationCohort.place("dropped_out")
    static let completed = Layout.advancedCoursework.place("completed")
    static let enrolledOctober = Layout.enrollmentOutcomes.place("enrolled_october")
    static let outcomeDroppedOut = Layout.enrollmentOutcomes.place("dropped_out")
    static let returned = Layout.enrollmentOutcomes.place("returned_by_october")
}

extension RowCheck {
    /// A row of a layout that says what became of a student; of other layouts nothing.
    mutating func outcome(_ line: Span<UInt8>, isDeletion: Bool) -> CheckedRow.Content {
        switch layout {
        case .englishProficiency: englishProficiency(line, isDeletion: isDeletion)
        case .graduationCohort: cohortMember(line, isDeletion: isDeletion)
        case .advancedCoursework: advancedCoursework(line, isDeletion: isDeletion)
        case .enrollmentOutcomes: enrollmentOutcome(line, isDeletion: isDeletion)
        case .organizations, .assessmentResults, .attendance, .participationCounts, .indicatorValues, .targets,
            .directives, .organizationChanges:
            .none
        }
    }

    /// A row of `english_proficiency`.
    private mutating func englishProficiency(_ line: Span<UInt8>, isDeletion: Bool) -> CheckedRow.Content {
        guard beginStudent(line, isDeletion: isDeletion) else { return .none }
        let student = studentColumns(line)
        let quartile = integer(Place.quartile, line)
        let met = yesNo(Place.metProgress, line)
        if let student, student.englishLearner != .current, student.englishLearner != .firstYear {
            fault(.notEnglishLearner, Place.englishLearner)
        }
        guard faults.isEmpty, let student, let met else { return .none }
        var fact = student.fact
        fact.difficultyQuartile = UInt32(clamping: quartile ?? 0)
        if met { fact.flags.insert(.metProgress) }
        return .student(fact)
    }

    /// A row of `graduation_cohort`; the cohort's year is part of its key.
    private mutating func cohortMember(_ line: Span<UInt8>, isDeletion: Bool) -> CheckedRow.Content {
        let isUpsert = beginStudent(line, isDeletion: isDeletion)
        let cohort = take(FieldReading.year(field(Place.cohortYear, line)), Place.cohortYear)
        self.cohort = cohort
        guard isUpsert else { return .none }
        let student = studentColumns(line)
        let fourYear = yesNo(Place.fourYear, line)
        let fiveYear = yesNo(Place.fiveYear, line)
        let stillEnrolled = yesNo(Place.stillEnrolled, line)
        let droppedOut = yesNo(Place.droppedOut, line)
        let records = records()
        if let student, let records, !records.cohortGrades.contains(student.grade) {
            fault(.gradeNotHighSchool, Place.grade)
        }
        if let cohort, let year, let records, !records.judges(cohort: cohort, in: year) {
            fault(.cohortNotJudged, Place.cohortYear)
        }
        if fourYear == true, fiveYear == false { fault(.graduateNotWithinFive, Place.fiveYear) }
        if fiveYear == true, stillEnrolled == true { fault(.graduateStillEnrolled, Place.stillEnrolled) }
        if droppedOut == true, fourYear == true || fiveYear == true || stillEnrolled == true {
            fault(.dropoutNotGone, Place.droppedOut)
        }
        guard faults.isEmpty, let student, let cohort, let fourYear, let fiveYear, let stillEnrolled, let droppedOut
        else { return .none }
        var fact = student.fact
        fact.cohortYear = UInt32(clamping: cohort)
        if fourYear { fact.flags.insert(.fourYearGraduate) }
        if fiveYear { fact.flags.insert(.fiveYearGraduate) }
        if stillEnrolled { fact.flags.insert(.stillEnrolledAfterFive) }
        if droppedOut { fact.flags.insert(.droppedOut) }
        return .student(fact)
    }

    /// A row of `advanced_coursework`.
    private mutating func advancedCoursework(_ line: Span<UInt8>, isDeletion: Bool) -> CheckedRow.Content {
        guard beginStudent(line, isDeletion: isDeletion) else { return .none }
        let student = studentColumns(line)
        let completed = yesNo(Place.completed, line)
        if let student, let records = records(), !records.courseworkGrades.contains(student.grade) {
            fault(.gradeNotUpper, Place.grade)
        }
        guard faults.isEmpty, let student, let completed else { return .none }
        var fact = student.fact
        if completed { fact.flags.insert(.completed) }
        return .student(fact)
    }

    /// A row of `enrollment_outcomes`: what became of a student in the year before.
    private mutating func enrollmentOutcome(_ line: Span<UInt8>, isDeletion: Bool) -> CheckedRow.Content {
        guard beginStudent(line, isDeletion: isDeletion) else { return .none }
        let student = studentColumns(line)
        let enrolled = yesNo(Place.enrolledOctober, line)
        let droppedOut = yesNo(Place.outcomeDroppedOut, line)
        let returned = yesNo(Place.returned, line)
        if let student, let records = records(), !records.outcomeGrades.contains(student.grade) {
            fault(.gradeNotHighSchool, Place.grade)
        }
        guard faults.isEmpty, let student, let enrolled, let droppedOut, let returned else { return .none }
        var fact = student.fact
        // It decides nothing about the year before.
        fact.flags.remove(.enrolledSinceOctober)
        if enrolled { fact.flags.insert(.enrolledOctober) }
        if droppedOut { fact.flags.insert(.droppedOut) }
        if returned { fact.flags.insert(.returnedByOctober) }
        return .student(fact)
    }
}
