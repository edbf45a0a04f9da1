import Foundation
import Kafka
import Logging
import Testing

@testable import Streaming

/// A local broker of the test's own, whose service ends and begins in the middle of a transaction.
private final class OwnBroker {
    /// The binary of the package: of a launcher that is killed it would be left.
    static let program: String? = {
        guard let launcher = ProcessInfo.processInfo.environment["ACCOUNTABILITY_BROKER_BIN"] else { return nil }
        let library = URL(filePath: launcher).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "lib")
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: library.path)) ?? []
        return versions.map { library.appending(path: "\($0)/site-packages/noida_db/noida-db").path }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }()

    let address: String
    private let folder: String
    private let process = Process()

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "broker-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let port = Int.random(in: 20_000..<30_000)
        address = "127.0.0.1:\(port)"
        process.executableURL = URL(filePath: Self.program ?? "")
        process.arguments = ["start", "--only", "kafka", "--kafka-port", "\(port)", "--data-dir", folder]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        try process.run()
    }

    deinit {
        // Not SIGTERM, which a program that a thread of the tests starts may find blocked.
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        try? FileManager.default.removeItem(atPath: folder)
    }

    var kafka: KafkaConfiguration {
        var kafka = KafkaConfiguration(bootstrapServers: address)
        kafka.adaptToLocalBroker()
        kafka["reconnect.backoff.max.ms"] = "500"
        return kafka
    }

    func create(_ topics: [String]) throws {
        let admin = try Admin(kafka, logger: Self.quiet)
        let deadline = ContinuousClock.now + .seconds(60)
        while true {
            do {
                let new = topics.map { NewTopic(name: $0, partitions: 2, replication: 1) }
                let refused = try admin.createTopics(new, timeout: .seconds(5))
                try #require(refused.isEmpty, "\(refused)")
                return
            } catch let error as KafkaError {
                guard ContinuousClock.now < deadline else { throw error }
                Thread.sleep(forTimeInterval: 0.2)
            }
        }
    }

    func service(_ act: String) throws {
        let command = Process()
        command.executableURL = process.executableURL
        command.arguments = [act, "kafka", "--data-dir", folder]
        command.standardOutput = FileHandle.nullDevice
        command.standardError = FileHandle.nullDevice
        try command.run()
        command.waitUntilExit()
        try #require(command.terminationStatus == 0, "the broker did not \(act)")
    }

    /// Where a partition ends for who reads committed records only, and for who reads all.
    func ends(_ place: TopicPartition) throws -> (committed: Int64, written: Int64) {
        func end(_ isolation: String) throws -> Int64 {
            var kafka = kafka
            kafka["group.id"] = "ends"
            kafka["isolation.level"] = isolation
            let consumer = try Consumer(kafka, logger: Self.quiet)
            defer { consumer.close(timeout: .seconds(2)) }
            return try consumer.watermarks(place, timeout: .seconds(10)).high
        }
        return (try end("read_committed"), try end("read_uncommitted"))
    }

    static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
}

@Suite(
    .serialized,
    .enabled(if: OwnBroker.program != nil, "ACCOUNTABILITY_BROKER_BIN is not set; Deploy/test sets it"),
    .timeLimit(.minutes(30))
) struct BrokerStopTests {
    private func send(_ sink: TransactionalSink, _ partition: Int32) throws {
        let bytes = Array("x".utf8)
        try sink.send(
            topic: "t",
            partition: partition,
            key: bytes.span,
            value: bytes.span,
            eventType: "test",
            cause: ""
        )
    }

    /// What is sent of a transaction after the broker has forgotten it is ended too: nobody who reads committed records
    /// waits for it.
    @Test func nothingIsLeftOpenByABrokerThatForgot() throws {
        let broker = try OwnBroker()
        try broker.create(["t", "memory"])
        let sink = try TransactionalSink(
            kafka: broker.kafka,
            transactionalID: "stopped",
            memoryTopic: "memory",
            source: "/test",
            logger: OwnBroker.quiet
        )
        defer { sink.close(timeout: .seconds(2)) }
        for partition: Int32 in 0..<2 { try send(sink, partition) }
        try sink.commit(offsets: [], group: nil)
        for partition: Int32 in 0..<2 { try send(sink, partition) }
        Thread.sleep(forTimeInterval: 1)
        try broker.service("stop")
        Thread.sleep(forTimeInterval: 1)
        try broker.service("start")
        Thread.sleep(forTimeInterval: 2)
        for partition: Int32 in 0..<2 { try send(sink, partition) }
        Thread.sleep(forTimeInterval: 1)
        try sink.abort()
        for partition: Int32 in 0..<2 {
            let ends = try broker.ends(TopicPartition(topic: "t", partition: partition))
            #expect(ends.committed == ends.written, "partition \(partition) is not read to its end")
        }
        // The same sink goes on, and what it commits is seen.
        let before = try broker.ends(TopicPartition(topic: "t", partition: 0)).committed
        try send(sink, 0)
        try sink.commit(offsets: [], group: nil)
        #expect(try broker.ends(TopicPartition(topic: "t", partition: 0)).committed > before)
    }

    /// The broker forgets transactional ids when it stops.
    ///
    /// What a run begins afterwards and leaves open is nevertheless ended by the next run.
    @Test func theNextRunEndsWhatWasBegunAfterTheBrokerForgot() throws {
        let broker = try OwnBroker()
        try broker.create(["t", "memory"])
        func run() throws -> TransactionalSink {
            try TransactionalSink(
                kafka: broker.kafka,
                transactionalID: "stopped",
                memoryTopic: "memory",
                source: "/test",
                logger: OwnBroker.quiet
            )
        }
        let dead = try run()
        defer { dead.close(timeout: .seconds(2)) }
        try send(dead, 0)
        try dead.commit(offsets: [], group: nil)
        try broker.service("stop")
        Thread.sleep(forTimeInterval: 1)
        try broker.service("start")
        Thread.sleep(forTimeInterval: 2)
        // More than one packet, so that some of it is surely sent: this run never ends the transaction.
        for _ in 0..<5000 { try send(dead, 0) }
        Thread.sleep(forTimeInterval: 2)
        let place = TopicPartition(topic: "t", partition: 0)
        let open = try broker.ends(place)
        try #require(open.committed < open.written, "the transaction is not open")
        let next = try run()
        defer { next.close(timeout: .seconds(2)) }
        let ends = try broker.ends(place)
        #expect(ends.committed == ends.written, "it is not read to its end")
    }
}
