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
    /// Source by the consumer's topic index.
    private var sourceByTopic: [Int: Int] = [:]
    private let sources: Set<String>
    /// Watched outputs by the consumer's topic index.
    private(set) var outputByTopic: [Int: Int] = [:]
    /// How far the outputs were checked.
    var watchedTo: [TopicPartition: Int64] = [:]
    /// Tasks by partition.
    ///
    /// They are kept between a revocation and the next assignment, in case the partitions return.
    var runners: [Int32: TaskRunner] = [:]
    var assigned: [TopicPartition] = []
    var hasWork = false
    /// When the first record since the last commit arrived.
    var workSince = ContinuousClock.now
    /// When the last record arrived.
    var lastRecord = ContinuousClock.now
    var lastCommit = ContinuousClock.now
    /// A worker is idle after this time without a commit.
    private static let rest: Duration = .milliseconds(100)
    private var folded = 0
    private(set) var client: ClientWatch
    private var newestTimestamp: Int64 = 0
    private var joinPatience = JoinPatience()
    /// The client's error count when the group assigned the partitions.
    private var errorsSeen = 0
    /// Aborts since the last commit.
    var abortsInARow = 0
    let labels: SourceLabels
    var afterAbort = Backoff()
    let positions: Positions?
    /// Asks for the ends of partitions, including open transactions.
    let surveyor: Consumer
    /// The last known ends of the outputs.
    var outputEnds: [TopicPartition: Int64] = [:]
    /// When these ends were read.
    var outputsSeen = ContinuousClock.now
    /// The beginnings of those outputs that are logs and must not lose records.
    var outputBegins: [TopicPartition: Int64] = [:]
    /// How far each source was read since its assignment.
    var readTo: [TopicPartition: Int64] = [:]
    /// How many times in a row a source was reported to end before that.
    var shortOf: [TopicPartition: Int] = [:]
    var catchUp = CatchUp()
    var memory: MemoryWatch
    /// Whether reading is paused because memory is used up.
    var isPaused = false
    /// The worker stops after this many aborts without a commit between them.
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
        metrics.setReadiness("looking up the topics")
        let counts = try TopicCheck(kafka: configuration.kafka, logger: logger, patience: patience)
            .partitions(
                of: stage,
                beside: [configuration.progressTopic, configuration.quarantine?.name, configuration.positions?.name]
                    .compactMap { $0 }
            )
        partitions = counts.sources
        outputPartitions = counts.outputs

        let group = configuration.group(of: stage.name)
        metrics.setReadiness("taking over its transactional id")
        sink = try TransactionalSink(
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
                "stopping without the last commit; the next start repeats its work",
                metadata: ["error": "\(aborted)"]
            )
        }
        // Without this, a static member keeps its place in the group for its next run.
        if isLeaving() { consumer.leave(timeout: configuration.stopTimeout / 5) }
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

    /// Whether a connection broke since the assignment, on a broker where this may mean that the group is lost.
    ///
    /// The local broker loses its groups when it stops. Afterwards it assigns all partitions to the first member that
    /// joins, and still accepts commits from the previous owners. Apache Kafka keeps groups and refuses such commits.
    var mayBeForgotten: Bool {
        configuration.kafka.isLocalBroker && !assigned.isEmpty && consumer.errorCount != errorsSeen
    }

    /// Gives up the partitions and joins again if the group may be lost.
    private func rejoin() throws {
        guard mayBeForgotten else { return }
        metrics.setReadiness("the local broker disappeared; joining again")
        logger.notice("the local broker disappeared; dropping uncommitted work")
        try giveUp()
        try consumer.unsubscribe()
        try subscribe()
    }

    /// Drops the tasks and their uncommitted work.
    private func giveUp() throws {
        runners = [:]
        catchUp = CatchUp()
        hasWork = false
        assigned = []
        try consumer.unassign()
        try sink.abort()
    }

    /// Stops reading records when memory is nearly used up, until there is room again.
    private func heedMemory() throws {
        guard memory.look() else { return }
        let state: Logger.Metadata = ["memory": "\(memory.description)"]
        switch memory.level {
        case .near:
            logger.warning("memory is nearly full: start more instances, or raise --memory-limit", metadata: state)
            if isPaused { try takeMore() }
        case .full:
            logger.error(
                "reading is paused: memory is used up. Start more instances, or raise --memory-limit",
                metadata: state
            )
            // Do not pause partitions: after a pause, librdkafka before 2.1 can skip records.
            try consumer.assign([])
            isPaused = true
            metrics.setReadiness(
                "reading is paused: memory is used up (\(memory.description)). Start more instances, or raise --memory-limit"
            )
        case .roomy:
            if isPaused { try takeMore() }
        }
    }

    private func takeMore() throws {
        isPaused = false
        try consume(ownPlaces + broadcastPlaces)
        metrics.setReadiness(nil)
        logger.notice("reading resumes", metadata: ["memory": "\(memory.description)"])
    }

    private func step(_ batch: inout RecordBatch) throws {
        do {
            try consumer.poll(&batch, timeout: patienceForNews)
        } catch {
            try pass(error)
        }
        // A partition end in this batch may be older than the batch's records.
        let readBefore = readTo
        // The worker's own publications that come back do not count as new records.
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
        // A quarantined record has opened a transaction, which must not stay open.
        guard catchUp.isOver || sink.isOpen else { return observe() }
        if hasWork, news == 0 && isSettled(now) || now - workSince >= configuration.commitInterval { try commit() }
        observe()
    }

    /// How long to wait for new records.
    ///
    /// An idle worker commits a new record at once. A busy one waits a little longer, so that there are fewer commits.
    private var patienceForNews: Duration {
        // A record or a rebalance ends the wait.
        guard hasWork else { return .milliseconds(200) }
        let isAtRest = workSince - lastCommit >= Self.rest
        return .milliseconds(isAtRest && isSettled(.now) ? 0 : 5)
    }

    /// Whether no task is waiting for further records of the same change.
    private func isSettled(_ now: ContinuousClock.Instant) -> Bool {
        let since = now - lastRecord
        return runners.values.allSatisfy { since >= $0.settling }
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

    /// Processes a record of a source, or checks one of an output.
    ///
    /// Returns whether a commit must follow.
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

    /// Handles a rebalance of the group.
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
            // Give up the partitions even if the commit failed, so that an abort does not restore partitions that now
            // belong to another instance.
            assigned = []
            try consumer.unassign()
            try outcome.get()
        case .lost:
            metrics.setReadiness("partitions lost")
            joinPatience.join()
            logger.warning("the partitions were given to another instance; dropping uncommitted work")
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
