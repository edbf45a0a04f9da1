import Foundation
import Messages
import Stages
import Streaming
import StreamingTesting
import SwiftProtobuf
import Testing

/// Records that a stranger writes into the tables of the pipeline: the stage that publishes the table puts its own
/// back, and no notice goes out about the stranger's.
@Suite struct StrangersRecordTests {
    private let year: SmallYear
    private let pipeline = Pipeline()

    init() throws { year = try SmallYear() }

    private func notices(_ driver: InMemoryDriver) -> Int {
        (driver.topics[pipeline.name(Topics.notices)] ?? []).joined()
            .count { !CompletionMarker.isMarker(key: $0.key.span) }
    }

    private func quarantined(_ driver: InMemoryDriver) throws -> [String] {
        try (driver.topics[pipeline.name(Topics.quarantine)] ?? []).joined()
            .map { try Streaming_V1_Quarantined(serializedBytes: $0.value ?? []) }
            .filter { $0.code == "foreign_producer" }.map { "\($0.stage) \($0.topic)" }
    }

    /// The newest record of a key, with its partition.
    private func newest(_ driver: InMemoryDriver, _ topic: TopicDefinition, _ key: String) throws -> (Int32, [UInt8]) {
        for (partition, records) in (driver.topics[pipeline.name(topic)] ?? []).enumerated() {
            if let record = records.last(where: { $0.key == Array(key.utf8) }) {
                return (Int32(partition), try #require(record.value))
            }
        }
        throw TestError()
    }

    private struct TestError: Error {}

    private func forge(
        _ driver: InMemoryDriver,
        _ topic: TopicDefinition,
        _ key: String,
        _ value: [UInt8]?,
        _ partition: Int32
    ) {
        driver.append(
            StoredRecord(key: Array(key.utf8), value: value, eventType: topic.eventType),
            topic: pipeline.name(topic),
            partition: partition
        )
    }

    /// A block of records that another program copied does not count.
    ///
    /// It would take back what was corrected since.
    @Test(arguments: [false, true], [UInt64(1), 2])
    func aCopiedBlockOfRecordsChangesNothing(_ whileDown: Bool, _ seed: UInt64) throws {
        let driver = try year.settled(seed: seed)
        let before = try year.tables(driver)
        let name = pipeline.name(Topics.records)
        let logs = driver.topics[name] ?? []
        if whileDown { driver.restartAll() }
        for (partition, log) in logs.enumerated() {
            // The first half is what the corrections replaced.
            for record in log.prefix(log.count / 2) where !CompletionMarker.isMarker(key: record.key.span) {
                driver.append(record, topic: name, partition: Int32(partition))
            }
        }
        try driver.run()
        let figures = Self.figures + [Topics.determinations]
        func differing() throws -> [String] {
            let after = try year.tables(driver)
            return figures.map(\.entity).filter { after[$0] != before[$0] }
        }
        #expect(try differing() == [])
        let found = try quarantined(driver)
        #expect(Set(found) == ["indicator \(name)", "participation \(name)"])
        // A restart skips the copies again, and a rebuild of the records does not count them either.
        driver.restartAll()
        try driver.run()
        let ledger = pipeline.name(Topics.submissions)
        driver.rebuildAll(ledger, cutTo: (driver.topics[ledger] ?? []).map(\.count))
        try driver.run()
        #expect(try differing() == [] && quarantined(driver).count == found.count)
    }

    @Test(
        "A forged notice is retracted, whatever it says, and a restart does not believe it",
        arguments: [false, true]
    )
    func aForgedNotice(_ whileDown: Bool) throws {
        let driver = try year.settled(seed: 1)
        let before = try year.tables(driver)
        let name = pipeline.name(Topics.notices)
        let own = driver.table(name)
        let told = notices(driver)
        let records = (driver.topics[name] ?? []).enumerated()
            .flatMap { partition, records in records.map { (Int32(partition), $0) } }
        let (partition, first) = try #require(records.first { !CompletionMarker.isMarker(key: $0.1.key.span) })
        let key = String(decoding: first.key, as: UTF8.self)
        var forged = try Accountability_V1_Notice(serializedBytes: try #require(first.value))
        forged.subject = "Your school closes"
        if whileDown { driver.restartAll() }
        // Other words under a notice's own key, an event of its own, and a tombstone.
        forge(driver, Topics.notices, key, try forged.serializedBytes(), partition)
        forged.id += "/forged"
        forge(driver, Topics.notices, forged.id, try forged.serializedBytes(), partition)
        forge(driver, Topics.notices, key, nil, partition)
        try driver.run()
        #expect(try quarantined(driver) == Array(repeating: "notification \(name)", count: 3))
        #expect(driver.table(name) == own, "the very bytes")
        #expect(notices(driver) == told + 5, "its own notice again, and a retraction")
        #expect(try year.tables(driver) == before)
        for _ in 0..<2 {
            driver.restartAll()
            try driver.run()
        }
        #expect(try quarantined(driver).count == 3 && notices(driver) == told + 5)
    }

    private func rejection(_ record: (key: [UInt8], value: [UInt8])) throws -> Accountability_V1_Rejection {
        try Accountability_V1_Rejection(serializedBytes: record.value)
    }

    /// Three stages publish rejections; each answers for its own, and remembers none of them.
    @Test(arguments: [false, true], [UInt64(1), 2, 3])
    func aForgedRejectionIsRetracted(_ whileDown: Bool, _ seed: UInt64) throws {
        let driver = try year.settled(seed: seed)
        let before = try year.tables(driver)
        let name = pipeline.name(Topics.rejections)
        let own = driver.table(name)
        let first = try #require(
            try own.filter { try rejection($0).code != "supplied_shadowed" }.keys
                .min { $0.lexicographicallyPrecedes($1) }
        )
        let key = String(decoding: first, as: UTF8.self)
        let partition = try newest(driver, Topics.rejections, key).0
        var forged = try rejection((first, try #require(own[first])))
        forged.message = "Your school closes"
        if whileDown { driver.restartAll() }
        // Other words, a tombstone, a row that nobody refused, and supplied figures that nobody replaced.
        forge(driver, Topics.rejections, key, try forged.serializedBytes(), partition)
        forge(driver, Topics.rejections, key, nil, partition)
        (forged.line, forged.column) = (77, "")
        forge(
            driver,
            Topics.rejections,
            "\(forged.submission)/77/\(forged.code)",
            try forged.serializedBytes(),
            partition
        )
        forged.code = "supplied_shadowed"
        for (line, layout) in [(78, "participation_counts"), (79, "indicator_values"), (80, "attendance")] {
            (forged.line, forged.layout) = (UInt64(line), layout)
            let key = "\(forged.submission)/\(line)/\(forged.code)"
            forge(driver, Topics.rejections, key, try forged.serializedBytes(), partition)
        }
        try driver.run()
        let found = try quarantined(driver).sorted()
        let finders = ["indicator", "participation", "participation", "validation", "validation", "validation"]
        #expect(found == finders.map { "\($0) \(name)" })
        #expect(driver.table(name) == own, "the very bytes")
        #expect(try year.tables(driver) == before)
        let count = (driver.topics[name] ?? []).joined().count
        for _ in 0..<2 {
            driver.restartAll()
            try driver.run()
        }
        #expect((driver.topics[name] ?? []).joined().count == count, "each stage knows its retractions for its own")
        #expect(try quarantined(driver).count == 6)
    }

    /// A tombstone does not say which stage's rejection it takes away; the record before it does.
    @Test(arguments: [false, true], [UInt64(1), 2])
    func aForgedRetractionOfASuppliedFigureIsFound(_ whileDown: Bool, _ seed: UInt64) throws {
        let driver = try year.settled(seed: seed)
        try year.submitShadowed(to: driver)
        let before = try year.tables(driver)
        let name = pipeline.name(Topics.rejections)
        let own = driver.table(name)
        let shadowed = try own.filter { try rejection($0).code == "supplied_shadowed" }
        #expect(shadowed.count == 2)
        if whileDown { driver.restartAll() }
        var expected: [String] = []
        for (key, value) in shadowed.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
            let text = String(decoding: key, as: UTF8.self)
            let partition = try newest(driver, Topics.rejections, text).0
            // Taken away, and hidden behind bytes that are no rejection.
            forge(driver, Topics.rejections, text, expected.count % 2 == 0 ? nil : [0xFF], partition)
            let isIndicator = try rejection((key, value)).layout == "indicator_values"
            expected.append("\(isIndicator ? "indicator" : "participation") \(name)")
        }
        // Of a row that no stage knows: nobody's, and nothing happens.
        forge(driver, Topics.rejections, "20190901T000000000Z-ffffff/1/supplied_shadowed", nil, 0)
        try driver.run()
        #expect(try quarantined(driver).sorted() == expected.sorted())
        #expect(driver.table(name) == own, "the very bytes")
        #expect(try year.tables(driver) == before)
        let count = (driver.topics[name] ?? []).joined().count
        for _ in 0..<2 {
            driver.restartAll()
            try driver.run()
        }
        #expect((driver.topics[name] ?? []).joined().count == count && driver.table(name) == own)
        #expect(try quarantined(driver).count == expected.count)
    }

    @Test(arguments: [UInt64(1), 2, 3])
    func aForgedDeterminationIsPutBackAndNoNoticeGoesOut(_ seed: UInt64) throws {
        let driver = try year.settled(seed: seed)
        let before = try year.tables(driver)
        let told = notices(driver)
        let key = "2019/00010505"
        let (partition, own) = try newest(driver, Topics.determinations, key)
        var forged = try Accountability_V1_Determination(serializedBytes: own)
        forged.classification = "requiring_assistance"
        forged.level = "broad_comprehensive"
        forged.reasons = ["underperforming"]
        forged.revision += 1
        forged.issuedUnixMilliseconds += 1
        forge(driver, Topics.determinations, key, try forged.serializedBytes(), partition)
        // One that the pipeline knows nothing of, a withdrawal, and an old one again.
        var unknown = forged
        unknown.orgCode = "00019999"
        forge(driver, Topics.determinations, "2019/00019999", try unknown.serializedBytes(), partition)
        forge(
            driver,
            Topics.determinations,
            "2018/00010010",
            nil,
            try newest(driver, Topics.determinations, "2018/00010010").0
        )
        forged.revision += 1
        forge(driver, Topics.determinations, key, try forged.serializedBytes(), partition)
        try driver.run()
        #expect(try newest(driver, Topics.determinations, key).1 == own, "the very bytes")
        #expect(try year.tables(driver) == before)
        #expect(notices(driver) == told)
        #expect(
            try quarantined(driver)
                == Array(repeating: "determination \(pipeline.name(Topics.determinations))", count: 4)
        )
        // A restart finds everything right.
        driver.restartAll()
        try driver.run()
        #expect(try year.tables(driver) == before && notices(driver) == told)
    }

    /// What came while the stage was down cannot be told apart by reading it; the confirmation says which is its own.
    @Test func whatWasForgedWhileTheStageWasDownIsPutBackAsItWas() throws {
        let driver = try year.settled(seed: 4)
        let before = try year.tables(driver)
        let told = notices(driver)
        let key = "2019/00010505"
        let withdrawn = "2018/00010010"
        let (partition, own) = try newest(driver, Topics.determinations, key)
        let (other, whole) = try newest(driver, Topics.determinations, withdrawn)
        driver.restartAll()
        var forged = try Accountability_V1_Determination(serializedBytes: own)
        for _ in 0..<2 {
            forged.level = "broad_comprehensive"
            forged.revision += 1
            forged.issuedUnixMilliseconds += 1
            forge(driver, Topics.determinations, key, try forged.serializedBytes(), partition)
        }
        forge(driver, Topics.determinations, withdrawn, nil, other)
        try driver.run()
        #expect(try newest(driver, Topics.determinations, key).1 == own, "the very bytes")
        #expect(try newest(driver, Topics.determinations, withdrawn).1 == whole, "the very bytes")
        #expect(try year.tables(driver) == before)
        #expect(notices(driver) == told)
    }

    /// The confirmation is watched like the determination.
    @Test func aForgedConfirmationIsPutBack() throws {
        let driver = try year.settled(seed: 5)
        let before = try year.tables(driver)
        let told = notices(driver)
        let key = "2019/00010505"
        let (partition, own) = try newest(driver, Topics.confirmations, key)
        var forged = Accountability_V1_Confirmation()
        forged.sha256 = Data(repeating: 7, count: 32)
        forge(driver, Topics.confirmations, key, try forged.serializedBytes(), partition)
        try driver.run()
        #expect(try newest(driver, Topics.confirmations, key).1 == own)
        #expect(try year.tables(driver) == before && notices(driver) == told)
        #expect(try quarantined(driver).count == 1)
    }

    static let figures = [
        Topics.participation, Topics.indicators, Topics.standings, Topics.percentiles, Topics.receipts,
    ]

    /// An act of the Department that nobody submitted, and one that was taken away.
    @Test func aForgedActIsPutBack() throws {
        let driver = try year.settled(seed: 6)
        let before = try year.tables(driver)
        let table = driver.table(pipeline.name(Topics.directives))
        let key = try #require(table.keys.min { $0.lexicographicallyPrecedes($1) })
        let name = String(decoding: key, as: UTF8.self)
        forge(driver, Topics.directives, name, nil, 0)
        try driver.run()
        #expect(try year.tables(driver) == before)
        var act = Accountability_V1_Directive()
        (act.schoolYear, act.orgCode, act.directive, act.kind) = (2019, "00010505", "designation", "underperforming")
        act.effectiveDate = "2019-09-01"
        forge(driver, Topics.directives, "2019/designation/00010505/underperforming", try act.serializedBytes(), 0)
        try driver.run()
        #expect(try year.tables(driver) == before)
        #expect(try quarantined(driver) == Array(repeating: "validation \(pipeline.name(Topics.directives))", count: 2))
    }

    /// What determinations are made of: another value is taken, and taken back; a value of nothing goes.
    @Test(arguments: StrangersRecordTests.figures, [true, false])
    func aForgedFigureIsPutBack(_ topic: TopicDefinition, _ disturbs: Bool) throws {
        let driver = try year.settled(seed: 7)
        let before = try year.tables(driver)
        let table = driver.table(pipeline.name(topic))
        let keys = table.keys.filter { topic == Topics.receipts || $0.starts(with: Array("2019/".utf8)) }
            .sorted { $0.lexicographicallyPrecedes($1) }
        #expect(keys.count > 3)
        if disturbs { driver.restartAll() }
        for (key, other) in zip(keys, keys.dropFirst()).prefix(6) {
            let name = String(decoding: key, as: UTF8.self)
            let partition = try newest(driver, topic, name).0
            // The right type and the wrong figure, that of another key, or none.
            forge(driver, topic, name, name.utf8.count % 2 == 0 ? table[other] : nil, partition)
        }
        try driver.run()
        #expect(try year.tables(driver)[topic.entity] == before[topic.entity])
        #expect(try year.tables(driver) == before)
    }
}
