import Kafka
import Logging

/// How a worker takes up partitions that the group assigns to it, before it consumes.
extension WorkerLoop {
    /// Creates and restores the tasks of the partitions, then consumes from their positions.
    ///
    /// It is given up if the worker must stop or the group rebalanced.
    func takeUp(_ partitions: [TopicPartition]) throws {
        guard let numbers = try copartitioned(partitions) else { return try refuse() }
        var committed = try committedOffsets(partitions)
        let told = committed
        guard var survey = try partitions.isEmpty ? Survey() : self.survey(partitions + wholeSources, &committed)
        else { return }
        fence = (partitions.first { told[$0] != nil } ?? partitions.first)
            .map { TopicPartitionOffset($0, .at(told[$0] ?? survey.memory[$0]?.offset ?? 0)) }
        keepTasks(numbers, survey, committed)
        guard let new = try restoreTasks(numbers, &survey, &committed) else { return }
        watchOutputs(of: new)
        for runner in new {
            takeOver(survey, in: runner)
            try runner.goLive()
            runners[runner.partition] = runner
        }
        try awaitTables(of: new)
        try consume(
            partitions.map { TopicPartitionOffset($0, committed[$0].map { .at($0) } ?? .beginning) } + broadcastPlaces
        )
        memory.relax()
        // Kept tasks may have work too: an interrupted checkpoint, or acts of a broadcast topic.
        lifecycle.restored(hasWork: !runners.isEmpty, at: .now)
        metrics.update { $0.tasks = runners.count }
        metrics.setReadiness(survey.rebuilding.isEmpty ? nil : "rebuilding what was published")
        logger.info("running", metadata: ["partitions": "\(numbers.sorted())", "restored": "\(new.count)"])
    }

    /// The partitions that every task reads completely.
    private var wholeSources: [TopicPartition] {
        stage.sources.filter(\.isBroadcast).map { TopicPartition(topic: $0.topic, partition: 0) }
    }

    /// The offsets that the group committed.
    ///
    /// 0 is left out: a commit without progress repeats it where nothing was read yet.
    private func committedOffsets(_ partitions: [TopicPartition]) throws -> [TopicPartition: Int64] {
        guard !partitions.isEmpty else { return [:] }
        let places = partitions + wholeSources
        // If an instance died with an open transaction, its offsets become known only when the brokers have ended it.
        let offsets = try patience.call(
            "asking for the committed offsets",
            limit: max(configuration.brokerTimeout, configuration.openTransactionTimeout)
        ) { (share) throws(KafkaError) in try consumer.committed(places, timeout: share) }
        return offsets.reduce(into: [:]) { found, place in
            if let offset = place.offset.value, offset > 0 { found[place.topicPartition] = offset }
        }
    }

    /// Keeps the tasks that are still at their committed offsets, and drops the others.
    private func keepTasks(_ numbers: Set<Int32>, _ survey: Survey, _ committed: [TopicPartition: Int64]) {
        runners = runners.filter { number, runner in
            // Another instance may have had the partition meanwhile. If only a broadcast source made it publish, the
            // offsets of the partition did not move.
            let isAsStated = survey.statement(by: number).map { $0 == runner.stated } ?? true
            return numbers.contains(number) && !survey.rebuilding.contains(number) && isAsStated
                && stage.sources.indices.allSatisfy { index in
                    let source = stage.sources[index]
                    let place = TopicPartition(topic: source.topic, partition: number)
                    return source.isBroadcast || (runner.positions[index] ?? 0) == (committed[place] ?? 0)
                }
        }
    }

