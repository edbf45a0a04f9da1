import Foundation

/// The pauses between attempts at a call that fails temporarily, so that a broker which refuses at once is not called
/// in a busy loop.
package struct Backoff {
    private static let longest: Duration = .seconds(2)
    private var delay: Duration = .milliseconds(20)

    package init() {}

    /// The next pause, twice as long as the one before, up to two seconds.
    mutating func next() -> Duration {
        defer { delay = min(delay * 2, Self.longest) }
        return delay
    }

    /// Blocks the thread for the next pause, but not beyond the deadline.
    package mutating func pause(until deadline: ContinuousClock.Instant) {
        let time = min(next(), deadline - ContinuousClock.now)
        if time > .zero {
            Thread.sleep(forTimeInterval: Double(time.components.seconds) + Double(time.components.attoseconds) / 1e18)
        }
    }
}
