internal import ArgumentParser
internal import Foundation
internal import Kafka
internal import Logging
internal import Messages
internal import Operating
internal import Stages
internal import Streaming
internal import Supervision
internal import Synchronization

/// `accountability measure floor`: what the rows of a run cost through the same broker with no work done on them.
///
/// Every record of the topics is read first, and its bytes are put into blocks of 500 rows. Then one thread a stage
/// consumes what the stage read, and produces what it published, into topics of a namespace of its own, in transactions
/// with its offsets, compressed with lz4 and without headers: nothing is parsed, folded or computed.
struct MeasureFloor: OperatorCommand {
    static let configuration = CommandConfiguration(
        commandName: "floor",
        abstract: "Sends the rows of a run through the broker again, in blocks, with no work done on them."
    )

    @Option(help: ArgumentHelp("Adds the CPU time of this process, as a rule the broker's.", valueName: "pid"))
    var watch: [Int] = []

    @OptionGroup(title: "Kafka") var broker: BrokerOptions

    /// What each stage reads and publishes.
    ///
    /// What several stages publish is sent only by the first.
    private static let flow: [(stage: String, sources: [TopicDefinition], outputs: [TopicDefinition])] = {
        var sent: Set<TopicDefinition> = [Topics.submissions]
        let stages = Pipeline().flow
            .map { step in
                (stage: step.stage, sources: step.sources, outputs: step.outputs.filter { sent.insert($0).inserted })
            }
        return [(stage: WorkerNames.ingestion, sources: [], outputs: [Topics.submissions])] + stages
    }()

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
        let (records, rows) = try Self.read(connection)
        let messages = records.values.reduce(0) { $0 + $1.count }
        let threads = try Self.flow.map { step in
            try FloorThread(
                stage: step.stage,
                sources: step.sources.map { (mirror.pipeline.name($0), records[$0.entity]?.count ?? 0) },
                outputs: step.outputs.map { (mirror.pipeline.name($0), records[$0.entity] ?? []) },
                connection: mirror,
                partitions: partitions
            )
        }
        let watched = ["self"] + watch.map(String.init)
        let before = watched.map(ProcessTime.seconds)
        let start = ContinuousClock.now
        try Self.run(threads)
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        let spent = zip(watched.map(ProcessTime.seconds), before).reduce(0) { $0 + $1.0 - $1.1 }
        _ = try PipelineTopics(mirror).deleteAll()
        Standard.line(
            "{\"rows\": \(rows), \"blocks\": \(messages), \"seconds\": \(String(format: "%.3f", seconds)), "
                + "\"cpu_seconds\": \(String(format: "%.2f", spent))}"
        )
    }

    /// The blocks of every topic, by entity, and how many rows they hold.
    private static func read(_ connection: Connection) throws -> (records: [String: [FloorBlock]], rows: Int) {
        let reader = try TopicReader(connection)
        defer { reader.close() }
        var records: [String: [FloorBlock]] = [:]
        var rows = 0
        for topic in Set(flow.flatMap(\.outputs)) {
            var blocks = FloorBlocks()
            try reader.read(topic) { record in
                let key: [UInt8] = if let bytes = record.key { [UInt8](copying: bytes) } else { [] }
                let value: [UInt8] = if let bytes = record.value { [UInt8](copying: bytes) } else { [] }
                blocks.add(key: key, value: value, partition: record.partition)
            }
            rows += blocks.rows
            records[topic.entity] = blocks.finish()
        }
        return (records, rows)
    }

    /// Runs every stage's traffic at once, each on a thread of its own, to its end.
    private static func run(_ threads: [FloorThread]) throws {
        let failures = Mutex<[String]>([])
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
    }
}

/// The CPU time of processes.
enum ProcessTime {
    /// The time of a process, in its own and the system's code; 0 if there is no such process.
    static func seconds(_ pid: String) -> Double {
        guard let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
            let end = text.lastIndex(of: ")")
        else { return 0 }
        let fields = text[text.index(after: end)...].split(separator: " ")
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else { return 0 }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }
}

/// Bytes of rows on their way through the broker.
struct FloorBlock: Sendable {
    let partition: Int32
    let value: [UInt8]
}

/// Puts rows into blocks of 500.
struct FloorBlocks {
    private static let size = 500
    private(set) var rows = 0
    private var open: [Int32: (rows: Int, value: [UInt8])] = [:]
    private var blocks: [FloorBlock] = []
    private var submissions = SubmissionBlock()
    private var records = RecordBlock()

