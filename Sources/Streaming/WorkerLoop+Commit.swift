import Kafka
import Logging

/// How a worker commits, and what it does when a commit is lost.
extension WorkerLoop {
    /// Publishes what changed, and moves the offsets with it.
    func commit() throws {
        guard hasWork, catchUp.isOver || sink.isOpen, !mayBeForgotten else { return }
        let start = ContinuousClock.now
        try readOwnAgain()
        var offsets: [TopicPartitionOffset] = []
        var memory: [TopicPartition: PlaceMemory] = [:]
        // Where the outputs end at least, once this commit stands: a topic that is made anew before the next look ends
        // before that.
        var ends = outputEnds
        var hasRebuilt = false
        var statements: [(runner: TaskRunner, published: [TopicPartition: PublishedSum])] = []
        for runner in runners.values.sorted(by: { $0.partition < $1.partition }) {
            let isRebuilding = runner.output.isRebuilding
            // Its positions stay behind as long, so that a restart finds out anew what is to be done.
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
            // How far a broadcast topic was seen is kept by the first task, which answers for what is wrong there.
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
            memory[stated] = PlaceMemory(offset: 0, published: published)
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

    /// Says what is made anew, and for what it waits.
    private func tellRebuilding(_ hasRebuilt: Bool) {
        let waiting = runners.values.filter { $0.output.isRebuilding }
        if hasRebuilt || !waiting.isEmpty {
            let scopes = Set(waiting.compactMap(\.waitsFor)).sorted().joined(separator: ", ")
            let waits =
                ": waits until its sources hold \(scopes) again; do the stages before it run? If they do, "
                + "`accountability rebuild` has them fill its sources"
            metrics.setReadiness(
                waiting.isEmpty ? nil : "making anew what was published" + (scopes.isEmpty ? "" : waits)
            )
        }
    }

    /// How long it took from each cause that is published now.
    private func tellLatency() {
        guard let origin = configuration.originOfCause else { return }
        let now = Milliseconds.now
        for cause in runners.values.reduce(into: Set<String>(), { $0.formUnion($1.output.takeCauses()) }) {
            if let then = origin(cause) { metrics.noteLatency(milliseconds: max(0, now - then)) }
        }
    }

    /// After an abort the tasks' state is ahead of what is committed: they are restored.
    func recover(from aborted: TransactionAborted) throws {
        guard !aborted.cause.isMisconfiguration else { throw RuntimeError.final(aborted.cause, "publishing") }
        if aborted.cause.code == .invalidProducerIDMapping {
            // transactional.id.expiration.ms, a week unless the brokers say otherwise: nothing is wrong.
            logger.info("the brokers had forgotten the transactional id, which was not used for long; it is taken anew")
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
        // The group may have decided already, which is often why the commit was refused.
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
