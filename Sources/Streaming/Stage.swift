/// A stage of a pipeline: its sources, its outputs, and the work of its tasks.
///
/// A task is a stage on one partition.
///
/// A task computes its state only from its input (a fold). Records of different sources may interleave in any order.
/// Therefore a task's publications may depend only on the newest value of each key.
public protocol Stage: Sendable {
    /// The stage's name, used in transactional ids, groups, markers and metrics.
    var name: String { get }
    /// The topics that it reads. Partitioned sources must have equal partition counts.
    var sources: [Source] { get }
    /// The topics that it publishes.
    var outputs: [Output] { get }
    /// Whether a rebuild reads the sources a second time to publish the records again: see
    /// ``StageTask/publishAgain(_:output:)``. For a stage that publishes more than it could keep in memory.
    var rebuildsFromSources: Bool { get }
    /// How often a worker commits without new records, for a stage whose publications also depend on the time; nil for
    /// never.
    var idleFlush: Duration? { get }
    /// Identifies what its publications depend on beside its sources; nil for nothing.
    ///
    /// A task whose publications were made under another configuration rebuilds them.
    var configuration: UInt64? { get }
    /// Whether the stages before it compute under the same configuration, and name it in their markers. Only their
    /// markers under this stage's own configuration then complete a scope, so that a new configuration goes through the
    /// stages one after the other.
    var sharesConfiguration: Bool { get }
    /// A task with empty state.
    func makeTask(_ context: TaskContext) throws -> any StageTask
}

extension Stage {
    /// No: a task publishes everything again when a scope completes.
    public var rebuildsFromSources: Bool { false }
    /// Never: without a new record nothing is published.
    public var idleFlush: Duration? { nil }
    /// Nothing: the same sources always give the same publications.
    public var configuration: UInt64? { nil }
    /// No: the markers of the stages before it count whatever their configuration is.
    public var sharesConfiguration: Bool { false }
}

extension Stage {
    /// The outputs that the second reading of a rebuild publishes to: tables and change logs.
    package var outputsMadeAnew: Set<Int> {
        Set(outputs.indices.filter { outputs[$0].isTable || outputs[$0].isChangeLog })
    }
}

/// A topic that a stage reads.
public struct Source: Sendable {
    /// The topic's name on the broker.
    public let topic: String
    /// Whether every task reads the whole topic and not only its partition.
    public let isBroadcast: Bool
    /// The `ce_type` of its records; nil accepts any type.
    ///
    /// Records of other types are quarantined, except completion markers.
    public let eventType: String?
    /// Whether the topic is compacted: only the newest record of a key counts, even if it cannot be used.
    public let isTable: Bool
    /// The stage whose completion markers count.
    ///
    /// One marker is expected for each partition of the reader. If nil, markers of any stage count.
    ///
    /// ``CompletionMarker/operatorStage`` is the operator, who closes a scope with one marker in each partition.
    public let publisher: String?

    /// Whether the topic is a log of changes that its publishing stage can rebuild.
    ///
    /// Every record counts. The ledger is not such a log, because the operator publishes it.
    public var isChangeLog: Bool { !isTable && publisher.map { $0 != CompletionMarker.operatorStage } ?? false }
    /// Whether a stage produces the topic and can therefore rebuild it.
    ///
    /// No stage can rebuild the ledger.
    var isDerived: Bool { isTable || isChangeLog }

    /// A topic whose partitions are each read by one task.
    public static func partitioned(
        _ topic: String,
        eventType: String? = nil,
        isTable: Bool = false,
        publisher: String? = nil
    ) -> Source {
        Source(topic: topic, isBroadcast: false, eventType: eventType, isTable: isTable, publisher: publisher)
    }
    /// A topic that each task reads completely.
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
    /// How a starting task learns what was published before.
    public enum Memory: Sendable {
        /// It does not learn it. Every publication is sent.
        case none
        /// It does not learn it. Every publication is sent. But it watches the partition with its own number.
        ///
        /// Other stages may publish there too. The function returns whether only this one may have published a record;
        /// nil if the record does not say it, such as a tombstone: then it is this stage's if the record before it was.
        case watchOnly(isOwn: @Sendable (_ key: Span<UInt8>, _ value: Span<UInt8>?) -> Bool?)
        /// It reads back the partition with its own number. Unchanged records are not sent again.
        case ownPartition
        /// It reads back every partition. The function returns the task that published a key. Unchanged records are not
        /// sent again.
        case everyPartition(publisher: @Sendable (_ key: String, _ partitions: Int32) -> Int32?)
        /// Like ``everyPartition(publisher:)``, but only during a rebuild. At all other times every publication is
        /// sent.
        case whileRebuilding(publisher: @Sendable (_ key: String, _ partitions: Int32) -> Int32?)
    }

