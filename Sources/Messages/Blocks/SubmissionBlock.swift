/// Rows of one submission for one partition of the ledger, as they are read: `SubmissionBlock` of submission.proto.
///
/// It holds the places of the fields in the bytes that it was read from, not the fields. Reading again reuses its room.
public struct SubmissionBlock: Sendable {
    /// The submission.
    public private(set) var submission = ""
    /// The layout's name.
    public private(set) var layout = ""
    /// How many rows could be read.
    public private(set) var rows = 0
    /// By row: the line of the file.
    public private(set) var lines: [UInt64] = []
    /// By row: the student's pseudonym; empty in layouts that are not about students.
    public private(set) var students: [UInt128] = []
    /// By row: the partition that publishes about it; empty if rows are in one partition only.
    public private(set) var owners: [UInt32] = []
    /// Rows that could not be read.
    public private(set) var unreadable: [Unreadable] = []
    /// How many columns there are.
    public private(set) var columnCount = 0

    /// A row that could not be read.
    public struct Unreadable: Sendable, Hashable {
        /// The line of the file.
        public var line: UInt64
        /// The code of its rejection.
        public var code: String
        /// Which bytes it was.
        public var digest: [UInt8]
        /// Of an unclosed quotation mark that closes in a later line: that line; 0 otherwise.
        public var closingLine: UInt64

        /// A row.
        public init(line: UInt64, code: String, digest: [UInt8], closingLine: UInt64) {
            self.line = line
            self.code = code
            self.digest = digest
            self.closingLine = closingLine
        }
    }

    /// The most rows of a block.
    ///
    /// It is far above any written block, and prevents a foreign record from requesting all memory.
    static let mostRows = 1 << 20
    /// The most columns of a layout, with room.
    private static let mostColumns = 256
    /// The field of an entry of the ledger that holds a block.
    static let entryField = 4

    /// The first index of each column in ``offsets``.
    ///
    /// If the next column follows directly, every row has the same field.
    private var columns: [(first: Int, isUniform: Bool)] = []
    /// The starts of fields, and the end of the last field of each column.
    private var offsets: [Int32] = []
    private var numbers: [UInt32] = []

    /// A block without rows.
    public init() {}

    /// The place of a row's field in the bytes that the block was read from.
    public func field(_ column: Int, row: Int) -> Range<Int> {
        let place = columns[column]
        let first = place.isUniform ? place.first : place.first + row
        return Int(offsets[first])..<Int(offsets[first + 1])
    }

    /// Whether the value of a record of the ledger is an entry that holds a block.
    public static func isEntry(_ value: Span<UInt8>) -> Bool {
        value.count > 0 && value[0] == UInt8(entryField << 3 | 2)
    }

    /// Reads an entry of the ledger that holds a block.
    ///
    /// - Throws: ``BlockFault`` for bytes that are not a block; the block must not be used then.
    public mutating func read(entry value: Span<UInt8>) throws(BlockFault) {
        var reader = WireReader(0..<value.count)
        guard let outer = try reader.next(value), outer.field == Self.entryField,
            case .bytes(let range) = outer.content, try reader.next(value) == nil
        else { throw BlockFault("not an entry with a block") }
        try read(value, range)
    }

    private mutating func read(_ value: Span<UInt8>, _ range: Range<Int>) throws(BlockFault) {
        clear()
        var reader = WireReader(range)
        var steps: [UInt32] = []
        swap(&steps, &numbers)
        steps.removeAll(keepingCapacity: true)
        defer { swap(&steps, &numbers) }
        var columnRanges: [Range<Int>] = []
        while let (field, content) = try reader.next(value) {
            switch field {
            case 1: submission = try WireReader.text(content, value)
            case 2: layout = try WireReader.text(content, value)
            case 3: rows = Int(try WireReader.number(content))
            case 4: try WireReader.append(content, value, to: &steps, limit: Self.mostRows)
            case 5: try Pseudonyms.append(value.extracting(try WireReader.range(content)), to: &students)
            case 6:
                guard columnRanges.count < Self.mostColumns else { throw BlockFault("too many columns") }
                columnRanges.append(try WireReader.range(content))
            case 7: try WireReader.append(content, value, to: &owners, limit: Self.mostRows)
            case 8: unreadable.append(try Self.readUnreadable(value, try WireReader.range(content)))
            default: break
            }
        }
        guard rows <= Self.mostRows, steps.count == rows, students.isEmpty || students.count == rows,
            owners.isEmpty || owners.count == rows, rows + unreadable.count > 0, !submission.isEmpty
        else { throw BlockFault("a block whose columns are not as long as it has rows") }
        var line: UInt64 = 0
        for step in steps {
            line += UInt64(step)
            lines.append(line)
        }
        columnCount = columnRanges.count
        for range in columnRanges { try readColumn(value, range) }
    }

