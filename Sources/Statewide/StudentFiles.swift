import Messages

/// What else became of a student in a year; nil where nothing is reported.
struct StudentOutcomes {
    /// Of an English learner: whether the year's target was met.
    var progress: Bool?
    /// Of grades 11 and 12: whether an advanced course was completed.
    var advanced: Bool?
}

/// The files with a row a student: of one year, or of corrections, which are of tests and attendance alone.
struct StudentFiles: ~Copyable {
    private var assessments: TableFile
    private var attendance: TableFile
    private var proficiency: TableFile?
    private var coursework: TableFile?
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
        self.assessments = assessments
        self.attendance = attendance
        self.proficiency = proficiency
        self.coursework = coursework
        self.year = year
    }

    mutating func writeAssessment(
        _ student: Student,
        _ result: StudentYear,
        in state: borrowing State,
        delete: Bool = false
    ) throws {
        StudentFiles.writeGroups(&assessments, year, student, result, in: state, delete: delete)
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
        StudentFiles.writeGroups(&attendance, year, student, result, in: state, delete: delete)
        attendance.write(result.daysEnrolled)
        attendance.write(result.daysAbsent)
        try attendance.endRow()
    }

    /// A row in the file of each outcome that is reported.
    mutating func writeOutcomes(_ student: Student, _ result: StudentYear, _ outcomes: StudentOutcomes, in state: borrowing State) throws {
        if let progress = outcomes.progress, proficiency != nil {
            StudentFiles.writeGroups(&proficiency!, year, student, result, in: state, delete: false)
            proficiency!.write(1 + student.lot % 4)
            proficiency!.write(progress)
            try proficiency!.endRow()
        }
        if let advanced = outcomes.advanced, coursework != nil {
            StudentFiles.writeGroups(&coursework!, year, student, result, in: state, delete: false)
            coursework!.write(advanced)
            try coursework!.endRow()
        }
    }

    private static func writeGroups(
        _ file: inout TableFile,
        _ year: Int,
        _ student: Student,
        _ result: StudentYear,
        in state: borrowing State,
        delete: Bool
    ) {
        file.write(year)
        file.write(state.schools[result.school].code)
        if file.hasAction { file.write(delete ? "delete" : "upsert") }
        file.write(student.identifier)
        file.write(result.grade < 10 ? "0\(result.grade)" : "\(result.grade)")
        file.write(Vocabulary.races[student.race])
        file.write(result.lowIncome)
        file.write(result.language.wireName)
        file.write(student.disabled)
        file.write(result.sinceOctober)
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
        return entries
    }
}
