import Kafka
import Logging

/// The state of the partitions that a worker takes up, compared with the facts that the group stored about them.
struct Survey {
    /// The stored facts, by source and output.
    var memory: [TopicPartition: PlaceMemory] = [:]
    /// Tasks whose publications must be rebuilt.
    var rebuilding: Set<Int32> = []
    /// Of these, the tasks for which an operator requested a rebuild.
    var asked: Set<Int32> = []
    /// Outputs that were recreated or truncated.
    var renewedOutputs: Set<Int> = []
    /// A task's account of its publications at its last commit; nil if there is none.
    func statement(by task: Int32) -> TaskRunner.Statement? {
        memory[TopicPartition(topic: Positions.published, partition: task)]
            .map { TaskRunner.Statement(published: $0.published, watched: $0.watched) }
    }
}

extension WorkerLoop {
    /// How long a partition may end before an offset that was already read.
    ///
    /// A new leader may not know all records yet.
    private static let settlingOfLeaders: Duration = .seconds(5)

    /// All partitions that the stage publishes to.
    var outputPlaces: [(output: Int, place: TopicPartition)] {
        stage.outputs.enumerated()
            .flatMap { index, output in
                (0..<outputPartitions[index]).map { (index, TopicPartition(topic: output.topic, partition: $0)) }
            }
    }

    /// Compares the partitions with the stored facts, and drops the offsets of tables that were recreated.
    ///
    /// - `partitions`: the partitions of the sources, including broadcast ones.
    ///
    /// Returns nil if it was given up. Throws ``RuntimeError`` if a log lost records that were already read.
    func survey(_ partitions: [TopicPartition], _ committed: inout [TopicPartition: Int64]) throws -> Survey? {
        let numbers = Set(runnersOf(partitions))
        guard let positions else { return Survey() }
        var survey = Survey()
        let own =
            partitions
            + [Positions.rebuild, Positions.published, Positions.renewing]
            .flatMap { name in numbers.map { TopicPartition(topic: name, partition: $0) } }
        guard let memory = try recall(Set(own), Set(outputPlaces.map(\.place)), positions) else { return nil }
        survey.memory = memory
        let forgotten = partitions.filter { committed[$0] == nil && memory[$0]?.offset ?? 0 > 0 }
        if !forgotten.isEmpty {
            logger.notice(
                "the brokers have lost this group's offsets; continuing from the stage's own copy",
                metadata: ["partitions": "\(forgotten.count)"]
            )
        }
        for place in forgotten { committed[place] = memory[place]?.offset }
        survey.asked = numbers.filter { memory[TopicPartition(topic: Positions.rebuild, partition: $0)] != nil }
        survey.rebuilding = survey.asked
        let settled = ContinuousClock.now + Self.settlingOfLeaders
        for place in partitions { try look(at: place, numbers, &survey, &committed, settled: settled) }
        for (output, place) in outputPlaces { try look(atOutput: output, place, numbers, &survey, settled: settled) }
        // A log of events that is now empty.
        for (index, output) in stage.outputs.enumerated() where !stage.outputsMadeAnew.contains(index) {
            let isEmpty = (0..<outputPartitions[index])
                .allSatisfy { outputContinuity.ends[TopicPartition(topic: output.topic, partition: $0)] == 0 }
            if isEmpty { survey.renewedOutputs.insert(index) }
        }
        let others = numbers.filter { number in
            let stated = memory[TopicPartition(topic: Positions.published, partition: number)]
            return stated.map { $0.digest != stage.configuration } ?? false
        }
        if !others.isEmpty {
            logger.notice(
                "published under another configuration; computing everything again",
                metadata: ["partitions": "\(others.count)"]
            )
            survey.rebuilding.formUnion(others)
        }
        // An earlier run began a rebuild and did not finish it.
        for number in numbers where memory[TopicPartition(topic: Positions.renewing, partition: number)] != nil {
            survey.rebuilding.insert(number)
        }
        outputContinuity.noteReading()
        return survey
    }

    private func look(
        atOutput output: Int,
        _ place: TopicPartition,
        _ numbers: Set<Int32>,
        _ survey: inout Survey,
        settled: ContinuousClock.Instant
    ) throws {
        let (begin, end) = try bounds(of: place, atLeast: survey.memory[place]?.offset ?? 0, settled: settled)
        // A log that is kept for ever must not lose records. If it did, its original beginning stays stored.
        let isChangeLog = stage.outputs[output].isChangeLog
        let isCut = isChangeLog && survey.memory[place].map { begin > $0.first?.offset ?? 0 } ?? false
        outputContinuity.begin(place, at: begin, end: end, mustKeepRecords: isChangeLog)
        let seen = survey.memory[place]?.offset ?? 0
        guard end < seen || isCut else { return }
        logger.error(
            "published records are gone: the topic was recreated or truncated; publishing them again",
            metadata: [
                "topic": "\(place.topic)", "partition": "\(place.partition)", "begin": "\(begin)", "end": "\(end)",
                "seen": "\(seen)",
            ]
        )
        survey.renewedOutputs.insert(output)
        if case .ownPartition = stage.outputs[output].memory {
            survey.rebuilding.formUnion(numbers.intersection([place.partition]))
        } else {
            survey.rebuilding.formUnion(numbers)
        }
    }

