internal import CRdKafka
internal import Logging

/// librdkafka's mock cluster, which runs inside the process.
///
/// For tests. It keeps everything in memory, drops the offsets of transactions and fences no one, so it proves nothing
/// about exactly-once processing.
@safe
public final class MockCluster: @unchecked Sendable {
    /// The API keys of Kafka's protocol, for ``fail(_:with:)``.
    public struct Request: Sendable, RawRepresentable {
        /// The protocol's `ApiKey`.
        public let rawValue: Int16

        /// A request by its `ApiKey`.
        public init(rawValue: Int16) {
            self.rawValue = rawValue
        }

        /// Produce messages.
        public static let produce = Self(rawValue: 0)
        /// Fetch messages.
        public static let fetch = Self(rawValue: 1)
        /// List the offsets of partitions.
        public static let listOffsets = Self(rawValue: 2)
        /// Describe the cluster's topics and brokers.
        public static let metadata = Self(rawValue: 3)
        /// Commit a group's offsets.
        public static let offsetCommit = Self(rawValue: 8)
        /// Find the coordinator of a group or transaction.
        public static let findCoordinator = Self(rawValue: 10)
        /// A group member's heartbeat.
        public static let heartbeat = Self(rawValue: 12)
        /// Get a producer id.
        public static let initProducerID = Self(rawValue: 22)
        /// Add partitions to a transaction.
        public static let addPartitionsToTransaction = Self(rawValue: 24)
        /// Add a group to a transaction.
        public static let addOffsetsToTransaction = Self(rawValue: 25)
        /// End a transaction.
        public static let endTransaction = Self(rawValue: 26)
        /// Commit offsets in a transaction.
        public static let transactionOffsetCommit = Self(rawValue: 28)
    }

    private let client: ClientHandle
    private let pointer: OpaquePointer

    /// Starts a cluster with this many brokers, numbered from 1.
    public init(brokers: Int = 1) throws(KafkaError) {
        let conf = try KafkaConfiguration(bootstrapServers: "").makeConfiguration(defaults: [:])
        client = try unsafe ClientHandle(RD_KAFKA_PRODUCER, conf, logger: .init(label: "kafka.mock") { _ in Discard() })
        guard let pointer = unsafe rd_kafka_mock_cluster_new(client.pointer, Int32(clamping: brokers)) else {
            throw KafkaError(failure: RD_KAFKA_RESP_ERR__FAIL, "the mock cluster did not start")
        }
        unsafe self.pointer = pointer
    }

    deinit {
        unsafe rd_kafka_mock_cluster_destroy(pointer)
    }

    /// The addresses that clients connect to.
    public var bootstrapServers: String {
        unsafe String(cString: rd_kafka_mock_cluster_bootstraps(pointer))
    }

    /// Creates a topic.
    public func createTopic(_ name: String, partitions: Int, replication: Int = 1) throws(KafkaError) {
        try client.check(
            unsafe rd_kafka_mock_topic_create(
                pointer,
                name,
                Int32(clamping: partitions),
                Int32(clamping: replication)
            )
        )
    }

    /// Makes the next requests of a kind fail, one with each of these codes, in order.
    public func fail(_ request: Request, with codes: [KafkaError.Code]) {
        let errors = codes.map { rd_kafka_resp_err_t($0.rawValue) }
        unsafe rd_kafka_mock_push_request_errors_array(pointer, request.rawValue, errors.count, errors)
    }

    /// Removes failures that are still pending.
    public func clearFailures(_ request: Request) {
        unsafe rd_kafka_mock_clear_request_errors(pointer, request.rawValue)
    }

    /// Disconnects a broker and refuses connections to it.
    public func stop(broker: Int) throws(KafkaError) {
        try client.check(unsafe rd_kafka_mock_broker_set_down(pointer, Int32(clamping: broker)))
    }

    /// Accepts connections to a broker again.
    public func start(broker: Int) throws(KafkaError) {
        try client.check(unsafe rd_kafka_mock_broker_set_up(pointer, Int32(clamping: broker)))
    }

    /// Moves the coordinator of a transactional id to a broker.
    public func moveCoordinator(ofTransactionalID id: String, to broker: Int) throws(KafkaError) {
        try client.check(unsafe rd_kafka_mock_coordinator_set(pointer, "transaction", id, Int32(clamping: broker)))
    }

    /// Moves the coordinator of a group to a broker.
    public func moveCoordinator(ofGroup group: String, to broker: Int) throws(KafkaError) {
        try client.check(unsafe rd_kafka_mock_coordinator_set(pointer, "group", group, Int32(clamping: broker)))
    }

    /// Makes a broker the leader of a partition; nil leaves it without one.
    public func setLeader(of partition: TopicPartition, to broker: Int?) throws(KafkaError) {
        try client.check(
            unsafe rd_kafka_mock_partition_set_leader(
                pointer,
                partition.topic,
                partition.partition,
                Int32(clamping: broker ?? -1)
            )
        )
    }

    /// Makes every answer of a broker take at least this long.
    public func delay(broker: Int, by time: Duration) throws(KafkaError) {
        try client.check(unsafe rd_kafka_mock_broker_set_rtt(pointer, Int32(clamping: broker), time.milliseconds))
    }
}

/// Discards the logs of the mock cluster's own client.
private struct Discard: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .critical

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {}
}
