import Kafka
import Logging

/// The thread of a worker: polls, folds, commits, and answers what the group decides.
final class WorkerLoop {
    let stage: any Stage
    let configuration: WorkerConfiguration
    let metrics: WorkerMetrics
    let logger: Logger
    let shouldStop: () -> Bool
    let patience: Patience
    let consumer: Consumer
    let sink: TransactionalSink
    let partitions: Int32
    let outputPartitions: [Int32]
    /// Source by the consumer's topic index.
    private var sourceByTopic: [Int: Int] = [:]
    private let sources: Set<String>
    /// Output by the consumer's topic index, of those that are watched.
    private(set) var outputByTopic: [Int: Int] = [:]
    /// How far the outputs were looked at.
    var watchedTo: [TopicPartition: Int64] = [:]
    /// Tasks by partition.
    ///
    /// Between a revocation and the next assignment they are kept, in case the partitions come back.
    var runners: [Int32: TaskRunner] = [:]
    var assigned: [TopicPartition] = []
    var hasWork = false
    /// When the first and the last record since the last commit came.
    var workSince = ContinuousClock.now
    var lastRecord = ContinuousClock.now
    var lastCommit = ContinuousClock.now
    /// After how long without a commit a worker is at rest.
    private static let rest: Duration = .milliseconds(100)
    private var folded = 0
    private var client: ClientWatch
    private var newestTimestamp: Int64 = 0
    private var joinPatience = JoinPatience()
    /// The errors that the client had reported when the group gave the partitions.
    private var errorsSeen = 0
    /// Aborts since the last commit.
    var abortsInARow = 0
    let labels: SourceLabels
    var afterAbort = Backoff()
    let positions: Positions?
    /// Asks for the ends of partitions, open transactions included.
    let surveyor: Consumer
    /// The ends of the outputs as they were seen last, and when.
    var outputEnds: [TopicPartition: Int64] = [:]
    var outputsSeen = ContinuousClock.now
    /// Where those of them begin that are logs of which nothing may go.
    var outputBegins: [TopicPartition: Int64] = [:]
    /// How far each source was read since it was assigned.
    var readTo: [TopicPartition: Int64] = [:]
    /// How often in a row a source was said to end before that.
    var shortOf: [TopicPartition: Int] = [:]
    var catchUp = CatchUp()
    var memory: MemoryWatch
    /// Whether records are held back for want of memory.
    var isPaused = false
    /// Aborts without a commit between them after which the worker leaves.
    static let mostAborts = 20

