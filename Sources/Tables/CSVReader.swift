/// Reads a table of comma-separated values row by row (RFC 4180), plain or compressed with gzip.
///
/// A byte-order mark is skipped, lines end in LF or CRLF, empty lines are passed over. Fields are borrowed from the
/// reader's buffer until the next call of ``next()``: neither a row nor a field allocates.
///
/// ```swift
/// var reader = try CSVReader(path: "organizations.csv.gz")
/// while try reader.next() {
///     let code = reader.field(1)
/// }
/// ```
///
/// An error about one row (``CSVError/isRecoverable``) leaves the reader at the row after it.
public struct CSVReader: ~Copyable {
    /// The longest row accepted unless said otherwise, in bytes: with what is added on the way it stays below the
    /// million that Kafka's clients publish.
    public static let defaultRowLimit = 900_000

    private var records: RecordReader

    /// Opens a file and reads its header.
    ///
    /// - Parameters:
    ///   - path: of a plain or gzip-compressed file; which of the two is seen by its content.
    ///   - dialect: how freely it is read.
    ///   - rowLimit: the longest row accepted, in bytes.
    ///   - readGuard: is asked while the file is read; not kept alive.
    /// - Throws: ``CSVError`` if the file cannot be read or its first row is not a header.
    public init(
        path: String,
        dialect: CSVDialect = .strict,
        rowLimit: Int = defaultRowLimit,
        guard readGuard: (any ReadGuard)? = nil
    ) throws(CSVError) {
        let file = try InputFile(path: path, guard: readGuard)
        var records = RecordReader(file: file, dialect: dialect, rowLimit: rowLimit)
        try records.readHeader()
        self.records = records
    }

    /// Reads an open descriptor, for instance standard input, and of it the header.
    ///
    /// - Throws: ``CSVError`` if it cannot be read or its first row is not a header.
    public init(
        descriptor: Int32,
        dialect: CSVDialect = .strict,
        rowLimit: Int = defaultRowLimit
    ) throws(CSVError) {
        let file = try InputFile(descriptor: descriptor)
        var records = RecordReader(file: file, dialect: dialect, rowLimit: rowLimit)
        try records.readHeader()
        self.records = records
    }

    /// Reads a table in memory, not compressed.
    ///
    /// - Throws: ``CSVError`` if the first row is not a header.
    public init(
        bytes: [UInt8],
        dialect: CSVDialect = .strict,
        rowLimit: Int = defaultRowLimit
    ) throws(CSVError) {
        var records = RecordReader(bytes: bytes, dialect: dialect, rowLimit: rowLimit)
        try records.readHeader()
        self.records = records
    }

    /// The names in the first row, in the file's order.
    public var header: [String] { records.header }

    /// The number of the line on which the current row begins, from 1.
    public var line: Int { records.line }

    /// The number of fields of the current row.
    public var fieldCount: Int { records.fields.count }

    /// A field of the current row, without its quotes, borrowed until the next call of ``next()``.
    ///
    /// - Parameter index: from 0 to `fieldCount` - 1.
    /// - Returns: its bytes.
    @_lifetime(borrow self)
    public func field(_ index: Int) -> Span<UInt8> {
        records.buffer.span.extracting(records.fields[index])
    }

    /// A field of the current row as text.
    public func text(_ index: Int) -> String {
        field(index).text
    }

    /// The bytes of the row that the last error was about, as they stand in the file, for a digest of them; of a row
    /// that is too long only the beginning.
    public var rejectedRow: Span<UInt8> {
        @_lifetime(borrow self)
        get { records.buffer.span.extracting(records.row) }
    }

    /// How many bytes of the input have been read, as they lie on disk (compressed, if they are).
    public var bytesRead: Int { records.bytesRead }

    /// The size of the input in bytes, as it lies on disk; 0 where it is not known (a pipe).
    public var totalBytes: Int { records.totalBytes }

    /// Moves to the next row.
    ///
    /// - Returns: whether there is one.
    /// - Throws: ``CSVError``; after a recoverable one the next call goes on behind the row concerned.
    public mutating func next() throws(CSVError) -> Bool {
        try records.next()
    }
}
