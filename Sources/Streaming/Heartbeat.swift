import Foundation
import Synchronization

/// Shows that a thread is making progress.
///
/// The thread counts it up wherever it checks whether it has to stop.
public final class Heartbeat: Sendable {
    private let count = Atomic<UInt64>(0)

    /// A heartbeat that has not been counted yet.
    public init() {}

    /// The thread made progress.
    public func beat() {
        count.wrappingAdd(1, ordering: .relaxed)
    }

    /// The count.
    var beats: UInt64 { count.load(ordering: .relaxed) }

    /// Watches heartbeats from a separate thread, and reports a heartbeat that has not changed for a number of
    /// consecutive seconds.
    ///
    /// Seconds during which the whole process was frozen do not count.
    ///
    /// No call of a worker waits that long, so the thread must hang in the client library, which waits by the machine's
    /// clock and hangs if that is set back. After the clock was set back, six seconds are enough.
    public static func watch(_ hearts: [Heartbeat], seconds limit: Int, onStandstill: @escaping @Sendable () -> Void) {
        watch(
            hearts,
            seconds: limit,
            milliseconds: { Milliseconds.now },
            onStep: { ClockSteps.note() },
            onStandstill: onStandstill
        )
    }

    /// Looks per second: often enough to see a clock that is set wrong and then right again.
    private static let looks = 4

    /// The same with a given machine clock.
    static func watch(
        _ hearts: [Heartbeat],
        seconds limit: Int,
        milliseconds: @escaping @Sendable () -> Int64,
        onStep: @escaping @Sendable () -> Void = {},
        onStandstill: @escaping @Sendable () -> Void
    ) {
        let thread = Thread {
            var last = hearts.map(\.beats)
            var silent = hearts.map { _ in 0 }
            var steps = ClockSteps(milliseconds: milliseconds())
            while true {
                Thread.sleep(forTimeInterval: 1 / Double(looks))
                let (isStep, wasSetBack) = steps.look(milliseconds: milliseconds())
                if isStep { onStep() }
                let most = (wasSetBack ? min(limit, Int(ClockSteps.patience.seconds)) : limit) * looks
                for (index, heart) in hearts.enumerated() {
                    let beats = heart.beats
                    silent[index] = beats == last[index] ? silent[index] + 1 : 0
                    last[index] = beats
                    if silent[index] >= most { return onStandstill() }
                }
            }
        }
        thread.name = "watch"
        thread.start()
    }
}
