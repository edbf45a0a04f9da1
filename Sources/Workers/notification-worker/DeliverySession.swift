import CoreMetrics
import Kafka
import Logging
import Messages
import Operating
import Stages
import Streaming

/// A member of the delivering group: its reading position, its waiting and its running deliveries.
final class DeliverySession {
    /// The most files and messages written before their states are published.
    private static let batch = 200
    /// How long a notice waits if another instance checks it, in milliseconds.
    private static let grace: Int64 = 60_000
    /// How long the brokers may take to say where the assigned partitions end.
    private static let patience: Duration = .seconds(2)

    private let topics: DeliveryTopics
    private let channels: DeliveryChannels
    private let figures: DeliveryFigures
    private let metrics: WorkerMetrics
    private let logger: Logger
    private let consumer: Consumer
    private let posts: WebhookPosts?
    private let isLocalBroker: Bool
    private var queue: DeliveryQueue
    /// The partitions that the group has assigned, if they are not yet read.
    private var assigned: [TopicPartition]?
    private var reading: [Int32: DeliveryReading] = [:]
    private var records = RecordBatch(capacity: 1024)
    private var joinPatience = JoinPatience()
    private var silence: DeliverySilence
    private var now: Int64 { DeterminationStage.now() }

    init(
        _ connection: Connection,
        _ topics: DeliveryTopics,
        _ channels: DeliveryChannels,
        queue: DeliveryQueue,
        instance: String,
        figures: DeliveryFigures,
        metrics: WorkerMetrics,
        _ logger: Logger
    ) throws {
        let group = connection.pipeline.group("delivery")
        var kafka = connection.kafka
        kafka["group.id"] = group
        kafka["group.instance.id"] = "\(group).\(instance)"
        if kafka["session.timeout.ms"] == nil { kafka["session.timeout.ms"] = "45000" }
        silence = DeliverySilence(sessionTimeout: kafka["session.timeout.ms"])
        kafka["enable.partition.eof"] = "true"
        consumer = try Consumer(kafka, logger: logger)
        posts = channels.webhook.map {
            WebhookPosts(
                WebhookClient(
                    endpoint: $0.endpoint,
                    secret: $0.secret,
                    timeoutSeconds: $0.timeoutSeconds,
                    source: "/\(connection.pipeline.group("notification").replacing(".", with: "/"))"
                ),
                instance: instance
            )
        }
        isLocalBroker = connection.kafka.isLocalBroker
        self.topics = topics
        self.channels = channels
        self.queue = queue
        self.figures = figures
        self.metrics = metrics
        self.logger = logger
        try subscribe()
    }

    func close() {
        posts?.cancel()
        consumer.close(timeout: .seconds(2))
    }

    private func subscribe() throws {
        joinPatience.join()
        try consumer.subscribe([topics.notices, topics.deliveries])
    }

    /// Reads new records, and releases the notices that may be delivered.
    func read() throws {
        if silence.wasTooLong() {
            logger.warning("was silent for longer than its group allows; joining it again before anything is delivered")
            try joinAgain()
        }
        silence.end()
        while let event = consumer.nextRebalance() { try take(event) }
        try askAgain()
        try begin()
        try poll(posts?.isIdle == false ? .milliseconds(5) : .milliseconds(200))
        while let end = consumer.nextPartitionEnd() { reading[end.topicPartition.partition]?.reached(end) }
        // Before a notice is delivered, its earlier states must be known.
        for (partition, reading) in reading where reading.isOver && !queue.isReleased(partition) {
            queue.release(partition: partition, now: now, settledBefore: reading.settledBefore)
        }
    }

    /// The offsets to commit together with outcomes.
    ///
    /// The brokers ask whether this member still has its partitions only if its transaction carries offsets. Without
    /// them, an instance that was frozen and replaced could still publish outcomes.
    func offsets(
        of outcomes: [(partition: Int32, state: Accountability_V1_Delivery)]
    ) throws -> (offsets: [TopicPartitionOffset], group: ConsumerGroupMetadata) {
        let partitions = Set(outcomes.map(\.partition)).sorted()
        let offsets = partitions.flatMap {
            reading[$0]?.offsets(firstPending: queue.firstPending(partition: $0)) ?? []
        }
        return (offsets, try consumer.groupMetadata)
    }

    /// Forgets everything, and joins the group again.
    func joinAgain() throws {
        forget()
        try consumer.unsubscribe()
        try subscribe()
    }

    /// Writes the due files and messages.
    ///
    /// - Returns: their outcomes, and those of finished posts.
    func takeOutcomes() -> [(partition: Int32, state: Accountability_V1_Delivery)] {
        ((silence.wasTooLong() ? [] : written()) + (posts?.takeAnswers() ?? []))
            .compactMap { item, outcome in finish(item, outcome).map { (item.partition, $0) } }
    }

    /// Starts the due posts.
    ///
    /// Publish the taken outcomes first. If the process dies, the next run repeats the posts without a published
    /// outcome, so there can only be as many as may run at once.
    func startPosts() {
        guard let posts, !silence.wasTooLong() else { return }
        for item in queue.due(.webhook, limit: posts.free, now: now, isConfirmed: isConfirmed) { posts.start(item) }
    }

    /// Updates the metric of waiting deliveries.
    func show() {
        let (pending, dead) = (queue.pending, queue.deadCount)
        figures.update {
            $0.pending = pending
            $0.dead = dead
        }
    }

    private func take(_ event: Rebalance) throws {
        forget()
        if case .assigned(let partitions) = event {
            assigned = partitions
            joinPatience.answer(partitions: partitions.count)
        } else {
            joinPatience.join()
            try consumer.unassign()
        }
    }

