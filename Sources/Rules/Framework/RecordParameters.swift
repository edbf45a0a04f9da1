/// What records can be: the scales of scores, and the grades that are tested, have growth or belong to a cohort.
///
/// They hold in every year, also in those of which nothing but participation is computed. A class, as every row of a
/// year asks for them.
public final class RecordParameters: Sendable {
    /// The scale of today's tests.
    public let currentScale: Parameter<ClosedRange<Int>>
    /// The scale of the tests before.
    public let legacyScale: Parameter<ClosedRange<Int>>
    /// The last year in which a subject was tested on the legacy scale; absent where none is known.
    public let lastLegacyYear: Parameter<[Subject: Int]>
    /// The grades in which tests are taken.
    public let testedGrades: Parameter<[Grade]>
    /// The grades that have growth percentiles.
    public let growthGrades: Parameter<[Grade]>
    /// The grades of the members of a graduation cohort; a member beyond them is in the last one.
    public let cohortGrades: Parameter<[Grade]>
    /// Years after the one in which a cohort is due to graduate for which it is still judged.
    public let cohortWindow: Parameter<Int>
    /// The grades whose outcomes of the year make the dropout rate.
    public let outcomeGrades: Parameter<[Grade]>
    /// The grades whose advanced coursework counts.
    public let courseworkGrades: Parameter<[Grade]>

    init(_ reader: ParameterReader) throws(FrameworkError) {
        currentScale = try reader.scale("records.scale.current")
        legacyScale = try reader.scale("records.scale.legacy")
        lastLegacyYear = try reader.read("records.last_legacy_year", "a table of subjects to years") { value in
            value.byName(Subject.self) { entry in entry.integer.flatMap { SchoolYear.range.contains($0) ? $0 : nil } }
        }
        testedGrades = try reader.grades("records.tested_grades")
        growthGrades = try reader.grades("records.growth_grades")
        cohortGrades = try reader.grades("records.cohort_grades")
        cohortWindow = try reader.integer("records.cohort_window", in: 0...12)
        outcomeGrades = try reader.grades("records.outcome_grades")
        courseworkGrades = try reader.grades("records.coursework_grades")
    }

    /// Whether a score can be one of this subject and year.
    public func holds(_ score: Int, _ subject: Subject, in schoolYear: Int) -> Bool {
        if currentScale.value.contains(score) { return true }
        return legacyScale.value.contains(score) && lastLegacyYear.value[subject].map { schoolYear <= $0 } ?? true
    }

    /// Whether a cohort can be judged in a school year.
    public func judges(cohort: Int, in schoolYear: Int) -> Bool {
        (schoolYear - cohortWindow.value...schoolYear).contains(cohort)
    }
}

extension Parameter<[Grade]> {
    /// Whether a grade, by its number, is one of them.
    public func contains(_ number: Int) -> Bool { value.contains { Int($0.number) == number } }
}

extension ParameterReader {
    /// A scale, from its lowest score to its highest.
    func scale(_ path: String) throws(FrameworkError) -> Parameter<ClosedRange<Int>> {
        try read(path, "a scale {from, to}") { value in
            guard let table = value.table, table.count == 2, let from = table["from"]?.integer,
                let to = table["to"]?.integer, from <= to
            else { return nil }
            return from...to
        }
    }

    /// A list of grades that is not empty.
    func grades(_ path: String) throws(FrameworkError) -> Parameter<[Grade]> {
        try read(path, "a list of grades") { value in
            let grades = value.list?.compactMap { $0.scalar.flatMap { Grade($0) } } ?? []
            return grades.isEmpty || grades.count != value.list?.count ? nil : grades
        }
    }
}

extension Framework {
    /// The framework that says what records of a school year can be: the newest up to it, and the first one for the
    /// years before.
    ///
    /// Years without determinations have records all the same.
    public static func records(schoolYear: Int) throws(FrameworkError) -> Framework {
        let all = try all().sorted { ($0.schoolYears.max() ?? 0) < ($1.schoolYears.max() ?? 0) }
        guard let framework = all.last(where: { ($0.schoolYears.min() ?? .max) <= schoolYear }) ?? all.first else {
            throw FrameworkError(.noFramework, message: "there is no framework at all")
        }
        return framework
    }
}
