import Dispatch
import Kafka
import Synchronization

/// Runs stages in one process in memory, without a broker.
///
/// Records that one task publishes go directly to the tasks that read them.
///
/// Records of one source partition are processed in their order, by the same code as on a broker. Tasks of all stages
/// work in parallel. Nothing of a scope is published before all of its sources are complete. ``settle()`` flushes every
/// task once, upstream stages first, so a change that arrives through several sources is published once. Results do not
/// depend on the number of threads.
///
/// The driver does not recover from faults: if the process ends, it is started from the beginning. So nothing is
/// committed, and only the tasks are kept. Use it from one thread.
public final class ProcessDriver {
    /// A record that a task could not use.
    public struct Unusable: Sendable, Hashable {
        /// The stage that read it.
        public let stage: String
        /// Its topic.
        public let topic: String
        /// The fault, without the record's content.
        public let reason: String
    }

    private struct Consumer {
        let stage: Int
        let source: Int
        let isBroadcast: Bool
    }

    private let stages: [any Stage]
    private let threads: Int
    private let slots: [[ProcessSlot]]
    private let topics: MemoryTopics
    private var consumers: [[Consumer]] = []
    private let watch: (_ topic: String, _ partition: Int32, _ batch: MemoryBatch) throws -> Void

    /// Creates a driver for stages over empty topics.
    ///
    /// - Parameters:
    ///   - stages: in any order.
    ///   - topics: every topic's name and partition count.
    ///   - progressTopic: the topic of completion markers.
    ///   - completionType: the `ce_type` of completion markers.
    ///   - threads: how many tasks may work in parallel; at least 1.
    ///   - watched: topics whose records are passed to `watch`.
    ///   - watch: receives the records of the watched topics, in an order that does not depend on the threads.
    /// - Throws: ``RuntimeError`` for wrong partition counts, or for stages that read each other in a circle.
    public init(
        stages: [any Stage],
        topics: [String: Int32],
        progressTopic: String,
        completionType: String,
        threads: Int,
        watched: Set<String>,
        watch: @escaping (_ topic: String, _ partition: Int32, _ batch: MemoryBatch) throws -> Void
    ) throws {
        let stages = try Self.sorted(stages)
        let read = Set(stages.flatMap { $0.sources.map(\.topic) })
        let memory = MemoryTopics(
            topics.sorted { $0.key < $1.key }
                .map { name, partitions in
                    MemoryTopics.Topic(
                        name: name,
                        partitions: Int(partitions),
                        isKept: read.contains(name) || watched.contains(name),
                        isWatched: watched.contains(name)
                    )
                },
            completionType: completionType
        )
        self.stages = stages
        self.topics = memory
        self.threads = max(1, threads)
        self.watch = watch
        slots = try stages.map { stage in
            let partitions = try Self.partitions(of: stage, topics)
            return try (0..<partitions)
                .map { partition in
                    let context = TaskContext(
                        partition: partition,
                        partitions: partitions,
                        outputPartitions: stage.outputs.map { topics[$0.topic] ?? 0 }
                    )
                    return try ProcessSlot(stage, context, memory, progressTopic: progressTopic)
                }
        }
        consumers = memory.topics.map { topic in
            stages.indices.flatMap { stage in
                stages[stage].sources.enumerated()
                    .compactMap { source, definition in
                        definition.topic == topic.name
                            ? Consumer(stage: stage, source: source, isBroadcast: definition.isBroadcast) : nil
                    }
            }
        }
    }

    /// The stages, each after the stages whose topics it reads.
    private static func sorted(_ stages: [any Stage]) throws -> [any Stage] {
        var rest = stages
        var sorted: [any Stage] = []
        while !rest.isEmpty {
            guard
                let next = rest.indices.first(where: { index in
                    let others = rest.indices.filter { $0 != index }
                    let unpublished = Set(others.flatMap { rest[$0].outputs.map(\.topic) })
                    return rest[index].sources.allSatisfy { !unpublished.contains($0.topic) }
                })
            else {
                throw RuntimeError(
                    .internal,
                    "the stages \(rest.map(\.name).joined(separator: ", ")) read each other in a circle"
                )
            }
            sorted.append(rest.remove(at: next))
        }
        return sorted
    }

    private static func partitions(of stage: any Stage, _ topics: [String: Int32]) throws -> Int32 {
        let counts = Set(stage.sources.filter { !$0.isBroadcast }.map { topics[$0.topic] ?? 0 })
        guard counts.count == 1, let count = counts.first, count > 0 else {
            throw RuntimeError(.notCopartitioned, "the sources of \(stage.name) have partitions \(counts.sorted())")
        }
        return count
    }

