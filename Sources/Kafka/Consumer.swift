internal import CRdKafka
public import Logging
internal import Synchronization

/// A consumer.
///
/// Use it from one thread.
///
/// It never commits by itself: offsets go into a producer's transaction (``Producer/sendOffsets(_:group:timeout:)``) or
/// through ``commit(_:timeout:)``. Rebalances are events that the owner answers when it is ready: see
/// ``nextRebalance()``. A consumer that ends without ``close(timeout:)`` looks to the group like a crashed one.
public final class Consumer {
    private(set) var client: ClientHandle?
    private let context: ClientContext
    let pacing: FetchPacing?
    private let topics: TopicTable
    private let queue: QueueReference
    private var pendingErrors: [KafkaError] = []
    private var partitionEnds: [TopicPartitionOffset] = []
    private let hasGroup: Bool

    /// Creates a consumer.
    ///
    /// Without a `group.id` it can assign partitions but not subscribe.
    ///
    /// - Parameters:
    ///   - configuration: any librdkafka properties.
    ///   - logger: receives librdkafka's logs while the consumer is polled.
    /// - Throws: ``KafkaError/Code/invalidConfiguration``, naming the property.
    public init(_ configuration: KafkaConfiguration, logger: Logger) throws(KafkaError) {
        if configuration["partition.assignment.strategy"]?.contains("cooperative") == true {
            throw .configuration(
                "partition.assignment.strategy: cooperative assignors are not supported (librdkafka 2.0.2 can hang)"
            )
        }
        hasGroup = configuration["group.id"] != nil
        let conf = try configuration.makeConfiguration(defaults: [
            "group.id": "none",
            "isolation.level": "read_committed",
            "enable.auto.commit": "false",
            "enable.auto.offset.store": "false",
            "partition.assignment.strategy": "range",
            "auto.offset.reset": "earliest",
        ])
        let pacing = configuration.isLocalBroker ? FetchPacing(bell: configuration.bell.flatMap(Bell.at)) : nil
        self.pacing = pacing
        let client = try unsafe ClientHandle(RD_KAFKA_CONSUMER, conf, logger: logger) {
            unsafe rd_kafka_conf_set_rebalance_cb($0, rebalanceCallback)
            unsafe pacing?.add(to: $0)
        }
        // One queue for records, rebalances, statistics and logs.
        try client.check(unsafe rd_kafka_poll_set_consumer(client.pointer))
        guard let queue = unsafe rd_kafka_queue_get_consumer(client.pointer) else { throw .closed }
        self.queue = unsafe QueueReference(queue, client: client)
        self.client = client
        context = client.context
        context.consumerQueue.store(Int(bitPattern: queue), ordering: .releasing)
        topics = TopicTable(client: client)
    }

    deinit {
        context.consumerQueue.store(0, ordering: .releasing)
        context.state.withLock { $0.isClosing = true }
    }

    /// The client, while it is open.
    func open() throws(KafkaError) -> ClientHandle {
        guard let client else { throw .closed }
        return client
    }

    // MARK: - Membership

    /// Joins the group for these topics.
    ///
    /// Partitions arrive as a rebalance.
    ///
    /// The member is static if `group.instance.id` is set.
    public func subscribe(_ topics: [String]) throws(KafkaError) {
        let client = try open()
        guard hasGroup else { throw .configuration("group.id: required to subscribe") }
        let list = try TopicPartitionList(topics.map { TopicPartition(topic: $0, partition: .any) })
        try client.check(unsafe rd_kafka_subscribe(client.pointer, list.pointer))
    }

    /// Unsubscribes.
    ///
    /// A rebalance takes the partitions away.
    public func unsubscribe() throws(KafkaError) {
        let client = try open()
        try client.check(unsafe rd_kafka_unsubscribe(client.pointer))
    }

    /// The oldest unanswered rebalance.
    ///
    /// The group waits for the answer, up to `max.poll.interval.ms` and as long as the owner keeps polling. Answer
    /// `.assigned` with ``assign(_:)``, `.revoked` with a commit and ``unassign()``, and `.lost` by dropping
    /// uncommitted work and ``unassign()``. A poll that receives a rebalance returns at once.
    public func nextRebalance() -> Rebalance? {
        context.state.withLock { $0.rebalances.isEmpty ? nil : $0.rebalances.removeFirst() }
    }

    /// Whether the partitions were lost since, although a revocation was reported.
    public var isAssignmentLost: Bool {
        guard let client else { return true }
        return unsafe rd_kafka_assignment_lost(client.pointer) != 0
    }

    /// Replaces the consumed partitions by these, starting at these offsets.
    ///
    /// The partitions need not belong to the group's assignment. To seek, assign all partitions again at the wanted
    /// offsets (`rd_kafka_seek_partitions` of librdkafka 2.0.2 times out a thousand times too early).
    public func assign(_ partitions: [TopicPartitionOffset]) throws(KafkaError) {
        let client = try open()
        let list = try TopicPartitionList(partitions)
        try client.check(unsafe rd_kafka_assign(client.pointer, list.pointer))
        pacing?.interrupt()
    }

