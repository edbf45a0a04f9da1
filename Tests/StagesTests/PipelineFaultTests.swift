import Foundation
import Messages
import Stages
import Streaming
import StreamingTesting
import SwiftProtobuf
import Testing

/// Seeded faults in the real pipeline, from the ledger to the notices, against an undisturbed run.
///
/// `ACCOUNTABILITY_PIPELINE_SEEDS` says how many seeds (100), `ACCOUNTABILITY_PIPELINE_SEED` where they begin.
///
/// What a fault may not change: every table byte for byte, every rejection and quarantined record once, and a notice
/// for each published determination, once. What it may: in how many steps a correction made after the close arrives. A
/// correction reaches a determination as participation, as indicators and as percentiles, and what is published in
/// between is a revision of its own, with its own list of changes and its cause. So revision, changes and cause are
/// compared for the year's first publication, which waits for everything, and after that only that revisions count up
/// without a gap and the last one says the same.
@Suite struct PipelineFaultTests {
    private func number(_ name: String, else value: UInt64) -> UInt64 {
        ProcessInfo.processInfo.environment[name].flatMap { UInt64($0) } ?? value
    }

    /// Which faults a seed suffers, and how often, is part of the seed.
    private func disturbances(_ seed: UInt64) -> InMemoryDriver.Disturbances {
        var random = SplitMix64(seed: ~seed)
        func frequency() -> Int { random.next() & 1 == 0 ? 0 : 3 + Int(random.next() % 8) }
        var all = InMemoryDriver.Disturbances()
        all.crashEvery = frequency()
        all.abortEvery = frequency()
        all.repeatEvery = frequency()
        all.killInFlushEvery = frequency()
        all.lostAnswerEvery = frequency()
        all.zombieEvery = frequency()
        all.killInRestoreEvery = frequency()
        all.rebalanceEvery = frequency()
        all.slowEvery = frequency()
        all.batch = 4 + Int(random.next() % 120)
        return all
    }

    @Test(.timeLimit(.minutes(30))) func noFaultChangesADetermination() throws {
        let year = try SmallYear()
        let calm = try year.run(seed: 0, .init())
        #expect(calm.disturbed == 0 && calm.faults == [])
        // The year is worth something: determinations of several kinds, corrections that change some, rejections and
        // garbage.
        let kinds = Set(calm.closed.values.map { "\($0.classification) \($0.level) \($0.hasPercentile)" })
        #expect(calm.closed.count >= 8 && kinds.count >= 2, "\(kinds)")
        #expect(calm.closed.values.allSatisfy { $0.revision == 1 })
        #expect(calm.revised > 0 && calm.last != calm.closed.mapValues(Outcome.core))
        #expect(calm.rejections.count > 2 && calm.quarantined.count == SmallYear.garbage)
        #expect(calm.acts.count == 2)

        let first = number("ACCOUNTABILITY_PIPELINE_SEED", else: 1)
        let count = number("ACCOUNTABILITY_PIPELINE_SEEDS", else: 100)
        var disturbed = 0
        var fenced = 0
        for offset in 0..<count {
            let seed = first &+ offset
            let result = try year.run(seed: seed, disturbances(seed))
            let differences = result.differences(from: calm)
            #expect(
                differences.isEmpty,
                """
                seed \(seed): \(differences.joined(separator: "; ")); again with ACCOUNTABILITY_PIPELINE_SEED=\(seed) ACCOUNTABILITY_PIPELINE_SEEDS=1 \
                swift test -c release -Xswiftc -enable-testing --filter PipelineFaultTests
                """
            )
            disturbed += result.disturbed
            fenced += result.fenced
        }
        if count >= 50 { #expect(disturbed > 1000 && fenced > 0) }
    }
}

/// What a run came to.
struct Outcome {
    /// Determinations when the year was closed and everything had settled.
    var closed: [String: Accountability_V1_Determination] = [:]
    /// Determinations at the end, without what belongs to their publication.
    var last: [String: [UInt8]] = [:]
    /// Every other table at the end.
    var tables: [String: [[UInt8]: [UInt8]]] = [:]
    /// How often each rejection and each quarantined record was published.
    var rejections: [[UInt8]: Int] = [:]
    var quarantined: [[UInt8]: Int] = [:]
    /// How often each notice was published, and those of acts of the Department.
    var notices: [[UInt8]: Int] = [:]
    var acts: Set<[UInt8]> = []
    /// Determinations beyond the first of their organization.
    var revised = 0
    /// Breaches of what holds within any run.
    var faults: [String] = []
    var disturbed = 0
    var fenced = 0

    /// What a publication shows, without how often and when it was published.
    static func shown(_ publication: [UInt8]) throws -> [UInt8] {
        try Accountability_V1_Publication(serializedBytes: publication).withoutRevision.serializedBytes()
    }

    /// A determination without what belongs to its publication.
    static func core(_ message: Accountability_V1_Determination) -> [UInt8] {
        (try? message.withoutPublication.serializedBytes()) ?? []
    }

    func differences(from calm: Outcome) -> [String] {
        var all = faults
        if closed.mapValues(Self.full) != calm.closed.mapValues(Self.full) { all.append("determinations at the close") }
        if last != calm.last { all.append("determinations at the end") }
        for (topic, table) in calm.tables where tables[topic] != table { all.append("table \(topic)") }
        if rejections != calm.rejections { all.append("rejections") }
        if quarantined != calm.quarantined { all.append("quarantine") }
        if acts != calm.acts { all.append("notices of acts") }
        return all
    }

    /// At the first publication everything but the causes, which are submissions that the organization's figures came
    /// in.
    private static func full(_ message: Accountability_V1_Determination) -> [UInt8] {
        var message = message
        message.cause = ""
        message.causes = []
        message.moreCauses = false
        return (try? message.serializedBytes()) ?? []
    }
}
