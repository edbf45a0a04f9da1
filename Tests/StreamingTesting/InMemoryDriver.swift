internal import Kafka
package import Streaming

/// A record of the in-memory log.
package struct StoredRecord: Sendable, Hashable {
    /// The record's key.
    package var key: [UInt8]
    /// Its value; nil is a tombstone.
    package var value: [UInt8]?
    /// Its `ce_type`.
    package var eventType: String
    /// Its `ce_cause`.
    package var cause: String

    /// A record.
    package init(key: [UInt8], value: [UInt8]?, eventType: String, cause: String = "") {
        self.key = key
        self.value = value
        self.eventType = eventType
        self.cause = cause
    }
}

/// Runs any set of stages over N partitions in one process, with the same semantics as on a broker: batches, commits of
/// outputs together with positions, and restores by replay.
///
/// A seed decides every choice of order. For tests.
package final class InMemoryDriver {
    /// The faults that the driver injects while it runs the stages.
    package struct Disturbances: Sendable {
        /// One of this many batches ends in a crash of its task before the commit; 0 for never.
        package var crashEvery = 0
        /// One of this many commits is aborted after its outputs were written; 0 for never.
        package var abortEvery = 0
        /// One of this many batches is delivered again; 0 for never.
        package var repeatEvery = 0
        /// One of this many flushes is killed between two of its records; 0 for never.
        package var killInFlushEvery = 0
        /// One of this many commits succeeds but its task does not learn of it, as in a crash right after the commit or
        /// a moving partition; 0 for never.
        package var lostAnswerEvery = 0
        /// One of this many tasks freezes before its commit, is replaced, and then tries to commit anyway; 0 for never.
        package var zombieEvery = 0
        /// One of this many restores is killed before it ends; 0 for never.
        package var killInRestoreEvery = 0
        /// One of this many batches is followed by a rebalance of its stage before the commit.
        ///
        /// Every task of the stage moves; half of them commit their uncommitted work first, and the others lose it.
        package var rebalanceEvery = 0
        /// One of this many partitions runs only in one of sixteen turns; 0 for never.
        package var slowEvery = 0
        /// The largest number of records in a batch.
        package var batch = 64

        /// No faults.
        package init() {}
    }

    /// The log: topic → partition → records.
    package internal(set) var topics: [String: [[StoredRecord]]] = [:]
    /// Crashes and aborts so far.
    package internal(set) var disturbed = 0
    /// Commits of replaced tasks that were refused.
    package internal(set) var fenced = 0
    /// Topics whose content differed from what their tasks had published, in the order of detection.
    package internal(set) var mended: [String] = []
    /// Records that the tasks could not use: topic and reason.
    package internal(set) var unusable: [(topic: String, reason: String)] = []
    /// For each commit, the number of records sent to each topic.
    package private(set) var commits: [[String: Int]] = []
    /// The discrepancies that tasks reported after their commits.
    package private(set) var discrepancies: [String] = []

    var stages: [any Stage]
    let progressTopic: String
    let completionType: String
    let quarantine: QuarantineTopic?
    let disturbances: Disturbances
    private var random: SplitMix64
    var slots: [Slot] = []

    final class Slot {
        let stage: Int
        let partition: Int32
        let sink = MemorySink()
        var runner: TaskRunner?
        var committed: [Int]
        /// Counts the runs of the task.
        ///
        /// A commit of an earlier run is refused.
        var epoch = 0
        /// The commit that a frozen earlier run will attempt.
        var zombie: Transaction?
        var isSlow = false
        /// Whether the next run rebuilds the publications.
        var isRebuilding = false
        /// The task's account of its publications at its last commit.
        var published: [TopicPartition: PublishedSum]?
        /// How far the task had checked the logs that it watches, at its last commit.
        var watchMarks: [TopicPartition: WatchMark] = [:]
        /// How far each partition of the outputs was checked.
        var watchedTo: [[Int]] = []

        init(stage: Int, partition: Int32, sources: Int) {
            self.stage = stage
            self.partition = partition
            committed = Array(repeating: 0, count: sources)
        }
    }

    /// The content of a task's commit: its outputs, its positions, and the number of the run.
    struct Transaction {
        var records: [(topic: String, partition: Int32, record: StoredRecord)]
        var positions: [Int64?]
        var published: [TopicPartition: PublishedSum]
        var watchMarks: [TopicPartition: WatchMark]
        var epoch: Int
    }

    struct Killed: Error {}

    final class MemorySink: RecordSink {
        var records: [(topic: String, partition: Int32, record: StoredRecord)] = []
        /// How many more records the sink accepts before the process dies; nil for no limit.
        var remaining: Int?

        func send(
            topic: String,
            partition: Int32,
            key: Span<UInt8>,
            value: Span<UInt8>?,
            eventType: String,
            cause: String
        ) throws {
            if let left = remaining {
                guard left > 0 else { throw Killed() }
                remaining = left - 1
            }
            let stored: [UInt8]? = if let bytes = value { [UInt8](copying: bytes) } else { nil }
            records.append(
                (
                    topic, partition,
                    StoredRecord(key: [UInt8](copying: key), value: stored, eventType: eventType, cause: cause)
                )
            )
        }
    }

    /// Creates a driver over empty topics.
    ///
    /// - `topics`: every topic's name and partition count, the progress topic included.
    package init(
        stages: [any Stage],
        topics: [String: Int32],
        progressTopic: String,
        completionType: String,
        quarantine: QuarantineTopic? = nil,
        seed: UInt64,
        disturbances: Disturbances = Disturbances()
    ) throws {
        self.stages = stages
        self.progressTopic = progressTopic
        self.completionType = completionType
        self.quarantine = quarantine
        self.disturbances = disturbances
        random = SplitMix64(seed: seed)
        for (name, count) in topics { self.topics[name] = Array(repeating: [], count: Int(count)) }
        for (index, stage) in stages.enumerated() {
            let partitions = try partitionCount(of: stage)
            for partition in 0..<partitions {
                let slot = Slot(stage: index, partition: partition, sources: stage.sources.count)
                slot.isSlow = happens(disturbances.slowEvery)
                slots.append(slot)
            }
        }
    }

    func partitionCount(of stage: any Stage) throws -> Int32 {
        let counts = Set(stage.sources.filter { !$0.isBroadcast }.map { Int32(topics[$0.topic]?.count ?? 0) })
        guard counts.count == 1, let count = counts.first, count > 0 else {
            throw RuntimeError(.notCopartitioned, "the sources of \(stage.name) have partitions \(counts.sorted())")
        }
        return count
    }

    /// Appends a record from outside.
    package func append(_ record: StoredRecord, topic: String, partition: Int32) {
        topics[topic]?[Int(partition)].append(record)
    }

    /// Appends the close of a scope to every partition of a topic: the markers of the topic's publishing stage, or the
    /// operator's marker.
    package func close(scope: String, topic: String) throws {
        let reader = stages.first { $0.sources.contains { $0.topic == topic } }
        let publisher = reader?.sources.first { $0.topic == topic }?.publisher ?? CompletionMarker.operatorStage
        let partitions = publisher == CompletionMarker.operatorStage ? 1 : try reader.map(partitionCount) ?? 1
        for partition in 0..<partitions {
            let marker = try CompletionMarker.encode(
                scope: scope,
                stage: publisher,
                partition: partition,
                partitions: partitions,
                configuration: reader.flatMap { $0.sharesConfiguration ? $0.configuration : nil }
            )
            for target in 0..<(topics[topic]?.count ?? 0) {
                topics[topic]?[target]
                    .append(
                        StoredRecord(key: Array(marker.key.utf8), value: marker.value, eventType: completionType)
                    )
            }
        }
    }

    /// Runs until no work is left.
    package func run() throws {
        var idle = Set(slots.indices)
        idle.removeAll()
        while idle.count < slots.count {
            let index = Int(random.next() % UInt64(slots.count))
            if slots[index].isSlow, !happens(16) { continue }
            if try step(slots[index]) { idle = [] } else { idle.insert(index) }
        }
    }

    /// Drops every task.
    ///
    /// The next step of each task restores it.
    package func restartAll() {
        for slot in slots { slot.runner = nil }
    }

    /// The newest value of every key of a topic, without markers.
    package func table(_ topic: String) -> [[UInt8]: [UInt8]] {
        var table: [[UInt8]: [UInt8]] = [:]
        for partition in topics[topic] ?? [] {
            for record in partition where record.key.first != CompletionMarker.prefix {
                table[record.key] = record.value
            }
        }
        return table
    }

    func happens(_ every: Int) -> Bool {
        every > 0 && random.next() % UInt64(every) == 0
    }

    /// Processes one batch and commits it.
    ///
    /// Returns whether there was any work.
    private func step(_ slot: Slot) throws -> Bool {
        let stage = stages[slot.stage]
        var didWork = false
        if slot.runner == nil {
            try restore(slot)
            didWork = true
        }
        guard let runner = slot.runner else { return didWork }
        if try watch(slot, runner, stage) { didWork = true }
        var order = Array(stage.sources.indices)
        order.shuffle(using: &random)
        for source in order {
            let partition = stage.sources[source].isBroadcast ? 0 : Int(slot.partition)
            let log = topics[stage.sources[source].topic]?[partition] ?? []
            let from = Int(runner.positions[source] ?? 0)
            let limit = 1 + Int(random.next() % UInt64(disturbances.batch))
            let to = min(log.count, from + limit)
            guard from < to else { continue }
            didWork = true
            try deliver(log[from..<to], to: runner, stage, source)
            if happens(disturbances.repeatEvery) { try deliver(log[from..<to], to: runner, stage, source) }
        }
        guard didWork || runner.hasAnnouncements || runner.hasMore else { return false }
        if happens(disturbances.rebalanceEvery) {
            for other in slots where other.stage == slot.stage && other !== slot && other.runner != nil {
                _ = drop(other)
            }
            if happens(2) { return drop(slot) }
        }
        if happens(disturbances.crashEvery) { return drop(slot) }
        guard !runner.output.isRebuilding || runner.waitsFor == nil else { return didWork }
        guard readOwnAgain(runner) else { return drop(slot) }
        if happens(disturbances.killInFlushEvery) { slot.sink.remaining = Int(random.next() % 4) }
        do {
            try runner.flush()
        } catch is Killed {
            return drop(slot)
        }
        slot.sink.remaining = nil
        if let found = runner.discrepancy { discrepancies.append(found) }
        if happens(disturbances.abortEvery) { return drop(slot) }
        let transaction = Transaction(
            records: slot.sink.records,
            positions: runner.positions,
            published: runner.published,
            watchMarks: runner.watchMarks,
            epoch: slot.epoch
        )
        if slot.zombie == nil, happens(disturbances.zombieEvery) {
            slot.zombie = transaction
            return drop(slot)
        }
        commit(transaction, of: slot)
        slot.isRebuilding = runner.output.isRebuilding
        slot.sink.records = []
        if let late = slot.zombie, happens(2) {
            slot.zombie = nil
            commit(late, of: slot)
        }
        if happens(disturbances.lostAnswerEvery) { return drop(slot) }
        return true
    }

    /// Ends a run of a task.
    ///
    /// Its uncommitted work is lost.
    func drop(_ slot: Slot) -> Bool {
        disturbed += 1
        slot.runner = nil
        slot.sink.records = []
        slot.sink.remaining = nil
        return true
    }

    /// Commits outputs and positions together, unless another run of the task has begun.
    private func commit(_ transaction: Transaction, of slot: Slot) {
        guard transaction.epoch == slot.epoch else {
            fenced += 1
            return
        }
        commits.append(transaction.records.reduce(into: [:]) { $0[$1.topic, default: 0] += 1 })
        for (topic, partition, record) in transaction.records { append(record, topic: topic, partition: partition) }
        slot.published = transaction.published
        slot.watchMarks = transaction.watchMarks
        let sources = stages[slot.stage].sources
        for source in sources.indices where !sources[source].isBroadcast || slot.partition == 0 {
            slot.committed[source] = Int(transaction.positions[source] ?? 0)
        }
    }

    func deliver(_ records: ArraySlice<StoredRecord>, to runner: TaskRunner, _ stage: any Stage, _ source: Int)
        throws
    {
        let definition = stage.sources[source]
        for (offset, record) in zip(records.indices, records) {
            let cause = Array(record.cause.utf8)
            let wantsCause = runner.wantsCause(source: source, key: record.key.span)
            let value = record.value ?? []
            let type = record.eventType.isEmpty ? nil : record.eventType
            let refusal = try runner.consume(
                InputRecord(
                    source: source,
                    offset: Int64(offset),
                    timestamp: 0,
                    key: record.key.span,
                    value: record.value == nil ? nil : value.span,
                    cause: wantsCause ? cause.span : nil,
                    label: RecordLabel(type, expected: definition.eventType, completion: completionType)
                )
            )
            guard let refusal else { continue }
            runner.quarantine(
                OwnedRecord(
                    topic: definition.topic,
                    partition: definition.isBroadcast ? 0 : runner.partition,
                    offset: Int64(offset),
                    key: record.key,
                    value: record.value,
                    headers: type.map { [("ce_type", Array($0.utf8))] } ?? []
                ),
                refusal
            )
        }
    }
}
