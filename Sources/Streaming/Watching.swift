package import Kafka
import Logging

/// A foreign record in an output: the task that owns its key did not publish it.
struct Stranger {
    let output: Int
    let place: TopicPartition
    let key: [UInt8]
    let offset: Int64
    /// The digest of what the task had published under the key; nil for nothing.
    let standing: Digest?
    /// Whether the task can publish its own over it; in a log every record remains.
    let canBeReplaced: Bool
    /// The task's own record, read again: its bytes, its cause and its last offset.
    var own: (value: [UInt8], cause: String, offset: Int64)?

    /// Whether the task knows what to publish over the foreign record.
    var isAnswered: Bool { standing == nil || own != nil }
}

extension Output {
    /// Whether the stage watches this output for foreign records.
    ///
    /// For this it must remember what it published. A foreign record in a log cannot be taken back; it goes to
    /// quarantine, which raises the alarm.
    package var isWatched: Bool {
        switch memory {
        case .ownPartition, .everyPartition: true
        case .none, .whileRebuilding: false
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
    /// - Returns: why the record must be quarantined, see ``quarantine(_:_:)``; nil if the task published it.
    package func watch(
        output index: Int,
        _ place: TopicPartition,
        _ offset: Int64,
        key: Span<UInt8>,
        value: Span<UInt8>?
    ) -> Refusal? {
        guard offset >= watchedFrom[place] ?? 0, !CompletionMarker.isMarker(key: key),
            let stranger = output.stranger(index, place, offset, key: key, value: value)
        else { return nil }
        guard stranger.canBeReplaced else {
            return Refusal(
                code: .foreignProducer,
                reason: "the stage that owns this topic did not publish this record, and cannot take it back"
            )
        }
        strangers[WatchedKey(output: index, key: PublishedKey(place.partition, key))] = stranger
        return Refusal(
            code: .foreignProducer,
            reason: "the stage that owns this table did not publish this record; its own is published again"
        )
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
        let key = WatchedKey(output: index, key: PublishedKey(partition, key))
        guard let standing = strangers[key]?.standing, let value, Digest(value) == standing else { return }
        let text = if let cause { String(decoding: [UInt8](copying: cause), as: UTF8.self) } else { "" }
        strangers[key]?.own = ([UInt8](copying: value), text, offset)
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
/// quarantined, and the next commit publishes the previous record again, byte for byte. That record is first read back
/// from the output, because a task keeps only digests.
extension WorkerLoop {
    /// Starts watching the outputs: for new tasks after the records that they read back, for kept tasks at their
    /// position.
    func watchOutputs(of new: [TaskRunner]) {
        let kept = Set(runners.keys).subtracting(new.map(\.partition))
        for (index, place) in outputPlaces where stage.outputs[index].isWatched {
            let isKept =
                if case .ownPartition = stage.outputs[index].memory { kept.contains(place.partition) } else {
                    !kept.isEmpty
                }
            if !isKept { outputContinuity.watch(place, from: new.compactMap { $0.watchedFrom[place] }.min()) }
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
        guard let task = output.owner(of: key, in: record.partition, of: partitions), let runner = runners[task],
            let refusal = runner.watch(output: index, place, record.offset, key: key, value: record.value)
        else { return false }
        try runner.quarantine(record.detach(), refusal)
        return true
    }

    /// Reads the tasks' overwritten records again, so that the next commit can publish them.
    ///
    /// - Throws: ``RuntimeError`` if one is gone: a restart then rebuilds the published records.
    func readOwnAgain() throws {
        // A worker that is stopping leaves this to its next run, which will find that its account does not add up.
        let concerned = runners.values.filter { !$0.toReadAgain.isEmpty }
        guard !concerned.isEmpty, !shouldStop() else { return }
        guard try makeRestore().runBack(concerned, progress: { _ in !shouldStop() }) else { return }
        guard let place = concerned.flatMap(\.toReadAgain.keys).min() else { return }
        throw RuntimeError(
            .fatal,
            "another program wrote to \(place) over a record that no longer exists. Restart the worker: it rebuilds the record"
        )
    }
}
