import Foundation
import Kafka
import Logging
import Messages
import Operating
import Stages
import Streaming
import Synchronization
import WorkerProcess

/// Takes submissions from the inbox, oldest first, each in one transaction with its receipt.
///
/// The receipt travels in the transaction, as the string of an offset: a process that was killed between the commit and
/// the archive finds it after its restart and takes nothing twice.
final class IngestionLoop: WorkerBody {
    /// Thrown to abort a file when the process is asked to leave.
    private struct Stopped: Error {}

    private let connection: Connection
    private let inboxPath: String
    private let keyFile: String
    private let instance: String
    private let limits: FileLimits
    private let metrics: WorkerMetrics
    private let logger: Logger
    private let stopping = Atomic<Bool>(false)

    init(
        connection: Connection,
        inbox: String,
        keyFile: String,
        instance: String,
        limits: FileLimits,
        metrics: WorkerMetrics,
        logger: Logger
    ) {
        self.connection = connection
        inboxPath = inbox
        self.keyFile = keyFile
        self.instance = instance
        self.limits = limits
        self.metrics = metrics
        self.logger = logger
    }

    func stop() {
        stopping.store(true, ordering: .releasing)
    }

    private let heartbeat = Heartbeat()
    var hearts: [Heartbeat] { [heartbeat] }

    private var isStopping: Bool {
        heartbeat.beat()
        return stopping.load(ordering: .acquiring)
    }

    /// The name of its transactional id, and of the group whose offset carries the last receipt.
    private var identity: String {
        "\(connection.pipeline.group("ingestion")).\(instance)"
    }

    func run() throws {
        let inbox = try Inbox(directory: inboxPath)
        let lock = try InboxLock(inbox)
        defer { lock.release() }
        let key: PseudonymKey
        do {
            key = try PseudonymKey(contentsOf: keyFile)
        } catch {
            throw Failure(.configuration, error.description)
        }
        metrics.setReadiness("looking for the topics")
        let admin = try Admin(connection.kafka, logger: logger)
        let topic = connection.pipeline.name(Topics.submissions)
        let partitions = try ledgerPartitions(admin, topic)
        metrics.setReadiness("taking its place")
        let sink = try TransactionalSink(
            kafka: connection.kafka,
            transactionalID: identity,
            memoryTopic: connection.pipeline.name(Topics.progress),
            source: "/\(identity.replacing(".", with: "/"))",
            transactionTimeout: Self.transactionTimeout,
            shouldStop: { [unowned self] in isStopping },
            logger: logger
        )
        defer { sink.close(timeout: .seconds(5)) }
        let offsets = try GroupOffsets(connection.kafka, group: identity, requireStable: true, logger: logger)
        defer { offsets.close() }
        // Whatever an earlier life had open has been ended by now, so its last receipt is final.
        var last = try lastReceipt(offsets, topic)
        try sink.warmUp(topic: connection.pipeline.name(Topics.progress))
        try LedgerClaim.hold(connection, key: key, group: identity, sink: sink)
        metrics.setReadiness("reading the acts of the Department")
        let releases = try ReleaseFollower(connection, topic: topic, partitions: partitions, group: identity)
        defer { releases.close() }
        _ = try releases.results { _ = isStopping }
        metrics.setReadiness(nil)
        let tools = Tools(
            inbox: inbox,
            sink: sink,
            offsets: offsets,
            key: key,
            topic: topic,
            partitions: partitions,
            releases: releases
        )
        var aborts = Aborts()
        logger.info("watching", metadata: ["inbox": "\(inbox.directory.path)"])
        var told: Set<InboxOddity> = []
        var lastItem = ContinuousClock.now
        while !isStopping {
            metrics.noteTurn()
            let content = inbox.content
            let items = try inbox.pending()
            tell(try inbox.oddities(), &told)
            for item in items where !isStopping { try handle(item, tools, &last, &aborts) }
            if !items.isEmpty {
                lastItem = .now
                // Read while nobody waits for it.
                _ = try releases.results { _ = isStopping }
            }
            // Somebody who corrects sends more; at rest there is less to look for.
            let isAtRest = ContinuousClock.now - lastItem > .seconds(10)
            if items.isEmpty { inbox.awaitChange(since: content, atMost: 0.1, step: isAtRest ? 0.03 : 0.01) }
        }
    }

    /// What taking a file needs.
    private struct Tools {
        let inbox: Inbox
        let sink: TransactionalSink
        let offsets: GroupOffsets
        let key: PseudonymKey
        let topic: String
        let partitions: Int32
        let releases: ReleaseFollower
    }

    /// Aborts without a file taken between them.
    private struct Aborts {
        var count = 0
        var backoff = Backoff()
    }

