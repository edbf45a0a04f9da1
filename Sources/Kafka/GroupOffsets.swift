public import Logging

/// Reads the committed offsets of a group.
///
/// It is a client with the group's name that never joins the group.
///
/// Any client could use the request `ListConsumerGroupOffsets`. But in librdkafka up to 2.16 that request ends the
/// process if the broker no longer coordinates the group and the client has no group of its own (issue 5040).
public final class GroupOffsets {
    /// The group's name.
    public let group: String
    private let consumer: Consumer

    /// Creates a client for a group.
    ///
    /// - Parameters:
    ///   - configuration: the brokers and client properties.
    ///   - group: the group's name; the group may be empty.
    ///   - requireStable: whether to wait for offsets of open transactions instead of ignoring them.
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

    /// The committed offsets and their metadata strings; `.invalid` if there is none.
    ///
    /// - Parameters:
    ///   - partitions: the partitions to read.
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
