import SwiftProtobuf

/// Facts of one school year and layout, column by column: `RecordBlock` of record.proto.
///
/// The same value collects rows and holds those that were read. Reading again reuses its room.
public struct RecordBlock: Sendable {
    /// The school year.
    public internal(set) var schoolYear = 0
    /// The layout.
    public internal(set) var layout = Layout.organizations
    /// How many rows there are.
    public internal(set) var rows = 0
    /// The submissions that brought them.
    public internal(set) var submissions: [String] = []
    /// By row: the student's pseudonym; empty in layouts that are not about students.
    public internal(set) var students: [UInt128] = []
    /// By row: the key within year and layout; empty in layouts that are about students.
    public internal(set) var keys: [String] = []
    /// About how many bytes there are.
    public internal(set) var byteCount = 0

    // One value for all rows, or one for each row; empty if all are 0.
    var places: [UInt32] = []
    var causes: [UInt32] = []
    var organizations: [UInt32] = []
    var columns: [[UInt32]] = Array(repeating: [], count: StudentFact.Column.allCases.count)
    var lines: [UInt64] = []
    var retractions: [Bool] = []
    var contents: [Accountability_V1_Record.OneOf_Content] = []
    /// By row of a layout that is not about students: its place in ``contents``.
    var contentPlaces: [Int32] = []
    var numbers: [UInt64] = []

    /// The most rows of a block.
    ///
    /// It is far above any written block, and prevents a foreign record from requesting all memory.
    static let mostRows = 1 << 20
    /// The field of a record that holds a block.
    static let recordField = 20
    static let layouts = Dictionary(uniqueKeysWithValues: Layout.allCases.map { (Array($0.wireName.utf8), $0) })
    /// The columns of each layout, by its raw value: looked up for each row that is added.
    static let layoutColumns: [[StudentFact.Column]] = (0...(Layout.allCases.map(\.rawValue).max() ?? 0))
        .map { Layout(rawValue: $0).map(StudentFact.columns) ?? [] }

    /// A block without rows.
    public init() {}

    /// A block that collects rows of a year and layout.
    public init(schoolYear: Int, layout: Layout) {
        self.schoolYear = schoolYear
        self.layout = layout
    }

    /// Whether its rows are about students.
    public var isAboutStudents: Bool { layout.isAboutStudents }

    // MARK: Rows

    /// Whether a row retracts its key.
    public func retracts(_ row: Int) -> Bool { !retractions.isEmpty && retractions[row] }

    /// The submission of a row: of one that retracts, the one that made it necessary.
    public func submission(_ row: Int) -> String { submissions[Int(value(places, row))] }

    /// The submission that made a row necessary.
    public func cause(_ row: Int) -> String {
        let cause = value(causes, row)
        return cause == 0 ? submission(row) : submissions[Int(cause) - 1]
    }

    /// The place of a row's submission in ``submissions``.
    public func submissionPlace(_ row: Int) -> Int { Int(value(places, row)) }

    /// The line of a row in its file.
    public func line(_ row: Int) -> UInt64 { lines[row] }

    /// The code of a row's organization as a number.
    public func organization(_ row: Int) -> UInt32 { value(organizations, row) }

    /// A row's value in a column.
    public func value(_ column: StudentFact.Column, _ row: Int) -> UInt32 { value(columns[column.place], row) }

    private func value(_ column: [UInt32], _ row: Int) -> UInt32 {
        column.count > 1 ? column[row] : column.first ?? 0
    }

    /// The student facts of a row.
    public func fact(_ row: Int) -> StudentFact {
        var fact = StudentFact()
        fact.student = students[row]
        fact.grade = value(.grade, row)
        fact.groups = value(.groups, row)
        fact.flags = StudentFact.Flags(rawValue: value(.flags, row))
        switch layout {
        case .assessmentResults:
            fact.priorOrganization = value(.priorOrganization, row)
            fact.ela.status = value(.elaStatus, row)
            fact.ela.score = value(.elaScore, row)
            fact.ela.growth = value(.elaGrowth, row)
            fact.ela.priorScore = value(.elaPriorScore, row)
            fact.math.status = value(.mathStatus, row)
            fact.math.score = value(.mathScore, row)
            fact.math.growth = value(.mathGrowth, row)
            fact.math.priorScore = value(.mathPriorScore, row)
            fact.science.status = value(.scienceStatus, row)
            fact.science.score = value(.scienceScore, row)
        case .attendance:
            fact.daysEnrolled = value(.daysEnrolled, row)
            fact.daysAbsent = value(.daysAbsent, row)
        case .englishProficiency: fact.difficultyQuartile = value(.difficultyQuartile, row)
        case .graduationCohort: fact.cohortYear = value(.cohortYear, row)
        // The others have the common columns only, or are not about students.
        default: break
        }
        return fact
    }

    /// The content of a row in a layout that is not about students; nil for a retraction.
    public func content(_ row: Int) -> Accountability_V1_Record.OneOf_Content? {
        let place = Int(contentPlaces[row])
        return place < 0 ? nil : contents[place]
    }

    /// The whole key of a row: `<school year>/<layout>/<key within it>`, a pseudonym in hexadecimal.
    public func key(_ row: Int) -> String {
        let prefix = "\(schoolYear)/\(layout.wireName)/"
        guard isAboutStudents else { return prefix + keys[row] }
        let digits = String(students[row], radix: 16)
        let pseudonym = String(repeating: "0", count: 32 - digits.utf8.count) + digits
        return prefix + pseudonym + (layout == .graduationCohort ? "/\(value(.cohortYear, row))" : "")
    }

    /// A single row without its origin.
    ///
    /// Rows with the same content have the same bytes; nil for a retraction.
    public func canonical(_ row: Int) throws -> [UInt8]? {
        guard !retracts(row) else { return nil }
        var single = RecordBlock(schoolYear: schoolYear, layout: layout)
        if let content = isAboutStudents ? nil : content(row) {
            single.append(content, key: keys[row], organization: organization(row), submission: "", line: 0)
        } else {
            single.append(fact(row), organization: organization(row), submission: "", line: 0)
        }
        return try single.take()
    }
}