    /// Creates and restores the tasks of partitions that have none.
    ///
    /// A restore may find that more must be rebuilt. Then it begins again.
    ///
    /// Returns the tasks; nil if it was given up.
    private func restoreTasks(
        _ numbers: Set<Int32>,
        _ survey: inout Survey,
        _ committed: inout [TopicPartition: Int64]
    ) throws -> [TaskRunner]? {
        while true {
            let new = try numbers.subtracting(runners.keys).sorted()
                .map { try makeRunner($0, isRebuilding: survey.rebuilding.contains($0)) }
            guard !new.isEmpty else { return [] }
            // Answer the group before the restore, which may take long. Otherwise no other member could join or leave,
            // and this member would learn of changes last. Nothing is consumed until the restore ends.
            try consumer.assign([])
            try beginAccounts(new, survey)
            guard try restore(new, committed: committed, survey) else { return nil }
            let renewed = try self.renewed(new, survey, committed)
            let strange = self.strange(new, survey)
            for (number, places) in strange.sorted(by: { $0.key < $1.key }) { tellStrange(number, places) }
            survey.rebuilding.formUnion(strange.keys)
            guard !renewed.isEmpty || !strange.isEmpty else { return new }
            for place in renewed.sorted() {
                tellRenewed(place)
                committed[place] = nil
                survey.memory[place] = nil
                let isBroadcast = wholeSources.contains(place)
                survey.rebuilding.formUnion(isBroadcast ? numbers : [place.partition])
                if isBroadcast { runners = [:] }
            }
        }
    }

    /// Takes over what earlier runs of a task stated, and the earliest records that they have seen.
    private func takeOver(_ survey: Survey, in runner: TaskRunner) {
        runner.stated = survey.statement(by: runner.partition) ?? TaskRunner.Statement()
        for (index, source) in stage.sources.enumerated() {
            let place = TopicPartition(topic: source.topic, partition: source.isBroadcast ? 0 : runner.partition)
            if let first = survey.memory[place]?.first { runner.keepFirst(first, of: index) }
        }
    }

    /// The partition numbers; nil if they are not the same in every source.
    ///
    /// - Throws: ``RuntimeError`` if a source has got more partitions since the worker started: keys are then in other
    ///   partitions than before.
    private func copartitioned(_ partitions: [TopicPartition]) throws -> Set<Int32>? {
        let numbers = Set(partitions.map(\.partition))
        if let more = partitions.first(where: { $0.partition >= self.partitions }) {
            throw RuntimeError(
                .notCopartitioned,
                "\(more.topic) had \(self.partitions) partitions and has got more, so that keys are in other partitions than before. Stop what "
                    + "submits files; `accountability doctor` says what to do"
            )
        }
        let isEven = stage.sources.filter { !$0.isBroadcast }
            .allSatisfy { source in
                Set(partitions.filter { $0.topic == source.topic }.map(\.partition)) == numbers
            }
        return isEven ? numbers : nil
    }

    /// Refuses partitions that do not fit together, and joins the group again for a while.
    private func refuse() throws {
        guard let action = lifecycle.misassigned(patience: configuration.brokerTimeout, at: .now) else {
            throw RuntimeError(
                .notCopartitioned,
                "the group gave different partitions of \(stage.name)'s sources; partition.assignment.strategy must be range"
            )
        }
        // The group waits for an answer before anything else.
        try consumer.assign([])
        try perform(action)
        backoff.pause(until: .now + .seconds(2))
    }

    /// The tasks' positions in the broadcast topics.
    var broadcastPlaces: [TopicPartitionOffset] {
        stage.sources.enumerated().filter { $1.isBroadcast && !runners.isEmpty }
            .map { index, source in
                let position = runners.values.map { $0.positions[index] ?? 0 }.min() ?? 0
                return TopicPartitionOffset(topic: source.topic, partition: 0, offset: .at(position))
            }
    }