    init(
        stage: any Stage,
        configuration: WorkerConfiguration,
        metrics: WorkerMetrics,
        logger: Logger,
        shouldStop: @escaping () -> Bool
    ) throws {
        self.stage = stage
        sources = Set(stage.sources.map(\.topic))
        self.configuration = configuration
        self.metrics = metrics
        self.logger = logger
        self.shouldStop = shouldStop
        memory = MemoryWatch(configuration.memoryLimit)
        positions = configuration.positions.map { Positions($0, group: configuration.group(of: stage.name)) }
        labels = SourceLabels(stage, completionType: configuration.completionType)
        patience = Patience(limit: configuration.brokerTimeout, shouldStop: shouldStop, logger: logger)
        metrics.setReadiness("looking for the topics")
        let counts = try TopicCheck(kafka: configuration.kafka, logger: logger, patience: patience)
            .partitions(
                of: stage,
                beside: [configuration.progressTopic, configuration.quarantine?.name, configuration.positions?.name]
                    .compactMap { $0 }
            )
        partitions = counts.sources
        outputPartitions = counts.outputs

        let group = configuration.group(of: stage.name)
        metrics.setReadiness("taking its place")
        sink = try TransactionalSink(
            kafka: configuration.kafka,
            transactionalID: "\(group).\(configuration.instance)",
            memoryTopic: configuration.progressTopic,
            source: "/\(group.replacing(".", with: "/"))",
            timeout: configuration.brokerTimeout,
            // Leaving has three parts: the last commit, then the ends of consumer and producer.
            stopTimeout: configuration.stopTimeout / 2,
            shouldStop: shouldStop,
            logger: logger
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
        if properties["statistics.interval.ms"] == nil { properties["statistics.interval.ms"] = "5000" }
        if properties["queued.max.messages.kbytes"] == nil { properties["queued.max.messages.kbytes"] = "65536" }
        properties["enable.partition.eof"] = "true"
        client = ClientWatch(intervalMilliseconds: properties["statistics.interval.ms"].flatMap(Int.init) ?? 0)
        consumer = try Consumer(properties, logger: logger)
        var survey = configuration.kafka
        survey["group.id"] = "\(group).restore"
        survey["isolation.level"] = "read_uncommitted"
        surveyor = try Consumer(survey, logger: logger)
        for (index, source) in stage.sources.enumerated() { sourceByTopic[consumer.topicIndex(source.topic)] = index }
        for (index, output) in stage.outputs.enumerated() where output.isWatched {
            outputByTopic[consumer.topicIndex(output.topic)] = index
        }
    }

    /// Runs until it is asked to stop.
    ///
    /// - Parameter isLeaving: whether it stops for good.
    /// - Throws: ``RuntimeError``, or an error of the stage.
    func run(isLeaving: () -> Bool) throws {
        metrics.setReadiness("waiting for partitions")
        try subscribe()
        defer {
            consumer.close(timeout: configuration.stopTimeout / 5)
            surveyor.close(timeout: .seconds(1))
            sink.close(timeout: configuration.stopTimeout / 5)
        }
        var batch = RecordBatch(capacity: 4096)
        while !shouldStop() {
            do {
                while let event = consumer.nextRebalance() { try handle(event) }
                try rejoin()
                try askAgain()
                try heedMemory()
                if try client.look(at: consumer, sources: sources) { try lookAtSources() }
                try lookAtOutputs()
                try step(&batch)
                metrics.noteTurn()
            } catch let aborted as TransactionAborted {
                try recover(from: aborted)
            }
        }
        metrics.setReadiness("stopping")
        batch.removeAll()
        do {
            try commit()
        } catch let aborted as TransactionAborted {
            logger.notice(
                "stopping without the last commit; it is repeated after the next start",
                metadata: ["error": "\(aborted)"]
            )
        }
        // Without it a static member keeps its place for its next life.
        if isLeaving() { consumer.leave(timeout: configuration.stopTimeout / 5) }
    }

    private func subscribe() throws {
        joinPatience.join()
        try consumer.subscribe(stage.sources.filter { !$0.isBroadcast }.map(\.topic))
    }

    /// Joins the group again where the local broker gave this member nothing.
    private func askAgain() throws {
        guard configuration.kafka.isLocalBroker, joinPatience.isExhausted() else { return }
        logger.info("the group gave no partitions; asking again")
        try consumer.unsubscribe()
        try subscribe()
    }

    /// Whether a connection broke since the group gave the partitions, where that may mean that the group is gone.
    ///
    /// The local broker forgets its groups when it ends. It then gives everything to whoever joins first, and takes the
    /// commits of those who had it before; Apache Kafka keeps groups, and refuses such commits.
    var mayBeForgotten: Bool {
        configuration.kafka.isLocalBroker && !assigned.isEmpty && consumer.errorCount != errorsSeen
    }

    /// Gives up the partitions and joins anew where the group may be gone.
    private func rejoin() throws {
        guard mayBeForgotten else { return }
        metrics.setReadiness("the local broker went away; joining again")
        logger.notice("the local broker went away; what was not committed is dropped")
        try giveUp()
        try consumer.unsubscribe()
        try subscribe()
    }

    /// Drops the tasks with what they have not committed.
    private func giveUp() throws {
        runners = [:]
        catchUp = CatchUp()
        hasWork = false
        assigned = []
        try consumer.unassign()
        try sink.abort()
    }

    /// Takes no more records where memory is nearly used up, until there is room again.
    private func heedMemory() throws {
        guard memory.look() else { return }
        let state: Logger.Metadata = ["memory": "\(memory.description)"]
        switch memory.level {
        case .near:
            logger.warning("memory is getting short: more instances, or a higher --memory-limit", metadata: state)
            if isPaused { try takeMore() }
        case .full:
            logger.error(
                "no more records are taken: memory is used up; more instances, or a higher --memory-limit",
                metadata: state
            )
            // Not by pausing, after which librdkafka before 2.1 can pass over records.
            try consumer.assign([])
            isPaused = true
            metrics.setReadiness(
                "no more records are taken: memory is used up (\(memory.description)); more instances, or a higher --memory-limit"
            )
        case .roomy:
            if isPaused { try takeMore() }
        }
    }

    private func takeMore() throws {
        isPaused = false
        try consume(ownPlaces + broadcastPlaces)
        metrics.setReadiness(nil)
        logger.notice("records are taken again", metadata: ["memory": "\(memory.description)"])
    }

    private func step(_ batch: inout RecordBatch) throws {
        do {
            try consumer.poll(&batch, timeout: patienceForNews)
        } catch {
            try pass(error)
        }
        // An end that came with the batch may have been seen before its records.
        let readBefore = readTo
        // What was published and came back is no news.
        var news = 0
        for index in 0..<batch.count where try fold(batch[index]) { news += 1 }
        while let end = consumer.nextPartitionEnd() {
            catchUp.reached(end)
            guard let offset = end.offset.value, let read = readBefore[end.topicPartition], offset < read
            else { continue }
            throw Self.madeAnew(end.topicPartition, "it ends at \(offset), and \(read) was read")
        }
        let now = ContinuousClock.now
        if news > 0 {
            if !hasWork { workSince = now }
            hasWork = true
            lastRecord = now
        }
        if !hasWork, !runners.isEmpty, let pause = stage.idleFlush, now - lastCommit >= pause {
            hasWork = true
            workSince = now
        }
        // A record that went to quarantine has opened a transaction, which does not wait.
        guard catchUp.isOver || sink.isOpen else { return observe() }
        if hasWork, news == 0 && isSettled(now) || now - workSince >= configuration.commitInterval { try commit() }
        observe()
    }

    /// How long records are waited for.
    ///
    /// At rest what came is committed at once; where commits follow each other a little more is waited for, so that
    /// they become fewer.
    private var patienceForNews: Duration {
        guard hasWork else { return .milliseconds(50) }
        let isAtRest = workSince - lastCommit >= Self.rest
        return .milliseconds(isAtRest && isSettled(.now) ? 0 : 5)
    }

    /// Whether no task waits for what else a change brings.
    private func isSettled(_ now: ContinuousClock.Instant) -> Bool {
        let since = now - lastRecord
        return runners.values.allSatisfy { since >= $0.settling }
    }

    /// Errors of the group or of a partition pass by themselves, apart from those that end the consumer and those of
    /// its configuration.
    func pass(_ error: KafkaError) throws {
        guard !error.isFatal, !error.isFence, !error.isMisconfiguration || error.isOfConnection else {
            throw RuntimeError.final(error, "consuming")
        }
        logger.warning("consumer: \(error)")
    }

    /// Folds a record of a source, or looks at one of an output.
    ///
    /// Returns whether a commit is to follow.
    private func fold(_ record: borrowing Record) throws -> Bool {
        guard let source = sourceByTopic[record.topicIndex] else { return try watch(record) }
        let none: [UInt8] = []
        let key: Span<UInt8> = if let bytes = record.key { bytes } else { none.span }
        let isBroadcast = stage.sources[source].isBroadcast
        try noteRead(TopicPartition(topic: stage.sources[source].topic, partition: record.partition), record.offset)
        if let timestamp = record.timestamp { newestTimestamp = max(newestTimestamp, timestamp) }
        let label = record.label(expected: labels.expected[source], completion: labels.completion)
        for runner in runners.values where isBroadcast || runner.partition == record.partition {
            let cause: Span<UInt8>? =
                runner.wantsCause(source: source, key: key) ? record.header("ce_cause").value : nil
            let refusal = try runner.consume(
                InputRecord(
                    source: source,
                    offset: record.offset,
                    timestamp: record.timestamp ?? 0,
                    key: key,
                    value: record.value,
                    cause: cause,
                    label: label
                )
            )
            if let refusal { try runner.quarantine(record.detach(), refusal) }
        }
        folded += 1
        return true
    }

    /// Answers what the group has decided.
    func handle(_ event: Rebalance) throws {
        switch event {
        case .assigned(let partitions):
            assigned = partitions
            errorsSeen = consumer.errorCount
            joinPatience.answer(partitions: partitions.count)
            try takeUp(partitions)
        case .revoked:
            metrics.setReadiness("partitions revoked")
            joinPatience.join()
            let outcome = Result { try commit() }
            // Given up whatever became of the commit: an abort must not restore what is somebody else's from now on.
            assigned = []
            try consumer.unassign()
            try outcome.get()
        case .lost:
            metrics.setReadiness("partitions lost")
            joinPatience.join()
            logger.warning("the partitions were given to another instance; what was not committed is dropped")
            try giveUp()
        }
    }

    private func observe() {
        let emitted = sink.sent
        let refused = runners.values.reduce(0) { $0 + $1.output.refused }
        let lag = client.lag
        let behind = newestTimestamp
        let resident = memory.resident
        metrics.update {
            $0.memory = resident
            $0.processed = folded
            $0.emitted = emitted
            $0.rejected = max($0.rejected, refused)
            $0.lagRecords = lag
            $0.lagSeconds = lag == 0 || behind == 0 ? 0 : max(0, Double(Milliseconds.now - behind) / 1000)
        }
    }
}