    private func runnersOf(_ partitions: [TopicPartition]) -> [Int32] {
        let whole = Set(stage.sources.filter(\.isBroadcast).map(\.topic))
        return partitions.filter { !whole.contains($0.topic) }.map(\.partition)
    }

    private func look(
        at place: TopicPartition,
        _ numbers: Set<Int32>,
        _ survey: inout Survey,
        _ committed: inout [TopicPartition: Int64],
        settled: ContinuousClock.Instant
    ) throws {
        guard let source = stage.sources.first(where: { $0.topic == place.topic }) else { return }
        if committed[place] == nil, !source.isDerived, survey.asked.contains(place.partition) {
            // Read everything before publishing, because only the final values count.
            committed[place] = try bounds(of: place, atLeast: 0, settled: settled).end
        }
        guard let position = committed[place], position > 0 else { return }
        let end = try bounds(of: place, atLeast: position, settled: settled).end
        guard end < position else { return }
        if source.isDerived {
            logger.error(
                "a table ends before the offset that was already read: it was recreated or truncated; rebuilding everything derived from it",
                metadata: [
                    "topic": "\(place.topic)", "partition": "\(place.partition)", "end": "\(end)",
                    "read": "\(position)",
                ]
            )
            committed[place] = nil
            survey.rebuilding.formUnion(source.isBroadcast ? numbers : [place.partition])
        } else if survey.asked.contains(place.partition) {
            committed[place] = end
        } else {
            throw lost(place, "\(position - end) of the \(position) records that were already read are gone")
        }
    }

    /// Compares the records that restored tasks read with the stored facts.
    ///
    /// Returns the tables that begin with a different record than before. Throws ``RuntimeError`` if a log no longer
    /// holds the records that were read earlier.
    func renewed(_ new: [TaskRunner], _ survey: Survey, _ committed: [TopicPartition: Int64]) throws
        -> Set<TopicPartition>
    {
        var renewed: Set<TopicPartition> = []
        for runner in new {
            for (index, source) in stage.sources.enumerated() {
                let place = TopicPartition(
                    topic: source.topic,
                    partition: source.isBroadcast ? 0 : runner.partition
                )
                guard let memory = survey.memory[place], committed[place] != nil else { continue }
                let begins =
                    memory.first.flatMap { first in runner.first[index].map { first.isOtherThan($0) } } ?? false
                let isOther =
                    memory.offset == committed[place] && memory.digest.map { $0 != runner.digests[index] } ?? false
                if source.isTable {
                    if begins { renewed.insert(place) }
                } else if source.isDerived {
                    if begins || isOther && !configuration.kafka.isLocalBroker { renewed.insert(place) }
                } else if !survey.asked.contains(runner.partition), !source.isBroadcast {
                    // The local broker shows and hides records in its own way, so the digest proves nothing there.
                    guard !begins, !isOther || configuration.kafka.isLocalBroker else {
                        throw lost(place, "its records differ from those that were read before")
                    }
                }
            }
        }
        return renewed
    }

    private func lost(_ place: TopicPartition, _ what: String) -> RuntimeError {
        RuntimeError(
            .configuration,
            "\(place) was recreated or truncated: \(what). The results derived from it still exist and may be wrong. `accountability audit` names the missing submissions; "
                + "submit them again, then run `accountability rebuild` to compute everything again from the ledger"
        )
    }

    /// The beginning and the end of a partition.
    ///
    /// - `least`: if it ends earlier, waits for a leader that knows more.
    /// - `settled`: when every leader knows all records. All partitions wait together: one after the other, this member
    ///   would be silent for longer than its group allows.
    private func bounds(
        of place: TopicPartition,
        atLeast least: Int64,
        settled: ContinuousClock.Instant
    ) throws -> (begin: Int64, end: Int64) {
        var backoff = Backoff()
        while true {
            let (low, high) = try patience.call("asking for the end of \(place)") { (share) throws(KafkaError) in
                try surveyor.watermarks(place, timeout: share)
            }
            guard high < least, ContinuousClock.now < settled, !shouldStop() else { return (low, high) }
            backoff.pause(until: settled)
        }
    }