    /// The tasks' positions in their own partitions, committed or not.
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
            "a table begins with a different record: it was recreated; rebuilding everything derived from it",
            metadata: ["topic": "\(place.topic)", "partition": "\(place.partition)"]
        )
    }

    private func tellStrange(_ number: Int32, _ places: [TopicPartition]) {
        metrics.update { $0.mended += places.count }
        logger.error(
            "the published records differ from what this task published: some were lost or are foreign; rebuilding them",
            metadata: ["partition": "\(number)", "places": "\(places.map { "\($0)" }.joined(separator: ", "))"]
        )
    }

    /// Starts consuming at these positions and remembers them.
    ///
    /// A partition that later ends or restarts before its position was recreated.
    func consume(_ places: [TopicPartitionOffset]) throws {
        sourceContinuity = SourceContinuity(from: places)
        // Drop partition ends that belong to the previous assignment.
        while consumer.nextPartitionEnd() != nil {}
        let watched = outputContinuity.watchedTo.map { TopicPartitionOffset($0.key, .at($0.value)) }
        try consumer.assign(places + watched)
    }

    /// Asks for the ends of the tables that new tasks read.
    private func awaitTables(of new: [TaskRunner]) throws {
        var positions: [TopicPartition: Int64] = [:]
        for runner in new {
            for (index, source) in stage.sources.enumerated() where source.isTable && !source.isBroadcast {
                let place = TopicPartition(topic: source.topic, partition: runner.partition)
                positions[place] = runner.positions[index] ?? 0
            }
        }
        let places = positions.keys.sorted()
        let ends = try patience.call("asking for the ends of \(places.count) partitions") {
            (share) throws(KafkaError) in try consumer.ends(of: places, timeout: share)
        }
        for (place, (_, end)) in ends where end > positions[place] ?? 0 {
            runners[place.partition]?.catchUp.expect(place, to: end)
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
                "rebuilding what was published",
                metadata: ["partition": "\(partition)", "retracted": "\(retracted)"]
            )
        }
        runner.onQuarantine = { [logger, metrics] entry in entry.tell(metrics, logger) }
        runner.onUnusable = { [logger, metrics] fault in
            metrics.update { $0.unusable += 1 }
            logger.error(
                "a published record is not from this stage; if its key has a value, the stage publishes it again",
                metadata: ["partition": "\(partition)", "code": "\(fault.code.rawValue)", "reason": "\(fault.reason)"]
            )
        }
        return runner
    }

    /// Creates a restore, which reads partitions outside of the group.
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

    /// Returns false if the restore was given up, because the worker must stop or the group rebalanced.
    private func restore(_ new: [TaskRunner], committed: [TopicPartition: Int64], _ survey: Survey) throws -> Bool {
        metrics.setReadiness("restoring")
        // What was full before may have been freed: the restore needs room for these tasks only.
        memory.relax()
        try resumeWatches(of: new, survey, committed)
        let restore = makeRestore()
        var idle = RecordBatch(capacity: 1)
        var reported = ContinuousClock.now
        var committedAt = ContinuousClock.now
        func goOn(_ progress: Restore.Progress) throws -> Bool {
            // A rebuild publishes while it reads. Commit in between, because reading may take longer than a transaction
            // may last.
            if sink.isOpen, ContinuousClock.now - committedAt > .seconds(1) {
                try commitPiece()
                // These records are committed now. The ends of the outputs are read afterwards.
                for runner in new { _ = runner.output.takeSent() }
                committedAt = .now
            }
            metrics.update { $0.restoreRemaining = progress.remaining }
            metrics.setReadiness(progress.description)
            _ = memory.look()
            guard memory.level != .full else {
                throw RuntimeError(
                    .configuration,
                    "restoring needs more memory than the limit (\(memory.description)). Start more instances, or raise --memory-limit"
                )
            }
            // Polling keeps this member alive in the group and receives rebalances.
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
        // A log of events is published again only if it is gone, because the task cannot tell which of its records
        // still exist.
        let events = survey.renewedOutputs.subtracting(stage.outputsMadeAnew)
        for runner in again { runner.output.replayed = events }
        guard try restore.run(new, committed: committed, progress: goOn) else { return false }
        for runner in new { try runner.endRestore() }
        guard !again.isEmpty else { return true }
        for runner in again { runner.output.replayed = stage.outputsMadeAnew }
        return try restore.runAgain(again, progress: goOn)
    }
}
