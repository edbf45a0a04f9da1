import Kafka
import Logging

/// The thread of a worker: polls, folds, commits, and answers what the group decides.
final class WorkerLoop {
    private let stage: any Stage
    private let configuration: WorkerConfiguration
    private let metrics: WorkerMetrics
    private let logger: Logger
    private let shouldStop: () -> Bool
    private let patience: Patience
    private let consumer: Consumer
    private let sink: TransactionalSink
    private let partitions: Int32
    private let outputPartitions: [Int32]
    /// Source by the consumer's topic index.
    private var sourceByTopic: [Int: Int] = [:]
    /// Tasks by partition. Between a revocation and the next assignment they are kept, in case the partitions come back.
    private var runners: [Int32: TaskRunner] = [:]
    private var assigned: [TopicPartition] = []
    private var hasWork = false
    /// When the first and the last record since the last commit came.
    private var workSince = ContinuousClock.now
    private var lastRecord = ContinuousClock.now
    private var lastCommit = ContinuousClock.now
    private var folded = 0
    private var newestTimestamp: Int64 = 0
    /// When this member was given no partitions, and how often it asked again since it had some.
    private var emptySince: ContinuousClock.Instant?
    private var asked = 0
    /// Aborts since the last commit.
    private var abortsInARow = 0
    private let labels: SourceLabels
    private var afterAbort = Backoff()
    /// Aborts without a commit between them after which the worker leaves.
    private static let mostAborts = 20

    init(
        stage: any Stage,
        configuration: WorkerConfiguration,
        metrics: WorkerMetrics,
        logger: Logger,
        shouldStop: @escaping () -> Bool
    ) throws {
        self.stage = stage
        self.configuration = configuration
        self.metrics = metrics
        self.logger = logger
        self.shouldStop = shouldStop
        labels = SourceLabels(stage, completionType: configuration.completionType)
        patience = Patience(limit: configuration.brokerTimeout, shouldStop: shouldStop, logger: logger)
        metrics.setReadiness("looking for the topics")
        let counts = try TopicCheck(kafka: configuration.kafka, logger: logger, patience: patience).partitions(
            of: stage, progressTopic: configuration.progressTopic, quarantine: configuration.quarantine
        )
        partitions = counts.sources
        outputPartitions = counts.outputs

        let group = configuration.group(of: stage.name)
        metrics.setReadiness("taking its place")
        sink = try TransactionalSink(
            kafka: configuration.kafka, transactionalID: "\(group).\(configuration.instance)", memoryTopic: configuration.progressTopic,
            source: "/\(group.replacing(".", with: "/"))", timeout: configuration.brokerTimeout,
            // Leaving has three parts: the last commit, then the ends of consumer and producer.
            stopTimeout: configuration.stopTimeout / 2, shouldStop: shouldStop, logger: logger
        )
        try sink.warmUp(topic: configuration.progressTopic)
        guard !shouldStop() else {
            sink.close(timeout: configuration.stopTimeout / 4)
            throw Stopped()
        }

        var properties = configuration.kafka
        properties["group.id"] = group
        properties["group.instance.id"] = "\(group).\(configuration.instance)"
        if properties["session.timeout.ms"] == nil { properties["session.timeout.ms"] = "45000" }
        if properties["statistics.interval.ms"] == nil { properties["statistics.interval.ms"] = "2000" }
        if properties["queued.max.messages.kbytes"] == nil { properties["queued.max.messages.kbytes"] = "65536" }
        properties["enable.partition.eof"] = "false"
        consumer = try Consumer(properties, logger: logger)
        for (index, source) in stage.sources.enumerated() { sourceByTopic[consumer.topicIndex(source.topic)] = index }
    }

    func run() throws {
        metrics.setReadiness("waiting for partitions")
        try subscribe()
        defer {
            consumer.close(timeout: configuration.stopTimeout / 5)
            sink.close(timeout: configuration.stopTimeout / 5)
        }
        var batch = RecordBatch(capacity: 4096)
        while !shouldStop() {
            do {
                while let event = consumer.nextRebalance() { try handle(event) }
                try askAgain()
                try step(&batch)
            } catch let aborted as TransactionAborted {
                try recover(from: aborted)
            }
        }
        metrics.setReadiness("stopping")
        batch.removeAll()
        do {
            try commit()
        } catch let aborted as TransactionAborted {
            logger.notice("stopping without the last commit; it is repeated after the next start", metadata: ["error": "\(aborted)"])
        }
    }

