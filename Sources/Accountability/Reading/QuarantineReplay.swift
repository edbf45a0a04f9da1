internal import Kafka
internal import Logging
internal import Messages
internal import Operating
internal import Stages
internal import Streaming

/// Puts quarantined records back on their topics.
struct QuarantineReplay {
    /// The outcome of each record.
    struct Outcome {
        var replayed = 0
        var left: [(origin: String, reason: String)] = []
    }

    let connection: Connection
    /// Whether to replay a record if its key has a newer record.
    let force: Bool

    func run(_ entries: [Streaming_V1_Quarantined], reader: TopicReader) throws -> Outcome {
        var outcome = Outcome()
        let superseded = force ? [] : try superseded(entries, reader)
        // Records stay in order, and the client needs only the right to write.
        var kafka = connection.kafka
        kafka["enable.idempotence"] = "false"
        kafka["max.in.flight.requests.per.connection"] = "1"
        let producer = try Producer(kafka, logger: Logger(label: "accountability"))
        defer { producer.close(timeout: .seconds(5)) }
        for entry in entries {
            guard entry.hasContent_p else {
                outcome.left.append(
                    (entry.origin, "it is too large for the quarantine and exists only where it was found")
                )
                continue
            }
            guard !superseded.contains(entry.origin) else {
                outcome.left.append(
                    (entry.origin, "one of its keys has a newer record; --force replaces that one")
                )
                continue
            }
            try put(entry, producer)
            outcome.replayed += 1
        }
        try producer.flush(timeout: .seconds(60))
        if let failure = producer.takeDeliveryFailures().first { throw Failure(failure.error) }
        return outcome
    }

    private func put(_ entry: Streaming_V1_Quarantined, _ producer: Producer) throws {
        let headers = MessageHeaders()
        for header in entry.headers {
            let value = [UInt8](header.value)
            headers.append(header.name, header.hasValue ? value.span : nil)
        }
        let key = [UInt8](entry.key)
        let value = [UInt8](entry.value)
        try producer.produce(
            producer.topic(entry.topic),
            partition: entry.partition,
            key: entry.hasKey ? key.span : nil,
            value: entry.hasValue ? value.span : nil,
            headers: headers
        )
    }

    /// Origins of records of tables whose key has a newer record.
    private func superseded(_ entries: [Streaming_V1_Quarantined], _ reader: TopicReader) throws -> Set<String> {
        var result = try supersededBlocks(entries, reader)
        for topic in Topics.all where topic.retention == .compacted {
            let name = connection.pipeline.name(topic)
            let concerned = entries.filter { $0.topic == name && $0.hasKey }
            guard !concerned.isEmpty else { continue }
            let byKey = Dictionary(grouping: concerned) { [UInt8]($0.key) }
            try reader.read(topic) { record in
                guard let key = record.key else { return }
                for entry in byKey[[UInt8](copying: key)] ?? []
                where entry.partition == record.partition && entry.offset < record.offset {
                    result.insert(entry.origin)
                }
            }
        }
        return result
    }

    /// Origins of blocks of records if a later block has one of their keys.
    private func supersededBlocks(_ entries: [Streaming_V1_Quarantined], _ reader: TopicReader) throws -> Set<String> {
        let name = connection.pipeline.name(Topics.records)
        let concerned = entries.filter { $0.topic == name && $0.hasKey }
            .map { (entry: $0, keys: Self.keys(of: [UInt8]($0.value), under: [UInt8]($0.key))) }
        guard !concerned.isEmpty else { return [] }
        var result: Set<String> = []
        try reader.read(Topics.records) { record in
            let earlier = concerned.filter {
                $0.entry.partition == record.partition && $0.entry.offset < record.offset
                    && !result.contains($0.entry.origin)
            }
            guard !earlier.isEmpty, let key = record.key else { return }
            let value: [UInt8] = if let bytes = record.value { [UInt8](copying: bytes) } else { [] }
            let keys = Self.keys(of: value, under: [UInt8](copying: key))
            for place in earlier where !place.keys.isDisjoint(with: keys) { result.insert(place.entry.origin) }
        }
        return result
    }

    /// The keys of the rows of a record: those of its block, or its own.
    ///
    /// A value that is not a block of records has only its own key.
    private static func keys(of value: [UInt8], under key: [UInt8]) -> Set<String> {
        let own: Set = [String(decoding: key, as: UTF8.self)]
        guard RecordBlock.isRecord(value.span) else { return own }
        var block = RecordBlock()
        do throws(BlockFault) {
            try block.read(record: value.span)
        } catch {
            return own
        }
        return Set((0..<block.rows).map { block.key($0) })
    }
}
