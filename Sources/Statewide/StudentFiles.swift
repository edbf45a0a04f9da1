import Messages

/// What else became of a student in a year; nil where nothing is reported.
struct StudentOutcomes {
    /// Of an English learner: whether the year's target was met.
    var progress: Bool?
    /// Of grades 11 and 12: whether an advanced course was completed.
    var advanced: Bool?
}

/// What became of a member of a graduation cohort.
struct CohortOutcome {
    var fourYear = false
    var fiveYear = false
    var stillEnrolled = false
    var droppedOut = false
}

/// The files with a row a student: of one year, or of corrections, which are only of tests and attendance.
struct StudentFiles: ~Copyable {
    private var assessments: TableFile
    private var attendance: TableFile
    private var proficiency: TableFile?
    private var coursework: TableFile?
    private var cohort: TableFile?
    private var outcomes: TableFile?
    private let year: Int

    /// Creates the files.
    init(_ directory: String, year: Int, corrections: Bool, compressed: Bool) throws {
        func open(_ layout: Layout) throws -> TableFile {
            let name = corrections ? "corrections-\(layout.wireName)" : "\(layout.wireName)-\(year)"
            return try TableFile(directory, name, layout, action: corrections, compressed: compressed)
        }
        let assessments = try open(.assessmentResults)
        let attendance = try open(.attendance)
        let proficiency = corrections ? nil : try open(.englishProficiency)
        let coursework = corrections ? nil : try open(.advancedCoursework)
        let cohort = corrections ? nil : try open(.graduationCohort)
        let outcomes = corrections ? nil : try open(.enrollmentOutcomes)
        self.assessments = assessments
        self.attendance = attendance
        self.proficiency = proficiency
        self.coursework = coursework
        self.cohort = cohort
        self.outcomes = outcomes
        self.year = year
    }

    mutating func writeAssessment(
        _ student: Student,
        _ result: StudentYear,
        in state: borrowing State,
        delete: Bool = false
    ) throws {
        assessments.writeGroups(year, student, result, in: state, delete: delete)
        assessments.write(result.priorSchool.map { state.schools[$0].code } ?? "")
        StudentFiles.write(&assessments, result.ela, growth: true)
        StudentFiles.write(&assessments, result.math, growth: true)
        StudentFiles.write(&assessments, result.science, growth: false)
        try assessments.endRow()
    }

    mutating func writeAttendance(
        _ student: Student,
        _ result: StudentYear,
        in state: borrowing State,
        delete: Bool = false
    ) throws {
        attendance.writeGroups(year, student, result, in: state, delete: delete)
        attendance.write(result.daysEnrolled)
        attendance.write(result.daysAbsent)
        try attendance.endRow()
    }

    /// A row in the file of each outcome that is reported.
    mutating func writeOutcomes(
        _ student: Student,
        _ result: StudentYear,
        _ outcomes: StudentOutcomes,
        in state: borrowing State
    ) throws {
        if let progress = outcomes.progress {
            proficiency?.writeGroups(year, student, result, in: state, delete: false)
            proficiency?.write(1 + student.lot % 4)
            proficiency?.write(progress)
            try proficiency?.endRow()
        }
        if let advanced = outcomes.advanced {
            coursework?.writeGroups(year, student, result, in: state, delete: false)
            coursework?.write(advanced)
            try coursework?.endRow()
        }
    }

    /// A member of the cohort that was due to graduate in the year `due`; `result` is of that year.
    mutating func writeMember(
        _ student: Student,
        _ result: StudentYear,
        _ outcome: CohortOutcome,
        due: Int,
        in state: borrowing State
    ) throws {
        cohort?.writeGroups(year, student, result, in: state, delete: false)
        cohort?.write(due)
        cohort?.write(outcome.fourYear)
        cohort?.write(outcome.fiveYear)
        cohort?.write(outcome.stillEnrolled)
        cohort?.write(outcome.droppedOut)
        try cohort?.endRow()
    }

    /// What became of a student of grades 9 to 12 in the year before; `result` is of that year.
    mutating func writeYearBefore(_ student: Student, _ result: StudentYear, in state: borrowing State) throws {
        outcomes?.writeGroups(year, student, result, in: state, delete: false)
        outcomes?.write(result.sinceOctober)
        outcomes?.write(result.droppedOut)
        outcomes?.write(result.returned)
        try outcomes?.endRow()
    }

    private static func write(_ file: inout TableFile, _ test: Test, growth: Bool) {
        file.write(test.status.wireName)
        file.write(test.score)
        guard growth else { return }
        file.write(test.growth)
        file.write(test.priorScore)
    }

    /// Writes the rest; what the manifest says of the files.
    consuming func close() throws -> [TableFile.Entry] {
        var entries = [try assessments.close(), try attendance.close()]
        if let entry = try proficiency?.close() { entries.append(entry) }
        if let entry = try coursework?.close() { entries.append(entry) }
        if let entry = try cohort?.close() { entries.append(entry) }
        if let entry = try outcomes?.close() { entries.append(entry) }
        return entries
    }
}

extension TableFile {
    /// The columns that every student layout begins with.
    fileprivate mutating func writeGroups(
        _ year: Int,
        _ student: Student,
        _ result: StudentYear,
        in state: borrowing State,
        delete: Bool
    ) {
        write(year)
        write(state.schools[result.school].code)
        if hasAction { write(delete ? "delete" : "upsert") }
        write(student.identifier)
        write(result.grade < 10 ? "0\(result.grade)" : "\(result.grade)")
        write(Vocabulary.races[student.race])
        write(result.lowIncome)
        write(result.language.wireName)
        write(student.disabled)
        write(result.sinceOctober)
    }
}
