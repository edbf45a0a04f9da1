/// Decides when a member of a consumer group on the local broker joins again because it has no partitions.
///
/// After a join the local broker may answer with no partitions although it assigned some, or not answer at all. It
/// gives the right answer when the member joins again. This happens when members join at the same moment, as all of
/// them do after the broker was stopped and started. Apache Kafka needs no second join.
package struct JoinPatience {
    private enum State {
        /// The group has not answered the last join yet.
        case joining
        /// The group answered with no partitions.
        case empty
        /// The group has assigned partitions.
        case assigned
    }

    private var state = State.joining
    private var since: ContinuousClock.Instant
    private var attempts = 0
    /// Whether the group has answered this member before.
    private var isKnown = false

    /// How often a member joins again before it leaves the matter to the group.
    private static let mostAttempts = 6

    /// The patience of a member that has just subscribed.
    package init(now: ContinuousClock.Instant = .now) { since = now }

    /// Notes that the member subscribed, or lost its partitions and joins by itself.
    package mutating func join(now: ContinuousClock.Instant = .now) {
        state = .joining
        since = now
    }

    /// Notes the group's answer.
    package mutating func answer(partitions: Int, now: ContinuousClock.Instant = .now) {
        isKnown = true
        state = partitions == 0 ? .empty : .assigned
        since = now
        if partitions > 0 { attempts = 0 }
    }

    /// Whether the member is to subscribe again now.
    ///
    /// The pauses grow, since every join makes the others join again too: twice as long from the third on, three times
    /// from the fifth on.
    package mutating func isExhausted(now: ContinuousClock.Instant = .now) -> Bool {
        guard attempts < Self.mostAttempts else { return false }
        let first: Duration
        switch state {
        case .assigned: return false
        case .empty: first = .seconds(1)
        // A first join may wait for workers that still start.
        case .joining: first = isKnown ? .seconds(4) : .seconds(15)
        }
        guard now - since >= first * (1 + attempts / 2) else { return false }
        attempts += 1
        join(now: now)
        return true
    }
}
