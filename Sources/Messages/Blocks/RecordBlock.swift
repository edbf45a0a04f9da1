import SwiftProtobuf

/// Facts of one school year and layout, column by column: `RecordBlock` of record.proto.
///
/// The same value collects rows and holds those that were read. Reading again reuses its room.
public struct RecordBlock: Sendable {
    /// The school year.
    public private(set) var schoolYear = 0
    /// The layout.
    public private(set) var layout = Layout.organizations
    /// How many rows there are.
    public private(set) var rows = 0
    /// The submissions that brought them.
    public private(set) var submissions: [String] = []
    /// By row: the student's pseudonym; empty in layouts that are not about students.
    public private(set) var students: [UInt128] = []
    /// By row: the key within year and layout; empty in layouts that are about students.
    public private(set) var keys: [String] = []
    /// About how many bytes there are.
    public private(set) var byteCount = 0

    // One value for all rows, or one each; none where all are 0.
    private var places: [UInt32] = []
    private var causes: [UInt32] = []
    private var organizations: [UInt32] = []
    private var columns: [[UInt32]] = Array(repeating: [], count: StudentFact.Column.allCases.count)
    private var lines: [UInt64] = []
    private var retractions: [Bool] = []
    private var contents: [Accountability_V1_Record.OneOf_Content] = []
    /// By row of a layout that is not about students: its place in ``contents``.
    private var contentPlaces: [Int32] = []
    private var numbers: [UInt64] = []

    /// The most rows of a block: far beyond what is written, so that a stranger's cannot ask for all memory.
    private static let mostRows = 1 << 20
    /// The field of a record that holds a block.
    private static let recordField = 20
    private static let layouts = Dictionary(uniqueKeysWithValues: Layout.allCases.map { (Array($0.wireName.utf8), $0) })
    private static let layoutColumns = Dictionary(
        uniqueKeysWithValues: Layout.allCases.map { ($0, StudentFact.columns(of: $0)) }
    )

    /// A block without rows.
    public init() {}

    /// A block that collects rows of a year and layout.
    public init(schoolYear: Int, layout: Layout) {
        self.schoolYear = schoolYear
        self.layout = layout
    }

    /// Whether its rows are about students.
    public var isAboutStudents: Bool { Self.isAboutStudents(layout) }

    private static func isAboutStudents(_ layout: Layout) -> Bool { layoutColumns[layout]?.isEmpty == false }

    // MARK: Rows

    /// Whether a row retracts what stood under its key.
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

