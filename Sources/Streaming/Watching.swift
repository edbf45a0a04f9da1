import Kafka
import Logging

/// A record in an output that was not published by the task that answers for its key.
struct Stranger {
    let output: Int
    let place: TopicPartition
    let key: [UInt8]
    let offset: Int64
    /// What the task had published under the key; nil for nothing.
    let standing: Digest?
    /// The bytes of that as they were read again, with their cause and the place where they stand last.
    var own: (value: [UInt8], cause: String, offset: Int64)?

    /// Whether it is known what to publish over it.
    var isAnswered: Bool { standing == nil || own != nil }
}

extension Output {
    /// Whether the stage looks whether anyone else publishes there: it has to know what stands.
    var isWatched: Bool {
        switch memory {
        case .ownPartition, .everyPartition: isTable
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
    /// Looks at a record that stands in an output since the task was restored.
    ///
    /// - Returns: why it is to be put in quarantine: see ``quarantine(_:_:)``; nil where the task published it.
    func watch(output index: Int, _ place: TopicPartition, _ offset: Int64, key: Span<UInt8>, value: Span<UInt8>?)
        -> Refusal?
    {
        guard offset >= watchedFrom[place] ?? 0, !CompletionMarker.isMarker(key: key),
            let stranger = output.stranger(index, place, offset, key: key, value: value)
        else { return nil }
        strangers[WatchedKey(output: index, key: PublishedKey(place.partition, key))] = stranger
        return Refusal(
            code: .foreignProducer,
            reason: "the stage that publishes this table did not publish it; what the stage published is put back"
        )
    }

    /// Partitions that have to be read again for what the task published where strangers wrote since, and up to where.
    var toReadAgain: [TopicPartition: (output: Int, end: Int64)] {
        strangers.values.filter { !$0.isAnswered }
            .reduce(into: [:]) { places, stranger in
                let end = max(stranger.offset + 1, places[stranger.place]?.end ?? 0)
                places[stranger.place] = (stranger.output, end)
            }
    }

    /// Takes a record of a partition that is read again.
    func readAgain(
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

    /// Publishes over what strangers wrote.
    func putBack() throws {
        for (_, stranger) in strangers.sorted(by: { $0.value.offset < $1.value.offset }) {
            try output.putBack(stranger)
        }
        strangers = [:]
    }
}

/// How a worker looks at what stands in the outputs of its stage: nothing but what its tasks published may.
///
/// The outputs are read beside the sources, from where the restore of a task has read them back. What comes is
/// compared with what was sent, as any producer can write any header. A stranger's record goes to quarantine, and the
/// next commit publishes what stood before, byte for byte: it is read again from the output, since a task keeps digests
/// only.
extension WorkerLoop {
    /// Has the outputs looked at from behind what new tasks have read back, or from where kept tasks are.
    func watchOutputs(of new: [TaskRunner]) {
        let kept = Set(runners.keys).subtracting(new.map(\.partition))
        for (index, place) in outputPlaces where stage.outputs[index].isWatched {
            let isKept =
                if case .ownPartition = stage.outputs[index].memory { kept.contains(place.partition) } else {
                    !kept.isEmpty
                }
            if !isKept { watchedTo[place] = new.compactMap { $0.watchedFrom[place] }.min() }
        }
    }

    /// Looks at a record of an output.
    ///
    /// - Returns: whether a stranger wrote it.
    func watch(_ record: borrowing Record) throws -> Bool {
        guard let index = outputByTopic[record.topicIndex] else { return false }
        let output = stage.outputs[index]
        let place = TopicPartition(topic: output.topic, partition: record.partition)
        guard let from = watchedTo[place] else { return false }
        guard record.offset >= from else {
            throw Self.madeAnew(place, "it was looked at to \(from), and begins again at \(record.offset)")
        }
        watchedTo[place] = record.offset + 1
        let none: [UInt8] = []
        let key: Span<UInt8> = if let bytes = record.key { bytes } else { none.span }
        guard let task = output.owner(of: key, in: record.partition, of: partitions), let runner = runners[task],
            let refusal = runner.watch(output: index, place, record.offset, key: key, value: record.value)
        else { return false }
        try runner.quarantine(record.detach(), refusal)
        return true
    }

    /// Reads again what tasks published where strangers wrote since, for the commit that puts it back.
    ///
    /// - Throws: ``RuntimeError`` where it is gone: a restart makes anew what stands published.
    func readOwnAgain() throws {
        // A worker that stops leaves it to its next life, which finds that its account does not add up.
        let concerned = runners.values.filter { !$0.toReadAgain.isEmpty }
        guard !concerned.isEmpty, !shouldStop() else { return }
        guard try makeRestore().runBack(concerned, progress: { _ in !shouldStop() }) else { return }
        guard let place = concerned.flatMap(\.toReadAgain.keys).min() else { return }
        throw RuntimeError(
            .fatal,
            "a stranger wrote into \(place) over a record that is not there any more; a restart makes it anew"
        )
    }
}
