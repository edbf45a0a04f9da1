import Foundation
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

    /// A client names the missing topic only in its own words, and says nothing of the command that creates it.
    @Test(arguments: [KafkaError.Code.unknownTopic, .unknownTopicOrPartition, .unknownPartition])
    func whoWaitedForAMissingTopicNamesTheCommand(_ code: KafkaError.Code) {
        let error = RuntimeError.persisting(KafkaError(code: code, name: "", message: ""), "reading positions")
        #expect(error.code == .topicMissing && error.message.contains("`accountability topics --create`"))
    }

    /// A worker's loop that has its clients and does not run.
    private func loop(_ stage: any Stage = Total()) throws -> WorkerLoop {
        var configuration = WorkerConfiguration(
            kafka: KafkaConfiguration(bootstrapServers: cluster.bootstrapServers),
            instance: "1",
            namespace: "fate",
            progressTopic: TallyTopology.progress,
            completionType: TallyTopology.completionType
        )
        configuration.positions = Self.positions
        return try WorkerLoop(
            stage: stage,
            configuration: configuration,
            metrics: WorkerMetrics(stage: stage.name, instance: "1"),
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
        #expect(loop.runners.isEmpty && loop.lifecycle.checkpoint == nil)
        // The producer is of use for what comes next.
        try send("next", through: loop.sink)
        try loop.sink.commit(offsets: [], group: nil)
    }

    /// A rebuild publishes while it restores: the group can take the partitions back in the middle of it.
    @Test func whatWasSentBeforeTheTasksWereRestoredIsAborted() throws {
        let loop = try loop()
        defer { close(loop) }
        try loop.handle(.assigned([TopicPartition(topic: "words", partition: 0)]))
        try send("sent", through: loop.sink)
        try loop.handle(.revoked([]))
        #expect(!loop.sink.isOpen && loop.lifecycle.state == .waiting)
    }

    /// The totals of words and entries that have the same partition.
    private struct Joined: Stage {
        let name = "joined"
        let sources = [Source.partitioned("words"), Source.partitioned("entries")]
        let outputs = Total().outputs
        func makeTask(_ context: TaskContext) -> any StageTask { Total().makeTask(context) }
    }

    /// The member that divides the partitions does not know a topic yet that was just created.
    @Test func anAssignmentWithoutASourceIsRefusedForAWhile() throws {
        let loop = try loop(Joined())
        defer { close(loop) }
        let places = [TopicPartition(topic: "words", partition: 0)]
        try loop.handle(.assigned(places))
        try loop.takeUp(places)
        #expect(loop.lifecycle.state == .waiting && loop.runners.isEmpty)
        // The group was asked again, and now knows both topics.
        var batch = RecordBatch(capacity: 1)
        var given: [TopicPartition] = []
        let deadline = ContinuousClock.now + .seconds(30)
        while given.isEmpty, ContinuousClock.now < deadline {
            try loop.consumer.poll(&batch, timeout: .milliseconds(100))
            if case .assigned(let partitions) = loop.consumer.nextRebalance() { given = partitions }
        }
        #expect(Set(given.map(\.topic)) == ["entries", "words"])
    }

    /// A topic that somebody is creating while the worker starts, and that takes a while.
    @Test func aTopicThatIsCreatedLateIsAwaited() throws {
        let check = TopicCheck(
            kafka: KafkaConfiguration(bootstrapServers: cluster.bootstrapServers),
            logger: logger,
            patience: Patience(limit: .seconds(60), shouldStop: { false }, logger: logger)
        )
        let cluster = cluster
        let creator = Thread {
            Thread.sleep(forTimeInterval: 7)
            try? cluster.createTopic("late", partitions: 3)
        }
        creator.start()
        #expect(try check.counts(["late"]) == ["late": 3])
    }

    /// Ingestion, deliveries and the reading of frameworks wait for their topics too, and for equal partition counts.
    @Test func workersThatAreNoStagesAwaitTheirTopics() throws {
        let kafka = KafkaConfiguration(bootstrapServers: cluster.bootstrapServers)
        let cluster = cluster
        Thread {
            Thread.sleep(forTimeInterval: 2)
            try? cluster.createTopic("late", partitions: 3)
        }
        .start()
        let asked = Mutex(0)
        func check(_ counts: [String: Int32]) throws {
            #expect(counts == ["late": 3])
            let time = asked.withLock { count in
                count += 1
                return count
            }
            // A broker may know only a part of what was just created.
            guard time > 1 else { throw RuntimeError(.notCopartitioned, "not yet") }
        }
        let counts = try TopicCheck.await(["late"], kafka, logger, shouldStop: { false }, check: check)
        #expect(counts == ["late": 3] && asked.withLock { $0 } == 2)
        let error = #expect(throws: RuntimeError.self) {
            _ = try TopicCheck.await(["never"], kafka, logger, limit: .seconds(1), shouldStop: { false })
        }
        #expect(error?.code == .topicMissing)
        #expect(error?.message.contains("`accountability topics --acls`") == true, "\(error?.message ?? "")")
        let start = ContinuousClock.now
        let stopped = try TopicCheck.await(
            ["never"],
            kafka,
            logger,
            shouldStop: { ContinuousClock.now - start > .seconds(1) }
        )
        #expect(stopped == nil)
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

/// What tells whether a partition was recreated.
@Suite struct FirstRecordTests {
    private final class Nowhere: RecordSink {
        func send(
            topic: String,
            partition: Int32,
            key: Span<UInt8>,
            value: Span<UInt8>?,
            eventType: String,
            cause: String
        ) {}
    }

    private func first(reading offset: Int64, _ timestamp: Int64, stored: FirstRecord) throws -> FirstRecord? {
        let runner = try TaskRunner(
            stage: Spread(),
            context: TaskContext(partition: 0, partitions: 1, outputPartitions: [1, 1]),
            sink: Nowhere(),
            progressTopic: TallyTopology.progress,
            completionType: TallyTopology.completionType
        )
        let (key, value) = (Array("a".utf8), Array("2019 word 1".utf8))
        _ = try runner.consume(
            InputRecord(
                source: 0,
                offset: offset,
                timestamp: timestamp,
                key: key.span,
                value: value.span,
                cause: nil,
                label: .expected
            )
        )
        runner.keepFirst(stored, of: 0)
        return runner.memory(of: 0)?.first
    }

    /// One broker has compacted its copy and another has not: a change of the leader is no new topic.
    @Test func aCopyThatIsNotCompactedIsNoOtherTopic() throws {
        let oldest = FirstRecord(offset: 0, timestamp: 5)
        // The leader has removed the oldest records.
        let kept = try #require(try first(reading: 1000, 70, stored: oldest))
        #expect(kept == oldest)
        // Another broker leads, which still has them.
        #expect(!kept.isOtherThan(oldest) && !kept.isOtherThan(FirstRecord(offset: 3, timestamp: 8)))
        // A topic that was made anew begins with another record.
        #expect(kept.isOtherThan(FirstRecord(offset: 0, timestamp: 99)))
        // A partition that begins earlier than what was stored is noted as it is.
        #expect(try first(reading: 0, 5, stored: FirstRecord(offset: 1000, timestamp: 70)) == oldest)
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