    private mutating func clear() {
        submission = ""
        layout = ""
        rows = 0
        columnCount = 0
        lines.removeAll(keepingCapacity: true)
        students.removeAll(keepingCapacity: true)
        owners.removeAll(keepingCapacity: true)
        unreadable.removeAll(keepingCapacity: true)
        columns.removeAll(keepingCapacity: true)
        offsets.removeAll(keepingCapacity: true)
    }

    private mutating func readColumn(_ value: Span<UInt8>, _ range: Range<Int>) throws(BlockFault) {
        var reader = WireReader(range)
        var text = range.upperBound..<range.upperBound
        let first = offsets.count
        // One offset more than lengths: the lengths are read first and then converted to offsets.
        offsets.append(0)
        var count = 0
        while let (field, content) = try reader.next(value) {
            switch field {
            case 1: text = try WireReader.range(content)
            case 2:
                numbersOfColumn.removeAll(keepingCapacity: true)
                try WireReader.append(content, value, to: &numbersOfColumn, limit: max(1, rows))
                count += numbersOfColumn.count
                guard count <= max(1, rows) else { throw BlockFault("more fields than rows") }
                for length in numbersOfColumn {
                    guard length <= UInt32(Int32.max) else { throw BlockFault("a field beyond its column") }
                    offsets.append(Int32(length))
                }
            default: break
            }
        }
        let isUniform = count <= 1 && rows > 1
        guard count == rows || isUniform else { throw BlockFault("a column that is not as long as the block") }
        if count == 0 { offsets.append(0) }
        var place = text.lowerBound
        offsets[first] = Int32(clamping: place)
        for index in first + 1..<offsets.count {
            place += Int(offsets[index])
            guard place <= text.upperBound else { throw BlockFault("a field beyond its column") }
            offsets[index] = Int32(clamping: place)
        }
        guard place == text.upperBound, place <= Int(Int32.max) else {
            throw BlockFault("a column with more text than its fields")
        }
        guard WireReader.isText(value.extracting(text)) else { throw BlockFault("a text that is not UTF-8") }
        columns.append((first, isUniform))
    }

    /// Room for the lengths of a column.
    private var numbersOfColumn: [UInt32] = []

    private static func readUnreadable(_ value: Span<UInt8>, _ range: Range<Int>) throws(BlockFault) -> Unreadable {
        var reader = WireReader(range)
        var row = Unreadable(line: 0, code: "", digest: [], closingLine: 0)
        while let (field, content) = try reader.next(value) {
            switch (field, content) {
            case (1, .number(let line)): row.line = line
            case (2, _): row.code = try WireReader.text(content, value)
            case (3, .bytes(let range)): row.digest = [UInt8](value.extracting(range))
            case (4, .number(let line)): row.closingLine = line
            default: break
            }
        }
        guard !row.code.isEmpty else { throw BlockFault("an unreadable row without a reason") }
        return row
    }
}

/// Rows of one submission for one partition of the ledger, as they are collected.
public struct SubmissionBlockBuilder: Sendable {
    private struct Field {
        var text: [UInt8] = []
        var lengths: [UInt32] = []
        /// Every row so far has the same field, which is stored in ``text`` once.
        var isUniform = true

        mutating func append(_ field: Span<UInt8>, row: Int) {
            if isUniform {
                if row == 0 {
                    lengths.append(UInt32(clamping: field.count))
                    return put(field)
                }
                if isSame(field) { return }
                spread(row)
            }
            lengths.append(UInt32(clamping: field.count))
            put(field)
        }

        private mutating func put(_ field: Span<UInt8>) {
            for index in field.indices { text.append(field[index]) }
        }

