internal import ArgumentParser
internal import Foundation
internal import Kafka
internal import Logging
internal import Messages
internal import Operating
internal import Reading
internal import Stages
internal import Streaming
internal import SwiftProtobuf

/// `accountability replay`: copies the ledger, up to a moment, into another namespace.
struct Replay: OperatorCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Copies the ledger up to a moment into another namespace, to compute everything again there.",
        discussion: """
              accountability replay --into check
              accountability replay --as-of 2019-09-24T12:00:00Z --into before-appeals
              install -D -m 600 ~/.accountability/pseudonym.key /srv/check/pseudonym.key
              ACCOUNTABILITY_HOME=/srv/check accountability up --brokers kafka:9092 --namespace before-appeals
              accountability compare "" before-appeals --year 2019

            Everything is derived from the ledger, so a copy of the ledger is a copy of the installation at that moment. Workers that \
            you start on the namespace compute it. The command copies submissions, and the acts of opening and closing years, whole or not at all, \
            with their own times. If only a part of a submission can be read yet, the command waits a moment. If that does not help, it copies nothing, or, with \
            --skip-unfinished, leaves the submission out. It also copies the ranks that a release of the state's results froze, as they were at the moment: \
            official ranks stay the norm. And it copies the publications, which contain the decisions about what to show. The topics keep only the newest record \
            of each key, so a record that was replaced later may be gone; the command warns about this. \
            Students keep their pseudonyms, so the home that runs the copy needs this installation's pseudonym.key. \
            The target must be empty. It gets the same number of partitions as the source.

            Exit codes: 0 done; 64 usage; 69 no broker answers; 75 only a part of a submission can be read yet, and nothing was copied; 78 the ledger \
            is missing, or the target is not empty.
            """
    )

    @OptionGroup(title: "Kafka") var broker: BrokerOptions

    @Option(help: ArgumentHelp("The namespace to copy into.", valueName: "namespace"))
    var into: String

    @Option(help: ArgumentHelp("The moment, ISO 8601; default: now.", valueName: "time"))
    var asOf: String?

    @Flag(help: "Leave out submissions of which only a part can be read, instead of stopping.")
    var skipUnfinished = false

    func operate() throws {
        let source = try broker.connection()
        guard into != source.pipeline.namespace else {
            throw ValidationError("--into names the namespace of the source; choose another one")
        }
        var moment = ReplayMoment(skipsUnfinished: skipUnfinished)
        if let asOf {
            guard let date = try? Date(asOf, strategy: .iso8601) else {
                throw ValidationError("--as-of takes a time such as 2019-09-24T12:00:00Z")
            }
            moment.milliseconds = Int64(date.timeIntervalSince1970 * 1000)
        }
        var options = broker
        options.namespace = into
        let target = try options.connection()
        let partitions = try PipelineTopics(source).partitions(of: Topics.submissions)
        let topics = try PipelineTopics(target)
        // The copy gets the same replication as the source.
        let replication = try PipelineTopics(source).replication(of: Topics.submissions)
        _ = try topics.createMissing(partitions: partitions, replication: replication)
        guard try topics.partitions(of: Topics.submissions) == partitions else {
            throw Failure(
                .configuration,
                "the ledger of \(into) does not have \(partitions) partitions like the source; choose another namespace"
            )
        }
        let reader = try TopicReader(target)
        defer { reader.close() }
        guard try reader.isUntouched(Topics.submissions) else {
            throw Failure(
                .configuration,
                "the ledger of \(into) is not empty (a replay that was stopped may have left records); choose another namespace, or delete its topics"
            )
        }
        let copied = try LedgerCopy(from: source, to: target, until: moment).run()
        Standard.line(
            "copied \(copied.records) records of \(copied.submissions) submissions into \(into)\(asOf.map { ", as of \($0)" } ?? "")"
        )
        Standard.line(
            "to compute it, run `accountability up --namespace \(into)` in a separate home; `accountability compare` lists the differences"
        )
    }
}

/// The moment up to which a ledger is copied, and what to do with submissions that can be read only in part.
struct ReplayMoment {
    /// In milliseconds since 1970.
    var milliseconds = Int64.max
    /// Whether to leave out a submission of which only a part can be read; if false, nothing is copied.
    var skipsUnfinished = false
}

/// Copies the records of a ledger, in order by partition, in one transaction.
struct LedgerCopy {
    let source: Connection
    let target: Connection
    let moment: ReplayMoment
    private let logger = Logger(label: "accountability")

    /// How often to count the ledger until every submission is whole, and how long to wait in between.
    private static let attempts = 3
    private static let pause = 2.0

    init(from source: Connection, to target: Connection, until moment: ReplayMoment) {
        self.source = source
        self.target = target
        self.moment = moment
    }

