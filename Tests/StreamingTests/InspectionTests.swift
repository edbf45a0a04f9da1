import Foundation
import Kafka
import Logging
import SwiftProtobuf
import Synchronization
import Testing

@testable import Streaming

/// Topics that no stage reads: what they do not hold is found, whoever wrote it, and nothing else is touched.
@Suite(.timeLimit(.minutes(30))) struct InspectionTests {
    private static let quarantine = QuarantineTopic(name: "quarantine", eventType: "quarantined")
    private static let completion = "completion"

    private let cluster: MockCluster
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    init() throws {
        cluster = try MockCluster(brokers: 1)
        for (name, partitions) in [("letters", 2), ("progress", 1), (Self.quarantine.name, 1)] {
            try cluster.createTopic(name, partitions: partitions, replication: 1)
        }
    }

    private var kafka: KafkaConfiguration { KafkaConfiguration(bootstrapServers: cluster.bootstrapServers) }

    private func put(_ records: [(topic: String, partition: Int32, key: String?, value: [UInt8]?, type: String?)])
        throws
    {
        let producer = try Producer(kafka, logger: logger)
        defer { producer.close(timeout: .seconds(5)) }
        for record in records {
            let headers = MessageHeaders()
            if let type = record.type { headers.append("ce_type", type) }
            let key = Array((record.key ?? "").utf8)
            let value = record.value ?? []
            try producer.produce(
                producer.topic(record.topic),
                partition: record.partition,
                key: record.key == nil ? nil : key.span,
                value: record.value == nil ? nil : value.span,
                headers: headers
            )
        }
        try producer.flush(timeout: .seconds(20))
    }

    private func quarantined(_ count: Int) throws -> [Streaming_V1_Quarantined] {
        let consumer = try Consumer(kafka, logger: logger)
        defer { consumer.close(timeout: .seconds(5)) }
        try consumer.assign([TopicPartitionOffset(topic: Self.quarantine.name, partition: 0, offset: .beginning)])
        var batch = RecordBatch(capacity: 100)
        var found: [Streaming_V1_Quarantined] = []
        var deadline = ContinuousClock.now + .seconds(20)
        while ContinuousClock.now < deadline {
            try consumer.poll(&batch, timeout: .milliseconds(100))
            for index in 0..<batch.count {
                let record = batch[index].detach()
                let entry = try Streaming_V1_Quarantined(serializedBytes: record.value ?? [])
                #expect(record.key == Array("\(entry.topic)/\(entry.partition)/\(entry.offset)/inspection".utf8))
                found.append(entry)
            }
            // A little longer than needed: what is too much comes too.
            if found.count == count { deadline = min(deadline, .now + .milliseconds(500)) }
        }
        return found
    }

    private func inspection(_ metrics: WorkerMetrics) -> Inspection {
        Inspection(
            [
                InspectedTopic(.partitioned("letters", eventType: "letter", isTable: true)) { record in
                    guard record.value?.count == 1 else { throw UnusableRecord("more than a letter") }
                },
                InspectedTopic(.broadcast("progress", eventType: Self.completion, isTable: true), holdsMarkers: true) {
                    _ in
                    throw UnusableRecord("no marker", code: .notMarker)
                },
            ],
            quarantine: Self.quarantine,
            configuration: WorkerConfiguration(
                kafka: kafka,
                instance: "1",
                namespace: "n",
                progressTopic: "progress",
                completionType: Self.completion
            ),
            metrics: metrics,
            logger: logger
        )
    }

    /// Runs an inspection until its condition holds, then ends it.
    private func run(_ inspection: Inspection, until condition: () throws -> Bool) throws {
        let outcome = Mutex<Result<Void, any Error>?>(nil)
        let thread = Thread { outcome.withLock { $0 = Result { try inspection.run() } } }
        thread.start()
        let deadline = ContinuousClock.now + .seconds(30)
        while try !condition(), ContinuousClock.now < deadline { Thread.sleep(forTimeInterval: 0.05) }
        inspection.stop()
        while outcome.withLock({ $0 == nil }), ContinuousClock.now < deadline { Thread.sleep(forTimeInterval: 0.05) }
        try #require(outcome.withLock { $0 }).get()
    }

    @Test func findsEachStrangerOnceAndNothingElse() throws {
        let (key, marker) = try CompletionMarker.encode(scope: "2019", stage: "s", partition: 0, partitions: 1)
        let (a, b, bb) = (Array("a".utf8), Array("b".utf8), Array("bb".utf8))
        try put([
            ("letters", 0, "a", a, "letter"), ("letters", 0, key, marker, Self.completion),
            ("progress", 0, key, marker, Self.completion),
            // A producer that warms up.
            ("progress", 0, "warm", nil, "warm-up"),
            ("letters", 0, "b", bb, "letter"), ("letters", 0, "b", b, "letter.v2"), ("letters", 0, "b", b, nil),
            ("letters", 1, "b", nil, "letter"),
            ("letters", 1, nil, b, "letter"), ("letters", 1, "~2019/s/1", marker, Self.completion),
            ("progress", 0, "b", b, Self.completion),
            ("progress", 0, key, b, Self.completion), ("progress", 0, key, marker, "letter"),
        ])
        let metrics = WorkerMetrics(stage: "s", instance: "1")
        try run(inspection(metrics)) { metrics.figures.unusable == 9 }
        let expected = [
            "letters/0/2 makes_no_sense", "letters/0/3 foreign_type", "letters/0/4 headers_missing",
            "letters/1/0 tombstone", "letters/1/1 key_missing",
            "letters/1/2 not_a_marker", "progress/0/2 not_a_marker", "progress/0/3 not_a_marker",
            "progress/0/4 foreign_type",
        ]
        let found = try quarantined(9)
        #expect(found.map { "\($0.topic)/\($0.partition)/\($0.offset) \($0.code)" }.sorted() == expected)
        #expect(found.allSatisfy { $0.stage == "inspection" && $0.hasContent_p && !$0.reason.isEmpty })
        #expect(metrics.figures.quarantined.values.reduce(0, +) == 9)
    }

    @Test func goesOnWhereItHadCome() throws {
        try put([("letters", 0, "b", Array("bb".utf8), "letter")])
        let metrics = WorkerMetrics(stage: "s", instance: "1")
        let committed = try Consumer(
            {
                var kafka = kafka
                kafka["group.id"] = "n.inspection"
                return kafka
            }(),
            logger: logger
        )
        defer { committed.close(timeout: .seconds(5)) }
        let place = TopicPartition(topic: "letters", partition: 0)
        try run(inspection(metrics)) { try committed.committed([place], timeout: .seconds(5)).first?.offset.value == 1 }
        try put([("letters", 0, "c", Array("cc".utf8), "letter")])
        let again = WorkerMetrics(stage: "s", instance: "1")
        try run(inspection(again)) { again.figures.unusable > 0 }
        #expect(metrics.figures.unusable == 1 && again.figures.unusable == 1)
        #expect(try quarantined(2).map(\.offset) == [0, 1])
    }

    @Test func aTopicThatIsMissingIsNamed() throws {
        var configuration = WorkerConfiguration(
            kafka: kafka,
            instance: "1",
            namespace: "n",
            progressTopic: "progress",
            completionType: Self.completion
        )
        configuration.brokerTimeout = .seconds(1)
        let inspection = Inspection(
            [InspectedTopic(.partitioned("nowhere", eventType: "letter")) { _ in }],
            quarantine: Self.quarantine,
            configuration: configuration,
            metrics: WorkerMetrics(stage: "s", instance: "1"),
            logger: logger
        )
        let error = #expect(throws: RuntimeError.self) { try inspection.run() }
        #expect(error?.code.exitCode == 78 && error?.message.contains("nowhere") == true)
    }
}
