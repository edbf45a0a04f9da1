/// Where publications go: a transaction on a broker, or memory.
public protocol RecordSink: AnyObject {
    /// Adds a record to the open transaction.
    ///
    /// - `topic`: the topic's name on the broker.
    /// - `eventType`: the record's `ce_type`.
    /// - `value`: nil is a tombstone.
    /// - `cause`: what made the task publish, the header `ce_cause`; none when empty.
    func send(
        topic: String,
        partition: Int32,
        key: Span<UInt8>,
        value: Span<UInt8>?,
        eventType: String,
        cause: String
    ) throws
}

/// What a task publishes through: it drops what did not change and counts what did.
public final class TaskOutput {
    /// Partitions of each output.
    public let partitions: [Int32]
    /// Publications that were sent.
    public internal(set) var sent = 0
    /// Rows the stage refused, as it counts them itself.
    public var refused = 0

    private let outputs: [Output]
    private let sink: any RecordSink
    private var published: [[Digest: Digest]]
    /// While what stands published is made anew: what was read back and not published again, by output.
    private var unconfirmed: [[Digest: Standing]]?
    /// Outputs to which the restore of a rebuild publishes, before the task is live.
    var replayed: Set<Int> = []

    private struct Standing {
        let key: [UInt8]
        var partitions: Set<Int32>
    }

    /// Whether publications are sent.
    ///
    /// While false everything is dropped, as the task is being restored: what would be published need not be made.
    public internal(set) var isLive = false
    /// What made the task publish since somebody asked last.
    private var causes: Set<String> = []
    private static let mostCauses = 100

    init(outputs: [Output], partitions: [Int32], sink: any RecordSink, isRebuilding: Bool = false) {
        unconfirmed = isRebuilding ? outputs.map { _ in [:] } : nil
        self.outputs = outputs
        self.partitions = partitions
        self.sink = sink
        published = outputs.map { _ in [:] }
    }

    /// Whether what stands published is being made anew.
    public var isRebuilding: Bool { unconfirmed != nil }

    /// Whether publications to an output are sent now.
    public func sends(_ output: Int) -> Bool { isLive || replayed.contains(output) }

    /// Whether it is known what stands published in an output.
    private func remembers(_ output: Int) -> Bool {
        switch outputs[output].memory {
        case .none: false
        case .ownPartition, .everyPartition: true
        case .whileRebuilding: isRebuilding
        }
    }

