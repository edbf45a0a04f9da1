internal import CRdKafka

/// Questions to the brokers that lead partitions.
///
/// Not `rd_kafka_query_watermark_offsets`, which before librdkafka 2.3 waits as long as a broker is gone, whatever its
/// limit says.
extension ClientHandle {
    /// For each partition the offset of the oldest record, and the one after the newest.
    func ends(
        of partitions: [TopicPartition],
        timeout: Duration
    ) throws(KafkaError) -> [TopicPartition: (low: Int64, high: Int64)] {
        let deadline = ContinuousClock.now + timeout
        let low = try offsets(for: partitions.map { TopicPartitionOffset($0, .beginning) }, timeout: timeout)
        let high = try offsets(
            for: partitions.map { TopicPartitionOffset($0, .end) },
            timeout: deadline - ContinuousClock.now
        )
        var ends: [TopicPartition: (low: Int64, high: Int64)] = [:]
        for (low, high) in zip(low, high) {
            guard let first = low.offset.value, let end = high.offset.value else {
                throw KafkaError(
                    failure: RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE,
                    "\(low.topicPartition): no broker said where it begins and ends"
                )
            }
            // Asked one after the other: what was deleted in between is behind both.
            ends[low.topicPartition] = (min(first, end), end)
        }
        return ends
    }

    /// For each place the offset: of the first record that is not older than a time, in milliseconds since 1970, or of
    /// the partition's beginning or end.
    ///
    /// - Throws: the error of the request, or the first of a partition.
    func offsets(
        for places: [TopicPartitionOffset],
        timeout: Duration
    ) throws(KafkaError) -> [TopicPartitionOffset] {
        if places.isEmpty { return [] }
        let list = try TopicPartitionList(places)
        try check(unsafe rd_kafka_offsets_for_times(pointer, list.pointer, timeout.milliseconds))
        return try list.offsets()
    }
}
