import Kafka
import Logging

/// How a worker commits, and how it recovers from an aborted commit.
extension WorkerLoop {
    /// Publishes the changes and commits the offsets in the same transaction.
    func commit() throws {
        let start = ContinuousClock.now
        guard try readOwnAgain() else { return try sink.abort() }
        let places = runners.values.sorted { $0.partition < $1.partition }
        var content = CheckpointContent(ends: outputContinuity.ends)
        for runner in places { try content.take(runner, of: stage) }
        if let positions { try content.write(to: positions, sink, begins: outputContinuity.begins) }
        if content.offsets.isEmpty {
            try commitPiece()
        } else {
            try sink.commit(offsets: content.offsets, group: try consumer.groupMetadata) {
                [consumer] (places, share) throws(KafkaError) in
                try consumer.committed(places, timeout: share)
            }
            fence = content.offsets.first { $0.topicPartition == fence?.topicPartition } ?? fence
        }
        outputContinuity.ends = content.ends
        if !content.offsets.isEmpty { for (runner, statement) in content.statements { runner.stated = statement } }
        lifecycle.committed(hasMore: places.contains(where: \.hasMore), at: .now)
        backoff = Backoff()
        tellRebuilding(!content.rebuilt.isEmpty)
        metrics.setDiscrepancies(places.compactMap(\.discrepancy))
        metrics.noteCommit(seconds: (ContinuousClock.now - start).seconds)
        tellLatency()
    }

    /// Commits what was sent, without progress in the sources: a piece of a rebuild, or records for quarantine.
    ///
    /// The brokers ask whether this member still has its partitions only if its transaction carries offsets. So an
    /// offset is repeated as it stands. Without it, an instance that was frozen and replaced could still publish.
    func commitPiece() throws {
        guard sink.isOpen else { return }
        try sink.commit(offsets: fence.map { [$0] } ?? [], group: try consumer.groupMetadata)
    }

    /// Quarantines what was found while a task still reads its tables, if that is much.
    ///
    /// Nothing is committed before the tables are read. A stranger could fill the memory meanwhile.
    func relieveQuarantine() throws {
        guard !isCaughtUp, !sink.isOpen, runners.values.contains(where: \.holdsMuch) else { return }
        for runner in runners.values { try runner.sendQuarantined() }
        try commitPiece()
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

    /// Drops the tasks after an abort, because their state is ahead of the committed offsets.
    ///
    /// The next turn restores them, unless the group has decided otherwise.
    func recover(from aborted: TransactionAborted) throws {
        guard !aborted.cause.isMisconfiguration else { throw RuntimeError.final(aborted.cause, "publishing") }
        if aborted.cause.code == .invalidProducerIDMapping {
            // This is normal after `transactional.id.expiration.ms`, by default a week.
            logger.info("the brokers had forgotten the long unused transactional id; registering it again")
        } else {
            logger.warning(
                "\(aborted); restoring",
                metadata: ["partitions": "\(lifecycle.assignment?.partitions.count ?? 0)"]
            )
        }
        metrics.update { $0.aborts[aborted.cause.name, default: 0] += 1 }
        runners = [:]
        positions?.forget()
        switch lifecycle.aborted() {
        case .fail(let aborts):
            throw RuntimeError(
                .brokerUnavailable,
                "\(aborts) transactions in a row were aborted",
                cause: aborted.cause
            )
        case .proceed(let isPausing):
            if isPausing { backoff.pause(until: .now + .seconds(2)) }
            // The group may already have rebalanced, and then decides. This is often why the commit was refused.
            if lifecycle.assignment != nil, !consumer.hasRebalance { try consumer.unassign() }
        }
    }
}
