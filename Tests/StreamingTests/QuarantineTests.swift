import Crypto
import Foundation
import Kafka
import StreamingTesting
import Testing

@testable import Streaming

/// Garbage in any form: told apart by code, found once for each stage over all faults, and of no effect on anything
/// else.
@Suite struct QuarantineTests {
    private static let topic = QuarantineTopic(name: "quarantine", eventType: "quarantined")

    /// The tally topology with typed sources.
    private struct Typed: Stage {
        let base: any Stage
        var name: String { base.name }
        var sources: [Source] {
            base.sources.map { source in
                let type = ["entries": "entry", "words": "word", "notes": "note", "totals": "total"][source.topic]
                return source.isBroadcast
                    ? .broadcast(source.topic, eventType: type)
                    : .partitioned(source.topic, eventType: type, isTable: source.topic == "words")
            }
        }
        var outputs: [Output] { base.outputs }
        func makeTask(_ context: TaskContext) throws -> any StageTask { try base.makeTask(context) }
    }

    private func driver(_ partitions: Int32, seed: UInt64, _ disturbances: InMemoryDriver.Disturbances = .init()) throws
        -> InMemoryDriver
    {
        var topics = TallyTopology.topics(partitions)
        topics[Self.topic.name] = 1
        return try InMemoryDriver(
            stages: TallyTopology.stages.map { Typed(base: $0) },
            topics: topics,
            progressTopic: TallyTopology.progress,
            completionType: TallyTopology.completionType,
            quarantine: Self.topic,
            seed: seed,
            disturbances: disturbances
        )
    }

    private func quarantined(_ driver: InMemoryDriver) throws -> [Streaming_V1_Quarantined] {
        try (driver.topics[Self.topic.name] ?? []).joined()
            .map { record in
                let value = record.value ?? []
                return try decode(Streaming_V1_Quarantined.self, from: value.span)
            }
    }

    private static func record(_ key: String, _ value: [UInt8]?, _ type: String = "word") -> StoredRecord {
        StoredRecord(key: Array(key.utf8), value: value, eventType: type)
    }

    /// What is wrong, and how it is called.
    private static let garbage: [(record: StoredRecord, code: String)] = [
        (record("a/w/1", Array("1".utf8), "word.v2"), "foreign_type"),
        (record("a/w/1", Array("1".utf8), ""), "headers_missing"),
        (record("", Array("1".utf8)), "key_missing"),
        (record("a/w/1", [UInt8](repeating: 7, count: 1 << 20)), "too_large"),
        (record("nonsense", [1, 2, 3]), "makes_no_sense"),
        (record("nonsense", nil), "makes_no_sense"),
        (record("~a/spread/0", [0xFF], TallyTopology.completionType), "not_a_marker"),
        (record("~a/spread/0", [], "word"), "not_a_marker"),
        (record("~a/spread/0", nil, TallyTopology.completionType), "tombstone"),
        (record("a/w/1", Array("1".utf8), TallyTopology.completionType), "not_a_marker"),
    ]

    @Test func everyKindHasItsCodeAndItsOrigin() throws {
        let driver = try driver(1, seed: 1)
        for (record, _) in Self.garbage { driver.append(record, topic: "words", partition: 0) }
        try driver.run()
        let entries = try quarantined(driver)
        #expect(entries.map(\.code) == Self.garbage.map(\.code))
        #expect(entries.map(\.offset) == Array(0..<Int64(Self.garbage.count)))
        #expect(
            entries.allSatisfy { $0.topic == "words" && $0.partition == 0 && $0.stage == "total" && !$0.reason.isEmpty }
        )
        for (entry, (record, _)) in zip(entries, Self.garbage) {
            #expect(entry.hasValue == (record.value != nil && entry.hasContent_p))
            #expect(entry.sha256 == Data(record.value.map { Array(SHA256.hash(data: $0)) } ?? []))
            #expect(entry.size >= UInt64(record.key.count + (record.value?.count ?? 0)))
            // What is too large for the quarantine is told about all the same.
            #expect(entry.hasContent_p == (record.value?.count ?? 0 < QuarantinedRecord.largestContent))
            if entry.hasContent_p { #expect(entry.value == Data(record.value ?? []) && entry.key == Data(record.key)) }
        }
        let keys = (driver.topics[Self.topic.name] ?? []).joined().map { String(decoding: $0.key, as: UTF8.self) }
        #expect(keys == (0..<Self.garbage.count).map { "words/0/\($0)/total" })
        driver.restartAll()
        try driver.run()
        #expect(try quarantined(driver).count == Self.garbage.count)
    }

