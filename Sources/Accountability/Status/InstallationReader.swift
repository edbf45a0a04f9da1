internal import Foundation
internal import Kafka
internal import Logging
internal import Messages
internal import Operating
internal import Reading
internal import Stages
internal import Streaming

/// Keeps an `InstallationView` up to date from the brokers.
final class InstallationReader {
    let connection: Connection
    let admin: Admin
    let counts: [String: Int32]
    private(set) var view = InstallationView()
    private let consumer: Consumer
    private let status: StatusReader
    private var topics: [String: TopicDefinition] = [:]
    private var labels: [String: TopicLabel] = [:]
    private var passedOver = PassedOver()
    private var open: Set<TopicPartition> = []
    private var tolerance = Tolerance()

    /// A reader of topics from their beginning.
    ///
    /// - Throws: `Failure` where a topic is missing.
    init(_ connection: Connection, topics wanted: [TopicDefinition] = InstallationView.topics) throws {
        self.connection = connection
        let logger = Logger(label: "accountability")
        admin = try Admin(connection.kafka, logger: logger)
        var kafka = connection.kafka
        kafka["group.id"] = connection.pipeline.group("reader")
        kafka["enable.partition.eof"] = "true"
        consumer = try Consumer(kafka, logger: logger)
        status = try StatusReader(connection, logger: logger)
        counts = try admin.describeTopics(timeout: BrokerPatience.answer).mapValues { Int32($0.partitions.count) }
        for topic in wanted {
            let name = connection.pipeline.name(topic)
            guard let count = counts[name] else {
                throw Failure(
                    .configuration,
                    "topic \(name) does not exist at \(connection.brokers); `accountability topics --create` creates it"
                )
            }
            topics[name] = topic
            labels[name] = TopicLabel(topic)
            for partition in 0..<(topic == Topics.submissions ? 1 : count) {
                open.insert(TopicPartition(topic: name, partition: partition))
            }
        }
        let (consumer, places) = (consumer, open.sorted())
        var tolerance = Tolerance()
        try tolerance.call { () throws(KafkaError) in
            try consumer.assignFromBeginning(places, timeout: BrokerPatience.answer)
        }
    }

    /// Reads to the ends as they are now.
    func catchUp() throws {
        let line = Standard.errorIsTerminal ? ProgressLine() : nil
        defer {
            line?.clear()
            passedOver.report()
        }
        var deadline = ContinuousClock.now + .seconds(60)
        var total = 0
        while !open.isEmpty {
            let count = try poll(.milliseconds(100))
            total += count
            line?.show("reading: \(total) records")
            if count > 0 { deadline = ContinuousClock.now + .seconds(60) }
            guard ContinuousClock.now < deadline else {
                throw Failure(
                    .brokerUnavailable,
                    "the ends of the topics were not reached; nothing arrived for 60 seconds"
                )
            }
        }
    }

    /// Takes what has come.
    ///
    /// Brokers that restart are waited for.
    @discardableResult
    func poll(_ timeout: Duration) throws -> Int {
        var batch = RecordBatch(capacity: 4096)
        let count: Int
        do {
            count = try consumer.poll(&batch, timeout: timeout)
        } catch {
            try tolerance.bear(error)
            return 0
        }
        if count > 0 { tolerance.clear() }
        for index in 0..<batch.count {
            let record = batch[index]
            guard labels[record.topic]?.fits(record) != false, record.key != nil else {
                passedOver.note(record.topic, partition: record.partition, offset: record.offset)
                continue
            }
            guard let topic = topics[record.topic], let key = record.key,
                topic == Topics.progress || !CompletionMarker.isMarker(key: key)
            else { continue }
            let bytes: [UInt8]? = if let value = record.value { [UInt8](copying: value) } else { nil }
            if !view.fold(topic, key: String(decoding: [UInt8](copying: key), as: UTF8.self), value: bytes) {
                passedOver.note(record.topic, partition: record.partition, offset: record.offset)
            }
        }
        while let end = consumer.nextPartitionEnd() { open.remove(end.topicPartition) }
        return count
    }

    /// The report of what was read so far.
    ///
    /// - `years`: the years wanted; all when empty.
    func report(_ years: [Int]) throws -> StatusReport { try status.look(view, years: years).1 }

    /// Whether validation has come past every row of the ledger, so that receipts have to add up.
    func isValidationDone() throws -> Bool { try status.isValidationDone() }

    /// Ends the consumers.
    func close() {
        status.close()
        consumer.close(timeout: .seconds(5))
    }
}
