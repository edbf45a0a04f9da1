internal import Foundation
internal import Kafka
internal import Logging
internal import Messages
internal import Operating
internal import Reading
internal import Stages
internal import Streaming

/// Compares the content of the topics with the stages' own accounts of what they published.
///
/// With each commit, every task writes a checksum of its publications for each partition. So lost, changed and foreign
/// records are found without recomputing anything.
struct PublishedCheck {
    private let connection: Connection
    private let logger: Logger
    /// How often the check is repeated if a stage has committed meanwhile.
    private static let attempts = 5

    init(_ connection: Connection, logger: Logger) {
        self.connection = connection
        self.logger = logger
    }

    /// What a stage's tasks state, by task.
    private typealias Statement = [Int32: [TopicPartition: PublishedSum]]

    /// What differs, by topic.
    func findings() throws -> [Finding] {
        let reader = try TopicReader(connection, logger: logger)
        defer { reader.close() }
        let counts = try PipelineTopics(connection).partitionCounts()
        var findings: [Finding] = []
        let stated = try statements(reader)
        for stage in connection.pipeline.stages {
            guard let source = stage.sources.first(where: { !$0.isBroadcast }), let tasks = counts[source.topic]
            else { continue }
            for output in stage.outputs where output.isAccounted {
                findings.append(try finding(stage, output, tasks, stated[stage.name] ?? [:], counts, reader))
            }
        }
        return findings
    }

    private func finding(
        _ stage: any Stage,
        _ output: Output,
        _ tasks: Int32,
        _ statement: Statement,
        _ counts: [String: Int32],
        _ reader: TopicReader
    ) throws -> Finding {
        guard let topic = Topics.all.first(where: { connection.pipeline.name($0) == output.topic }) else {
            return .ok("published", output.topic, "not a topic of the pipeline")
        }
        var stated = statement
        for attempt in 1...Self.attempts {
            guard stated.count == Int(tasks) else {
                return .ok(
                    "published",
                    output.topic,
                    "not compared: \(stage.name) has not yet stated what it published"
                )
            }
            let recounts = try recount(topic, output, stated, tasks, reader)
            let wrong = recounts.filter { !$0.value.differing.isEmpty || $0.value.strangers > 0 }.keys.sorted()
            if wrong.isEmpty {
                return .ok("published", output.topic, "holds what \(stage.name) has published")
            }
            // Records that were committed between the two readings, or are not yet visible, are not faults.
            let later = try statements(reader)[stage.name] ?? [:]
            if later == stated, attempt > 2 {
                // An open transaction hides what the stage stated or published later.
                if try hasOpenTransaction(output, counts) {
                    return .ok("published", output.topic, "not compared: a transaction is open")
                }
                return problem(stage, output, wrong, strangers: recounts.values.reduce(0) { $0 + $1.strangers })
            }
            stated = later
            Thread.sleep(forTimeInterval: 0.5)
        }
        return .ok("published", output.topic, "not compared: \(stage.name) is at work")
    }

    /// Whether a transaction is open in an output or in the topic of the stages' accounts.
    private func hasOpenTransaction(_ output: Output, _ counts: [String: Int32]) throws -> Bool {
        let open = try OpenTransactionReader(connection, logger: logger)
        defer { open.close() }
        let positions = connection.pipeline.name(Topics.positions)
        let places = [output.topic, positions]
            .flatMap { topic in (0..<(counts[topic] ?? 0)).map { TopicPartition(topic: topic, partition: $0) } }
        let (written, stable) = try open.ends(places)
        return places.contains { (stable[$0] ?? 0) < written[$0] ?? 0 }
    }

    private func problem(_ stage: any Stage, _ output: Output, _ partitions: [Int32], strangers: Int) -> Finding {
        let places = partitions.map { "\($0)" }.joined(separator: ", ")
        let whose = strangers > 0 ? "; \(strangers) records belong to no task" : ""
        return .problem(
            "published",
            output.topic,
            "partition\(partitions.count == 1 ? "" : "s") \(places) do\(partitions.count == 1 ? "es" : "") not hold what "
                + "\(stage.name) has published: records were lost, were changed or came from another program\(whose)",
            Self.remedy(stage.name, output.topic, hasStrangers: strangers > 0)
        )
    }

    /// The command that puts a topic right.
    ///
    /// Records that no task owns can only be removed by recreating the topic.
    static func remedy(_ stage: String, _ topic: String, hasStrangers: Bool) -> String {
        hasStrangers
            ? "`accountability topics --recreate \(topic) --yes`: the stage fills it again"
            : "`accountability rebuild --stage \(stage)`"
    }

    private func recount(
        _ topic: TopicDefinition,
        _ output: Output,
        _ stated: Statement,
        _ tasks: Int32,
        _ reader: TopicReader
    ) throws -> [Int32: PublishedRecount] {
        var recounts: [Int32: PublishedRecount] = [:]
        func fresh(_ partition: Int32) -> PublishedRecount {
            var recount = PublishedRecount(output, partition: partition, partitions: tasks)
            let place = TopicPartition(topic: output.topic, partition: partition)
            for (task, sums) in stated { recount.expect(sums[place] ?? PublishedSum(), of: task) }
            return recount
        }
        for place in Set(stated.values.flatMap(\.keys)) where place.topic == output.topic {
            recounts[place.partition] = fresh(place.partition)
        }
        try reader.read(topic, any: true) { record in
            guard let key = record.key else { return }
            var recount = recounts[record.partition] ?? fresh(record.partition)
            recounts[record.partition] = nil
            recount.take(key: key, value: record.value, offset: record.offset)
            recounts[record.partition] = recount
        }
        return recounts
    }

    /// What the tasks of every stage state, by its name.
    private func statements(_ reader: TopicReader) throws -> [String: Statement] {
        let groups = connection.pipeline.stages.map { ($0.name, connection.pipeline.group($0.name)) }
        var statements: [String: Statement] = [:]
        try reader.read(Topics.positions) { record in
            guard let key = record.key else { return }
            let text = String(decoding: [UInt8](copying: key), as: UTF8.self)
            let value: [UInt8]? = if let bytes = record.value { [UInt8](copying: bytes) } else { nil }
            for (stage, group) in groups {
                guard let (task, sums) = PositionsTopic.published(text, value, of: group) else { continue }
                statements[stage, default: [:]][task] = sums
            }
        }
        return statements
    }
}