    func run() throws -> (records: Int, submissions: Int) {
        let reader = try TopicReader(source)
        defer { reader.close() }
        // Read the norms before the ledger. A norm without its release would be useless. If the copy lacks the norm of
        // a release, it computes the norm again.
        let norms = try norms(reader)
        let publications = try publications(reader)
        var selection = try selection(reader, PipelineTopics(source).partitions(of: Topics.submissions))
        let writer = try CopyWriter(target, identity: target.pipeline.group("replay"), logger: logger)
        defer { writer.close() }
        do {
            let topic = target.pipeline.name(Topics.submissions)
            var records = 0
            try reader.read(Topics.submissions, markers: true) { record in
                let isTaken = selection.takes(
                    Self.entry(record),
                    partition: record.partition,
                    offset: record.offset,
                    timestamp: record.timestamp ?? 0
                )
                guard isTaken else { return }
                try writer.send(Self.copy(of: record), to: topic)
                records += 1
            }
            for norm in norms { try writer.send(norm, to: target.pipeline.name(Topics.percentiles)) }
            for record in publications { try writer.send(record, to: target.pipeline.name(Topics.publications)) }
            try writer.commit()
            return (records, selection.submissions.count)
        } catch {
            writer.abort()
            throw error
        }
    }

    /// Counts the ledger until every submission of the moment is whole.
    private func selection(_ reader: TopicReader, _ partitions: Int32) throws -> LedgerSelection {
        var attempt = 1
        while true {
            var census = LedgerCensus(partitions: partitions, moment: moment.milliseconds)
            try reader.read(Topics.submissions, markers: true) { record in
                census.count(
                    Self.entry(record),
                    partition: record.partition,
                    offset: record.offset,
                    timestamp: record.timestamp ?? 0
                )
            }
            let unfinished = census.unfinished
            guard !unfinished.isEmpty, attempt < Self.attempts else {
                guard unfinished.isEmpty || moment.skipsUnfinished else {
                    throw Failure(
                        .tryAgain,
                        "nothing was copied: only a part can be read of \(unfinished.joined(separator: ", ")), because it is being committed or waits for "
                            + "another transaction; try again, or leave it out with --skip-unfinished"
                    )
                }
                for submission in unfinished {
                    Standard.error("replay: left out, because only a part of it can be read: \(submission)")
                }
                let selection = census.selection
                for act in selection.partialActs {
                    Standard.error("replay: left out, because not every partition had it at the moment: \(act)")
                }
                return selection
            }
            attempt += 1
            Thread.sleep(forTimeInterval: Self.pause)
        }
    }

    /// The norms of official ranks.
    ///
    /// They cannot be derived from the ledger, because its rows come in another order than at the release.
    private func norms(_ reader: TopicReader) throws -> [OwnedRecord] {
        var norms = TableOfMoment<PercentileKey>(moment: moment.milliseconds)
        try reader.read(Topics.percentiles) { record in norms.take(record) }
        return standing(norms) {
            "some norms of \($0) exist only from \($1) on, after the moment. If another release was in force at the moment, its norm is gone, and the copy "
                + "computes its own"
        }
    }

    /// The publications.
    ///
    /// The numbers of the first publication decided which groups are shown. The ledger does not contain them either.
    private func publications(_ reader: TopicReader) throws -> [OwnedRecord] {
        var publications = TableOfMoment<DeterminationKey>(moment: moment.milliseconds)
        try reader.read(Topics.publications) { record in publications.take(record) }
        return standing(publications) {
            "some publications of \($0) exist only from \($1) on, after the moment. If another one was in force at the moment, it is gone, and the copy decides "
                + "again what to show"
        }
    }

    /// The records in force at the moment.
    ///
    /// Warns about years in which some may be missing, with the oldest time.
    private func standing<Key>(
        _ table: TableOfMoment<Key>,
        _ doubt: (_ year: Int, _ since: String) -> String
    ) -> [OwnedRecord] {
        for (year, oldest) in table.doubtful {
            Standard.error("replay: warning: \(doubt(year, SubmissionIdentifier.timestamp(oldest)))")
        }
        return table.standing
    }

    /// The kind of a record of the ledger.
    static func entry(_ record: borrowing Record) -> LedgerEntry {
        guard let key = record.key else { return .other }
        let isMarker = CompletionMarker.isMarker(key: key)
        if !isMarker, let value = record.value, SubmissionBlock.isEntry(value) {
            var block = SubmissionBlock()
            do throws(BlockFault) {
                try block.read(entry: value)
            } catch {
                return .other
            }
            return .rows(LedgerRows(block, partition: record.partition))
        }
        guard let entry = isMarker ? nil : record.decoded(Accountability_V1_SubmissionEntry.self) else {
            return isMarker ? .act(String(decoding: [UInt8](copying: key), as: UTF8.self)) : .other
        }
        switch entry.entry {
        case .header(let header): return .header(header)
        case .row(let row): return .rows(LedgerRows(row, partition: record.partition))
        case .yearOpened: return .act(String(decoding: [UInt8](copying: key), as: UTF8.self))
        case .installation, .yearClosed, .block, nil: return .other
        }
    }

    /// The record for the copy.
    ///
    /// The copy belongs to another installation, whose identity is not known yet. Its rows keep their pseudonyms, so
    /// the record still names the key that made them.
    private static func copy(of record: borrowing Record) throws -> OwnedRecord {
        var copy = record.detach()
        guard let key = record.key, !CompletionMarker.isMarker(key: key),
            var entry = record.decoded(Accountability_V1_SubmissionEntry.self),
            case .installation(let claim) = entry.entry
        else { return copy }
        entry.installation = claim
        entry.installation.identity = ""
        copy.value = try entry.serializedBytes()
        return copy
    }
}
