package import Kafka
import Logging

/// A foreign record in an output: the task that owns its key did not publish it.
struct Stranger {
    let output: Int
    let place: TopicPartition
    let key: [UInt8]
    let offset: Int64
    /// The digest of what the task had published under the key; the inner nil stands for nothing, the outer one for an
    /// output without memory.
    let standing: Digest??
    /// Earlier foreign records under the key.
    var earlier: Set<Int64> = []
    /// The task's own record, read again: its bytes, its cause and its last offset.
    var own: (value: [UInt8]?, cause: String, offset: Int64)?
    /// Whether the task knows what to publish over the foreign record.
    var isAnswered: Bool
    /// Whether the record does not say whose it is: it is foreign only if it replaces a record of this stage.
    var isDoubtful = false
    /// The records of which that is not known yet, with the reason to quarantine them.
    var doubted: [(record: OwnedRecord, refusal: Refusal)] = []

    init(output: Int, place: TopicPartition, key: [UInt8], offset: Int64, standing: Digest??) {
        self.output = output
        self.place = place
        self.key = key
        self.offset = offset
        self.standing = standing
        isAnswered = standing == .some(nil)
    }
}

/// How far a task had checked a partition of a log at its last commit.
package struct WatchMark: Hashable, Sendable {
    /// The records before this offset were checked.
    package var from: Int64
    /// The marks of the task's records that it had not read back yet, in order.
    var awaited: [UInt64]

    /// More marks are not stored, because a record of the topic of positions must stay small.
    static let mostAwaited = 50_000
}

extension Output {
    /// Whether the stage watches this output for foreign records.
    ///
    /// A foreign record goes to quarantine, which raises the alarm, and the task's own record is published over it. In
    /// a log too, only the newest record of a key counts for its readers.
    package var isWatched: Bool {
        switch memory {
        case .ownPartition, .everyPartition, .watchOnly: true
        case .none, .whileRebuilding: false
        }
    }

    /// Whether it is a log whose partitions are each watched by one task.
    ///
    /// Each commit stores how far it was watched. Foreign records in tables need no such mark: they change the account
    /// of what was published.
    package var isWatchedLog: Bool {
        switch memory {
        case .ownPartition, .watchOnly: !isTable
        case .none, .everyPartition, .whileRebuilding: false
        }
    }

    /// Whether only the task of the partition may have published a record of a watched output; nil if the record does
    /// not say it.
    func isOwn(_ key: Span<UInt8>, _ value: Span<UInt8>?) -> Bool? {
        if case .watchOnly(let isOwn) = memory { isOwn(key, value) } else { true }
    }

    /// The task that watches a record of the output; nil if none does.
    ///
    /// A marker names the task that sent it. A reader needs the markers of all tasks in its partition, that of the task
    /// with the same number among them, so each task watches those of its own partition only.
    package func watcher(of key: Span<UInt8>, in partition: Int32, of partitions: Int32) -> Int32? {
        guard isWatched, CompletionMarker.isMarker(key: key), !isWatchedByPartition else {
            return owner(of: key, in: partition, of: partitions)
        }
        return CompletionMarker.partition(ofKey: key)
    }

    /// Whether the task with the number of a partition watches it.
    var isWatchedByPartition: Bool {
        switch memory {
        case .ownPartition, .watchOnly: true
        case .none, .everyPartition, .whileRebuilding: false
        }
    }
}

/// A key in one partition of an output.
struct WatchedKey: Hashable {
    let output: Int
    let key: PublishedKey
}

extension TaskRunner {
    /// Checks a record that arrived in an output after the task was restored.
    ///
    /// - Returns: why the record is foreign, see ``take(stranger:_:output:)``; nil if the task published it.
    package func watch(
        output index: Int,
        _ place: TopicPartition,
        _ offset: Int64,
        key: Span<UInt8>,
        value: Span<UInt8>?
    ) -> Refusal? {
        guard offset >= watchedFrom[place] ?? 0 else { return nil }
        watchedFrom[place] = offset + 1
        guard !CompletionMarker.isMarker(key: key) else { return refusal(ofMarker: value) }
        let isOwn = stage.outputs[index].isOwn(key, value)
        guard isOwn != false, var stranger = output.stranger(index, place, offset, key: key, value: value)
        else { return nil }
        stranger.isDoubtful = isOwn == nil
        let name = WatchedKey(output: index, key: PublishedKey(place.partition, key))
        if let former = strangers[name] {
            stranger.earlier = former.earlier.union([former.offset])
            stranger.isDoubtful = stranger.isDoubtful && former.isDoubtful
            stranger.doubted = former.doubted
        }
        strangers[name] = stranger
        return Refusal(
            code: .foreignProducer,
            reason: "the stage that owns this topic did not publish this record; its own is published again"
        )
    }

