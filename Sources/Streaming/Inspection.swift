import Kafka
public import Logging
import Synchronization

/// A topic that no stage reads, with what its records must be.
public struct InspectedTopic: Sendable {
    /// The topic, with the type of its records.
    public let source: Source
    /// Whether it holds completion markers and nothing else.
    public let holdsMarkers: Bool
    /// Whether a record without a value takes back what stood under its key.
    public let holdsRetractions: Bool
    /// Looks at a record that by its headers is not a stranger's.
    let inspect: @Sendable (InputRecord) throws -> Void

    /// A topic.
    ///
    /// - `inspect`: throws ``UnusableRecord`` for a record that the topic does not hold.
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

/// Reads the topics that no stage reads, and puts into quarantine what they do not hold: a stranger's record is found
/// wherever it lands.
///
/// It publishes nothing else and has no state. What it found is in quarantine before it commits where it is, so that a
/// life which ends between the two finds some of it again, under the same key. Every instance reads every partition:
/// there is little to read, and no agreement is needed.
public final class Inspection: Sendable {
    /// Its name, where a stage's would stand.
    public static let name = "inspection"

    private let topics: [InspectedTopic]
    private let configuration: WorkerConfiguration
    private let quarantine: QuarantineTopic
    private let metrics: WorkerMetrics
    private let logger: Logger
    private let stopping = Atomic<Bool>(false)
    /// Time between commits of offsets, which nothing waits for.
    private static let commitInterval: Duration = .seconds(5)

    /// An inspection that does not run yet.
    ///
    /// - `metrics`: counts what is found.
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

    /// Asks it to leave.
    ///
    /// Returns at once.
    public func stop() {
        stopping.store(true, ordering: .releasing)
    }

    /// Beats while its thread comes round.
    public let heartbeat = Heartbeat()

    private var shouldStop: Bool {
        heartbeat.beat()
        return stopping.load(ordering: .acquiring)
    }

    /// Runs until ``stop()`` is called.
    ///
    /// Blocks the calling thread.
    ///
    /// - Throws: ``RuntimeError``, whose code has the exit code of the process.
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
        let check = TopicCheck(kafka: configuration.kafka, logger: logger, patience: patience)
        let counts = try check.counts(Set(topics.map(\.source.topic) + [quarantine.name]))
        let group = configuration.group(of: Self.name)
        var properties = configuration.kafka
        properties["group.id"] = group
        properties["group.instance.id"] = nil
        let consumer = try Consumer(properties, logger: logger)
        defer { consumer.close(timeout: .seconds(2)) }
        // A record that comes twice has the same key, so that nothing is asked of the cluster but to write.
        properties["enable.idempotence"] = "false"
        let producer = try Producer(properties, logger: logger)
        defer { producer.close(timeout: .seconds(2)) }

        let places = topics.flatMap { topic in
            (0..<(counts[topic.source.topic] ?? 0)).map { TopicPartition(topic: topic.source.topic, partition: $0) }
        }
        let committed = try patience.call("asking how far \(group) has come") { (share) throws(KafkaError) in
            try consumer.committed(places, timeout: share)
        }
        let known = Dictionary(committed.map { ($0.topicPartition, $0.offset.value) }) { first, _ in first }
        try consumer.assign(
            places.map { place in TopicPartitionOffset(place, known[place].flatMap { $0 }.map { .at($0) } ?? .beginning)
            }
        )
        var byTopic: [Int: Int] = [:]
        for (index, topic) in topics.enumerated() { byTopic[consumer.topicIndex(topic.source.topic)] = index }
        let labels = topics.map { $0.source.eventType.map { Array($0.utf8) } }
        let completion = Array(configuration.completionType.utf8)

        var reached: [TopicPartition: Int64] = [:]
        var lastCommit = ContinuousClock.now
        var backoff = Backoff()
        var batch = RecordBatch(capacity: 1024)
        while !shouldStop {
            do {
                try consumer.poll(&batch, timeout: .milliseconds(200))
                backoff = Backoff()
            } catch {
                guard !error.isFatal, !error.isMisconfiguration || error.isOfConnection else { throw error }
                logger.warning("inspecting: \(error)")
                backoff.pause(until: .now + .seconds(2))
            }
            for position in 0..<batch.count {
                let record = batch[position]
                guard let index = byTopic[record.topicIndex] else { continue }
                let label = record.label(expected: labels[index], completion: completion)
                if let refusal = try refusal(of: record, label, in: index) {
                    try send(QuarantinedRecord(record: record.detach(), stage: Self.name, refusal: refusal), producer)
                }
                reached[TopicPartition(topic: topics[index].source.topic, partition: record.partition)] =
                    record.offset + 1
            }
            batch.removeAll()
            if !reached.isEmpty, ContinuousClock.now - lastCommit >= Self.commitInterval {
                try settle(producer)
                try patience.call("committing how far \(group) has come") { (share) throws(KafkaError) in
                    try consumer.commit(reached.map { TopicPartitionOffset($0.key, .at($0.value)) }, timeout: share)
                }
                reached = [:]
                lastCommit = .now
            }
        }
        // What is not committed is looked at again.
        try? producer.flush(timeout: .seconds(2))
    }

    /// Why a record is to be put in quarantine; nil when its topic holds it.
    private func refusal(of record: borrowing Record, _ label: RecordLabel, in index: Int) throws -> Refusal? {
        let topic = topics[index]
        // A producer that warms up leaves a tombstone among the markers.
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
                throw UnusableRecord("a tombstone, which this topic does not hold", code: .tombstone)
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

    /// Waits until everything found is in quarantine.
    private func settle(_ producer: Producer) throws {
        try producer.flush(timeout: configuration.brokerTimeout)
        if let failure = producer.takeDeliveryFailures().first {
            throw RuntimeError.final(failure.error, "putting records in quarantine")
        }
    }
}