    /// Replaces the consumed partitions by these, each from its oldest record.
    ///
    /// It first asks the brokers for these offsets. With "from the beginning", the client would ask itself, but half a
    /// second later if it does not know the leader yet.
    ///
    /// - Parameters:
    ///   - partitions: any partitions.
    ///   - timeout: how long to wait for an answer.
    /// - Throws: the error of the request, or the first of a partition.
    public func assignFromBeginning(_ partitions: [TopicPartition], timeout: Duration) throws(KafkaError) {
        let places = partitions.map { TopicPartitionOffset($0, .beginning) }
        try assign(try open().offsets(for: places, timeout: timeout))
    }

    /// Stops consuming, and gives revoked or lost partitions back to the group.
    public func unassign() throws(KafkaError) {
        let client = try open()
        try client.check(unsafe rd_kafka_assign(client.pointer, nil))
    }

    /// The partitions that are being consumed.
    public func assignment() throws(KafkaError) -> [TopicPartition] {
        let client = try open()
        var list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?
        try client.check(unsafe rd_kafka_assignment(client.pointer, &list))
        guard let list = unsafe list else { return [] }
        let owner = unsafe TopicPartitionList(list)
        return unsafe TopicPartition.all(of: owner.pointer)
    }

    /// The group's identity for a transaction.
    ///
    /// Read it again for each transaction, because it changes with every rebalance.
    public var groupMetadata: ConsumerGroupMetadata {
        get throws(KafkaError) {
            let client = try open()
            guard let metadata = unsafe rd_kafka_consumer_group_metadata(client.pointer) else {
                throw KafkaError(failure: RD_KAFKA_RESP_ERR__UNKNOWN_GROUP)
            }
            return unsafe ConsumerGroupMetadata(metadata)
        }
    }

    // MARK: - Records

    /// The index of a topic in ``Record/topicIndex``.
    ///
    /// Comparing indexes is cheaper than comparing names.
    public func topicIndex(_ topic: String) -> Int {
        topics.index(of: topic)
    }

    /// Fills the batch with the available records, or waits for the first one.
    ///
    /// Returns before the time-out if there are records, a rebalance or an error. Each error of the group or of a
    /// partition is thrown once, after the records that arrived before it. The consumer continues unless the error is
    /// fatal. The previous content of the batch is released.
    ///
    /// - Parameters:
    ///   - batch: receives the records; its capacity limits one poll.
    ///   - timeout: how long to wait if there are no records.
    /// - Returns: the number of records in the batch.
    /// - Throws: an error of the group, of a topic or a partition.
    @discardableResult
    public func poll(_ batch: inout RecordBatch, timeout: Duration) throws(KafkaError) -> Int {
        let client = try open()
        let storage = batch.storage
        storage.removeAll()
        if !pendingErrors.isEmpty { throw pendingErrors.removeFirst() }
        // librdkafka waits until the array is full or the time is over. So first take the available records, and wait
        // for one only if there are none.
        var received = unsafe fetch(into: storage.messages, timeout: 0)
        if received == 0, timeout > .zero, !hasRebalance {
            let one = unsafe UnsafeMutableBufferPointer(rebasing: storage.messages[..<1])
            received = unsafe fetch(into: one, timeout: timeout.milliseconds)
            if received == 1, unsafe storage.messages.count > 1 {
                received += unsafe fetch(into: .init(rebasing: storage.messages[1...]), timeout: 0)
            }
        }
        if received > 0 { pacing?.wake() }
        sort(received, into: storage)
        context.state.withLock { state in
            pendingErrors += state.topicErrors
            state.topicErrors.removeAll()
        }
        if storage.count > 0 {
            storage.client = client
            storage.topics = topics
        } else if !pendingErrors.isEmpty {
            throw pendingErrors.removeFirst()
        }
        return storage.count
    }

    /// The number of errors that the client has reported, including broken connections.
    public var errorCount: Int { context.state.withLock { $0.errorCount } }

    /// Whether there is an unanswered rebalance.
    public var hasRebalance: Bool {
        context.state.withLock { !$0.rebalances.isEmpty }
    }

    private func fetch(
        into messages: UnsafeMutableBufferPointer<UnsafeMutablePointer<rd_kafka_message_t>?>,
        timeout: Int32
    ) -> Int {
        unsafe max(0, rd_kafka_consume_batch_queue(queue.pointer, timeout, messages.baseAddress, messages.count))
    }

    /// Separates errors from records.
    private func sort(_ received: Int, into storage: BatchStorage) {
        var count = 0
        for index in 0..<received {
            guard let message = unsafe storage.messages[index] else { continue }
            if unsafe message.pointee.err == RD_KAFKA_RESP_ERR_NO_ERROR {
                unsafe storage.messages[count] = message
                unsafe storage.topicIndexes[count] = topics.index(of: message.pointee.rkt)
                count += 1
                continue
            }
            unsafe note(message)
            unsafe rd_kafka_message_destroy(message)
        }
        storage.count = count
    }