    /// Takes a record that ``watch(output:_:_:key:value:)`` refused.
    ///
    /// Quarantines it, or keeps it until it is known whose it is.
    package func take(stranger record: OwnedRecord, _ refusal: Refusal, output index: Int) {
        let key = record.key ?? []
        let name = WatchedKey(output: index, key: PublishedKey(record.partition, key.span))
        guard strangers[name]?.isDoubtful == true else { return quarantine(record, refusal) }
        strangers[name]?.doubted.append((record, refusal))
    }

    /// Why a marker in an output must be quarantined: it says that this task has completed a scope, and it has not.
    ///
    /// A marker that says what is true changes nothing, whoever wrote it. What a reader did because of a false one it
    /// does not take back: when the scope is complete, everything follows that was missing.
    private func refusal(ofMarker value: Span<UInt8>?) -> Refusal? {
        guard let value, let marker = try? CompletionMarker.decode(value), marker.stage == stage.name,
            marker.partition == partition, !isComplete(marker.scope)
        else { return nil }
        return Refusal(
            code: .foreignProducer,
            reason: "another program marked \(marker.scope) as complete, and this stage has not completed it: "
                + "what readers publish of it follows from a part of the records until it is really closed"
        )
    }

    /// Takes over how far an earlier run of this task had watched a log.
    package func resume(_ mark: WatchMark, output index: Int, _ place: TopicPartition) {
        resumed[place] = mark
        recalling[place] = Echoes(mark.awaited)
        watchedFrom[place] = mark.from
        output.expect(index, partition: place.partition, mark.awaited)
    }

    /// Watches a partition of an output from an offset, unless an earlier run had not watched it that far.
    package func watch(_ place: TopicPartition, from offset: Int64) {
        watchedFrom[place] = resumed[place]?.from ?? offset
    }

    /// Whether a record that a restore reads back is the task's own.
    ///
    /// The records that the last run had not checked are its own only if it awaited them. The others are found again
    /// when the task watches the log.
    func isOwnRecord(_ index: Int, _ partition: Int32, _ offset: Int64, key: Span<UInt8>, value: Span<UInt8>?) -> Bool {
        let place = TopicPartition(topic: stage.outputs[index].topic, partition: partition)
        guard let from = resumed[place]?.from, offset >= from else { return true }
        return recalling[place]?.take(key, value) ?? false
    }

    /// How far the task has checked the logs that it watches, to store with the next commit.
    package var watchMarks: [TopicPartition: WatchMark] {
        var marks: [TopicPartition: WatchMark] = [:]
        for (index, output) in stage.outputs.enumerated() where output.isWatchedLog {
            let place = TopicPartition(topic: output.topic, partition: partition)
            guard let from = watchedFrom[place],
                let awaited = self.output.awaited(index, partition: partition, most: WatchMark.mostAwaited)
            else { continue }
            marks[place] = WatchMark(from: from, awaited: awaited)
        }
        return marks
    }

    /// The partitions to read again, and the offset to read to, to find the task's own records that foreign records
    /// have overwritten.
    package var toReadAgain: [TopicPartition: (output: Int, end: Int64)] {
        strangers.values.filter { !$0.isAnswered }
            .reduce(into: [:]) { places, stranger in
                let end = max(stranger.offset + 1, places[stranger.place]?.end ?? 0)
                places[stranger.place] = (stranger.output, end)
            }
    }

    /// Takes a record from a partition that is being read again.
    package func readAgain(
        output index: Int,
        _ partition: Int32,
        _ offset: Int64,
        key: Span<UInt8>,
        value: Span<UInt8>?,
        cause: Span<UInt8>?
    ) {
        let name = WatchedKey(output: index, key: PublishedKey(partition, key))
        guard let stranger = strangers[name] else { return }
        if let standing = stranger.standing {
            guard let value, Digest(value) == standing else { return }
            strangers[name]?.isAnswered = true
        } else {
            guard offset != stranger.offset, !stranger.earlier.contains(offset) else { return }
            // What comes later and was not sent is another foreign record, which is found when it is checked.
            guard offset < stranger.offset || output.awaits(index, partition: partition, key: key, value: value)
            else { return }
            // Another stage's record, or one that does not say whose it is, is not the task's own.
            guard stage.outputs[index].isOwn(key, value) == true else { return }
        }
        let text = if let cause { String(decoding: [UInt8](copying: cause), as: UTF8.self) } else { "" }
        let bytes: [UInt8]? = if let value { [UInt8](copying: value) } else { nil }
        strangers[name]?.own = (bytes, text, offset)
    }

    /// Everything was read again: under a key of an output without memory at which nothing was found, nothing stood.
    ///
    /// What was doubtful there is of another stage.
    package func endReadingAgain() {
        for (name, stranger) in strangers where stranger.standing == nil {
            strangers[name]?.isAnswered = true
            if stranger.isDoubtful, stranger.own == nil {
                strangers[name] = nil
                continue
            }
            for (record, refusal) in stranger.doubted { quarantine(record, refusal) }
            strangers[name]?.doubted = []
        }
    }

