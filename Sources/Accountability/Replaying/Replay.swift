internal import ArgumentParser
internal import Foundation
internal import Kafka
internal import Logging
internal import Messages
internal import Operating
internal import Stages
internal import Streaming

/// `accountability replay`: the ledger, up to a moment, into another namespace.
struct Replay: OperatorCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Copies the ledger up to a moment into another namespace, where everything is computed anew.",
        discussion: """
              accountability replay --into check
              accountability replay --as-of 2019-09-24T12:00:00Z --into before-appeals
              ACCOUNTABILITY_HOME=/srv/check accountability up --brokers kafka:9092 --namespace before-appeals
              accountability compare "" before-appeals --year 2019

            Everything but the ledger is derived from it, so a copy of the ledger is a copy of the installation at that moment: workers that \
            are started on the namespace compute it. Submissions are copied whole or not at all; acts of opening and closing years are \
            copied as they come. The ranks that a release of the state's results froze are copied with it: what was official stays the norm. \
            The target must be empty; it gets as many partitions as the source has.

            Exit codes: 0 done; 64 usage; 69 no broker answers; 78 the ledger is missing, or the target is not empty.
            """
    )

    @OptionGroup(title: "Kafka") var broker: BrokerOptions

    @Option(help: ArgumentHelp("The namespace to copy into.", valueName: "namespace"))
    var into: String

    @Option(help: ArgumentHelp("The moment, ISO 8601; default: now.", valueName: "time"))
    var asOf: String?

    func operate() throws {
        let source = try broker.connection()
        guard into != source.pipeline.namespace else { throw ValidationError("--into names the namespace that is to be copied") }
        let moment: Int64
        if let asOf {
            guard let date = try? Date(asOf, strategy: .iso8601) else {
                throw ValidationError("--as-of takes a time such as 2019-09-24T12:00:00Z")
            }
            moment = Int64(date.timeIntervalSince1970 * 1000)
        } else {
            moment = .max
        }
        var options = broker
        options.namespace = into
        let target = try options.connection()
        let partitions = try PipelineTopics(source).partitions(of: Topics.submissions)
        let topics = try PipelineTopics(target)
        _ = try topics.createMissing(partitions: partitions, replication: -1)
        guard try topics.partitions(of: Topics.submissions) == partitions else {
            throw Failure(.configuration, "the ledger of \(into) has other than \(partitions) partitions: choose another namespace")
        }
        let reader = try TopicReader(target)
        var isEmpty = true
        try reader.read(Topics.submissions) { _ in isEmpty = false }
        reader.close()
        guard isEmpty else { throw Failure(.configuration, "the ledger of \(into) is not empty: choose another namespace, or delete its topics") }
        let copied = try LedgerCopy(from: source, to: target, until: moment).run()
        Standard.line("copied \(copied.records) records of \(copied.submissions) submissions into \(into)\(asOf.map { ", as of \($0)" } ?? "")")
        Standard.line("`accountability up --namespace \(into)` in a home of its own computes it; `accountability compare` tells what differs")
    }
}

/// Copies the records of a ledger, in order by partition, in one transaction.
struct LedgerCopy {
    let source: Connection
    let target: Connection
    let moment: Int64

    init(from source: Connection, to target: Connection, until moment: Int64) {
        self.source = source
        self.target = target
        self.moment = moment
    }

    func run() throws -> (records: Int, submissions: Int) {
        let prefix = target.pipeline.namespace.isEmpty ? "accountability" : target.pipeline.namespace
        let sink = try TransactionalSink(
            kafka: target.kafka, transactionalID: "\(prefix).replay", memoryTopic: target.pipeline.name(Topics.progress),
            source: "/\(prefix)/replay", logger: Logger(label: "accountability")
        )
        defer { sink.close(timeout: .seconds(5)) }
        let topic = target.pipeline.name(Topics.submissions)
        let reader = try TopicReader(source)
        defer { reader.close() }
        var records = 0
        var submissions: Set<String> = []
        // A submission is one transaction with one moment of receipt: its header decides for all of its rows.
        var left: Set<String> = []
        try reader.read(Topics.submissions, markers: true) { record in
            guard let key = record.key, let value = record.value else { return }
            let isMarker = CompletionMarker.isMarker(key: key)
            let timestamp = record.timestamp ?? 0
            if isMarker {
                guard timestamp <= moment else { return }
            } else if let entry = record.decoded(Accountability_V1_SubmissionEntry.self) {
                switch entry.entry {
                case .header(let header):
                    guard header.receivedUnixMilliseconds <= moment else {
                        left.insert(header.submission)
                        return
                    }
                    submissions.insert(header.submission)
                case .row(let row):
                    guard !left.contains(row.submission) else { return }
                case .yearOpened, nil:
                    guard timestamp <= moment else { return }
                }
            }
            try sink.send(
                topic: topic, partition: record.partition, key: key, value: value,
                eventType: isMarker ? Topics.completionType : Topics.submissions.eventType, cause: ""
            )
            records += 1
        }
        // The norms of official ranks: what was published then cannot be told from the ledger, whose rows come in another order.
        let percentiles = target.pipeline.name(Topics.percentiles)
        try reader.read(Topics.percentiles) { record in
            guard let key = record.key, let value = record.value, record.timestamp ?? 0 <= moment,
                record.decoded(Accountability_V1_PercentileEntry.self)?.norm.release.isEmpty == false
            else { return }
            try sink.send(
                topic: percentiles, partition: record.partition, key: key, value: value, eventType: Topics.percentiles.eventType, cause: ""
            )
        }
        try sink.commit(offsets: [], group: nil)
        return (records, submissions.count)
    }
}
