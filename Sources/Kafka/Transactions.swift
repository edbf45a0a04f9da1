internal import CRdKafka

/// A group's identity, as a transaction needs it to commit offsets for the group.
@safe
public final class ConsumerGroupMetadata: Sendable {
    nonisolated(unsafe) let pointer: OpaquePointer

    init(_ pointer: OpaquePointer) {
        unsafe self.pointer = pointer
    }

    /// A group without members: offsets are accepted without a member being fenced.
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
/// In order: ``initTransactions(timeout:)`` once; then, for each, begin, produce, send offsets, and commit or abort.
/// An error that ``KafkaError/requiresAbort`` is answered with an abort, one that ``KafkaError/isRetriable`` with the
/// same call again, one that ``KafkaError/isFatal`` with a new process. A call whose time is over goes on: the same
/// call again waits for the rest of it. A call that does not fit is refused with ``KafkaError/Code/state`` and does
/// not reach librdkafka, which would end the process at some of them.
extension Producer {
    /// Takes the `transactional.id` over: fences any other producer with it and ends its transaction.
    public func initTransactions(timeout: Duration) throws(KafkaError) {
        try transactions.run(.initialize, client, timeout: timeout) { (client) throws(KafkaError) in
            try unsafe client.check(rd_kafka_init_transactions(client.pointer, noLimit))
        }
    }

    /// Begins a transaction: messages produced from here on belong to it.
    public func beginTransaction(timeout: Duration = .seconds(30)) throws(KafkaError) {
        try transactions.run(.begin, client, timeout: timeout) { (client) throws(KafkaError) in
            try unsafe client.check(rd_kafka_begin_transaction(client.pointer))
        }
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
        try transactions.run(.sendOffsets, client, timeout: timeout) { (client) throws(KafkaError) in
            let list = try TopicPartitionList(offsets)
            try unsafe client.check(
                rd_kafka_send_offsets_to_transaction(client.pointer, list.pointer, group.pointer, offsetsLimit)
            )
        }
    }

    /// Flushes what was produced and commits: messages and offsets become visible together.
    ///
    /// After a time-out the outcome is not known yet; the same call again goes on with it.
    public func commitTransaction(timeout: Duration) throws(KafkaError) {
        defer { poll(timeout: .zero) }
        try transactions.run(.commit, client, timeout: timeout) { (client) throws(KafkaError) in
            try unsafe client.check(rd_kafka_commit_transaction(client.pointer, noLimit))
        }
    }

    /// Purges what was produced and aborts: nothing of the transaction becomes visible, no offset moves.
    public func abortTransaction(timeout: Duration) throws(KafkaError) {
        defer { poll(timeout: .zero) }
        try transactions.run(.abort, client, timeout: timeout) { (client) throws(KafkaError) in
            try unsafe client.check(rd_kafka_abort_transaction(client.pointer, noLimit))
        }
    }
}

/// The limit of sending offsets, in milliseconds: a request that was lost with its connection is made again after it.
///
/// Unlike a commit this call has one step, and begins anew.
private let offsetsLimit: Int32 = 10_000

/// No limit, as the owner's is kept outside of the call: see ``TransactionState``.
private let noLimit: Int32 = -1
