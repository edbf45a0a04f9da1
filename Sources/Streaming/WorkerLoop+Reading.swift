import Kafka

/// How a worker reads the records of its sources and outputs, and what it shows of that.
extension WorkerLoop {
    /// Reads a batch of records, and commits if it is time to.
    func step(_ batch: inout RecordBatch) throws {
        do {
            try consumer.poll(&batch, timeout: patienceForNews)
        } catch {
            try pass(error)
        }
        // A partition end in this batch may be older than the batch's records.
        let before = sourceContinuity
        // The worker's own publications that come back do not count as new records.
        var news = 0
        for index in 0..<batch.count where try fold(batch[index]) { news += 1 }
        while let end = consumer.nextPartitionEnd() {
            runners[end.topicPartition.partition]?.catchUp.reached(end)
            try before.check(end)
        }
        try relieveQuarantine()
        let now = ContinuousClock.now
        if news > 0 {
            lifecycle.recordsArrived(at: now)
        } else {
            lifecycle.nothingArrived(flushingAfter: stage.idleFlush, at: now)
        }
        try perform(
            lifecycle.polled(
                conditions,
                hasNews: news > 0,
                settling: settling,
                interval: configuration.commitInterval,
                at: now
            )
        )
        observe()
    }

    /// How long each task waits for further records of the same change.
    private var settling: [Duration] { runners.values.map(\.settling) }

    /// How long to wait for new records.
    private var patienceForNews: Duration {
        // A record or a rebalance ends the wait.
        lifecycle.patience(conditions, settling: settling, at: .now) ?? .milliseconds(200)
    }

    /// Processes a record of a source, or checks one of an output.
    ///
    /// Returns whether a commit must follow.
    private func fold(_ record: borrowing Record) throws -> Bool {
        guard let source = sourceByTopic[record.topicIndex] else { return try watch(record) }
        let none: [UInt8] = []
        let key: Span<UInt8> = if let bytes = record.key { bytes } else { none.span }
        let isBroadcast = stage.sources[source].isBroadcast
        try sourceContinuity.read(
            TopicPartition(topic: stage.sources[source].topic, partition: record.partition),
            record.offset
        )
        if let timestamp = record.timestamp { reading.newest = max(reading.newest, timestamp) }
        let label = record.label(expected: labels.expected[source], completion: labels.completion)
        for runner in runners.values where isBroadcast || runner.partition == record.partition {
            if !runner.catchUp.areReached {
                let topic = stage.sources[source].topic
                runner.catchUp.read(TopicPartition(topic: topic, partition: record.partition), record.offset)
            }
            let cause: Span<UInt8>? =
                runner.wantsCause(source: source, key: key) ? record.header("ce_cause").value : nil
            let refusal = try runner.consume(
                InputRecord(
                    source: source,
                    offset: record.offset,
                    timestamp: record.timestamp ?? 0,
                    key: key,
                    value: record.value,
                    cause: cause,
                    label: label
                )
            )
            if let refusal { runner.quarantine(record.detach(), refusal) }
        }
        reading.records += 1
        return true
    }

    /// How far the logs of the running tasks were checked for foreign records; nil if no tasks are running.
    private var checkedLogs: [TopicPartition: Int64]? {
        guard lifecycle.isRunning else { return nil }
        guard !watchedLogs.isEmpty else { return [:] }
        return outputContinuity.watchedTo.filter {
            watchedLogs.contains($0.key.topic) && runners[$0.key.partition] != nil
        }
    }

    private func observe() {
        let emitted = sink.sent
        let refused = runners.values.reduce(0) { $0 + $1.output.refused }
        let lag = client.lag
        let read = reading
        let resident = memory.resident
        metrics.setChecked(checkedLogs)
        metrics.update {
            $0.memory = resident
            $0.processed = read.records
            $0.emitted = emitted
            $0.rejected = max($0.rejected, refused)
            $0.lagRecords = lag
            $0.lagSeconds = lag == 0 || read.newest == 0 ? 0 : max(0, Double(Milliseconds.now - read.newest) / 1000)
        }
    }
}