    private func handle(
        _ item: InboxItem,
        _ tools: Tools,
        _ last: inout (number: Int64, receipt: SubmissionReceipt)?,
        _ aborts: inout Aborts
    ) throws {
        if last?.receipt.id == item.id, let receipt = last?.receipt {
            try tools.inbox.archive(item, receipt: receipt)
        } else if tools.inbox.isHopeless(item) {
            try setAside(item, tools.inbox)
        } else {
            try attempt(item, tools, &last, &aborts)
        }
    }

    private func attempt(
        _ item: InboxItem,
        _ tools: Tools,
        _ last: inout (number: Int64, receipt: SubmissionReceipt)?,
        _ aborts: inout Aborts
    ) throws {
        let inbox = tools.inbox
        do {
            try inbox.begin(item)
            let number = (last?.number ?? 0) + 1
            let outcome = try take(item, tools, number)
            aborts = Aborts()
            switch outcome {
            case .receipt(let receipt):
                if receipt.status == .committed { last = (number, receipt) }
                try inbox.archive(item, receipt: receipt)
            case .later(let failed): try inbox.end(item, failed: failed)
            }
        } catch let aborted as TransactionAborted {
            try inbox.end(item, failed: false)
            metrics.update { $0.aborts[aborted.cause.name, default: 0] += 1 }
            aborts.count += 1
            guard aborts.count < Self.mostAborts, !aborted.cause.isMisconfiguration else {
                throw RuntimeError.final(aborted.cause, "taking \(item.id)")
            }
            logger.warning("\(aborted); \(item.id) is taken again")
            aborts.backoff.pause(until: .now + .seconds(2))
        } catch let error as InboxError {
            throw error
        } catch {
            // The broker's faults are not the file's; what else fails may be.
            try inbox.end(item, failed: !(error is KafkaError || error is RuntimeError || error is Failure))
            throw error
        }
    }

    /// Tells once of each thing in the inbox that is not taken.
    private func tell(_ oddities: [InboxOddity], _ told: inout Set<InboxOddity>) {
        for oddity in oddities where told.insert(oddity).inserted {
            logger.warning(
                "in the inbox, and not taken as it is",
                metadata: ["name": "\(oddity.name)", "why": "\(oddity.why)", "remedy": "\(oddity.remedy)"]
            )
        }
        told.formIntersection(oddities)
    }

    private func setAside(_ item: InboxItem, _ inbox: Inbox) throws {
        let times = max(item.failures, item.silentEnds)
        let refusal = SubmissionRefused(
            .failedRepeatedly,
            "\(item.fileName) was tried \(times) times and each time failed; nothing of it was submitted. It lies in "
                + "\(inbox.placeAside(item)): look into the ingestion worker's log, split or mend the file, submit it again, "
                + "and delete that one"
        )
        let received = Int64(Date().timeIntervalSince1970 * 1000)
        try inbox.setAside(item, receipt: refuse(item, refusal, received))
    }

    /// What became of an attempt.
    private enum Outcome {
        case receipt(SubmissionReceipt)
        /// Nothing was taken, and the file waits: the process is to leave, or the file is to be tried again.
        case later(failed: Bool)
    }

    /// Takes one submission.
    private func take(_ item: InboxItem, _ tools: Tools, _ number: Int64) throws -> Outcome {
        let sink = tools.sink
        let received = Int64(Date().timeIntervalSince1970 * 1000)
        let start = ContinuousClock.now
        let official = try tools.releases.results { _ = isStopping }
        let file = FileIngestion(
            pipeline: connection.pipeline,
            path: item.path,
            submission: item.id,
            fileName: item.fileName,
            options: item.options,
            key: tools.key,
            partitions: tools.partitions,
            limits: limits,
            official: official
        )
        // What goes to the ledger of the home's own broker is kept in the home, where the broker may forget it.
        // What an attempt before this one left was not committed: its receipt was asked for first.
        let archive = LedgerArchive(connection)
        archive?.removeDrafts(of: item.id)
        let writer = try archive.map { try LedgerArchive.Writer($0, connection.pipeline, name: item.id, into: sink) }
        var isCommitting = false
        do {
            let sentBefore = sink.sent
            var reported = ContinuousClock.now
            let summary = try file.run(into: writer ?? sink, receivedUnixMilliseconds: received) { progress in
                guard !isStopping else { throw Stopped() }
                metrics.noteTurn()
                guard ContinuousClock.now - reported > .milliseconds(250) else { return }
                reported = ContinuousClock.now
                tools.inbox.report(progress, of: item)
            }
            // A release may have come while a long file was read: the file would change it, and knows nothing of it.
            if ContinuousClock.now - start > Self.briefly, try tools.releases.results({ _ = isStopping }) != official {
                writer?.discard()
                try sink.abort()
                return .later(failed: false)
            }
            let receipt = SubmissionReceipt(committed: item, summary: summary, submittedUnixMilliseconds: received)
            let committing = ContinuousClock.now
            try writer?.prepare()
            isCommitting = true
            try commit(receipt, number, tools)
            try writer?.keep()
            note(item, summary, sent: sink.sent - sentBefore, from: start, committing)
            return .receipt(receipt)
        } catch let refusal as SubmissionRefused {
            writer?.discard()
            try sink.abort()
            // Whoever writes a plain file is not done yet; one that takes too long may have better luck.
            if refusal.code == .changed, item.isPlain { return .later(failed: false) }
            if refusal.code == .tookTooLong { return .later(failed: true) }
            return .receipt(refuse(item, refusal, received))
        } catch let aborted as TransactionAborted {
            writer?.discard()
            guard aborted.cause.code == .messageTooLarge else { throw aborted }
            return .receipt(refuse(item, .tooLarge(item.fileName, cause: aborted.cause), received))
        } catch is Stopped {
            writer?.discard()
            try sink.abort()
            return .later(failed: false)
        } catch {
            // Of a commit that failed nobody knows; the draft stays, and the next comparison finds out.
            if !isCommitting { writer?.discard() }
            throw error
        }
    }

