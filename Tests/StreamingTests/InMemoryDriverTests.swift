import StreamingTesting
import Testing

@testable import Streaming

@Suite struct InMemoryDriverTests {
    /// Entries before the close of scope a, the close, and corrections after it.
    ///
    /// Scope b is never closed.
    private func run(
        partitions: Int32,
        seed: UInt64,
        _ disturbances: InMemoryDriver.Disturbances = .init()
    ) throws -> InMemoryDriver {
        let driver = try InMemoryDriver(
            stages: TallyTopology.stages,
            topics: TallyTopology.topics(partitions),
            progressTopic: TallyTopology.progress,
            completionType: TallyTopology.completionType,
            seed: seed,
            disturbances: disturbances
        )
        func enter(_ id: Int, _ text: String?) {
            driver.append(
                StoredRecord(key: Array("e\(id)".utf8), value: text.map { Array($0.utf8) }, eventType: "entry"),
                topic: "entries",
                partition: TallyTopology.partition("e\(id)", partitions)
            )
        }
        for id in 0..<300 { enter(id, "\(id % 7 == 0 ? "b" : "a") w\(id % 11) \(id)") }
        for id in 0..<20 { enter(id * 3, nil) }
        enter(999, "garbage")
        try driver.close(scope: "a", topic: "entries")
        try driver.run()
        driver.restartAll()
        enter(1, "a w1 1000")
        enter(2, nil)
        try driver.run()
        return driver
    }

    private func expected() -> [String: Int] {
        var entries: [Int: (String, Int)] = [:]
        for id in 0..<300 where id % 7 != 0 { entries[id] = ("a/w\(id % 11)", id) }
        for id in 0..<20 { entries[id * 3] = nil }
        entries[1] = ("a/w1", 1000)
        entries[2] = nil
        return entries.values.reduce(into: [:]) { $0[$1.0, default: 0] += $1.1 }
    }

    private func totals(_ driver: InMemoryDriver) -> [String: Int] {
        var totals: [String: Int] = [:]
        for (key, value) in driver.table("totals") {
            totals[String(decoding: key, as: UTF8.self)] = Int(String(decoding: value, as: UTF8.self))
        }
        return totals
    }

    @Test(arguments: [Int32(1), 2, 6])
    func addsUpWhateverThePartitions(_ partitions: Int32) throws {
        let driver = try run(partitions: partitions, seed: 1)
        #expect(totals(driver) == expected())
        #expect(driver.unusable.map(\.reason) == ["not an entry"])
    }

    @Test(arguments: UInt64(0)..<60)
    func crashesAbortsAndRepetitionsChangeNothing(_ seed: UInt64) throws {
        var disturbances = InMemoryDriver.Disturbances()
        disturbances.crashEvery = 5
        disturbances.abortEvery = 5
        disturbances.repeatEvery = 3
        disturbances.batch = 20
        let driver = try run(partitions: 3, seed: seed, disturbances)
        #expect(driver.disturbed > 0)
        #expect(totals(driver) == expected())
        let overall = driver.table("all").values.compactMap { Int(String(decoding: $0, as: UTF8.self)) }.reduce(0, +)
        #expect(overall == expected().values.reduce(0, +))
    }

    @Test func publishesNothingOfAnOpenScope() throws {
        let driver = try run(partitions: 2, seed: 4)
        #expect(driver.table("totals").keys.allSatisfy { $0.first == UInt8(ascii: "a") })
    }

    @Test func aCorrectionPublishesOnlyWhatItChanges() throws {
        let driver = try run(partitions: 3, seed: 9)
        // Eleven words were published once; the restart and the two corrections add one publication for each changed
        // word.
        let published = driver.topics["totals", default: []].joined().filter { $0.key.first != UInt8(ascii: "~") }
        #expect(published.count == 13)
        let corrected = published.suffix(13).filter { !$0.cause.isEmpty }.map(\.cause).sorted()
        #expect(corrected == ["e1", "e2"])
    }

    @Test func everyTaskAnnouncesAScopeOnce() throws {
        let driver = try run(partitions: 4, seed: 5)
        let keys = driver.topics[TallyTopology.progress, default: []].joined()
            .map { String(decoding: $0.key, as: UTF8.self) }
        let stages = ["spread", "total", "overall"]
        #expect(keys.sorted() == stages.flatMap { stage in (0..<4).map { "~a/\(stage)/\($0)" } }.sorted())
    }

    @Test func refusesSourcesThatCannotBeJoined() throws {
        var topics = TallyTopology.topics(3)
        topics["totals"] = 0
        #expect(throws: RuntimeError.self) {
            try InMemoryDriver(
                stages: TallyTopology.stages,
                topics: topics,
                progressTopic: TallyTopology.progress,
                completionType: TallyTopology.completionType,
                seed: 0
            )
        }
    }
}