    /// Ends a rebuild: retracts what stood published and was not published again.
    ///
    /// - `keeps`: what stays all the same.
    ///
    /// Returns how many records were retracted.
    func endRebuild(keeps: (Int, Span<UInt8>) -> Bool) throws -> Int {
        guard let standing = unconfirmed else { return 0 }
        var count = 0
        for output in outputs.indices where outputs[output].isTable {
            for (digest, record) in standing[output]
                .sorted(by: { $0.value.key.lexicographicallyPrecedes($1.value.key) })
            where !keeps(output, record.key.span) {
                published[output][digest] = nil
                count += 1
                for partition in record.partitions.sorted() {
                    sent += 1
                    try sink.send(
                        topic: outputs[output].topic,
                        partition: partition,
                        key: record.key.span,
                        value: nil,
                        eventType: outputs[output].eventType,
                        cause: ""
                    )
                }
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
        if !cause.isEmpty, causes.count < Self.mostCauses { causes.insert(cause) }
    }

    /// Publishes the newest value of a key.
    ///
    /// - `output`: an index into ``Stage/outputs``.
    /// - `cause`: the submission or act that made it necessary; empty when unknown.
    public func publish(
        _ output: Int,
        partition: Int32,
        key: Span<UInt8>,
        value: Span<UInt8>,
        cause: String
    ) throws {
        guard sends(output) else { return }
        if remembers(output) {
            let (name, digest) = (Digest(key), Digest(value))
            unconfirmed?[output][name] = nil
            if let before = published[output].updateValue(digest, forKey: name), before == digest { return }
        }
        sent += 1
        note(cause)
        try sink.send(
            topic: outputs[output].topic,
            partition: partition,
            key: key,
            value: value,
            eventType: outputs[output].eventType,
            cause: cause
        )
    }

    /// Publishes the newest value of a key, given as text and bytes.
    public func publish(_ output: Int, partition: Int32, key: String, value: [UInt8], cause: String) throws {
        let bytes = Array(key.utf8)
        try publish(output, partition: partition, key: bytes.span, value: value.span, cause: cause)
    }

    /// States that what stands published under a key is right as it is: a rebuild does not retract it.
    ///
    /// For a task that finds so by itself and has nothing to publish.
    public func confirm(_ output: Int, key: String) {
        let bytes = Array(key.utf8)
        unconfirmed?[output][Digest(bytes.span)] = nil
    }

    /// Retracts a key with a tombstone.
    ///
    /// Where the output has memory, a key that was never published is left alone.
    public func retract(_ output: Int, partition: Int32, key: Span<UInt8>, cause: String) throws {
        guard sends(output) else { return }
        if remembers(output) {
            unconfirmed?[output][Digest(key)] = nil
            guard published[output].removeValue(forKey: Digest(key)) != nil else { return }
        }
        sent += 1
        note(cause)
        try sink.send(
            topic: outputs[output].topic,
            partition: partition,
            key: key,
            value: nil,
            eventType: outputs[output].eventType,
            cause: cause
        )
    }

    /// Retracts a key given as text.
    public func retract(_ output: Int, partition: Int32, key: String, cause: String) throws {
        let bytes = Array(key.utf8)
        try retract(output, partition: partition, key: bytes.span, cause: cause)
    }

    /// Publishes the newest value of a key to every partition of an output, for a table that each reader's task has to
    /// know whole.
    ///
    /// Memory goes by key, so publishing to one partition after another would send the first alone.
    public func publishEverywhere(_ output: Int, key: String, value: [UInt8], cause: String) throws {
        let bytes = Array(key.utf8)
        let before = sent
        try publish(output, partition: 0, key: bytes.span, value: value.span, cause: cause)
        guard sent > before else { return }
        for partition in 1..<max(1, partitions[output]) {
            sent += 1
            try sink.send(
                topic: outputs[output].topic,
                partition: partition,
                key: bytes.span,
                value: value.span,
                eventType: outputs[output].eventType,
                cause: cause
            )
        }
    }

    /// Retracts a key from every partition of an output.
    public func retractEverywhere(_ output: Int, key: String, cause: String) throws {
        let bytes = Array(key.utf8)
        let before = sent
        try retract(output, partition: 0, key: bytes.span, cause: cause)
        guard sent > before else { return }
        for partition in 1..<max(1, partitions[output]) {
            sent += 1
            try sink.send(
                topic: outputs[output].topic,
                partition: partition,
                key: bytes.span,
                value: nil,
                eventType: outputs[output].eventType,
                cause: cause
            )
        }
    }

    /// Whether a value of this key stands published, in an output with memory.
    public func hasPublished(_ output: Int, key: String) -> Bool {
        let bytes = Array(key.utf8)
        return published[output][Digest(bytes.span)] != nil
    }

    /// Takes note of a record that was published before the restore.
    func remember(_ output: Int, partition: Int32, key: Span<UInt8>, value: Span<UInt8>?) {
        let name = Digest(key)
        if let value = value {
            published[output][name] = Digest(value)
            guard isRebuilding else { return }
            var standing = unconfirmed?[output][name] ?? Standing(key: [UInt8](copying: key), partitions: [])
            standing.partitions.insert(partition)
            unconfirmed?[output][name] = standing
        } else {
            published[output][name] = nil
            unconfirmed?[output][name] = nil
        }
    }
}
