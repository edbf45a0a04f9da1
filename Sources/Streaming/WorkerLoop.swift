import Kafka
import Logging

/// The thread of a worker: it polls, processes records, commits, and handles rebalances.
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
    let positions: Positions?
    /// Asks for the ends of partitions, including open transactions.
    let surveyor: Consumer
    let labels: SourceLabels
    private let sources: Set<String>
    /// The outputs that are logs, of which each commit states how far they were checked.
    let watchedLogs: Set<String>
    /// Source by the consumer's topic index.
    let sourceByTopic: [Int: Int]
    /// Watched outputs by the consumer's topic index.
    let outputByTopic: [Int: Int]

    var lifecycle: WorkerLifecycle
    /// Tasks by partition.
    ///
    /// They are kept between a revocation and the next assignment, in case the partitions return.
    var runners: [Int32: TaskRunner] = [:]
    /// An offset of the group as it stands, which a commit without progress repeats: see ``commitPiece()``.
    var fence: TopicPartitionOffset?
    var sourceContinuity = SourceContinuity()
    var outputContinuity = OutputContinuity()
    var memory: MemoryWatch
    /// The pauses before a transaction or the group is tried again; a commit ends the row.
    var backoff = Backoff()
    var client: ClientWatch
    private var joinPatience = JoinPatience()
    /// The records that were read, and the newest of their times.
    var reading = (records: 0, newest: Int64(0))

    init(
        stage: any Stage,
        configuration: WorkerConfiguration,
        metrics: WorkerMetrics,
        logger: Logger,
        shouldStop: @escaping () -> Bool
    ) throws {
        self.stage = stage
        sources = Set(stage.sources.map(\.topic))
        watchedLogs = Set(stage.outputs.filter(\.isWatchedLog).map(\.topic))
        self.configuration = configuration
        self.metrics = metrics
        self.logger = logger
        self.shouldStop = shouldStop
        memory = MemoryWatch(configuration.memoryLimit)
        lifecycle = WorkerLifecycle(forgetsGroups: configuration.kafka.isLocalBroker)
        let group = configuration.group(of: stage.name)
        positions = configuration.positions.map { Positions($0, group: group) }
        labels = SourceLabels(stage, completionType: configuration.completionType)
        patience = Patience(limit: configuration.brokerTimeout, shouldStop: shouldStop, logger: logger)
        metrics.setReadiness("looking up the topics")
        let beside = [configuration.progressTopic, configuration.quarantine?.name, configuration.positions?.name]
        (partitions, outputPartitions) = try TopicCheck(
            kafka: configuration.kafka,
            logger: logger,
            patience: patience
        )
        .partitions(of: stage, beside: beside.compactMap { $0 })
        metrics.setReadiness("taking over its transactional id")
        sink = try Self.makeSink(configuration, group, shouldStop, logger)
        let properties = Self.memberProperties(configuration, group)
        client = ClientWatch(intervalMilliseconds: properties["statistics.interval.ms"].flatMap(Int.init) ?? 0)
        let consumer = try Consumer(properties, logger: logger)
        self.consumer = consumer
        var survey = configuration.kafka
        survey["group.id"] = "\(group).restore"
        survey["isolation.level"] = "read_uncommitted"
        surveyor = try Consumer(survey, logger: logger)
        func indices(of topics: [(index: Int, topic: String)]) -> [Int: Int] {
            Dictionary(topics.map { (consumer.topicIndex($0.topic), $0.index) }) { $1 }
        }
        sourceByTopic = indices(of: stage.sources.enumerated().map { ($0, $1.topic) })
        outputByTopic = indices(of: stage.outputs.enumerated().filter { $1.isWatched }.map { ($0, $1.topic) })
    }

    /// The sink, with a transactional id that is taken over and warm.
    private static func makeSink(
        _ configuration: WorkerConfiguration,
        _ group: String,
        _ shouldStop: @escaping () -> Bool,
        _ logger: Logger
    ) throws -> TransactionalSink {
        let sink = try TransactionalSink(
            kafka: configuration.kafka,
            transactionalID: "\(group).\(configuration.instance)",
            memoryTopic: configuration.progressTopic,
            source: "/\(group.replacing(".", with: "/"))",
            timeout: configuration.brokerTimeout,
            // Stopping has three parts: the last commit, closing the consumer and closing the producer.
            stopTimeout: configuration.stopTimeout / 2,
            shouldStop: shouldStop,
            logger: logger
        )
        try sink.warmUp(topic: configuration.progressTopic)
        guard !shouldStop() else {
            sink.close(timeout: configuration.stopTimeout / 4)
            throw Stopped()
        }
        return sink
    }

    /// The properties of the consumer that is a member of the stage's group.
    private static func memberProperties(_ configuration: WorkerConfiguration, _ group: String) -> KafkaConfiguration {
        var properties = configuration.kafka
        properties["group.id"] = group
        properties["group.instance.id"] = "\(group).\(configuration.instance)"
        if properties["session.timeout.ms"] == nil { properties["session.timeout.ms"] = "45000" }
        if properties["statistics.interval.ms"] == nil { properties["statistics.interval.ms"] = "5000" }
        if properties["queued.max.messages.kbytes"] == nil { properties["queued.max.messages.kbytes"] = "65536" }
        properties["enable.partition.eof"] = "true"
        return properties
    }

    /// Runs until it is asked to stop.
    ///
    /// - Parameter isLeaving: whether it leaves the group when it stops.
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
                try turn(&batch)
            } catch let aborted as TransactionAborted {
                try recover(from: aborted)
            }
        }
        metrics.setReadiness("stopping")
        batch.removeAll()
        do {
            try perform(lifecycle.stopped(conditions))
        } catch let aborted as TransactionAborted {
            logger.notice(
                "stopping without the last commit; the next start repeats its work",
                metadata: ["error": "\(aborted)"]
            )
        }
        // Without this, a static member keeps its place in the group for its next run.
        if isLeaving() { consumer.leave(timeout: configuration.stopTimeout / 5) }
    }

    /// One turn of the loop: follows the group, checks what must hold, then reads and commits.
    private func turn(_ batch: inout RecordBatch) throws {
        try followGroup()
        try perform(lifecycle.turned(errors: consumer.errorCount))
        try askAgain()
        try heedMemory()
        if try client.look(at: consumer, sources: sources) {
            try lookAtSources()
            try lookAtAwaitedTables()
        }
        try lookAtOutputs()
        try step(&batch)
        metrics.noteTurn()
    }

    /// Handles the group's rebalances, and restores the tasks of the assigned partitions.
    ///
    /// A rebalance ends a restore early.
    private func followGroup() throws {
        while true {
            while let event = consumer.nextRebalance() { try handle(event) }
            guard case .restoring(let assignment) = lifecycle.state, !shouldStop() else { return }
            try takeUp(assignment.partitions)
        }
    }

    /// What decides now whether a commit may be made.
    var conditions: WorkerLifecycle.Conditions {
        WorkerLifecycle.Conditions(
            errors: consumer.errorCount,
            isCaughtUp: isCaughtUp
        )
    }

    /// Whether every task has read its tables far enough to publish.
    var isCaughtUp: Bool { runners.values.allSatisfy(\.catchUp.areReached) }

    /// Carries out an action that the lifecycle decided.
    func perform(_ action: WorkerLifecycle.Action) throws {
        switch action {
        case .proceed: break
        case .commit: try commit()
        case .release(let isCommitting):
            let outcome = Result { try isCommitting ? commit() : sink.abort() }
            try consumer.unassign()
            try outcome.get()
        case .drop: try drop()
        case .joinAgain(let reason):
            tell(reason)
            try drop()
            try consumer.unsubscribe()
            try subscribe()
        case .suspend: try suspend()
        case .resume: try resume()
        }
    }

    private func subscribe() throws {
        joinPatience.join()
        try consumer.subscribe(stage.sources.filter { !$0.isBroadcast }.map(\.topic))
    }

    /// Joins the group again if the local broker assigned nothing to this member.
    private func askAgain() throws {
        guard configuration.kafka.isLocalBroker, joinPatience.isExhausted() else { return }
        logger.info("the group assigned no partitions; asking again")
        try consumer.unsubscribe()
        try subscribe()
    }

    private func tell(_ reason: WorkerLifecycle.Reason) {
        switch reason {
        case .isForgotten:
            metrics.setReadiness("the local broker disappeared; joining again")
            logger.notice("the local broker disappeared; dropping uncommitted work")
        case .isMisassigned:
            metrics.setReadiness("the group gave different partitions of the sources; joining again")
            logger.warning("the group gave different partitions of the sources; joining again")
        }
    }

    /// Drops the tasks and their uncommitted work.
    private func drop() throws {
        runners = [:]
        try consumer.unassign()
        try sink.abort()
    }

    /// Stops reading records when memory is nearly used up, until there is room again.
    private func heedMemory() throws {
        guard memory.look() else { return }
        switch memory.level {
        case .near:
            logger.warning(
                "memory is nearly full: start more instances, or raise --memory-limit",
                metadata: ["memory": "\(memory.description)"]
            )
            try perform(lifecycle.memoryFreed())
        case .full: try perform(lifecycle.memoryFilled())
        case .roomy: try perform(lifecycle.memoryFreed())
        }
    }

    private func suspend() throws {
        logger.error(
            "reading is paused: memory is used up. Start more instances, or raise --memory-limit",
            metadata: ["memory": "\(memory.description)"]
        )
        // Do not pause partitions: after a pause, librdkafka before 2.1 can skip records.
        try consumer.assign([])
        metrics.setReadiness(
            "reading is paused: memory is used up (\(memory.description)). Start more instances, or raise --memory-limit"
        )
    }

    private func resume() throws {
        try consume(ownPlaces + broadcastPlaces)
        metrics.setReadiness(nil)
        logger.notice("reading resumes", metadata: ["memory": "\(memory.description)"])
    }

    /// Handles an error of the consumer.
    ///
    /// Errors of the group or of a partition are temporary and only logged. Fatal errors and configuration errors are
    /// thrown.
    func pass(_ error: KafkaError) throws {
        guard !error.isFatal, !error.isFence, !error.isMisconfiguration || error.isOfConnection else {
            throw RuntimeError.final(error, "consuming")
        }
        logger.warning("consumer: \(error)")
    }

    /// Handles a rebalance of the group.
    func handle(_ event: Rebalance) throws {
        switch event {
        case .assigned(let partitions):
            joinPatience.answer(partitions: partitions.count)
            lifecycle.assigned(partitions, errors: consumer.errorCount)
        case .revoked:
            metrics.setReadiness("partitions revoked")
            joinPatience.join()
            try perform(lifecycle.revoked(conditions))
        case .lost:
            metrics.setReadiness("partitions lost")
            joinPatience.join()
            logger.warning("the partitions were given to another instance; dropping uncommitted work")
            try perform(lifecycle.lost())
        }
    }
}
