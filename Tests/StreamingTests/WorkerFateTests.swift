import Kafka
import Logging
import Synchronization
import Testing

@testable import Streaming

/// What becomes of a transaction that is open when the group, or the broker, decides against it.
@Suite(.timeLimit(.minutes(30))) struct WorkerFateTests {
    private static let positions = PositionsTopic(name: "positions", eventType: "position")
    private let cluster: MockCluster
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    init() throws {
        cluster = try MockCluster(brokers: 1)
        for (name, partitions) in TallyTopology.topics(2) {
            try cluster.createTopic(name, partitions: Int(partitions))
        }
        try cluster.createTopic(Self.positions.name, partitions: 1)
    }

    /// A worker's loop that has its clients and does not run.
    private func loop() throws -> WorkerLoop {
        var configuration = WorkerConfiguration(
            kafka: KafkaConfiguration(bootstrapServers: cluster.bootstrapServers),
            instance: "1",
            namespace: "fate",
            progressTopic: TallyTopology.progress,
            completionType: TallyTopology.completionType
        )
        configuration.positions = Self.positions
        return try WorkerLoop(
            stage: Total(),
            configuration: configuration,
            metrics: WorkerMetrics(stage: "total", instance: "1"),
            logger: logger,
            shouldStop: { false }
        )
    }

    private func close(_ loop: WorkerLoop) {
        loop.consumer.close(timeout: .seconds(5))
        loop.sink.close(timeout: .seconds(5))
    }

    private func send(_ text: String, through sink: TransactionalSink) throws {
        let bytes = Array(text.utf8)
        try sink.send(
            topic: "totals",
            partition: 0,
            key: bytes.span,
            value: bytes.span,
            eventType: "total",
            cause: ""
        )
    }

    /// The partitions are another's, who publishes the same: what this one has sent and not committed must not follow
    /// with its next commit.
    @Test func whatWasSentForPartitionsThatAreLostIsAborted() throws {
        let loop = try loop()
        defer { close(loop) }
        try send("sent", through: loop.sink)
        #expect(loop.sink.isOpen)
        try loop.handle(.lost([]))
        #expect(!loop.sink.isOpen)
        #expect(loop.runners.isEmpty && !loop.hasWork)
        // The producer is of use for what comes next.
        try send("next", through: loop.sink)
        try loop.sink.commit(offsets: [], group: nil)
    }

    /// A position that was written in a transaction that is gone stands nowhere, and is written again.
    @Test func positionsOfAnAbortedTransactionAreWrittenAgain() throws {
        let loop = try loop()
        defer { close(loop) }
        let positions = try #require(loop.positions)
        let places = [
            TopicPartition(topic: "words", partition: 0): PlaceMemory(offset: 7, first: nil, digest: nil)
        ]
        let before = loop.sink.sent
        try positions.write(places, to: loop.sink)
        try positions.write(places, to: loop.sink)
        #expect(loop.sink.sent == before + 1, "the same position is written once")
        try loop.sink.abort()
        let cause = KafkaError(code: .state, name: "_STATE", message: "aborted by the test", requiresAbort: true)
        try loop.recover(from: TransactionAborted(cause: cause))
        try positions.write(places, to: loop.sink)
        #expect(loop.sink.sent == before + 2, "what was aborted is written again")
        try loop.sink.commit(offsets: [], group: nil)
    }
}

/// When a worker takes no more records for want of memory, and when it takes them again.
@Suite struct MemoryWatchTests {
    @Test func takesRecordsAgainOnlyWhenThereIsRoom() {
        let used = Mutex(0)
        var watch = MemoryWatch(MemoryLimit(bytes: 1000) { used.withLock { $0 } })
        var now = ContinuousClock.now
        func level(_ bytes: Int) -> MemoryWatch.Level {
            used.withLock { $0 = bytes }
            now += .seconds(1)
            _ = watch.look(now: now)
            return watch.level
        }
        #expect([level(799), level(800), level(919), level(920)] == [.roomy, .near, .near, .full])
        // What was let go has to make room before more is taken.
        #expect([level(919), level(850)] == [.full, .full])
        #expect([level(849), level(900), level(799)] == [.near, .near, .roomy])
    }
}
