import Messages
import Rules
import Tables

/// Something wrong with a row.
struct RowFault: Hashable {
    var code: RejectionCode
    /// The index of the faulty column, in canonical order; nil if the whole row is at fault.
    var column: Int?
}

/// The content of a row without faults.
struct CheckedRow {
    /// The published record.
    enum Content {
        /// A deletion.
        case none
        case student(StudentFact)
        case record(Accountability_V1_Record.OneOf_Content)
        case directive(Accountability_V1_Directive)
    }

    var year: Int
    var organization: OrganizationCode
    var isDeletion: Bool
    var content: Content
    /// A digest that distinguishes different contents of the same key.
    var digest: UInt64
}

/// Reads and checks the rows of one layout.
///
/// It knows only the row and not earlier submissions. It finds all faults of a row. Buffers are reused from row to row.
struct RowCheck {
    let layout: Layout
    /// The layout's columns, in canonical order.
    let columns: [Column]
    /// The faults of the row read last.
    private(set) var faults: [RowFault] = []
    /// The school year of the row read last, if it has one.
    private(set) var year: Int?
    /// The organization of the row read last, if it has one.
    private(set) var organization: OrganizationCode?
    /// The key of the row read last, of a layout that is not about students: `<school year>/<layout>/<key within it>`.
    var key: [UInt8] = []
    /// The student of the last row, in layouts about students; nil if the pseudonym is invalid.
    private(set) var student: UInt128?
    /// The cohort's year of the last row, if it is part of the key.
    var cohort: Int?
    /// The name of the row read last; nil if its key could not be read.
    private(set) var identity: RowIdentity?
    var spellings = GroupSpellings()
    /// The frameworks of the years.
    let frameworks: FrameworkSet

    private var row = CSVRow()
    // The field of the file for each column; -1 if the file lacks the column.
    private let fields: [Int]
    // The byte ranges of the last row's fields, by column.
    private var places: [Range<Int>]
    private var text: [UInt8] = []
    private let studentColumn: Int
    let fieldCount: Int
    // Taken out of the columns, whose copies cost.
    private let isRequired: [Bool]
    private let isAboutStudents: Bool
    let bounds: [ClosedRange<Int>]
    let words: [[String]]
    let synonyms: [[String: String]]
    private let keyPrefix: [UInt8]
    // The frameworks of the years that were met: looked up once each.
    private var metFrameworks: [Int: Framework] = [:]
    /// Columns whose field ingestion masked, with the reason.
    private var masked: [(column: Int, code: RejectionCode)] = []

    /// Canonical places of the columns that every layout begins with.
    static let yearColumn = 0
    static let organizationColumn = 1
    static let actionColumn = 2

    /// A check of rows whose text has these columns; nil when a column that has to be there is not.
    init?(layout: Layout, columns names: [String], frameworks: FrameworkSet = .builtIn) {
        let columns = layout.columns
        guard Set(names).count == names.count else { return nil }
        fields = columns.map { names.firstIndex(of: $0.name) ?? -1 }
        for (column, field) in zip(columns, fields) where column.presence != .optional && field < 0 { return nil }
        self.layout = layout
        self.columns = columns
        self.frameworks = frameworks
        fieldCount = names.count
        places = Array(repeating: 0..<0, count: columns.count)
        studentColumn = columns.firstIndex { $0.kind == .studentIdentifier } ?? -1
        isRequired = columns.map(\.required)
        isAboutStudents = layout.isAboutStudents
        bounds = columns.map { column in
            switch column.kind {
            case .integer(let bounds), .decimal(let bounds): bounds
            default: 0...0
            }
        }
        words = columns.map { if case .choice(let words, _) = $0.kind { words } else { [] } }
        synonyms = columns.map { if case .choice(_, let synonyms) = $0.kind { synonyms } else { [:] } }
        keyPrefix = Array("/\(layout.wireName)/".utf8)
    }

    /// The name of the row whose fields were read; nil if its key could not be read.
    private func nameOfRow() -> RowIdentity? {
        guard let year else { return nil }
        guard isAboutStudents else {
            return RowKey(key.span, layout: layout, year: year)
                .map { RowIdentity(name: $0, student: nil, cohort: 0, key: key) }
        }
        guard let student, layout != .graduationCohort || cohort != nil else { return nil }
        return RowIdentity(
            name: RowKey(student: student, layout: layout, year: year, cohort: cohort),
            student: student,
            cohort: UInt32(clamping: cohort ?? 0),
            key: []
        )
    }

