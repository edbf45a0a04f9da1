import Kafka

/// A task with what the runtime keeps for it: positions, completion, what was published.
///
/// It does no I/O of its own: a worker on a broker and the in-memory driver drive it alike.
final class TaskRunner {
    let partition: Int32
    let output: TaskOutput
    /// The offset behind the last folded record, by source.
    private(set) var positions: [Int64?]
    /// The first record of each source, once it was read.
    private(set) var first: [FirstRecord?]
    /// Over the offsets and times of everything folded of each source, for those that are logs.
    private(set) var digests: [UInt64]
    /// Scopes that were published before a rebuild and have not come again in the sources.
    private var awaited: Set<String> = []
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
    private let quarantine: QuarantineTopic?
    /// Records of broadcast topics that a restore found and no former life had put in quarantine.
    private var found: [QuarantinedRecord] = []
    /// By broadcast source: records before were seen by a former life of this task.
    private var seen: [Int: Int64] = [:]

    /// What was published of this task when it was last committed, by this or by a former life.
    var stated: [TopicPartition: PublishedSum] = [:]

    /// What strangers wrote into the outputs since the last flush, by key.
    var strangers: [WatchedKey: Stranger] = [:]
    /// By partition of an output: what lies before was read back when the task was restored.
    var watchedFrom: [TopicPartition: Int64] = [:]

    /// What is said about records that are put in quarantine.
    var onQuarantine: ((QuarantinedRecord) -> Void)?
    /// What is told at the end of a rebuild: how many records were retracted.
    var onRebuilt: ((Int) -> Void)?
    /// What is said about records of an output that make no sense: the fault.
    var onUnusable: ((UnusableRecord) -> Void)?

    init(
        stage: any Stage,
        context: TaskContext,
        sink: any RecordSink,
        progressTopic: String,
        completionType: String,
        quarantine: QuarantineTopic? = nil,
        isRebuilding: Bool = false,
        isWatched: Bool = false
    ) throws {
        first = Array(repeating: nil, count: stage.sources.count)
        digests = Array(repeating: 0, count: stage.sources.count)
        self.quarantine = quarantine
        self.stage = stage
        self.sink = sink
        self.progressTopic = progressTopic
        self.completionType = completionType
        partition = context.partition
        partitions = context.partitions
        output = TaskOutput(
            outputs: stage.outputs,
            partition: context.partition,
            partitions: context.outputPartitions,
            sink: sink,
            isRebuilding: isRebuilding,
            isWatched: isWatched
        )
        task = try stage.makeTask(context)
        positions = Array(repeating: nil, count: stage.sources.count)
        tracker = CompletionTracker(sources: stage.sources.count)
    }

    /// Whether the next commit has something to write beyond positions.
    var hasAnnouncements: Bool { !unannounced.isEmpty || !found.isEmpty }

    /// Whether the producer of a record has to be asked for its cause: of a log's, where its key is of a complete
    /// scope; of a table's, as soon as one scope is complete, as the record of another may change what is published of
    /// that one.
    func wantsCause(source: Int, key: Span<UInt8>) -> Bool {
        guard !isRestoring, !tracker.complete.isEmpty else { return false }
        return stage.sources[source].isTable || tracker.covers(key: key)
    }

    /// Folds a record of a source.
    ///
    /// Records before the task's position are repetitions and are passed over.
    ///
    /// - Returns: why the record is to be put in quarantine: see ``quarantine(_:_:)``; nil when it is not, or was
    ///   before.
    func consume(_ record: InputRecord) throws -> Refusal? {
        if let position = positions[record.source], record.offset < position { return nil }
        positions[record.source] = record.offset + 1
        note(record)
        folded += 1
        let isMarker = CompletionMarker.isMarker(key: record.key)
        do {
            try record.checkEnvelope(of: stage.sources[record.source], isMarker: isMarker)
            if isMarker {
                let source = stage.sources[record.source]
                let marker = try CompletionMarker.decode(record, of: source, partitions: partitions)
                if let scope = tracker.take(marker, source: record.source), !isRestoring {
                    unannounced.insert(scope)
                    try task.complete(scope: scope)
                }
            } else {
                try task.fold(record, output: output)
            }
            return nil
        } catch let error as UnusableRecord {
            if error.code == .retractsNothing { return nil }
            unusable += 1
            if !isMarker { try forget(record) }
            return isQuarantined(record) ? Refusal(code: error.code, reason: error.reason) : nil
        }
    }

