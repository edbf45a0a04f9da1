import Kafka
import Streaming

/// How far a partition's notices and the states of their deliveries were read.
///
/// Both are read from their beginnings. Nothing is delivered before the ends that they had when the group assigned the
/// partition.
struct DeliveryReading {
    private let notices: TopicPartition
    private let deliveries: TopicPartition
    private var ends = ReadingEnds()
    /// The offset after the last record that was read of the states.
    private var next: Int64 = 0
    /// The offset after the last record that was read of the notices.
    private var nextNotice: Int64 = 0
    /// The notices before this offset were settled, and the topic of their states was made anew since: they are not
    /// delivered again.
    let settledBefore: Int64

    /// - Parameters:
    ///   - notices: the partition's notices.
    ///   - deliveries: the states of their deliveries.
    ///   - known: the offsets after the newest records.
    ///   - committed: the offsets that the group has committed.
    init(
        notices: TopicPartition,
        deliveries: TopicPartition,
        ends known: [TopicPartition: Int64],
        committed: [TopicPartition: Int64]
    ) {
        self.notices = notices
        self.deliveries = deliveries
        for place in [notices, deliveries] { ends.expect(place, to: known[place] ?? 0) }
        let isLost = (committed[deliveries] ?? 0) > (known[deliveries] ?? 0)
        let settled = committed[notices] ?? 0
        settledBefore = isLost && settled <= known[notices] ?? 0 ? settled : 0
    }

    /// Whether everything that there was at the assignment has been read.
    var isOver: Bool { ends.areReached }

    /// A record was read.
    mutating func read(_ place: TopicPartition, _ offset: Int64) {
        ends.read(place, offset)
        if place == deliveries { next = offset + 1 } else { nextNotice = offset + 1 }
    }

    /// The client has reported that a partition ends here for it.
    mutating func reached(_ end: TopicPartitionOffset) { ends.reached(end) }

    /// The offsets to commit with an outcome: of the states that are read, and of the first notice that is not settled.
    func offsets(firstPending: Int64?) -> [TopicPartitionOffset] {
        [
            TopicPartitionOffset(notices, .at(firstPending ?? nextNotice)),
            TopicPartitionOffset(deliveries, .at(next)),
        ]
    }
}
