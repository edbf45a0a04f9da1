internal import Foundation
internal import Kafka
internal import Logging
internal import Messages
internal import Operating
internal import Reading
internal import Stages
internal import Streaming
internal import SwiftProtobuf

/// Reads committed records of topics, from the beginning to the current end, outside of any group.
struct TopicReader {
    let connection: Connection
    let logger: Logger
    private let consumer: Consumer

    init(_ connection: Connection, logger: Logger = Logger(label: "accountability")) throws {
        self.connection = connection
        self.logger = logger
        var kafka = connection.kafka
        kafka["group.id"] = connection.pipeline.group("reader")
        kafka["enable.partition.eof"] = "true"
        consumer = try Consumer(kafka, logger: logger)
    }

    /// Reads a topic whole, every partition from its beginning to the end that it had when the reading began.
    ///
    /// - `markers`: whether completion markers are read too.
    /// - `any`: whether records of other types are taken too, as they are.
    /// - `body`: takes each record.
    ///
    /// Throws `Failure` if the topic does not exist, no broker answers, or the end is not reached in time.
    func read(
        _ topic: TopicDefinition,
        markers: Bool = false,
        any: Bool = false,
        _ body: (borrowing Record) throws -> Void
    ) throws {
        let name = connection.pipeline.name(topic)
        let line = Standard.errorIsTerminal ? ProgressLine() : nil
        defer { line?.clear() }
        let label = TopicLabel(topic)
        var total = 0
        var passedOver = PassedOver()
        try readToEnd(of: places(of: name)) { batch in
            total += batch.count
            line?.show("reading \(name): \(total) records")
            for index in 0..<batch.count {
                let record = batch[index]
                guard any ? true : label.fits(record), record.key != nil else {
                    passedOver.note(name, partition: record.partition, offset: record.offset)
                    continue
                }
                let isPassedOver = !markers && topic.eventType != Topics.completionType
                if isPassedOver, let key = record.key, CompletionMarker.isMarker(key: key) { continue }
                try body(record)
            }
        }
        line?.clear()
        passedOver.report()
    }

    /// The partitions of a topic, which must exist.
    private func places(of name: String) throws -> [TopicPartition] {
        let admin = try Admin(connection.kafka, logger: logger)
        guard let description = try admin.describeTopics([name], timeout: BrokerPatience.answer)[name] else {
            throw Failure(
                .configuration,
                "topic \(name) does not exist at \(connection.brokers); `accountability topics --create` creates it"
            )
        }
        return description.partitions.map { TopicPartition(topic: name, partition: $0.partition) }.sorted()
    }

    /// Reads partitions from their beginning to the end that they have now, and passes on what each poll brings.
    private func readToEnd(of places: [TopicPartition], _ take: (borrowing RecordBatch) throws -> Void) throws {
        var tolerance = Tolerance()
        var ends = try tolerance.call { () throws(KafkaError) in
            let ends = try consumer.ends(of: places, timeout: BrokerPatience.answer)
            try consumer.assignFromBeginning(places, timeout: BrokerPatience.answer)
            return ReadingEnds(ends)
        }
        // Ends of an earlier reading.
        while consumer.nextPartitionEnd() != nil {}
        var batch = RecordBatch(capacity: 4096)
        var deadline = ContinuousClock.now + Self.patience
        while !ends.areReached {
            do {
                if try consumer.poll(&batch, timeout: .milliseconds(100)) > 0 {
                    tolerance.clear()
                    deadline = .now + Self.patience
                }
            } catch {
                // The consumer continues where it was when the partition has a leader again.
                try tolerance.bear(error)
                continue
            }
            try take(batch)
            for index in 0..<batch.count {
                let record = batch[index]
                ends.read(TopicPartition(topic: record.topic, partition: record.partition), record.offset)
            }
            while let end = consumer.nextPartitionEnd() { ends.reached(end) }
            guard ends.areReached || ContinuousClock.now < deadline else { throw Failure.silent(ends, Self.patience) }
        }
        batch.removeAll()
        try consumer.unassign()
    }

    /// How long to wait while no record arrives.
    private static let patience = Duration.seconds(60)

    /// Whether nothing was ever written to a topic, not even something that was aborted.
    func isUntouched(_ topic: TopicDefinition) throws -> Bool {
        let name = connection.pipeline.name(topic)
        let description =
            try Admin(connection.kafka, logger: logger).describeTopics([name], timeout: BrokerPatience.answer)[name]
        let places = (description?.partitions ?? []).map { TopicPartition(topic: name, partition: $0.partition) }
        var tolerance = Tolerance()
        return
            try tolerance.call { () throws(KafkaError) in
                try consumer.ends(of: places, timeout: BrokerPatience.answer)
            }
            .values.allSatisfy { $0.low == $0.high }
    }

    /// The newest message of every key of a table, in the order of the keys.
    ///
    /// - `wanted`: which keys are wanted; the others are not decoded.
    func table<Key, Message>(
        _ table: Topic<Key, Message>,
        where wanted: (Key) -> Bool = { _ in true }
    ) throws -> [(key: Key, message: Message)] {
        var newest: [Key: Message] = [:]
        var passedOver = PassedOver()
        defer { passedOver.report() }
        try read(table.definition) { record in
            guard let key = record.key(of: table) else {
                return passedOver.note(record.topic, partition: record.partition, offset: record.offset)
            }
            guard wanted(key) else { return }
            guard record.value != nil else {
                newest[key] = nil
                return
            }
            // A record that does not belong to the table counts as absent. It hides no other record, not even the right
            // one in another partition.
            guard let message = record.message(of: table, under: key) else {
                return passedOver.note(record.topic, partition: record.partition, offset: record.offset)
            }
            newest[key] = message
        }
        return newest.map { ($0.key.text, ($0.key, $0.value)) }.sorted { $0.0 < $1.0 }.map(\.1)
    }

    /// The newest message of every key of the topic of quarantine, in the order of the keys.
    func quarantine() throws -> [Streaming_V1_Quarantined] {
        var newest: [String: Streaming_V1_Quarantined] = [:]
        var passedOver = PassedOver()
        defer { passedOver.report() }
        try read(Topics.quarantine) { record in
            guard let key = record.key, record.value != nil else { return }
            guard let entry = record.decoded(Streaming_V1_Quarantined.self) else {
                return passedOver.note(record.topic, partition: record.partition, offset: record.offset)
            }
            newest[String(decoding: [UInt8](copying: key), as: UTF8.self)] = entry
        }
        return newest.sorted { $0.key < $1.key }.map(\.value)
    }

    /// Ends the consumer.
    func close() {
        consumer.close(timeout: .seconds(5))
    }
}
