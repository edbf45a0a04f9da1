internal import CRdKafka

/// Requests about offsets.
extension Consumer {
    /// The group's committed offsets and their metadata strings; `.invalid` if there is none.
    public func committed(
        _ partitions: [TopicPartition],
        timeout: Duration
    ) throws(KafkaError) -> [TopicPartitionOffset] {
        let client = try open()
        let list = try TopicPartitionList(partitions)
        try client.check(unsafe rd_kafka_committed(client.pointer, list.pointer, timeout.milliseconds))
        return try list.offsets()
    }

    /// For each partition, the offset after the last delivered record; `.invalid` if none was delivered yet.
    ///
    /// Every polled record counts, even if the owner has not read it yet.
    public func positions(_ partitions: [TopicPartition]) throws(KafkaError) -> [TopicPartitionOffset] {
        let client = try open()
        let list = try TopicPartitionList(partitions)
        try client.check(unsafe rd_kafka_position(client.pointer, list.pointer))
        return try list.offsets()
    }

    /// Asks the broker for the offset of the oldest record and the offset after the newest.
    ///
    /// See ``ends(of:timeout:)``.
    public func watermarks(
        _ partition: TopicPartition,
        timeout: Duration
    ) throws(KafkaError) -> (low: Int64, high: Int64) {
        guard let ends = try ends(of: [partition], timeout: timeout)[partition] else {
            throw KafkaError(failure: RD_KAFKA_RESP_ERR__BAD_MSG, "\(partition): no offsets in the answer")
        }
        return ends
    }

    /// Asks the leading brokers, for each partition, for the offset of the oldest record and the offset after the
    /// newest.
    ///
    /// For a consumer of committed records the end is the last stable offset, where the oldest open transaction begins.
    /// Transactions write control records, so a partition's last record may lie before `high - 1`.
    ///
    /// - Throws: the error of the request, or the first of a partition.
    public func ends(
        of partitions: [TopicPartition],
        timeout: Duration
    ) throws(KafkaError) -> [TopicPartition: (low: Int64, high: Int64)] {
        pacing?.interrupt()
        return try open().ends(of: partitions, timeout: timeout)
    }

    /// For each partition, the first offset whose record is not older than the time; `.end` if all are older.
    ///
    /// - Parameters:
    ///   - times: milliseconds since 1970 UTC.
    ///   - timeout: the limit of the call.
    /// - Returns: an entry for each partition, in order.
    /// - Throws: the error of the request, or the first of a partition.
    public func offsetsForTimes(
        _ times: [TopicPartition: Int64],
        timeout: Duration
    ) throws(KafkaError) -> [TopicPartitionOffset] {
        let wanted = times.sorted { $0.key < $1.key }.map { TopicPartitionOffset($0, .at($1)) }
        return try open().offsets(for: wanted, timeout: timeout)
    }

    /// Commits offsets for the group without a transaction, and waits for the broker's answer.
    ///
    /// - Parameters:
    ///   - offsets: for each partition the offset of the *next* record to consume.
    ///   - timeout: the limit of the call. After a time-out it is unknown whether the offsets moved.
    /// - Throws: the error of the request, or the first of a partition.
    public func commit(_ offsets: [TopicPartitionOffset], timeout: Duration = .seconds(30)) throws(KafkaError) {
        let client = try open()
        let list = try TopicPartitionList(offsets)
        guard let queue = unsafe rd_kafka_queue_new(client.pointer) else { throw .closed }
        let owner = unsafe Owner<QueueResource>(queue)
        try client.check(unsafe rd_kafka_commit_queue(client.pointer, list.pointer, owner.pointer, nil, nil))
        let deadline = ContinuousClock.now + timeout
        while true {
            let left = deadline - ContinuousClock.now
            guard let event = unsafe rd_kafka_queue_poll(owner.pointer, left.milliseconds) else {
                if left <= .zero { throw .timeout("committing offsets") }
                continue
            }
            let answer = unsafe Owner<EventResource>(event)
            guard unsafe rd_kafka_event_type(answer.pointer) == RD_KAFKA_EVENT_OFFSET_COMMIT else { continue }
            try client.check(unsafe rd_kafka_event_error(answer.pointer))
            if let committed = unsafe rd_kafka_event_topic_partition_list(answer.pointer) {
                for index in unsafe 0..<Int(committed.pointee.cnt) {
                    let entry = unsafe committed.pointee.elems[index]
                    try client.check(unsafe entry.err, "\(unsafe TopicPartition(entry)): the offset was not committed")
                }
            }
            return
        }
    }
}
