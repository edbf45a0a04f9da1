internal import Foundation
internal import Synchronization

/// A clock that runs beside a test and goes as fast as this machine lets it.
///
/// Where a machine is busy with other things everything takes longer. A thread that only sleeps a little and counts is
/// late as often as what is tested, so that a bound in its time means the same on any machine, and fails where the
/// tested alone is slow.
package final class Neighbour: Sendable {
    private final class Count: Sendable {
        let ticks = Atomic<Int>(0)
        let isOver = Atomic<Bool>(false)
    }

    private static let tick: Duration = .milliseconds(20)
    private let count = Count()

    /// A clock that starts now.
    package init() {
        let count = count
        let thread = Thread {
            while !count.isOver.load(ordering: .relaxed) {
                Thread.sleep(forTimeInterval: Self.tick / .seconds(1))
                count.ticks.add(1, ordering: .relaxed)
            }
        }
        thread.name = "neighbour"
        thread.start()
    }

    deinit { count.isOver.store(true, ordering: .relaxed) }

    /// How long it has run, by its own count.
    package var elapsed: Duration { Self.tick * count.ticks.load(ordering: .relaxed) }

    /// Waits until a condition holds; false where it does not within the time.
    package static func wait(within limit: Duration, _ condition: () throws -> Bool) rethrows -> Bool {
        let neighbour = Neighbour()
        while true {
            if try condition() { return true }
            guard neighbour.elapsed < limit else { return false }
            Thread.sleep(forTimeInterval: 0.02)
        }
    }

    /// How often a work takes as long as another, by the quickest of some runs of each.
    package static func ratio(
        of work: () throws -> Void,
        to other: () throws -> Void,
        runs: Int = 3
    ) rethrows -> Double {
        var (best, reference) = (Duration.seconds(3600), Duration.seconds(3600))
        for _ in 0..<runs {
            var start = ContinuousClock.now
            try other()
            reference = min(reference, ContinuousClock.now - start)
            start = .now
            try work()
            best = min(best, ContinuousClock.now - start)
        }
        return best / reference
    }
}