    /// Tells monitoring and the log of a file that was taken.
    private func note(
        _ item: InboxItem,
        _ summary: IngestionSummary,
        sent: Int,
        from start: ContinuousClock.Instant,
        _ committing: ContinuousClock.Instant
    ) {
        let end = ContinuousClock.now
        metrics.update {
            $0.processed += summary.rows
            $0.rejected += summary.unreadable
            $0.emitted += sent
        }
        metrics.noteCommit(seconds: (end - committing) / .seconds(1))
        let seconds = (end - start) / .seconds(1)
        logger.info(
            "taken",
            metadata: ["submission": "\(item.id)", "rows": "\(summary.rows)", "seconds": "\(seconds)"]
        )
    }

    /// Commits what was sent together with the receipt.
    private func commit(_ receipt: SubmissionReceipt, _ number: Int64, _ tools: Tools) throws {
        let note = TopicPartitionOffset(
            topic: tools.topic,
            partition: 0,
            offset: .at(number),
            metadata: try ReceiptNote.text(of: receipt)
        )
        let offsets = tools.offsets
        try tools.sink.commit(offsets: [note], group: try ConsumerGroupMetadata(groupID: identity)) {
            (places, share) throws(KafkaError) in
            try offsets.committed(places, timeout: share)
        }
    }

    private func refuse(_ item: InboxItem, _ refusal: SubmissionRefused, _ received: Int64) -> SubmissionReceipt {
        logger.warning("refused", metadata: ["submission": "\(item.id)", "code": "\(refusal.code)"])
        return SubmissionReceipt(refused: item, refusal, submittedUnixMilliseconds: received)
    }

    /// The ledger's partitions, with the topics there that this worker needs.
    private func ledgerPartitions(_ admin: Admin, _ topic: String) throws -> Int32 {
        let progress = connection.pipeline.name(Topics.progress)
        let deadline = ContinuousClock.now + .seconds(5)
        var found: [String: TopicDescription] = [:]
        var backoff = Backoff()
        repeat {
            found = try admin.describeTopics([topic, progress], timeout: .seconds(30))
            // Not every broker knows a topic that was created a moment ago.
            if found.count < 2 { backoff.pause(until: deadline) }
        } while found.count < 2 && ContinuousClock.now < deadline && !isStopping
        for name in [topic, progress] where found[name] == nil {
            throw Failure(
                .configuration,
                "topic \(name) does not exist; `accountability topics --create` creates what is missing"
            )
        }
        let partitions = found[topic]?.partitions.count ?? 0
        guard partitions <= ReceiptNote.mostPartitions else {
            throw Failure(
                .configuration,
                "topic \(topic) has \(partitions) partitions; a receipt can tell of \(ReceiptNote.mostPartitions) at most"
            )
        }
        return Int32(partitions)
    }

    /// How long a file may take: as long as Apache Kafka lets a transaction last unless it is told otherwise.
    private static let transactionTimeout: Duration = .seconds(900)
    /// How long a file may take before the releases are asked for again.
    private static let briefly = Duration.milliseconds(500)
    /// Aborts without a file taken between them after which the worker leaves.
    private static let mostAborts = 20

    /// The receipt that the last committed transaction of this instance carried, and its number.
    private func lastReceipt(
        _ offsets: GroupOffsets,
        _ topic: String
    ) throws -> (number: Int64, receipt: SubmissionReceipt)? {
        let place = TopicPartition(topic: topic, partition: 0)
        guard let offset = try offsets.committed([place], timeout: .seconds(30)).first,
            let number = offset.offset.value, let note = offset.metadata, !note.isEmpty
        else { return nil }
        guard let receipt = try? ReceiptNote.receipt(of: note) else {
            logger.warning("the last receipt of \(identity) cannot be read")
            return nil
        }
        return (number, receipt)
    }
}