    private func subscribe() throws {
        try consumer.subscribe(stage.sources.filter { !$0.isBroadcast }.map(\.topic))
    }

    /// Joins the group again, a few times, where it gave this member nothing: the local broker answers a member that joins at the same moment as
    /// the one that divides the partitions by none, though it was given some, and tells it when it asks again.
    private func askAgain() throws {
        guard configuration.kafka.isLocalBroker, let since = emptySince, asked < 4, ContinuousClock.now - since > .seconds(1 << asked) else { return }
        asked += 1
        emptySince = nil
        logger.info("the group gave no partitions; asking again")
        try consumer.unsubscribe()
        try subscribe()
    }

    private func step(_ batch: inout RecordBatch) throws {
        var count = 0
        do {
            count = try consumer.poll(&batch, timeout: .milliseconds(hasWork ? 5 : 50))
        } catch {
            try pass(error)
        }
        for index in 0..<batch.count { try fold(batch[index]) }
        let now = ContinuousClock.now
        if count > 0 {
            if !hasWork { workSince = now }
            hasWork = true
            lastRecord = now
        }
        if !hasWork, !runners.isEmpty, let pause = stage.idleFlush, now - lastCommit >= pause {
            hasWork = true
            workSince = now
        }
        let isSettled = count == 0 && now - lastRecord >= stage.settling
        if hasWork, isSettled || now - workSince >= configuration.commitInterval { try commit() }
        observe()
    }

    /// Errors of the group or of a partition pass by themselves, apart from those that end the consumer.
    private func pass(_ error: KafkaError) throws {
        guard !error.isFatal, !error.isFence else { throw RuntimeError.final(error, "consuming") }
        logger.warning("consumer: \(error)")
    }

    private func fold(_ record: borrowing Record) throws {
        guard let source = sourceByTopic[record.topicIndex] else { return }
        let none: [UInt8] = []
        let key: Span<UInt8> = if let bytes = record.key { bytes } else { none.span }
        let isBroadcast = stage.sources[source].isBroadcast
        if let timestamp = record.timestamp { newestTimestamp = max(newestTimestamp, timestamp) }
        let label = record.label(expected: labels.expected[source], completion: labels.completion)
        for runner in runners.values where isBroadcast || runner.partition == record.partition {
            var cause = ""
            if runner.wantsCause(key: key), let value = record.header("ce_cause").value {
                cause = String(decoding: [UInt8](copying: value), as: UTF8.self)
            }
            let refusal = try runner.consume(
                InputRecord(
                    source: source, offset: record.offset, timestamp: record.timestamp ?? 0, key: key, value: record.value,
                    cause: cause, label: label
                )
            )
            if let refusal { try runner.quarantine(record.detach(), refusal) }
        }
        folded += 1
    }

    /// Publishes what changed, and moves the offsets with it.
    private func commit() throws {
        guard hasWork else { return }
        let start = ContinuousClock.now
        var offsets: [TopicPartitionOffset] = []
        for runner in runners.values.sorted(by: { $0.partition < $1.partition }) {
            try runner.flush()
            // How far a broadcast topic was seen is kept by the first task, which answers for what is wrong there.
            for (index, source) in stage.sources.enumerated() where !source.isBroadcast || runner.partition == 0 {
                guard let position = runner.positions[index] else { continue }
                offsets.append(
                    TopicPartitionOffset(topic: source.topic, partition: source.isBroadcast ? 0 : runner.partition, offset: .at(position))
                )
            }
        }
        try sink.commit(offsets: offsets, group: try consumer.groupMetadata)
        hasWork = false
        abortsInARow = 0
        afterAbort = Backoff()
        lastCommit = ContinuousClock.now
        let seconds = (ContinuousClock.now - start).seconds
        metrics.update {
            $0.commits += 1
            $0.commitSeconds += seconds
        }
    }

    private func handle(_ event: Rebalance) throws {
        switch event {
        case .assigned(let partitions):
            assigned = partitions
            emptySince = partitions.isEmpty ? .now : nil
            if !partitions.isEmpty { asked = 0 }
            try takeUp(partitions)
        case .revoked:
            metrics.setReadiness("partitions revoked")
            let outcome = Result { try commit() }
            emptySince = nil
            // Given up whatever became of the commit: an abort must not restore what is somebody else's from now on.
            assigned = []
            try consumer.unassign()
            try outcome.get()
        case .lost:
            metrics.setReadiness("partitions lost")
            logger.warning("the partitions were given to another instance; what was not committed is dropped")
            runners = [:]
            hasWork = false
            assigned = []
            try consumer.unassign()
            try sink.abort()
        }
    }

