import Kafka

/// The destination of publications: a transaction on a broker, or memory.
public protocol RecordSink: AnyObject {
    /// Adds a record to the open transaction.
    ///
    /// - `topic`: the topic's name on the broker.
    /// - `eventType`: the record's `ce_type`.
    /// - `value`: nil is a tombstone.
    /// - `cause`: why the task published it, for the header `ce_cause`; if empty, there is no header.
    func send(
        topic: String,
        partition: Int32,
        key: Span<UInt8>,
        value: Span<UInt8>?,
        eventType: String,
        cause: String
    ) throws
}

/// The output of a task.
///
/// It drops unchanged records and counts the changed ones.
public final class TaskOutput {
    /// The task's own partition.
    public let partition: Int32
    /// Partitions of each output.
    public let partitions: [Int32]
    /// The number of publications sent.
    public internal(set) var sent = 0
    /// Rows that the stage refused.
    ///
    /// The stage itself counts them.
    public var refused = 0

    private let outputs: [Output]
    private let sink: any RecordSink
    private var published: [[PublishedKey: Digest]]
    /// For each output with an account: the sums of this task's published records, by partition.
    private(set) var sums: [[Int32: PublishedSum]]
    /// The number of records sent to each partition since ``takeSent()`` was last called, by output.
    private var sentTo: [[Int32: Int64]]
    /// During a rebuild: the records that were read back and not yet published again, by output.
    private var unconfirmed: [[PublishedKey: [UInt8]]]?
    /// Outputs to which a rebuild publishes during the restore, before the task is live.
    package var replayed: Set<Int> = []

    /// For each output, by partition: records that were sent and not read back yet; nil if the output is not watched.
    private var echoes: [[Int32: Echoes]]?

    /// Keys of outputs without memory under which foreign records were found, and nothing was sent since.
    private var contested: Set<WatchedKey> = []

    /// Whether publications are sent.
    ///
    /// While false, the task is being restored and all publications are dropped. A task may skip making them.
    public internal(set) var isLive = false
    /// The causes of publications since ``takeCauses()`` was last called.
    private var causes: Set<String> = []
    private static let mostCauses = 100

    init(
        outputs: [Output],
        partition: Int32,
        partitions: [Int32],
        sink: any RecordSink,
        isRebuilding: Bool = false,
        isWatched: Bool = false
    ) {
        echoes = isWatched ? outputs.map { _ in [:] } : nil
        unconfirmed = isRebuilding ? outputs.map { _ in [:] } : nil
        self.outputs = outputs
        self.partition = partition
        self.partitions = partitions
        self.sink = sink
        published = outputs.map { _ in [:] }
        sums = outputs.map { _ in [:] }
        sentTo = outputs.map { _ in [:] }
    }

    /// Returns the number of records sent to each partition since the last call, by output.
    func takeSent() -> [[Int32: Int64]] {
        defer { sentTo = outputs.map { _ in [:] } }
        return sentTo
    }

    /// Whether the published records are being rebuilt.
    public var isRebuilding: Bool { unconfirmed != nil }

    /// Whether publications to an output are currently sent.
    public func sends(_ output: Int) -> Bool { isLive || replayed.contains(output) }

    /// Whether the task remembers what it has published to an output.
    private func remembers(_ output: Int) -> Bool {
        switch outputs[output].memory {
        case .none, .watchOnly: false
        case .ownPartition, .everyPartition: true
        case .whileRebuilding: isRebuilding && outputs[output].isTable
        }
    }

    /// Takes over the account of what an earlier run of this task has published to a log.
    package func adopt(_ output: Int, partition: Int32, _ sum: PublishedSum) {
        sums[output][partition] = sum
    }

    /// Counts an existing record of a log during a rebuild, because the new account starts with the existing records.
    func recount(_ output: Int, partition: Int32, key: Span<UInt8>, value: Span<UInt8>?) {
        guard isRebuilding, outputs[output].account == .log else { return }
        let digest = if let value { Digest(value) } else { Digest.ofNothing }
        sums[output][partition, default: PublishedSum()].add(key: Digest(key), value: digest)
    }

