import Kafka
import Logging

/// What a worker does with partitions that the group gives it, before it consumes.
extension WorkerLoop {
    /// Makes and restores the tasks of the partitions, then consumes from where they are.
    func takeUp(_ partitions: [TopicPartition]) throws {
        let numbers = Set(partitions.map(\.partition))
        for source in stage.sources where !source.isBroadcast {
            let owned = Set(partitions.filter { $0.topic == source.topic }.map(\.partition))
            guard owned == numbers else {
                throw RuntimeError(
                    .notCopartitioned,
                    "the group gave different partitions of \(stage.name)'s sources; partition.assignment.strategy must be range"
                )
            }
        }
        var committed: [TopicPartition: Int64] = [:]
        if !partitions.isEmpty {
            let whole = stage.sources.filter(\.isBroadcast).map { TopicPartition(topic: $0.topic, partition: 0) }
            // Offsets in a transaction that an instance left open when it died are told when the brokers have ended it.
            let offsets = try patience.call(
                "asking for the committed offsets",
                limit: max(configuration.brokerTimeout, configuration.openTransactionTimeout)
            ) { (share) throws(KafkaError) in try consumer.committed(partitions + whole, timeout: share) }
            for offset in offsets { committed[offset.topicPartition] = offset.offset.value }
            guard try recallForgotten(Set(partitions + whole), &committed) else { return }
        }
        runners = runners.filter { number, runner in
            numbers.contains(number)
                && stage.sources.indices.allSatisfy { index in
                    let source = stage.sources[index]
                    let place = TopicPartition(topic: source.topic, partition: number)
                    return source.isBroadcast || (runner.positions[index] ?? 0) == (committed[place] ?? 0)
                }
        }
        let new = try numbers.subtracting(runners.keys).sorted().map(makeRunner)
        if !new.isEmpty {
            // The group gets its answer before the restore, which may take long: were it to wait, nobody else could
            // join or leave, and this member would hear of it last. Nothing is consumed until then.
            try consumer.assign([])
            guard try restore(new, committed: committed) else { return }
        }
        for runner in new {
            try runner.goLive()
            runners[runner.partition] = runner
        }
        try awaitTables(of: new)
        try consumer.assign(
            partitions.map { TopicPartitionOffset($0, committed[$0].map { .at($0) } ?? .beginning) } + broadcastPlaces
        )
        isPaused = false
        memory.relax()
        hasWork = !new.isEmpty
        workSince = ContinuousClock.now
        lastRecord = workSince
        metrics.update { $0.tasks = runners.count }
        metrics.setReadiness(nil)
        logger.info("running", metadata: ["partitions": "\(numbers.sorted())", "restored": "\(new.count)"])
    }

    /// Where the tasks have come in the topics that each of them reads whole.
    var broadcastPlaces: [TopicPartitionOffset] {
        stage.sources.enumerated().filter { $1.isBroadcast && !runners.isEmpty }
            .map { index, source in
                let position = runners.values.map { $0.positions[index] ?? 0 }.min() ?? 0
                return TopicPartitionOffset(topic: source.topic, partition: 0, offset: .at(position))
            }
    }

    /// Where the tasks have come in their own partitions, committed or not.
    var ownPlaces: [TopicPartitionOffset] {
        runners.values.sorted { $0.partition < $1.partition }
            .flatMap { runner in
                stage.sources.enumerated().filter { !$1.isBroadcast }
                    .map { index, source in
                        TopicPartitionOffset(
                            topic: source.topic,
                            partition: runner.partition,
                            offset: runner.positions[index].map { .at($0) } ?? .beginning
                        )
                    }
            }
    }

