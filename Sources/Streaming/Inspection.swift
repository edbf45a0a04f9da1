import Kafka
public import Logging
import Synchronization

/// A topic that no stage reads, with the checks of its records.
public struct InspectedTopic: Sendable {
    /// The topic, with the type of its records.
    public let source: Source
    /// Whether it holds only completion markers.
    public let holdsMarkers: Bool
    /// Whether a tombstone retracts the record of its key.
    public let holdsRetractions: Bool
    /// Checks a record whose headers are correct.
    let inspect: @Sendable (InputRecord) throws -> Void

    /// A topic.
    ///
    /// - `inspect`: throws ``UnusableRecord`` for a record that does not belong on the topic.
    public init(
        _ source: Source,
        holdsMarkers: Bool = false,
        holdsRetractions: Bool = false,
        inspect: @escaping @Sendable (InputRecord) throws -> Void
    ) {
        self.source = source
        self.holdsMarkers = holdsMarkers
        self.holdsRetractions = holdsRetractions
        self.inspect = inspect
    }
}

/// Reads the topics that no stage reads, and quarantines records that do not belong there.
///
/// A foreign record is therefore found on every topic.
///
/// It publishes nothing else and has no state. It quarantines a record before it commits the offset. If it dies in
/// between, its next run quarantines the record again under the same key. Every instance reads every partition, because
/// there is little to read and this needs no coordination.
public final class Inspection: Sendable {
    /// Its name, used where a stage has its name.
    public static let name = "inspection"

    private let topics: [InspectedTopic]
    private let configuration: WorkerConfiguration
    private let quarantine: QuarantineTopic
    private let metrics: WorkerMetrics
    private let logger: Logger
    private let stopping = Atomic<Bool>(false)

    /// Creates an inspection that is not running yet.
    ///
    /// - `metrics`: counts the quarantined records.
    public init(
        _ topics: [InspectedTopic],
        quarantine: QuarantineTopic,
        configuration: WorkerConfiguration,
        metrics: WorkerMetrics,
        logger: Logger
    ) {
        self.topics = topics
        self.quarantine = quarantine
        self.configuration = configuration
        self.metrics = metrics
        self.logger = logger
    }

    /// Asks it to stop.
    ///
    /// Returns at once.
    public func stop() {
        stopping.store(true, ordering: .releasing)
    }

    /// Counts up while its thread makes progress.
    public let heartbeat = Heartbeat()

    private var shouldStop: Bool {
        heartbeat.beat()
        return stopping.load(ordering: .acquiring)
    }

    /// Runs until ``stop()`` is called.
    ///
    /// Blocks the calling thread.
    ///
    /// - Throws: ``RuntimeError``, whose code contains the exit code for the process.
    public func run() throws {
        do {
            try inspect()
        } catch is Stopped {
            // Nothing was under way.
        } catch let error as KafkaError {
            throw RuntimeError.final(error, "inspecting topics")
        }
    }

    private func inspect() throws {
        let patience = Patience(
            limit: configuration.brokerTimeout,
            shouldStop: { [unowned self] in shouldStop },
            logger: logger
        )
        let places = try places(patience)
        let group = configuration.group(of: Self.name)
        var properties = configuration.kafka
        properties["group.id"] = group
        properties["group.instance.id"] = nil
        let consumer = try Consumer(properties, logger: logger)
        defer { consumer.close(timeout: .seconds(2)) }
        // A record that is sent twice has the same key, so duplicates are harmless and the right to write is enough.
        properties["enable.idempotence"] = "false"
        let producer = try Producer(properties, logger: logger)
        defer { producer.close(timeout: .seconds(2)) }

        let committed = try patience.call("asking for the offsets of \(group)") { (share) throws(KafkaError) in
            try consumer.committed(places, timeout: share)
        }
        let known = committed.reduce(into: [:]) { $0[$1.topicPartition] = $1.offset.value }
        var standing = StandingOffsets(known)
        try consumer.assign(places.map { TopicPartitionOffset($0, known[$0].map { .at($0) } ?? .beginning) })
        let topics = ConsumedTopics(topics, of: consumer, completion: configuration.completionType)
        var backoff = Backoff()
        var batch = RecordBatch(capacity: 1024)
        while !shouldStop {
            try poll(consumer, &batch, &backoff)
            for position in 0..<batch.count {
                if let place = try inspect(batch[position], topics, producer) {
                    standing.move(place, to: batch[position].offset + 1)
                }
            }
            batch.removeAll()
            let due = standing.due()
            guard !due.isEmpty else { continue }
            try settle(producer)
            try patience.call("committing the offsets of \(group)") { (share) throws(KafkaError) in
                try consumer.commit(due, timeout: share)
            }
            standing.noteCommit()
        }
        // Records without a committed offset are inspected again.
        try? producer.flush(timeout: .seconds(2))
    }

