import Kafka
import Logging

/// Restores new tasks to their committed offsets.
///
/// It replays their sources up to these offsets, reads broadcast topics completely, and reads back earlier
/// publications.
///
/// It uses a separate consumer without a group, so that the worker's consumer holds only live records.
struct Restore {
    let stage: any Stage
    let kafka: KafkaConfiguration
    let group: String
    let progressTopic: String
    let partitions: Int32
    let outputPartitions: [Int32]
    let patience: Patience
    let labels: SourceLabels
    let openTransactionTimeout: Duration
    let logger: Logger

    /// The readings of each partition.
    private func readings(
        of runners: [TaskRunner],
        _ committed: [TopicPartition: Int64]
    ) -> [TopicPartition: Reading] {
        var readings: [TopicPartition: Reading] = [:]
        for (index, source) in stage.sources.enumerated() {
            if source.isBroadcast {
                let seen = committed[TopicPartition(topic: source.topic, partition: 0)] ?? 0
                for runner in runners { runner.wasSeen(source: index, before: seen) }
                readings[TopicPartition(topic: source.topic, partition: 0)] = Reading(
                    role: .source(index),
                    runners: runners,
                    end: nil,
                    remaining: 0
                )
                continue
            }
            for runner in runners {
                let partition = TopicPartition(topic: source.topic, partition: runner.partition)
                guard let end = committed[partition], end > 0 else { continue }
                readings[partition] = Reading(role: .source(index), runners: [runner], end: end, remaining: 0)
            }
        }
        for (index, output) in stage.outputs.enumerated() {
            switch output.memory {
            case .none, .watchOnly: continue
            case .ownPartition:
                for runner in runners {
                    readings[TopicPartition(topic: output.topic, partition: runner.partition)] = Reading(
                        role: .output(index),
                        runners: [runner],
                        end: nil,
                        remaining: 0
                    )
                }
            case .whileRebuilding where !runners.contains { $0.output.isRebuilding }: continue
            case .everyPartition, .whileRebuilding:
                for partition in 0..<outputPartitions[index] {
                    readings[TopicPartition(topic: output.topic, partition: partition)] = Reading(
                        role: .output(index),
                        runners: runners,
                        end: nil,
                        remaining: 0
                    )
                }
            }
        }
        readings[TopicPartition(topic: progressTopic, partition: 0)] = Reading(
            role: .progress,
            runners: runners,
            end: nil,
            remaining: 0
        )
        return readings
    }

    /// Restores the tasks.
    ///
    /// - `committed`: the offset to restore to, by source topic and partition; missing if nothing was ever committed.
    /// - `progress`: called often; return false to give up the restore.
    ///
    /// Returns whether it was completed.
    func run(
        _ runners: [TaskRunner],
        committed: [TopicPartition: Int64],
        progress: (Progress) throws -> Bool
    ) throws -> Bool {
        var configuration = kafka
        configuration["group.id"] = group
        configuration["enable.partition.eof"] = "true"
        configuration["group.instance.id"] = nil
        let consumer = try Consumer(configuration, logger: logger)
        defer { consumer.close(timeout: .seconds(5)) }

        var readings = readings(of: runners, committed)
        // Read uncommitted to see the real end: for a committed reader the partition ends where the first open
        // transaction begins.
        configuration["isolation.level"] = "read_uncommitted"
        let surveyor = try Consumer(configuration, logger: logger)
        defer { surveyor.close(timeout: .seconds(5)) }
        let places = readings.keys.sorted()
        let ends = try patience.call("asking for the ends of \(places.count) partitions") {
            (share) throws(KafkaError) in try surveyor.ends(of: places, timeout: share)
        }
        guard try progress(Progress()) else { return false }
        for (partition, var reading) in readings {
            guard let (low, high) = ends[partition] else { continue }
            if case .source(let index) = reading.role, !stage.sources[index].isTable, low > 0 {
                throw RuntimeError(
                    .configuration,
                    "the beginning of \(partition) is gone: its oldest record is \(low), so results derived from it would be wrong. The topic must keep "
                        + "all records (`accountability topics` shows wrong settings). Submit the files into a new namespace"
                )
            }
            reading.remaining = max(0, min(reading.end ?? high, high) - low)
            reading.highest = high
            if case .output = reading.role { for runner in reading.runners { runner.watch(partition, from: high) } }
            readings[partition] = reading.remaining == 0 ? nil : reading
        }
        let finished = try read(readings, with: consumer, progress: progress)
        for runner in runners {
            for (index, source) in stage.sources.enumerated() where !source.isBroadcast {
                let partition = TopicPartition(topic: source.topic, partition: runner.partition)
                if let end = committed[partition] { runner.advance(source: index, to: end) }
            }
        }
        return finished
    }

