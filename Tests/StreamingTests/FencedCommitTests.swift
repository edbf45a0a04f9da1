import Foundation
import Kafka
import Logging
import Testing

@testable import Streaming

/// A worker that was frozen and replaced publishes nothing more: each of its transactions carries offsets, by which the
/// group's coordinator notices that its partitions are another's.
@Suite(.timeLimit(.minutes(30))) struct FencedCommitTests {
    private static let positions = PositionsTopic(name: "positions", eventType: "position")
    private static let quarantine = QuarantineTopic(name: "quarantine", eventType: "quarantined")
    private let cluster: MockCluster
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    private let place = TopicPartition(topic: "entries", partition: 0)

    init() throws {
        cluster = try MockCluster(brokers: 1)
        for (name, partitions) in TallyTopology.topics(1) {
            try cluster.createTopic(name, partitions: Int(partitions))
        }
        for name in [Self.positions.name, Self.quarantine.name] { try cluster.createTopic(name, partitions: 1) }
    }

    private var kafka: KafkaConfiguration { KafkaConfiguration(bootstrapServers: cluster.bootstrapServers) }

    private var configuration: WorkerConfiguration {
        var configuration = WorkerConfiguration(
            kafka: kafka,
            instance: "1",
            namespace: "fence",
            progressTopic: TallyTopology.progress,
            completionType: TallyTopology.completionType
        )
        configuration.positions = Self.positions
        configuration.quarantine = Self.quarantine
        return configuration
    }

    /// A worker's loop that has its clients and does not run.
    private func loop(_ stage: any Stage) throws -> WorkerLoop {
        try WorkerLoop(
            stage: stage,
            configuration: configuration,
            metrics: WorkerMetrics(stage: stage.name, instance: "1"),
            logger: logger,
            shouldStop: { false }
        )
    }

    private func close(_ loop: WorkerLoop) {
        loop.consumer.close(timeout: .seconds(5))
        loop.surveyor.close(timeout: .seconds(5))
        loop.sink.close(timeout: .seconds(5))
    }

    /// Writes from outside: what is to be done, and that the stage is asked to rebuild.
    private func prepare(_ stage: String, _ write: (TransactionalSink) throws -> Void) throws {
        let feeder = try TransactionalSink(
            kafka: kafka,
            transactionalID: "feeder",
            memoryTopic: TallyTopology.progress,
            source: "/test",
            logger: logger
        )
        defer { feeder.close(timeout: .seconds(5)) }
        try write(feeder)
        try Self.positions.askForRebuild(of: configuration.group(of: stage), partitions: 1, into: feeder)
        try feeder.commit(offsets: [], group: nil)
    }

    private func enter(_ count: Int, through sink: TransactionalSink) throws {
        for id in 0..<count {
            let (key, value) = (Array("e\(id)".utf8), Array("a w \(id)".utf8))
            try sink.send(topic: "entries", partition: 0, key: key.span, value: value.span, eventType: "", cause: "")
        }
    }

    /// Spreads entries, and publishes them again from the sources in a rebuild.
    private struct Anew: Stage {
        let name = "anew"
        let sources = Spread().sources
        let outputs = Spread().outputs
        let rebuildsFromSources = true
        /// Called for each record of the second reading.
        let again: @Sendable () -> Void

        func makeTask(_ context: TaskContext) -> any StageTask { Task(context, again) }

        private final class Task: StageTask {
            private let base: Spread.Task
            private let again: @Sendable () -> Void

            init(_ context: TaskContext, _ again: @escaping @Sendable () -> Void) {
                base = Spread.Task(context)
                self.again = again
            }

            func fold(_ record: InputRecord, output: TaskOutput) throws { try base.fold(record, output: output) }
            func complete(scope: String) {}
            func flush(output: TaskOutput) {}
            func publishAgain(_ record: InputRecord, output: TaskOutput) throws {
                try base.fold(record, output: output)
                again()
            }
        }
    }

    /// The note that a rebuild begins is the first piece that it commits.
    @Test func theBeginningOfARebuildIsFenced() throws {
        try prepare("anew") { try enter(3, through: $0) }
        let loop = try loop(Anew {})
        defer { close(loop) }
        try loop.handle(.assigned([place]))
        cluster.fail(.transactionOffsetCommit, with: [.illegalGeneration])
        let aborted = #expect(throws: TransactionAborted.self) { try loop.takeUp([place]) }
        #expect(aborted?.cause.code == .illegalGeneration)
    }

    /// A rebuild commits what it has published every second, before it has read everything.
    @Test func aPieceOfARebuildIsFenced() throws {
        try prepare("anew") { try enter(3, through: $0) }
        let cluster = cluster
        let loop = try loop(
            Anew {
                cluster.clearFailures(.transactionOffsetCommit)
                cluster.fail(.transactionOffsetCommit, with: [.illegalGeneration])
                Thread.sleep(forTimeInterval: 0.5)
            }
        )
        defer { close(loop) }
        try loop.handle(.assigned([place]))
        let aborted = #expect(throws: TransactionAborted.self) { try loop.takeUp([place]) }
        #expect(aborted?.cause.code == .illegalGeneration)
    }

    /// While a rebuild waits for its sources, a record for quarantine is committed without progress.
    @Test func aCommitWithoutProgressIsFenced() throws {
        let words = TopicPartition(topic: "words", partition: 0)
        try prepare("total") { sink in
            // It had published a scope that its sources do not have any more.
            let marker = try CompletionMarker.encode(scope: "a", stage: "total", partition: 0, partitions: 1)
            let key = Array(marker.key.utf8)
            try sink.send(
                topic: TallyTopology.progress,
                partition: 0,
                key: key.span,
                value: marker.value.span,
                eventType: TallyTopology.completionType,
                cause: ""
            )
        }
        let loop = try loop(Total())
        defer { close(loop) }
        try loop.handle(.assigned([words]))
        try loop.takeUp([words])
        let runner = try #require(loop.runners[0])
        #expect(runner.waitsFor == "a")
        func refuse(_ offset: Int64) {
            let record = OwnedRecord(topic: "words", partition: 0, offset: offset, key: [1], value: [2], headers: [])
            runner.quarantine(record, Refusal(code: .makesNoSense, reason: "garbage"))
        }
        refuse(0)
        try loop.commit()
        refuse(1)
        cluster.fail(.transactionOffsetCommit, with: [.illegalGeneration])
        let aborted = #expect(throws: TransactionAborted.self) { try loop.commit() }
        #expect(aborted?.cause.code == .illegalGeneration)
    }

    /// What is repeated is the offset that stands; it moves with each commit that moves it.
    @Test func theOffsetThatIsRepeatedIsTheGroups() throws {
        try prepare("spread") { try enter(5, through: $0) }
        var kafka = kafka
        kafka["group.id"] = configuration.group(of: "plain")
        let member = try Consumer(kafka, logger: logger)
        try member.commit([TopicPartitionOffset(place, .at(2))], timeout: .seconds(10))
        member.close(timeout: .seconds(5))
        struct Plain: Stage {
            let name = "plain"
            let sources = Spread().sources
            let outputs = Spread().outputs
            func makeTask(_ context: TaskContext) -> any StageTask { Spread.Task(context) }
        }
        let loop = try loop(Plain())
        defer { close(loop) }
        try loop.handle(.assigned([place]))
        try loop.takeUp([place])
        #expect(loop.fence == TopicPartitionOffset(place, .at(2)))
        let runner = try #require(loop.runners[0])
        runner.advance(source: 0, to: 4)
        try loop.commit()
        #expect(loop.fence == TopicPartitionOffset(place, .at(4)))
        // A group that has read nothing yet repeats its beginning, which counts as nothing.
        let fresh = try self.loop(Spread())
        defer { close(fresh) }
        try fresh.handle(.assigned([place]))
        try fresh.takeUp([place])
        #expect(fresh.fence == TopicPartitionOffset(place, .at(0)))
    }
}
