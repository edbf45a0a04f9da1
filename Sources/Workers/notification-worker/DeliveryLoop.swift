import CoreMetrics
import Foundation
import Kafka
import Logging
import Messages
import Operating
import Stages
import Streaming
import SwiftProtobuf
import Synchronization
import WorkerProcess

/// Delivers notices beside the stage that publishes them: reads the committed ones, and the states of deliveries, and
/// publishes what became of each.
///
/// A notice that is published is delivered however often the process dies: what has no final state is tried again.
/// Files and messages have names of their own, so that a repetition leaves nothing new; an endpoint can see what was
/// under way a second time, under the same id.
final class DeliveryLoop: WorkerBody {
    /// Posts under way at once.
    private static let concurrency = 8
    /// Files and messages between two states.
    private static let batch = 200

    private let connection: Connection
    private let channels: DeliveryChannels
    private let options: DeliveryOptions
    private let instance: String
    private let figures: DeliveryFigures
    private let logger: Logger
    /// How long the endpoint takes to answer, or not to.
    private let webhookTime: CoreMetrics.Timer
    private let stopping = Atomic<Bool>(false)
    private let answers = Mutex<[(DeliveryQueue.Item, DeliveryOutcome)]>([])

    init(
        connection: Connection,
        channels: DeliveryChannels,
        options: DeliveryOptions,
        instance: String,
        figures: DeliveryFigures,
        logger: Logger
    ) {
        self.connection = connection
        self.channels = channels
        self.options = options
        self.instance = instance
        self.figures = figures
        self.logger = logger
        webhookTime = CoreMetrics.Timer(
            label: "accountability_webhook_duration_seconds",
            dimensions: [("stage", "notification"), ("instance", instance)]
        )
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

    private var group: String { connection.pipeline.group("delivery") }
    private var notices: String { connection.pipeline.name(Topics.notices) }
    private var deliveries: String { connection.pipeline.name(Topics.deliveries) }
    private var now: Int64 { DeterminationStage.now() }

    func run() throws {
        do {
            try deliver()
        } catch {
            // What was not said of the last deliveries is found out by the next life, which repeats them.
            guard isStopping else { throw error }
            logger.notice("delivering ended: \(error)")
        }
    }

    private func deliver() throws {
        try checkTopics()
        // Takes the identity over first, so that whatever an earlier life had open has ended before the states are
        // read.
        let sink = try TransactionalSink(
            kafka: connection.kafka,
            transactionalID: "\(group).\(instance)",
            memoryTopic: connection.pipeline.name(Topics.progress),
            source: "/\(group.replacing(".", with: "/"))",
            shouldStop: { [unowned self] in isStopping },
            logger: logger
        )
        defer { sink.close(timeout: .seconds(2)) }
        var kafka = connection.kafka
        kafka["group.id"] = group
        kafka["group.instance.id"] = "\(group).\(instance)"
        if kafka["session.timeout.ms"] == nil { kafka["session.timeout.ms"] = "45000" }
        kafka["enable.partition.eof"] = "true"
        let consumer = try Consumer(kafka, logger: logger)
        defer { consumer.close(timeout: .seconds(2)) }
        try consumer.subscribe([notices, deliveries])
        let client = channels.webhook.map {
            WebhookClient(
                endpoint: $0.endpoint,
                secret: $0.secret,
                timeoutSeconds: $0.timeoutSeconds,
                source: "/\(connection.pipeline.group("notification").replacing(".", with: "/"))"
            )
        }
        var queue = DeliveryQueue(
            channels: channels.names,
            schedule: RetrySchedule(attempts: options.deliveryAttempts, first: options.deliveryPause),
            since: try options.since()
        )
        var ends: [Int32: Set<String>] = [:]
        var posts: [Int: Task<Void, Never>] = [:]
        defer { for post in posts.values { post.cancel() } }
        var batch = RecordBatch(capacity: 1024)
        var emptySince: ContinuousClock.Instant?
        var asked = 0
        logger.info(
            "delivering",
            metadata: ["channels": "\(channels.names.map(\.rawValue).sorted().joined(separator: ","))"]
        )
        while !isStopping {
            while let event = consumer.nextRebalance() {
                try handle(event, consumer, &queue, &ends)
                // Whose they are now, and what became of them, is read anew.
                for post in posts.values { post.cancel() }
                if case .assigned(let partitions) = event { emptySince = partitions.isEmpty ? .now : nil }
            }
            // As the runtime does: the local broker can answer a member by no partitions though it was given some.
            if connection.kafka.isLocalBroker, let since = emptySince, asked < 4,
                ContinuousClock.now - since > .seconds(1 << asked)
            {
                asked += 1
                emptySince = nil
                try consumer.unsubscribe()
                try consumer.subscribe([notices, deliveries])
            }
            try poll(consumer, &batch, posts.isEmpty ? .milliseconds(50) : .milliseconds(5), &queue)
            while let end = consumer.nextPartitionEnd() {
                let partition = end.topicPartition.partition
                ends[partition, default: []].insert(end.topicPartition.topic)
                // Both topics: a notice may not go before it is known what became of it.
                if ends[partition]?.count == 2 { queue.release(partition: partition, now: now) }
            }
            var states: [(partition: Int32, state: Accountability_V1_Delivery)] = []
            for (item, outcome) in work(&queue)
                + answers.withLock({
                    let all = $0
                    $0 = []
                    return all
                })
            {
                posts[item.order] = nil
                if let state = finish(item, outcome, &queue) { states.append((item.partition, state)) }
            }
            try publish(states, sink)
            if let client {
                for item in queue.due(.webhook, limit: Self.concurrency - posts.count, now: now) {
                    posts[item.order] = Task { [self] in
                        let outcome = await post(item, client)
                        answers.withLock { $0.append((item, outcome)) }
                    }
                }
            }
            let (pending, dead) = (queue.pending, queue.deadCount)
            figures.update {
                $0.pending = pending
                $0.dead = dead
            }
        }
    }

    private func post(_ item: DeliveryQueue.Item, _ client: WebhookClient) async -> DeliveryOutcome {
        let start = ContinuousClock.now
        defer { webhookTime.recordSeconds((ContinuousClock.now - start) / .seconds(1)) }
        return await client.post(item.notice, published: item.published)
    }

    private func checkTopics() throws {
        let admin = try Admin(connection.kafka, logger: logger)
        let deadline = ContinuousClock.now + .seconds(60)
        var found: [String: TopicDescription] = [:]
        while true {
            do {
                found = try admin.describeTopics([notices, deliveries], timeout: .seconds(2))
                break
            } catch {
                // In short calls, between which a request to leave is seen.
                guard error.isRetriable, !isStopping, ContinuousClock.now < deadline else { throw error }
                Thread.sleep(forTimeInterval: 0.1)
            }
        }
        let counts = [notices, deliveries].map { found[$0]?.partitions.count ?? 0 }
        guard counts[0] > 0, counts[1] > 0 else {
            let missing = counts[0] > 0 ? deliveries : notices
            throw RuntimeError(
                .topicMissing,
                "topic \(missing) does not exist; `accountability topics --create` creates what is missing"
            )
        }
        guard counts[0] == counts[1] else {
            throw RuntimeError(
                .notCopartitioned,
                "\(notices) and \(deliveries) must have equal partition counts, but have \(counts)"
            )
        }
    }

    private func handle(
        _ event: Rebalance,
        _ consumer: Consumer,
        _ queue: inout DeliveryQueue,
        _ ends: inout [Int32: Set<String>]
    ) throws {
        // Whatever was decided, everything is read anew: two short topics, and no state that could be stale.
        queue.keep(partitions: [])
        ends = [:]
        guard case .assigned(let partitions) = event else { return try consumer.unassign() }
        try consumer.assign(partitions.map { TopicPartitionOffset($0, .beginning) })
    }

    private func poll(
        _ consumer: Consumer,
        _ batch: inout RecordBatch,
        _ timeout: Duration,
        _ queue: inout DeliveryQueue
    ) throws {
        do {
            try consumer.poll(&batch, timeout: timeout)
        } catch {
            guard !error.isFatal, !error.isFence else { throw RuntimeError.final(error, "delivering notices") }
            logger.warning("consumer: \(error)")
        }
        for index in 0..<batch.count {
            let record = batch[index]
            guard let key = record.key, !CompletionMarker.isMarker(key: key), let value = record.value else { continue }
            let bytes = [UInt8](copying: value)
            if record.topic == deliveries {
                // The inspection reports every other record of this topic.
                guard let (_, state) = TableTopics.deliveries.entry(key: key, value: bytes) else { continue }
                queue.take(state, partition: record.partition)
            } else if case (let key, var notice)? = TableTopics.notices.entry(key: key, value: bytes) {
                if notice.id.isEmpty { notice.id = key.text }
                queue.take(notice, published: record.timestamp ?? 0, partition: record.partition)
            } else {
                logger.error(
                    "a record is no notice and is not delivered",
                    metadata: [
                        "topic": "\(record.topic)", "partition": "\(record.partition)", "offset": "\(record.offset)",
                    ]
                )
            }
        }
        batch.removeAll()
    }

    /// Files and messages that are due, written.
    private func work(_ queue: inout DeliveryQueue) -> [(DeliveryQueue.Item, DeliveryOutcome)] {
        var done: [(DeliveryQueue.Item, DeliveryOutcome)] = []
        if let spool = channels.files {
            done += queue.due(.files, limit: Self.batch, now: now)
                .map { ($0, NoticeFile.deliver($0.notice, to: spool)) }
        }
        if let mail = channels.mail {
            done += queue.due(.mail, limit: Self.batch, now: now)
                .map { ($0, mail.deliver($0.notice, published: $0.published)) }
        }
        return done
    }

    private func finish(_ item: DeliveryQueue.Item, _ outcome: DeliveryOutcome, _ queue: inout DeliveryQueue)
        -> Accountability_V1_Delivery?
    {
        guard let delivery = queue.finish(item, outcome, now: now), let state = DeliveryState(rawValue: delivery.state)
        else { return nil }
        let place: Logger.Metadata = [
            "channel": "\(delivery.channel)", "notice": "\(delivery.notice)", "attempts": "\(delivery.attempts)",
        ]
        switch state {
        case .delivered: figures.update { $0.delivered[item.channel, default: 0] += 1 }
        case .waiting:
            figures.update { $0.failed[item.channel, default: 0] += 1 }
            logger.warning("not delivered, to be tried again: \(delivery.error)", metadata: place)
        case .dead, .requeued:
            figures.update { $0.died[item.channel, default: 0] += 1 }
            logger.error(
                "not delivered; `accountability deliveries --retry` tries it again: \(delivery.error)",
                metadata: place
            )
        }
        return delivery
    }

    /// Publishes states in a transaction: a process that was taken for dead cannot write any.
    private func publish(_ states: [(partition: Int32, state: Accountability_V1_Delivery)], _ sink: TransactionalSink)
        throws
    {
        var backoff = Backoff()
        var aborts = 0
        while !states.isEmpty {
            do {
                for (partition, state) in states {
                    let key = Array("\(state.channel)/\(state.notice)".utf8)
                    let value: [UInt8] = try state.serializedBytes()
                    try sink.send(
                        topic: deliveries,
                        partition: partition,
                        key: key.span,
                        value: value.span,
                        eventType: Topics.deliveries.eventType,
                        cause: ""
                    )
                }
                return try sink.commit(offsets: [], group: nil)
            } catch let aborted as TransactionAborted {
                guard !isStopping else { return }
                aborts += 1
                guard aborts < 20, !aborted.cause.isMisconfiguration else {
                    throw RuntimeError.final(aborted.cause, "publishing deliveries")
                }
                backoff.pause(until: .now + .seconds(2))
                logger.warning("\(aborted); the states of deliveries are published again")
            }
        }
    }
}
