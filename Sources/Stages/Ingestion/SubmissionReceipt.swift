/// What became of a submitted file on its way into the ledger.
///
/// What became of its rows is told by the topic of receipts.
public struct SubmissionReceipt: Sendable, Hashable, Codable {
    /// Whether the file is in the ledger.
    public enum Status: String, Sendable, Hashable, Codable {
        /// All of it is.
        case committed
        /// Nothing of it is.
        case refused
    }

    /// The submission.
    public var id: String
    /// What the submitter calls the file.
    public var fileName: String
    /// Whether it is in the ledger.
    public var status: Status
    /// Why not: a stable code; nil when it is.
    public var code: String?
    /// Why not, and what to do; nil when it is.
    public var message: String?
    /// The layout it is of; nil when it was refused.
    public var layout: String?
    /// Its rows, unreadable ones included.
    public var rows: Int
    /// Rows that could not be read.
    public var unreadable: Int
    /// SHA-256 of the file, in hexadecimal; nil when it was refused.
    public var sha256: String?
    /// When it was submitted: ISO 8601, UTC.
    public var submitted: String
    /// Rows by partition of the ledger.
    public var rowsByPartition: [Int]

    /// The receipt of a file that was taken.
    public init(committed item: InboxItem, summary: IngestionSummary, submittedUnixMilliseconds: Int64) {
        id = item.id
        fileName = item.fileName
        status = .committed
        layout = summary.layout
        rows = summary.rows
        unreadable = summary.unreadable
        sha256 = summary.sha256
        submitted = SubmissionIdentifier.timestamp(submittedUnixMilliseconds)
        rowsByPartition = summary.rowsByPartition
    }

    /// The receipt of a file that was refused.
    public init(refused item: InboxItem, _ refusal: SubmissionRefused, submittedUnixMilliseconds: Int64) {
        id = item.id
        fileName = item.fileName
        status = .refused
        code = refusal.code.description
        message = refusal.message
        rows = 0
        unreadable = 0
        submitted = SubmissionIdentifier.timestamp(submittedUnixMilliseconds)
        rowsByPartition = []
    }
}
