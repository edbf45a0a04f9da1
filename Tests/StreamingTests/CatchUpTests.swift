import Kafka
import Logging
import Testing

@testable import Streaming

/// What is bounded while a task still reads its tables.
@Suite(.timeLimit(.minutes(30))) struct CatchUpTests {
    private let cluster: MockCluster
    private let loop: WorkerLoop
    private let place = TopicPartition(topic: "words", partition: 0)

    init() throws {
        cluster = try MockCluster(brokers: 1)
        let quarantine = QuarantineTopic(name: "quarantine", eventType: "quarantined")
        for (name, partitions) in TallyTopology.topics(1) {
            try cluster.createTopic(name, partitions: Int(partitions))
        }
        try cluster.createTopic(quarantine.name, partitions: 1)
        var configuration = WorkerConfiguration(
            kafka: KafkaConfiguration(bootstrapServers: cluster.bootstrapServers),
            instance: "1",
            namespace: "behind",
            progressTopic: TallyTopology.progress,
            completionType: TallyTopology.completionType
        )
        configuration.quarantine = quarantine
        loop = try WorkerLoop(
            stage: Total(),
            configuration: configuration,
            metrics: WorkerMetrics(stage: "total", instance: "1"),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            shouldStop: { false }
        )
        loop.runners[0] = try TaskRunner(
            stage: Total(),
            context: TaskContext(partition: 0, partitions: 1, outputPartitions: loop.outputPartitions),
            sink: loop.sink,
            progressTopic: TallyTopology.progress,
            completionType: TallyTopology.completionType,
            quarantine: quarantine
        )
    }

    private func close() {
        loop.consumer.close(timeout: .seconds(5))
        loop.surveyor.close(timeout: .seconds(5))
        loop.sink.close(timeout: .seconds(5))
    }

    /// The table was recreated with fewer records, so the end that it had never comes.
    @Test func aTableThatIsSmallerThanItWasIsNotAwaited() throws {
        defer { close() }
        try loop.lookAtAwaitedTables()
        loop.runners[0]?.catchUp.expect(place, to: 7)
        #expect(!loop.isCaughtUp)
        let error = #expect(throws: RuntimeError.self) { try loop.lookAtAwaitedTables() }
        #expect(error?.code == .fatal && error?.message.contains("it ends at 0, and ended at 7") == true)
    }

    @Test func whatIsQuarantinedMeanwhileDoesNotFillTheMemory() throws {
        defer { close() }
        let runner = try #require(loop.runners[0])
        runner.catchUp.expect(place, to: 7)
        func find(_ count: Int) {
            for offset in 0..<count {
                let record = OwnedRecord(
                    topic: place.topic,
                    partition: place.partition,
                    offset: Int64(offset),
                    key: [1],
                    value: [UInt8](repeating: 7, count: 800_000),
                    headers: []
                )
                runner.quarantine(record, Refusal(code: .makesNoSense, reason: "a test"))
            }
        }
        find(3)
        try loop.relieveQuarantine()
        // Not inside the expectation, which would print everything that is held.
        let isWaiting = runner.hasAnnouncements
        #expect(isWaiting, "a few wait for the commit")
        find(20)
        try loop.relieveQuarantine()
        let isHeld = runner.hasAnnouncements
        #expect(!isHeld)
        let high = try loop.surveyor.watermarks(TopicPartition(topic: "quarantine", partition: 0), timeout: .seconds(5))
            .high
        #expect(high >= 23)
    }
}
