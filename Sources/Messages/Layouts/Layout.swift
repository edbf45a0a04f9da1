/// The layouts of the input files, with their columns in canonical order.
///
/// The raw value is the layout's number in stored messages: it never changes.
public enum Layout: UInt8, CaseIterable, Sendable {
    case organizations = 1
    case assessmentResults = 2
    case attendance = 3
    case englishProficiency = 4
    case graduationCohort = 5
    case advancedCoursework = 6
    case participationCounts = 7
    case indicatorValues = 8
    case targets = 9
    case directives = 10
    case enrollmentOutcomes = 11
    case organizationChanges = 12

    /// The name people and files use.
    public var wireName: String {
        switch self {
        case .organizations: "organizations"
        case .assessmentResults: "assessment_results"
        case .attendance: "attendance"
        case .englishProficiency: "english_proficiency"
        case .graduationCohort: "graduation_cohort"
        case .advancedCoursework: "advanced_coursework"
        case .participationCounts: "participation_counts"
        case .indicatorValues: "indicator_values"
        case .targets: "targets"
        case .directives: "directives"
        case .enrollmentOutcomes: "enrollment_outcomes"
        case .organizationChanges: "organization_changes"
        }
    }

    /// The layout of that name.
    public init?(wireName: String) {
        guard let layout = Layout.allCases.first(where: { $0.wireName == wireName }) else { return nil }
        self = layout
    }

    /// The meaning of one row.
    public var documentation: String {
        switch self {
        case .organizations: "an organization in a year"
        case .assessmentResults: "a student's tests in a year"
        case .attendance: "a student's attendance in a year"
        case .englishProficiency: "an English learner's year"
        case .graduationCohort: "a member of a graduation cohort"
        case .advancedCoursework: "a student of grade 11 or 12 in a year"
        case .participationCounts: "participation of an organization, grade, group and subject, already counted"
        case .indicatorValues: "an indicator of an organization, grade span and group, already computed"
        case .targets: "a target the Department set"
        case .directives: "an act of the Department"
        case .enrollmentOutcomes: "what became of a student of grades 9 to 12 in the year before"
        case .organizationChanges: "a change of an organization's code, parts or grades, in its first year"
        }
    }

    /// The names of the columns that identify a row; a later row with the same values replaces it.
    public var key: [String] {
        switch self {
        case .organizations: ["school_year", "org_code"]
        case .assessmentResults, .attendance, .englishProficiency, .advancedCoursework, .enrollmentOutcomes:
            ["school_year", "student_id"]
        case .graduationCohort: ["school_year", "student_id", "cohort_year"]
        case .participationCounts: ["school_year", "org_code", "grade", "group", "subject"]
        case .indicatorValues, .targets: ["school_year", "org_code", "grade_span", "group", "indicator"]
        case .directives: ["school_year", "org_code", "directive", "kind"]
        case .organizationChanges: ["school_year", "org_code", "prior_org_code"]
        }
    }

    /// The indexes of the key columns in ``columns``.
    public var keyIndices: [Int] {
        let names = columns.map(\.name)
        return key.compactMap { names.firstIndex(of: $0) }
    }

    /// Whether a row is about one student, so that it carries an identifier to be replaced.
    public var isAboutStudents: Bool { Self.aboutStudents >> UInt32(rawValue) & 1 == 1 }

    /// A bit for each layout with an identifier among its columns: it is asked of every row.
    private static let aboutStudents = allCases.reduce(0 as UInt32) { bits, layout in
        layout.columns.contains { $0.kind == .studentIdentifier } ? bits | 1 << UInt32(layout.rawValue) : bits
    }

    /// Whether a row is published for everyone on the topic of directives, and not to the district of its organization.
    ///
    /// One validator sees all such rows.
    public var isForEveryone: Bool { self == .directives || self == .organizationChanges }

    /// The index of the column with this name in ``columns``.
    public func index(of name: String) -> Int? {
        columns.firstIndex { $0.name == name }
    }
}

extension Layout: CustomStringConvertible {
    /// The wire name.
    public var description: String { wireName }
}
