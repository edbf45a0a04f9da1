/// Says whether a submitted file entered the ledger.
///
/// The topic of receipts reports the outcome of its rows.
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
    /// The submitter's name for the file.
    public var fileName: String
    /// Whether it is in the ledger.
    public var status: Status
    /// Why not: a stable code; nil when it is.
    public var code: String?
    /// Why it was refused and what to do; nil if it was accepted.
    public var message: String?
    /// Its layout; nil if it was refused.
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
