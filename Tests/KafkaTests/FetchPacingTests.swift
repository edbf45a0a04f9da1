import Testing

@testable import Kafka

/// What the local broker answers at once is not asked for at once again.
struct FetchPacingTests {
    @Test func answersThatBringNothingArePaced() {
        let pacing = FetchPacing()
        #expect(pacing.pause(after: 300, 100) > 0)
        // A broker that waits needs no pace.
        #expect(pacing.pause(after: 300, 9_000) == 0)
        // What is long may hold records.
        #expect(pacing.pause(after: 50_000, 100) == 0)
    }

    /// An answer of many partitions is long even where it brings nothing.
    @Test func soAreThoseOfManyPartitions() {
        let pacing = FetchPacing()
        #expect(pacing.pause(after: 9_000, 100) == 0)
        #expect(pacing.pause(after: 9_000, 100) > 0)
        #expect(pacing.pause(after: 9_000, 100) > 0)
        // Another length: records came with it.
        #expect(pacing.pause(after: 9_400, 100) == 0)
        pacing.wake()
        // The first one after records may hold more of them, as long as it may be.
        #expect(pacing.pause(after: 9_400, 100) == 0)
        #expect(pacing.pause(after: 9_400, 100) > 0)
    }

    @Test func atRestItIsSlower() {
        let pacing = FetchPacing()
        let first = pacing.pause(after: 9_000, 100)
        let second = pacing.pause(after: 9_000, 100)
        for _ in 0..<1_001 { _ = pacing.pause(after: 9_000, 100) }
        #expect(first == 0 && pacing.pause(after: 9_000, 100) > second)
        pacing.wake()
        _ = pacing.pause(after: 9_000, 100)
        #expect(pacing.pause(after: 9_000, 100) == second)
    }
}
