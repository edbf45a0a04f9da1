import Synchronization

/// Notices that the machine's clock was set back.
///
/// The client library's threads wait by that clock: where it is set back they stand still for as long as it was. Such a
/// standstill need not be waited out to be recognized.
struct ClockSteps {
    /// The machine's clock less the time that only goes forwards, at the last look.
    private var difference: Duration
    private var setBack: ContinuousClock.Instant?
    /// What a clock that is disciplined gently never does at once.
    private static let least: Duration = .seconds(2)
    /// How long a step back is remembered: a standstill that it caused has begun by then.
    private static let memory: Duration = .seconds(60)
    /// What a standstill takes to be known as one after a step back.
    static let patience: Duration = .seconds(6)

    init(now: ContinuousClock.Instant = .now, milliseconds: Int64 = Milliseconds.now) {
        difference = Self.difference(now, milliseconds)
    }

    /// Whether the clock was set back since the last look, and whether it was within the last minute.
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

    /// Says that the machine's clock was set back now.
    static func note(now: ContinuousClock.Instant = .now) {
        last.withLock { $0 = now }
    }

    /// Whether a call to the client library that has waited for so long waits for nothing: the clock was set back
    /// meanwhile, or shortly before.
    static func isStandstill(_ waited: Duration, now: ContinuousClock.Instant = .now) -> Bool {
        guard let last = last.withLock({ $0 }), now - last < memory else { return false }
        return min(waited, now - last) >= patience
    }

    private static let start = ContinuousClock.now

    private static func difference(_ now: ContinuousClock.Instant, _ milliseconds: Int64) -> Duration {
        .milliseconds(milliseconds) - (now - start)
    }
}
