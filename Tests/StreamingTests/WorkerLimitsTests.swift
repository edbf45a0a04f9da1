import Foundation
import Kafka
import Logging
import SwiftProtobuf
import Synchronization
import Testing

@testable import Streaming

/// What a worker does not do before its time, or beyond its means.
extension WorkerTests {
    private func sink(_ prefix: String, _ name: String) throws -> TransactionalSink {
        try TransactionalSink(
            kafka: configuration(prefix).kafka,
            transactionalID: prefix + name,
            memoryTopic: prefix + TallyTopology.progress,
            source: "/test",
            logger: logger
        )
    }

    private func send(_ key: String, _ value: String, to topic: String, through sink: TransactionalSink) throws {
        let key = Array(key.utf8)
        let value = Array(value.utf8)
        try sink.send(topic: topic, partition: 0, key: key.span, value: value.span, eventType: "word", cause: "")
    }

    private func close(_ prefix: String, through sink: TransactionalSink) throws {
        for topic in ["words", "notes"] {
            let marker = try CompletionMarker.encode(
                scope: "a",
                stage: CompletionMarker.operatorStage,
                partition: 0,
                partitions: 1
            )
            let key = Array(marker.key.utf8)
            try sink.send(
                topic: prefix + topic,
                partition: 0,
                key: key.span,
                value: marker.value.span,
                eventType: TallyTopology.completionType,
                cause: ""
            )
        }
    }

    private func published(_ prefix: String) throws -> [String] {
        try read(prefix + "totals", partitions: 1)
            .filter { $0.key.map { String(decoding: $0, as: UTF8.self) } == "a/w" }
            .map { String(decoding: $0.value ?? [], as: UTF8.self) }
    }

    /// A worker that is behind publishes nothing of what lies between: a table's records there may have been compacted
    /// away, one by one.
    @Test func publishesNothingBeforeItHasCaughtUp() throws {
        let prefix = "tally\(UInt32.random(in: .min ... .max))."
        try makeTopics(prefix, 1)
        var configuration = configuration(prefix)
        configuration.commitInterval = .milliseconds(1)
        let stage = Prefixed(base: Total(), prefix: prefix, areTables: true)
        let feeder = try sink(prefix, "feeder")
        defer { feeder.close(timeout: .seconds(5)) }
        try send("a/w/1", "1", to: prefix + "words", through: feeder)
        try close(prefix, through: feeder)
        try feeder.commit(offsets: [], group: nil)
        var worker = RunningWorker(stage, instance: "1", configuration: configuration)
        #expect(try eventually { try published(prefix) == ["1"] })
        #expect(worker.stop())
        // Far more than one poll brings, in transactions of their own.
        for number in 2...60_000 {
            try send("a/w/1", "\(number)", to: prefix + "words", through: feeder)
            if number % 2000 == 0 { try feeder.commit(offsets: [], group: nil) }
        }
        worker = RunningWorker(stage, instance: "1", configuration: configuration)
        #expect(try eventually { try published(prefix).last == "60000" })
        #expect(try published(prefix) == ["1", "60000"])
        // From then on each change is.
        try send("a/w/1", "7", to: prefix + "words", through: feeder)
        try feeder.commit(offsets: [], group: nil)
        #expect(try eventually { try published(prefix) == ["1", "60000", "7"] })
        #expect(worker.stop())
        #expect(worker.failure == nil)
    }

    @Test func takesNoMoreThanMemoryAllows() throws {
        let prefix = "tally\(UInt32.random(in: .min ... .max))."
        try makeTopics(prefix, 1)
        var configuration = configuration(prefix)
        let held = Mutex(100)
        configuration.memoryLimit = MemoryLimit(bytes: 1000) { held.withLock { $0 } }
        let stage = Prefixed(base: Total(), prefix: prefix)
        let feeder = try sink(prefix, "feeder")
        defer { feeder.close(timeout: .seconds(5)) }
        let worker = RunningWorker(stage, instance: "1", configuration: configuration)
        #expect(try eventually { worker.metrics.isReady })
        try send("a/w/1", "1", to: prefix + "words", through: feeder)
        try feeder.commit(offsets: [], group: nil)
        #expect(try eventually { worker.metrics.figures.processed == 1 })

        held.withLock { $0 = 930 }
        #expect(try eventually { worker.metrics.notReady?.contains("memory is used up") == true })
        try send("a/w/2", "2", to: prefix + "words", through: feeder)
        try feeder.commit(offsets: [], group: nil)
        Thread.sleep(forTimeInterval: 2)
        #expect(worker.metrics.figures.processed == 1)
        // Not enough room yet to take more.
        held.withLock { $0 = 860 }
        Thread.sleep(forTimeInterval: 2)
        #expect(worker.metrics.figures.processed == 1)
        held.withLock { $0 = 500 }
        #expect(try eventually { worker.metrics.figures.processed == 2 && worker.metrics.isReady })
        #expect(worker.stop())

        held.withLock { $0 = 990 }
        let restored = RunningWorker(stage, instance: "1", configuration: configuration)
        #expect(try eventually { restored.failure != nil })
        #expect(restored.failure?.contains("restoring needs more memory") == true, "\(restored.failure ?? "")")
        #expect(restored.metrics.figures.processed == 0)
    }

