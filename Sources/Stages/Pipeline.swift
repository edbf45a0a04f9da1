public import Messages
public import Rules
public import Streaming

/// One installation of the pipeline: its topic names on the broker, and the partition of each record.
public struct Pipeline: Sendable, Hashable {
    /// The prefix that separates installations on one cluster; empty for none.
    public let namespace: String
    /// How large the blocks of the ledger and of the records become.
    public let blocks: BlockLimits

    /// An installation.
    public init(namespace: String = "", blocks: BlockLimits = BlockLimits()) {
        self.namespace = namespace
        self.blocks = blocks
    }

    /// A topic's name on the broker.
    public func name(_ topic: TopicDefinition) -> String {
        topic.name(in: namespace)
    }

    /// A topic as a stage's source, with the type of its records.
    public func source(_ topic: TopicDefinition) -> Source {
        let isTable = topic.retention == .compacted
        return topic.partitioning == .single
            ? .broadcast(name(topic), eventType: topic.eventType, isTable: isTable, publisher: topic.publisher)
            : .partitioned(
                name(topic),
                eventType: topic.eventType,
                isTable: isTable,
                publisher: topic.publisher
            )
    }

    /// The topic for records that a stage cannot use.
    public var quarantine: QuarantineTopic {
        QuarantineTopic(name: name(Topics.quarantine), eventType: Topics.quarantine.eventType)
    }

    /// The topic with a second copy of the stages' committed offsets.
    public var positions: PositionsTopic {
        PositionsTopic(name: name(Topics.positions), eventType: Topics.positions.eventType)
    }

    /// A topic as a stage's output.
    public func output(_ topic: TopicDefinition, memory: Output.Memory) -> Output {
        Output(
            topic: name(topic),
            eventType: topic.eventType,
            memory: memory,
            isCopartitioned: topic.partitioning != .single,
            isTable: topic.retention == .compacted,
            isChangeLog: topic.retention == .forever
        )
    }

    /// The partition of everything that belongs to an organization: that of its district, murmur2 of `dddd0000`.
    ///
    /// - `organization`: an 8-digit code; a shorter one is taken as it is.
    public static func partition(ofDistrictOf organization: String, partitions: Int32) -> Int32 {
        var bytes = Array(organization.utf8)
        for index in bytes.indices.dropFirst(4) { bytes[index] = UInt8(ascii: "0") }
        return Partitioner.partition(of: bytes.span, partitions: partitions)
    }

    /// The partition of everything that belongs to an organization.
    public static func partition(ofDistrictOf organization: OrganizationCode, partitions: Int32) -> Int32 {
        partition(ofDistrictOf: organization.description, partitions: partitions)
    }
}