    private final class Kept: RecordSink {
        var topics: [String] = []
        func send(
            topic: String,
            partition: Int32,
            key: Span<UInt8>,
            value: Span<UInt8>?,
            eventType: String,
            cause: String
        ) { topics.append(topic) }
    }

    /// It opens no transaction of its own, which would stay open while tables are read; the next commit carries it,
    /// even while a rebuild waits for its sources.
    @Test func goesWithTheNextCommit() throws {
        let sink = Kept()
        let runner = try TaskRunner(
            stage: Total(),
            context: TaskContext(partition: 0, partitions: 1, outputPartitions: [1]),
            sink: sink,
            progressTopic: TallyTopology.progress,
            completionType: TallyTopology.completionType,
            quarantine: Self.topic,
            isRebuilding: true
        )
        let marker = try CompletionMarker.encode(scope: "a", stage: "total", partition: 0, partitions: 1)
        runner.recall(marker: try CompletionMarker.decode(marker.value.span))
        try runner.goLive()
        #expect(runner.waitsFor == "a")
        runner.quarantine(
            OwnedRecord(topic: "words", partition: 0, offset: 0, key: [1], value: [2]),
            Refusal(code: .makesNoSense, reason: "garbage")
        )
        #expect(sink.topics.isEmpty)
        var content = CheckpointContent(ends: [:])
        try content.take(runner, of: Total())
        #expect(sink.topics == [Self.topic.name] && content.offsets.isEmpty)
        try content.take(runner, of: Total())
        #expect(sink.topics.count == 1, "once")
    }

    @Test(arguments: 1...200 as ClosedRange<UInt64>)
    func eachIsFoundOnceWhateverHappens(_ seed: UInt64) throws {
        var disturbances = InMemoryDriver.Disturbances()
        disturbances.crashEvery = 4
        disturbances.abortEvery = 4
        disturbances.repeatEvery = 3
        disturbances.killInFlushEvery = 4
        disturbances.lostAnswerEvery = 4
        disturbances.zombieEvery = 4
        disturbances.killInRestoreEvery = 4
        disturbances.rebalanceEvery = 5
        disturbances.batch = 5
        let driver = try driver(3, seed: seed, disturbances)
        for (index, (record, _)) in Self.garbage.enumerated() where record.value?.count ?? 0 < 1000 {
            driver.append(record, topic: "words", partition: Int32(index % 3))
            driver.append(record, topic: "notes", partition: 0)
            driver.append(Self.record("b/w/\(index)", Array("1".utf8)), topic: "words", partition: Int32(index % 3))
        }
        try driver.run()
        // In a topic that every task reads whole, while nobody runs.
        driver.restartAll()
        driver.append(Self.record("late", [1]), topic: "notes", partition: 0)
        try driver.run()
        driver.restartAll()
        try driver.run()
        let keys = (driver.topics[Self.topic.name] ?? []).joined().map { String(decoding: $0.key, as: UTF8.self) }
        #expect(keys.count == Set(keys).count, "seed \(seed)")
        let inWords = keys.filter { $0.hasPrefix("words/") }
        let inNotes = keys.filter { $0.hasPrefix("notes/0/") }
        #expect(inWords.count == 9 && inNotes.count == 10, "seed \(seed): \(inWords.count), \(inNotes.count)")
    }

    /// Only the newest record of a key stands in a compacted topic: whether the one before was compacted away must make
    /// no difference.
    @Test(arguments: [true, false]) func garbageUnderAKeyTakesItsPlace(_ isCompacted: Bool) throws {
        let driver = try driver(1, seed: 3)
        if !isCompacted { driver.append(Self.record("a/w/1", Array("5".utf8)), topic: "words", partition: 0) }
        driver.append(Self.record("a/w/2", Array("7".utf8)), topic: "words", partition: 0)
        driver.append(Self.record("a/w/1", Array("9".utf8), "word.v2"), topic: "words", partition: 0)
        try driver.close(scope: "a", topic: "words")
        try driver.close(scope: "a", topic: "notes")
        try driver.run()
        #expect(driver.table("totals").mapValues { String(decoding: $0, as: UTF8.self) } == [Array("a/w".utf8): "7"])
    }
}