    /// What a row says of a student.
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
        default: break
        }
        return fact
    }

    /// What a row of a layout that is not about students says; nil where it retracts.
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

    /// A row by itself, without where it came from: rows that say the same have the same bytes; nil where it retracts.
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

    // MARK: Collecting

    /// Adds a student's row.
    ///
    /// - `cause`: what made it necessary, where that is not its submission.
    public mutating func append(
        _ fact: StudentFact,
        organization: UInt32,
        submission: String,
        line: UInt64,
        cause: String? = nil
    ) {
        begin(organization: organization, submission: submission, line: line, retracts: false, cause: cause)
        students.append(fact.student)
        let used = Self.layoutColumns[layout] ?? []
        for column in used { columns[column.place].append(fact[column]) }
        byteCount += 20 + 2 * used.count
    }

    /// Adds a row of another layout.
    public mutating func append(
        _ content: Accountability_V1_Record.OneOf_Content,
        key: String,
        organization: UInt32,
        submission: String,
        line: UInt64,
        cause: String? = nil
    ) {
        begin(organization: organization, submission: submission, line: line, retracts: false, cause: cause)
        keys.append(key)
        contentPlaces.append(Int32(clamping: contents.count))
        contents.append(content)
        byteCount += key.utf8.count + Self.size(of: content)
    }

    /// About how many bytes a row of a layout that is not about students takes: its texts, which may be long, and room
    /// for its numbers.
    private static func size(of content: Accountability_V1_Record.OneOf_Content) -> Int {
        let texts: [String] =
            switch content {
            case .organization(let row):
                [row.name, row.districtCode, row.region, row.schoolType, row.comparisonGroup, row.gradesServed]
            case .participationCounts(let row): [row.grade, row.groupLabel, row.group, row.subject]
            case .suppliedValue(let row):
                [row.comparisonGroup, row.gradeSpan, row.group, row.indicator, row.value, row.schoolType]
            case .target(let row): [row.gradeSpan, row.group, row.indicator, row.baseline, row.target, row.path]
            default: []
            }
        return texts.reduce(64) { $0 + $1.utf8.count + 4 }
    }

    /// Adds a row that retracts a student's.
    public mutating func retract(student: UInt128, cohortYear: UInt32, organization: UInt32, submission: String) {
        begin(organization: organization, submission: submission, line: 0, retracts: true)
        students.append(student)
        for column in Self.layoutColumns[layout] ?? [] {
            columns[column.place].append(column == .cohortYear ? cohortYear : 0)
            byteCount += 2
        }
        byteCount += 20
    }

    /// Adds a row that retracts one of another layout.
    public mutating func retract(key: String, organization: UInt32, submission: String) {
        begin(organization: organization, submission: submission, line: 0, retracts: true)
        keys.append(key)
        contentPlaces.append(-1)
        byteCount += key.utf8.count + 8
    }

    private mutating func begin(
        organization: UInt32,
        submission: String,
        line: UInt64,
        retracts: Bool,
        cause: String? = nil
    ) {
        var causePlace = 0
        if let cause, cause != submission {
            causePlace = (submissions.lastIndex(of: cause) ?? submissions.count) + 1
            if causePlace > submissions.count { submissions.append(cause) }
        }
        causes.append(UInt32(clamping: causePlace))
        if submissions.last != submission {
            submissions.append(submission)
            byteCount += submission.utf8.count + 2
        }
        places.append(UInt32(clamping: submissions.count - 1))
        lines.append(line)
        organizations.append(organization)
        retractions.append(retracts)
        rows += 1
        byteCount += 8
    }

    /// Its value as a record; the block is empty afterwards, of the same year and layout.
    public mutating func take() throws -> [UInt8] {
        var writer = WireWriter(capacity: byteCount + 256)
        writer.number(1, UInt64(clamping: schoolYear))
        writer.text(2, layout.wireName)
        writer.number(3, UInt64(rows))
        for submission in submissions { writer.element(4, submission) }
        writer.column(5, places)
        var steps: [Int64] = []
        steps.reserveCapacity(rows)
        var before: UInt64 = 0
        for line in lines {
            steps.append(Int64(clamping: line) - Int64(clamping: before))
            before = line
        }
        writer.packed(6, zigZag: steps)
        writer.column(7, organizations)
        writer.packed(8, retractions.indices.filter { retractions[$0] }.map { UInt32(clamping: $0) })
        writer.bytes(9, Pseudonyms.bytes(students))
        for key in keys { writer.element(10, key) }
        writer.column(11, causes)
        for column in StudentFact.Column.allCases { writer.column(column.rawValue, columns[column.place]) }
        for content in contents {
            switch content {
            case .organization(let row): writer.message(51, try row.serializedBytes())
            case .participationCounts(let row): writer.message(52, try row.serializedBytes())
            case .suppliedValue(let row): writer.message(53, try row.serializedBytes())
            case .target(let row): writer.message(54, try row.serializedBytes())
            default: break
            }
        }
        let block = writer.bytes
        var record = WireWriter(capacity: block.count + 8)
        record.message(Self.recordField, block)
        clear()
        return record.bytes
    }

    private mutating func clear() {
        rows = 0
        byteCount = 0
        submissions.removeAll(keepingCapacity: true)
        places.removeAll(keepingCapacity: true)
        causes.removeAll(keepingCapacity: true)
        lines.removeAll(keepingCapacity: true)
        organizations.removeAll(keepingCapacity: true)
        retractions.removeAll(keepingCapacity: true)
        students.removeAll(keepingCapacity: true)
        keys.removeAll(keepingCapacity: true)
        contents.removeAll(keepingCapacity: true)
        contentPlaces.removeAll(keepingCapacity: true)
        for index in columns.indices { columns[index].removeAll(keepingCapacity: true) }
    }

    // MARK: Reading

    /// Whether the value of a record holds a block.
    public static func isRecord(_ value: Span<UInt8>) -> Bool {
        value.count > 1 && value[0] == UInt8(truncatingIfNeeded: recordField << 3 & 0x7F | 0x80 | 2)
            && value[1] == UInt8(truncatingIfNeeded: recordField >> 4)
    }

    /// Reads a record that holds a block.
    ///
    /// - Parameters:
    ///   - value: the record's value.
    ///   - wanted: whether rows of a layout are wanted; of others only year, layout and the number of rows are read.
    /// - Throws: ``BlockFault`` for bytes that are none; then the block is not to be used.
    public mutating func read(record value: Span<UInt8>, where wanted: (Layout) -> Bool = { _ in true })
        throws(BlockFault)
    {
        var reader = WireReader(0..<value.count)
        guard let outer = try reader.next(value), outer.field == Self.recordField,
            case .bytes(let range) = outer.content, try reader.next(value) == nil
        else { throw BlockFault("not a record with a block") }
        clear()
        var hasLayout = false
        var isWanted = true
        var retracted: [UInt32] = []
        reader = WireReader(range)
        schoolYear = 0
        numbers.removeAll(keepingCapacity: true)
        while let (field, content) = try reader.next(value) {
            guard isWanted || field == 3 else { continue }
            switch field {
            case 1: schoolYear = Int(try WireReader.number(content))
            case 2:
                let name = [UInt8](value.extracting(try WireReader.range(content)))
                guard let known = Self.layouts[name] else { throw BlockFault("a layout that is not known") }
                layout = known
                hasLayout = true
                isWanted = wanted(known)
            case 3: rows = Int(try WireReader.number(content))
            case 8: try WireReader.append(content, value, to: &retracted, limit: Self.mostRows)
            default: try read(field, content, value)
            }
        }
        guard hasLayout, schoolYear > 0, schoolYear <= Int(UInt16.max), rows > 0, rows <= Self.mostRows else {
            throw BlockFault("a block without year, layout or rows")
        }
        guard isWanted else { return }
        try settle(retracted)
    }

    private mutating func read(_ field: Int, _ content: WireReader.Content, _ value: Span<UInt8>) throws(BlockFault) {
        switch field {
        case 4: submissions.append(try WireReader.text(content, value))
        case 5: try WireReader.append(content, value, to: &places, limit: Self.mostRows)
        case 6: try WireReader.append(content, value, to: &numbers, limit: Self.mostRows)
        case 7: try WireReader.append(content, value, to: &organizations, limit: Self.mostRows)
        case 9: try Pseudonyms.append(value.extracting(try WireReader.range(content)), to: &students)
        case 10: keys.append(try WireReader.text(content, value))
        case 11: try WireReader.append(content, value, to: &causes, limit: Self.mostRows)
        case 51: contents.append(.organization(try Self.message(content, value)))
        case 52: contents.append(.participationCounts(try Self.message(content, value)))
        case 53: contents.append(.suppliedValue(try Self.message(content, value)))
        case 54: contents.append(.target(try Self.message(content, value)))
        default:
            guard let column = StudentFact.Column(rawValue: field) else { return }
            try WireReader.append(content, value, to: &columns[column.place], limit: Self.mostRows)
        }
    }

    private static func message<M: Message>(_ content: WireReader.Content, _ value: Span<UInt8>) throws(BlockFault) -> M
    {
        let bytes = [UInt8](value.extracting(try WireReader.range(content)))
        do {
            return try M(serializedBytes: bytes)
        } catch {
            throw BlockFault("a row that does not decode")
        }
    }

    /// Holds what was read together.
    private mutating func settle(_ retracted: [UInt32]) throws(BlockFault) {
        let long = BlockFault("a block whose columns are not as long as it has rows")
        guard places.count <= 1 || places.count == rows, organizations.count <= 1 || organizations.count == rows,
            causes.count <= 1 || causes.count == rows, numbers.count == rows,
            columns.allSatisfy({ $0.count <= 1 || $0.count == rows })
        else { throw long }
        guard places.allSatisfy({ $0 < submissions.count }), causes.allSatisfy({ $0 <= submissions.count }),
            !submissions.isEmpty
        else {
            throw BlockFault("a row of a submission that is not named")
        }
        var line: Int64 = 0
        for number in numbers {
            let sum = line.addingReportingOverflow(WireWriter.value(zigZag: number))
            guard !sum.overflow, sum.partialValue >= 0 else { throw BlockFault("a line before the first") }
            line = sum.partialValue
            lines.append(UInt64(line))
        }
        if !retracted.isEmpty {
            retractions.append(contentsOf: repeatElement(false, count: rows))
            var before: UInt32?
            for row in retracted {
                guard row < rows, before.map({ $0 < row }) ?? true else {
                    throw BlockFault("rows that retract are not in order")
                }
                retractions[Int(row)] = true
                before = row
            }
        }
        guard !isAboutStudents else {
            guard students.count == rows, contents.isEmpty, keys.isEmpty else { throw long }
            return
        }
        guard keys.count == rows, students.isEmpty, contents.count == rows - retracted.count,
            contents.allSatisfy({ Layout(of: $0) == layout })
        else { throw long }
        var next: Int32 = 0
        for row in 0..<rows {
            contentPlaces.append(retracts(row) ? -1 : next)
            if !retracts(row) { next += 1 }
        }
    }
}
