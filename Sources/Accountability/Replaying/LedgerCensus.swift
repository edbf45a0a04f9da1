internal import Messages

/// What a record of the ledger is.
enum LedgerEntry {
    case header(Accountability_V1_SubmissionHeader)
    case row(Accountability_V1_SubmissionRow)
    /// A year is opened or closed: written to every partition, under a key that tells the act.
    case act(String)
    /// What stands for nothing.
    case other
}

/// A count of a ledger, by which it is told what of it belongs to a moment.
///
/// A submission and an act are one transaction each over many partitions, and partitions are read to different ends:
/// each to the oldest transaction that is still open there. So a reader can meet a part of them, and only the count
/// tells.
struct LedgerCensus {
    /// A submission, with the part of it that was read so far.
    private struct Submission {
        var header: Accountability_V1_SubmissionHeader?
        var headers: Set<Int32> = []
        /// Rows in the partition that answers for them.
        var owned: UInt64 = 0
        var unreadable: UInt64 = 0
        /// Readable rows by partition.
        var readable: [Int32: UInt64] = [:]
    }

    /// Partitions of the ledger.
    let partitions: Int32
    /// In milliseconds since 1970.
    let moment: Int64
    /// Of each partition the place behind the last record that was counted.
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
        case .row(let row):
            var submission = submissions[row.submission] ?? Submission()
            if row.unreadable.isEmpty {
                submission.readable[partition, default: 0] += 1
                if row.ownerPartition == partition { submission.owned += 1 }
            } else {
                submission.unreadable += 1
            }
            submissions[row.submission] = submission
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

    /// Submissions that were received by the moment and could not be read whole, with how much of them was.
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

    /// What belongs to the moment.
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
    /// How often each act is copied: as often as it stands on every partition.
    let acts: [String: Int]
    /// Acts that stood on some partitions more often than on others.
    let partialActs: [String]
    /// Of each partition the place at which the count ended.
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
    /// Asked once of each, in order.
    mutating func takes(_ entry: LedgerEntry, partition: Int32, offset: Int64, timestamp: Int64) -> Bool {
        guard offset < ends[partition] ?? 0 else { return false }
        switch entry {
        case .header(let header): return submissions.contains(header.submission)
        case .row(let row): return submissions.contains(row.submission)
        case .act(let key):
            guard timestamp <= moment else { return false }
            met[key, default: [:]][partition, default: 0] += 1
            return met[key]?[partition] ?? 0 <= acts[key] ?? 0
        case .other: return timestamp <= moment
        }
    }
}
