/// A partition of a topic.
public struct TopicPartition: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The topic's name.
    public var topic: String
    /// The partition's number, from 0.
    public var partition: Int32

    /// A partition of a topic.
    public init(topic: String, partition: Int32) {
        self.topic = topic
        self.partition = partition
    }

    /// The order of the topic's name, then of the number.
    public static func < (left: Self, right: Self) -> Bool {
        (left.topic, left.partition) < (right.topic, right.partition)
    }

    /// `topic[partition]`.
    public var description: String {
        "\(topic)[\(partition)]"
    }
}

/// A place in a partition.
public enum Offset: Hashable, Sendable, CustomStringConvertible {
    /// The oldest existing record.
    case beginning
    /// After the newest record.
    case end
    /// The group's committed offset, or the one that `auto.offset.reset` selects without a commit.
    case stored
    /// No offset: nothing was committed or consumed.
    case invalid
    /// The record with this number, or the place of a future record.
    case at(Int64)

    /// The number, if the place has one.
    public var value: Int64? {
        if case .at(let value) = self { value } else { nil }
    }

    /// The number or the name of the place.
    public var description: String {
        switch self {
        case .beginning: "beginning"
        case .end: "end"
        case .stored: "stored"
        case .invalid: "invalid"
        case .at(let value): String(value)
        }
    }
}

/// A partition, a place in it and, for commits, a metadata string.
public struct TopicPartitionOffset: Hashable, Sendable, CustomStringConvertible {
    /// The topic's name.
    public var topic: String
    /// The partition's number, from 0.
    public var partition: Int32
    /// The place.
    ///
    /// In a commit: the offset of the *next* record to consume, one after the last that was processed.
    public var offset: Offset
    /// A string stored with a committed offset; librdkafka treats nil and empty alike, and both read back as nil.
    public var metadata: String?

    /// A place in a partition.
    public init(topic: String, partition: Int32, offset: Offset, metadata: String? = nil) {
        self.topic = topic
        self.partition = partition
        self.offset = offset
        self.metadata = metadata
    }

    /// A place in a partition.
    public init(_ topicPartition: TopicPartition, _ offset: Offset, metadata: String? = nil) {
        self.init(
            topic: topicPartition.topic,
            partition: topicPartition.partition,
            offset: offset,
            metadata: metadata
        )
    }

    /// Only the partition.
    public var topicPartition: TopicPartition {
        TopicPartition(topic: topic, partition: partition)
    }

    /// `topic[partition]@offset`.
    public var description: String {
        "\(topicPartition)@\(offset)"
    }
}

extension Int32 {
    /// Used instead of a partition's number: the configured partitioner chooses by key.
    public static var any: Int32 { -1 }
}
