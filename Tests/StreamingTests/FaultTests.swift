import Foundation
import StreamingTesting
import Testing

@testable import Streaming

/// Seeded faults against an undisturbed run.
///
/// `ACCOUNTABILITY_FAULT_SEEDS` says how many seeds (2,000), `ACCOUNTABILITY_FAULT_SEED` where they begin.
@Suite struct FaultTests {
    private static let partitions: Int32 = 3

    private struct Outcome {
        var tables: [String: [[UInt8]: [UInt8]]] = [:]
        /// Every record of a topic without memory, by key, in order: one lost, repeated or from an aborted transaction
        /// shows.
        var words: [[UInt8]: [[UInt8]?]] = [:]
        var markers: [[UInt8]] = []
        var disturbed = 0
        var fenced = 0
        /// Keys of outputs with memory that were published twice in a row with the same value.
        var repeated = 0
        /// Records that a last restart of everything published.
        var afterRestart = 0
    }

    private func number(_ name: String, else value: UInt64) -> UInt64 {
        ProcessInfo.processInfo.environment[name].flatMap { UInt64($0) } ?? value
    }

    private func outcome(seed: UInt64, _ disturbances: InMemoryDriver.Disturbances) throws -> Outcome {
        let driver = try InMemoryDriver(
            stages: TallyTopology.stages,
            topics: TallyTopology.topics(Self.partitions),
            progressTopic: TallyTopology.progress,
            completionType: TallyTopology.completionType,
            seed: seed,
            disturbances: disturbances
        )
        func enter(_ id: Int, _ text: String?) {
            driver.append(
                StoredRecord(key: Array("e\(id)".utf8), value: text.map { Array($0.utf8) }, eventType: "entry"),
                topic: "entries",
                partition: TallyTopology.partition("e\(id)", Self.partitions)
            )
        }
        for id in 0..<40 { enter(id, "\(id % 7 == 0 ? "b" : "a") w\(id % 5) \(id)") }
        for id in 0..<6 { enter(id * 3, nil) }
        enter(999, "garbage")
        try driver.close(scope: "a", topic: "entries")
        try driver.run()
        enter(1, "a w1 1000")
        enter(2, nil)
        try driver.close(scope: "b", topic: "entries")
        try driver.run()

        var result = Outcome(disturbed: driver.disturbed, fenced: driver.fenced)
        for topic in ["totals", "all"] {
            result.tables[topic] = driver.table(topic)
            for partition in driver.topics[topic] ?? [] {
                var newest: [[UInt8]: [UInt8]?] = [:]
                for record in partition where record.key.first != CompletionMarker.prefix {
                    if let before = newest.updateValue(record.value, forKey: record.key), before == record.value {
                        result.repeated += 1
                    }
                }
            }
        }
        for record in (driver.topics["words"] ?? []).joined() where record.key.first != CompletionMarker.prefix {
            result.words[record.key, default: []].append(record.value)
        }
        result.markers = (driver.topics[TallyTopology.progress] ?? []).joined().map(\.key)
            .sorted { $0.lexicographicallyPrecedes($1) }
        let count = driver.topics.values.joined().reduce(0) { $0 + $1.count }
        driver.restartAll()
        try driver.run()
        result.afterRestart = driver.topics.values.joined().reduce(0) { $0 + $1.count } - count
        return result
    }

    /// Which faults a seed suffers, and how often, is part of the seed.
    private func disturbances(_ seed: UInt64) -> InMemoryDriver.Disturbances {
        var random = SplitMix64(seed: ~seed)
        func frequency() -> Int { random.next() & 1 == 0 ? 0 : 2 + Int(random.next() % 6) }
        var all = InMemoryDriver.Disturbances()
        all.crashEvery = frequency()
        all.abortEvery = frequency()
        all.repeatEvery = frequency()
        all.killInFlushEvery = frequency()
        all.lostAnswerEvery = frequency()
        all.zombieEvery = frequency()
        all.killInRestoreEvery = frequency()
        all.slowEvery = frequency()
        all.rebalanceEvery = frequency()
        all.batch = 1 + Int(random.next() % 12)
        return all
    }

    @Test func noFaultChangesAResult() throws {
        let calm = try outcome(seed: 0, .init())
        #expect(calm.disturbed == 0 && calm.repeated == 0 && calm.afterRestart == 0)
        #expect(calm.tables["totals"]?.isEmpty == false && calm.tables["all"]?.isEmpty == false)
        #expect(calm.markers.count == 2 * TallyTopology.stages.count * Int(Self.partitions))
        let first = number("ACCOUNTABILITY_FAULT_SEED", else: 1)
        let count = number("ACCOUNTABILITY_FAULT_SEEDS", else: 2000)
        var disturbed = 0
        var fenced = 0
        for offset in 0..<count {
            let seed = first &+ offset
            let result = try outcome(seed: seed, disturbances(seed))
            let isSame = result.tables == calm.tables && result.words == calm.words && result.markers == calm.markers
            #expect(
                isSame && result.repeated == 0 && result.afterRestart == 0,
                """
                seed \(seed): tables \(result.tables == calm.tables), words \(result.words == calm.words), \
                markers \(result.markers == calm.markers), repeated \(result.repeated), after restart \(result.afterRestart); again with \
                ACCOUNTABILITY_FAULT_SEED=\(seed) ACCOUNTABILITY_FAULT_SEEDS=1 \
                swift test -c release -Xswiftc -enable-testing --filter FaultTests
                """
            )
            disturbed += result.disturbed
            fenced += result.fenced
        }
        if count >= 100 { #expect(disturbed > 0 && fenced > 0) }
    }
}
