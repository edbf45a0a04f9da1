import Kafka
import Logging

/// What a worker does with partitions that the group gives it, before it consumes.
extension WorkerLoop {
    /// Makes and restores the tasks of the partitions, then consumes from where they are.
    func takeUp(_ partitions: [TopicPartition]) throws {
        let numbers = try copartitioned(partitions)
        let whole = stage.sources.filter(\.isBroadcast).map { TopicPartition(topic: $0.topic, partition: 0) }
        var committed: [TopicPartition: Int64] = [:]
        if !partitions.isEmpty {
            // Offsets in a transaction that an instance left open when it died are told when the brokers have ended it.
            let offsets = try patience.call(
                "asking for the committed offsets",
                limit: max(configuration.brokerTimeout, configuration.openTransactionTimeout)
            ) { (share) throws(KafkaError) in try consumer.committed(partitions + whole, timeout: share) }
            for offset in offsets { committed[offset.topicPartition] = offset.offset.value }
        }
        guard var survey = try partitions.isEmpty ? Survey() : self.survey(partitions + whole, &committed) else {
            return
        }
        runners = runners.filter { number, runner in
            // Another instance may have had the partition meanwhile, and have published what only a broadcast source
            // made it publish: then its offsets are where they were.
            let isAsStated = survey.published(by: number).map { $0 == runner.stated } ?? true
            return numbers.contains(number) && !survey.rebuilding.contains(number) && isAsStated
                && stage.sources.indices.allSatisfy { index in
                    let source = stage.sources[index]
                    let place = TopicPartition(topic: source.topic, partition: number)
                    return source.isBroadcast || (runner.positions[index] ?? 0) == (committed[place] ?? 0)
                }
        }
        var new: [TaskRunner] = []
        while true {
            new = try numbers.subtracting(runners.keys).sorted()
                .map { try makeRunner($0, isRebuilding: survey.rebuilding.contains($0)) }
            guard !new.isEmpty else { break }
            // The group gets its answer before the restore, which may take long: were it to wait, nobody else could
            // join or leave, and this member would hear of it last. Nothing is consumed until then.
            try consumer.assign([])
            try beginAccounts(new, survey)
            guard try restore(new, committed: committed, survey) else { return }
            let renewed = try self.renewed(new, survey, committed)
            let strange = self.strange(new, survey)
            for (number, places) in strange.sorted(by: { $0.key < $1.key }) { tellStrange(number, places) }
            survey.rebuilding.formUnion(strange.keys)
            guard !renewed.isEmpty || !strange.isEmpty else { break }
            for place in renewed.sorted() {
                tellRenewed(place)
                committed[place] = nil
                survey.memory[place] = nil
                let isBroadcast = whole.contains(place)
                survey.rebuilding.formUnion(isBroadcast ? numbers : [place.partition])
                if isBroadcast { runners = [:] }
            }
        }
        watchOutputs(of: new)
        for runner in new {
            runner.stated = survey.published(by: runner.partition) ?? [:]
            try runner.goLive()
            runners[runner.partition] = runner
        }
        try awaitTables(of: new)
        try consume(
            partitions.map { TopicPartitionOffset($0, committed[$0].map { .at($0) } ?? .beginning) } + broadcastPlaces
        )
        isPaused = false
        memory.relax()
        hasWork = !new.isEmpty
        workSince = ContinuousClock.now
        lastRecord = workSince
        metrics.update { $0.tasks = runners.count }
        metrics.setReadiness(survey.rebuilding.isEmpty ? nil : "making anew what was published")
        logger.info("running", metadata: ["partitions": "\(numbers.sorted())", "restored": "\(new.count)"])
    }

    /// The numbers of the partitions, which are the same in every source.
    private func copartitioned(_ partitions: [TopicPartition]) throws -> Set<Int32> {
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
        return numbers
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

    private func tellRenewed(_ place: TopicPartition) {
        logger.error(
            "a table begins with another record than before: it was made anew; what is made of it is made anew",
            metadata: ["topic": "\(place.topic)", "partition": "\(place.partition)"]
        )
    }

    private func tellStrange(_ number: Int32, _ places: [TopicPartition]) {
        metrics.update { $0.mended += places.count }
        logger.error(
            "what stands published is not what this task has published: records were lost or are a stranger's; it is made anew",
            metadata: ["partition": "\(number)", "places": "\(places.map { "\($0)" }.joined(separator: ", "))"]
        )
    }

    /// Consumes from places on, and takes note of them: what ends or begins again before them was made anew.
    func consume(_ places: [TopicPartitionOffset]) throws {
        readTo = [:]
        shortOf = [:]
        for place in places {
            if let offset = place.offset.value { readTo[place.topicPartition] = offset }
        }
        // Ends that were seen in the assignment before say nothing about this one.
        while consumer.nextPartitionEnd() != nil {}
        let watched = watchedTo.map { TopicPartitionOffset($0.key, .at($0.value)) }
        try consumer.assign(places + watched)
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

    private func makeRunner(_ partition: Int32, isRebuilding: Bool) throws -> TaskRunner {
        let runner = try TaskRunner(
            stage: stage,
            context: TaskContext(partition: partition, partitions: partitions, outputPartitions: outputPartitions),
            sink: sink,
            progressTopic: configuration.progressTopic,
            completionType: configuration.completionType,
            quarantine: configuration.quarantine,
            isRebuilding: isRebuilding,
            isWatched: true
        )
        runner.onRebuilt = { [logger] retracted in
            logger.notice(
                "what was published is made anew",
                metadata: ["partition": "\(partition)", "retracted": "\(retracted)"]
            )
        }
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

    /// Reads partitions back beside the group.
    func makeRestore() -> Restore {
        Restore(
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
    }

    /// Returns false when the restore was given up: the worker is to stop, or the group has decided anew.
    private func restore(_ new: [TaskRunner], committed: [TopicPartition: Int64], _ survey: Survey) throws -> Bool {
        metrics.setReadiness("restoring")
        let restore = makeRestore()
        var idle = RecordBatch(capacity: 1)
        var reported = ContinuousClock.now
        var committedAt = ContinuousClock.now
        func goOn(_ progress: Restore.Progress) throws -> Bool {
            // A rebuild publishes while it reads; no transaction lasts as long as that may take.
            if sink.isOpen, ContinuousClock.now - committedAt > .seconds(1) {
                try sink.commit(offsets: [], group: nil)
                // These stand now; where the outputs end is looked at afterwards.
                for runner in new { _ = runner.output.takeSent() }
                committedAt = .now
            }
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
            } catch {
                try pass(error)
            }
            if ContinuousClock.now - reported > .seconds(2) {
                reported = ContinuousClock.now
                logger.info("\(progress)", metadata: ["remaining": "\(progress.remaining)"])
            }
            return !shouldStop() && !consumer.hasRebalance
        }
        let again = stage.rebuildsFromSources ? new.filter { $0.output.isRebuilding } : []
        // Of a log of events only what is gone is published again: nothing tells which of it stands.
        let events = survey.renewedOutputs.subtracting(stage.outputsMadeAnew)
        for runner in again { runner.output.replayed = events }
        guard try restore.run(new, committed: committed, progress: goOn) else { return false }
        for runner in new { try runner.endRestore() }
        guard !again.isEmpty else { return true }
        for runner in again { runner.output.replayed = stage.outputsMadeAnew }
        return try restore.runAgain(again, progress: goOn)
    }
}