    private func note(_ message: UnsafeMutablePointer<rd_kafka_message_t>) {
        let topic = unsafe message.pointee.rkt.map { unsafe String(cString: rd_kafka_topic_name($0)) }
        let partition = unsafe message.pointee.partition
        if unsafe message.pointee.err == RD_KAFKA_RESP_ERR__PARTITION_EOF {
            let offset = unsafe Offset.at(message.pointee.offset)
            partitionEnds.append(TopicPartitionOffset(topic: topic ?? "", partition: partition, offset: offset))
            return
        }
        let text = unsafe rd_kafka_message_errstr(message).map { unsafe String(cString: $0) }
        let place = topic.map { partition >= 0 ? "\($0)[\(partition)]: " : "\($0): " } ?? ""
        let error = unsafe KafkaError(message.pointee.err, place + (text ?? ""), client: client?.pointer)
        if let error { pendingErrors.append(error) }
    }

    /// The next partition whose end was reached, with the end offset; only with `enable.partition.eof=true`.
    public func nextPartitionEnd() -> TopicPartitionOffset? {
        partitionEnds.isEmpty ? nil : partitionEnds.removeFirst()
    }

    /// The fatal error after which the consumer can no longer be used, if any (such as a newer instance in its place).
    public var fatalError: KafkaError? {
        client?.fatalError
    }

    /// How often statistics were emitted.
    public var statisticsCount: Int {
        client?.context.state.withLock { $0.statisticsCount } ?? 0
    }

    /// The newest statistics; nil before the first, or if `statistics.interval.ms` is not set.
    public var latestStatistics: Statistics? {
        client?.statistics
    }

    // MARK: - The end

    /// Leaves the group.
    ///
    /// Its partitions go to other members at once and not only after the session time-out.
    ///
    /// A static member that only closes keeps its place for its next run. Call this after everything is committed and
    /// before ``close(timeout:)``. Records that arrive meanwhile are dropped. If the group does not answer, nothing is
    /// done, because librdkafka before 2.14.2 can crash then; the membership ends with the session.
    ///
    /// - Parameter timeout: the limit of the call.
    /// - Returns: whether the member has left.
    @discardableResult
    public func leave(timeout: Duration) -> Bool {
        let deadline = ContinuousClock.now + timeout
        do throws(KafkaError) {
            let client = try open()
            if let first = try assignment().first { _ = try committed([first], timeout: timeout / 2) }
            try unsubscribe()
            var batch = RecordBatch(capacity: 16)
            // librdkafka clears the member id when it sends the leave request. Closing earlier would prevent the
            // request.
            while unsafe isMember(client.pointer) {
                guard ContinuousClock.now < deadline else { throw .timeout("leaving the group") }
                do throws(KafkaError) { try poll(&batch, timeout: .milliseconds(20)) } catch { _ = error }
                while nextRebalance() != nil { try unassign() }
            }
            return true
        } catch {
            context.logger.notice("could not leave the group; its session ends later", metadata: ["error": "\(error)"])
            return false
        }
    }

    private func isMember(_ client: OpaquePointer) -> Bool {
        guard let text = unsafe rd_kafka_memberid(client) else { return false }
        defer { unsafe rd_kafka_mem_free(client, text) }
        return unsafe text.pointee != 0
    }

    /// Ends the client.
    ///
    /// A dynamic member leaves the group; a static member keeps its place unless it has left.
    ///
    /// The time is limited because librdkafka 2.0.2's close can hang; threads that have not ended by then are
    /// abandoned. Records of a batch stay valid until the batch releases them, and retain the client until then.
    /// Nothing is committed.
    public func close(timeout: Duration) {
        guard let client else { return }
        context.state.withLock { state in
            state.isClosing = true
            state.rebalances.removeAll()
        }
        context.consumerQueue.store(0, ordering: .releasing)
        pacing?.interrupt()
        // Not rd_kafka_consumer_close_queue: after it, librdkafka 2.0.2's rd_kafka_destroy hangs every other time.
        unsafe client.run(within: timeout) { unsafe _ = rd_kafka_consumer_close($0) }
        queue.release()
        topics.release()
        self.client = nil
    }
}

/// A reference to a client's queue, released before the client ends.
@safe
final class QueueReference {
    let pointer: OpaquePointer
    private var client: ClientHandle?

    init(_ pointer: OpaquePointer, client: ClientHandle) {
        unsafe self.pointer = pointer
        self.client = client
    }

    /// Releases the queue.
    ///
    /// It must not be used afterwards.
    func release() {
        if client != nil { unsafe QueueResource.destroy(pointer) }
        client = nil
    }

    deinit {
        release()
    }
}
