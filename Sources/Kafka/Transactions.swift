internal import CRdKafka

/// A group's identity.
///
/// A transaction needs it to commit offsets for the group.
@safe
public final class ConsumerGroupMetadata: Sendable {
    nonisolated(unsafe) let pointer: OpaquePointer

    init(_ pointer: OpaquePointer) {
        unsafe self.pointer = pointer
    }

    /// A group without members.
    ///
    /// Its offsets are accepted without fencing any member.
    public convenience init(groupID: String) throws(KafkaError) {
        guard let pointer = unsafe rd_kafka_consumer_group_metadata_new(groupID) else {
            throw KafkaError(failure: RD_KAFKA_RESP_ERR__INVALID_ARG, "group \(groupID)")
        }
        unsafe self.init(pointer)
    }

    deinit {
        unsafe GroupMetadataResource.destroy(pointer)
    }
}

/// Transactions.
///
/// Call ``initTransactions(timeout:)`` once. Then, for each transaction: begin, produce, send offsets, and commit or
/// abort. After an error with ``KafkaError/requiresAbort``, abort. After one with ``KafkaError/isRetriable``, repeat
/// the call. After one with ``KafkaError/isFatal``, start a new process. A call keeps running after its time-out;
/// repeating it continues to wait. A call that is not allowed in the current state fails with ``KafkaError/Code/state``
/// and does not reach librdkafka, which would end the process on some of these calls.
extension Producer {
    /// Takes over the `transactional.id`: fences any other producer that has it, and ends that producer's transaction.
    public func initTransactions(timeout: Duration) throws(KafkaError) {
        try transactions.run(.initialize, client, timeout: timeout) { (client) throws(KafkaError) in
            try unsafe client.check(rd_kafka_init_transactions(client.pointer, noLimit))
        }
    }

    /// Begins a transaction.
    ///
    /// Messages produced from now on belong to it.
    public func beginTransaction(timeout: Duration = .seconds(30)) throws(KafkaError) {
        try transactions.run(.begin, client, timeout: timeout) { (client) throws(KafkaError) in
            try unsafe client.check(rd_kafka_begin_transaction(client.pointer))
        }
    }

    /// Adds a group's offsets to the transaction.
    ///
    /// They are committed together with it.
    ///
    /// - Parameters:
    ///   - offsets: for each partition the offset of the *next* record to consume, and the metadata string to store
    ///     with it.
    ///   - group: from ``Consumer/groupMetadata``, so that a previous member of the group is fenced.
    ///   - timeout: the limit of the call.
    /// - Throws: an error whose flags say how to continue.
    public func sendOffsets(
        _ offsets: [TopicPartitionOffset],
        group: ConsumerGroupMetadata,
        timeout: Duration
    ) throws(KafkaError) {
        try transactions.run(.sendOffsets, client, timeout: timeout) { (client) throws(KafkaError) in
            let list = try TopicPartitionList(offsets)
            try unsafe client.check(
                rd_kafka_send_offsets_to_transaction(client.pointer, list.pointer, group.pointer, offsetsLimit)
            )
        }
    }

    /// Flushes the produced messages and commits.
    ///
    /// Messages and offsets become visible together.
    ///
    /// After a time-out the outcome is unknown; repeating the call continues to wait for it.
    public func commitTransaction(timeout: Duration) throws(KafkaError) {
        defer { poll(timeout: .zero) }
        try transactions.run(.commit, client, timeout: timeout) { (client) throws(KafkaError) in
            try unsafe client.check(rd_kafka_commit_transaction(client.pointer, noLimit))
        }
        bell?.ring()
    }

    /// Purges the produced messages and aborts.
    ///
    /// No message of the transaction becomes visible, and no offset moves.
    public func abortTransaction(timeout: Duration) throws(KafkaError) {
        defer { poll(timeout: .zero) }
        try transactions.run(.abort, client, timeout: timeout) { (client) throws(KafkaError) in
            try unsafe client.check(rd_kafka_abort_transaction(client.pointer, noLimit))
        }
        bell?.ring()
    }
}

/// The time-out for sending offsets, in milliseconds.
///
/// A request that was lost with its connection is repeated after it.
///
/// Unlike a commit, this call has only one step and can be repeated from the start.
///
/// A coordinator that dies is replaced after some seconds, 9 on Apache Kafka.
private let offsetsLimit: Int32 = 20_000

/// No time-out: the owner's time-out is handled outside of the call, see ``TransactionState``.
private let noLimit: Int32 = -1
