import Foundation
import Kafka
import Logging
import Neighbour
import Synchronization
import Testing

@testable import Streaming

/// What Apache Kafka does to a worker and the local broker does not, by the errors that the mock cluster injects.
@Suite(.timeLimit(.minutes(30))) struct BrokerFaultTests {
    private let cluster: MockCluster
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    init() throws {
        cluster = try MockCluster(brokers: 3)
        for (name, partitions) in TallyTopology.topics(2) {
            try cluster.createTopic(name, partitions: Int(partitions), replication: 3)
        }
    }

    private var kafka: KafkaConfiguration {
        var kafka = KafkaConfiguration(bootstrapServers: cluster.bootstrapServers)
        kafka["retry.backoff.ms"] = "20"
        kafka["reconnect.backoff.max.ms"] = "200"
        return kafka
    }

    private func sink(_ id: String, timeout: Duration = .seconds(20), shouldStop: @escaping () -> Bool = { false })
        throws -> TransactionalSink
    {
        try TransactionalSink(
            kafka: kafka,
            transactionalID: id,
            memoryTopic: TallyTopology.progress,
            source: "/test",
            timeout: timeout,
            shouldStop: shouldStop,
            logger: logger
        )
    }

    private func send(_ text: String, to topic: String = "words", partition: Int32 = 0, through sink: TransactionalSink)
        throws
    {
        let bytes = Array(text.utf8)
        try sink.send(
            topic: topic,
            partition: partition,
            key: bytes.span,
            value: bytes.span,
            eventType: "test",
            cause: ""
        )
    }

    private func read(_ topic: String, partitions: Int32 = 2) throws -> [String] {
        var kafka = kafka
        kafka["enable.partition.eof"] = "true"
        let consumer = try Consumer(kafka, logger: logger)
        defer { consumer.close(timeout: .seconds(5)) }
        try consumer.assign(
            (0..<partitions).map { TopicPartitionOffset(topic: topic, partition: $0, offset: .beginning) }
        )
        var batch = RecordBatch(capacity: 1000)
        var texts: [String] = []
        var ends = 0
        let deadline = ContinuousClock.now + .seconds(20)
        while ends < Int(partitions), ContinuousClock.now < deadline {
            try consumer.poll(&batch, timeout: .milliseconds(100))
            for index in 0..<batch.count {
                texts.append(String(decoding: batch[index].detach().value ?? [], as: UTF8.self))
            }
            while consumer.nextPartitionEnd() != nil { ends += 1 }
        }
        return texts
    }

    private static let notEnoughReplicas = KafkaError.Code(rawValue: 19)
    private static let notEnoughReplicasAfterAppend = KafkaError.Code(rawValue: 20)
    private static let coordinatorLoading = KafkaError.Code(rawValue: 14)
    private static let coordinatorNotAvailable = KafkaError.Code(rawValue: 15)
    private static let notCoordinator = KafkaError.Code(rawValue: 16)
    private static let invalidProducerEpoch = KafkaError.Code(rawValue: 47)
    private static let concurrentTransactions = KafkaError.Code(rawValue: 51)

    // MARK: - Errors that pass

    @Test(
        arguments: [
            (MockCluster.Request.produce, [notEnoughReplicas, notEnoughReplicas, notEnoughReplicasAfterAppend]),
            (.initProducerID, [coordinatorLoading, coordinatorNotAvailable, notCoordinator, concurrentTransactions]),
            (.addPartitionsToTransaction, [coordinatorLoading, notCoordinator, concurrentTransactions]),
            (.endTransaction, [coordinatorLoading, coordinatorNotAvailable, notCoordinator]),
            (.findCoordinator, [coordinatorNotAvailable, coordinatorNotAvailable]),
        ]
    )
    func whatPassesIsWaitedFor(_ request: MockCluster.Request, _ codes: [KafkaError.Code]) throws {
        if request == .initProducerID || request == .findCoordinator { cluster.fail(request, with: codes) }
        let sink = try sink("passing")
        if request != .initProducerID, request != .findCoordinator { cluster.fail(request, with: codes) }
        for number in 0..<20 { try send("\(number)", partition: Int32(number % 2), through: sink) }
        try sink.commit(offsets: [], group: nil)
        #expect(try read("words").sorted() == (0..<20).map { "\($0)" }.sorted())
        sink.close(timeout: .seconds(5))
    }

    /// The client library gives up sending offsets after a while, and then only an abort helps.
    ///
    /// It is made at once, and the call is not repeated until the sink's own time is over.
    @Test func offsetsThatAreRefusedForLongEndInAnAbort() throws {
        let sink = try sink("offsets", timeout: .seconds(90))
        defer { sink.close(timeout: .seconds(5)) }
        try send("x", through: sink)
        cluster.fail(.transactionOffsetCommit, with: Array(repeating: Self.notCoordinator, count: 10_000))
        let start = ContinuousClock.now
        #expect(throws: TransactionAborted.self) {
            try sink.commit(
                offsets: [TopicPartitionOffset(topic: "words", partition: 0, offset: .at(1))],
                group: try ConsumerGroupMetadata(groupID: "offsets")
            )
        }
        #expect(ContinuousClock.now - start < .seconds(60))
        cluster.clearFailures(.transactionOffsetCommit)
        try send("y", through: sink)
        try sink.commit(offsets: [], group: nil)
        #expect(try read("words").contains("y"))
    }

    /// A broker that lost its memory of a transaction may say that it is committed.
    @Test func aCommitOverABrokenConnectionHasToStand() throws {
        let sink = try sink("confirmed")
        let places = [
            TopicPartitionOffset(topic: "words", partition: 0, offset: .at(7)),
            TopicPartitionOffset(topic: "words", partition: 1, offset: .at(3)),
        ]
        let group = try ConsumerGroupMetadata(groupID: "confirmed")
        var asked = 0
        func commit(_ standing: [Int64?]) throws {
            try send("record", through: sink)
            try sink.commit(offsets: places, group: group) { (asking, _) throws(KafkaError) in
                asked += 1
                return zip(asking, standing).map { TopicPartitionOffset($0, $1.map { .at($0) } ?? .invalid) }
            }
        }
        try commit([nil, nil])
        #expect(asked == 0, "nothing broke")
        func breaking(_ body: () throws -> Void) throws {
            try sink.begin()
            for broker in 1...3 { try cluster.stop(broker: broker) }
            Thread.sleep(forTimeInterval: 0.3)
            for broker in 1...3 { try cluster.start(broker: broker) }
            try body()
        }
        try breaking { try commit([7, 3]) }
        // Another life of the instance has gone on.
        try breaking { try commit([8, 3]) }
        #expect(asked == 2)
        try breaking { #expect(throws: TransactionAborted.self) { try commit([7, 2]) } }
        try breaking { #expect(throws: TransactionAborted.self) { try commit([nil, 3]) } }
        #expect(asked == 4)
        // The producer is of use afterwards.
        try commit([nil, nil])
        #expect(asked == 4)
        sink.close(timeout: .seconds(5))
    }

    @Test func aCoordinatorThatMovesIsFollowed() throws {
        try cluster.moveCoordinator(ofTransactionalID: "moving", to: 1)
        let sink = try sink("moving")
        for round in 0..<4 {
            try send("before \(round)", through: sink)
            try cluster.moveCoordinator(ofTransactionalID: "moving", to: 1 + (round + 1) % 3)
            try send("after \(round)", partition: 1, through: sink)
            try sink.commit(offsets: [], group: nil)
        }
        #expect(try read("words").sorted() == (0..<4).flatMap { ["after \($0)", "before \($0)"] }.sorted())
        sink.close(timeout: .seconds(5))
    }

    @Test func aSlowClusterIsWaitedFor() throws {
        // Longer than the first share of a call's time.
        for broker in 1...3 { try cluster.delay(broker: broker, by: .milliseconds(1100)) }
        let sink = try sink("slow", timeout: .seconds(40))
        try send("slow", through: sink)
        try sink.commit(offsets: [], group: nil)
        for broker in 1...3 { try cluster.delay(broker: broker, by: .zero) }
        #expect(try read("words") == ["slow"])
        sink.close(timeout: .seconds(5))
    }

    /// The coordinator ended the transaction by its time-out and raised the epoch: nothing of it may be claimed, and a
    /// restart begins anew.
    @Test func aTransactionThatTimedOutIsNotClaimed() throws {
        let sink = try sink("late")
        try send("late", through: sink)
        cluster.fail(.endTransaction, with: [Self.invalidProducerEpoch])
        #expect {
            try sink.commit(offsets: [], group: nil)
        } throws: { error in
            error is TransactionAborted || (error as? RuntimeError)?.code.exitCode == 75
        }
        sink.close(timeout: .seconds(5))
    }

    // MARK: - Errors that stay

    @Test(
        arguments: [
            (MockCluster.Request.produce, notEnoughReplicas), (.endTransaction, coordinatorLoading),
            (.initProducerID, coordinatorLoading),
        ]
    )
    func whatStaysIsAnUnavailableBroker(_ request: MockCluster.Request, _ code: KafkaError.Code) throws {
        let many = Array(repeating: code, count: 2000)
        if request == .initProducerID { cluster.fail(request, with: many) }
        let error = #expect(throws: RuntimeError.self) {
            let sink = try sink("staying", timeout: .seconds(2))
            defer { sink.close(timeout: .zero) }
            if request != .initProducerID { cluster.fail(request, with: many) }
            try send("lost", through: sink)
            try sink.commit(offsets: [], group: nil)
        }
        #expect(error?.code == .brokerUnavailable, "\(String(describing: error))")
        #expect(error?.code.exitCode == 69)
    }

    @Test func everyRetriableErrorThatPersistsIsAnUnavailableBroker() {
        for code in [
            Self.notEnoughReplicas, Self.coordinatorLoading, Self.notCoordinator, .requestTimedOut, .transport,
        ] {
            let error = KafkaError(code: code, name: "x", message: "x", isRetriable: true)
            #expect(RuntimeError.final(error, "testing").code == .brokerUnavailable)
        }
        let missing = KafkaError(code: .unknownTopicOrPartition, name: "x", message: "x", isRetriable: true)
        #expect(RuntimeError.final(missing, "testing").code == .topicMissing)
        let refused = KafkaError(code: .topicAuthorizationFailed, name: "x", message: "x")
        #expect(RuntimeError.final(refused, "testing").code == .configuration)
    }

    /// Whatever says first that another process has this identity, the worker leaves with 75: a restart is all that is
    /// needed.
    @Test(
        arguments: [
            (MockCluster.Request.endTransaction, KafkaError.Code.producerFenced),
            (.endTransaction, invalidProducerEpoch),
            (.addPartitionsToTransaction, .producerFenced), (.addPartitionsToTransaction, invalidProducerEpoch),
            (.addOffsetsToTransaction, .producerFenced), (.addOffsetsToTransaction, invalidProducerEpoch),
            (.transactionOffsetCommit, .fencedInstanceID), (.produce, invalidProducerEpoch),
        ]
    )
    func aFencedZombieEndsWith75(_ request: MockCluster.Request, _ code: KafkaError.Code) throws {
        let sink = try sink("zombie", timeout: .seconds(10))
        cluster.fail(request, with: [code])
        // Once the brokers have fenced it, they do so at every call.
        cluster.fail(.initProducerID, with: Array(repeating: .producerFenced, count: 100))
        if request != .endTransaction {
            cluster.fail(.endTransaction, with: Array(repeating: .producerFenced, count: 100))
        }
        let failure = #expect(throws: RuntimeError.self) {
            try send("lost", through: sink)
            try sink.commit(
                offsets: [TopicPartitionOffset(topic: "words", partition: 0, offset: .at(1))],
                group: try ConsumerGroupMetadata(groupID: "zombies")
            )
        }
        #expect(failure?.code.exitCode == 75, "\(String(describing: failure))")
        sink.close(timeout: .seconds(2))
    }

    /// The brokers forget a transactional id that was not used for a week: the work is done again, and the id taken
    /// anew.
    @Test(arguments: [MockCluster.Request.addPartitionsToTransaction, .addOffsetsToTransaction, .endTransaction])
    func aForgottenTransactionalIDIsTakenAnew(_ request: MockCluster.Request) throws {
        let sink = try sink("forgotten")
        cluster.fail(request, with: [.invalidProducerIDMapping])
        func work() throws {
            try send("kept", through: sink)
            try sink.commit(
                offsets: [TopicPartitionOffset(topic: "words", partition: 0, offset: .at(1))],
                group: try ConsumerGroupMetadata(groupID: "forgotten")
            )
        }
        let aborted = #expect(throws: TransactionAborted.self) { try work() }
        // Where partitions are refused librdkafka says of the call under way only that it does not fit.
        if request != .addPartitionsToTransaction { #expect(aborted?.cause.code == .invalidProducerIDMapping) }
        try work()
        // The mock cluster shows what was aborted too.
        #expect(Set(try read("words")) == ["kept"])
        sink.close(timeout: .seconds(5))
    }

    // MARK: - Leaving

    /// Where a worker is when it is asked to leave.
    enum Place: String, CaseIterable, Sendable {
        case topicCheck, takeOver, restore, running
    }

    @Test(arguments: Place.allCases)
    func aWorkerLeavesAtOnce(_ place: Place) throws {
        switch place {
        case .topicCheck: for broker in 1...3 { try cluster.stop(broker: broker) }
        case .takeOver: cluster.fail(.initProducerID, with: Array(repeating: Self.coordinatorLoading, count: 5000))
        case .restore:
            let feeder = try sink("feeder")
            for number in 0..<10 { try send("a/\(number)", to: "totals", through: feeder) }
            try feeder.commit(offsets: [], group: nil)
            feeder.close(timeout: .seconds(5))
            cluster.fail(.fetch, with: Array(repeating: Self.notEnoughReplicas, count: 100_000))
        case .running: break
        }
        let worker = MockWorker(Total(), kafka: kafka)
        let awaited =
            [Place.topicCheck: "looking", .takeOver: "taking", .restore: "restoring", .running: ""][place] ?? ""
        #expect(worker.waits(for: awaited), "the worker is at: \(worker.metrics.notReady ?? "ready")")
        Thread.sleep(forTimeInterval: 1)
        worker.worker.stop()
        #expect(worker.ends(within: .seconds(12)), "still at: \(worker.metrics.notReady ?? "ready")")
        #expect(worker.failure == nil)
    }

    // MARK: - The group

    @Test func aRebalanceDuringTheRestoreIsAnswered() throws {
        let feeder = try sink("feeder")
        for number in 0..<10 { try send("a/\(number)", to: "totals", partition: Int32(number % 2), through: feeder) }
        try feeder.commit(offsets: [], group: nil)
        feeder.close(timeout: .seconds(5))
        cluster.fail(.fetch, with: Array(repeating: Self.notEnoughReplicas, count: 100_000))
        let worker = MockWorker(Total(), kafka: kafka)
        #expect(worker.waits(for: "restoring"))

        // Another member comes: it gets its share although the restore goes nowhere.
        var configuration = kafka
        configuration["group.id"] = worker.group
        let second = try Consumer(configuration, logger: logger)
        try second.subscribe(["words"])
        var share: [TopicPartition] = []
        var batch = RecordBatch(capacity: 10)
        let deadline = ContinuousClock.now + .seconds(30)
        while share.isEmpty, ContinuousClock.now < deadline {
            _ = try? second.poll(&batch, timeout: .milliseconds(50))
            while let event = second.nextRebalance() {
                guard case .assigned(let partitions) = event else { continue }
                share = partitions
                try second.assign([])
            }
        }
        #expect(share.count == 1)
        cluster.clearFailures(.fetch)
        #expect(
            worker.waits(for: ""),
            "the worker is at: \(worker.metrics.notReady ?? "ready"), \(worker.failure ?? "")"
        )
        #expect(worker.metrics.figures.tasks == 1)

        // A member that does not poll any more is put out, and the worker takes its partition.
        second.close(timeout: .seconds(5))
        #expect(worker.eventually { worker.metrics.figures.tasks == 2 })
        worker.worker.stop()
        #expect(worker.ends(within: .seconds(12)))
        #expect(worker.failure == nil)
    }

    /// A static member that dies says nothing: the group finds out when its session is over, and gives its partitions
    /// to the worker.
    @Test func aMemberThatDiedIsEvicted() throws {
        let worker = MockWorker(Total(), kafka: kafka)
        #expect(worker.waits(for: ""))
        var configuration = kafka
        configuration["group.id"] = worker.group
        configuration["group.instance.id"] = "dead"
        configuration["session.timeout.ms"] = "6000"
        // Where it is not polled it sends no heartbeats, as if it were dead.
        configuration["max.poll.interval.ms"] = "6000"
        configuration["heartbeat.interval.ms"] = "300"
        let dead = try Consumer(configuration, logger: logger)
        try dead.subscribe(["words"])
        var share: [TopicPartition] = []
        var batch = RecordBatch(capacity: 10)
        let deadline = ContinuousClock.now + .seconds(30)
        while share.isEmpty, ContinuousClock.now < deadline {
            _ = try? dead.poll(&batch, timeout: .milliseconds(50))
            while let event = dead.nextRebalance() {
                guard case .assigned(let partitions) = event else { continue }
                share = partitions
                try dead.assign(partitions.map { TopicPartitionOffset($0, .beginning) })
            }
        }
        #expect(share.count == 1)
        #expect(worker.eventually { worker.metrics.figures.tasks == 1 })
        // What comes for the dead member's partition meanwhile is not lost.
        let feeder = try sink("feeder")
        for number in 0..<10 { try send("a/w/\(number)", partition: Int32(number % 2), through: feeder) }
        try feeder.commit(offsets: [], group: nil)
        feeder.close(timeout: .seconds(5))
        #expect(worker.eventually { worker.metrics.figures.tasks == 2 && worker.metrics.figures.processed >= 10 })
        worker.worker.stop()
        #expect(worker.ends(within: .seconds(12)))
        #expect(worker.failure == nil)
        dead.close(timeout: .seconds(1))
    }

    /// A record that is larger than a fetch may be comes all the same, alone.
    @Test func fetchLimitsDelayAndLoseNothing() throws {
        let feeder = try sink("feeder")
        for number in 0..<40 {
            try send(
                "\(number)/" + String(repeating: "x", count: number % 3 == 0 ? 20_000 : 10),
                partition: Int32(number % 2),
                through: feeder
            )
        }
        try feeder.commit(offsets: [], group: nil)
        feeder.close(timeout: .seconds(5))
        var kafka = kafka
        kafka["fetch.max.bytes"] = "4096"
        kafka["message.max.bytes"] = "4096"
        kafka["max.partition.fetch.bytes"] = "1024"
        kafka["enable.partition.eof"] = "true"
        let consumer = try Consumer(kafka, logger: logger)
        defer { consumer.close(timeout: .seconds(5)) }
        try consumer.assign((0..<2).map { TopicPartitionOffset(topic: "words", partition: $0, offset: .beginning) })
        var batch = RecordBatch(capacity: 100)
        var found: [String] = []
        let deadline = ContinuousClock.now + .seconds(30)
        while found.count < 40, ContinuousClock.now < deadline {
            try consumer.poll(&batch, timeout: .milliseconds(100))
            for index in 0..<batch.count {
                found.append(
                    String(String(decoding: batch[index].detach().value ?? [], as: UTF8.self).split(separator: "/")[0])
                )
            }
        }
        #expect(found.sorted() == (0..<40).map { "\($0)" }.sorted())
    }

    @Test func aGroupsCoordinatorThatMovesIsFollowed() throws {
        let worker = MockWorker(Total(), kafka: kafka)
        try cluster.moveCoordinator(ofGroup: worker.group, to: 2)
        #expect(worker.waits(for: ""))
        let feeder = try sink("feeder")
        for round in 0..<3 {
            try cluster.moveCoordinator(ofGroup: worker.group, to: 1 + round)
            try send("a/w/\(round)", through: feeder)
            try feeder.commit(offsets: [], group: nil)
            #expect(worker.eventually { worker.metrics.figures.processed == round + 1 })
        }
        feeder.close(timeout: .seconds(5))
        worker.worker.stop()
        #expect(worker.ends(within: .seconds(12)))
        #expect(worker.failure == nil)
    }
}

