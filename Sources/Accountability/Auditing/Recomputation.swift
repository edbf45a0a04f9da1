internal import Crypto
internal import Kafka
internal import Messages
internal import Operating
internal import Reading
internal import Stages
internal import Streaming
internal import SwiftProtobuf

/// Computes every table from the ledger again in this process, and compares it with the published one.
struct Recomputation {
    /// The tables that are compared, with the stage that publishes each.
    ///
    /// A confirmation follows from the bytes of its determination, and those from when it was published.
    static let tables: [(topic: TopicDefinition, stage: PipelineStage)] = Topics.all
        .filter { $0 != Topics.confirmations }
        .compactMap { topic in topic.publisher.flatMap { PipelineStage(rawValue: $0) }.map { (topic, $0) } }

    let connection: Connection

    init(_ connection: Connection) {
        self.connection = connection
    }

    /// What differs, by table.
    func findings() throws -> [Finding] {
        let pipeline = connection.pipeline
        let counts = try PipelineTopics(connection).partitionCounts()
        var disturbances = InMemoryDriver.Disturbances()
        disturbances.batch = 4096
        let driver = try InMemoryDriver(
            stages: pipeline.stages.filter { $0.name != PipelineStage.notification.name },
            topics: counts,
            progressTopic: pipeline.name(Topics.progress),
            completionType: Topics.completionType,
            quarantine: pipeline.quarantine,
            seed: 1,
            disturbances: disturbances
        )
        let reader = try TopicReader(connection)
        defer { reader.close() }
        try read(Topics.submissions, reader, into: driver)
        // The norm of a release is the state when it was taken, which cannot be derived from the ledger.
        try read(Topics.percentiles, reader, into: driver) { key in
            if case .norm = PercentileKey(key)?.entry { true } else { false }
        }
        // Nor can disclosure decisions, which are stored in the publications.
        try read(Topics.publications, reader, into: driver)
        try driver.run()
        var findings: [Finding] = []
        for (topic, stage) in Self.tables { findings.append(try compare(topic, stage, driver, reader)) }
        findings.append(try confirmed(reader))
        return findings
    }

    /// Checks that the stage has confirmed exactly the published determinations.
    private func confirmed(_ reader: TopicReader) throws -> Finding {
        var standing: [[UInt8]: [UInt8]] = [:]
        try reader.read(Topics.determinations) { record in
            let record = record.detach()
            if let key = record.key { standing[key] = record.value.map { Array(SHA256.hash(data: $0)) } }
        }
        var confirmed: [[UInt8]: [UInt8]] = [:]
        try reader.read(Topics.confirmations) { record in
            let record = record.detach()
            guard let key = record.key else { return }
            confirmed[key] = record.value
                .map { (try? Accountability_V1_Confirmation(serializedBytes: $0)).map { [UInt8]($0.sha256) } ?? [] }
        }
        let name = connection.pipeline.name(Topics.confirmations)
        let differing = Set(standing.keys).union(confirmed.keys).filter { standing[$0] != confirmed[$0] }
            .map { String(decoding: $0, as: UTF8.self) }.sorted()
        guard let first = differing.first else {
            return .ok("recomputed", name, "\(standing.count) determinations, each as its stage stands by it")
        }
        return .problem(
            "recomputed",
            name,
            "\(differing.count) of \(standing.count) determinations are not those that their stage stands by, such as \(first)",
            "`accountability rebuild --stage \(PipelineStage.determination)`"
        )
    }

    private func read(
        _ topic: TopicDefinition,
        _ reader: TopicReader,
        into driver: InMemoryDriver,
        where wanted: (String) -> Bool = { _ in true }
    ) throws {
        let name = connection.pipeline.name(topic)
        try reader.read(topic, markers: true) { record in
            let record = record.detach()
            let key = record.key ?? []
            guard wanted(String(decoding: key, as: UTF8.self)) else { return }
            driver.append(
                StoredRecord(
                    key: key,
                    value: record.value,
                    eventType: record.header("ce_type"),
                    cause: record.header("ce_cause")
                ),
                topic: name,
                partition: record.partition
            )
        }
    }