    /// Which field of the file holds the student; nil in layouts that are not about students.
    var studentField: Int? { studentColumn >= 0 && fields[studentColumn] >= 0 ? fields[studentColumn] : nil }

    /// Whether a block has the columns that this check reads.
    func fits(_ block: SubmissionBlock) -> Bool {
        block.layout == layout.wireName && block.columnCount == fieldCount
            && (block.rows == 0 || block.students.isEmpty != isAboutStudents)
            && (block.rows == 0 || block.owners.isEmpty == (layout != .organizations))
    }

    /// Reads a row of a block that fits.
    ///
    /// - `bytes`: those that the block was read from.
    /// - Returns: what it says; nil when it has ``faults``.
    mutating func read(_ block: SubmissionBlock, row: Int, in bytes: Span<UInt8>) -> CheckedRow? {
        begin()
        for column in fields.indices where fields[column] >= 0 {
            places[column] = block.field(fields[column], row: row)
        }
        student = isAboutStudents ? block.students[row] : nil
        return readFields(bytes)
    }

    /// Reads a row by itself, as ledgers held rows before there were blocks: RFC 4180, the pseudonym in hexadecimal.
    ///
    /// - Returns: what it says; nil when it has ``faults``.
    mutating func read(_ line: Span<UInt8>) -> CheckedRow? {
        begin()
        // Out of the way of the fields, which borrow them.
        var row = CSVRow()
        swap(&row, &self.row)
        var bytes: [UInt8] = []
        swap(&bytes, &text)
        defer {
            swap(&row, &self.row)
            swap(&bytes, &text)
        }
        do throws(CSVError) {
            try row.parse(line)
        } catch {
            fault(RejectionCode(error.code))
            return nil
        }
        guard row.fieldCount == fieldCount else {
            fault(.fieldCount)
            return nil
        }
        bytes.removeAll(keepingCapacity: true)
        for column in fields.indices where fields[column] >= 0 {
            let field = row.field(fields[column], of: line)
            let start = bytes.count
            if column == studentColumn {
                student = RowKey.number(field)
            } else {
                for index in field.indices { bytes.append(field[index]) }
            }
            places[column] = start..<bytes.count
        }
        return readFields(bytes.span)
    }

    private mutating func begin() {
        faults.removeAll(keepingCapacity: true)
        key.removeAll(keepingCapacity: true)
        year = nil
        organization = nil
        student = nil
        cohort = nil
        identity = nil
    }

    private mutating func readFields(_ line: Span<UInt8>) -> CheckedRow? {
        findMasks(line)
        let action = choice(RowCheck.actionColumn, line) ?? 0
        year = take(FieldReading.year(field(RowCheck.yearColumn, line)), RowCheck.yearColumn)
        organization = take(FieldReading.code(field(RowCheck.organizationColumn, line)), RowCheck.organizationColumn)
        let isDeletion = action == 1
        let content = readContent(line, isDeletion: isDeletion)
        identity = nameOfRow()
        guard faults.isEmpty, let year, let organization else { return nil }
        return CheckedRow(
            year: year,
            organization: organization,
            isDeletion: isDeletion,
            content: isDeletion ? .none : content,
            digest: isDeletion ? 0 : digest(line)
        )
    }

    /// The school year and organization of a row in a block, without reading the row; nil if they are invalid.
    func declaration(of block: SubmissionBlock, row: Int, in bytes: Span<UInt8>) -> UInt64? {
        let (year, code) = (fields[RowCheck.yearColumn], fields[RowCheck.organizationColumn])
        guard year >= 0, code >= 0, let year = bytes.extracting(block.field(year, row: row)).integer,
            case .value(let organization) = FieldReading.code(bytes.extracting(block.field(code, row: row)))
        else { return nil }
        return ValidationTask.declaration(year, organization)
    }

