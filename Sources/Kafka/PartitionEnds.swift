internal import CRdKafka

/// Requests to the brokers that lead partitions.
///
/// They do not use `rd_kafka_query_watermark_offsets`: before librdkafka 2.3 it ignores its time-out while a broker is
/// gone.
extension ClientHandle {
    /// For each partition, the offset of the oldest record and the offset after the newest.
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
                    "\(low.topicPartition): no broker returned its beginning and end"
                )
            }
            // The two requests follow each other. If records were deleted in between, the beginning may lie after the
            // end.
            ends[low.topicPartition] = (min(first, end), end)
        }
        return ends
    }

    /// Resolves each place to an offset: the first record that is not older than a time in milliseconds since 1970, or
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
