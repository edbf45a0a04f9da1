import Kafka

/// The offsets of a reader that is no member of its group, and when it commits them.
///
/// Brokers delete an offset of a group without members a week after its commit (`offsets.retention.minutes`), even
/// while its reader runs. So all offsets are committed at the start and then once a day, also those that did not move.
struct StandingOffsets {
    private var offsets: [TopicPartition: Int64]
    /// The offsets that differ from the committed ones, or were committed by an earlier run.
    private var moved: Set<TopicPartition>
    private var lastCommit: ContinuousClock.Instant
    private var lastOfAll: ContinuousClock.Instant

    /// The time between commits of offsets that moved.
    ///
    /// Nothing waits for these commits.
    private static let interval: Duration = .seconds(5)
    /// The time between commits of all offsets.
    private static let renewal: Duration = .seconds(24 * 3600)

    /// The offsets that an earlier run committed.
    init(_ committed: [TopicPartition: Int64], now: ContinuousClock.Instant = .now) {
        offsets = committed
        moved = Set(committed.keys)
        lastCommit = now
        lastOfAll = now
    }

    /// Notes that a partition was read to this offset.
    mutating func move(_ place: TopicPartition, to offset: Int64) {
        offsets[place] = offset
        moved.insert(place)
    }

    /// The offsets to commit now; empty if it is not time to.
    func due(at now: ContinuousClock.Instant = .now) -> [TopicPartitionOffset] {
        let isForAll = now - lastOfAll >= Self.renewal
        guard isForAll || now - lastCommit >= Self.interval else { return [] }
        let places = isForAll ? Set(offsets.keys) : moved
        return places.sorted().compactMap { place in offsets[place].map { TopicPartitionOffset(place, .at($0)) } }
    }

    /// Notes that the offsets that were due are committed.
    mutating func noteCommit(at now: ContinuousClock.Instant = .now) {
        moved = []
        lastCommit = now
        if now - lastOfAll >= Self.renewal { lastOfAll = now }
    }
}