    /// Ends a rebuild: retracts the records that were not published again.
    ///
    /// - `keeps`: returns whether to keep a record anyway.
    ///
    /// Returns how many records were retracted.
    func endRebuild(keeps: (Int, Span<UInt8>) -> Bool) throws -> Int {
        guard let standing = unconfirmed else { return 0 }
        var count = 0
        for output in outputs.indices where outputs[output].isTable {
            let rest = standing[output]
                .sorted {
                    $0.key.partition != $1.key.partition
                        ? $0.key.partition < $1.key.partition : $0.value.lexicographicallyPrecedes($1.value)
                }
            for (place, key) in rest where !keeps(output, key.span) {
                _ = stand(output, place, nil)
                count += 1
                try send(output, place.partition, key.span, nil, "")
            }
        }
        unconfirmed = nil
        for output in outputs.indices where !remembers(output) { published[output] = [:] }
        return count
    }

    /// The causes of what was published since the last call.
    func takeCauses() -> Set<String> {
        defer { causes = [] }
        return causes
    }

    private func note(_ cause: String) {
        guard !cause.isEmpty, causes.count < Self.mostCauses else { return }
        causes.formUnion(CauseSet(cause).names)
    }

    /// Sets the digest of a key's published value; nil for none.
    ///
    /// Returns the previous digest.
    private func stand(_ output: Int, _ place: PublishedKey, _ value: Digest?) -> Digest? {
        let before: Digest? =
            if let value {
                published[output].updateValue(value, forKey: place)
            } else {
                published[output].removeValue(forKey: place)
            }
        guard outputs[output].account == .table, before != value else { return before }
        var sum = sums[output][place.partition] ?? PublishedSum()
        if let before { sum.remove(key: place.key, value: before) }
        if let value { sum.add(key: place.key, value: value) }
        sums[output][place.partition] = sum
        return before
    }

    private func send(_ output: Int, _ partition: Int32, _ key: Span<UInt8>, _ value: Span<UInt8>?, _ cause: String)
        throws
    {
        sent += 1
        sentTo[output][partition, default: 0] += 1
        note(cause)
        if outputs[output].account == .log {
            let digest = if let value { Digest(value) } else { Digest.ofNothing }
            sums[output][partition, default: PublishedSum()].add(key: Digest(key), value: digest)
        }
        if outputs[output].isWatched { echoes?[output][partition, default: Echoes()].add(key, value) }
        if !contested.isEmpty { contested.remove(WatchedKey(output: output, key: PublishedKey(partition, key))) }
        try sink.send(
            topic: outputs[output].topic,
            partition: partition,
            key: key,
            value: value,
            eventType: outputs[output].eventType,
            cause: cause
        )
    }

    /// The marks of the records that were sent to a partition and not read back yet; nil if there are more than this.
    func awaited(_ output: Int, partition: Int32, most: Int) -> [UInt64]? {
        guard let own = echoes?[output][partition] else { return [] }
        return own.count <= most ? own.all : nil
    }

    /// Expects records that an earlier run of the task has sent.
    func expect(_ output: Int, partition: Int32, _ marks: [UInt64]) {
        echoes?[output][partition] = Echoes(marks)
    }

    /// Whether this task has sent a record and not read it back yet.
    func awaits(_ output: Int, partition: Int32, key: Span<UInt8>, value: Span<UInt8>?) -> Bool {
        echoes?[output][partition]?.contains(key, value) ?? false
    }

    /// Checks a record that was read back from an output.
    ///
    /// Returns nil if this task sent it, or if it equals the published value.
    func stranger(_ output: Int, _ place: TopicPartition, _ offset: Int64, key: Span<UInt8>, value: Span<UInt8>?)
        -> Stranger?
    {
        let name = PublishedKey(place.partition, key)
        guard echoes?[output][place.partition]?.take(key, value) != true else {
            // It came after the foreign record.
            if !contested.isEmpty { contested.remove(WatchedKey(output: output, key: name)) }
            return nil
        }
        let standing = published[output][name]
        let isKnown = remembers(output)
        guard !isKnown || standing != Digest(of: value) else { return nil }
        if !isKnown { contested.insert(WatchedKey(output: output, key: name)) }
        return Stranger(
            output: output,
            place: place,
            key: [UInt8](copying: key),
            offset: offset,
            standing: isKnown ? .some(standing) : nil
        )
    }

