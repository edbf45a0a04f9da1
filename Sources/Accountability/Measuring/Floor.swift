internal import ArgumentParser
internal import Foundation
internal import Kafka
internal import Logging
internal import Messages
internal import Operating
internal import Stages
internal import Streaming
internal import Synchronization

/// `accountability measure floor`: how long the messages of a run take through the same broker with no work done on
/// them.
///
/// Every record of the topics is read first. Then one thread a stage consumes what the stage read, and produces what it
/// published, in transactions with its offsets, into topics of a namespace of its own: the same records, keys, values
/// and headers' number, partitions and commit interval; nothing is parsed, folded or computed.
struct MeasureFloor: OperatorCommand {
    static let configuration = CommandConfiguration(
        commandName: "floor",
        abstract: "Sends the messages of a run through the broker again with no work done on them."
    )

    @OptionGroup(title: "Kafka") var broker: BrokerOptions

    /// What a stage reads and publishes.
    private static let flow: [(stage: String, sources: [TopicDefinition], outputs: [TopicDefinition])] = [
        ("ingestion", [], [Topics.submissions]),
        ("validation", [Topics.submissions], [Topics.records, Topics.rejections, Topics.receipts, Topics.directives]),
        ("participation", [Topics.records], [Topics.participation]),
        ("indicator", [Topics.records], [Topics.indicators, Topics.standings]),
        ("percentile", [Topics.standings], [Topics.percentiles]),
        (
            "determination", [Topics.participation, Topics.indicators, Topics.percentiles, Topics.directives],
            [Topics.determinations]
        ),
        ("notification", [Topics.determinations], [Topics.notices]),
    ]

    func operate() throws {
        let connection = try broker.connection()
        var mirror = connection
        mirror.pipeline = Pipeline(
            namespace: (connection.pipeline.namespace.isEmpty ? "" : "\(connection.pipeline.namespace).") + "floor"
        )
        let topics = try PipelineTopics(connection)
        let partitions = try topics.partitions(of: Topics.records)
        _ = try PipelineTopics(mirror)
            .createMissing(
                partitions: partitions,
                replication: topics.replication(of: Topics.records)
            )
        let reader = try TopicReader(connection)
        var records: [String: [StoredMessage]] = [:]
        for topic in Set(Self.flow.flatMap(\.outputs)) {
            var list: [StoredMessage] = []
            try reader.read(topic) { record in
                let key: [UInt8] = if let bytes = record.key { [UInt8](copying: bytes) } else { [] }
                let value: [UInt8]? = if let bytes = record.value { [UInt8](copying: bytes) } else { nil }
                list.append(
                    StoredMessage(partition: record.partition, key: key, value: value, eventType: topic.eventType)
                )
            }
            records[topic.entity] = list
        }
        reader.close()
        let messages = records.values.reduce(0) { $0 + $1.count }
        let failures = Mutex<[String]>([])
        let threads = try Self.flow.map { step in
            try FloorThread(
                stage: step.stage,
                sources: step.sources.map { (mirror.pipeline.name($0), records[$0.entity]?.count ?? 0) },
                outputs: step.outputs.map { (mirror.pipeline.name($0), records[$0.entity] ?? []) },
                connection: mirror,
                partitions: partitions
            )
        }
        let start = ContinuousClock.now
        let group = DispatchGroup()
        for work in threads {
            group.enter()
            let thread = Thread {
                do {
                    try work.run()
                } catch {
                    failures.withLock { $0.append("\(error)") }
                }
                group.leave()
            }
            thread.stackSize = 4 << 20
            thread.start()
        }
        group.wait()
        if let failure = failures.withLock({ $0.first }) {
            throw Failure(.internalError, "the floor could not be measured: \(failure)")
        }
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        _ = try PipelineTopics(mirror).deleteAll()
        Standard.line("{\"messages\": \(messages), \"seconds\": \(String(format: "%.3f", seconds))}")
    }
}

