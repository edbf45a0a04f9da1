import Dispatch
import Kafka
import Synchronization

/// Runs stages in one process over memory, without a broker: what one task publishes is handed to the tasks that read
/// it.
///
/// Records of one source partition are folded in their order, by the same code as on a broker. Tasks of all stages work
/// at once, each on what reached it; nothing is published of a scope before all of its sources are complete, and
/// ``settle()`` flushes every task once, upstream first, so that a change that arrives on several ways is published
/// once. Results do not depend on the number of threads.
///
/// There are no faults here to recover from: a process that ends is started anew. So nothing is committed, and nothing
/// is kept but the tasks. Used from one thread.
public final class ProcessDriver {
    /// A record that a task could not use.
    public struct Unusable: Sendable, Hashable {
        /// The stage that met it.
        public let stage: String
        /// The topic it came in.
        public let topic: String
        /// What is wrong with it, without its content.
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
    private let watch: (_ topic: String, _ batch: MemoryBatch) throws -> Void

    /// Stages over empty topics.
    ///
    /// - Parameters:
    ///   - stages: in any order.
    ///   - topics: every topic's name and partition count.
    ///   - progressTopic: the topic of completion markers.
    ///   - completionType: the `ce_type` of completion markers.
    ///   - threads: how many tasks may work at once; at least 1.
    ///   - watched: topics whose records are handed to `watch`.
    ///   - watch: takes what was published on the watched topics, in an order that does not depend on the threads.
    /// - Throws: ``RuntimeError`` for topics that do not fit, or stages that read each other in a circle.
    public init(
        stages: [any Stage],
        topics: [String: Int32],
        progressTopic: String,
        completionType: String,
        threads: Int,
        watched: Set<String>,
        watch: @escaping (_ topic: String, _ batch: MemoryBatch) throws -> Void
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

    /// The stages, each behind those whose topics it reads.
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

    /// Hands a task what it published in an earlier life, before anything is fed: see ``Output/Memory``.
    ///
    /// - Parameters:
    ///   - topic: a topic that a stage publishes.
    ///   - partition: the partition that the record is of.
    ///   - key: the record's key.
    ///   - value: its value.
    /// - Throws: what the task throws.
    public func recall(topic: String, partition: Int32, key: Span<UInt8>, value: Span<UInt8>) throws {
        for (stage, definition) in stages.enumerated() {
            for (index, output) in definition.outputs.enumerated() where output.topic == topic {
                let partitions = Int32(slots[stage].count)
                for slot in slots[stage]
                where output.isPublished(by: slot.partition, key: key, in: partition, of: partitions) {
                    try slot.recall(output: index, key: key, value: value)
                }
            }
        }
    }

    /// Hands records to the tasks that read a partition.
    ///
    /// They are folded with the next ``advance()`` or ``settle()``.
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

    /// Hands the operator's close of a scope to every partition of a topic.
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

    /// Lets every task fold what has reached it, all of them at once.
    ///
    /// What they publish reaches the next tasks, which fold it the next time.
    public func advance() throws {
        try work(slots.joined().filter { $0.waiting > 0 }, flush: false)
    }

    /// Folds everything that is left and publishes what changed, stage by stage.
    public func settle() throws {
        for stage in slots.indices { try work(slots[stage], flush: true) }
    }

    /// Records that no task could use, in the order of the stages.
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
        // The longest work first, so that nobody waits for it at the end.
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
        // In the order of the tasks, whoever was first.
        let results = turn.results.withLock { $0 }
        for index in slots.indices {
            for parcel in try results[index]?.get() ?? [] {
                let topic = topics.topics[parcel.topic]
                if topic.isWatched { try watch(topic.name, parcel.batch) }
                feed(parcel.batch, topic: topic.name, partition: parcel.partition)
            }
        }
    }
}

/// What one task published for one partition.
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
        /// Whether somebody reads it.
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