    /// Gives a task a record that it published in an earlier run.
    ///
    /// Call it before feeding records: see ``Output/Memory``.
    ///
    /// - Parameters:
    ///   - topic: a topic that a stage publishes.
    ///   - partition: the record's partition.
    ///   - key: the record's key.
    ///   - value: its value.
    /// - Throws: the errors of the task.
    public func recall(topic: String, partition: Int32, key: Span<UInt8>, value: Span<UInt8>) throws {
        for (stage, definition) in stages.enumerated() {
            for (index, output) in definition.outputs.enumerated() where output.topic == topic {
                let partitions = Int32(slots[stage].count)
                for slot in slots[stage]
                where output.isPublished(by: slot.partition, key: key, in: partition, of: partitions) {
                    try slot.recall(output: index, partition: partition, key: key, value: value)
                }
            }
        }
    }

    /// Gives records to the tasks that read a partition.
    ///
    /// The next ``advance()`` or ``settle()`` processes them.
    public func feed(_ batch: MemoryBatch, topic: String, partition: Int32) {
        guard let index = topics.index(of: topic) else { return }
        for consumer in consumers[index] {
            if consumer.isBroadcast {
                for slot in slots[consumer.stage] { slot.take(batch, source: consumer.source) }
            } else if slots[consumer.stage].indices.contains(Int(partition)) {
                slots[consumer.stage][Int(partition)].take(batch, source: consumer.source)
            }
        }
    }

    /// Sends the operator's close of a scope to every partition of a topic.
    public func close(scope: String, topic: String) throws {
        let marker = try CompletionMarker.encode(
            scope: scope,
            stage: CompletionMarker.operatorStage,
            partition: 0,
            partitions: 1
        )
        let key = Array(marker.key.utf8)
        var batch = MemoryBatch()
        batch.append(key: key.span, value: marker.value.span, isMarker: true)
        guard let index = topics.index(of: topic) else { return }
        for partition in 0..<topics.topics[index].partitions {
            feed(batch, topic: topic, partition: Int32(clamping: partition))
        }
    }

    /// Lets every task process its waiting records, all tasks in parallel.
    ///
    /// Their publications reach the next tasks, which process them in the next call.
    public func advance() throws {
        try work(slots.joined().filter { $0.waiting > 0 }, flush: false)
    }

    /// Processes everything that is left and publishes the changes, stage by stage.
    public func settle() throws {
        for stage in slots.indices { try work(slots[stage], flush: true) }
    }

    /// The records that no task could use, in the order of the stages.
    public var unusable: [Unusable] {
        stages.indices.flatMap { stage in
            slots[stage]
                .flatMap { slot in
                    slot.unusable.map { source, reason in
                        Unusable(
                            stage: stages[stage].name,
                            topic: source.map { stages[stage].sources[$0].topic } ?? "",
                            reason: reason
                        )
                    }
                }
        }
    }

    private final class Turn: Sendable {
        let next = Atomic<Int>(0)
        let results: Mutex<[Int: Result<[MemoryParcel], any Error>]> = Mutex([:])
    }

    private func work(_ slots: [ProcessSlot], flush: Bool) throws {
        guard !slots.isEmpty else { return }
        // Start with the most work, so that the other threads do not wait for it at the end.
        let waiting = slots.map(\.waiting)
        let order = slots.indices.sorted { waiting[$0] > waiting[$1] }
        let turn = Turn()
        DispatchQueue.concurrentPerform(iterations: min(threads, slots.count)) { _ in
            while true {
                let place = turn.next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard place < order.count else { return }
                let result = Result { try slots[order[place]].work(flush: flush) }
                turn.results.withLock { $0[order[place]] = result }
            }
        }
        // In the order of the tasks, no matter which one finished first.
        let results = turn.results.withLock { $0 }
        for index in slots.indices {
            for parcel in try results[index]?.get() ?? [] {
                let topic = topics.topics[parcel.topic]
                if topic.isWatched { try watch(topic.name, parcel.partition, parcel.batch) }
                feed(parcel.batch, topic: topic.name, partition: parcel.partition)
            }
        }
    }
}

/// The records that one task published to one partition.
struct MemoryParcel: Sendable {
    let topic: Int
    let partition: Int32
    let batch: MemoryBatch
}

/// The topics of a process, by number.
struct MemoryTopics: Sendable {
    struct Topic: Sendable {
        let name: String
        let partitions: Int
        /// Whether any stage reads it.
        let isKept: Bool
        let isWatched: Bool
    }

    let topics: [Topic]
    let completionType: String

    init(_ topics: [Topic], completionType: String) {
        self.topics = topics
        self.completionType = completionType
    }

    func index(of name: String) -> Int? {
        topics.firstIndex { $0.name == name }
    }
}
