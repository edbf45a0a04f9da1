import Kafka

/// A record of the in-memory log.
public struct StoredRecord: Sendable, Hashable {
    /// The record's key.
    public var key: [UInt8]
    /// Its value; nil is a tombstone.
    public var value: [UInt8]?
    /// Its `ce_type`.
    public var eventType: String
    /// Its `ce_cause`.
    public var cause: String

    /// A record.
    public init(key: [UInt8], value: [UInt8]?, eventType: String, cause: String = "") {
        self.key = key
        self.value = value
        self.eventType = eventType
        self.cause = cause
    }
}

/// Runs any set of stages over N partitions in one process, with the semantics of the runtime on a broker: batches,
/// commits of outputs and positions together, restores by replay.
///
/// Every choice of order comes from a seed. For tests.
public final class InMemoryDriver {
    /// What the driver may do to the stages while it runs them.
    public struct Disturbances: Sendable {
        /// One batch in so many ends in a crash of its task before the commit; 0 for never.
        public var crashEvery = 0
        /// One commit in so many is aborted after its outputs were written; 0 for never.
        public var abortEvery = 0
        /// One batch in so many is delivered again; 0 for never.
        public var repeatEvery = 0
        /// One flush in so many is killed between two of its records; 0 for never.
        public var killInFlushEvery = 0
        /// One commit in so many succeeds without its task hearing of it, as in a crash behind the commit or a
        /// partition that moves; 0 for never.
        public var lostAnswerEvery = 0
        /// One task in so many freezes before its commit, is replaced, and tries to commit after all; 0 for never.
        public var zombieEvery = 0
        /// One restore in so many is killed before it ends; 0 for never.
        public var killInRestoreEvery = 0
        /// One batch in so many is followed by a rebalance of its stage before the commit: every task of it moves, with
        /// what it has in hand lost or, for half of them, committed first.
        public var rebalanceEvery = 0
        /// One partition in so many gets a turn only one time in sixteen; 0 for never.
        public var slowEvery = 0
        /// The largest batch.
        public var batch = 64

        /// No disturbance.
        public init() {}
    }

    /// The log: topic → partition → records.
    public private(set) var topics: [String: [[StoredRecord]]] = [:]
    /// Crashes and aborts so far.
    public private(set) var disturbed = 0
    /// Commits of replaced tasks that were refused.
    public private(set) var fenced = 0
    /// Topics that did not hold what their tasks had published, in the order in which it was found.
    public private(set) var mended: [String] = []
    /// Records the tasks could not use: topic and reason.
    public private(set) var unusable: [(topic: String, reason: String)] = []

    private let stages: [any Stage]
    private let progressTopic: String
    private let completionType: String
    private let quarantine: QuarantineTopic?
    private let disturbances: Disturbances
    private var random: SplitMix64
    private var slots: [Slot] = []

    private final class Slot {
        let stage: Int
        let partition: Int32
        let sink = MemorySink()
        var runner: TaskRunner?
        var committed: [Int]
        /// Counts the lives of the task; a commit of a former life is refused.
        var epoch = 0
        /// The commit that a frozen former life will try.
        var zombie: Transaction?
        var isSlow = false
        /// The next life makes anew what was published.
        var isRebuilding = false
        /// What the task stated to have published with its last commit.
        var published: [TopicPartition: PublishedSum]?

        init(stage: Int, partition: Int32, sources: Int) {
            self.stage = stage
            self.partition = partition
            committed = Array(repeating: 0, count: sources)
        }
    }

    /// What a task would commit: its outputs and positions, and in which of its lives.
    private struct Transaction {
        var records: [(topic: String, partition: Int32, record: StoredRecord)]
        var positions: [Int64?]
        var published: [TopicPartition: PublishedSum]
        var epoch: Int
    }

    private struct Killed: Error {}

    private final class MemorySink: RecordSink {
        var records: [(topic: String, partition: Int32, record: StoredRecord)] = []
        /// How many more records are taken before the process dies; nil for any number.
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

