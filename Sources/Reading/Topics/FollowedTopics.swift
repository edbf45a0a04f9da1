internal import Kafka
package import Logging
package import Messages
package import Operating
internal import Stages
internal import Streaming

/// Reads topics from their beginning and then follows them.
///
/// It reads only committed records, and needs no group.
package final class FollowedTopics {
    private let consumer: Consumer
    private var topics: [String: TopicDefinition] = [:]
    private var labels: [String: TopicLabel] = [:]
    /// The ends that the partitions had at the start.
    private var ends = ReadingEnds()
    /// When the ends must be reached, if no record arrives until then.
    private var deadline = ContinuousClock.now + FollowedTopics.patience
    /// The least offset that the next record of each partition can have.
    private var next: [TopicPartition: Int64] = [:]
    private var tolerance = Tolerance()

    /// Records that do not belong on their topic.
    package var passedOver = PassedOver()
    /// Whether a topic was recreated, so that the records read before no longer exist.
    package private(set) var hasBegunAnew = false

    /// How long to wait for the ends while no record arrives.
    private static let patience = Duration.seconds(60)

    /// Whether everything that was there at the start has been read.
    package var isAtEnd: Bool { ends.areReached }

    /// A reader at the beginning of topics.
    ///
    /// - Throws: `Failure` if a topic is missing or the brokers do not answer for a minute.
    package init(_ connection: Connection, _ wanted: [TopicDefinition], logger: Logger) throws {
        var kafka = connection.kafka
        kafka["group.id"] = connection.pipeline.group("reader")
        kafka["enable.partition.eof"] = "true"
        kafka["fetch.wait.max.ms"] = "50"
        consumer = try Consumer(kafka, logger: logger)
        let found = try Admin(connection.kafka, logger: logger).describeTopics(timeout: BrokerPatience.answer)
        var places: [TopicPartition] = []
        for topic in wanted {
            let name = connection.pipeline.name(topic)
            guard let count = found[name].map({ Int32($0.partitions.count) }) else {
                throw Failure(
                    .configuration,
                    "topic \(name) does not exist at \(connection.brokers); `accountability topics --create` creates it"
                )
            }
            topics[name] = topic
            labels[name] = TopicLabel(topic)
            // The first partition of the ledger has every header and every opening.
            for partition in 0..<(topic == Topics.submissions ? 1 : count) {
                places.append(TopicPartition(topic: name, partition: partition))
            }
        }
        let (consumer, all) = (consumer, places.sorted())
        ends = try tolerance.call { () throws(KafkaError) in
            let ends = try consumer.ends(of: all, timeout: BrokerPatience.answer)
            try consumer.assignFromBeginning(all, timeout: BrokerPatience.answer)
            return ReadingEnds(ends)
        }
    }

    /// Passes new records to `take`, which returns whether it can use them.
    ///
    /// Markers are left out.
    ///
    /// Brokers that restart are waited for. Returns how many records came.
    ///
    /// - Throws: `Failure` if the brokers do not answer, or no record arrives, for a minute before ``isAtEnd``.
    package func poll(_ timeout: Duration, _ take: (TopicDefinition, [UInt8], [UInt8]?) -> Bool) throws -> Int {
        var batch = RecordBatch(capacity: 4096)
        let count: Int
        do {
            count = try consumer.poll(&batch, timeout: timeout)
        } catch {
            try tolerance.bear(error)
            return 0
        }
        if count > 0 {
            tolerance.clear()
            deadline = .now + Self.patience
        }
        while let end = consumer.nextPartitionEnd() {
            ends.reached(end)
            // A recreated, empty topic ends before the offset that was already read.
            if end.offset.value ?? .max < next[end.topicPartition] ?? 0 { hasBegunAnew = true }
        }
        for index in 0..<batch.count {
            let record = batch[index]
            let place = TopicPartition(topic: record.topic, partition: record.partition)
            if record.offset < next[place] ?? 0 { hasBegunAnew = true }
            next[place] = record.offset + 1
            ends.read(place, record.offset)
            guard labels[record.topic]?.fits(record) == true, let topic = topics[record.topic], let key = record.key
            else {
                passedOver.note(record.topic, partition: record.partition, offset: record.offset)
                continue
            }
            guard topic == Topics.progress || !CompletionMarker.isMarker(key: key) else { continue }
            let value: [UInt8]? = if let bytes = record.value { [UInt8](copying: bytes) } else { nil }
            if !take(topic, [UInt8](copying: key), value) {
                passedOver.note(record.topic, partition: record.partition, offset: record.offset)
            }
        }
        guard isAtEnd || hasBegunAnew || ContinuousClock.now < deadline else {
            throw Failure.silent(ends, Self.patience)
        }
        return count
    }

    /// Ends the consumer.
    package func close() { consumer.close(timeout: .seconds(5)) }
}
