/// A stage of a pipeline: what it reads, what it publishes, and what a task of it does.
///
/// A task is a stage on one partition.
///
/// A task's state is a fold of its input and nothing else. Records of different sources may arrive in any order among
/// each other, so what a task publishes may depend only on the set of newest values by key.
public protocol Stage: Sendable {
    /// The stage's name, as it stands in transactional ids, groups, markers and metrics.
    var name: String { get }
    /// What it reads. Partitioned sources must have equal partition counts.
    var sources: [Source] { get }
    /// What it publishes.
    var outputs: [Output] { get }
    /// Whether what stands published is made anew by reading the sources a second time: see
    /// ``StageTask/publishAgain(_:output:)``. For a stage that publishes more than it could remember.
    var rebuildsFromSources: Bool { get }
    /// How often a worker commits though nothing came, for a stage whose publications depend on the time too; nil for
    /// never.
    var idleFlush: Duration? { get }
    /// A task with empty state.
    func makeTask(_ context: TaskContext) throws -> any StageTask
}

extension Stage {
    /// No: a task publishes everything anew when a scope completes.
    public var rebuildsFromSources: Bool { false }
    /// Never: nothing is published without a record.
    public var idleFlush: Duration? { nil }
}

extension Stage {
    /// Outputs that the second reading of a rebuild publishes to: tables, and logs of what changes in them.
    var outputsMadeAnew: Set<Int> {
        Set(outputs.indices.filter { outputs[$0].isTable || outputs[$0].isChangeLog })
    }
}

/// A topic that a stage reads.
public struct Source: Sendable {
    /// The topic's name on the broker.
    public let topic: String
    /// Every task reads the whole topic, not just its partition.
    public let isBroadcast: Bool
    /// The `ce_type` of its records; nil takes what comes.
    ///
    /// All others but completion markers are put in quarantine.
    public let eventType: String?
    /// Whether the topic is compacted: only the newest record of a key counts, be it of use or not.
    public let isTable: Bool
    /// The stage whose completion markers count, from as many partitions as the reader has; nil takes those of any.
    ///
    /// ``CompletionMarker/operatorStage`` is the operator, whose one marker closes a scope.
    public let publisher: String?

    /// Whether the topic is a log of what changes in a table, which the stage that publishes it can make anew.
    ///
    /// Every record counts. The ledger is none.
    public var isChangeLog: Bool { !isTable && publisher.map { $0 != CompletionMarker.operatorStage } ?? false }
    /// Whether a stage makes it, so that it can be made anew; the ledger cannot.
    var isDerived: Bool { isTable || isChangeLog }

    /// A topic of which each task reads its own partition.
    public static func partitioned(
        _ topic: String,
        eventType: String? = nil,
        isTable: Bool = false,
        publisher: String? = nil
    ) -> Source {
        Source(topic: topic, isBroadcast: false, eventType: eventType, isTable: isTable, publisher: publisher)
    }
    /// A topic that each task reads whole.
    public static func broadcast(
        _ topic: String,
        eventType: String? = nil,
        isTable: Bool = false,
        publisher: String? = nil
    ) -> Source {
        Source(topic: topic, isBroadcast: true, eventType: eventType, isTable: isTable, publisher: publisher)
    }
}

/// A topic that a stage publishes.
public struct Output: Sendable {
    /// How a task learns, when it starts, what was published before.
    public enum Memory: Sendable {
        /// It does not: every publication is sent.
        case none
        /// By reading back the partition with the task's own number. What did not change is not sent again.
        case ownPartition
        /// By reading back every partition; the function tells which task published a key. What did not change is not
        /// sent again.
        case everyPartition(publisher: @Sendable (_ key: String, _ partitions: Int32) -> Int32?)
        /// As ``everyPartition(publisher:)``, and only while what stands published is made anew: at all other times
        /// every publication is sent.
        case whileRebuilding(publisher: @Sendable (_ key: String, _ partitions: Int32) -> Int32?)
    }

