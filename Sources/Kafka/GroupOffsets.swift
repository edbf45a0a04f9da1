public import Logging

/// Reads the committed offsets of a group, as a client of that group that never becomes a member.
///
/// The request for a group's offsets that any client may send (`ListConsumerGroupOffsets`) ends the process in
/// librdkafka up to 2.16 where the broker asked no longer coordinates the group and the client has no group of its own
/// (issue 5040).
public final class GroupOffsets {
    /// The group's name.
    public let group: String
    private let consumer: Consumer

    /// A client of a group.
    ///
    /// - Parameters:
    ///   - configuration: where the brokers are.
    ///   - group: the group's name; nobody need be a member of it.
    ///   - requireStable: offsets of a transaction that is not over yet are waited for, and not passed over.
    ///   - logger: receives librdkafka's logs.
    /// - Throws: ``KafkaError/Code/invalidConfiguration``, naming the property.
    public init(
        _ configuration: KafkaConfiguration,
        group: String,
        requireStable: Bool = false,
        logger: Logger
    ) throws(KafkaError) {
        self.group = group
        var configuration = configuration
        configuration["group.id"] = group
        configuration["group.instance.id"] = nil
        configuration["isolation.level"] = requireStable ? "read_committed" : "read_uncommitted"
        consumer = try Consumer(configuration, logger: logger)
    }

    /// The committed offsets, with the strings committed with them; `.invalid` where there is none.
    ///
    /// - Parameters:
    ///   - partitions: the partitions asked for.
    ///   - timeout: the limit of the call.
    /// - Returns: an entry for each partition.
    /// - Throws: the error of the request, or the first of a partition.
    public func committed(
        _ partitions: [TopicPartition],
        timeout: Duration
    ) throws(KafkaError) -> [TopicPartitionOffset] {
        if partitions.isEmpty { return [] }
        return try consumer.committed(partitions, timeout: timeout)
    }

    /// Ends the client.
    public func close(timeout: Duration = .seconds(2)) {
        consumer.close(timeout: timeout)
    }
}
