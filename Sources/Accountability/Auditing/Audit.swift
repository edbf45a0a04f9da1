internal import Foundation
internal import Kafka
internal import Logging
internal import Messages
internal import Operating
internal import Reading
internal import Stages
internal import Streaming

/// The checks of an installation that are cheap enough for `doctor` to make too.
struct Audit {
    let connection: Connection
    private let logger = Logger(label: "audit") { _ in SwiftLogNoOpLogHandler() }

    init(_ connection: Connection) {
        self.connection = connection
    }

    /// Makes the checks, and returns what they found.
    func findings() throws -> [Finding] {
        let problems = try PipelineTopics(connection).problems()
        var findings = problems.map {
            Finding.problem(
                "topic",
                connection.brokers,
                $0,
                "do what this line says; `accountability topics --help` says more"
            )
        }
        if problems.isEmpty { findings.append(.ok("topics", connection.brokers, "as they must be")) }
        guard !problems.contains(where: { $0.contains("is missing") }) else { return findings }
        findings += try positions()
        findings += try receipts()
        findings += try archive()
        findings += try PublishedCheck(connection, logger: logger).findings()
        return findings
    }

    /// The command that restores the ledger, if this home archives what it writes to it; otherwise nil.
    private var writesAgain: String? { ReceiptCheck.writesAgain(connection) }

    // MARK: Positions

    /// Whether the position of every stage lies within its topics.
    private func positions() throws -> [Finding] {
        var kafka = connection.kafka
        kafka["group.id"] = connection.pipeline.group("reader")
        kafka["isolation.level"] = "read_uncommitted"
        let consumer = try Consumer(kafka, logger: logger)
        defer { consumer.close(timeout: .seconds(2)) }
        let counts = try PipelineTopics(connection).partitionCounts()
        var findings: [Finding] = []
        for group in StageGroup.all(connection.pipeline) {
            let places = group.topics.flatMap { topic in
                (0..<(counts[topic] ?? 0)).map { TopicPartition(topic: topic, partition: $0) }
            }
            var outside: [String] = []
            var cut: [String] = []
            let offsets = try GroupOffsets(connection.kafka, group: group.group, logger: logger)
            defer { offsets.close() }
            for offset in try offsets.committed(places, timeout: BrokerPatience.answer) {
                let place = offset.topicPartition
                let (low, high) = try consumer.watermarks(place, timeout: BrokerPatience.answer)
                let position = offset.offset.value ?? 0
                if position > high {
                    outside.append("\(place) ends at \(high), but the stage has read up to \(position)")
                }
                if place.topic == connection.pipeline.name(Topics.submissions), low > 0 {
                    cut.append("\(place) begins at \(low): its oldest records are gone")
                }
            }
            if !cut.isEmpty {
                findings.append(
                    .problem(
                        "ledger",
                        connection.pipeline.name(Topics.submissions),
                        cut.joined(separator: "; "),
                        writesAgain
                            ?? "they cannot be restored here: submit the files into a new namespace (`accountability up --namespace NAME`)"
                    )
                )
            }
            findings.append(
                outside.isEmpty
                    ? .ok("positions", group.group, "within its topics")
                    : .problem(
                        "positions",
                        group.group,
                        outside.joined(separator: "; "),
                        group.stage == PipelineStage.validation.name
                            ? writesAgain
                                ?? "submit what is missing again; then `accountability rebuild` rebuilds everything from the ledger"
                            : "`accountability rebuild --stage \(group.stage)`"
                    )
            )
        }
        return findings
    }

    // MARK: The archive

    /// Whether the local broker still has what this home wrote to the ledger.
    private func archive() throws -> [Finding] {
        guard let restore = try LedgerRestore(connection) else { return [] }
        let place = connection.pipeline.name(Topics.submissions)
        let missing = try restore.missing()
        guard let first = missing.first else {
            return [.ok("archive", place, "the ledger has what this home wrote to it")]
        }
        return [
            .problem(
                "archive",
                place,
                "\(missing.count) transactions that this home wrote to the ledger are not in it, such as \(first)",
                writesAgain ?? ""
            )
        ]
    }

    // MARK: Receipts

    private func receipts() throws -> [Finding] {
        let reader = try InstallationReader(connection, topics: [Topics.submissions, Topics.receipts])
        defer { reader.close() }
        // Ask this before reading the receipts: the receipts of everything that validation has passed are there then.
        let isSettled = try reader.isValidationDone()
        try reader.catchUp()
        let totals = reader.view.totals()
        var findings = ReceiptCheck.missing(in: totals, connection)
        guard isSettled else {
            return findings + [.ok("receipts", "", "not added up: validation is still at work")]
        }
        findings += ReceiptCheck.additions(totals)
        return findings
    }
}
