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
    /// machine's clock and stands still where that is set back.
    public static func watch(_ hearts: [Heartbeat], seconds limit: Int, onStandstill: @escaping @Sendable () -> Void) {
        let thread = Thread {
            var last = hearts.map(\.beats)
            var silent = hearts.map { _ in 0 }
            while true {
                Thread.sleep(forTimeInterval: 1)
                for (index, heart) in hearts.enumerated() {
                    let beats = heart.beats
                    silent[index] = beats == last[index] ? silent[index] + 1 : 0
                    last[index] = beats
                    if silent[index] >= limit { return onStandstill() }
                }
            }
        }
        thread.name = "watch"
        thread.start()
    }
}
