internal import CRdKafka
public import Logging
internal import Synchronization

/// A consumer, used from one thread.
///
/// It never commits by itself: offsets go into a producer's transaction (``Producer/sendOffsets(_:group:timeout:)``)
/// or through ``commit(_:timeout:)``. Rebalances are events that the owner answers when it is ready: see
/// ``nextRebalance()``. A consumer that ends without ``close(timeout:)`` leaves like a crashed one.
public final class Consumer {
    private(set) var client: ClientHandle?
    private let context: ClientContext
    private let pacing: FetchPacing?
    private let topics: TopicTable
    private let queue: QueueReference
    private var pendingErrors: [KafkaError] = []
    private var partitionEnds: [TopicPartitionOffset] = []
    private let hasGroup: Bool

    /// A consumer with this configuration.
    ///
    /// Without a `group.id` it can be assigned partitions, but not subscribe.
    ///
    /// - Parameters:
    ///   - configuration: any of librdkafka's properties.
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
        let pacing = configuration.isLocalBroker ? FetchPacing() : nil
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

    /// Joins the group for these topics; partitions come as a rebalance.
    ///
    /// Static when `group.instance.id` is set.
    public func subscribe(_ topics: [String]) throws(KafkaError) {
        let client = try open()
        guard hasGroup else { throw .configuration("group.id: needed to subscribe") }
        let list = try TopicPartitionList(topics.map { TopicPartition(topic: $0, partition: .any) })
        try client.check(unsafe rd_kafka_subscribe(client.pointer, list.pointer))
    }

    /// Leaves the group's topics; the partitions go by a rebalance.
    public func unsubscribe() throws(KafkaError) {
        let client = try open()
        try client.check(unsafe rd_kafka_unsubscribe(client.pointer))
    }

    /// The next rebalance that was not answered, oldest first.
    ///
    /// The group waits for the answer, up to `max.poll.interval.ms` and as long as the owner goes on polling:
    /// ``assign(_:)`` for `.assigned`, ``unassign()`` (after committing) for `.revoked`, ``unassign()`` (after
    /// dropping what was not committed) for `.lost`. A poll that meets a rebalance returns at once.
    public func nextRebalance() -> Rebalance? {
        context.state.withLock { $0.rebalances.isEmpty ? nil : $0.rebalances.removeFirst() }
    }

    /// Whether the partitions were lost meanwhile, though a revocation was reported.
    public var isAssignmentLost: Bool {
        guard let client else { return true }
        return unsafe rd_kafka_assignment_lost(client.pointer) != 0
    }

    /// Consumes these partitions from these places from now on, instead of those before.
    ///
    /// Any partition may be named, the group's or not. To seek, assign all again with the places wanted
    /// (`rd_kafka_seek_partitions` of librdkafka 2.0.2 times out a thousand times early).
    public func assign(_ partitions: [TopicPartitionOffset]) throws(KafkaError) {
        let client = try open()
        let list = try TopicPartitionList(partitions)
        try client.check(unsafe rd_kafka_assign(client.pointer, list.pointer))
    }

    /// Consumes these partitions whole from now on, each from its oldest record.
    ///
    /// The brokers are asked first where that is. A client that is only told "from the beginning" asks by itself, and
    /// where it does not know the leader yet, half a second later.
    ///
    /// - Parameters:
    ///   - partitions: any; instead of those before.
    ///   - timeout: how long an answer is waited for.
    /// - Throws: the error of the request, or the first of a partition.
    public func assignFromBeginning(_ partitions: [TopicPartition], timeout: Duration) throws(KafkaError) {
        let places = partitions.map { TopicPartitionOffset($0, .beginning) }
        try assign(try open().offsets(for: places, timeout: timeout))
    }

    /// Consumes nothing from now on; gives revoked or lost partitions back to the group.
    public func unassign() throws(KafkaError) {
        let client = try open()
        try client.check(unsafe rd_kafka_assign(client.pointer, nil))
    }

    /// The partitions that are consumed now.
    public func assignment() throws(KafkaError) -> [TopicPartition] {
        let client = try open()
        var list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?
        try client.check(unsafe rd_kafka_assignment(client.pointer, &list))
        guard let list = unsafe list else { return [] }
        let owner = unsafe TopicPartitionList(list)
        return unsafe TopicPartition.all(of: owner.pointer)
    }

    /// The group's identity for a transaction: taken anew for each, as it changes with every rebalance.
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

    /// The index of a topic in ``Record/topicIndex``, which then need not be compared by name.
    public func topicIndex(_ topic: String) -> Int {
        topics.index(of: topic)
    }