    /// A worker that was full has let go of tasks when it restores others: only what it holds now counts.
    @Test func aRestoreBeginsWithRoom() throws {
        let prefix = "tally\(UInt32.random(in: .min ... .max))."
        try makeTopics(prefix, 2)
        var configuration = configuration(prefix)
        let held = Mutex(100)
        configuration.memoryLimit = MemoryLimit(bytes: 1000) { held.withLock { $0 } }
        let stage = Prefixed(base: Total(), prefix: prefix)
        let worker = RunningWorker(stage, instance: "1", configuration: configuration)
        #expect(try eventually { worker.metrics.isReady && worker.metrics.figures.tasks == 2 })
        let other = RunningWorker(stage, instance: "2", configuration: self.configuration(prefix))
        #expect(
            try eventually { worker.metrics.figures.tasks == 1 && other.metrics.figures.tasks == 1 },
            "\(worker.metrics.figures.tasks) \(other.metrics.figures.tasks)"
        )
        held.withLock { $0 = 930 }
        #expect(try eventually { worker.metrics.notReady?.contains("memory is used up") == true })
        // Not enough room to read on, and enough for the other's task.
        held.withLock { $0 = 860 }
        other.leave()
        #expect(
            try eventually { worker.failure != nil || worker.metrics.figures.tasks == 2 && worker.metrics.isReady },
            "\(worker.metrics.notReady ?? "")"
        )
        #expect(worker.failure == nil)
        #expect(worker.stop())
    }

    /// The brokers forget the offsets of a group without members after a week; the stage then goes on where it was and
    /// repeats nothing.
    ///
    /// Another group stands for the forgotten one, as static members keep theirs from being deleted.
    @Test(arguments: [true, false])
    func goesOnWhereItWasWhenTheBrokersForget(_ isRemembered: Bool) throws {
        let prefix = "tally\(UInt32.random(in: .min ... .max))."
        try makeTopics(prefix, 1)
        var configuration = configuration(prefix)
        let positions = PositionsTopic(name: prefix + "positions", eventType: "position")
        let admin = try Admin(configuration.kafka, logger: logger)
        #expect(
            try admin.createTopics(
                [NewTopic(name: positions.name, partitions: 1, replication: 1)],
                timeout: .seconds(20)
            )
            .isEmpty
        )
        configuration.positions = positions
        // Without memory of what it published: it can only tell by the offsets.
        let stage = Prefixed(base: Spread(), prefix: prefix)
        let feeder = try sink(prefix, "feeder")
        defer { feeder.close(timeout: .seconds(5)) }
        func words() throws -> [String] {
            try read(prefix + "words", partitions: 1).compactMap { $0.key.map { String(decoding: $0, as: UTF8.self) } }
        }
        for id in 0..<3 { try send("e\(id)", "a w \(id)", to: prefix + "entries", through: feeder) }
        try feeder.commit(offsets: [], group: nil)
        var worker = RunningWorker(stage, instance: "1", configuration: configuration)
        #expect(try eventually { try words().count == 3 })
        #expect(worker.stop())
        // Beside it stand the ends of what the stage publishes.
        let former = Array("\(configuration.group(of: "spread"))/\(prefix)entries/0".utf8)
        let written = try #require(try read(positions.name, partitions: 1).last { $0.key == former })
        let value = try #require(written.value)
        #expect(try Streaming_V1_Position(serializedBytes: value).offset == 3)

        configuration.namespace = prefix + "again"
        if isRemembered {
            let key = Array("\(configuration.group(of: "spread"))/\(prefix)entries/0".utf8)
            try feeder.send(
                topic: positions.name,
                partition: 0,
                key: key.span,
                value: value.span,
                eventType: "position",
                cause: ""
            )
        }
        try send("e9", "a w 9", to: prefix + "entries", through: feeder)
        try feeder.commit(offsets: [], group: nil)
        worker = RunningWorker(stage, instance: "1", configuration: configuration)
        #expect(try eventually { try words().contains("a/w/e9") })
        #expect(worker.stop())
        #expect(worker.failure == nil)
        let first = (0..<3).map { "a/w/e\($0)" }
        // And this is what it would be without.
        #expect(try words() == first + (isRemembered ? [] : first) + ["a/w/e9"])
    }

    @Test func knowsItsOwnMemory() throws {
        #expect(MemoryLimit.residentOfProcess() > 1 << 20)
        #expect(try #require(MemoryLimit.ofSystem()).bytes > MemoryLimit.residentOfProcess())
    }
}
