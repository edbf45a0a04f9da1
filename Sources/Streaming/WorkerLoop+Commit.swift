import Kafka
import Logging

/// How a worker commits, and how it recovers from an aborted commit.
extension WorkerLoop {
    /// Publishes the changes and commits the offsets in the same transaction.
    func commit() throws {
        guard hasWork, catchUp.isOver || sink.isOpen, !mayBeForgotten else { return }
        let start = ContinuousClock.now
        try readOwnAgain()
        var offsets: [TopicPartitionOffset] = []
        var memory: [TopicPartition: PlaceMemory] = [:]
        // The least ends of the outputs after this commit. If a topic is recreated before the next check, it ends
        // earlier.
        var ends = outputEnds
        var hasRebuilt = false
        var statements: [(runner: TaskRunner, published: [TopicPartition: PublishedSum])] = []
        for runner in runners.values.sorted(by: { $0.partition < $1.partition }) {
            let isRebuilding = runner.output.isRebuilding
            // Its positions are not moved meanwhile, so that a restart finds again that a rebuild is needed.
            var waits = isRebuilding && !(catchUp.isOver && runner.waitsFor == nil)
            if !waits {
                try runner.flush()
                waits = runner.output.isRebuilding
            }
            for (index, counts) in runner.output.takeSent().enumerated() {
                for (partition, count) in counts {
                    ends[TopicPartition(topic: stage.outputs[index].topic, partition: partition), default: 0] += count
                }
            }
            guard !waits else { continue }
            // The first task stores how far a broadcast topic was read, because it reports the faults found there.
            for (index, source) in stage.sources.enumerated() where !source.isBroadcast || runner.partition == 0 {
                guard let known = runner.memory(of: index) else { continue }
                let place = TopicPartition(
                    topic: source.topic,
                    partition: source.isBroadcast ? 0 : runner.partition
                )
                memory[place] = known
                offsets.append(TopicPartitionOffset(place, .at(known.offset)))
            }
            let stated = TopicPartition(topic: Positions.published, partition: runner.partition)
            let published = runner.published
            memory[stated] = PlaceMemory(offset: 0, digest: stage.configuration, published: published)
            statements.append((runner, published))
            guard isRebuilding else { continue }
            hasRebuilt = true
            for name in [Positions.rebuild, Positions.renewing] {
                try positions?.remove(TopicPartition(topic: name, partition: runner.partition), from: sink)
            }
        }
        for (place, end) in ends {
            let begin = outputBegins[place].map { FirstRecord(offset: $0, timestamp: 0) }
            memory[place] = PlaceMemory(offset: end, first: begin)
        }
        if !offsets.isEmpty { try positions?.write(memory, to: sink) }
        try sink.commit(offsets: offsets, group: try consumer.groupMetadata) {
            [consumer] (places, share) throws(KafkaError) in
            try consumer.committed(places, timeout: share)
        }
        outputEnds = ends
        if !offsets.isEmpty { for (runner, published) in statements { runner.stated = published } }
        hasWork = runners.values.contains(where: \.hasMore)
        workSince = .now
        tellRebuilding(hasRebuilt)
        let places = runners.values.sorted { $0.partition < $1.partition }
        metrics.setDiscrepancies(places.compactMap(\.discrepancy))
        abortsInARow = 0
        afterAbort = Backoff()
        lastCommit = ContinuousClock.now
        let seconds = (ContinuousClock.now - start).seconds
        metrics.noteCommit(seconds: seconds)
        tellLatency()
    }

    /// Reports what is being rebuilt, and what the rebuild is waiting for.
    private func tellRebuilding(_ hasRebuilt: Bool) {
        let waiting = runners.values.filter { $0.output.isRebuilding }
        if hasRebuilt || !waiting.isEmpty {
            let scopes = Set(waiting.compactMap(\.waitsFor)).sorted().joined(separator: ", ")
            let waits =
                ": waits until its sources have \(scopes) again. Check that the stages before it run. If they do, "
                + "`accountability rebuild` makes them fill its sources"
            metrics.setReadiness(
                waiting.isEmpty ? nil : "rebuilding what was published" + (scopes.isEmpty ? "" : waits)
            )
        }
    }

    /// Measures the latency from each cause that is published now.
    private func tellLatency() {
        guard let origin = configuration.originOfCause else { return }
        let now = Milliseconds.now
        for cause in runners.values.reduce(into: Set<String>(), { $0.formUnion($1.output.takeCauses()) }) {
            if let then = origin(cause) { metrics.noteLatency(milliseconds: max(0, now - then)) }
        }
    }

    /// Restores the tasks after an abort, because their state is ahead of the committed offsets.
    func recover(from aborted: TransactionAborted) throws {
        guard !aborted.cause.isMisconfiguration else { throw RuntimeError.final(aborted.cause, "publishing") }
        if aborted.cause.code == .invalidProducerIDMapping {
            // This is normal after `transactional.id.expiration.ms`, by default a week.
            logger.info("the brokers had forgotten the long unused transactional id; registering it again")
        } else {
            logger.warning("\(aborted); restoring", metadata: ["partitions": "\(assigned.count)"])
        }
        metrics.update { $0.aborts[aborted.cause.name, default: 0] += 1 }
        runners = [:]
        positions?.forget()
        catchUp = CatchUp()
        hasWork = false
        abortsInARow += 1
        guard abortsInARow < Self.mostAborts else {
            throw RuntimeError(
                .brokerUnavailable,
                "\(abortsInARow) transactions in a row were aborted",
                cause: aborted.cause
            )
        }
        if abortsInARow > 1 { afterAbort.pause(until: .now + .seconds(2)) }
        // The group may already have rebalanced. This is often why the commit was refused.
        var isDecided = false
        while let event = consumer.nextRebalance() {
            isDecided = true
            try handle(event)
        }
        guard !isDecided, !assigned.isEmpty else { return }
        try consumer.unassign()
        try takeUp(assigned)
    }
}
