import Kafka

/// Where the tables that new tasks read ended when the tasks were taken up, as far as they have not come there.
///
/// What a table held in between was perhaps compacted away: until then the state may be one that never was, and nothing
/// is published of it.
struct CatchUp {
    private var ends: [TopicPartition: Int64] = [:]

    /// Whether every table has been read to that end.
    var isOver: Bool { ends.isEmpty }

    /// Waits for a partition to be read to this offset.
    mutating func expect(_ place: TopicPartition, to end: Int64) {
        ends[place] = end
    }

    /// A partition has been read to its end, which was there.
    mutating func reached(_ end: TopicPartitionOffset) {
        guard let target = ends[end.topicPartition], (end.offset.value ?? .max) >= target else { return }
        ends[end.topicPartition] = nil
    }

    /// Waits only for these partition numbers.
    mutating func keep(_ partitions: Set<Int32>) {
        ends = ends.filter { partitions.contains($0.key.partition) }
    }
}
