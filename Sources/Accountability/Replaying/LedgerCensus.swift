internal import Messages

/// The kind of a ledger record.
enum LedgerEntry {
    case header(Accountability_V1_SubmissionHeader)
    case rows(LedgerRows)
    /// Opens or closes a year.
    ///
    /// Every partition has the record, under a key that names the act.
    case act(String)
    /// Any other record.
    case other
}

/// The rows of a submission in one record of the ledger.
struct LedgerRows: Hashable {
    let submission: String
    /// Rows that could be read.
    var readable: UInt64 = 0
    /// The readable rows that the record's partition owns, for submissions whose rows go to every partition.
    var owned: UInt64 = 0
    /// Rows that could not be read.
    var unreadable: UInt64 = 0

    /// The rows of a block in a partition.
    init(_ block: SubmissionBlock, partition: Int32) {
        submission = block.submission
        readable = UInt64(block.rows)
        owned = UInt64(block.owners.count { $0 == UInt32(clamping: partition) })
        unreadable = UInt64(block.unreadable.count)
    }

    /// A single row, as in ledgers from before blocks.
    init(_ row: Accountability_V1_SubmissionRow, partition: Int32) {
        submission = row.submission
        guard row.unreadable.isEmpty else {
            unreadable = 1
            return
        }
        readable = 1
        owned = row.ownerPartition == partition ? 1 : 0
    }
}

/// Counts the records of a ledger, to decide which of them belong to a moment.
///
/// Each submission or act is one transaction over many partitions. A partition can be read only up to its oldest open
/// transaction, so a reader may see only a part of a submission. Only the count shows this.
struct LedgerCensus {
    /// A submission, with the part that was read so far.
    private struct Submission {
        var header: Accountability_V1_SubmissionHeader?
        var headers: Set<Int32> = []
        /// Rows in the partitions that own them.
        var owned: UInt64 = 0
        var unreadable: UInt64 = 0
        /// Readable rows by partition.
        var readable: [Int32: UInt64] = [:]
    }

    /// The number of the ledger's partitions.
    let partitions: Int32
    /// In milliseconds since 1970.
    let moment: Int64
    /// For each partition, the offset after the last counted record.
    private(set) var ends: [Int32: Int64] = [:]
    private var submissions: [String: Submission] = [:]
    private var acts: [String: [Int32: Int]] = [:]

    init(partitions: Int32, moment: Int64) {
        self.partitions = partitions
        self.moment = moment
    }

    /// Counts a record.
    mutating func count(_ entry: LedgerEntry, partition: Int32, offset: Int64, timestamp: Int64) {
        ends[partition] = max(ends[partition] ?? 0, offset + 1)
        switch entry {
        case .header(let header):
            submissions[header.submission, default: Submission()].header = header
            submissions[header.submission]?.headers.insert(partition)
        case .rows(let rows):
            var submission = submissions[rows.submission] ?? Submission()
            submission.readable[partition, default: 0] += rows.readable
            submission.owned += rows.owned
            submission.unreadable += rows.unreadable
            submissions[rows.submission] = submission
        case .act(let key):
            guard timestamp <= moment else { return }
            acts[key, default: [:]][partition, default: 0] += 1
        case .other: return
        }
    }

    /// Whether every header and every row of a submission was read.
    private func isWhole(_ submission: Submission) -> Bool {
        guard let header = submission.header, submission.headers.count == Int(partitions) else { return false }
        guard header.layout == Layout.organizations.wireName else {
            return submission.readable.values.reduce(0, +) + submission.unreadable == header.rows
        }
        // Every partition has a copy of each readable row.
        let readable = submission.readable
        return submission.owned + submission.unreadable == header.rows
            && (0..<partitions).allSatisfy { readable[$0, default: 0] == submission.owned }
    }

    /// Submissions that were received by the moment but could be read only in part, with the size of that part.
    var unfinished: [String] {
        submissions.filter { ($0.value.header?.receivedUnixMilliseconds ?? .min) <= moment && !isWhole($0.value) }
            .map { id, submission in
                let read =
                    submission.header?.layout == Layout.organizations.wireName
                    ? submission.owned : submission.readable.values.reduce(0, +)
                let rows = submission.header.map { "\($0.rows)" } ?? "unknown"
                return
                    "\(id) (\(read + submission.unreadable) of \(rows) rows, \(submission.headers.count) of \(partitions) partitions)"
            }
            .sorted()
    }

    /// The records that belong to the moment.
    var selection: LedgerSelection {
        let whole = submissions.filter {
            ($0.value.header?.receivedUnixMilliseconds ?? .max) <= moment && isWhole($0.value)
        }
        return LedgerSelection(
            submissions: Set(whole.keys),
            acts: acts.mapValues { counts in (0..<partitions).map { counts[$0] ?? 0 }.min() ?? 0 },
            partialActs: acts.filter { _, counts in Set((0..<partitions).map { counts[$0] ?? 0 }).count > 1 }.keys
                .sorted(),
            ends: ends,
            moment: moment
        )
    }
}

/// Which records of a ledger are copied.
struct LedgerSelection {
    /// Submissions that are copied.
    let submissions: Set<String>
    /// How often each act is copied: as often as every partition has it.
    let acts: [String: Int]
    /// Acts that some partitions have more often than others.
    let partialActs: [String]
    /// For each partition, the offset at which the count ended.
    let ends: [Int32: Int64]
    /// In milliseconds since 1970.
    let moment: Int64
    private var met: [String: [Int32: Int]] = [:]

    init(submissions: Set<String>, acts: [String: Int], partialActs: [String], ends: [Int32: Int64], moment: Int64) {
        self.submissions = submissions
        self.acts = acts
        self.partialActs = partialActs
        self.ends = ends
        self.moment = moment
    }

    /// Whether a record is copied.
    ///
    /// Call it once for each record, in order.
    mutating func takes(_ entry: LedgerEntry, partition: Int32, offset: Int64, timestamp: Int64) -> Bool {
        guard offset < ends[partition] ?? 0 else { return false }
        switch entry {
        case .header(let header): return submissions.contains(header.submission)
        case .rows(let rows): return submissions.contains(rows.submission)
        case .act(let key):
            guard timestamp <= moment else { return false }
            met[key, default: [:]][partition, default: 0] += 1
            return met[key]?[partition] ?? 0 <= acts[key] ?? 0
        case .other: return timestamp <= moment
        }
    }
}