    /// Publishes the task's own records over the foreign ones.
    func putBack() throws {
        for (_, stranger) in strangers.sorted(by: { $0.value.offset < $1.value.offset }) {
            try output.putBack(stranger)
        }
        strangers = [:]
    }
}

/// How a worker watches the outputs of its stage: they may contain only records that its tasks published.
///
/// The worker consumes the outputs together with the sources, starting where the restore stopped reading them. It
/// compares each record with the records that it sent, because any producer can write any header. A foreign record is
/// quarantined, and the next commit publishes the previous record again, byte for byte; if there was none, a tombstone.
/// That record is first read back from the output, because a task keeps only digests, and for a log without memory not
/// even these.
extension WorkerLoop {
    /// Starts watching the outputs: for new tasks after the records that they read back, for kept tasks at their
    /// position.
    func watchOutputs(of new: [TaskRunner]) {
        let kept = Set(runners.keys).subtracting(new.map(\.partition))
        for (index, place) in outputPlaces where stage.outputs[index].isWatched {
            let isKept = stage.outputs[index].isWatchedByPartition ? kept.contains(place.partition) : !kept.isEmpty
            if !isKept { outputContinuity.watch(place, from: new.compactMap { $0.watchedFrom[place] }.min()) }
        }
    }

    /// Before a restore: takes over how far earlier runs of the tasks had watched the logs.
    ///
    /// A mark counts only if it was committed together with the committed offsets, and the log still has what was
    /// watched. Otherwise the log is watched from its end.
    func resumeWatches(of new: [TaskRunner], _ survey: Survey, _ committed: [TopicPartition: Int64]) throws {
        for (index, place) in outputPlaces where stage.outputs[index].isWatchedLog {
            guard let runner = new.first(where: { $0.partition == place.partition }) else { continue }
            let (low, high) = try patience.call("asking for the end of \(place)") { (share) throws(KafkaError) in
                try surveyor.watermarks(place, timeout: share)
            }
            runner.watch(place, from: high)
            let task = runner.partition
            let stated = survey.memory[TopicPartition(topic: Positions.published, partition: task)]
            let isTogether = stage.sources.filter { !$0.isBroadcast }
                .allSatisfy { source in
                    let place = TopicPartition(topic: source.topic, partition: task)
                    return (committed[place] ?? 0) == (survey.memory[place]?.offset ?? 0)
                }
            let wasRebuilding = survey.memory[TopicPartition(topic: Positions.renewing, partition: task)] != nil
            guard var mark = stated?.watched[place], isTogether, !wasRebuilding, mark.from <= high,
                !survey.rebuilding.contains(task), !survey.renewedOutputs.contains(index)
            else { continue }
            mark.from = max(mark.from, low)
            runner.resume(mark, output: index, place)
        }
    }

    /// Checks a record of an output.
    ///
    /// - Returns: whether another program wrote it.
    func watch(_ record: borrowing Record) throws -> Bool {
        guard let index = outputByTopic[record.topicIndex] else { return false }
        let output = stage.outputs[index]
        let place = TopicPartition(topic: output.topic, partition: record.partition)
        guard try outputContinuity.watched(place, record.offset) else { return false }
        let none: [UInt8] = []
        let key: Span<UInt8> = if let bytes = record.key { bytes } else { none.span }
        guard let task = output.watcher(of: key, in: record.partition, of: partitions), let runner = runners[task],
            let refusal = runner.watch(output: index, place, record.offset, key: key, value: record.value)
        else { return false }
        if output.isWatchedLog { metrics.noteStranger(place, record.offset) }
        runner.take(stranger: record.detach(), refusal, output: index)
        return true
    }

    /// Reads the tasks' overwritten records again, so that the next commit can publish them.
    ///
    /// - Returns: false if the worker is stopping meanwhile. Then nothing may be committed: the next run finds the
    ///   foreign records again, because how far the logs were checked is committed too.
    /// - Throws: ``RuntimeError`` if one is gone: a restart then rebuilds the published records.
    func readOwnAgain() throws -> Bool {
        let concerned = runners.values.filter { !$0.toReadAgain.isEmpty }
        guard !concerned.isEmpty else { return true }
        guard !shouldStop(), try makeRestore().runBack(concerned, progress: { _ in !shouldStop() }) else {
            return false
        }
        for runner in concerned { runner.endReadingAgain() }
        guard let place = concerned.flatMap(\.toReadAgain.keys).min() else { return true }
        throw RuntimeError(
            .fatal,
            "another program wrote to \(place) over a record that no longer exists. Restart the worker: it rebuilds the record"
        )
    }
}
