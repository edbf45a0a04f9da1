/// Why a header is not that of an input layout.
public struct LayoutError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kind of an error.
    ///
    /// A struct of constants, so that it can grow without breaking a `switch`.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        /// The stable name of the code.
        public let description: String

        private init(_ description: String) {
            self.description = description
        }

        /// No layout has these columns.
        public static let unrecognized = Code("unrecognized_layout")
        /// More than one layout has these columns.
        public static let ambiguous = Code("ambiguous_layout")
        /// A column is named twice.
        public static let duplicateColumn = Code("duplicate_column")
        /// The named layout has other columns.
        public static let columns = Code("wrong_columns")
    }

    /// The kind of the error.
    public let code: Code
    /// The problem and the remedy.
    public let message: String
    /// The layout that was named, or the nearest one.
    public let layout: Layout?
    /// The columns that are missing for ``layout``.
    public let missing: [String]
    /// Columns that belong to another layout and not to ``layout``.
    ///
    /// Names that belong to no layout may be data and are not included.
    public let extra: [String]

    init(_ code: Code, _ message: String, layout: Layout? = nil, missing: [String] = [], extra: [String] = []) {
        self.code = code
        self.message = message
        self.layout = layout
        self.missing = missing
        self.extra = extra
    }

    /// The message.
    public var description: String { message }
}
