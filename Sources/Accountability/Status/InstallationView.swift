internal import Messages
internal import Rules
internal import Stages
internal import Streaming
internal import SwiftProtobuf

/// What the topics tell of an installation: its years, submissions and how far each stage has come.
///
/// A fold of records, in any order of topics.
struct InstallationView {
    /// What a stage announced of a year.
    struct Announced: Hashable {
        var partitions: Set<Int32> = []
        var expected = 0
        var isComplete: Bool { expected > 0 && partitions.count >= expected }
    }

    /// Years whose rows are accepted.
    private(set) var openYears: Set<Int> = []
    /// Completion by year and stage.
    private(set) var announced: [Int: [String: Announced]] = [:]
    /// Headers of submissions in the order they came.
    private(set) var submissions: [Accountability_V1_SubmissionHeader] = []
    /// Organizations with a determination, by year.
    private(set) var determined: [Int: Set<OrganizationCode>] = [:]
    private var receipts: [ReceiptKey: Accountability_V1_Receipt] = [:]

    /// The stages that announce completion, in the order of the flow.
    static let stages = PipelineStage.allCases.map(\.name)

    /// Whose markers count: a stranger's stage would never be done.
    private static let announcing = Set(stages + [CompletionMarker.operatorStage])

    /// The topics that are folded; of the ledger only its first partition, which has every header and every opening.
    static let topics = [Topics.submissions, Topics.receipts, Topics.determinations, Topics.progress]

    /// Takes a record of a topic.
    ///
    /// Returns whether it is one that can be understood.
    @discardableResult
    mutating func fold(_ topic: TopicDefinition, key: String, value: [UInt8]?) -> Bool {
        switch topic.entity {
        case Topics.progress.entity:
            // Tombstones warm producers up.
            guard let value else { return true }
            guard let marker = try? CompletionMarker.decode(value.span),
                let year = SchoolYear.named(marker.scope), Self.announcing.contains(marker.stage)
            else {
                return false
            }
            announced[year, default: [:]][marker.stage, default: Announced()].partitions.insert(marker.partition)
            announced[year]?[marker.stage]?.expected = Int(marker.partitions)
        case Topics.submissions.entity:
            guard key.hasPrefix("year/") || key.hasPrefix("submission/") else { return true }
            guard let value, let entry = try? Accountability_V1_SubmissionEntry(serializedBytes: value) else {
                return false
            }
            switch entry.entry {
            case .yearOpened(let opened): openYears.insert(Int(opened.schoolYear))
            case .header(let header): submissions.append(header)
            case .row, .block, .installation, .yearClosed: return true
            case nil: return false
            }
        case Topics.receipts.entity:
            guard let key = ReceiptKey(key) else { return false }
            receipts[key] = value.flatMap { TableTopics.receipts.entry(key: key.utf8.span, value: $0)?.message }
            return value == nil || receipts[key] != nil
        case Topics.determinations.entity:
            guard let key = DeterminationKey(key) else { return false }
            if value == nil {
                determined[key.schoolYear]?.remove(key.organization)
            } else {
                determined[key.schoolYear, default: []].insert(key.organization)
            }
        default: return true
        }
        return true
    }

    /// Each submission that is withdrawn, with the withdrawal.
    var withdrawals: [String: String] {
        var standing = StandingSubmissions()
        for header in submissions { standing.take(header) }
        return standing.withdrawals
    }

    /// Every year that is open or that a stage knows of.
    var years: [Int] { openYears.union(announced.keys).union(determined.keys).sorted() }

    /// Whether the last stage is done with a year.
    func isComplete(_ year: Int) -> Bool { announced[year]?[PipelineStage.last.name]?.isComplete == true }

    /// What became of the rows of each submission, over all partitions, in the order of submission; those of no known
    /// header last.
    func totals() -> [SubmissionTotals] {
        var totals: [String: SubmissionTotals] = [:]
        for header in submissions { totals[header.submission] = SubmissionTotals(header) }
        for receipt in receipts.values {
            totals[receipt.submission, default: SubmissionTotals(id: receipt.submission)].add(receipt)
        }
        return totals.values.sorted { ($0.id, $0.fileName) < ($1.id, $1.fileName) }
    }
}

/// What became of a submission's rows.
struct SubmissionTotals: Codable, Hashable {
    var id: String
    var fileName = ""
    var layout = ""
    /// Rows of the file.
    var rows: UInt64 = 0
    var accepted: UInt64 = 0
    var rejected: UInt64 = 0
    var unchanged: UInt64 = 0
    var replaced: UInt64 = 0
    var deleted: UInt64 = 0
    var undeclared: UInt64 = 0
    /// Of the rejected rows, those that were accepted until their organization was deleted or their submission
    /// withdrawn.
    var withdrawn: UInt64 = 0

    init(id: String) { self.id = id }

    init(_ header: Accountability_V1_SubmissionHeader) {
        id = header.submission
        fileName = header.fileName
        layout = header.layout
        rows = header.rows
    }

    /// Adds what became of the rows of one partition.
    mutating func add(_ receipt: Accountability_V1_Receipt) {
        accepted &+= receipt.accepted
        rejected &+= receipt.rejected
        unchanged &+= receipt.unchanged
        replaced &+= receipt.replaced
        deleted &+= receipt.deleted
        undeclared &+= receipt.undeclared
        withdrawn &+= receipt.withdrawn
    }

    static let columns = [
        "submission", "file", "layout", "rows", "accepted", "rejected", "unchanged", "replaced", "deleted",
        "undeclared", "withdrawn",
    ]

    var fields: [String] {
        [id, fileName, layout]
            + [rows, accepted, rejected, unchanged, replaced, deleted, undeclared, withdrawn].map { String($0) }
    }
}
