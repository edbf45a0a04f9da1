import Foundation
import Kafka
import Logging
import Messages
import Operating
import Stages
import Streaming

/// Takes submissions into the ledger in one transaction, with their receipts.
struct IngestionTransaction {
    let connection: Connection
    /// The transactional id, and the name of the group whose offset has the last receipts.
    let identity: String
    let inbox: Inbox
    let sink: TransactionalSink
    let offsets: GroupOffsets
    let key: PseudonymKey
    let topic: String
    let partitions: Int32
    let limits: FileLimits
    let releases: ReleaseFollower
    let archive: LedgerArchive?
    /// Submissions with a draft in the archive that an earlier run left.
    let leftDrafts: Set<String>
    let metrics: WorkerMetrics
    let logger: Logger
    let isStopping: () -> Bool

    /// A committed transaction.
    struct Committed {
        /// Counts the transactions of this instance.
        var number: Int64
        /// In the order of the ledger.
        var receipts: [SubmissionReceipt]
    }

    /// The outcome of an attempt.
    enum Outcome {
        /// The first submissions, as many as there are receipts, are in the ledger.
        case committed(Committed)
        /// The first submission was refused and will never be in the ledger.
        case refused(SubmissionReceipt)
        /// Nothing was taken, and all submissions wait: the process ends, or tries them again.
        case later(failed: Bool)
        /// Of several submissions, none was taken, because one of them failed: each gets its own transaction.
        case apart
    }

    /// Thrown to abort when the process is asked to end.
    private struct Stopped: Error {}

    /// If a transaction takes longer, the releases are read again before the commit.
    private static let briefly = Duration.milliseconds(500)
    /// The most bytes of a submission that may share a transaction.
    private static let smallest = 65_536
    /// The most submissions in one transaction, because each waits for the answer until all are done.
    private static let mostTogether = 32

    /// The first waiting submission, together with small ones after it whose receipts fit into an offset's metadata.
    func bunch(_ rest: ArraySlice<InboxItem>, after last: Committed) -> ArraySlice<InboxItem> {
        let taken = Set(last.receipts.map(\.id))
        var room = ReceiptNote.mostBytes
        func isSmall(_ item: InboxItem) -> Bool {
            room -= ReceiptNote.estimate(item, partitions)
            return room >= 0 && item.failures == 0 && item.silentEnds == 0 && !taken.contains(item.id)
                && item.bytes <= Self.smallest
        }
        let small = rest.prefix(Self.mostTogether).prefix(while: isSmall)
        return small.isEmpty ? rest.prefix(1) : small
    }

    /// The state of an attempt.
    private final class Attempt {
        let start = ContinuousClock.now
        var writers: [LedgerArchive.Writer] = []
        var taken: [(receipt: SubmissionReceipt, summary: IngestionSummary, sent: Int)] = []
        /// When the last submission was started, in milliseconds since 1970.
        var received: Int64 = 0
        var isCommitting = false
        /// Whether the first submission was refused before any of its rows was sent.
        var isAtFirst = false

        func discard() { for writer in writers { writer.discard() } }
    }

    /// Takes all submissions, or none, or those before one that must be taken in the next transaction.
    ///
    /// - Parameters:
    ///   - items: at least one submission.
    ///   - number: the number of the transaction.
    /// - Returns: the outcome.
    /// - Throws: an error that ends this run, or ``TransactionAborted``, which ends only the transaction.
    func take(_ items: ArraySlice<InboxItem>, number: Int64) throws -> Outcome {
        let attempt = Attempt()
        do {
            if let obstacle = try send(items, number, attempt) {
                attempt.discard()
                try sink.abort()
                return obstacle
            }
            return .committed(Committed(number: number, receipts: attempt.taken.map(\.receipt)))
        } catch let refusal as SubmissionRefused {
            attempt.discard()
            try sink.abort()
            // With several submissions, the first one may be refused before its rows were sent.
            guard items.count == 1 || attempt.isAtFirst, let item = items.first else { return .apart }
            // A plain file that changed is still being written. A file that took too long may succeed next time.
            if refusal.code == .changed, item.isPlain { return .later(failed: false) }
            if refusal.code == .tookTooLong { return .later(failed: true) }
            return .refused(refuse(item, refusal, attempt.received))
        } catch let aborted as TransactionAborted {
            attempt.discard()
            guard aborted.cause.code == .messageTooLarge else { throw aborted }
            guard items.count == 1, let item = items.first else { return .apart }
            return .refused(refuse(item, .tooLarge(item.fileName, cause: aborted.cause), attempt.received))
        } catch is Stopped {
            attempt.discard()
            try sink.abort()
            return .later(failed: false)
        } catch {
            // The outcome of a failed commit is unknown. The drafts stay, and the next comparison decides.
            if !attempt.isCommitting { attempt.discard() }
            throw error
        }
    }