    /// Fills in from the topic of positions what the brokers know no offset of.
    ///
    /// Returns false when that was given up.
    private func recallForgotten(_ places: Set<TopicPartition>, _ committed: inout [TopicPartition: Int64]) throws
        -> Bool
    {
        positions?.forget()
        let missing = places.filter { committed[$0] == nil }
        guard let positions, !missing.isEmpty else { return true }
        metrics.setReadiness("looking for its positions")
        var idle = RecordBatch(capacity: 1)
        let found = try positions.read(
            missing,
            kafka: configuration.kafka,
            patience: patience,
            limit: configuration.openTransactionTimeout,
            logger: logger
        ) {
            do {
                try consumer.poll(&idle, timeout: .zero)
            } catch let error as KafkaError {
                try pass(error)
            }
            return !shouldStop() && !consumer.hasRebalance
        }
        guard let found else { return false }
        if !found.isEmpty {
            logger.notice(
                "the brokers have forgotten this group's offsets; it goes on from its own record of them",
                metadata: ["partitions": "\(found.count)"]
            )
        }
        committed.merge(found) { known, _ in known }
        return true
    }

    /// Asks how far the tables reach that new tasks read.
    private func awaitTables(of new: [TaskRunner]) throws {
        catchUp.keep(Set(runners.keys).subtracting(new.map(\.partition)))
        for runner in new {
            for (index, source) in stage.sources.enumerated() where source.isTable && !source.isBroadcast {
                let place = TopicPartition(topic: source.topic, partition: runner.partition)
                let (_, end) = try patience.call("asking for the end of \(place)") { (share) throws(KafkaError) in
                    try consumer.watermarks(place, timeout: share)
                }
                if end > runner.positions[index] ?? 0 { catchUp.expect(place, to: end) }
            }
        }
    }

    private func makeRunner(_ partition: Int32) throws -> TaskRunner {
        let runner = try TaskRunner(
            stage: stage,
            context: TaskContext(partition: partition, partitions: partitions, outputPartitions: outputPartitions),
            sink: sink,
            progressTopic: configuration.progressTopic,
            completionType: configuration.completionType,
            quarantine: configuration.quarantine
        )
        runner.onQuarantine = { [logger, metrics] entry in entry.tell(metrics, logger) }
        runner.onUnusable = { [logger, metrics] fault in
            metrics.update { $0.unusable += 1 }
            logger.error(
                "a record that stands published is not this stage's; it is published over where it stands for something",
                metadata: ["partition": "\(partition)", "code": "\(fault.code.rawValue)", "reason": "\(fault.reason)"]
            )
        }
        return runner
    }

    /// Returns false when the restore was given up: the worker is to stop, or the group has decided anew.
    private func restore(_ new: [TaskRunner], committed: [TopicPartition: Int64]) throws -> Bool {
        metrics.setReadiness("restoring")
        let restore = Restore(
            stage: stage,
            kafka: configuration.kafka,
            group: "\(configuration.group(of: stage.name)).restore",
            progressTopic: configuration.progressTopic,
            partitions: partitions,
            outputPartitions: outputPartitions,
            patience: patience,
            labels: labels,
            openTransactionTimeout: configuration.openTransactionTimeout,
            logger: logger
        )
        var idle = RecordBatch(capacity: 1)
        var reported = ContinuousClock.now
        return try restore.run(new, committed: committed) { progress in
            metrics.update { $0.restoreRemaining = progress.remaining }
            metrics.setReadiness(progress.description)
            _ = memory.look()
            guard memory.level != .full else {
                throw RuntimeError(
                    .configuration,
                    "restoring takes more memory than there is (\(memory.description)): more instances, or a higher --memory-limit"
                )
            }
            // Polling tells the group that this member lives, and hears what it decides.
            do {
                try consumer.poll(&idle, timeout: .zero)
            } catch let error as KafkaError {
                try pass(error)
            }
            if ContinuousClock.now - reported > .seconds(2) {
                reported = ContinuousClock.now
                logger.info("\(progress)", metadata: ["remaining": "\(progress.remaining)"])
            }
            return !shouldStop() && !consumer.hasRebalance
        }
    }
}
