internal import CRdKafka

/// A group's identity, as a transaction needs it to commit offsets for the group.
@safe
public final class ConsumerGroupMetadata: Sendable {
    nonisolated(unsafe) let pointer: OpaquePointer

    init(_ pointer: OpaquePointer) {
        unsafe self.pointer = pointer
    }

    /// A group that nobody is a member of: offsets are accepted without a member being fenced.
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

/// Transactions. In order: ``initTransactions(timeout:)`` once; then, for each, begin, produce, send offsets, and
/// commit or abort. An error that ``KafkaError/requiresAbort`` is answered with an abort, one that
/// ``KafkaError/isRetriable`` with the same call again, one that ``KafkaError/isFatal`` with a new process.
extension Producer {
    /// Takes the `transactional.id` over: fences any other producer with it and ends its transaction.
    public func initTransactions(timeout: Duration) throws(KafkaError) {
        try unsafe client.check(rd_kafka_init_transactions(client.pointer, timeout.milliseconds))
    }

    /// Begins a transaction: messages produced from here on belong to it.
    public func beginTransaction() throws(KafkaError) {
        try unsafe client.check(rd_kafka_begin_transaction(client.pointer))
    }

    /// Puts a group's offsets into the transaction: they move when it commits.
    ///
    /// - Parameters:
    ///   - offsets: for each partition the offset of the *next* record to consume, and the string to keep with it.
    ///   - group: from ``Consumer/groupMetadata``, so that a former member of the group is fenced.
    ///   - timeout: the limit of the call.
    /// - Throws: an error that says by its flags how to go on.
    public func sendOffsets(
        _ offsets: [TopicPartitionOffset],
        group: ConsumerGroupMetadata,
        timeout: Duration
    ) throws(KafkaError) {
        let list = try TopicPartitionList(offsets)
        try unsafe client.check(
            rd_kafka_send_offsets_to_transaction(
                client.pointer,
                list.pointer,
                group.pointer,
                timeout.milliseconds
            )
        )
    }

    /// Flushes what was produced and commits: messages and offsets become visible together.
    ///
    /// After a time-out the outcome is not known yet; the same call again goes on with it.
    public func commitTransaction(timeout: Duration) throws(KafkaError) {
        defer { poll(timeout: .zero) }
        try unsafe client.check(rd_kafka_commit_transaction(client.pointer, timeout.milliseconds))
    }

    /// Purges what was produced and aborts: nothing of the transaction becomes visible, no offset moves.
    public func abortTransaction(timeout: Duration) throws(KafkaError) {
        defer { poll(timeout: .zero) }
        try unsafe client.check(rd_kafka_abort_transaction(client.pointer, timeout.milliseconds))
    }
}
