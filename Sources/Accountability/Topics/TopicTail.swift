internal import Foundation
internal import Kafka
internal import Logging
internal import Messages
internal import Operating
internal import Reading
internal import Stages
internal import Streaming
internal import SwiftProtobuf

/// Follows a topic from its end at the time when the tail was made.
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

    /// Takes the records that have come, and waits for the first.
    ///
    /// Returns their number.
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