    /// The layout's own columns; writes the key.
    private mutating func readContent(_ line: Span<UInt8>, isDeletion: Bool) -> CheckedRow.Content {
        if !isAboutStudents { beginKey(line) }
        switch layout {
        case .organizations: return organization(line, isDeletion: isDeletion)
        case .assessmentResults: return assessment(line, isDeletion: isDeletion)
        case .attendance: return attendance(line, isDeletion: isDeletion)
        case .participationCounts: return participation(line, isDeletion: isDeletion)
        case .indicatorValues: return indicatorValue(line, isDeletion: isDeletion)
        case .targets: return target(line, isDeletion: isDeletion)
        case .directives: return directive(line, isDeletion: isDeletion)
        case .organizationChanges: return organizationChange(line, isDeletion: isDeletion)
        default: return outcome(line, isDeletion: isDeletion)
        }
    }

    /// The valid record values in the framework of the row's year; nil for a row without a year, which is a fault
    /// itself.
    mutating func records() -> RecordParameters? {
        guard let year else { return nil }
        if let known = metFrameworks[year] { return known.records }
        do {
            let framework = try frameworks.records(schoolYear: year)
            metFrameworks[year] = framework
            return framework.records
        } catch {
            // The frameworks in the program are complete; a test checks this.
            return nil
        }
    }

    /// The framework of the row's school year; nil if none covers it.
    var framework: Framework? {
        do {
            return try year.flatMap { try frameworks.ifCovered(schoolYear: $0) }
        } catch {
            // The frameworks of the program cannot be read: every stage says so at its first record.
            return nil
        }
    }

    // MARK: Fields

    /// Finds the fields of a student's row that ingestion did not let into the ledger.
    private mutating func findMasks(_ line: Span<UInt8>) {
        masked.removeAll(keepingCapacity: true)
        guard isAboutStudents else { return }
        for column in fields.indices {
            if let code = FieldMask.code(of: field(column, line)) { masked.append((column, code)) }
        }
    }

    /// A column's field; empty if the file lacks the column.
    @_lifetime(copy line)
    func field(_ column: Int, _ line: Span<UInt8>) -> Span<UInt8> {
        line.extracting(places[column])
    }

    /// The value of a reading; takes note of a fault, and of an empty field that needs a value.
    mutating func take<Value>(_ reading: Reading<Value>, _ column: Int) -> Value? {
        switch reading {
        case .value(let value): return value
        case .empty:
            if isRequired[column] { fault(.missingValue, column) }
            return nil
        case .fault(let code):
            fault(masked.first { $0.column == column }?.code ?? code, column)
            return nil
        }
    }

    mutating func fault(_ code: RejectionCode, _ column: Int? = nil) {
        faults.append(RowFault(code: code, column: column))
    }

    // MARK: Key and digest

    private mutating func beginKey(_ line: Span<UInt8>) {
        appendToKey(RowCheck.yearColumn, line)
        key.append(contentsOf: keyPrefix)
    }

    /// Appends a field to the key as it was written.
    mutating func appendToKey(_ column: Int, _ line: Span<UInt8>) {
        let field = field(column, line)
        for index in field.indices { key.append(field[index]) }
    }

    /// Appends a slash and a word to the key.
    mutating func appendToKey(_ word: String) {
        key.append(UInt8(ascii: "/"))
        key.append(contentsOf: word.utf8)
    }

    /// FNV-1a over the student and all fields but the action, with a separator between them; never 0.
    private func digest(_ line: Span<UInt8>) -> UInt64 {
        let student = student ?? 0
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for half in [UInt64(truncatingIfNeeded: student >> 64), UInt64(truncatingIfNeeded: student)] {
            hash = (hash ^ half) &* 0x0000_0100_0000_01b3
        }
        for column in fields.indices where column != RowCheck.actionColumn {
            let field = field(column, line)
            for index in field.indices { hash = (hash ^ UInt64(field[index])) &* 0x0000_0100_0000_01b3 }
            hash = (hash ^ 0xFF) &* 0x0000_0100_0000_01b3
        }
        return hash == 0 ? 1 : hash
    }
}

extension Layout {
    /// The index of a column of the layout.
    ///
    /// For an unknown name it is the first one; a test excludes this case.
    func place(_ name: String) -> Int { index(of: name) ?? 0 }
}