    /// Fills the batch with the records that are there, or waits for the first.
    ///
    /// Returns before the time-out when there are records, a rebalance or an error. Errors of the group or of a
    /// partition are thrown once each, after the records that came before them were delivered; the consumer goes on
    /// unless the error is fatal. What the batch held before is given back.
    ///
    /// - Parameters:
    ///   - batch: receives the records; its capacity is the most that one poll delivers.
    ///   - timeout: how long to wait when there is nothing.
    /// - Returns: how many records the batch holds.
    /// - Throws: an error of the group, of a topic or a partition.
    @discardableResult
    public func poll(_ batch: inout RecordBatch, timeout: Duration) throws(KafkaError) -> Int {
        let client = try open()
        let storage = batch.storage
        storage.removeAll()
        if !pendingErrors.isEmpty { throw pendingErrors.removeFirst() }
        // librdkafka waits until the array is full or the time is over; so take what is there, and only if that is
        // nothing wait for one.
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

    /// How many errors the client has reported: connections that broke among them.
    public var errorCount: Int { context.state.withLock { $0.errorCount } }

    /// Whether there is a rebalance that was not taken yet.
    public var hasRebalance: Bool {
        context.state.withLock { !$0.rebalances.isEmpty }
    }

    private func fetch(
        into messages: UnsafeMutableBufferPointer<UnsafeMutablePointer<rd_kafka_message_t>?>,
        timeout: Int32
    ) -> Int {
        unsafe max(0, rd_kafka_consume_batch_queue(queue.pointer, timeout, messages.baseAddress, messages.count))
    }

    /// Keeps the records and takes the errors out from among them.
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

    /// The next partition whose end was reached, and the offset there; only with `enable.partition.eof=true`.
    public func nextPartitionEnd() -> TopicPartitionOffset? {
        partitionEnds.isEmpty ? nil : partitionEnds.removeFirst()
    }

    /// The error that ended the consumer's usefulness, if one did (such as a newer instance in its place).
    public var fatalError: KafkaError? {
        client?.fatalError
    }

    /// How often statistics were emitted.
    public var statisticsCount: Int {
        client?.context.state.withLock { $0.statisticsCount } ?? 0
    }

    /// The newest statistics; nil before the first, or when `statistics.interval.ms` is not set.
    public var latestStatistics: Statistics? {
        client?.statistics
    }

    // MARK: - The end

    /// Leaves the group for good: its partitions go to the others at once, and not when the session is over.
    ///
    /// A static member that only closes keeps its place, for its next life. Called when everything is committed;
    /// ``close(timeout:)`` follows. Records that come meanwhile are dropped. Does nothing where the group does not
    /// answer, as librdkafka before 2.14.2 can crash then: the session's end remains.
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
            // librdkafka gives the member's identity up when it sends that the member leaves; closed before that, it
            // would not send it.
            while unsafe isMember(client.pointer) {
                guard ContinuousClock.now < deadline else { throw .timeout("leaving the group") }
                do throws(KafkaError) { try poll(&batch, timeout: .milliseconds(20)) } catch { _ = error }
                while nextRebalance() != nil { try unassign() }
            }
            return true
        } catch {
            context.logger.notice("not left the group; its session ends later", metadata: ["error": "\(error)"])
            return false
        }
    }

    private func isMember(_ client: OpaquePointer) -> Bool {
        guard let text = unsafe rd_kafka_memberid(client) else { return false }
        defer { unsafe rd_kafka_mem_free(client, text) }
        return unsafe text.pointee != 0
    }

    /// Leaves the group (a static member keeps its place in it, unless it has left for good) and ends the client.
    ///
    /// Bounded, as librdkafka 2.0.2's own close can hang: what has not ended then is left behind. Records of a batch
    /// stay valid until the batch gives them back, and hold the client as long. Nothing is committed.
    public func close(timeout: Duration) {
        guard let client else { return }
        context.state.withLock { state in
            state.isClosing = true
            state.rebalances.removeAll()
        }
        context.consumerQueue.store(0, ordering: .releasing)
        // Not rd_kafka_consumer_close_queue, after which librdkafka 2.0.2's rd_kafka_destroy hangs every other time.
        unsafe client.run(within: timeout) { unsafe _ = rd_kafka_consumer_close($0) }
        queue.release()
        topics.release()
        self.client = nil
    }
}

/// A reference to a client's queue, given back before the client ends.
@safe
final class QueueReference {
    let pointer: OpaquePointer
    private var client: ClientHandle?

    init(_ pointer: OpaquePointer, client: ClientHandle) {
        unsafe self.pointer = pointer
        self.client = client
    }

    /// Gives the queue back; it is not used after that.
    func release() {
        if client != nil { unsafe QueueResource.destroy(pointer) }
        client = nil
    }

    deinit {
        release()
    }
}