    /// A driver over empty topics.
    ///
    /// - `topics`: every topic's name and partition count, the progress topic included.
    public init(
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

    private func partitionCount(of stage: any Stage) throws -> Int32 {
        let counts = Set(stage.sources.filter { !$0.isBroadcast }.map { Int32(topics[$0.topic]?.count ?? 0) })
        guard counts.count == 1, let count = counts.first, count > 0 else {
            throw RuntimeError(.notCopartitioned, "the sources of \(stage.name) have partitions \(counts.sorted())")
        }
        return count
    }

    /// Appends a record from outside.
    public func append(_ record: StoredRecord, topic: String, partition: Int32) {
        topics[topic]?[Int(partition)].append(record)
    }

    /// Appends the close of a scope to every partition of a topic: the markers of the stage that publishes it, as its
    /// readers expect them, or the operator's.
    public func close(scope: String, topic: String) throws {
        let reader = stages.first { $0.sources.contains { $0.topic == topic } }
        let publisher = reader?.sources.first { $0.topic == topic }?.publisher ?? CompletionMarker.operatorStage
        let partitions = publisher == CompletionMarker.operatorStage ? 1 : try reader.map(partitionCount) ?? 1
        for partition in 0..<partitions {
            let marker = try CompletionMarker.encode(
                scope: scope,
                stage: publisher,
                partition: partition,
                partitions: partitions
            )
            for target in 0..<(topics[topic]?.count ?? 0) {
                topics[topic]?[target]
                    .append(
                        StoredRecord(key: Array(marker.key.utf8), value: marker.value, eventType: completionType)
                    )
            }
        }
    }

    /// Runs until nothing is left to do.
    public func run() throws {
        var idle = Set(slots.indices)
        idle.removeAll()
        while idle.count < slots.count {
            let index = Int(random.next() % UInt64(slots.count))
            if slots[index].isSlow, !happens(16) { continue }
            if try step(slots[index]) { idle = [] } else { idle.insert(index) }
        }
    }

    /// Drops every task; the next step of each restores it.
    public func restartAll() {
        for slot in slots { slot.runner = nil }
    }

    /// Deletes a topic and creates it again, empty: every task that reads it or publishes to it starts anew, as on a
    /// broker.
    public func recreate(_ topic: String) {
        topics[topic] = Array(repeating: [], count: topics[topic]?.count ?? 0)
        for slot in slots {
            let stage = stages[slot.stage]
            let read = stage.sources.indices.filter { stage.sources[$0].topic == topic }
            for source in read { slot.committed[source] = 0 }
            guard !read.isEmpty || stage.outputs.contains(where: { $0.topic == topic }) else { continue }
            slot.runner = nil
            slot.isRebuilding = true
        }
    }

    /// Cuts the ends of a topic's partitions off and has everything made anew, as an operator asks for.
    ///
    /// - `ends`: how many records of each partition stay.
    public func rebuildAll(_ topic: String, cutTo ends: [Int]) {
        for (partition, end) in ends.enumerated() { topics[topic]?[partition].removeSubrange(end...) }
        for slot in slots {
            let sources = stages[slot.stage].sources
            for source in sources.indices where sources[source].topic == topic {
                slot.committed[source] = min(slot.committed[source], ends[Int(slot.partition)])
            }
            slot.runner = nil
            slot.isRebuilding = true
        }
    }

    /// Takes the newest record of a key out of a topic, as if it had been lost.
    ///
    /// Returns whether there was one.
    public func lose(_ key: [UInt8], topic: String) -> Bool {
        for (partition, log) in (topics[topic] ?? []).enumerated() {
            guard let index = log.lastIndex(where: { $0.key == key }) else { continue }
            // Places stay: it is as if the record had never been of this key.
            topics[topic]?[partition][index].value = nil
            topics[topic]?[partition][index].key = Array("lost/".utf8) + key
            return true
        }
        return false
    }

    /// The partitions of outputs that do not hold what their tasks state to have published.
    public func unaccounted() throws -> [String] {
        var found: Set<String> = []
        for (stage, definition) in stages.enumerated() {
            let partitions = try partitionCount(of: definition)
            for output in definition.outputs where output.isAccounted {
                for (partition, log) in (topics[output.topic] ?? []).enumerated() {
                    let place = TopicPartition(topic: output.topic, partition: Int32(partition))
                    var recount = PublishedRecount(output, partition: place.partition, partitions: partitions)
                    for slot in slots where slot.stage == stage {
                        recount.expect(slot.published?[place] ?? PublishedSum(), of: slot.partition)
                    }
                    for (offset, record) in log.enumerated() {
                        let value = record.value ?? []
                        recount.take(
                            key: record.key.span,
                            value: record.value == nil ? nil : value.span,
                            offset: Int64(offset)
                        )
                    }
                    if !recount.differing.isEmpty || recount.strangers > 0 { found.insert("\(place)") }
                }
            }
        }
        return found.sorted()
    }

    /// The newest value of every key of a topic, markers left out.
    public func table(_ topic: String) -> [[UInt8]: [UInt8]] {
        var table: [[UInt8]: [UInt8]] = [:]
        for partition in topics[topic] ?? [] {
            for record in partition where record.key.first != CompletionMarker.prefix {
                table[record.key] = record.value
            }
        }
        return table
    }

    private func happens(_ every: Int) -> Bool {
        every > 0 && random.next() % UInt64(every) == 0
    }

    /// One batch and its commit.
    ///
    /// Returns whether there was anything to do.
    private func step(_ slot: Slot) throws -> Bool {
        let stage = stages[slot.stage]
        var didWork = false
        if slot.runner == nil {
            try restore(slot)
            didWork = true
        }
        guard let runner = slot.runner else { return didWork }
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
        guard didWork || runner.hasAnnouncements else { return false }
        if happens(disturbances.rebalanceEvery) {
            for other in slots where other.stage == slot.stage && other !== slot && other.runner != nil {
                _ = drop(other)
            }
            if happens(2) { return drop(slot) }
        }
        if happens(disturbances.crashEvery) { return drop(slot) }
        guard !runner.output.isRebuilding || runner.waitsFor == nil else { return didWork }
        if happens(disturbances.killInFlushEvery) { slot.sink.remaining = Int(random.next() % 4) }
        do {
            try runner.flush()
        } catch is Killed {
            return drop(slot)
        }
        slot.sink.remaining = nil
        if happens(disturbances.abortEvery) { return drop(slot) }
        let transaction = Transaction(
            records: slot.sink.records,
            positions: runner.positions,
            published: runner.published,
            epoch: slot.epoch
        )
        if slot.zombie == nil, happens(disturbances.zombieEvery) {
            slot.zombie = transaction
            return drop(slot)
        }
        commit(transaction, of: slot)
        slot.isRebuilding = false
        slot.sink.records = []
        if let late = slot.zombie, happens(2) {
            slot.zombie = nil
            commit(late, of: slot)
        }
        if happens(disturbances.lostAnswerEvery) { return drop(slot) }
        return true
    }

    /// The end of a task's life: what it had not committed is gone.
    private func drop(_ slot: Slot) -> Bool {
        disturbed += 1
        slot.runner = nil
        slot.sink.records = []
        slot.sink.remaining = nil
        return true
    }

    /// Outputs and positions together, unless another life of the task has begun.
    private func commit(_ transaction: Transaction, of slot: Slot) {
        guard transaction.epoch == slot.epoch else {
            fenced += 1
            return
        }
        for (topic, partition, record) in transaction.records { append(record, topic: topic, partition: partition) }
        slot.published = transaction.published
        let sources = stages[slot.stage].sources
        for source in sources.indices where !sources[source].isBroadcast || slot.partition == 0 {
            slot.committed[source] = Int(transaction.positions[source] ?? 0)
        }
    }

    private func deliver(_ records: ArraySlice<StoredRecord>, to runner: TaskRunner, _ stage: any Stage, _ source: Int)
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
            try runner.quarantine(
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

    /// The second reading of a rebuild.
    private func publishAgain(_ runner: TaskRunner, _ stage: any Stage, _ slot: Slot) throws {
        runner.output.replayed = stage.outputsMadeAnew
        for (source, definition) in stage.sources.enumerated() where !definition.isBroadcast {
            let log = topics[definition.topic]?[Int(slot.partition)] ?? []
            for (offset, record) in log[0..<slot.committed[source]].enumerated() {
                let value = record.value ?? []
                try runner.publishAgain(
                    InputRecord(
                        source: source,
                        offset: Int64(offset),
                        timestamp: 0,
                        key: record.key.span,
                        value: record.value == nil ? nil : value.span,
                        cause: nil
                    )
                )
            }
        }
    }

    /// Before a restore: what the task has published into logs.
    private func adoptLogs(_ runner: TaskRunner, _ stage: any Stage, _ slot: Slot) {
        guard !slot.isRebuilding else { return }
        for (index, output) in stage.outputs.enumerated() where output.account == .log {
            for (partition, log) in (topics[output.topic] ?? []).enumerated() {
                let place = TopicPartition(topic: output.topic, partition: Int32(partition))
                let known = slot.published.map { $0[place] ?? PublishedSum() }
                runner.output.adopt(
                    index,
                    partition: Int32(partition),
                    known ?? PublishedSum(from: Int64(log.count))
                )
            }
        }
    }

    private func restore(_ slot: Slot) throws {
        let stage = stages[slot.stage]
        let context = TaskContext(
            partition: slot.partition,
            partitions: try partitionCount(of: stage),
            outputPartitions: stage.outputs.map { Int32(topics[$0.topic]?.count ?? 0) }
        )
        slot.sink.records = []
        slot.epoch += 1
        let runner = try TaskRunner(
            stage: stage,
            context: context,
            sink: slot.sink,
            progressTopic: progressTopic,
            completionType: completionType,
            quarantine: quarantine,
            isRebuilding: slot.isRebuilding
        )
        adoptLogs(runner, stage, slot)
        runner.onQuarantine = { [weak self] entry in self?.unusable.append((entry.record.topic, entry.refusal.reason)) }
        runner.onUnusable = { [weak self] fault in self?.unusable.append(("output", fault.reason)) }
        for (source, definition) in stage.sources.enumerated() {
            let partition = definition.isBroadcast ? 0 : Int(slot.partition)
            let log = topics[definition.topic]?[partition] ?? []
            let end = definition.isBroadcast ? log.count : slot.committed[source]
            if definition.isBroadcast { runner.wasSeen(source: source, before: Int64(slot.committed[source])) }
            try deliver(log[0..<end], to: runner, stage, source)
        }
        if happens(disturbances.killInRestoreEvery) {
            _ = drop(slot)
            return
        }
        for (index, output) in stage.outputs.enumerated() {
            if case .whileRebuilding = output.memory, !slot.isRebuilding { continue }
            for (partition, log) in (topics[output.topic] ?? []).enumerated() {
                for record in log {
                    guard
                        output.isPublished(
                            by: slot.partition,
                            key: record.key.span,
                            in: Int32(partition),
                            of: context.partitions
                        )
                    else { continue }
                    let value = record.value ?? []
                    try runner.recall(
                        output: index,
                        partition: Int32(partition),
                        key: record.key.span,
                        value: record.value == nil ? nil : value.span,
                        isOwn: record.eventType == output.eventType
                    )
                }
            }
        }
        for record in topics[progressTopic]?.first ?? [] {
            if let value = record.value { runner.recall(marker: try CompletionMarker.decode(value.span)) }
        }
        if !slot.isRebuilding, let strange = slot.published.map(runner.strange), !strange.isEmpty {
            mended += strange.map(\.topic)
            slot.isRebuilding = true
            return try restore(slot)
        }
        try runner.endRestore()
        if slot.isRebuilding, stage.rebuildsFromSources { try publishAgain(runner, stage, slot) }
        try runner.goLive()
        slot.runner = runner
    }
}

extension Output {
    /// Whether a record of the output is one that a task published before.
    func isPublished(by task: Int32, key: Span<UInt8>, in partition: Int32, of partitions: Int32) -> Bool {
        owner(of: key, in: partition, of: partitions) == task
    }

    /// The task that a record of the output is of; nil where it is nobody's, or the output has no memory.
    package func owner(of key: Span<UInt8>, in partition: Int32, of partitions: Int32) -> Int32? {
        switch memory {
        case .none: nil
        case .ownPartition: partition
        case .everyPartition(let publisher), .whileRebuilding(let publisher):
            CompletionMarker.isMarker(key: key)
                ? nil : publisher(String(decoding: [UInt8](copying: key), as: UTF8.self), partitions)
        }
    }
}

extension [UInt8] {
    /// The bytes of a span.
    public init(copying span: Span<UInt8>) {
        self = []
        reserveCapacity(span.count)
        for index in span.indices { append(span[index]) }
    }
}

/// SplitMix64: a small seeded generator, the same on every machine.
public struct SplitMix64: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// A generator that gives the same numbers for the same seed.
    public init(seed: UInt64) {
        state = seed
    }

    /// The next number.
    public mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
