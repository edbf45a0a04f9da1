internal import Crypto
internal import Foundation
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
    /// Confirmations are compared separately. They depend on the bytes of their determinations, and those depend on the
    /// time of publication.
    static let tables: [(topic: TopicDefinition, stage: PipelineStage)] = Topics.all
        .filter { $0 != Topics.confirmations }
        .compactMap { topic in topic.publisher.flatMap { PipelineStage(rawValue: $0) }.map { (topic, $0) } }

    let connection: Connection

    init(_ connection: Connection) {
        self.connection = connection
    }

    /// Bytes of the ledger that are read before the stages process them.
    private static let step = 16 << 20

    /// What differs, by table.
    func findings() throws -> [Finding] {
        let reader = try TopicReader(connection)
        defer { reader.close() }
        let computed = try compute(reader)
        var findings: [Finding] = []
        findings += computed.unusable
        for (topic, stage) in Self.tables {
            findings += try compare(topic, stage, computed, reader)
        }
        findings.append(try confirmed(reader))
        return findings
    }

    /// The tables that the stages publish from the ledger.
    private func compute(_ reader: TopicReader) throws -> ComputedTables {
        let pipeline = connection.pipeline
        let ledger = pipeline.name(Topics.submissions)
        let counts = try PipelineTopics(connection).partitionCounts()
        let computed = ComputedTables()
        let topics = Dictionary(uniqueKeysWithValues: Self.tables.map { (pipeline.name($0.topic), $0.topic) })
        let frameworks = try connection.frameworks()
        let driver = try ProcessDriver(
            stages: pipeline.stages(under: frameworks).filter { $0.name != PipelineStage.notification.name },
            topics: counts,
            progressTopic: pipeline.name(Topics.progress),
            completionType: Topics.completionType,
            threads: ProcessInfo.processInfo.activeProcessorCount,
            watched: Set(topics.keys)
        ) { name, partition, batch in
            guard let topic = topics[name] else { return }
            try batch.visit { record in
                guard !record.isMarker else { return }
                let value: [UInt8]? = if let value = record.value { [UInt8](copying: value) } else { nil }
                try computed.take([UInt8](copying: record.key), value, of: topic, in: partition)
            }
        }
        try recall(reader, into: driver, computed)
        try feed(reader, into: driver, computed, partitions: counts[ledger] ?? 0)
        try driver.settle()
        computed.unusable = Dictionary(driver.unusable.map { ($0, 1) }, uniquingKeysWith: +)
            .map { record, count in
                .warning(
                    "recomputed",
                    record.topic,
                    "the \(record.stage) stage cannot use \(Words.count(count, "record")): \(record.reason)",
                    "`accountability quarantine` lists them; a newer program may have written them"
                )
            }
            .sorted { ($0.place, $0.why) < ($1.place, $1.why) }
        return computed
    }

    /// Gives the stages what they published and the ledger does not give.
    ///
    /// The norm of a release is the state when it was taken. Disclosure decisions are stored in the publications.
    private func recall(_ reader: TopicReader, into driver: ProcessDriver, _ computed: ComputedTables) throws {
        for (topic, isWanted) in Self.recalled {
            var newest: [Place: [UInt8]] = [:]
            try reader.read(topic) { record in
                let record = record.detach()
                guard let key = record.key, isWanted(String(decoding: key, as: UTF8.self)) else { return }
                newest[Place(partition: record.partition, key: key)] = record.value
            }
            for (place, value) in newest.sorted(by: {
                ($0.key.partition, $0.key.text) < ($1.key.partition, $1.key.text)
            }) {
                try computed.take(place.key, value, of: topic, in: place.partition)
                try driver.recall(
                    topic: connection.pipeline.name(topic),
                    partition: place.partition,
                    key: place.key.span,
                    value: value.span
                )
            }
        }
    }

    /// Lets the stages process the ledger, up to its end as it is now.
    private func feed(
        _ reader: TopicReader,
        into driver: ProcessDriver,
        _ computed: ComputedTables,
        partitions: Int32
    ) throws {
        let ledger = connection.pipeline.name(Topics.submissions)
        var batches = Array(repeating: MemoryBatch(), count: Int(partitions))
        func hand() throws {
            for (partition, batch) in batches.enumerated() where !batch.isEmpty {
                driver.feed(batch, topic: ledger, partition: Int32(clamping: partition))
                batches[partition] = MemoryBatch()
            }
            try driver.advance()
        }
        let expected = Array(Topics.submissions.eventType.utf8)
        let completion = Array(Topics.completionType.utf8)
        var bytes = 0
        try reader.read(Topics.submissions, markers: true) { record in
            guard let key = record.key, batches.indices.contains(Int(record.partition)) else { return }
            let isMarker = CompletionMarker.isMarker(key: key)
            // Workers quarantine a record whose key and type disagree.
            guard isMarker == (record.label(expected: expected, completion: completion) == .marker) else { return }
            if isMarker, let value = record.value, let marker = try? CompletionMarker.decode(value) {
                computed.closed.insert(marker.scope)
            }
            batches[Int(record.partition)].append(key: key, value: record.value, isMarker: isMarker)
            bytes += key.count + (record.value?.count ?? 0)
            guard bytes >= Self.step else { return }
            bytes = 0
            try hand()
        }
        try hand()
    }

    /// Records that a stage remembers because the ledger does not give them.
    private static let recalled: [(topic: TopicDefinition, isWanted: @Sendable (String) -> Bool)] = [
        (
            Topics.percentiles,
            { key in if case .norm = PercentileKey(key)?.entry { true } else { false } }
        ),
        (Topics.publications, { _ in true }),
    ]

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
            return .ok("recomputed", name, "\(standing.count) determinations, each as its stage confirmed it")
        }
        return .problem(
            "recomputed",
            name,
            "\(differing.count) of \(standing.count) determinations differ from what their stage confirmed, such as \(first)",
            "`accountability rebuild --stage \(PipelineStage.determination)`"
        )
    }

    /// The place of a record: a student who moves has a tombstone in one partition and a record in another.
    fileprivate struct Place: Hashable {
        let partition: Int32
        let key: [UInt8]

        var text: String { String(decoding: key, as: UTF8.self) }
    }

    /// The newest value of each key, by table.
    private final class ComputedTables {
        private(set) var tables: [String: [Place: [UInt8]]] = [:]
        /// Records that a stage could not use.
        var unusable: [Finding] = []
        /// The years that the ledger closes.
        var closed: Set<String> = []

        func take(_ key: [UInt8], _ value: [UInt8]?, of topic: TopicDefinition, in partition: Int32) throws {
            try Recomputation.take(key, value, of: topic, in: partition, into: &tables[topic.entity, default: [:]])
        }
    }

    private func compare(
        _ topic: TopicDefinition,
        _ stage: PipelineStage,
        _ tables: ComputedTables,
        _ reader: TopicReader
    ) throws -> [Finding] {
        let computed = tables.tables[topic.entity] ?? [:]
        let name = connection.pipeline.name(topic)
        var published: [Place: [UInt8]] = [:]
        try reader.read(topic) { record in
            let record = record.detach()
            guard let key = record.key else { return }
            try Self.take(key, record.value, of: topic, in: record.partition, into: &published)
        }
        let differing = try Set(published.keys).union(computed.keys)
            .filter { try Self.core(published[$0], topic) != Self.core(computed[$0], topic) }
            .map(\.text).sorted()
        let early = EarlyRecords(differing, closed: tables.closed)
        let findings = early.findings(name)
        guard let first = early.others.first else {
            return findings.isEmpty
                ? [.ok("recomputed", name, "\(published.count) records, all as computed")] : findings
        }
        // The key of a record contains a pseudonym, so it is not printed.
        let example = topic == Topics.records ? "" : ", such as \(first)"
        return findings + [
            .problem(
                "recomputed",
                name,
                "\(early.others.count) of \(published.count) records do not follow from the ledger\(example)",
                "`accountability rebuild --stage \(stage)`"
            )
        ]
    }

    /// Notes a record of a table, or the rows of a block of records.
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
            // A single fact, as written before blocks existed.
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

    /// A single fact as a block of one row.
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