    /// Forgets everything that was read, and ends the posts.
    ///
    /// After any rebalance everything is read again: the two topics are short, and this leaves no stale state.
    private func forget() {
        queue.keep(partitions: [])
        assigned = nil
        reading = [:]
        posts?.cancel()
    }

    /// Begins to read what the group has assigned, from the beginning to the ends that it has now.
    private func begin() throws {
        guard let assigned else { return }
        let places = Set(assigned.map(\.partition)).sorted()
            .map {
                (
                    TopicPartition(topic: topics.notices, partition: $0),
                    TopicPartition(topic: topics.deliveries, partition: $0)
                )
            }
        do {
            let all = places.flatMap { [$0, $1] }
            let ends = all.isEmpty ? [:] : try consumer.ends(of: all, timeout: Self.patience).mapValues(\.high)
            let offsets = all.isEmpty ? [] : try consumer.committed(all, timeout: Self.patience)
            let committed = offsets.reduce(into: [:]) { $0[$1.topicPartition] = $1.offset.value }
            for (notices, deliveries) in places {
                reading[notices.partition] = DeliveryReading(
                    notices: notices,
                    deliveries: deliveries,
                    ends: ends,
                    committed: committed
                )
            }
        } catch {
            guard error.isRetriable, !error.isFatal else { throw RuntimeError.final(error, "looking up deliveries") }
            reading = [:]
            return logger.warning("looking up deliveries: trying again", metadata: ["error": "\(error)"])
        }
        for (partition, reading) in reading where reading.settledBefore > 0 {
            logger.error(
                "the topic of deliveries has lost its records; the notices that were settled are not delivered again",
                metadata: ["partition": "\(partition)", "before": "\(reading.settledBefore)"]
            )
        }
        try consumer.assign(assigned.map { TopicPartitionOffset($0, .beginning) })
        self.assigned = nil
    }

    /// Joins the group again if the local broker assigned nothing to this member, as the runtime does.
    private func askAgain() throws {
        guard isLocalBroker, joinPatience.isExhausted() else { return }
        try consumer.unsubscribe()
        try subscribe()
    }

    private func poll(_ timeout: Duration) throws {
        do {
            try consumer.poll(&records, timeout: timeout)
        } catch {
            guard !error.isFatal, !error.isFence else { throw RuntimeError.final(error, "delivering notices") }
            logger.warning("consumer: \(error)")
        }
        for index in 0..<records.count {
            let record = records[index]
            reading[record.partition]?
                .read(TopicPartition(topic: record.topic, partition: record.partition), record.offset)
            take(record)
        }
        records.removeAll()
    }

    private func take(_ record: borrowing Record) {
        guard let key = record.key, !CompletionMarker.isMarker(key: key) else { return }
        guard let value = record.value else {
            // The stage retracts notices that another program published.
            if record.topic == topics.notices, let key = NoticeKey(utf8: key) {
                queue.retract(key.text, partition: record.partition)
            }
            return
        }
        let bytes = [UInt8](copying: value)
        if record.topic == topics.deliveries {
            // The inspection reports every other record of this topic.
            guard let (_, state) = TableTopics.deliveries.entry(key: key, value: bytes) else { return }
            queue.take(state, partition: record.partition)
        } else if case (let key, var notice)? = TableTopics.notices.entry(key: key, value: bytes) {
            if notice.id.isEmpty { notice.id = key.text }
            queue.take(
                notice,
                published: record.timestamp ?? 0,
                partition: record.partition,
                offset: record.offset,
                now: now
            )
        } else {
            logger.error(
                "a record is not a notice and is not delivered",
                metadata: [
                    "topic": "\(record.topic)", "partition": "\(record.partition)", "offset": "\(record.offset)",
                ]
            )
        }
    }

    /// Whether the stage has published a notice.
    ///
    /// The stage in this process says so within moments. If another instance checks the partition, the notice waits for
    /// as long as that may take to retract it.
    private func isConfirmed(_ item: DeliveryQueue.Item) -> Bool {
        let place = TopicPartition(topic: topics.notices, partition: item.partition)
        return metrics.hasConfirmed(place, item.offset) ?? (now - item.read >= Self.grace)
    }

    /// Writes the due files and messages, and returns their outcomes.
    private func written() -> [(DeliveryQueue.Item, DeliveryOutcome)] {
        var done: [(DeliveryQueue.Item, DeliveryOutcome)] = []
        if let spool = channels.files {
            done += queue.due(.files, limit: Self.batch, now: now, isConfirmed: isConfirmed)
                .map { ($0, NoticeFile.deliver($0.notice, to: spool)) }
        }
        if let mail = channels.mail {
            done += queue.due(.mail, limit: Self.batch, now: now, isConfirmed: isConfirmed)
                .map { ($0, mail.deliver($0.notice, published: $0.published)) }
        }
        return done
    }

    private func finish(_ item: DeliveryQueue.Item, _ outcome: DeliveryOutcome) -> Accountability_V1_Delivery? {
        guard let delivery = queue.finish(item, outcome, now: now), let state = DeliveryState(rawValue: delivery.state)
        else { return nil }
        let place: Logger.Metadata = [
            "channel": "\(delivery.channel)", "notice": "\(delivery.notice)", "attempts": "\(delivery.attempts)",
        ]
        switch state {
        case .delivered: figures.update { $0.delivered[item.channel, default: 0] += 1 }
        case .waiting:
            figures.update { $0.failed[item.channel, default: 0] += 1 }
            logger.warning("not delivered, will be retried: \(delivery.error)", metadata: place)
        case .dead, .requeued:
            figures.update { $0.died[item.channel, default: 0] += 1 }
            logger.error(
                "not delivered; `accountability deliveries --retry` retries it: \(delivery.error)",
                metadata: place
            )
        }
        return delivery
    }
}
