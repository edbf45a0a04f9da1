internal import ArgumentParser
internal import Foundation
internal import Kafka
internal import Messages
internal import Operating
internal import Reading
internal import Rules
internal import Stages
internal import Streaming
internal import Tables

/// `accountability audit-trail`: who did what to the ledger, and when.
struct AuditTrailCommand: OperatorCommand, ReadingCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit-trail",
        abstract: "Lists who submitted, withdrew, approved, rejected, opened, closed and decided what, and when.",
        discussion: """
              accountability audit-trail
              accountability audit-trail --since 2019-09-24T00:00:00Z --format csv
              accountability audit-trail --by jdoe

            The command reads the ledger, which only grows. It prints a line for each submission, withdrawal, approval and rejection, each \
            opening and closing of a school year, and each act of the Department, ordered by time. The person is the account that did it, or \
            the person named with --by. For a file in the watched folder, it is the account that owns the file. Ledgers from before persons \
            were recorded name no one. Student rows are not shown.

            Exit codes: 0 done; 64 usage; 69 no broker answers; 78 the ledger is missing.
            """
    )

    @OptionGroup(title: "Kafka") var broker: BrokerOptions

    @Option(help: ArgumentHelp("Only acts from this time on, ISO 8601.", valueName: "time"))
    var since: String?

    @Option(help: ArgumentHelp("Only acts of this person.", valueName: "person"))
    var by: String?

    @OptionGroup var viewer: ViewerOption

    @OptionGroup var output: FormatOption

    func operate() throws {
        let moment = try since.map { text in
            guard let date = try? Date(text, strategy: .iso8601) else {
                throw ValidationError("--since takes a time such as 2019-09-24T12:00:00Z")
            }
            return Int64(date.timeIntervalSince1970 * 1000)
        }
        let reader = try TopicReader(try broker.connection())
        defer { reader.close() }
        var trail = AuditTrail()
        try reader.read(Topics.submissions, markers: true) { record in
            guard let key = record.key, let value = record.value else { return }
            if CompletionMarker.isMarker(key: key) {
                guard let marker = try? CompletionMarker.decode(value) else { return }
                return trail.take(marker, partition: record.partition, at: record.timestamp ?? 0)
            }
            if SubmissionBlock.isEntry(value) { return trail.take(block: value) }
            guard let entry = record.decoded(Accountability_V1_SubmissionEntry.self) else { return }
            trail.take(entry, partition: record.partition, at: record.timestamp ?? 0)
        }
        let entries = trail.entries.filter { $0.time >= moment ?? .min && (by == nil || $0.by == by) }
        let format = output.chosen
        if format == .json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            return Standard.output(String(decoding: try encoder.encode(entries), as: UTF8.self) + "\n")
        }
        try Listing(AuditTrail.Entry.columns, entries.map(\.fields)).write(format)
    }
}

/// Who did what to a ledger: a fold of its records.
struct AuditTrail {
    /// One act.
    struct Entry: Encodable {
        /// In milliseconds since 1970.
        var time: Int64
        /// `submitted`, `withdrew`, `approved`, `rejected`, `opened`, `closed`, or the kind of an act of the
        /// Department.
        var act: String
        /// The person; empty if the ledger does not name one.
        var by: String
        var channel: String
        /// The file, the year, the organization.
        var what: String
        var reason: String
        var submission: String

        static let columns = ["time", "by", "channel", "act", "what", "reason", "submission"]

        var fields: [String] {
            [SubmissionIdentifier.timestamp(time), by, channel, act, what, reason, submission]
        }