    /// Where a record stands: a student who moves has a tombstone in one partition and a record in another.
    private struct Place: Hashable {
        let partition: Int32
        let key: [UInt8]
    }

    private func compare(
        _ topic: TopicDefinition,
        _ stage: PipelineStage,
        _ driver: InMemoryDriver,
        _ reader: TopicReader
    ) throws -> Finding {
        let name = connection.pipeline.name(topic)
        var published: [Place: [UInt8]] = [:]
        try reader.read(topic) { record in
            let record = record.detach()
            guard let key = record.key else { return }
            try Self.take(key, record.value, of: topic, in: record.partition, into: &published)
        }
        var computed: [Place: [UInt8]] = [:]
        for (partition, records) in (driver.topics[name] ?? []).enumerated() {
            for record in records where !CompletionMarker.isMarker(key: record.key.span) {
                try Self.take(record.key, record.value, of: topic, in: Int32(partition), into: &computed)
            }
        }
        let differing = try Set(published.keys).union(computed.keys)
            .filter { try Self.core(published[$0], topic) != Self.core(computed[$0], topic) }
            .map { String(decoding: $0.key, as: UTF8.self) }.sorted()
        guard let first = differing.first else {
            return .ok("recomputed", name, "\(published.count) records, all as they must be")
        }
        // A key of records has a pseudonym in it.
        let example = topic == Topics.records ? "" : ", such as \(first)"
        return .problem(
            "recomputed",
            name,
            "\(differing.count) of \(published.count) records do not follow from the ledger\(example)",
            "`accountability rebuild --stage \(stage)`"
        )
    }

    /// Takes note of a record of a table, or of the rows of a block of records.
    private static func take(
        _ key: [UInt8],
        _ value: [UInt8]?,
        of topic: TopicDefinition,
        in partition: Int32,
        into table: inout [Place: [UInt8]]
    ) throws {
        guard topic == Topics.records else {
            table[Place(partition: partition, key: key)] = value
            return
        }
        guard let value, RecordBlock.isRecord(value.span) else {
            // A fact by itself, as there were before there were blocks.
            table[Place(partition: partition, key: key)] = try value.flatMap { try single($0, under: key) }
            return
        }
        var block = RecordBlock()
        do throws(BlockFault) {
            try block.read(record: value.span)
        } catch {
            table[Place(partition: partition, key: key)] = value
            return
        }
        for row in 0..<block.rows {
            // An unchanged row is not published again, so its origin is not compared.
            table[Place(partition: partition, key: Array(block.key(row).utf8))] = try block.canonical(row)
        }
    }

    /// A fact by itself as a block of one row.
    private static func single(_ value: [UInt8], under key: [UInt8]) throws -> [UInt8]? {
        guard let message = try? Accountability_V1_Record(serializedBytes: value), let content = message.content,
            let layout = Layout(of: content), let organization = UInt32(message.orgCode)
        else { return value }
        var block = RecordBlock(schoolYear: Int(message.schoolYear), layout: layout)
        if let fact = StudentFact(content) {
            block.append(fact, organization: organization, submission: "", line: 0)
        } else {
            let name = String(decoding: key, as: UTF8.self).split(separator: "/", maxSplits: 2).last.map(String.init)
            block.append(content, key: name ?? "", organization: organization, submission: "", line: 0)
        }
        return try block.take()
    }

    /// A value without what belongs to its publication: when, why and how often it was published.
    private static func core(_ value: [UInt8]?, _ topic: TopicDefinition) throws -> [UInt8]? {
        guard let value else { return nil }
        switch topic {
        case Topics.determinations:
            guard let message = try? Accountability_V1_Determination(serializedBytes: value) else { return value }
            return try message.withoutPublication.serializedBytes()
        case Topics.publications:
            let body = SchemaFraming.message(of: value)
            guard let message = try? Accountability_V1_Publication(serializedBytes: body) else { return value }
            return try message.withoutRevision.serializedBytes()
        default: return value
        }
    }
}
