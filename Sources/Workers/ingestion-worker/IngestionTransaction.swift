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
    /// The name of the transactional id, and of the group whose offset carries the last receipts.
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
    /// Submissions of which an earlier life left a draft in the archive.
    let leftDrafts: Set<String>
    let metrics: WorkerMetrics
    let logger: Logger
    let isStopping: () -> Bool

    /// What a committed transaction carried.
    struct Committed {
        /// Counts the transactions of this instance.
        var number: Int64
        /// In the order of the ledger.
        var receipts: [SubmissionReceipt]
    }

    /// What became of an attempt.
    enum Outcome {
        /// The first ones, as many as there are receipts, are in the ledger.
        case committed(Committed)
        /// The first one never will be.
        case refused(SubmissionReceipt)
        /// Nothing was taken, and all wait: the process is to leave, or they are to be tried again.
        case later(failed: Bool)
        /// Nothing of several was taken, as one of them stands in the way: each is to be taken alone.
        case apart
    }

    /// Thrown to abort when the process is asked to leave.
    private struct Stopped: Error {}

    /// How long it may take before the releases are asked for again.
    private static let briefly = Duration.milliseconds(500)
    /// The most bytes of a submission that is taken together with others.
    private static let smallest = 65_536
    /// The most submissions that are taken together: others wait for their answer as long.
    private static let mostTogether = 32

    /// The first of the submissions that wait, with small ones behind it, as far as their receipts fit with an offset.
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

    /// What an attempt has come to.
    private final class Attempt {
        let start = ContinuousClock.now
        var writers: [LedgerArchive.Writer] = []
        var taken: [(receipt: SubmissionReceipt, summary: IngestionSummary, sent: Int)] = []
        /// Milliseconds since 1970, when the last of them was begun.
        var received: Int64 = 0
        var isCommitting = false
        /// Whether it ended at the first submission, before a row of it was sent.
        var isAtFirst = false

        func discard() { for writer in writers { writer.discard() } }
    }

    /// Takes submissions: all, or those before one that has to be taken in the next transaction, or none.
    ///
    /// - Parameters:
    ///   - items: at least one.
    ///   - number: of the transaction.
    /// - Returns: what became of them.
    /// - Throws: what ends this life, or the transaction: ``TransactionAborted``.
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
            // Of several, the first may be the one whose rows were not sent yet.
            guard items.count == 1 || attempt.isAtFirst, let item = items.first else { return .apart }
            // Whoever writes a plain file is not done yet; one that takes too long may have better luck.
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
            // Of a commit that failed nobody knows; the drafts stay, and the next comparison finds out.
            if !attempt.isCommitting { attempt.discard() }
            throw error
        }
    }

    /// Sends and commits submissions; returns what becomes of them instead where they are not committed.
    private func send(_ items: ArraySlice<InboxItem>, _ number: Int64, _ attempt: Attempt) throws -> Outcome? {
        let official = try releases.results { _ = isStopping() }
        for item in items {
            attempt.received = Int64(Date().timeIntervalSince1970 * 1000)
            // What goes to the ledger of the home's own broker is kept in the home, where the broker may forget it.
            // What an attempt before this one left was not committed: its receipt was asked for first.
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
                // Nothing of it is in the transaction: those before it are committed, and it is the first of the next.
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
            // What an act makes official has to stand before the next file is read.
            if summary.layout == Layout.directives.wireName { break }
        }
        // A release may have come while a long file was read: the file would change it, and knows nothing of it.
        if ContinuousClock.now - attempt.start > Self.briefly,
            try releases.results({ _ = isStopping() }) != official
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

    /// Tells monitoring and the log of what was taken.
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

    /// Commits what was sent together with the receipts.
    private func commit(_ note: String, _ number: Int64) throws {
        let offset = TopicPartitionOffset(topic: topic, partition: 0, offset: .at(number), metadata: note)
        try sink.commit(offsets: [offset], group: try ConsumerGroupMetadata(groupID: identity)) {
            [offsets] (places, share) throws(KafkaError) in
            try offsets.committed(places, timeout: share)
        }
    }

    /// The receipt of a submission that is not taken.
    func refuse(_ item: InboxItem, _ refusal: SubmissionRefused, _ received: Int64) -> SubmissionReceipt {
        logger.warning("refused", metadata: ["submission": "\(item.id)", "code": "\(refusal.code)"])
        return SubmissionReceipt(refused: item, refusal, submittedUnixMilliseconds: received)
    }
}

extension InboxItem {
    /// How long the file is; without end where nobody can say.
    fileprivate var bytes: Int {
        ((try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? Int) ?? .max
    }
}