    /// The topic's name on the broker.
    public let topic: String
    /// The `ce_type` of its records.
    public let eventType: String
    /// How earlier publications are remembered.
    public let memory: Memory
    /// Whether it must have as many partitions as the sources, because its readers count the markers of each of them.
    public let isCopartitioned: Bool
    /// Whether only the newest record of a key counts.
    public let isTable: Bool
    /// Whether it is a log of what changes in a table, kept for ever: a rebuild publishes what is missing behind what
    /// stands, and the task itself retracts what is not to stand.
    public let isChangeLog: Bool

    /// An output topic.
    public init(
        topic: String,
        eventType: String,
        memory: Memory,
        isCopartitioned: Bool = false,
        isTable: Bool = true,
        isChangeLog: Bool = false
    ) {
        self.isTable = isTable
        self.isChangeLog = isChangeLog
        self.topic = topic
        self.eventType = eventType
        self.memory = memory
        self.isCopartitioned = isCopartitioned
    }
}

/// Where a task stands.
public struct TaskContext: Sendable {
    /// The task's partition.
    public let partition: Int32
    /// Partitions of the stage's partitioned sources.
    public let partitions: Int32
    /// Partitions of each output, in the order of ``Stage/outputs``.
    public let outputPartitions: [Int32]

    /// A place for a task.
    public init(partition: Int32, partitions: Int32, outputPartitions: [Int32]) {
        self.partition = partition
        self.partitions = partitions
        self.outputPartitions = outputPartitions
    }
}

/// What a stage does on one partition.
///
/// Used from one thread.
public protocol StageTask: AnyObject {
    /// Takes a record into the state. What has to leave at once is published to `output`; while a task is being
    /// restored `output` takes nothing.
    ///
    /// - Throws: ``UnusableRecord`` for a record that makes no sense; other errors end the worker.
    func fold(_ record: InputRecord, output: TaskOutput) throws

    /// Everything that was submitted for a scope before its close has been folded: from now on the scope is published
    /// and kept up to date. Called again after a restore, for every complete scope; then all of the scope is to be
    /// published again (what did not change is not sent).
    func complete(scope: String) throws

    /// Publishes what changed since the last call in complete scopes. Called once a commit.
    func flush(output: TaskOutput) throws

    /// A record that this task published before it was restored, from an output with memory.
    func recall(output: Int, key: Span<UInt8>, value: Span<UInt8>) throws

    /// Ends the restore: everything up to the committed offsets has been folded, and nothing has come yet that was not
    /// committed.
    func endRestore(output: TaskOutput) throws

    /// Publishes what a record still stands for, with the whole input folded: for a stage with
    /// ``Stage/rebuildsFromSources``.
    func publishAgain(_ record: InputRecord, output: TaskOutput) throws

    /// Whether the last flush left something to the next one, which follows without waiting for a record: so that no
    /// transaction is open for longer than the brokers allow.
    var hasMore: Bool { get }

    /// What does not add up in what the task states of itself, and the command that mends it; nil where all does.
    ///
    /// Asked after each commit. Until it is mended the worker is not ready.
    var discrepancy: String? { get }

    /// How long a worker waits after the last record that came before it commits, so that what one change brings on
    /// several ways is published once.
    ///
    /// Asked whenever nothing came, so it may depend on what did.
    var settling: Duration { get }

    /// Whether a record that stands published is to stay though a rebuild does not publish it: it can't be made from
    /// the sources any more.
    func keeps(output: Int, key: Span<UInt8>) -> Bool
}

extension StageTask {
    /// Nothing: a flush publishes all.
    public var hasMore: Bool { false }
    /// Everything adds up.
    public var discrepancy: String? { nil }
    /// No wait: with nothing left to consume a worker commits at once.
    public var settling: Duration { .zero }
    /// Nothing to remember.
    public func recall(output: Int, key: Span<UInt8>, value: Span<UInt8>) throws {}
    /// Nothing: what was folded is the state.
    public func endRestore(output: TaskOutput) throws {}
    /// Nothing: everything is published when scopes complete.
    public func publishAgain(_ record: InputRecord, output: TaskOutput) throws {}
    /// Nothing stays.
    public func keeps(output: Int, key: Span<UInt8>) -> Bool { false }
}
