/// How long a member of the delivering group was silent.
///
/// The group gives the partitions of a silent member to another instance. A process that was frozen so long must not
/// deliver what it had in hand, because the other one has delivered it meanwhile.
struct DeliverySilence {
    private let limit: Duration
    private var last: ContinuousClock.Instant

    /// - Parameters:
    ///   - sessionTimeout: `session.timeout.ms` of the consumer.
    ///   - now: the current time.
    init(sessionTimeout: String?, now: ContinuousClock.Instant = .now) {
        limit = .milliseconds(sessionTimeout.flatMap { Int($0) } ?? 45_000)
        last = now
    }

    /// Whether the group may have given the partitions away since the last turn.
    func wasTooLong(now: ContinuousClock.Instant = .now) -> Bool { now - last >= limit }

    /// Notes a turn.
    mutating func end(now: ContinuousClock.Instant = .now) { last = now }
}
