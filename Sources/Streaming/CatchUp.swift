import Kafka

/// The ends that the tables of a task had when the task was restored.
///
/// Only ends that are not yet read are kept.
///
/// Compaction may have removed earlier records of a table. Until a task has read to this end, its state may be one that
/// never existed, so it publishes nothing.
struct CatchUp {
    private var ends: [TopicPartition: ReadingEnd] = [:]

    /// Whether every table has been read to that end.
    var isOver: Bool { ends.isEmpty }

    /// Waits for a partition to be read to this offset.
    mutating func expect(_ place: TopicPartition, to end: Int64) {
        ends[place] = ReadingEnd(end)
    }

    /// A record of a partition was read.
    mutating func read(_ place: TopicPartition, _ record: Int64) {
        ends[place]?.read(record)
        if ends[place]?.isReached == true { ends[place] = nil }
    }

    /// A partition has been read to this end.
    mutating func reached(_ end: TopicPartitionOffset) {
        let place = end.topicPartition
        ends[place]?.ended(at: end.offset.value ?? .max)
        if ends[place]?.isReached == true { ends[place] = nil }
    }
}
