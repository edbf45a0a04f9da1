/// A task with what the runtime keeps for it: positions, completion, what was published. It does no I/O of its own: a worker on a broker and
/// the in-memory driver drive it alike.
final class TaskRunner {
    let partition: Int32
    let output: TaskOutput
    /// The offset behind the last folded record, by source.
    private(set) var positions: [Int64?]
    private(set) var folded = 0
    private(set) var unusable = 0

    private let stage: any Stage
    private let task: any StageTask
    private let sink: any RecordSink
    private let progressTopic: String
    private let completionType: String
    private let partitions: Int32
    private var tracker: CompletionTracker
    /// Scopes that are complete and whose markers were not sent yet.
    private var unannounced: Set<String> = []
    private var announced: Set<String> = []
    private var isRestoring = true

    /// What `unusable` records are told to: place and reason.
    var onUnusable: ((_ source: Int, _ offset: Int64, _ reason: String) -> Void)?

    init(
        stage: any Stage,
        context: TaskContext,
        sink: any RecordSink,
        progressTopic: String,
        completionType: String
    ) throws {
        self.stage = stage
        self.sink = sink
        self.progressTopic = progressTopic
        self.completionType = completionType
        partition = context.partition
        partitions = context.partitions
        output = TaskOutput(outputs: stage.outputs, partitions: context.outputPartitions, sink: sink)
        task = try stage.makeTask(context)
        positions = Array(repeating: nil, count: stage.sources.count)
        tracker = CompletionTracker(sources: stage.sources.count)
    }

    /// Whether the next commit has something to write beyond positions.
    var hasAnnouncements: Bool { !unannounced.isEmpty }

    /// Whether the producer of a record has to be asked for its cause.
    func wantsCause(key: Span<UInt8>) -> Bool {
        !isRestoring && tracker.covers(key: key)
    }

    /// Folds a record of a source. Records before the task's position are repetitions and are passed over.
    func consume(_ record: InputRecord) throws {
        if let position = positions[record.source], record.offset < position { return }
        positions[record.source] = record.offset + 1
        folded += 1
        do {
            if CompletionMarker.isMarker(key: record.key) {
                guard let value = record.value else { return }
                if let scope = tracker.take(try CompletionMarker.decode(value), source: record.source), !isRestoring {
                    unannounced.insert(scope)
                    try task.complete(scope: scope)
                }
            } else {
                try task.fold(record, output: output)
            }
        } catch let error as UnusableRecord {
            unusable += 1
            if !isRestoring { onUnusable?(record.source, record.offset, error.reason) }
        }
    }

    /// Moves the task's position without a record, for example over the end of a partition that was read whole.
    func advance(source: Int, to offset: Int64) {
        positions[source] = max(positions[source] ?? 0, offset)
    }

    /// Takes note of a record this task published before the restore.
    func recall(output index: Int, key: Span<UInt8>, value: Span<UInt8>?) throws {
        guard !CompletionMarker.isMarker(key: key) else { return }
        output.remember(index, key: key, value: value)
        if let bytes = value {
            do {
                try task.recall(output: index, key: key, value: bytes)
            } catch let error as UnusableRecord {
                unusable += 1
                onUnusable?(-1, -1, error.reason)
            }
        }
    }

    /// Takes note of a marker on the progress topic, if it is this task's.
    func recall(marker: CompletionMarker.Reading) {
        if marker.stage == stage.name, marker.partition == partition { announced.insert(marker.scope) }
    }

    /// Ends the restore: complete scopes are handed to the task, and the next flush publishes what differs from what was published.
    func goLive() throws {
        isRestoring = false
        output.isLive = true
        for scope in tracker.complete.sorted() {
            try task.complete(scope: scope)
            if !announced.contains(scope) { unannounced.insert(scope) }
        }
    }

    /// Publishes what changed, then the markers of newly complete scopes, into the open transaction.
    func flush() throws {
        try task.flush(output: output)
        for scope in unannounced.sorted() {
            let marker = try CompletionMarker.encode(
                scope: scope, stage: stage.name, partition: partition, partitions: partitions
            )
            let key = Array(marker.key.utf8)
            for (index, output) in stage.outputs.enumerated() {
                for target in 0..<self.output.partitions[index] {
                    try sink.send(
                        topic: output.topic, partition: target, key: key.span, value: marker.value.span,
                        eventType: completionType, cause: ""
                    )
                }
            }
            try sink.send(
                topic: progressTopic, partition: 0, key: key.span, value: marker.value.span,
                eventType: completionType, cause: ""
            )
            announced.insert(scope)
        }
        unannounced = []
    }
}
