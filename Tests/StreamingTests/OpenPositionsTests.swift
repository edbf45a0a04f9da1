import Foundation
import Kafka
import Logging
import SwiftProtobuf
import Testing

@testable import Streaming

/// Transactions that are open in the topic of positions while a worker starts.
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

    private func send(
        _ key: String,
        _ value: [UInt8],
        to topic: String,
        _ type: String,
        through sink: TransactionalSink
    ) throws {
        let key = Array(key.utf8)
        try sink.send(topic: topic, partition: 0, key: key.span, value: value.span, eventType: type, cause: "")
    }

    private func totals(_ prefix: String) throws -> [String] {
        try read(prefix + "totals", partitions: 1).filter { $0.key == Array("a/w".utf8) }
            .map { String(decoding: $0.value ?? [], as: UTF8.self) }
    }

    /// Another stage's open transaction delays nothing, and the worker still finds what was forged while it was down.
    ///
    /// One that may hold the stage's own positions is awaited.
    @Test(arguments: [true, false]) func anOpenTransactionHidesNoFault(_ isOwn: Bool) throws {
        let prefix = "tally\(UInt32.random(in: .min ... .max))."
        try makeTopics(prefix, 1)
        var configuration = configuration(prefix)
        let positions = PositionsTopic(name: prefix + "positions", eventType: "position")
        let admin = try Admin(configuration.kafka, logger: logger)
        let topic = NewTopic(name: positions.name, partitions: 1, replication: 1)
        #expect(try admin.createTopics([topic], timeout: .seconds(20)).isEmpty)
        configuration.positions = positions
        let feeder = try sink(prefix, "feeder")
        defer { feeder.close(timeout: .seconds(5)) }
        try send("a/w/1", Array("5".utf8), to: prefix + "words", "word", through: feeder)
        for topic in ["words", "notes"] {
            let marker = try CompletionMarker.encode(
                scope: "a",
                stage: CompletionMarker.operatorStage,
                partition: 0,
                partitions: 1
            )
            try send(marker.key, marker.value, to: prefix + topic, TallyTopology.completionType, through: feeder)
        }
        try feeder.commit(offsets: [], group: nil)
        let stage = Prefixed(base: Total(), prefix: prefix)
        var worker = RunningWorker(stage, instance: "1", configuration: configuration)
        #expect(try eventually { try totals(prefix) == ["5"] })
        #expect(worker.stop())

        try send("a/w", Array("999".utf8), to: prefix + "totals", "total", through: feeder)
        try feeder.commit(offsets: [], group: nil)
        let group = configuration.group(of: isOwn ? "total" : "spread")
        var position = Streaming_V1_Position()
        position.offset = 3
        let other = try sink(prefix, "other")
        defer { other.close(timeout: .seconds(5)) }
        let key = "\(group)/\(prefix)\(isOwn ? "words" : "entries")/0"
        try send(key, try position.serializedBytes(), to: positions.name, "position", through: other)
        // Until it has reached the broker.
        Thread.sleep(forTimeInterval: 2)
        worker = RunningWorker(stage, instance: "1", configuration: configuration)
        if isOwn {
            #expect(try eventually { worker.metrics.notReady == "reading its positions" })
            Thread.sleep(forTimeInterval: 3)
            #expect(worker.metrics.notReady == "reading its positions", "its newest positions may be hidden")
            try other.abort()
        }
        #expect(try eventually(20) { worker.metrics.isReady }, "\(worker.metrics.notReady ?? "")")
        #expect(try eventually { try totals(prefix) == ["5", "999", "5"] })
        #expect(worker.metrics.figures.mended == 1)
        if !isOwn { try other.abort() }
        #expect(worker.stop())
        #expect(worker.failure == nil)
    }
}
