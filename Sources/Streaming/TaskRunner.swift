package import Kafka

/// A task with the runtime's state for it: positions, completion, and the account of its publications.
///
/// It does no I/O itself. The worker and the in-memory driver both drive it.
package final class TaskRunner {
    package let partition: Int32
    package let output: TaskOutput
    /// The offset after the last processed record, by source.
    package private(set) var positions: [Int64?]
    /// The first record of each source, after it was read.
    private(set) var first: [FirstRecord?]
    /// For sources that are logs: a digest of the offsets and times of all processed records.
    private(set) var digests: [UInt64]
    /// Scopes that were published before a rebuild and are not yet complete again in the sources.
    private var awaited: Set<String> = []
    private(set) var folded = 0
    private(set) var unusable = 0

    let stage: any Stage
    private let task: any StageTask
    private let sink: any RecordSink
    private let progressTopic: String
    private let completionType: String
    private let partitions: Int32
    private var tracker: CompletionTracker
    /// Complete scopes whose markers are not sent yet.
    private var unannounced: Set<String> = []
    /// Scopes whose markers were sent, and those of them whose newest marker names this configuration.
    private var known: Set<String> = []
    private var announced: Set<String> = []
    private var isRestoring = true
    private let quarantine: QuarantineTopic?
    /// Unusable records that the next commit quarantines.
    ///
    /// They open no transaction of their own, which would stay open while tables are read.
    private var found: [QuarantinedRecord] = []
    private var foundBytes = 0
    /// More bytes are not held.
    private static let mostFoundBytes = 16 << 20
    /// Whether there are so many unusable records that they should be quarantined before the next commit.
    var holdsMuch: Bool { foundBytes > Self.mostFoundBytes }
    /// By broadcast source: an earlier run of this task has seen the records before this offset.
    private var seen: [Int: Int64] = [:]

    /// What this task stated at its last commit, in this or an earlier run.
    var stated = Statement()

    /// The ends that the task's tables had when it was restored.
    ///
    /// Compaction may have removed earlier records of a table. Until the task has read to these ends, its state may be
    /// one that never existed, so it publishes nothing.
    var catchUp = ReadingEnds()

    /// Foreign records found in the outputs since the last flush, by key.
    var strangers: [WatchedKey: Stranger] = [:]
    /// By partition of an output: the records before this offset need not be checked any more.
    var watchedFrom: [TopicPartition: Int64] = [:]
    /// By partition of a log: how far the last run of this task had checked it, and what it had not read back yet.
    var resumed: [TopicPartition: WatchMark] = [:]
    /// The records of the last run that the restore still has to find, by partition of a log.
    var recalling: [TopicPartition: Echoes] = [:]

    /// Called for each quarantined record.
    package var onQuarantine: ((QuarantinedRecord) -> Void)?
    /// Called at the end of a rebuild with the number of retracted records.
    var onRebuilt: ((Int) -> Void)?
    /// Called for each record of an output that cannot be used.
    package var onUnusable: ((UnusableRecord) -> Void)?

    package init(
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

    /// Whether all sources have completed a scope.
    func isComplete(_ scope: String) -> Bool { tracker.complete.contains(scope) }

    /// Whether the next commit must write more than positions.
    package var hasAnnouncements: Bool { !unannounced.isEmpty && !task.isHeld || !found.isEmpty }

    /// Whether the cause of a record is needed.
    ///
    /// For a log, it is needed if the key belongs to a complete scope. For a table, it is needed once any scope is
    /// complete, because a record of another scope may change the publications of that one.
    package func wantsCause(source: Int, key: Span<UInt8>) -> Bool {
        guard !isRestoring, !tracker.complete.isEmpty else { return false }
        return stage.sources[source].isTable || tracker.covers(key: key)
    }

    /// Processes a record of a source.
    ///
    /// Records before the task's position are repetitions and are skipped.
    ///
    /// - Returns: why the record must be quarantined, see ``quarantine(_:_:)``; nil if it need not be, or already was.
    package func consume(_ record: InputRecord) throws -> Refusal? {
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
                let counts = isOfThisConfiguration(marker, source)
                if let scope = tracker.take(marker, source: record.source, counts: counts), !isRestoring {
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

    private func isOfThisConfiguration(_ marker: CompletionMarker.Reading, _ source: Source) -> Bool {
        !stage.sharesConfiguration || source.publisher == CompletionMarker.operatorStage
            || marker.configuration == stage.configuration
    }

    /// Records the facts that show later whether the partition was recreated.
    private func note(_ record: InputRecord) {
        let source = record.source
        if first[source] == nil { first[source] = FirstRecord(offset: record.offset, timestamp: record.timestamp) }
        guard !stage.sources[source].isTable else { return }
        var word = digests[source] ^ UInt64(bitPattern: record.offset &* 0x9E37_79B9)
        word = (word ^ UInt64(bitPattern: record.timestamp)) &* 0x9E37_79B9_7F4A_7C15
        digests[source] = word ^ (word >> 29)
    }

    /// Takes over the first record of a source that an earlier run stored, if it lies before the one that was read now.
    func keepFirst(_ stored: FirstRecord, of source: Int) {
        guard let now = first[source], stored.offset < now.offset else { return }
        first[source] = stored
    }

    /// The facts about a source to store with the next commit.
    func memory(of source: Int) -> PlaceMemory? {
        guard let position = positions[source] else { return nil }
        return PlaceMemory(
            offset: position,
            first: first[source],
            digest: stage.sources[source].isTable ? nil : digests[source]
        )
    }

    /// Forgets the previous value of a record's key.
    ///
    /// In a table only the newest record of a key counts, and the result must not depend on whether compaction has
    /// removed the older one.
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
            // It is not a key of the table either.
        }
    }

    /// Whether this task must quarantine the record: each stage does so only once.
    ///
    /// For a broadcast topic the first task is responsible, even for records that arrived while it was down.
    private func isQuarantined(_ record: InputRecord) -> Bool {
        guard stage.sources[record.source].isBroadcast else { return !isRestoring }
        return partition == 0 && record.offset >= (seen[record.source] ?? 0)
    }

    /// Sets how far an earlier run of this task has read a broadcast topic.
    package func wasSeen(source: Int, before offset: Int64) {
        seen[source] = offset
    }

    /// Quarantines a record that ``consume(_:)`` refused, with the next commit.
    package func quarantine(_ record: OwnedRecord, _ refusal: Refusal) {
        let entry = QuarantinedRecord(record: record, stage: stage.name, refusal: refusal)
        onQuarantine?(entry)
        found.append(entry)
        // Without content, the place and the reason remain.
        foundBytes += entry.size + 256
    }

    /// Sends the quarantined records, even if the task publishes nothing yet.
    func sendQuarantined() throws {
        for entry in found { try send(entry) }
        found = []
        foundBytes = 0
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

    /// Moves the task's position without a record, for example at the end of a partition.
    func advance(source: Int, to offset: Int64) {
        positions[source] = max(positions[source] ?? 0, offset)
    }

    /// Takes a record that this task published before the restore.
    ///
    /// A foreign record is not passed to the task and will be overwritten.
    package func recall(
        output index: Int,
        partition: Int32,
        offset: Int64,
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
        guard isOwnRecord(index, partition, offset, key: key, value: value) else { return }
        output.recount(index, partition: partition, key: key, value: value)
        output.remember(index, partition: partition, key: key, value: value)
        guard let bytes = value else { return try task.forget(output: index, key: key) }
        do {
            guard isOwn else { throw UnusableRecord("not of this topic's type", code: .foreignType) }
            try task.recall(output: index, key: key, value: bytes)
        } catch let error as UnusableRecord {
            unusable += 1
            onUnusable?(error)
        }
    }

    /// Takes a marker from the progress topic, if it belongs to this task.
    package func recall(marker: CompletionMarker.Reading) {
        guard marker.stage == stage.name, marker.partition == partition else { return }
        known.insert(marker.scope)
        if marker.configuration == stage.configuration {
            announced.insert(marker.scope)
        } else {
            // For a reader under this configuration it does not count.
            announced.remove(marker.scope)
        }
    }

    /// Whether the task left work for the next flush.
    package var hasMore: Bool { task.hasMore }
    /// A discrepancy in the task's own figures.
    package var discrepancy: String? { task.discrepancy }
    /// How long the task waits for further records of the same change.
    var settling: Duration { task.settling }

    /// Tells the task that everything up to the committed offsets has been processed.
    package func endRestore() throws { try task.endRestore(output: output) }

    /// Publishes the part of a record that is still valid, in the second reading of a rebuild.
    package func publishAgain(_ record: InputRecord) throws {
        guard !CompletionMarker.isMarker(key: record.key) else { return }
        do {
            try task.publishAgain(record, output: output)
        } catch is UnusableRecord {
            // The first reading has already handled it.
        }
    }

    /// Why nothing is published yet; nil if the task publishes.
    ///
    /// Existing publications stay as they are until the sources again hold the records that they were derived from.
    package var waitsFor: String? {
        let missing = awaited.subtracting(tracker.complete).sorted()
        guard output.isRebuilding, !missing.isEmpty else { return nil }
        return missing.joined(separator: ", ")
    }

    /// Ends the restore: passes complete scopes to the task.
    ///
    /// The next flush publishes only the differences from the earlier publications.
    package func goLive() throws {
        isRestoring = false
        output.isLive = true
        output.replayed = []
        if output.isRebuilding {
            // The markers may have been lost together with the publications. A repeated marker changes nothing.
            awaited = known
            announced = []
        }
        for scope in tracker.complete.sorted() {
            try task.complete(scope: scope)
            if !announced.contains(scope) { unannounced.insert(scope) }
        }
    }

    /// Publishes the changes, then the markers of newly complete scopes, into the open transaction.
    package func flush() throws {
        try sendQuarantined()
        guard !task.isHeld else { return }
        try task.flush(output: output)
        if output.isRebuilding, !task.hasMore {
            // Not inside the optional call: without a listener its arguments would not be evaluated.
            let retracted = try output.endRebuild { task.keeps(output: $0, key: $1) }
            onRebuilt?(retracted)
        }
        try putBack()
        // A scope is complete only when everything of it is published.
        guard !task.hasMore else { return }
        for scope in unannounced.sorted() {
            let marker = try CompletionMarker.encode(
                scope: scope,
                stage: stage.name,
                partition: partition,
                partitions: partitions,
                configuration: stage.configuration
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
