import Synchronization

/// Detects that the machine's clock was set back.
///
/// The threads of the client library wait by that clock. If it is set back, they hang for the same length of time. This
/// type lets a worker recognize such a hang early.
struct ClockSteps {
    /// The machine's clock minus the monotonic clock, at the last look.
    private var difference: Duration
    private var setBack: ContinuousClock.Instant?
    /// The smallest step that counts.
    ///
    /// Normal clock discipline never makes a step this large.
    private static let least: Duration = .seconds(2)
    /// How long a step back is remembered.
    ///
    /// Any hang that it causes has begun by then.
    private static let memory: Duration = .seconds(60)
    /// How long a call must wait after a step back to count as a hang.
    static let patience: Duration = .seconds(6)

    init(now: ContinuousClock.Instant = .now, milliseconds: Int64 = Milliseconds.now) {
        difference = Self.difference(now, milliseconds)
    }

    /// Whether the clock was set back since the last look, and whether it was set back within the last minute.
    mutating func look(now: ContinuousClock.Instant = .now, milliseconds: Int64 = Milliseconds.now) -> (
        isStep: Bool, wasSetBack: Bool
    ) {
        let difference = Self.difference(now, milliseconds)
        let isStep = difference < self.difference - Self.least
        if isStep { setBack = now }
        self.difference = difference
        guard let setBack else { return (isStep, false) }
        return (isStep, now - setBack < Self.memory)
    }

    // MARK: The process's own clock

    private static let last = Mutex<ContinuousClock.Instant?>(nil)

    /// Notes that the machine's clock was set back now.
    static func note(now: ContinuousClock.Instant = .now) {
        last.withLock { $0 = now }
    }

    /// Whether a call to the client library that has waited this long hangs, because the clock was set back during the
    /// call or shortly before.
    static func isStandstill(_ waited: Duration, now: ContinuousClock.Instant = .now) -> Bool {
        guard let last = last.withLock({ $0 }), now - last < memory else { return false }
        return min(waited, now - last) >= patience
    }

    private static let start = ContinuousClock.now

    private static func difference(_ now: ContinuousClock.Instant, _ milliseconds: Int64) -> Duration {
        .milliseconds(milliseconds) - (now - start)
    }
}