/// A record of a run, to be sent again.
struct StoredMessage: Sendable {
    let partition: Int32
    let key: [UInt8]
    let value: [UInt8]?
    let eventType: String
}

/// The work of one stage without its work.
private final class FloorThread: @unchecked Sendable {
    private let sources: [(topic: String, count: Int)]
    private let outputs: [(topic: String, messages: [StoredMessage])]
    private let sink: TransactionalSink
    private let consumer: Consumer?

    init(
        stage: String,
        sources: [(String, Int)],
        outputs: [(String, [StoredMessage])],
        connection: Connection,
        partitions: Int32
    ) throws {
        self.sources = sources.map { ($0.0, $0.1) }
        self.outputs = outputs.map { ($0.0, $0.1) }
        let logger = Logger(label: "accountability")
        let name = "\(connection.pipeline.namespace).\(stage)"
        sink = try TransactionalSink(
            kafka: connection.kafka,
            transactionalID: name,
            memoryTopic: connection.pipeline.name(Topics.progress),
            source: "/\(stage)",
            logger: logger
        )
        try sink.warmUp(topic: connection.pipeline.name(Topics.progress))
        guard !sources.isEmpty else {
            consumer = nil
            return
        }
        var kafka = connection.kafka
        kafka["group.id"] = name
        let consumer = try Consumer(kafka, logger: logger)
        var places: [TopicPartitionOffset] = []
        for (topic, _) in sources {
            let count = topic.hasSuffix(Topics.directives.name(in: "")) ? 1 : partitions
            places += (0..<count).map { TopicPartitionOffset(topic: topic, partition: $0, offset: .beginning) }
        }
        try consumer.assign(places)
        self.consumer = consumer
    }

    func run() throws {
        defer {
            consumer?.close(timeout: .seconds(5))
            sink.close(timeout: .seconds(5))
        }
        let expected = sources.reduce(0) { $0 + $1.count }
        var consumed = 0
        var positions: [TopicPartition: Int64] = [:]
        var sent = Array(repeating: 0, count: outputs.count)
        var batch = RecordBatch(capacity: 4096)
        var commit = ContinuousClock.now
        func send(upTo share: Double) throws {
            for (index, output) in outputs.enumerated() {
                let end = min(output.messages.count, Int(share * Double(output.messages.count)))
                while sent[index] < end {
                    let message = output.messages[sent[index]]
                    if let value = message.value {
                        try sink.send(
                            topic: output.topic,
                            partition: message.partition,
                            key: message.key.span,
                            value: value.span,
                            eventType: message.eventType,
                            cause: ""
                        )
                    } else {
                        try sink.send(
                            topic: output.topic,
                            partition: message.partition,
                            key: message.key.span,
                            value: nil,
                            eventType: message.eventType,
                            cause: ""
                        )
                    }
                    sent[index] += 1
                }
            }
        }
        func commitAll() throws {
            let offsets = positions.map { TopicPartitionOffset($0.key, .at($0.value)) }
            try sink.commit(offsets: offsets, group: try consumer?.groupMetadata)
            commit = ContinuousClock.now
        }
        guard let consumer else {
            // Ingestion commits file by file; a few transactions stand for them.
            for step in 1...8 {
                try send(upTo: Double(step) / 8)
                try commitAll()
            }
            return
        }
        let deadline = ContinuousClock.now + .seconds(600)
        while consumed < expected {
            let count = try consumer.poll(&batch, timeout: .milliseconds(5))
            for index in 0..<count {
                let record = batch[index]
                positions[TopicPartition(topic: record.topic, partition: record.partition)] = record.offset + 1
            }
            consumed += count
            try send(upTo: Double(consumed) / Double(max(expected, 1)))
            if count == 0 || ContinuousClock.now - commit > .seconds(1), !positions.isEmpty { try commitAll() }
            guard ContinuousClock.now < deadline else {
                throw Failure(.tryAgain, "\(consumed) of \(expected) records after 600 seconds")
            }
        }
        try send(upTo: 1)
        try commitAll()
    }
}