    /// The stored facts of this member's partitions and of the outputs.
    ///
    /// The ends of outputs may be a little older than the newest, unless a task's account begins with them.
    private func recall(
        _ own: Set<TopicPartition>,
        _ outputs: Set<TopicPartition>,
        _ positions: Positions
    ) throws -> [TopicPartition: PlaceMemory]? {
        let hasAccount = stage.outputs.contains { $0.account == .log }
        positions.forget()
        metrics.setReadiness("reading its positions")
        var idle = RecordBatch(capacity: 1)
        return try positions.read(
            own.union(outputs),
            awaited: hasAccount ? own.union(outputs) : own,
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
    }

    /// Checks now and then whether the published records still exist.
    func lookAtOutputs() throws {
        // Not during an open transaction: its records are already counted in the end, and the commit would count them
        // again.
        guard positions != nil, !runners.isEmpty, !sink.isOpen, outputContinuity.isDue() else { return }
        outputContinuity.noteReading()
        let outputs = outputPlaces.map(\.place)
        let sources = stage.sources.filter { !$0.isTable }
            .flatMap { source in
                (source.isBroadcast ? [0] : runners.keys.sorted())
                    .map { (source, TopicPartition(topic: source.topic, partition: $0)) }
            }
        // Other calls report brokers that do not answer.
        guard let bounds = try? surveyor.ends(of: outputs + sources.map(\.1), timeout: .seconds(2)) else { return }
        for place in outputs {
            guard let (begin, end) = bounds[place] else { continue }
            try outputContinuity.check(place, begin: begin, end: end)
        }
        // The ledger must be complete. For other topics, the stage that publishes them checks their beginning.
        for (source, place) in sources where !source.isDerived {
            guard let begin = bounds[place]?.low, begin > 0 else { continue }
            throw RuntimeError.madeAnew(place, "it begins at \(begin): its oldest records are gone")
        }
    }

    /// Before the restore: takes over the accounts of what earlier runs of the tasks published to logs.
    ///
    /// For a rebuild, it also stores a note, because a run that dies leaves the rebuild unfinished.
    func beginAccounts(_ new: [TaskRunner], _ survey: Survey) throws {
        for (index, output) in stage.outputs.enumerated() where output.account == .log {
            for partition in 0..<outputPartitions[index] {
                let place = TopicPartition(topic: output.topic, partition: partition)
                // A rebuild counts the existing records itself.
                for runner in new where !runner.output.isRebuilding {
                    let known = survey.statement(by: runner.partition).map { $0.published[place] ?? PublishedSum() }
                    func end() throws -> Int64 {
                        let least = outputContinuity.ends[place] ?? 0
                        return try bounds(of: place, atLeast: least, settled: .now + Self.settlingOfLeaders).end
                    }
                    runner.output.adopt(index, partition: partition, try known ?? PublishedSum(from: end()))
                }
            }
        }
        guard let positions, stage.rebuildsFromSources else { return }
        var begun: [TopicPartition: PlaceMemory] = [:]
        for runner in new where runner.output.isRebuilding {
            begun[TopicPartition(topic: Positions.renewing, partition: runner.partition)] = PlaceMemory(offset: 1)
        }
        guard !begun.isEmpty else { return }
        try positions.write(begun, to: sink)
        try commitPiece()
    }

    /// The tasks that read back other records than they had published, with the partitions concerned.
    func strange(_ new: [TaskRunner], _ survey: Survey) -> [Int32: [TopicPartition]] {
        var strange: [Int32: [TopicPartition]] = [:]
        for runner in new where !runner.output.isRebuilding {
            guard let committed = survey.statement(by: runner.partition)?.published else { continue }
            let places = runner.strange(committed)
            if !places.isEmpty { strange[runner.partition] = places }
        }
        return strange
    }

    /// Checks, with the client's statistics, whether a source ends before an offset that was already read.
    func lookAtSources() throws {
        for (place, read) in sourceContinuity.suspects(client.ends) {
            guard let high = try? surveyor.watermarks(place, timeout: .seconds(2)).high, high < read else { continue }
            throw RuntimeError.madeAnew(place, "it ends at \(high), and \(read) was read")
        }
    }

    /// Checks whether a table that a task waits for still has what it had when the task was restored.
    ///
    /// A table that was recreated, and is now smaller, would be waited for without end.
    func lookAtAwaitedTables() throws {
        for (place, end) in runners.values.flatMap(\.catchUp.awaited) {
            guard let high = try? surveyor.watermarks(place, timeout: .seconds(2)).high, high < end else { continue }
            throw RuntimeError.madeAnew(place, "it ends at \(high), and ended at \(end)")
        }
    }
}
