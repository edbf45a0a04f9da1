public import Messages
public import Rules
public import Tables

/// Why a row is refused; the codes are those of rejections.
public struct RowRefused: Error, Sendable, CustomStringConvertible {
    /// A fault of the row.
    public struct Fault: Sendable, Hashable {
        /// Its code.
        public let code: RejectionCode
        /// The place and the rule, never the value.
        public let message: String
    }

    /// Every fault of the row.
    public let faults: [Fault]

    /// Codes and messages.
    public var description: String { faults.map { "\($0.code.rawValue): \($0.message)" }.joined(separator: "; ") }
}

/// Reads the rows of a file with the checks of validation, for programs that have only the file: neither a ledger nor
/// the years and organizations that it knows.
public struct LayoutCheck {
    /// The content of a row.
    public struct Row: Sendable {
        /// The school year.
        public let schoolYear: Int
        /// The organization.
        public let organization: OrganizationCode
        /// The values of the layout's own columns.
        public let content: Accountability_V1_Record.OneOf_Content
    }

    private var check: RowCheck
    private let positions: [Int?]
    private var text: [UInt8] = []

    /// A check of files with such a header; nil for layouts whose rows are no measures of an organization.
    public init?(_ match: HeaderMatch) {
        guard !match.layout.isAboutStudents, !match.layout.isForEveryone,
            let check = RowCheck(layout: match.layout, columns: match.layout.columns.map(\.name))
        else { return nil }
        self.check = check
        positions = match.positions
    }

    /// Reads the current row of a file, in the form in which ingestion would pass it on.
    ///
    /// - Throws: ``RowRefused`` with every fault; a row that deletes is refused too, as the file has nothing before it.
    public mutating func read(_ reader: borrowing CSVReader) throws(RowRefused) -> Row {
        text.removeAll(keepingCapacity: true)
        for column in positions.indices {
            if column > 0 { text.append(UInt8(ascii: ",")) }
            if let position = positions[column] { RowText.append(reader.field(position), to: &text) }
        }
        // A span would borrow the whole check while the check is being changed.
        let line = text
        guard let row = check.read(line.span) else {
            throw RowRefused(
                faults: check.faults.map { fault in
                    let column = fault.column.map { check.columns[$0] }
                    return RowRefused.Fault(code: fault.code, message: fault.code.statement(of: column))
                }
            )
        }
        guard case .record(let content) = row.content else {
            let message = "action: there are no rows before those of the file that one could delete"
            throw RowRefused(faults: [RowRefused.Fault(code: .nothingToDelete, message: message)])
        }
        return Row(schoolYear: row.year, organization: row.organization, content: content)
    }
}

/// Reads single fields of tables that no layout describes, by the readers and with the codes of validation.
public enum FieldCheck {
    /// A school year.
    public static func year(_ text: String, of column: Column) throws(RowRefused) -> Int? {
        let bytes = Array(text.utf8)
        return try value(FieldReading.year(bytes.span), column)
    }

    /// An organization's code.
    public static func code(_ text: String, of column: Column) throws(RowRefused) -> OrganizationCode? {
        let bytes = Array(text.utf8)
        return try value(FieldReading.code(bytes.span), column)
    }

    /// A whole number within the column's bounds.
    public static func integer(_ text: String, of column: Column) throws(RowRefused) -> Int? {
        let bytes = Array(text.utf8)
        return try value(FieldReading.integer(bytes.span, bounds(of: column)), column)
    }

    /// A decimal number within the column's bounds, exactly.
    public static func decimal(_ text: String, of column: Column) throws(RowRefused) -> Ratio? {
        let bytes = Array(text.utf8)
        guard let written = try value(FieldReading.decimal(bytes.span, bounds(of: column)), column) else { return nil }
        guard let number = Ratio.reading(written.text) else { throw fault(.malformedDecimal, column) }
        return number
    }

    /// The number of a word in the column's list.
    public static func choice(_ text: String, of column: Column) throws(RowRefused) -> Int? {
        guard case .choice(let words, _) = column.kind else { return nil }
        let bytes = Array(text.utf8)
        return try value(FieldReading.choice(bytes.span, words), column)
    }

    /// A group, by any of its published names.
    public static func group(_ text: String, of column: Column) throws(RowRefused) -> StudentGroup? {
        let bytes = Array(text.utf8)
        var spellings = GroupSpellings()
        return try value(spellings.group(bytes.span), column)
    }

    /// A fault of a column that a table's own rule finds.
    public static func fault(_ code: RejectionCode, _ column: Column, _ message: String? = nil) -> RowRefused {
        RowRefused(faults: [
            RowRefused.Fault(code: code, message: message.map { "\(column.name): \($0)" } ?? code.statement(of: column))
        ])
    }

    private static func value<Value>(_ reading: Reading<Value>, _ column: Column) throws(RowRefused) -> Value? {
        switch reading {
        case .value(let value): return value
        case .fault(let code): throw fault(code, column)
        case .empty:
            if column.required { throw fault(.missingValue, column) }
            return nil
        }
    }

    private static func bounds(of column: Column) -> ClosedRange<Int> {
        switch column.kind {
        case .integer(let bounds), .decimal(let bounds): bounds
        default: 0...Int.max
        }
    }
}
