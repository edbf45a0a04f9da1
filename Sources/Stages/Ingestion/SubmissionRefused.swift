/// The reason why a whole file was refused.
///
/// Nothing of it was submitted.
public struct SubmissionRefused: Error, Sendable, CustomStringConvertible {
    /// The kind of a refusal; the name is stable.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        /// The stable name used in receipts.
        public let description: String

        init(_ description: String) {
            self.description = description
        }

        /// The file cannot be opened or read.
        public static let unreadable = Code("file_unreadable")
        /// The compressed data is damaged or ends too early.
        public static let damaged = Code("file_damaged")
        /// There is no header row.
        public static let noHeader = Code("no_header")
        /// The header is not UTF-8.
        public static let notUTF8 = Code("not_utf8")
        /// The header is no row of comma-separated values.
        public static let malformedHeader = Code("malformed_header")
        /// There is no layout of the name given.
        public static let unknownLayout = Code("unknown_layout")
        /// The header is that of no layout, or of several.
        public static let unrecognizedHeader = Code("unrecognized_header")
        /// Columns are missing, unknown or there twice.
        public static let wrongColumns = Code("wrong_columns")
        /// The file changed while it was read.
        public static let changed = Code("changed_while_read")
        /// The file is no text of comma-separated values: a workbook, an archive, a web page.
        public static let foreignFormat = Code("foreign_format")
        /// The file is larger than the limit.
        public static let fileTooLarge = Code("file_too_large")
        /// The file takes longer than the limit.
        public static let tookTooLong = Code("took_too_long")
        /// The file was tried several times, and each time the program failed.
        public static let failedRepeatedly = Code("failed_repeatedly")
        /// A row is larger than the brokers take.
        public static let tooLarge = Code("row_too_large")
    }

    /// The kind of the refusal.
    public let code: Code
    /// What is wrong, where, and what to do.
    ///
    /// It quotes only names of columns.
    public let message: String
    /// The error behind it.
    public let cause: (any Error)?

    /// The refusal of a file that holds a row which the brokers do not take.
    public static func tooLarge(_ fileName: String, cause: any Error) -> SubmissionRefused {
        SubmissionRefused(
            .tooLarge,
            "\(fileName) holds a row that is larger than the ledger's topic takes (max.message.bytes); nothing of it was submitted: shorten the row, "
                + "or allow a million bytes",
            cause: cause
        )
    }

    /// A refusal.
    public init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    /// The message.
    public var description: String { message }
}