        private func isSame(_ field: Span<UInt8>) -> Bool {
            guard field.count == text.count else { return false }
            for index in field.indices where field[index] != text[index] { return false }
            return true
        }

        /// The field of the rows so far, once for each of them.
        private mutating func spread(_ rows: Int) {
            isUniform = false
            let field = text
            lengths = Array(repeating: UInt32(clamping: field.count), count: rows)
            for _ in 1..<max(1, rows) { text.append(contentsOf: field) }
        }

        mutating func clear() {
            text.removeAll(keepingCapacity: true)
            lengths.removeAll(keepingCapacity: true)
            isUniform = true
        }
    }

    private let submission: String
    private let layout: String
    private var rows = 0
    private var steps: [UInt32] = []
    private var line: UInt64 = 0
    private var firstLine: UInt64 = 0
    private var students: [UInt128] = []
    private var fields: [Field]
    private var owners: [UInt32] = []
    private var unreadable: [SubmissionBlock.Unreadable] = []
    /// About how many bytes there are.
    public private(set) var byteCount = 0

    /// A block without rows, of a layout with so many columns.
    public init(submission: String, layout: String, columns: Int) {
        self.submission = submission
        self.layout = layout
        fields = Array(repeating: Field(), count: columns)
    }

    /// Rows, unreadable ones included.
    public var count: Int { rows + unreadable.count }

    /// Opens a row, whose fields are then added column by column.
    ///
    /// - `line`: not before that of the row before.
    public mutating func beginRow(line: Int, student: UInt128? = nil, owner: Int32? = nil) {
        let line = UInt64(clamping: line)
        if count == 0 { firstLine = line }
        steps.append(UInt32(clamping: line - min(line, self.line)))
        self.line = line
        if let student { students.append(student) }
        if let owner { owners.append(UInt32(clamping: owner)) }
        byteCount += 2 + (student == nil ? 0 : 16)
    }

    /// The field of a column in the row that is open; every column gets one.
    public mutating func append(_ field: Span<UInt8>, column: Int) {
        fields[column].append(field, row: rows)
        byteCount += field.count + 1
    }

    /// Ends the row.
    public mutating func endRow() { rows += 1 }

    /// Adds a row that could not be read.
    public mutating func append(_ row: SubmissionBlock.Unreadable) {
        if count == 0 { firstLine = row.line }
        unreadable.append(row)
        byteCount += row.code.utf8.count + row.digest.count + 16
    }

    /// The key of the block, and its value as an entry of the ledger; the block is empty afterwards.
    public mutating func take() -> (key: [UInt8], value: [UInt8]) {
        var writer = WireWriter(capacity: byteCount + byteCount / 4 + 256)
        writer.text(1, submission)
        writer.text(2, layout)
        writer.number(3, UInt64(rows))
        writer.packed(4, steps)
        writer.bytes(5, Pseudonyms.bytes(students))
        for field in fields {
            let count =
                field.text.isEmpty ? 0 : 1 + WireWriter.size(UInt64(field.text.count)) + field.text.count
            let lengths = field.lengths.reduce(0) { $0 + WireWriter.size(UInt64($1)) }
            let packed = lengths == 0 ? 0 : 1 + WireWriter.size(UInt64(lengths)) + lengths
            writer.begin(6, count: count + packed)
            writer.bytes(1, field.text)
            writer.packed(2, field.lengths)
        }
        writer.packed(7, owners)
        for row in unreadable {
            var inner = WireWriter()
            inner.number(1, row.line)
            inner.text(2, row.code)
            inner.bytes(3, row.digest)
            inner.number(4, row.closingLine)
            writer.message(8, inner.bytes)
        }
        let block = writer.bytes
        var entry = WireWriter(capacity: block.count + 8)
        entry.message(SubmissionBlock.entryField, block)
        let key = LedgerBlockKey(submission: submission, line: Int(firstLine)).utf8
        clear()
        return (key, entry.bytes)
    }

    private mutating func clear() {
        rows = 0
        line = 0
        byteCount = 0
        steps.removeAll(keepingCapacity: true)
        students.removeAll(keepingCapacity: true)
        owners.removeAll(keepingCapacity: true)
        unreadable.removeAll(keepingCapacity: true)
        for index in fields.indices { fields[index].clear() }
    }
}