    /// Takes note of what tells a partition from one that was made anew.
    private func note(_ record: InputRecord) {
        let source = record.source
        if first[source] == nil { first[source] = FirstRecord(offset: record.offset, timestamp: record.timestamp) }
        guard !stage.sources[source].isTable else { return }
        var word = digests[source] ^ UInt64(bitPattern: record.offset &* 0x9E37_79B9)
        word = (word ^ UInt64(bitPattern: record.timestamp)) &* 0x9E37_79B9_7F4A_7C15
        digests[source] = word ^ (word >> 29)
    }

    /// What the group is to remember of a source with the next commit.
    func memory(of source: Int) -> PlaceMemory? {
        guard let position = positions[source] else { return nil }
        return PlaceMemory(
            offset: position,
            first: first[source],
            digest: stage.sources[source].isTable ? nil : digests[source]
        )
    }

    /// What stands published of this task, for the group to remember with the next commit.
    var published: [TopicPartition: PublishedSum] {
        var places: [TopicPartition: PublishedSum] = [:]
        for (index, output) in stage.outputs.enumerated() where output.isAccounted {
            for (partition, sum) in self.output.sums[index] where sum.count != 0 || sum.from != 0 {
                places[TopicPartition(topic: output.topic, partition: partition)] = sum
            }
        }
        return places
    }

    /// The partitions of tables that, read back, do not hold what this task has published.
    func strange(_ committed: [TopicPartition: PublishedSum]) -> [TopicPartition] {
        let tables = Set(stage.outputs.filter { $0.account == .table }.map(\.topic))
        let found = published
        return Set(found.keys).union(committed.keys)
            .filter { tables.contains($0.topic) && found[$0] ?? PublishedSum() != committed[$0] ?? PublishedSum() }
            .sorted()
    }

    /// Only the newest record of a key of a table counts, so what the key held before must not depend on whether it was
    /// compacted away.
    private func forget(_ record: InputRecord) throws {
        guard stage.sources[record.source].isTable, record.value != nil, record.key.count > 0,
            record.key.count <= InputRecord.largest
        else { return }
        do {
            try task.fold(
                InputRecord(
                    source: record.source,
                    offset: record.offset,
                    timestamp: record.timestamp,
                    key: record.key,
                    value: nil,
                    cause: record.causeBytes
                ),
                output: output
            )
        } catch is UnusableRecord {
            // Not a key of the table either.
        }
    }

    /// Once for each stage.
    ///
    /// A topic that every task reads whole is the first task's, also where it was down when the record came.
    private func isQuarantined(_ record: InputRecord) -> Bool {
        guard stage.sources[record.source].isBroadcast else { return !isRestoring }
        return partition == 0 && record.offset >= (seen[record.source] ?? 0)
    }

    /// States up to where a former life of this task has read a broadcast topic.
    func wasSeen(source: Int, before offset: Int64) {
        seen[source] = offset
    }

    /// Puts a record in quarantine that ``consume(_:)`` refused: with the next commit.
    func quarantine(_ record: OwnedRecord, _ refusal: Refusal) throws {
        let entry = QuarantinedRecord(record: record, stage: stage.name, refusal: refusal)
        onQuarantine?(entry)
        if isRestoring { found.append(entry) } else { try send(entry) }
    }

    private func send(_ entry: QuarantinedRecord) throws {
        guard let quarantine else { return }
        let key = Array(entry.key.utf8)
        let value = try entry.message()
        try sink.send(
            topic: quarantine.name,
            partition: 0,
            key: key.span,
            value: value.span,
            eventType: quarantine.eventType,
            cause: ""
        )
    }

    /// Moves the task's position without a record, for example over the end of a partition that was read whole.
    func advance(source: Int, to offset: Int64) {
        positions[source] = max(positions[source] ?? 0, offset)
    }