    /// Reads the sources a second time, up to the tasks' positions, for a stage that rebuilds its publications from
    /// them.
    ///
    /// Returns whether it was completed.
    func runAgain(_ runners: [TaskRunner], progress: (Progress) throws -> Bool) throws -> Bool {
        var configuration = kafka
        configuration["group.id"] = group
        configuration["enable.partition.eof"] = "true"
        configuration["group.instance.id"] = nil
        let consumer = try Consumer(configuration, logger: logger)
        defer { consumer.close(timeout: .seconds(5)) }
        var readings: [TopicPartition: Reading] = [:]
        for (index, source) in stage.sources.enumerated() where !source.isBroadcast {
            for runner in runners {
                guard let end = runner.positions[index], end > 0 else { continue }
                readings[TopicPartition(topic: source.topic, partition: runner.partition)] = Reading(
                    role: .again(index),
                    runners: [runner],
                    end: end,
                    remaining: end,
                    highest: end
                )
            }
        }
        return try read(readings, with: consumer, progress: progress)
    }

    /// Reads again the tasks' records that foreign records have overwritten: see ``TaskRunner/toReadAgain``.
    ///
    /// Returns whether it was completed.
    func runBack(_ runners: [TaskRunner], progress: (Progress) throws -> Bool) throws -> Bool {
        var configuration = kafka
        configuration["group.id"] = group
        configuration["enable.partition.eof"] = "true"
        configuration["group.instance.id"] = nil
        let consumer = try Consumer(configuration, logger: logger)
        defer { consumer.close(timeout: .seconds(5)) }
        var readings: [TopicPartition: Reading] = [:]
        for runner in runners {
            for (place, wanted) in runner.toReadAgain {
                var reading = readings[place] ?? Reading(role: .back(wanted.output), runners: [], remaining: 0)
                reading.runners.append(runner)
                reading.highest = max(reading.highest, wanted.end)
                readings[place] = reading
            }
        }
        return try read(readings, with: consumer, progress: progress)
    }

    private func read(
        _ all: [TopicPartition: Reading],
        with consumer: Consumer,
        progress: (Progress) throws -> Bool
    ) throws -> Bool {
        var open = all
        guard !open.isEmpty else { return try progress(Progress()) }
        let places = open.keys.sorted()
        try patience.call("asking for the beginning of \(places.count) partitions") { (share) throws(KafkaError) in
            try consumer.assignFromBeginning(places, timeout: share)
        }
        var names: [Int: String] = [:]
        for partition in open.keys { names[consumer.topicIndex(partition.topic)] = partition.topic }
        var batch = RecordBatch(capacity: 4096)
        /// Partitions that were read to the end for a committed reader, although they contain more records.
        var hidden: Set<TopicPartition> = []
        var lastProgress = ContinuousClock.now
        var lastAnswer = ContinuousClock.now
        var lastError: KafkaError?
        while !open.isEmpty {
            do {
                try consumer.poll(&batch, timeout: .milliseconds(100))
                if batch.count > 0 { lastAnswer = .now }
            } catch {
                guard !error.isFatal else { throw RuntimeError.final(error, "restoring") }
                lastError = error
                logger.warning("restore: \(error)")
            }
            for index in 0..<batch.count {
                let record = batch[index]
                guard let topic = names[record.topicIndex] else { continue }
                let partition = TopicPartition(topic: topic, partition: record.partition)
                guard let reading = open[partition] else { continue }
                if let end = reading.end, record.offset >= end {
                    open[partition] = nil
                    continue
                }
                open[partition]?.remaining -= 1
                if hidden.remove(partition) != nil { lastProgress = .now }
                try take(record, reading)
                if reading.isRead(with: record.offset) { open[partition] = nil }
            }
            if endsThatCame(consumer, &open, &hidden, since: &lastProgress) { lastAnswer = .now }
            var state = Progress(remaining: Int(open.values.reduce(Int64(0)) { $0 + max(0, $1.remaining) }))
            if hidden.count == open.count { state.hidden = Array(hidden) }
            guard try progress(state) else { return false }
            // Hidden partitions deliver nothing. The others must deliver something.
            if hidden.count < open.count, ContinuousClock.now - lastAnswer > patience.limit {
                throw RuntimeError(
                    .brokerUnavailable,
                    "restoring: no record arrived for \(patience.limit)",
                    cause: lastError
                )
            }
            // Do not wait for ever. All readers of these partitions wait too, and only the other instance or its
            // time-out can end the transaction.
            guard state.hidden.isEmpty || ContinuousClock.now - lastProgress < openTransactionTimeout else {
                throw RuntimeError(
                    .fatal,
                    "\(state) for \(openTransactionTimeout). Restart the instance that died, so that it ends its transaction"
                )
            }
        }
        return true
    }

