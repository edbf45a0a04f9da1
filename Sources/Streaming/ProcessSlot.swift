import Synchronization

/// A task of a process, with the records that wait for it.
final class ProcessSlot: Sendable {
    let partition: Int32
    private let state: Mutex<State>
    private let inbox = Mutex<[(source: Int, batch: MemoryBatch)]>([])

    private final class State {
        let runner: TaskRunner
        let sink: MemorySink
        /// The offsets of the next records, by source.
        var offsets: [Int64]
        var isLive = false
        var unusable: [(source: Int?, reason: String)] = []

        init(runner: TaskRunner, sink: MemorySink, sources: Int) {
            self.runner = runner
            self.sink = sink
            offsets = Array(repeating: 0, count: sources)
        }
    }

    init(_ stage: any Stage, _ context: TaskContext, _ topics: MemoryTopics, progressTopic: String) throws {
        partition = context.partition
        let sink = MemorySink(topics)
        let runner = try TaskRunner(
            stage: stage,
            context: context,
            sink: sink,
            progressTopic: progressTopic,
            completionType: topics.completionType
        )
        state = Mutex(State(runner: runner, sink: sink, sources: stage.sources.count))
    }

    /// The bytes of the waiting records.
    var waiting: Int {
        inbox.withLock { $0.reduce(0) { $0 + $1.batch.byteCount } }
    }

    /// Records that could not be used, from a source or from the task's own output.
    var unusable: [(source: Int?, reason: String)] {
        state.withLock { $0.unusable }
    }

    func take(_ batch: MemoryBatch, source: Int) {
        inbox.withLock { $0.append((source, batch)) }
    }

    /// Gives the task a record that it published in an earlier run.
    func recall(output: Int, partition: Int32, key: Span<UInt8>, value: Span<UInt8>) throws {
        let key = [UInt8](copying: key)
        let value = [UInt8](copying: value)
        try state.withLock { state in
            try state.runner.recall(
                output: output,
                partition: partition,
                offset: 0,
                key: key.span,
                value: value.span
            )
        }
    }

    /// Processes the waiting records, and publishes the changes if `flush` is set.
    func work(flush: Bool) throws -> [MemoryParcel] {
        let batches = inbox.withLock { waiting in
            defer { waiting = [] }
            return waiting
        }
        return try state.withLock { state in
            if !state.isLive {
                try state.runner.goLive()
                state.isLive = true
            }
            for (source, batch) in batches { try Self.fold(batch, source, state) }
            if flush { repeat { try state.runner.flush() } while state.runner.hasMore }
            return state.sink.take()
        }
    }

    private static func fold(_ batch: MemoryBatch, _ source: Int, _ state: State) throws {
        try batch.visit { record in
            let wantsCause = state.runner.wantsCause(source: source, key: record.key)
            let refusal = try state.runner.consume(
                InputRecord(
                    source: source,
                    offset: state.offsets[source],
                    timestamp: 0,
                    key: record.key,
                    value: record.value,
                    cause: wantsCause ? record.cause : nil,
                    label: record.isMarker ? .marker : .expected
                )
            )
            state.offsets[source] += 1
            if let refusal { state.unusable.append((source, refusal.reason)) }
        }
    }
}

/// Collects the records that a task publishes, by topic and partition.
final class MemorySink: RecordSink {
    private let topics: MemoryTopics
    private var batches: [[MemoryBatch]]

    init(_ topics: MemoryTopics) {
        self.topics = topics
        batches = topics.topics.map { topic in
            topic.isKept ? Array(repeating: MemoryBatch(), count: topic.partitions) : []
        }
    }

    func send(
        topic: String,
        partition: Int32,
        key: Span<UInt8>,
        value: Span<UInt8>?,
        eventType: String,
        cause: String
    ) throws {
        guard let index = topics.index(of: topic), batches[index].indices.contains(Int(partition)) else { return }
        batches[index][Int(partition)]
            .append(key: key, value: value, cause: cause, isMarker: eventType == topics.completionType)
    }

    /// Returns everything that was sent since the last call.
    func take() -> [MemoryParcel] {
        var parcels: [MemoryParcel] = []
        for topic in batches.indices {
            for partition in batches[topic].indices where !batches[topic][partition].isEmpty {
                parcels.append(
                    MemoryParcel(
                        topic: topic,
                        partition: Int32(clamping: partition),
                        batch: batches[topic][partition]
                    )
                )
                batches[topic][partition] = MemoryBatch()
            }
        }
        return parcels
    }
}
