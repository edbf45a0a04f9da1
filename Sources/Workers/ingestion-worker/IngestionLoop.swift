import Foundation
import Kafka
import Logging
import Messages
import Operating
import Stages
import Streaming
import Synchronization
import WorkerProcess

/// Takes submissions from the inbox, oldest first, each whole in one transaction with its receipt.
///
/// Small waiting submissions share a transaction. The transaction contains the receipts, as the metadata of an offset.
/// A process that was killed between the commit and the archive finds them after its restart and takes nothing twice.
final class IngestionLoop: WorkerBody {
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

    /// The transactional id, and the name of the group whose offset has the last receipts.
    ///
    /// The brokers may delete this offset a week after the last submission, because the group has no members. Then no
    /// submission waits for its receipt any more: the receipts are needed only between a commit and the archive.
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
        let topic = connection.pipeline.name(Topics.submissions)
        guard let partitions = try ledgerPartitions(topic) else { return }
        metrics.setReadiness("taking over the transactional id")
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
        // Any transaction that an earlier run left open has ended by now, so the last receipts are final.
        var last = try lastTransaction(offsets, topic)
        try sink.warmUp(topic: connection.pipeline.name(Topics.progress))
        try LedgerClaim.hold(connection, key: key, partitions: partitions, group: identity, sink: sink)
        metrics.setReadiness("reading the acts of the Department")
        let releases = try ReleaseFollower(connection, topic: topic, partitions: partitions, group: identity)
        defer { releases.close() }
        _ = try releases.results { _ = isStopping }
        metrics.setReadiness(nil)
        let archive = LedgerArchive(connection)
        let transaction = IngestionTransaction(
            connection: connection,
            identity: identity,
            inbox: inbox,
            sink: sink,
            offsets: offsets,
            key: key,
            topic: topic,
            partitions: partitions,
            limits: limits,
            releases: releases,
            archive: archive,
            leftDrafts: archive?.drafts() ?? [],
            metrics: metrics,
            logger: logger,
            isStopping: { [unowned self] in isStopping }
        )
        try follow(transaction, &last)
    }

    /// Takes submissions until the process is asked to end.
    private func follow(
        _ transaction: IngestionTransaction,
        _ last: inout IngestionTransaction.Committed
    ) throws {
        let (inbox, releases) = (transaction.inbox, transaction.releases)
        var aborts = Aborts()
        logger.info("watching", metadata: ["inbox": "\(inbox.directory.path)"])
        var told: Set<InboxOddity> = []
        var lastLook: ContinuousClock.Instant?
        var lastItem = ContinuousClock.now
        let changes = FolderWatch(inbox)
        while !isStopping {
            metrics.noteTurn()
            let content = inbox.content
            let items = try inbox.pending()
            if lastLook.map({ .now - $0 >= .seconds(1) }) ?? true {
                tell(try inbox.oddities(), &told)
                lastLook = .now
            }
            var rest = items[...]
            while !rest.isEmpty, !isStopping { try handle(&rest, transaction, &last, &aborts) }
            if !items.isEmpty {
                lastItem = .now
                // Read the releases now, while no submission waits.
                _ = try releases.results { _ = isStopping }
            }
            // After a submission, more may follow soon. Otherwise, look less often.
            let isAtRest = ContinuousClock.now - lastItem > .seconds(10)
            guard items.isEmpty else { continue }
            changes.awaitChange(since: content, atMost: .milliseconds(isAtRest ? 500 : 100))
        }
    }

    /// The aborts since a file was last taken.
    private struct Aborts {
        var count = 0
        var backoff = Backoff()
    }

    /// Takes the first waiting item, together with small ones after it.
    private func handle(
        _ rest: inout ArraySlice<InboxItem>,
        _ transaction: IngestionTransaction,
        _ last: inout IngestionTransaction.Committed,
        _ aborts: inout Aborts
    ) throws {
        guard let item = rest.first else { return }
        if let receipt = last.receipts.first(where: { $0.id == item.id }) {
            try transaction.inbox.archive(item, receipt: receipt)
            rest = rest.dropFirst()
        } else if transaction.inbox.isHopeless(item) {
            try setAside(item, transaction)
            rest = rest.dropFirst()
        } else {
            let bunch = transaction.bunch(rest, after: last)
            if let count = try attempt(bunch, transaction, &last, &aborts) {
                rest = rest.dropFirst(count)
            } else {
                for item in bunch where !isStopping { _ = try attempt([item], transaction, &last, &aborts) }
                rest = rest.dropFirst(bunch.count)
            }
        }
    }

    /// Returns how many items are done, or nil if each must be taken in its own transaction.
    private func attempt(
        _ items: ArraySlice<InboxItem>,
        _ transaction: IngestionTransaction,
        _ last: inout IngestionTransaction.Committed,
        _ aborts: inout Aborts
    ) throws -> Int? {
        let inbox = transaction.inbox
        do {
            for item in items { try inbox.begin(item) }
            let outcome = try transaction.take(items, number: last.number + 1)
            aborts = Aborts()
            switch outcome {
            case .committed(let committed):
                last = committed
                for (item, receipt) in zip(items, committed.receipts) { try inbox.archive(item, receipt: receipt) }
                for item in items.dropFirst(committed.receipts.count) { try inbox.end(item, failed: false) }
                return committed.receipts.count
            case .refused(let receipt):
                if let item = items.first { try inbox.archive(item, receipt: receipt) }
                for item in items.dropFirst() { try inbox.end(item, failed: false) }
                return 1
            case .later(let failed): for item in items { try inbox.end(item, failed: failed) }
            case .apart:
                for item in items { try inbox.end(item, failed: false) }
                return nil
            }
        } catch let aborted as TransactionAborted {
            for item in items { try inbox.end(item, failed: false) }
            metrics.update { $0.aborts[aborted.cause.name, default: 0] += 1 }
            aborts.count += 1
            let names = items.map(\.id).joined(separator: ", ")
            guard aborts.count < Self.mostAborts, !aborted.cause.isMisconfiguration else {
                throw RuntimeError.final(aborted.cause, "taking \(names)")
            }
            logger.warning("\(aborted); trying again: \(names)")
            aborts.backoff.pause(until: .now + .seconds(2))
        } catch let error as InboxError {
            throw error
        } catch {
            // An error of the brokers is not the file's fault. Any other error may be.
            let isOfFile = !(error is KafkaError || error is RuntimeError || error is Failure) && items.count == 1
            for item in items { try inbox.end(item, failed: isOfFile) }
            throw error
        }
        return items.count
    }

    /// Warns once about each thing in the inbox that is not taken.
    private func tell(_ oddities: [InboxOddity], _ told: inout Set<InboxOddity>) {
        for oddity in oddities where told.insert(oddity).inserted {
            logger.warning(
                "not taken from the inbox",
                metadata: ["name": "\(oddity.name)", "why": "\(oddity.why)", "remedy": "\(oddity.remedy)"]
            )
        }
        told.formIntersection(oddities)
    }

    private func setAside(_ item: InboxItem, _ transaction: IngestionTransaction) throws {
        let inbox = transaction.inbox
        let times = max(item.failures, item.silentEnds)
        let refusal = SubmissionRefused(
            .failedRepeatedly,
            "\(item.fileName) failed \(times) times; none of its rows were submitted. The file is now "
                + "\(inbox.placeAside(item)): read the ingestion worker's log, split or repair the file, submit it again, "
                + "and delete this copy"
        )
        let received = Int64(Date().timeIntervalSince1970 * 1000)
        try inbox.setAside(item, receipt: transaction.refuse(item, refusal, received))
    }

    /// The number of the ledger's partitions, once this worker's topics exist; nil if it was asked to stop.
    private func ledgerPartitions(_ topic: String) throws -> Int32? {
        let progress = connection.pipeline.name(Topics.progress)
        let counts = try TopicCheck.await(
            [topic, progress],
            connection.kafka,
            logger,
            shouldStop: { [unowned self] in isStopping }
        )
        guard let partitions = counts?[topic] else { return nil }
        guard partitions <= ReceiptNote.mostPartitions else {
            throw Failure(
                .configuration,
                "topic \(topic) has \(partitions) partitions, but a receipt has room for at most \(ReceiptNote.mostPartitions)"
            )
        }
        return partitions
    }

    /// How long a file may take: the longest transaction that Apache Kafka allows by default.
    private static let transactionTimeout: Duration = .seconds(900)
    /// The worker ends after this many aborts without a taken file between them.
    private static let mostAborts = 20

    /// The number and receipts of the last committed transaction of this instance.
    private func lastTransaction(_ offsets: GroupOffsets, _ topic: String) throws -> IngestionTransaction.Committed {
        let place = TopicPartition(topic: topic, partition: 0)
        guard let offset = try offsets.committed([place], timeout: .seconds(30)).first,
            let number = offset.offset.value, let note = offset.metadata, !note.isEmpty
        else { return IngestionTransaction.Committed(number: 0, receipts: []) }
        guard let receipts = try? ReceiptNote.receipts(of: note) else {
            logger.warning("the last receipts of \(identity) cannot be read")
            return IngestionTransaction.Committed(number: number, receipts: [])
        }
        return IngestionTransaction.Committed(number: number, receipts: receipts)
    }
}