    /// Publishes the task's own record over a foreign one, byte for byte, unless the task has published a newer value.
    func putBack(_ stranger: Stranger) throws {
        let name = PublishedKey(stranger.place.partition, stranger.key.span)
        let isNewest =
            if let standing = stranger.standing {
                published[stranger.output][name] == standing
            } else {
                contested.contains(WatchedKey(output: stranger.output, key: name))
            }
        guard isNewest, stranger.isAnswered else { return }
        guard let own = stranger.own, let value = own.value else {
            return try send(stranger.output, stranger.place.partition, stranger.key.span, nil, "")
        }
        guard own.offset < stranger.offset else { return }
        try send(stranger.output, stranger.place.partition, stranger.key.span, value.span, own.cause)
    }

    /// Publishes the newest value of a key.
    ///
    /// - `output`: an index into ``Stage/outputs``.
    /// - `cause`: the submissions or acts that caused it, as the text of a ``CauseSet``; empty if unknown.
    public func publish(
        _ output: Int,
        partition: Int32,
        key: Span<UInt8>,
        value: Span<UInt8>,
        cause: String
    ) throws {
        guard sends(output) else { return }
        if remembers(output) {
            let (place, digest) = (PublishedKey(partition, key), Digest(value))
            unconfirmed?[output][place] = nil
            if stand(output, place, digest) == digest { return }
        }
        try send(output, partition, key, value, cause)
    }

    /// Publishes the newest value of a key.
    ///
    /// Key and value are text and bytes.
    public func publish(_ output: Int, partition: Int32, key: String, value: [UInt8], cause: String) throws {
        let bytes = Array(key.utf8)
        try publish(output, partition: partition, key: bytes.span, value: value.span, cause: cause)
    }

    /// Retracts a key with a tombstone.
    ///
    /// If the output has memory, a key that was never published is ignored.
    public func retract(_ output: Int, partition: Int32, key: Span<UInt8>, cause: String) throws {
        guard sends(output) else { return }
        if remembers(output) {
            let place = PublishedKey(partition, key)
            unconfirmed?[output][place] = nil
            guard stand(output, place, nil) != nil else { return }
        }
        try send(output, partition, key, nil, cause)
    }

    /// Retracts a key given as text.
    public func retract(_ output: Int, partition: Int32, key: String, cause: String) throws {
        let bytes = Array(key.utf8)
        try retract(output, partition: partition, key: bytes.span, cause: cause)
    }

    /// Publishes the newest value of a key to every partition of an output, for a table that every reading task needs
    /// completely.
    public func publishEverywhere(_ output: Int, key: Span<UInt8>, value: Span<UInt8>, cause: String) throws {
        for partition in 0..<partitions[output] {
            try publish(output, partition: partition, key: key, value: value, cause: cause)
        }
    }

    /// Retracts a key from every partition of an output.
    public func retractEverywhere(_ output: Int, key: Span<UInt8>, cause: String) throws {
        for partition in 0..<partitions[output] {
            try retract(output, partition: partition, key: key, cause: cause)
        }
    }

    /// Whether this key has a published value, in an output with memory.
    public func hasPublished(_ output: Int, partition: Int32, key: Span<UInt8>) -> Bool {
        published[output][PublishedKey(partition, key)] != nil
    }

    /// Remembers a record that was published before the restore.
    func remember(_ output: Int, partition: Int32, key: Span<UInt8>, value: Span<UInt8>?) {
        guard remembers(output) else { return }
        let place = PublishedKey(partition, key)
        if let value = value {
            _ = stand(output, place, Digest(value))
            if isRebuilding { unconfirmed?[output][place] = [UInt8](copying: key) }
        } else {
            _ = stand(output, place, nil)
            unconfirmed?[output][place] = nil
        }
    }
}