        private enum CodingKeys: String, CodingKey { case time, act, by, channel, what, reason, submission }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(SubmissionIdentifier.timestamp(time), forKey: .time)
            try container.encode(act, forKey: .act)
            try container.encode(by, forKey: .by)
            try container.encode(channel, forKey: .channel)
            try container.encode(what, forKey: .what)
            try container.encode(reason, forKey: .reason)
            try container.encode(submission, forKey: .submission)
        }
    }

    private var headers: [String: Accountability_V1_SubmissionHeader] = [:]
    private var found: [Entry] = []
    /// Years whose closing was recorded with its person.
    ///
    /// Their marker, which follows, is no second closing.
    private var closing: Set<String> = []
    private var row = CSVRow()

    /// All acts, ordered by time.
    var entries: [Entry] {
        found.enumerated().sorted { ($0.element.time, $0.offset) < ($1.element.time, $1.offset) }.map(\.element)
    }

    /// Takes a record of the ledger.
    ///
    /// The first partition has every submission and every year, so the others are skipped for them.
    mutating func take(_ entry: Accountability_V1_SubmissionEntry, partition: Int32, at time: Int64) {
        switch entry.entry {
        case .header(let header):
            headers[header.submission] = header
            guard partition == 0 else { return }
            let deeds = [("withdrew", header.withdraws), ("approved", header.approves), ("rejected", header.rejects)]
            let deed = deeds.first { !$0.1.isEmpty }
            let rows = "\(header.rows) row\(header.rows == 1 ? "" : "s") of \(header.layout)"
            found.append(
                Entry(
                    time: header.receivedUnixMilliseconds,
                    act: deed?.0 ?? "submitted",
                    by: header.submittedBy,
                    channel: header.channel,
                    what: deed?.1 ?? "\(header.fileName), \(rows)",
                    reason: header.official.isEmpty ? header.reason : Self.hold(header),
                    submission: header.submission
                )
            )
        case .yearOpened(let opened) where partition == 0:
            found.append(Self.year("opened", opened.schoolYear, opened.openedBy, "", time))
        case .yearClosed(let closed) where partition == 0:
            closing.insert("\(closed.schoolYear)")
            found.append(Self.year("closed", closed.schoolYear, closed.closedBy, closed.incomplete, time))
        case .row(let row): take(row)
        case .yearOpened, .yearClosed, .installation, .block, nil: return
        }
    }

    /// The results that a held submission would have changed when it came, as text.
    private static func hold(_ header: Accountability_V1_SubmissionHeader) -> String {
        let results = header.official
            .map { "\($0.schoolYear)\($0.districtCode.isEmpty ? "" : " (\($0.districtCode))")" }
        return "held: its changes to the official results of \(results.joined(separator: ", "))"
    }

    /// Takes the marker that closes a year.
    ///
    /// Ledgers from before persons were recorded have only this.
    mutating func take(_ marker: CompletionMarker.Reading, partition: Int32, at time: Int64) {
        guard partition == 0, marker.stage == CompletionMarker.operatorStage, closing.remove(marker.scope) == nil,
            let year = SchoolYear.named(marker.scope)
        else { return }
        found.append(Self.year("closed", UInt32(clamping: year), "", "", time))
    }

    private static func year(_ act: String, _ year: UInt32, _ person: String, _ reason: String, _ time: Int64) -> Entry
    {
        Entry(time: time, act: act, by: person, channel: "command", what: "\(year)", reason: reason, submission: "")
    }

    /// Takes a block of rows.
    ///
    /// Each row of the layout of directives is an act.
    mutating func take(block value: Span<UInt8>) {
        var block = SubmissionBlock()
        do throws(BlockFault) {
            try block.read(entry: value)
        } catch {
            // Validation has put it in quarantine.
            return
        }
        guard let header = headers[block.submission], header.layout == Layout.directives.wireName,
            block.columnCount == header.columns.count
        else { return }
        for row in 0..<block.rows {
            addAct(header) { column in value.extracting(block.field(column, row: row)).text }
        }
    }

    /// A single row, as ledgers held rows before blocks existed.
    private mutating func take(_ message: Accountability_V1_SubmissionRow) {
        guard message.unreadable.isEmpty, let header = headers[message.submission],
            header.layout == Layout.directives.wireName
        else { return }
        let text = Array(message.text.utf8)
        do throws(CSVError) {
            try row.parse(text.span)
        } catch {
            // Validation has refused it, and says why.
            return
        }
        let row = row
        addAct(header) { column in column < row.fieldCount ? row.text(column, of: text.span) : "" }
    }

    private mutating func addAct(_ header: Accountability_V1_SubmissionHeader, _ field: (Int) -> String) {
        func value(_ column: String) -> String { header.columns.firstIndex(of: column).map(field) ?? "" }
        let isWithdrawn = value("action") == "delete"
        found.append(
            Entry(
                time: header.receivedUnixMilliseconds,
                act: "\(isWithdrawn ? "took back " : "")\(value("directive")) \(value("kind"))",
                by: header.submittedBy,
                channel: header.channel,
                what: "\(value("school_year")) \(value("org_code")), from \(value("effective_date"))",
                reason: [value("reason"), value("reference")].filter { !$0.isEmpty }.joined(separator: "; "),
                submission: header.submission
            )
        )
    }
}
