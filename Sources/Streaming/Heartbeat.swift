import Foundation
import Synchronization

/// Says that a thread comes round: counted up wherever it looks whether it has to leave.
public final class Heartbeat: Sendable {
    private let count = Atomic<UInt64>(0)

    /// A heart that has not beaten yet.
    public init() {}

    /// The thread has come round.
    public func beat() {
        count.wrappingAdd(1, ordering: .relaxed)
    }

    /// How often it has.
    var beats: UInt64 { count.load(ordering: .relaxed) }

    /// Watches hearts from a thread of its own; tells when one has not beaten for so many seconds in a row.
    ///
    /// Seconds in which the process was frozen are nobody's.
    ///
    /// No call that a worker makes waits for so long: its thread hangs in the client library, which waits by the
    /// machine's clock and stands still where that is set back. Once the clock was set back, six seconds are enough.
    public static func watch(_ hearts: [Heartbeat], seconds limit: Int, onStandstill: @escaping @Sendable () -> Void) {
        watch(
            hearts,
            seconds: limit,
            milliseconds: { Milliseconds.now },
            onStep: { ClockSteps.note() },
            onStandstill: onStandstill
        )
    }

    /// Looks in a second: often enough to see a clock that goes wrong and is set right again.
    private static let looks = 4

    /// The same, by another machine's clock.
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