    /// Adds a record: the rows of a block, or one.
    mutating func add(key: [UInt8], value: [UInt8], partition: Int32) {
        let count = rowsOfBlock(value)
        guard count <= 1 else {
            rows += count
            let pieces = (count + Self.size - 1) / Self.size
            for piece in 0..<pieces {
                let range = value.count * piece / pieces..<value.count * (piece + 1) / pieces
                blocks.append(FloorBlock(partition: partition, value: Array(value[range])))
            }
            return
        }
        rows += 1
        var block = open[partition] ?? (0, [])
        block.rows += 1
        block.value += key
        block.value += value
        // Some tables have large messages, and a broker takes a megabyte.
        if block.rows >= Self.size || block.value.count > 500_000 {
            blocks.append(FloorBlock(partition: partition, value: block.value))
            block = (0, [])
        }
        open[partition] = block
    }

    private mutating func rowsOfBlock(_ value: [UInt8]) -> Int {
        do {
            if SubmissionBlock.isEntry(value.span) {
                try submissions.read(entry: value.span)
                return submissions.rows
            }
            if RecordBlock.isRecord(value.span) {
                try records.read(record: value.span)
                return records.rows
            }
        } catch {
            return 1
        }
        return 1
    }

    /// All blocks.
    mutating func finish() -> [FloorBlock] {
        for (partition, block) in open where block.rows > 0 {
            blocks.append(FloorBlock(partition: partition, value: block.value))
        }
        open = [:]
        return blocks
    }
}

/// What one stage reads and sends, without its computation.
private final class FloorThread: @unchecked Sendable {
    private let sources: [(topic: String, count: Int)]
    private let outputs: [(topic: String, blocks: [FloorBlock])]
    private let producer: Producer
    private let consumer: Consumer?
    private var isOpen = false

    init(
        stage: String,
        sources: [(String, Int)],
        outputs: [(String, [FloorBlock])],
        connection: Connection,
        partitions: Int32
    ) throws {
        self.sources = sources.map { ($0.0, $0.1) }
        self.outputs = outputs.map { ($0.0, $0.1) }
        let logger = Logger(label: "accountability")
        let name = "\(connection.pipeline.namespace).\(stage)"
        var transactional = connection.kafka
        transactional["transactional.id"] = "\(name).\(UInt64.random(in: .min ... .max))"
        transactional["compression.type"] = "lz4"
        producer = try Producer(transactional, logger: logger)
        try producer.initTransactions(timeout: .seconds(60))
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
            producer.close(timeout: .seconds(5))
        }
        let expected = sources.reduce(0) { $0 + $1.count }
        var consumed = 0
        var positions: [TopicPartition: Int64] = [:]
        var sent = Array(repeating: 0, count: outputs.count)
        var batch = RecordBatch(capacity: 4096)
        var commit = ContinuousClock.now
        func commitAll() throws {
            try begin()
            let offsets = positions.map { TopicPartitionOffset($0.key, .at($0.value)) }
            if let consumer, !offsets.isEmpty {
                try producer.sendOffsets(offsets, group: try consumer.groupMetadata, timeout: .seconds(60))
            }
            try producer.commitTransaction(timeout: .seconds(60))
            isOpen = false
            commit = ContinuousClock.now
        }
        guard let consumer else {
            // Ingestion commits file by file; a few transactions represent them.
            for step in 1...8 {
                try send(upTo: Double(step) / 8, &sent)
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
            try send(upTo: Double(consumed) / Double(max(expected, 1)), &sent)
            if count == 0 || ContinuousClock.now - commit > .seconds(1), !positions.isEmpty { try commitAll() }
            guard ContinuousClock.now < deadline else {
                throw Failure(.tryAgain, "\(consumed) of \(expected) records after 600 seconds")
            }
        }
        try send(upTo: 1, &sent)
        try commitAll()
    }

    /// Produces the blocks of each output up to a share of them.
    private func send(upTo share: Double, _ sent: inout [Int]) throws {
        for (index, output) in outputs.enumerated() {
            let end = min(output.blocks.count, Int(share * Double(output.blocks.count)))
            guard sent[index] < end else { continue }
            try begin()
            let topic = try producer.topic(output.topic)
            while sent[index] < end {
                let block = output.blocks[sent[index]]
                // A compacted topic takes nothing without a key.
                let key = Array("\(sent[index])".utf8)
                try producer.produce(topic, partition: block.partition, key: key.span, value: block.value.span)
                sent[index] += 1
            }
        }
    }

    private func begin() throws {
        guard !isOpen else { return }
        try producer.beginTransaction()
        isOpen = true
    }
}
