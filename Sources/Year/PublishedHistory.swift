public import Messages
public import Stages
import Streaming
import Synchronization

/// Computes from a ledger alone what was published of official results.
///
/// Disclosure control decides at the first publication of a district which numbers of students are shown, and repeats
/// them in every revision. Computed from the whole ledger at once, the decisions would rest on later corrections, and
/// the difference from what people have read could reveal small groups. So from the first official release on, the
/// ledger is processed as it grew: one submission after another, each with its publications.
///
/// Use it from one thread.
public final class PublishedHistory {
    private struct Entry {
        let key: [UInt8]
        let value: [UInt8]
        let isMarker: Bool
    }

    /// The time of an issue: that of the submission being processed.
    private final class Clock: Sendable {
        let now = Mutex<Int64>(0)
    }

    private let pipeline: Pipeline
    private let settings: YearProcess.Settings
    private var acts = OfficialReleases()
    /// By partition, in order.
    private var ledger: [[Entry]]
    /// By partition, where each submission begins; every partition has the header of every submission.
    private var begins: [[String: Int]]
    /// The submissions in the order of the partition of acts, each with the time at which it was received.
    private var submissions: [(id: String, received: Int64)] = []

    /// The history of a ledger that is still empty.
    ///
    /// - Parameters:
    ///   - pipeline: the installation.
    ///   - settings: how it is computed; with the partitions of the ledger. The frameworks are those that the ledger's
    ///     acts put in force.
    public init(pipeline: Pipeline, settings: YearProcess.Settings) {
        self.pipeline = pipeline
        self.settings = settings
        ledger = Array(repeating: [], count: Int(settings.partitions))
        begins = Array(repeating: [:], count: Int(settings.partitions))
    }

    /// Takes the next record of a partition.
    public func take(partition: Int32, key: Span<UInt8>, value: Span<UInt8>, isMarker: Bool) {
        guard ledger.indices.contains(Int(partition)) else { return }
        let isOfActs = partition == OfficialReleases.partition(of: settings.partitions)
        if !isMarker, !SubmissionBlock.isEntry(value),
            let entry = try? decode(Accountability_V1_SubmissionEntry.self, from: value),
            case .header(let header) = entry.entry,
            begins[Int(partition)][header.submission] == nil
        {
            begins[Int(partition)][header.submission] = ledger[Int(partition)].count
            if isOfActs { submissions.append((header.submission, header.receivedUnixMilliseconds)) }
        }
        if isOfActs, !isMarker { acts.take(key: key, value: value) }
        ledger[Int(partition)]
            .append(Entry(key: [UInt8](copying: key), value: [UInt8](copying: value), isMarker: isMarker))
    }

    /// The newest publication of each organization and year; none if nothing was ever official.
    ///
    /// - Throws: what the stages throw, or if a framework in force cannot be read.
    public func publications() throws -> [(key: DeterminationKey, message: Accountability_V1_Publication)] {
        let released = Set(acts.everReleased)
        guard let first = submissions.firstIndex(where: { released.contains($0.id) }) else { return [] }
        let clock = Clock()
        var settings = settings
        settings.frameworks = try acts.frameworksInForce()
        settings.clock = { clock.now.withLock(\.self) }
        let process = try YearProcess(pipeline: pipeline, settings: settings)
        var done = Array(repeating: 0, count: ledger.count)
        for submission in submissions[first...] {
            try feed(from: &done, until: submission.id, into: process)
            clock.now.withLock { $0 = submission.received }
        }
        try feed(from: &done, until: nil, into: process)
        return try process.tables.messages(TableTopics.publications)
    }

    /// Lets the process take each partition up to a submission, and publish.
    ///
    /// - Parameters:
    ///   - done: how far each partition was taken.
    ///   - submission: the first one that is not taken; nil to take everything.
    ///   - process: takes the records.
    /// - Throws: what the stages throw.
    private func feed(from done: inout [Int], until submission: String?, into process: YearProcess) throws {
        var batches = Array(repeating: MemoryBatch(), count: ledger.count)
        for partition in ledger.indices {
            let end = submission.map { begins[partition][$0] ?? done[partition] } ?? ledger[partition].count
            for entry in ledger[partition][done[partition]..<max(done[partition], end)] {
                batches[partition].append(key: entry.key.span, value: entry.value.span, isMarker: entry.isMarker)
            }
            done[partition] = max(done[partition], end)
        }
        try process.feed(batches)
        try process.settle()
    }
}
