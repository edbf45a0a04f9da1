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

/// `accountability replay`: the ledger, up to a moment, into another namespace.
struct Replay: OperatorCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Copies the ledger up to a moment into another namespace, where everything is computed again.",
        discussion: """
              accountability replay --into check
              accountability replay --as-of 2019-09-24T12:00:00Z --into before-appeals
              install -D -m 600 ~/.accountability/pseudonym.key /srv/check/pseudonym.key
              ACCOUNTABILITY_HOME=/srv/check accountability up --brokers kafka:9092 --namespace before-appeals
              accountability compare "" before-appeals --year 2019

            Everything but the ledger is derived from it, so a copy of the ledger is a copy of the installation at that moment: workers that \
            are started on the namespace compute it. Submissions and the acts of opening and closing years are copied whole or not at all, \
            with their own times. A submission of which only a part can be read yet is waited for a moment; then nothing is copied, unless \
            --skip-unfinished leaves it out. The ranks that a release of the state's results froze are copied as they stood at the moment: \
            what was official stays the norm. So are the publications, in which stands what was decided to be shown. Both are kept by key, so one \
            that a later one replaced may be gone; you are warned. \
            Students keep their pseudonyms, so the home that runs the copy needs this installation's pseudonym.key. \
            The target must be empty; it gets as many partitions as the source has.

            Exit codes: 0 done; 64 usage; 69 no broker answers; 75 a submission cannot be read whole yet, nothing was copied; 78 the ledger \
            is missing, or the target is not empty.
            """
    )

    @OptionGroup(title: "Kafka") var broker: BrokerOptions

    @Option(help: ArgumentHelp("The namespace to copy into.", valueName: "namespace"))
    var into: String

    @Option(help: ArgumentHelp("The moment, ISO 8601; default: now.", valueName: "time"))
    var asOf: String?

    @Flag(help: "Leave out submissions that cannot be read whole, instead of stopping.")
    var skipUnfinished = false

    func operate() throws {
        let source = try broker.connection()
        guard into != source.pipeline.namespace else {
            throw ValidationError("--into names the namespace that is to be copied")
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
        // As safe as what it is a copy of.
        let replication = try PipelineTopics(source).replication(of: Topics.submissions)
        _ = try topics.createMissing(partitions: partitions, replication: replication)
        guard try topics.partitions(of: Topics.submissions) == partitions else {
            throw Failure(
                .configuration,
                "the ledger of \(into) has other than \(partitions) partitions: choose another namespace"
            )
        }
        let reader = try TopicReader(target)
        defer { reader.close() }
        guard try reader.isUntouched(Topics.submissions) else {
            throw Failure(
                .configuration,
                "the ledger of \(into) is not empty, be it by what a replay that was stopped left behind: choose another namespace, or delete its topics"
            )
        }
        let copied = try LedgerCopy(from: source, to: target, until: moment).run()
        Standard.line(
            "copied \(copied.records) records of \(copied.submissions) submissions into \(into)\(asOf.map { ", as of \($0)" } ?? "")"
        )
        Standard.line(
            "`accountability up --namespace \(into)` in a home of its own computes it; `accountability compare` tells what differs"
        )
    }
}

/// The moment up to which a ledger is copied, and what becomes of what can't be read whole then.
struct ReplayMoment {
    /// In milliseconds since 1970.
    var milliseconds = Int64.max
    /// Whether a submission of which only a part can be read is left out; otherwise nothing is copied.
    var skipsUnfinished = false
}

/// Copies the records of a ledger, in order by partition, in one transaction.
struct LedgerCopy {
    let source: Connection
    let target: Connection
    let moment: ReplayMoment
    private let logger = Logger(label: "accountability")

    /// How often the ledger is counted until every submission is whole, and how long is waited in between.
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
        // Before the ledger: a norm of a release that the copy does not have would be of no use, and one less than it
        // has is taken anew.
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
                        "nothing was copied: of \(unfinished.joined(separator: ", ")) only a part can be read, as it is being committed or waits behind "
                            + "another's transaction; try again, or leave it out with --skip-unfinished"
                    )
                }
                for submission in unfinished {
                    Standard.error("replay: left out, as only a part of it can be read: \(submission)")
                }
                let selection = census.selection
                for act in selection.partialActs {
                    Standard.error("replay: left out, as it is not on every partition at the moment: \(act)")
                }
                return selection
            }
            attempt += 1
            Thread.sleep(forTimeInterval: Self.pause)
        }
    }

    /// The norms of official ranks: what was published then cannot be told from the ledger, whose rows come in another
    /// order.
    private func norms(_ reader: TopicReader) throws -> [OwnedRecord] {
        var norms = TableOfMoment<PercentileKey>(moment: moment.milliseconds)
        try reader.read(Topics.percentiles) { record in norms.take(record) }
        return standing(norms) {
            "norms of \($0) are left only from \($1) on, after the moment: if another release stood at the moment, its norm is gone, and the copy "
                + "takes its own"
        }
    }

    /// The publications: which groups are shown was decided with the numbers of the first one, which the ledger does
    /// not tell either.
    private func publications(_ reader: TopicReader) throws -> [OwnedRecord] {
        var publications = TableOfMoment<DeterminationKey>(moment: moment.milliseconds)
        try reader.read(Topics.publications) { record in publications.take(record) }
        return standing(publications) {
            "publications of \($0) are left only from \($1) on, after the moment: if another stood at the moment, it is gone, and the copy decides "
                + "anew what it shows"
        }
    }

    /// What stood at the moment; says of which years that is doubtful, and since when.
    private func standing<Key>(
        _ table: TableOfMoment<Key>,
        _ doubt: (_ year: Int, _ since: String) -> String
    ) -> [OwnedRecord] {
        for (year, oldest) in table.doubtful {
            Standard.error("replay: warning: \(doubt(year, SubmissionIdentifier.timestamp(oldest)))")
        }
        return table.standing
    }

    /// What a record of the ledger is.
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

    /// A record as the copy holds it.
    ///
    /// The copy is another installation's, whose identity is not known yet. Its rows keep their pseudonyms, so the key
    /// that made them stays named.
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
