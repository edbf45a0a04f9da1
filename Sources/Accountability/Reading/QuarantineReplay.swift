internal import Kafka
internal import Logging
internal import Messages
internal import Operating
internal import Stages
internal import Streaming

/// Puts records that were in quarantine back where they came from.
struct QuarantineReplay {
    /// What became of the records.
    struct Outcome {
        var replayed = 0
        var left: [(origin: String, reason: String)] = []
    }

    let connection: Connection
    /// Also where the key has got another record since.
    let force: Bool

    func run(_ entries: [Streaming_V1_Quarantined], reader: TopicReader) throws -> Outcome {
        var outcome = Outcome()
        let superseded = force ? [] : try superseded(entries, reader)
        // In order, and with nothing asked of the cluster but to write.
        var kafka = connection.kafka
        kafka["enable.idempotence"] = "false"
        kafka["max.in.flight.requests.per.connection"] = "1"
        let producer = try Producer(kafka, logger: Logger(label: "accountability"))
        defer { producer.close(timeout: .seconds(5)) }
        for entry in entries {
            guard entry.hasContent_p else {
                outcome.left.append(
                    (entry.origin, "it is too large for the quarantine and stands where it was found alone")
                )
                continue
            }
            guard !superseded.contains(entry.origin) else {
                outcome.left.append(
                    (entry.origin, "its key has got another record since; --force puts this one over it")
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

    /// Origins of records of tables whose key has got a newer record.
    private func superseded(_ entries: [Streaming_V1_Quarantined], _ reader: TopicReader) throws -> Set<String> {
        var result: Set<String> = []
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
}
