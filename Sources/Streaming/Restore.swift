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
        let consumer = try Consumer(kafka.readingToEnds(as: group), logger: logger)
        defer { consumer.close(timeout: .seconds(5)) }

        var readings = readings(of: runners, committed)
        // Read uncommitted to see the real end: for a committed reader the partition ends where the first open
        // transaction begins.
        let surveyor = try Consumer(kafka.readingToEnds(as: group, isCommitted: false), logger: logger)
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
        let consumer = try Consumer(kafka.readingToEnds(as: group), logger: logger)
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
        let consumer = try Consumer(kafka.readingToEnds(as: group), logger: logger)
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
        guard !all.isEmpty else { return try progress(Progress()) }
        let places = all.keys.sorted()
        try patience.call("asking for the beginning of \(places.count) partitions") { (share) throws(KafkaError) in
            try consumer.assignFromBeginning(places, timeout: share)
        }
        var names: [Int: String] = [:]
        for place in places { names[consumer.topicIndex(place.topic)] = place.topic }
        var batch = RecordBatch(capacity: 4096)
        var course = Course(all)
        while !course.isOver {
            do {
                if try consumer.poll(&batch, timeout: .milliseconds(100)) > 0 { course.brokersAnswered() }
            } catch {
                guard !error.isFatal else { throw RuntimeError.final(error, "restoring") }
                course.failed(error)
                logger.warning("restore: \(error)")
            }
            for index in 0..<batch.count {
                let record = batch[index]
                guard let topic = names[record.topicIndex] else { continue }
                let place = TopicPartition(topic: topic, partition: record.partition)
                guard let reading = course.reading(of: place, at: record.offset) else { continue }
                try take(record, reading)
                course.read(place, record.offset)
            }
            while let end = consumer.nextPartitionEnd() { course.ended(end) }
            guard try progress(course.progress) else { return false }
            try course.checkPatience(patience.limit, forOpenTransactions: openTransactionTimeout)
        }
        return true
    }
}

extension KafkaConfiguration {
    /// The configuration of a consumer that stands beside a worker's own and is told the end of each partition.
    ///
    /// - Parameters:
    ///   - group: its name for the brokers; it joins no group.
    ///   - isCommitted: whether it reads only what was committed.
    /// - Returns: the configuration.
    func readingToEnds(as group: String, isCommitted: Bool = true) -> KafkaConfiguration {
        var configuration = self
        configuration["group.id"] = group
        configuration["group.instance.id"] = nil
        configuration["enable.partition.eof"] = "true"
        if !isCommitted { configuration["isolation.level"] = "read_uncommitted" }
        return configuration
    }
}