/// A worker on the mock cluster, on a thread of its own.
private final class MockWorker: Sendable {
    let worker: Worker
    let metrics: WorkerMetrics
    let group: String
    private let end = Mutex<(isOver: Bool, failure: String?)>((false, nil))

    init(_ stage: any Stage, kafka: KafkaConfiguration) {
        var kafka = kafka
        kafka["session.timeout.ms"] = "6000"
        kafka["heartbeat.interval.ms"] = "300"
        let configuration = WorkerConfiguration(
            kafka: kafka,
            instance: "1",
            namespace: "mock",
            progressTopic: TallyTopology.progress,
            completionType: TallyTopology.completionType
        )
        group = configuration.group(of: stage.name)
        metrics = WorkerMetrics(stage: stage.name, instance: "1")
        worker = Worker(
            stage: stage,
            configuration: configuration,
            metrics: metrics,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        Thread { [self] in
            let failure: String? =
                switch Result(catching: { try worker.run() }) {
                case .success: nil
                case .failure(let error): "\(error)"
                }
            end.withLock { $0 = (true, failure) }
        }
        .start()
    }

    var failure: String? { end.withLock { $0.failure } }

    func eventually(within limit: Duration = .seconds(30), _ condition: () -> Bool) -> Bool {
        Neighbour.wait(within: limit, condition)
    }

    /// Waits until the worker says that it is here; empty for ready.
    func waits(for place: String) -> Bool {
        eventually { place.isEmpty ? metrics.isReady : metrics.notReady?.hasPrefix(place) == true }
    }

    func ends(within limit: Duration) -> Bool {
        eventually(within: limit) { end.withLock { $0.isOver } }
    }
}
