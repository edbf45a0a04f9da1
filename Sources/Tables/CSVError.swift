/// An error in a table, with its place.
///
/// An error about one row leaves the reader usable: the next call of `next()` goes on with the row after it. See
/// ``isRecoverable``.
public struct CSVError: Error, Sendable, CustomStringConvertible {
    /// The kind of an error.
    ///
    /// A struct of constants, so that it can grow without breaking a `switch`.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        /// The stable name of the code, for logs and rejections.
        public let description: String

        private init(_ description: String) {
            self.description = description
        }

        /// The file could not be opened, read or written (the disk may be full).
        public static let inputOutput = Code("input_output")
        /// The compressed data is damaged or ends too early.
        public static let corruptCompression = Code("corrupt_compression")
        /// There is no header row.
        public static let missingHeader = Code("missing_header")
        /// The row holds a NUL byte.
        public static let nulByte = Code("nul_byte")
        /// The row is not UTF-8.
        public static let invalidUTF8 = Code("invalid_utf8")
        /// A quoted field is not closed before the end of the file or the longest allowed row.
        public static let unclosedQuote = Code("unclosed_quote")
        /// A quotation mark inside a field that is not quoted, or text after the closing one.
        public static let strayQuote = Code("stray_quote")
        /// A carriage return that no line feed follows, outside of quotes.
        public static let strayCarriageReturn = Code("stray_carriage_return")
        /// The row is longer than the reader's limit.
        public static let rowTooLong = Code("row_too_long")
        /// The row has more or fewer fields than the header.
        public static let fieldCount = Code("field_count")
        /// The file is no text of comma-separated values: a workbook, an archive, a web page.
        public static let foreignFormat = Code("foreign_format")
        /// The observer stopped the reading: the file is too large, takes too long, or the program must stop.
        public static let interrupted = Code("interrupted")
    }

    /// The kind of the error.
    public let code: Code
    /// The error in a sentence.
    ///
    /// It quotes nothing of the row, because rows may be confidential.
    public let message: String
    /// The line on which the row begins, from 1; `nil` if no row is concerned.
    public let line: Int?
    /// Of a quotation mark that is closed too late, the number of the line on which it is; `nil` otherwise.
    public let closingLine: Int?
    /// The error of the operating system or zlib, if any.
    public let cause: (any Error)?

    /// Describes an error.
    public init(
        _ code: Code,
        _ message: String,
        line: Int? = nil,
        closingLine: Int? = nil,
        cause: (any Error)? = nil
    ) {
        self.code = code
        self.message = message
        self.line = line
        self.closingLine = closingLine
        self.cause = cause
    }

    /// Whether only one row is affected, so that reading may go on with the next.
    public var isRecoverable: Bool {
        switch code {
        case .inputOutput, .corruptCompression, .missingHeader, .foreignFormat, .interrupted: false
        default: true
        }
    }

    /// The message with its line.
    public var description: String {
        line.map { "line \($0): \(message)" } ?? message
    }
}

/// An error number of the operating system, as the cause of a ``CSVError``.
public struct SystemError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The number, as in `errno.h`.
    public let number: Int32
    /// The system's words for it.
    public let description: String
}
