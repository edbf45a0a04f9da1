import Testing
@testable import Streaming

/// When a member on the local broker joins its group again.
@Suite struct JoinPatienceTests {
    private let start = ContinuousClock.now

    /// The seconds, counted from the start, in which a member joins again when nothing else happens.
    private func joins(_ patience: inout JoinPatience, from: Int = 0, to end: Int = 400) -> [Int] {
        (from...end).filter { patience.isExhausted(now: start + .seconds($0)) }
    }

    @Test func aFirstJoinWaitsForWorkersThatStart() {
        var patience = JoinPatience(now: start)
        #expect(joins(&patience) == [15, 30, 60, 90, 135, 180])
    }

    @Test func noPartitionsAreAskedForAgainSixTimes() {
        var patience = JoinPatience(now: start)
        var (waits, second) = ([Int](), 0)
        while second < 1000 {
            patience.answer(partitions: 0, now: start + .seconds(second))
            let next = (second...second + 100).first { patience.isExhausted(now: start + .seconds($0)) }
            if let next { waits.append(next - second) }
            second = next ?? 1000
        }
        #expect(waits == [1, 1, 2, 2, 3, 3])
    }

    /// A broker that came back and never answers: what a member that had partitions waited for without end before.
    @Test(arguments: [false, true]) func aMemberThatHadPartitionsJoinsAgainAfterFourSeconds(_ isRevoked: Bool) {
        var patience = JoinPatience(now: start)
        patience.answer(partitions: 2, now: start)
        #expect(joins(&patience, to: 300).isEmpty)
        // By a subscription of its own, or since the group took its partitions.
        patience.join(now: start + .seconds(300))
        if isRevoked { patience.join(now: start + .seconds(300)) }
        #expect(joins(&patience, from: 300, to: 400) == [304, 308, 316, 324, 336, 348])
        patience.answer(partitions: 1, now: start + .seconds(400))
        patience.join(now: start + .seconds(401))
        #expect(joins(&patience, from: 401, to: 405) == [405])
    }
}