    /// Removes partitions that were read to their end from `open`, and notes those that hide records.
    ///
    /// - Parameters:
    ///   - consumer: reads the partitions.
    ///   - open: partitions that are not yet read to their end.
    ///   - hidden: those of them that were read to the end for a committed reader, although they contain more records.
    ///   - lastProgress: set to now if a partition is found to hide records.
    /// - Returns: whether an end was reached.
    private func endsThatCame(
        _ consumer: Consumer,
        _ open: inout [TopicPartition: Reading],
        _ hidden: inout Set<TopicPartition>,
        since lastProgress: inout ContinuousClock.Instant
    ) -> Bool {
        var came = false
        while let end = consumer.nextPartitionEnd() {
            let partition = end.topicPartition
            came = true
            guard let reading = open[partition] else { continue }
            if reading.isRead(at: end.offset.value ?? .max) {
                open[partition] = nil
                hidden.remove(partition)
            } else if hidden.insert(partition).inserted {
                lastProgress = .now
            }
        }
        return came
    }

    private func take(_ record: borrowing Record, _ reading: Reading) throws {
        let none: [UInt8] = []
        let key: Span<UInt8> = if let bytes = record.key { bytes } else { none.span }
        switch reading.role {
        case .source(let source):
            let label = record.label(expected: labels.expected[source], completion: labels.completion)
            for runner in reading.runners {
                let refusal = try runner.consume(
                    InputRecord(
                        source: source,
                        offset: record.offset,
                        timestamp: record.timestamp ?? 0,
                        key: key,
                        value: record.value,
                        cause: nil,
                        label: label
                    )
                )
                if let refusal { runner.quarantine(record.detach(), refusal) }
            }
        case .again(let source):
            for runner in reading.runners {
                try runner.publishAgain(
                    InputRecord(
                        source: source,
                        offset: record.offset,
                        timestamp: record.timestamp ?? 0,
                        key: key,
                        value: record.value,
                        cause: nil
                    )
                )
            }
        case .output(let output):
            for runner in reading.runners
            where stage.outputs[output]
                .isPublished(by: runner.partition, key: key, in: record.partition, of: partitions)
            {
                let label = record.label(expected: labels.outputs[output], completion: labels.completion)
                try runner.recall(
                    output: output,
                    partition: record.partition,
                    offset: record.offset,
                    key: key,
                    value: record.value,
                    isOwn: label == .expected
                )
            }
        case .back(let output):
            for runner in reading.runners {
                runner.readAgain(
                    output: output,
                    record.partition,
                    record.offset,
                    key: key,
                    value: record.value,
                    cause: record.header("ce_cause").value
                )
            }
        case .progress:
            guard let value = record.value, let marker = try? CompletionMarker.decode(value) else { return }
            for runner in reading.runners { runner.recall(marker: marker) }
        }
    }
}
