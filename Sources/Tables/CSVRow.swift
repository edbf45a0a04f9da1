/// One record in memory, split into fields; reuse it, and nothing is allocated from row to row.
///
/// ```swift
/// var row = CSVRow()
/// try row.parse(line)
/// let code = row.field(1, of: line)
/// ```
public struct CSVRow: Sendable {
    private var fields = FieldRanges()
    // Only fields with doubled quotes are copied, with the quotes halved.
    private var unescaped: [UInt8] = []
    private var isUnescaped: [Bool] = []

    /// Creates a row without fields.
    public init() {}

    /// The number of fields of the record parsed last.
    public var fieldCount: Int { fields.count }

    /// Splits one record, with or without its line end, into fields.
    ///
    /// - Throws: ``CSVError`` without a line number, also for more than one record.
    public mutating func parse(_ line: Span<UInt8>) throws(CSVError) {
        unescaped.removeAll(keepingCapacity: true)
        isUnescaped.removeAll(keepingCapacity: true)
        let result = fields.scan(line, from: 0, final: true)
        if let error = rowError(result, row: line, line: nil) {
            fields.clear()
            throw error
        }
        guard result.next == line.count else {
            fields.clear()
            throw CSVError(.fieldCount, "more than one record where one is expected")
        }
        if result.hasDoubledQuotes { unescape(line) }
    }

    private mutating func unescape(_ line: Span<UInt8>) {
        for index in 0..<fields.count {
            let field = fields[index]
            let quoted = field.lowerBound > 0 && line[field.lowerBound - 1] == 0x22
            isUnescaped.append(quoted)
            guard quoted else { continue }
            let start = unescaped.count
            var at = field.lowerBound
            while at < field.upperBound {
                unescaped.append(line[at])
                at += line[at] == 0x22 ? 2 : 1
            }
            fields[index] = start..<unescaped.count
        }
    }

    /// A field of the record parsed last, without its quotes.
    ///
    /// - Parameters:
    ///   - index: from 0 to `fieldCount` - 1.
    ///   - line: the same bytes that were given to ``parse(_:)``.
    /// - Returns: its bytes.
    @_lifetime(borrow self, copy line)
    public func field(_ index: Int, of line: Span<UInt8>) -> Span<UInt8> {
        let range = fields[index]
        if !isUnescaped.isEmpty && isUnescaped[index] { return unescaped.span.extracting(range) }
        return line.extracting(range)
    }

    /// A field of the record parsed last as text.
    public func text(_ index: Int, of line: Span<UInt8>) -> String {
        field(index, of: line).text
    }
}
