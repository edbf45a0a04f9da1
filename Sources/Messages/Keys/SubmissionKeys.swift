/// `block/<submission>/<line>`: the key of a block of a submission's rows in the ledger.
public struct LedgerBlockKey: TopicKey {
    /// How its text is formed.
    public static let format = "block/<submission>/<line>"

    /// The submission.
    public let submission: String
    /// The line of the block's first row, counted from 1.
    public let line: Int

    /// The key of a block.
    public init(submission: String, line: Int) {
        self.submission = submission
        self.line = line
    }

    /// Reads a key.
    public init?(utf8 bytes: Span<UInt8>) {
        var reader = KeyReader(bytes)
        guard reader.isNext("block"), let submission = reader.text(), let line = reader.number(in: 0...Int.max),
            reader.isAtEnd
        else { return nil }
        self.init(submission: submission, line: line)
    }

    /// Writes the key.
    public func write(to names: inout KeyWriter) {
        names.add("block")
        names.add(submission)
        names.add(line)
    }
    /// In the partition of its rows.
    public var placement: KeyPlacement { .writer }
}

/// `<submission>/<partition>`: the key of the receipt of a submission's rows in one partition of the ledger.
public struct ReceiptKey: TopicKey {
    /// How its text is formed.
    public static let format = "<submission>/<partition>"

    /// The submission.
    public let submission: String
    /// The partition of the ledger.
    public let partition: Int32

    /// The key of a receipt.
    public init(submission: String, partition: Int32) {
        self.submission = submission
        self.partition = partition
    }

    /// Reads a key.
    public init?(utf8 bytes: Span<UInt8>) {
        var reader = KeyReader(bytes)
        guard let submission = reader.text(), let partition = reader.number(in: 0...Int(Int32.max)), reader.isAtEnd
        else { return nil }
        self.init(submission: submission, partition: Int32(partition))
    }

    /// Writes the key.
    public func write(to names: inout KeyWriter) {
        names.add(submission)
        names.add(Int(partition))
    }
    /// In the partition of the rows it counts.
    public var placement: KeyPlacement { .writer }
}

/// `<submission>/<line>/<code>`, and `/<column>` where one is at fault: the key of a rejection.
public struct RejectionKey: TopicKey {
    /// How its text is formed.
    public static let format = "<submission>/<line>/<code>, and /<column> where one is at fault"

    /// The submission.
    public let submission: String
    /// The line of the file, counted from 1.
    public let line: Int
    /// The rejection's code.
    public let code: String
    /// The faulty column; nil if the whole row is at fault.
    public let column: String?

    /// The key of a rejection.
    public init(submission: String, line: Int, code: String, column: String?) {
        self.submission = submission
        self.line = line
        self.code = code
        self.column = column
    }

    /// Reads a key.
    public init?(utf8 bytes: Span<UInt8>) {
        var reader = KeyReader(bytes)
        guard let submission = reader.text(), let line = reader.number(in: 0...Int(UInt32.max)),
            let code = reader.text()
        else { return nil }
        var column: String?
        if !reader.isAtEnd {
            guard let name = reader.text() else { return nil }
            column = name
        }
        guard reader.isAtEnd else { return nil }
        self.init(submission: submission, line: line, code: code, column: column)
    }

    /// Writes the key.
    public func write(to names: inout KeyWriter) {
        names.add(submission)
        names.add(line)
        names.add(code)
        if let column { names.add(column) }
    }
    /// In the partition of its row.
    public var placement: KeyPlacement { .writer }
}