    /// Takes note of a record this task published before the restore.
    ///
    /// What a stranger wrote there teaches the task nothing, and is published over.
    func recall(
        output index: Int,
        partition: Int32,
        key: Span<UInt8>,
        value: Span<UInt8>?,
        isOwn: Bool = true
    ) throws {
        guard !CompletionMarker.isMarker(key: key) else {
            if output.isRebuilding, let value, let marker = try? CompletionMarker.decode(value) {
                recall(marker: marker)
            }
            return
        }
        output.recount(index, partition: partition, key: key, value: value)
        output.remember(index, partition: partition, key: key, value: value)
        guard let bytes = value else { return }
        do {
            guard isOwn else { throw UnusableRecord("not of the type that this topic holds", code: .foreignType) }
            try task.recall(output: index, key: key, value: bytes)
        } catch let error as UnusableRecord {
            unusable += 1
            onUnusable?(error)
        }
    }

    /// Takes note of a marker on the progress topic, if it is this task's.
    func recall(marker: CompletionMarker.Reading) {
        if marker.stage == stage.name, marker.partition == partition { announced.insert(marker.scope) }
    }

    /// Whether the task left something to the next flush.
    var hasMore: Bool { task.hasMore }
    /// What does not add up in what the task states of itself.
    var discrepancy: String? { task.discrepancy }
    /// How long the task waits for what else a change brings.
    var settling: Duration { task.settling }

    /// States that everything up to the committed offsets has been folded.
    func endRestore() throws { try task.endRestore(output: output) }

    /// Publishes what a record still stands for: the second reading of a rebuild.
    func publishAgain(_ record: InputRecord) throws {
        guard !CompletionMarker.isMarker(key: record.key) else { return }
        do {
            try task.publishAgain(record, output: output)
        } catch is UnusableRecord {
            // The first reading has met it.
        }
    }

    /// Why nothing is published yet; nil when it is.
    ///
    /// What stood published before is left as it is until the sources hold again what it was made from.
    var waitsFor: String? {
        let missing = awaited.subtracting(tracker.complete).sorted()
        guard output.isRebuilding, !missing.isEmpty else { return nil }
        return missing.joined(separator: ", ")
    }

    /// Ends the restore: complete scopes are handed to the task, and the next flush publishes what differs from what
    /// was published.
    func goLive() throws {
        isRestoring = false
        output.isLive = true
        output.replayed = []
        if output.isRebuilding {
            // The markers may be gone with what was published; a marker that comes twice changes nothing.
            awaited = announced
            announced = []
        }
        for scope in tracker.complete.sorted() {
            try task.complete(scope: scope)
            if !announced.contains(scope) { unannounced.insert(scope) }
        }
    }

    /// Publishes what changed, then the markers of newly complete scopes, into the open transaction.
    func flush() throws {
        for entry in found { try send(entry) }
        found = []
        try task.flush(output: output)
        if output.isRebuilding, !task.hasMore {
            // Not as an argument of the optional call, which is not evaluated where nobody listens.
            let retracted = try output.endRebuild { task.keeps(output: $0, key: $1) }
            onRebuilt?(retracted)
        }
        try putBack()
        // A scope is complete when all of it is published.
        guard !task.hasMore else { return }
        for scope in unannounced.sorted() {
            let marker = try CompletionMarker.encode(
                scope: scope,
                stage: stage.name,
                partition: partition,
                partitions: partitions
            )
            let key = Array(marker.key.utf8)
            for (index, output) in stage.outputs.enumerated() {
                for target in 0..<self.output.partitions[index] {
                    try sink.send(
                        topic: output.topic,
                        partition: target,
                        key: key.span,
                        value: marker.value.span,
                        eventType: completionType,
                        cause: ""
                    )
                }
            }
            try sink.send(
                topic: progressTopic,
                partition: 0,
                key: key.span,
                value: marker.value.span,
                eventType: completionType,
                cause: ""
            )
            announced.insert(scope)
        }
        unannounced = []
    }
}