    /// The topic's name on the broker.
    public let topic: String
    /// The `ce_type` of its records.
    public let eventType: String
    /// How earlier publications are remembered.
    public let memory: Memory
    /// Whether it must have as many partitions as the sources, because its readers expect a marker for each of them.
    public let isCopartitioned: Bool
    /// Whether only the newest record of a key counts.
    public let isTable: Bool
    /// Whether it is a change log that is kept for ever.
    ///
    /// A rebuild appends the missing records, and the task itself retracts records that must not be there.
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

/// The partition of a task, and the partition counts around it.
public struct TaskContext: Sendable {
    /// The task's partition.
    public let partition: Int32
    /// Partitions of the stage's partitioned sources.
    public let partitions: Int32
    /// Partitions of each output, in the order of ``Stage/outputs``.
    public let outputPartitions: [Int32]

    /// Creates a context.
    public init(partition: Int32, partitions: Int32, outputPartitions: [Int32]) {
        self.partition = partition
        self.partitions = partitions
        self.outputPartitions = outputPartitions
    }
}

/// The work of a stage on one partition.
///
/// A task is used from one thread only.
public protocol StageTask: AnyObject {
    /// Adds a record to the state. Records that must be sent at once are published to `output`. During a restore,
    /// `output` ignores them.
    ///
    /// - Throws: ``UnusableRecord`` for a record that cannot be used; other errors end the worker.
    func fold(_ record: InputRecord, output: TaskOutput) throws

    /// Called when everything that was submitted for a scope before its close has been processed. From now on the scope
    /// is published and kept up to date. It is called again after a restore, for every complete scope. The task must
    /// then publish the whole scope again; unchanged records are not sent.
    func complete(scope: String) throws

    /// Publishes the changes in complete scopes since the last call. Called once for each commit.
    func flush(output: TaskOutput) throws

    /// Takes a record that this task published before it was restored, from an output with memory.
    func recall(output: Int, key: Span<UInt8>, value: Span<UInt8>) throws

    /// Takes the retraction of a record that it may have recalled, from an output with memory.
    func forget(output: Int, key: Span<UInt8>) throws

    /// Ends the restore: everything up to the committed offsets has been processed, and nothing beyond them.
    func endRestore(output: TaskOutput) throws

    /// Publishes the part of a record that is still valid after the whole input was processed. For a stage with
    /// ``Stage/rebuildsFromSources``.
    func publishAgain(_ record: InputRecord, output: TaskOutput) throws

    /// Whether the last flush left work for the next one. The next flush then follows without waiting for a record.
    /// This keeps transactions shorter than the brokers' limit.
    var hasMore: Bool { get }

    /// A discrepancy in the task's own figures, and the command that repairs it; nil if there is none.
    ///
    /// It is read after each commit. The worker is not ready until it is repaired.
    var discrepancy: String? { get }

    /// How long a worker waits after the last record before it commits. A change that arrives through several sources
    /// is then published once.
    ///
    /// It is read whenever no record arrived, so it may depend on the earlier ones.
    var settling: Duration { get }

    /// Whether the task publishes nothing for now, not even that a scope is complete, because its worker is about to
    /// start again under another configuration.
    var isHeld: Bool { get }

    /// Whether a published record must stay even if a rebuild does not publish it, because it can no longer be derived
    /// from the sources.
    func keeps(output: Int, key: Span<UInt8>) -> Bool
}

extension StageTask {
    /// No: a flush publishes everything.
    public var hasMore: Bool { false }
    /// No discrepancy.
    public var discrepancy: String? { nil }
    /// No wait: if there are no more records, a worker commits at once.
    public var settling: Duration { .zero }
    /// No: a flush publishes everything.
    public var isHeld: Bool { false }
    /// Remembers nothing.
    public func recall(output: Int, key: Span<UInt8>, value: Span<UInt8>) throws {}
    /// Forgets nothing, because it remembers nothing.
    public func forget(output: Int, key: Span<UInt8>) throws {}
    /// Does nothing: the state is already complete.
    public func endRestore(output: TaskOutput) throws {}
    /// Does nothing: everything is published when scopes complete.
    public func publishAgain(_ record: InputRecord, output: TaskOutput) throws {}
    /// No record stays.
    public func keeps(output: Int, key: Span<UInt8>) -> Bool { false }
}

extension Output {
    /// Whether a task has published this record of the output before.
    package func isPublished(by task: Int32, key: Span<UInt8>, in partition: Int32, of partitions: Int32) -> Bool {
        owner(of: key, in: partition, of: partitions) == task
    }

    /// The task that owns a record of the output; nil if no task owns it, or if the output has no memory.
    package func owner(of key: Span<UInt8>, in partition: Int32, of partitions: Int32) -> Int32? {
        switch memory {
        case .none: nil
        case .ownPartition, .watchOnly: partition
        case .everyPartition(let publisher), .whileRebuilding(let publisher):
            CompletionMarker.isMarker(key: key)
                ? nil : publisher(String(decoding: [UInt8](copying: key), as: UTF8.self), partitions)
        }
    }
}