    /// After an abort the tasks' state is ahead of what is committed: they are restored.
    private func recover(from aborted: TransactionAborted) throws {
        logger.warning("\(aborted); restoring", metadata: ["partitions": "\(assigned.count)"])
        metrics.update { $0.aborts[aborted.cause.name, default: 0] += 1 }
        runners = [:]
        hasWork = false
        abortsInARow += 1
        guard abortsInARow < Self.mostAborts else {
            throw RuntimeError(.brokerUnavailable, "\(abortsInARow) transactions in a row were aborted", cause: aborted.cause)
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

    /// Makes and restores the tasks of the partitions, then consumes from where they are.
    private func takeUp(_ partitions: [TopicPartition]) throws {
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
            let offsets = try patience.call("asking for the committed offsets") { (share) throws(KafkaError) in
                try consumer.committed(partitions + whole, timeout: share)
            }
            for offset in offsets { committed[offset.topicPartition] = offset.offset.value }
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
            // The group gets its answer before the restore, which may take long: were it to wait, nobody else could join or leave, and this
            // member would hear of it last. Nothing is consumed until then.
            try consumer.assign([])
            guard try restore(new, committed: committed) else { return }
        }
        for runner in new {
            try runner.goLive()
            runners[runner.partition] = runner
        }
        var places = partitions.map { TopicPartitionOffset($0, committed[$0].map { .at($0) } ?? .beginning) }
        for (index, source) in stage.sources.enumerated() where source.isBroadcast && !runners.isEmpty {
            let position = runners.values.map { $0.positions[index] ?? 0 }.min() ?? 0
            places.append(TopicPartitionOffset(topic: source.topic, partition: 0, offset: .at(position)))
        }
        try consumer.assign(places)
        hasWork = !new.isEmpty
        workSince = ContinuousClock.now
        lastRecord = workSince
        metrics.update { $0.tasks = runners.count }
        metrics.setReadiness(nil)
        logger.info("running", metadata: ["partitions": "\(numbers.sorted())", "restored": "\(new.count)"])
    }

    private func makeRunner(_ partition: Int32) throws -> TaskRunner {
        let runner = try TaskRunner(
            stage: stage,
            context: TaskContext(partition: partition, partitions: partitions, outputPartitions: outputPartitions),
            sink: sink, progressTopic: configuration.progressTopic, completionType: configuration.completionType,
            quarantine: configuration.quarantine
        )
        runner.onQuarantine = { [logger, metrics] entry in
            metrics.update {
                $0.unusable += 1
                $0.quarantined[entry.refusal.code.rawValue, default: 0] += 1
            }
            logger.error(
                "a record cannot be used and was put in quarantine; `accountability quarantine` lists it",
                metadata: [
                    "topic": "\(entry.record.topic)", "partition": "\(entry.record.partition)", "offset": "\(entry.record.offset)",
                    "code": "\(entry.refusal.code.rawValue)", "reason": "\(entry.refusal.reason)", "bytes": "\(entry.size)",
                    "sha256": "\(entry.digest)",
                ]
            )
        }
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
            stage: stage, kafka: configuration.kafka, group: "\(configuration.group(of: stage.name)).restore",
            progressTopic: configuration.progressTopic, partitions: partitions, outputPartitions: outputPartitions, patience: patience,
            labels: labels, openTransactionTimeout: configuration.openTransactionTimeout, logger: logger
        )
        var idle = RecordBatch(capacity: 1)
        var reported = ContinuousClock.now
        return try restore.run(new, committed: committed) { progress in
            metrics.update { $0.restoreRemaining = progress.remaining }
            metrics.setReadiness(progress.description)
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

    private func observe() {
        let emitted = sink.sent
        let refused = runners.values.reduce(0) { $0 + $1.output.refused }
        let lag = consumer.latestStatistics?.lag.values.reduce(0, +) ?? 0
        let behind = newestTimestamp
        metrics.update {
            $0.processed = folded
            $0.emitted = emitted
            $0.rejected = max($0.rejected, refused)
            $0.lagRecords = Int(lag)
            $0.lagSeconds = lag == 0 || behind == 0 ? 0 : max(0, Double(Milliseconds.now - behind) / 1000)
        }
    }
}
