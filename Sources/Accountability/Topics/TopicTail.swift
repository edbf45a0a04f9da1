internal import Foundation
internal import Kafka
internal import Logging
internal import Messages
internal import Operating
internal import Stages
internal import Streaming
internal import SwiftProtobuf

/// Follows a topic from where it ended when the tail was made.
final class TopicTail {
    private let consumer: Consumer
    /// By the consumer's topic index.
    private var labels: [Int: TopicLabel] = [:]

    /// A tail of topics; what is published from now on will be seen.
    init(_ connection: Connection, _ topics: [TopicDefinition], fromBeginning: Bool = false) throws {
        let logger = Logger(label: "accountability")
        var kafka = connection.kafka
        kafka["group.id"] = connection.pipeline.group("reader")
        kafka["fetch.wait.max.ms"] = "50"
        consumer = try Consumer(kafka, logger: logger)
        let names = topics.map(connection.pipeline.name)
        let found = try Admin(connection.kafka, logger: logger).describeTopics(names, timeout: BrokerPatience.answer)
        var places: [TopicPartitionOffset] = []
        for name in names {
            guard let description = found[name] else {
                throw Failure(
                    .configuration,
                    "topic \(name) does not exist at \(connection.brokers); `accountability topics --create` creates it"
                )
            }
            let partitions = description.partitions.map { TopicPartition(topic: name, partition: $0.partition) }
            let consumer = consumer
            var tolerance = Tolerance()
            let ends = try tolerance.call { () throws(KafkaError) in
                try consumer.ends(of: partitions, timeout: BrokerPatience.answer)
            }
            for place in partitions {
                let end = ends[place] ?? (low: 0, high: 0)
                places.append(TopicPartitionOffset(place, .at(fromBeginning ? end.low : end.high)))
            }
        }
        try consumer.assign(places)
        for topic in topics { labels[consumer.topicIndex(connection.pipeline.name(topic))] = TopicLabel(topic) }
    }

    /// Takes what has come, waiting for the first of it.
    ///
    /// Returns how many records came.
    @discardableResult
    func poll(_ timeout: Duration, _ body: (borrowing Record) throws -> Void) throws -> Int {
        var batch = RecordBatch(capacity: 1024)
        var passedOver = PassedOver()
        defer { passedOver.report() }
        let count: Int
        do {
            count = try consumer.poll(&batch, timeout: timeout)
        } catch {
            // A broker that goes away for a moment is no reason to stop waiting.
            guard error.isFatal else { return 0 }
            throw error
        }
        for index in 0..<count {
            let record = batch[index]
            guard labels[record.topicIndex]?.fits(record) != false, record.key != nil else {
                passedOver.note(record.topic, partition: record.partition, offset: record.offset)
                continue
            }
            try body(record)
        }
        return count
    }

    /// Ends the tail.
    func close() {
        consumer.close(timeout: .seconds(2))
    }
}

extension Record {
    /// The record's key as one of a table; nil where it is none.
    func key<Key, Message>(of table: Topic<Key, Message>) -> Key? {
        guard let key else { return nil }
        return table.key(utf8: key)
    }

    /// The record's message under its key; nil for a tombstone, and for what the table does not hold.
    func message<Key, Message>(of table: Topic<Key, Message>, under key: Key) -> Message? {
        guard let message = decoded(Message.self), message.fault(under: key) == nil else { return nil }
        return message
    }

    /// The record's key and message; nil for a tombstone, and for what the table does not hold.
    func entry<Key, Message>(of table: Topic<Key, Message>) -> (key: Key, message: Message)? {
        guard let key = key(of: table), let message = message(of: table, under: key) else { return nil }
        return (key, message)
    }

    /// The record's value as a message; nil for a tombstone, or for bytes that are none.
    func decoded<M: Message>(_ type: M.Type = M.self) -> M? {
        guard let value else { return nil }
        return try? M(serializedBytes: [UInt8](copying: value))
    }
}