    /// Sends and commits submissions; returns the outcome if they are not committed.
    private func send(_ items: ArraySlice<InboxItem>, _ number: Int64, _ attempt: Attempt) throws -> Outcome? {
        let official = try releases.results { _ = isStopping() }
        for item in items {
            attempt.received = Int64(Date().timeIntervalSince1970 * 1000)
            // The local broker may lose records, so the home keeps a copy of what it sends to the ledger.
            // An earlier attempt's draft was not committed, because its receipt was looked for first.
            if leftDrafts.contains(item.id) { archive?.removeDrafts(of: item.id) }
            if let archive {
                attempt.writers.append(
                    try LedgerArchive.Writer(archive, connection.pipeline, name: item.id, into: sink)
                )
            }
            let before = sink.sent
            let summary: IngestionSummary
            do {
                summary = try send(item, official, attempt.received, into: attempt.writers.last ?? sink)
            } catch let refusal as SubmissionRefused where sink.sent == before {
                // The transaction has none of its rows. Commit the submissions before it. It starts the next one.
                attempt.isAtFirst = attempt.taken.isEmpty
                guard !attempt.isAtFirst else { throw refusal }
                if archive != nil { attempt.writers.removeLast().discard() }
                break
            }
            let receipt = SubmissionReceipt(
                committed: item,
                summary: summary,
                submittedUnixMilliseconds: attempt.received
            )
            attempt.taken.append((receipt, summary, sink.sent - before))
            // An act may make results official. It must be committed before the next file is read.
            if summary.layout == Layout.directives.wireName { break }
        }
        // If results were released while a long file was read, its rows may change them without waiting for approval.
        let hasActs = attempt.taken.contains { $0.summary.layout == Layout.directives.wireName }
        if ContinuousClock.now - attempt.start > Self.briefly,
            try releases.haveChanged(since: official, hasActs: hasActs, { _ = isStopping() })
        {
            return .later(failed: false)
        }
        guard let note = try ReceiptNote.text(of: attempt.taken.map(\.receipt)) else { return .apart }
        let committing = ContinuousClock.now
        for writer in attempt.writers { try writer.prepare() }
        attempt.isCommitting = true
        try commit(note, number)
        for writer in attempt.writers { try writer.keep() }
        tell(attempt, committing)
        return nil
    }

    /// Sends one submission into the open transaction.
    private func send(
        _ item: InboxItem,
        _ official: [Accountability_V1_OfficialResults],
        _ received: Int64,
        into sink: any RecordSink
    ) throws -> IngestionSummary {
        let file = FileIngestion(
            pipeline: connection.pipeline,
            path: item.path,
            submission: item.id,
            fileName: item.fileName,
            options: item.options,
            key: key,
            partitions: partitions,
            limits: limits,
            official: official
        )
        var reported = ContinuousClock.now
        return try file.run(into: sink, receivedUnixMilliseconds: received) { progress in
            guard !isStopping() else { throw Stopped() }
            metrics.noteTurn()
            guard ContinuousClock.now - reported > .milliseconds(250) else { return }
            reported = ContinuousClock.now
            inbox.report(progress, of: item)
        }
    }

    /// Reports the taken submissions to monitoring and the log.
    private func tell(_ attempt: Attempt, _ committing: ContinuousClock.Instant) {
        let end = ContinuousClock.now
        metrics.noteCommit(seconds: (end - committing) / .seconds(1))
        let seconds = (end - attempt.start) / .seconds(1)
        for (receipt, summary, sent) in attempt.taken {
            metrics.update {
                $0.processed += summary.rows
                $0.rejected += summary.unreadable
                $0.emitted += sent
            }
            logger.info(
                "taken",
                metadata: ["submission": "\(receipt.id)", "rows": "\(summary.rows)", "seconds": "\(seconds)"]
            )
        }
    }

    /// Commits the sent rows together with the receipts.
    private func commit(_ note: String, _ number: Int64) throws {
        let offset = TopicPartitionOffset(topic: topic, partition: 0, offset: .at(number), metadata: note)
        try sink.commit(offsets: [offset], group: try ConsumerGroupMetadata(groupID: identity)) {
            [offsets] (places, share) throws(KafkaError) in
            try offsets.committed(places, timeout: share)
        }
    }

    /// The receipt of a refused submission.
    func refuse(_ item: InboxItem, _ refusal: SubmissionRefused, _ received: Int64) -> SubmissionReceipt {
        logger.warning("refused", metadata: ["submission": "\(item.id)", "code": "\(refusal.code)"])
        return SubmissionReceipt(refused: item, refusal, submittedUnixMilliseconds: received)
    }
}

extension InboxItem {
    /// The size of the file; `Int.max` if it is unknown.
    fileprivate var bytes: Int {
        ((try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? Int) ?? .max
    }
}
