import Foundation
import Kafka
import Logging
import Streaming
import Synchronization
import Testing

/// Where a broker with transactions is; the tests that need one are skipped without it.
let testBrokers = ProcessInfo.processInfo.environment["ACCOUNTABILITY_TEST_BROKERS"]

/// A worker on a thread of its own.
final class RunningWorker: Sendable {
    let metrics: WorkerMetrics
    private let worker: Worker
    private let ended = Mutex<(isOver: Bool, failure: String?)>((false, nil))

    init(_ stage: any Stage, instance: String, configuration: WorkerConfiguration) {
        var configuration = configuration
        configuration.instance = instance
        metrics = WorkerMetrics(stage: stage.name, instance: instance)
        worker = Worker(
            stage: stage,
            configuration: configuration,
            metrics: metrics,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        let thread = Thread { [self] in
            do {
                try worker.run()
                ended.withLock { $0 = (true, nil) }
            } catch {
                ended.withLock { $0 = (true, "\(error)") }
            }
        }
        thread.start()
    }

    var failure: String? { ended.withLock { $0.failure } }

    /// Asks the worker to leave its group.
    func leave() { worker.leave() }

    /// Stops the worker and waits for its end.
    ///
    /// Returns whether it ended in time.
    func stop() -> Bool {
        worker.stop()
        let deadline = ContinuousClock.now + .seconds(30)
        while ContinuousClock.now < deadline {
            if ended.withLock({ $0.isOver }) { return true }
            Thread.sleep(forTimeInterval: 0.02)
        }
        return false
    }
}

@Suite(
    .serialized,
    .enabled(if: testBrokers != nil, "ACCOUNTABILITY_TEST_BROKERS names no broker"),
    .timeLimit(.minutes(30))
)
struct WorkerTests {
    let brokers = testBrokers ?? ""
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// The tally topology under a prefix of its own.
    struct Prefixed: Stage {
        let base: any Stage
        let prefix: String
        var areTables = false
        var name: String { base.name }
        var sources: [Source] {
            base.sources.map {
                $0.isBroadcast ? .broadcast(prefix + $0.topic) : .partitioned(prefix + $0.topic, isTable: areTables)
            }
        }
        var outputs: [Output] {
            base.outputs.map { Output(topic: prefix + $0.topic, eventType: $0.eventType, memory: $0.memory) }
        }
        func makeTask(_ context: TaskContext) throws -> any StageTask { try base.makeTask(context) }
    }

    func configuration(_ prefix: String) -> WorkerConfiguration {
        var configuration = WorkerConfiguration(
            kafka: .localBroker(brokers),
            instance: "1",
            namespace: prefix,
            progressTopic: prefix + TallyTopology.progress,
            completionType: TallyTopology.completionType
        )
        configuration.commitInterval = .milliseconds(200)
        return configuration
    }

    func makeTopics(_ prefix: String, _ partitions: Int32) throws {
        let admin = try Admin(.localBroker(brokers), logger: logger)
        let topics = TallyTopology.topics(partitions)
            .map {
                NewTopic(name: prefix + $0.key, partitions: $0.value, replication: 1)
            }
        let failures = try admin.createTopics(topics, timeout: .seconds(20))
        #expect(failures.isEmpty)
    }

    /// Everything that read-committed consumers see of a topic, in order by partition.
    func read(_ topic: String, partitions: Int32) throws -> [OwnedRecord] {
        var configuration = KafkaConfiguration.localBroker(brokers)
        configuration["group.id"] = "\(topic).reader"
        configuration["enable.partition.eof"] = "true"
        let consumer = try Consumer(configuration, logger: logger)
        defer { consumer.close(timeout: .seconds(5)) }
        try consumer.assign(
            (0..<partitions).map { TopicPartitionOffset(topic: topic, partition: $0, offset: .beginning) }
        )
        var batch = RecordBatch(capacity: 1000)
        var records: [OwnedRecord] = []
        var ends = 0
        let deadline = ContinuousClock.now + .seconds(20)
        while ends < Int(partitions), ContinuousClock.now < deadline {
            try consumer.poll(&batch, timeout: .milliseconds(100))
            for index in 0..<batch.count { records.append(batch[index].detach()) }
            while consumer.nextPartitionEnd() != nil { ends += 1 }
        }
        return records
    }