    /// Every partition of the inspected topics, which must exist.
    private func places(_ patience: Patience) throws -> [TopicPartition] {
        let check = TopicCheck(kafka: configuration.kafka, logger: logger, patience: patience)
        let counts = try check.counts(Set(topics.map(\.source.topic) + [quarantine.name]))
        return topics.flatMap { topic in
            (0..<(counts[topic.source.topic] ?? 0)).map { TopicPartition(topic: topic.source.topic, partition: $0) }
        }
    }

    /// Reads a batch of records; pauses after an error that may pass.
    private func poll(_ consumer: Consumer, _ batch: inout RecordBatch, _ backoff: inout Backoff) throws {
        do {
            try consumer.poll(&batch, timeout: .milliseconds(200))
            backoff = Backoff()
        } catch {
            guard !error.isFatal, !error.isMisconfiguration || error.isOfConnection else { throw error }
            logger.warning("inspecting: \(error)")
            backoff.pause(until: .now + .seconds(2))
        }
    }

    /// How the inspected topics and the types of their records are found in a consumer's records.
    private struct ConsumedTopics {
        private let indexes: [Int: Int]
        private let expected: [[UInt8]?]
        private let completion: [UInt8]

        init(_ topics: [InspectedTopic], of consumer: Consumer, completion: String) {
            indexes = topics.enumerated()
                .reduce(into: [:]) { $0[consumer.topicIndex($1.element.source.topic)] = $1.offset }
            expected = topics.map { $0.source.eventType.map { Array($0.utf8) } }
            self.completion = Array(completion.utf8)
        }

        /// The index of the record's topic among the inspected ones.
        func index(of record: borrowing Record) -> Int? { indexes[record.topicIndex] }

        /// What the record's headers say that it is.
        func label(of record: borrowing Record, in index: Int) -> RecordLabel {
            record.label(expected: expected[index], completion: completion)
        }
    }

    /// Inspects a record, and sends it to quarantine if it must go there.
    ///
    /// Returns its place, or nil if its topic is not inspected.
    private func inspect(
        _ record: borrowing Record,
        _ consumed: borrowing ConsumedTopics,
        _ producer: Producer
    ) throws -> TopicPartition? {
        guard let index = consumed.index(of: record) else { return nil }
        if let refusal = try refusal(of: record, consumed.label(of: record, in: index), in: index) {
            try send(QuarantinedRecord(record: record.detach(), stage: Self.name, refusal: refusal), producer)
        }
        return TopicPartition(topic: topics[index].source.topic, partition: record.partition)
    }

    /// Why a record must be quarantined; nil if it belongs on its topic.
    private func refusal(of record: borrowing Record, _ label: RecordLabel, in index: Int) throws -> Refusal? {
        let topic = topics[index]
        // A producer that warms up writes a tombstone to the topic of markers.
        if topic.holdsMarkers || topic.holdsRetractions, record.value == nil { return nil }
        let none: [UInt8] = []
        let key: Span<UInt8> = if let bytes = record.key { bytes } else { none.span }
        let isMarker = CompletionMarker.isMarker(key: key)
        let input = InputRecord(
            source: index,
            offset: record.offset,
            timestamp: record.timestamp ?? 0,
            key: key,
            value: record.value,
            cause: nil,
            label: topic.holdsMarkers && label == .expected ? .marker : label
        )
        do {
            try input.checkEnvelope(of: topic.source, isMarker: isMarker)
            guard record.value != nil else {
                throw UnusableRecord("a tombstone, but this topic has none", code: .tombstone)
            }
            if isMarker {
                _ = try CompletionMarker.decode(input, of: topic.source, partitions: nil)
            } else {
                try topic.inspect(input)
            }
            return nil
        } catch let error as UnusableRecord {
            return Refusal(code: error.code, reason: error.reason)
        }
    }

    private func send(_ entry: QuarantinedRecord, _ producer: Producer) throws {
        entry.tell(metrics, logger)
        let headers = MessageHeaders()
        let key = Array(entry.key.utf8)
        let value = try entry.message()
        for (name, text) in [
            ("ce_id", entry.key), ("ce_specversion", "1.0"),
            ("ce_source", "/\(configuration.group(of: Self.name).replacing(".", with: "/"))"),
            ("ce_type", quarantine.eventType), ("content-type", "application/protobuf"),
        ] {
            headers.append(name, text)
        }
        try producer.produce(
            producer.topic(quarantine.name),
            partition: 0,
            key: key.span,
            value: value.span,
            headers: headers
        )
    }

    /// Waits until every found record is in quarantine.
    private func settle(_ producer: Producer) throws {
        try producer.flush(timeout: configuration.brokerTimeout)
        if let failure = producer.takeDeliveryFailures().first {
            throw RuntimeError.final(failure.error, "quarantining records")
        }
    }
}
