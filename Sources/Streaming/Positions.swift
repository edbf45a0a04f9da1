import Kafka
import Logging
import SwiftProtobuf

/// Where the offsets that a stage commits stand a second time.
///
/// The brokers forget the offsets of a group that had no members for a week (`offsets.retention.minutes`): a stage that
/// began anew then would publish its history once more. So each transaction that commits offsets for the group writes
/// them to a compacted topic as well.
public struct PositionsTopic: Sendable, Hashable {
    /// The topic's name on the broker; it has one partition and is compacted.
    public let name: String
    /// The `ce_type` of its records.
    public let eventType: String

    /// A topic for positions.
    public init(name: String, eventType: String) {
        self.name = name
        self.eventType = eventType
    }

    static func key(_ group: String, _ place: TopicPartition) -> String { "\(group)/\(place.topic)/\(place.partition)" }
}

/// Writes a group's positions as they change, and reads them back.
final class Positions {
    private let topic: PositionsTopic
    private let group: String
    private var written: [TopicPartition: Int64] = [:]

    init(_ topic: PositionsTopic, group: String) {
        self.topic = topic
        self.group = group
    }

    /// Puts what is about to be committed into the open transaction.
    func write(_ offsets: [TopicPartitionOffset], to sink: TransactionalSink) throws {
        for offset in offsets {
            guard let value = offset.offset.value, written[offset.topicPartition] != value else { continue }
            var position = Streaming_V1_Position()
            position.offset = value
            let bytes: [UInt8] = try position.serializedBytes()
            let key = Array(PositionsTopic.key(group, offset.topicPartition).utf8)
            try sink.send(
                topic: topic.name,
                partition: 0,
                key: key.span,
                value: bytes.span,
                eventType: topic.eventType,
                cause: ""
            )
            written[offset.topicPartition] = value
        }
    }

    /// Forgets what was written: the transaction was aborted, or the partitions were somebody else's meanwhile.
    func forget() {
        written = [:]
    }

    /// The positions of these places that were committed last, as far as there are any.
    ///
    /// - `limit`: how long transactions that others have open are waited for.
    /// - `shouldGoOn`: called often; returning false gives up.
    ///
    /// Returns nil when it was given up.
    func read(
        _ places: Set<TopicPartition>,
        kafka: KafkaConfiguration,
        patience: Patience,
        limit: Duration,
        logger: Logger,
        shouldGoOn: () throws -> Bool
    ) throws -> [TopicPartition: Int64]? {
        var configuration = kafka
        configuration["group.id"] = "\(group).restore"
        configuration["group.instance.id"] = nil
        configuration["enable.partition.eof"] = "true"
        let consumer = try Consumer(configuration, logger: logger)
        defer { consumer.close(timeout: .seconds(5)) }
        configuration["isolation.level"] = "read_uncommitted"
        let surveyor = try Consumer(configuration, logger: logger)
        defer { surveyor.close(timeout: .seconds(5)) }
        let place = TopicPartition(topic: topic.name, partition: 0)
        let (_, high) = try patience.call("asking for the end of \(place)") { (share) throws(KafkaError) in
            try surveyor.watermarks(place, timeout: share)
        }
        let keys = Dictionary(places.map { (Array(PositionsTopic.key(group, $0).utf8), $0) }) { first, _ in first }
        var found: [TopicPartition: Int64] = [:]
        try consumer.assign([TopicPartitionOffset(place, .beginning)])
        var batch = RecordBatch(capacity: 4096)
        let deadline = ContinuousClock.now + limit
        while true {
            guard try shouldGoOn() else { return nil }
            do {
                try consumer.poll(&batch, timeout: .milliseconds(100))
            } catch {
                guard !error.isFatal, !error.isMisconfiguration || error.isOfConnection else {
                    throw RuntimeError.final(error, "reading \(place)")
                }
                logger.warning("positions: \(error)")
            }
            for index in 0..<batch.count {
                let record = batch[index]
                guard let key = record.key, let place = keys[[UInt8](copying: key)], let value = record.value,
                    let position = try? Streaming_V1_Position(serializedBytes: [UInt8](copying: value))
                else { continue }
                found[place] = position.offset
            }
            // What this stage's former owners wrote lies before the end; others' open transactions may hide it for a
            // while.
            while let end = consumer.nextPartitionEnd() {
                if (end.offset.value ?? .max) >= high { return found }
            }
            guard ContinuousClock.now < deadline else {
                throw RuntimeError(
                    .brokerUnavailable,
                    "\(place) was not read to its end within \(limit): a transaction is open there, or no broker answers"
                )
            }
        }
    }
}
