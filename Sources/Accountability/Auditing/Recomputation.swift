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

    /// How often everything is compared while records that differ change.
    private static let mostPasses = 5
    /// How long the stages may take to process what they have before another comparison.
    private static let patience: Duration = .seconds(60)

    /// What differs, by table.
    ///
    /// Tables are read one after the other, so a record that is published meanwhile differs once. Therefore only what
    /// differs in the same way again counts, after the stages have processed what they had.
    func findings() throws -> [Finding] {
        let reader = try TopicReader(connection)
        defer { reader.close() }
        var last = try pass(reader)
        for _ in 1..<Self.mostPasses where !last.isSettled {
            if let late = try StageProgress(connection).wait(for: Self.patience) {
                return [
                    .problem(
                        "recomputed",
                        connection.pipeline.group(late.stage),
                        "not compared: the \(late.stage) stage has not processed \(Words.count(late.behind, "record"))",
                        "wait until `accountability status` shows no records behind, and repeat; `accountability doctor` says if a worker fails"
                    )
                ]
            }
            last = try pass(reader).confirming(last)
        }
        return last.unusable + Self.tables.flatMap { report($0.topic, $0.stage, last) } + [reportConfirmations(last)]
    }

    /// Computes and compares everything once.
    private func pass(_ reader: TopicReader) throws -> Differences {
        let computed = try compute(reader)
        var differences = Differences(closed: computed.closed, unusable: computed.unusable)
        for (topic, stage) in Self.tables {
            differences[topic] = try compare(topic, stage, computed, reader)
        }
        differences[Topics.confirmations] = try confirmed(reader)
        return differences
    }

    /// The tables that the stages publish from the ledger.
    private func compute(_ reader: TopicReader) throws -> ComputedTables {
        let pipeline = connection.pipeline
        let ledger = pipeline.name(Topics.submissions)
        let counts = try PipelineTopics(connection).partitionCounts()
        let computed = ComputedTables(counts)
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

    /// The determinations that differ from what their stage has confirmed.
    private func confirmed(_ reader: TopicReader) throws -> Differences.Table {
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
        var table = Differences.Table(records: standing.count)
        for key in Set(standing.keys).union(confirmed.keys) {
            table.compare(Place(partition: 0, key: key), confirmed[key], standing[key])
        }
        return table
    }

    private typealias Place = Differences.Place

    /// The newest value of each key, by table.
    private final class ComputedTables {
        private(set) var tables: [String: [Place: [UInt8]]] = [:]
        private var blockNames = BlockNames()
        /// Partitions of each topic.
        let counts: [String: Int32]
        /// Records that a stage could not use.
        var unusable: [Finding] = []
        /// The years that the ledger closes.
        var closed: Set<String> = []

        init(_ counts: [String: Int32]) { self.counts = counts }

        func take(_ key: [UInt8], _ value: [UInt8]?, of topic: TopicDefinition, in partition: Int32) throws {
            _ = try Recomputation.take(
                key,
                value,
                of: topic,
                in: partition,
                into: &tables[topic.entity, default: [:]],
                &blockNames
            )
        }
    }

    private func compare(
        _ topic: TopicDefinition,
        _ stage: PipelineStage,
        _ tables: ComputedTables,
        _ reader: TopicReader
    ) throws -> Differences.Table {
        let computed = tables.tables[topic.entity] ?? [:]
        var published: [Place: [UInt8]] = [:]
        var blockNames = BlockNames()
        let owners = RecordOwners(topic, of: stage, connection.pipeline, tables.counts)
        var ownerless: Set<Place> = []
        try reader.read(topic) { record in
            let record = record.detach()
            guard let key = record.key else { return }
            let places = try Self.take(
                key,
                record.value,
                of: topic,
                in: record.partition,
                into: &published,
                &blockNames
            )
            for place in places {
                if owners.isOwned(place, in: key) { ownerless.remove(place) } else { ownerless.insert(place) }
            }
        }
        var table = Differences.Table(records: published.count)
        for place in Set(published.keys).union(computed.keys) {
            table.compare(place, try Self.core(published[place], topic), try Self.core(computed[place], topic))
        }
        table.ownerless = ownerless.intersection(table.places)
        return table
    }

    /// What to report of a table.
    private func report(_ topic: TopicDefinition, _ stage: PipelineStage, _ differences: Differences) -> [Finding] {
        let table = differences[topic]
        let name = connection.pipeline.name(topic)
        let early = EarlyRecords(table.confirmed.map(\.text).sorted(), closed: differences.closed)
        let findings = early.findings(name)
        guard let first = early.others.first else {
            return findings.isEmpty
                ? [.ok("recomputed", name, "\(table.records) records, all as computed")] : findings
        }
        // The key of a record contains a pseudonym, so it is not printed.
        let example = topic == Topics.records ? "" : ", such as \(first)"
        let others = Set(early.others)
        return findings + [
            .problem(
                "recomputed",
                name,
                "\(early.others.count) of \(table.records) records do not follow from the ledger\(example)",
                PublishedCheck.remedy(
                    stage.rawValue,
                    name,
                    hasStrangers: table.ownerless.contains { others.contains($0.text) }
                )
            )
        ]
    }

    private func reportConfirmations(_ differences: Differences) -> Finding {
        let name = connection.pipeline.name(Topics.confirmations)
        let table = differences[Topics.confirmations]
        guard let first = table.confirmed.map(\.text).min() else {
            return .ok("recomputed", name, "\(table.records) determinations, each as its stage confirmed it")
        }
        return .problem(
            "recomputed",
            name,
            "\(table.confirmed.count) of \(table.records) determinations differ from what their stage confirmed, such as \(first)",
            "`accountability rebuild --stage \(PipelineStage.determination)`"
        )
    }

    /// Notes a record of a table, or the rows of a block of records.
    ///
    /// - Returns: the places that it says something about.
    private static func take(
        _ key: [UInt8],
        _ value: [UInt8]?,
        of topic: TopicDefinition,
        in partition: Int32,
        into table: inout [Place: [UInt8]],
        _ blockNames: inout BlockNames
    ) throws -> [Place] {
        let own = Place(partition: partition, key: key)
        guard topic == Topics.records else {
            table[own] = value
            return [own]
        }
        guard let value, RecordBlock.isRecord(value.span) else {
            // A single fact, as written before blocks existed.
            table[own] = try value.flatMap { try single($0, under: key) }
            return [own]
        }
        var block = RecordBlock()
        do throws(BlockFault) {
            try block.read(record: value.span)
        } catch {
            table[own] = value
            return [own]
        }
        // The stages skip a copied block too.
        guard blockNames.isNew(key.span, partition: partition) else { return [] }
        blockNames.note(key.span, partition: partition)
        return try (0..<block.rows)
            .map { row in
                let place = Place(partition: partition, key: Array(block.key(row).utf8))
                // An unchanged row is not published again, so its origin is not compared.
                table[place] = try block.canonical(row)
                return place
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