    func totals(_ records: [OwnedRecord]) -> [String: Int] {
        records.reduce(into: [:]) { table, record in
            guard let key = record.key, key.first != UInt8(ascii: "~") else { return }
            table[String(decoding: key, as: UTF8.self)] = record.value.flatMap {
                Int(String(decoding: $0, as: UTF8.self))
            }
        }
    }

    func eventually(_ seconds: Double = 60, _ condition: () throws -> Bool) throws -> Bool {
        let deadline = ContinuousClock.now + .seconds(seconds)
        while ContinuousClock.now < deadline {
            if try condition() { return true }
            Thread.sleep(forTimeInterval: 0.2)
        }
        return false
    }

    @Test(arguments: [1, 2])
    func stagesRunExactlyOnceOverRestarts(_ instances: Int) throws {
        let partitions: Int32 = 4
        let prefix = "tally\(UInt32.random(in: .min ... .max))."
        try makeTopics(prefix, partitions)
        let configuration = configuration(prefix)
        func start() -> [RunningWorker] {
            TallyTopology.stages.flatMap { stage in
                (1...instances)
                    .map {
                        RunningWorker(
                            Prefixed(base: stage, prefix: prefix),
                            instance: "\($0)",
                            configuration: configuration
                        )
                    }
            }
        }
        var workers = start()
        let sink = try TransactionalSink(
            kafka: configuration.kafka,
            transactionalID: "\(prefix)feeder",
            memoryTopic: prefix + TallyTopology.progress,
            source: "/test",
            logger: logger
        )
        func enter(_ id: Int, _ text: String?) throws {
            let key = Array("e\(id)".utf8)
            let value = text.map { Array($0.utf8) }
            let partition = TallyTopology.partition("e\(id)", partitions)
            if let value {
                try sink.send(
                    topic: prefix + "entries",
                    partition: partition,
                    key: key.span,
                    value: value.span,
                    eventType: "entry",
                    cause: ""
                )
            } else {
                try sink.send(
                    topic: prefix + "entries",
                    partition: partition,
                    key: key.span,
                    value: nil,
                    eventType: "entry",
                    cause: ""
                )
            }
        }
        for round in 0..<6 {
            for id in (round * 500)..<(round * 500 + 500) { try enter(id, "a w\(id % 11) \(id)") }
            try sink.commit(offsets: [], group: nil)
            if round == 2 {
                for worker in workers { #expect(worker.stop(), "\(worker.metrics.stage) did not stop") }
                workers = start()
            }
        }
        let marker = try CompletionMarker.encode(
            scope: "a",
            stage: CompletionMarker.operatorStage,
            partition: 0,
            partitions: 1
        )
        let key = Array(marker.key.utf8)
        for partition in 0..<partitions {
            try sink.send(
                topic: prefix + "entries",
                partition: partition,
                key: key.span,
                value: marker.value.span,
                eventType: TallyTopology.completionType,
                cause: ""
            )
        }
        try sink.commit(offsets: [], group: nil)

        let isComplete = try eventually {
            let seen = try read(prefix + TallyTopology.progress, partitions: 1)
            // Workers warm their producers up with tombstones there.
            return seen.count { $0.value != nil } == 3 * Int(partitions) || workers.contains { $0.failure != nil }
        }
        #expect(workers.compactMap(\.failure) == [])
        #expect(isComplete)
        var expected: [String: Int] = [:]
        for id in 0..<3000 { expected["a/w\(id % 11)", default: 0] += id }
        let published = try read(prefix + "totals", partitions: partitions)
        #expect(totals(published) == expected)
        // Each word once: nothing was published twice over the restart.
        #expect(published.filter { $0.key?.first != UInt8(ascii: "~") }.count == 11)
        #expect(published.allSatisfy { record in record.headers.contains { $0.0 == "ce_id" } })

        let begin = ContinuousClock.now
        try enter(1, "a w1 100001")
        try sink.commit(offsets: [], group: nil)
        expected["a/w1", default: 0] += 100_000
        #expect(try eventually(10) { totals(try read(prefix + "totals", partitions: partitions)) == expected })
        let corrected = try read(prefix + "totals", partitions: partitions)
        #expect(corrected.count == published.count + 1)
        #expect(corrected.contains { $0.headers.contains { $0.0 == "ce_cause" && $0.1 == Array("e1".utf8) } })
        print("a correction through two stages took at most \(ContinuousClock.now - begin), reading included")
        for worker in workers { #expect(worker.stop()) }
        sink.close(timeout: .seconds(5))
    }

    /// What a worker published behind another instance's open transaction is hidden from a committed reader, and must
    /// not be published again.
    @Test(arguments: [true, false])
    func waitsForWhatAnOpenTransactionHides(_ isCommitted: Bool) throws {
        let prefix = "tally\(UInt32.random(in: .min ... .max))."
        try makeTopics(prefix, 1)
        var configuration = configuration(prefix)
        let stage = Prefixed(base: Total(), prefix: prefix)
        func sink(_ name: String) throws -> TransactionalSink {
            try TransactionalSink(
                kafka: configuration.kafka,
                transactionalID: prefix + name,
                memoryTopic: prefix + TallyTopology.progress,
                source: "/test",
                logger: logger
            )
        }
        func published() throws -> [String] {
            try read(prefix + "totals", partitions: 1).compactMap { $0.key.map { String(decoding: $0, as: UTF8.self) } }
                .filter { !$0.hasPrefix("~") }
        }
        var worker = RunningWorker(stage, instance: "1", configuration: configuration)
        #expect(try eventually { worker.metrics.isReady })
        let other = try sink("other")
        defer { other.close(timeout: .seconds(5)) }
        let text = Array("b/other".utf8)
        try other.send(
            topic: prefix + "totals",
            partition: 0,
            key: text.span,
            value: text.span,
            eventType: "total",
            cause: ""
        )
        // Until it has reached the broker.
        Thread.sleep(forTimeInterval: 2)

        let feeder = try sink("feeder")
        defer { feeder.close(timeout: .seconds(5)) }
        for id in 0..<5 {
            let key = Array("a/w/\(id)".utf8)
            let value = Array("\(id)".utf8)
            try feeder.send(
                topic: prefix + "words",
                partition: 0,
                key: key.span,
                value: value.span,
                eventType: "word",
                cause: ""
            )
        }
        for topic in ["words", "notes"] {
            let marker = try CompletionMarker.encode(
                scope: "a",
                stage: CompletionMarker.operatorStage,
                partition: 0,
                partitions: 1
            )
            let key = Array(marker.key.utf8)
            try feeder.send(
                topic: prefix + topic,
                partition: 0,
                key: key.span,
                value: marker.value.span,
                eventType: TallyTopology.completionType,
                cause: ""
            )
        }
        try feeder.commit(offsets: [], group: nil)
        #expect(try eventually { worker.metrics.figures.processed >= 7 && worker.metrics.figures.emitted >= 3 })
        #expect(worker.stop())
        #expect(worker.failure == nil)
        #expect(try published() == [])

        configuration.openTransactionTimeout = .seconds(2)
        worker = RunningWorker(stage, instance: "1", configuration: configuration)
        #expect(try eventually { worker.failure != nil })
        #expect(worker.failure?.contains("waiting for open transactions") == true, "\(worker.failure ?? "")")

        configuration.openTransactionTimeout = .seconds(60)
        worker = RunningWorker(stage, instance: "1", configuration: configuration)
        #expect(try eventually { worker.metrics.notReady?.contains("waiting for open transactions") == true })
        if isCommitted { try other.commit(offsets: [], group: nil) } else { try other.abort() }
        #expect(try eventually { worker.metrics.isReady }, "\(worker.metrics.notReady ?? "")")
        Thread.sleep(forTimeInterval: 1)
        #expect(worker.stop())
        #expect(worker.failure == nil)
        #expect(try published() == (isCommitted ? ["b/other", "a/w"] : ["a/w"]))
    }

    /// Garbage goes into quarantine in the transaction that moves past it, and not again after a restart.
    @Test func putsGarbageIntoQuarantineOnce() throws {
        let prefix = "tally\(UInt32.random(in: .min ... .max))."
        try makeTopics(prefix, 2)
        var configuration = configuration(prefix)
        let quarantine = QuarantineTopic(name: prefix + "quarantine", eventType: "quarantined")
        configuration.quarantine = quarantine
        let admin = try Admin(configuration.kafka, logger: logger)
        #expect(
            try admin.createTopics(
                [NewTopic(name: quarantine.name, partitions: 1, replication: 1)],
                timeout: .seconds(20)
            )
            .isEmpty
        )
        let producer = try Producer(configuration.kafka, logger: logger)
        defer { producer.close(timeout: .seconds(5)) }
        let headers = MessageHeaders()
        headers.append("foreign", "header")
        func put(_ topic: String, _ value: String) throws {
            let bytes = Array(value.utf8)
            try producer.produce(
                producer.topic(prefix + topic),
                partition: 0,
                key: nil,
                value: bytes.span,
                headers: headers
            )
            try producer.flush(timeout: .seconds(10))
        }
        func found() throws -> [String] {
            try read(quarantine.name, partitions: 1).compactMap { $0.key.map { String(decoding: $0, as: UTF8.self) } }
        }
        let stage = Prefixed(base: Total(), prefix: prefix)
        for life in 0..<3 {
            // Before the worker runs, and while it does.
            try put("notes", "garbage")
            try put("words", "garbage")
            let worker = RunningWorker(stage, instance: "1", configuration: configuration)
            #expect(try eventually { worker.metrics.isReady })
            try put("notes", "garbage")
            try put("words", "garbage")
            #expect(try eventually(20) { try found().count >= 4 * (life + 1) })
            #expect(
                worker.metrics.prometheus()
                    .contains(
                        "accountability_quarantined_total{stage=\"total\",instance=\"1\",code=\"makes_no_sense\"} 4"
                    )
            )
            #expect(worker.stop())
            #expect(worker.failure == nil)
        }
        let expected = ["notes", "words"].flatMap { topic in (0..<6).map { "\(prefix)\(topic)/0/\($0)/total" } }
        #expect(try found().sorted() == expected.sorted())
        let record = try #require(try read(quarantine.name, partitions: 1).first?.value)
        let entry = try decode(Streaming_V1_Quarantined.self, from: record.span)
        #expect(!entry.hasKey && entry.value == Data("garbage".utf8))
        #expect(entry.headers.map(\.name) == ["foreign"] && entry.headers.map(\.value) == [Data("header".utf8)])
    }

    @Test func refusesTopicsThatDoNotExistOrDoNotFit() throws {
        let prefix = "tally\(UInt32.random(in: .min ... .max))."
        let stage = Prefixed(base: TallyTopology.stages[0], prefix: prefix)
        var configuration = configuration(prefix)
        configuration.brokerTimeout = .seconds(2)
        let worker = Worker(
            stage: stage,
            configuration: configuration,
            metrics: WorkerMetrics(stage: stage.name, instance: "1"),
            logger: logger
        )
        let error = #expect(throws: RuntimeError.self) { try worker.run() }
        #expect(error?.code == .topicMissing)
        #expect(error?.message.contains(prefix) == true)
    }
}
