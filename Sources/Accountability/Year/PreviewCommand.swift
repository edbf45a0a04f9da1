internal import ArgumentParser
internal import Foundation
internal import Kafka
internal import Messages
internal import Operating
internal import Reading
internal import Rules
internal import Stages
internal import Streaming
internal import Year

/// `accountability preview`: what a file, a withdrawal or a framework would change, before anything is done.
struct PreviewCommand: OperatorCommand, ReadingCommand {
    static let configuration = CommandConfiguration(
        commandName: "preview",
        abstract: "Shows what files, a withdrawal, an approval or a framework would change; writes nothing.",
        discussion: """
              accountability preview corrections.csv
              accountability preview directives.csv --json
              accountability preview --directive 'release official --year 2019 --date 2019-09-24'
              accountability preview --framework draft-2020.yaml --by-parameter
              accountability preview --withdraw 20191019T120000123Z-4f2a9c --format csv
              accountability preview --held 20191019T120000123Z-4f2a9c

            The installation's ledger is read once and computed in this process, as it is and as it would be. The output lists each \
            determination that would change: the old and the new outcome, the figures that differ, and the causes. Files may be of any \
            layout, including acts of the Department. Several changes together give one difference. Nothing is written anywhere. What was \
            made official stays the norm, as it would in the pipeline. A year that is not closed has no determinations, so nothing is listed \
            for it.

            The preview shows a file as if it were in force. `submit` holds rows that would change official results until somebody approves \
            them. --held shows what the approval of a waiting submission would change.

            Each change names its causes (files, withdrawn and approved submissions, parameters of the framework) and the rows behind it, by \
            their lines: the organization's own rows, those above it (acts for its district or the state), or, if it has none, those of the \
            organizations that it is ranked with or that its students came from. Only rows that change something are named. --by-parameter \
            also computes each parameter of the draft by itself, and names only those that would change the determination by themselves. If \
            a change needs several parameters, it names all of them.

            Files of students need the installation's key of pseudonyms (--key; default: pseudonym.key in $ACCOUNTABILITY_HOME).

            Exit codes: 0 done; 64 usage; 65 a file or rows of it would be rejected, or there is no such submission; 69 no broker answers; \
            75 a submission cannot be read whole yet; 78 the ledger or the key is missing.
            """
    )

    @OptionGroup(title: "Kafka") var broker: BrokerOptions

    @Argument(help: "Files that would be submitted, in this order.")
    var files: [String] = []

    @Option(help: ArgumentHelp("A framework that would hold for the school years it names.", valueName: "file"))
    var framework: String?

    @Flag(help: "For a framework, also compute each changed parameter by itself, with one more computation for each.")
    var byParameter = false

    @Option(
        help: ArgumentHelp(
            "An act of the Department, in the words of `accountability directive`; may be repeated.",
            valueName: "act"
        )
    )
    var directive: [String] = []

    @Option(help: ArgumentHelp("A submission that would be withdrawn; may be repeated.", valueName: "submission"))
    var withdraw: [String] = []

    @Option(
        help: ArgumentHelp("A submission that waits and would be approved; may be repeated.", valueName: "submission")
    )
    var held: [String] = []

    @Option(help: ArgumentHelp("The key of pseudonyms that the ledger was written under.", valueName: "file"))
    var key: String?

    @Flag(help: "Pass over columns that a layout does not have.")
    var ignoreExtra = false

    @Flag(help: "Accept rows of organizations that were never declared.")
    var allowUndeclared = false

    @OptionGroup var viewer: ViewerOption

    @Option(help: "table (a summary, a table and each change), csv (one line for each change) or json.")
    var format = OutputFormat.table

    @Flag(help: "Print one JSON object, as --format json.")
    var json = false

    func validate() throws {
        guard !files.isEmpty || framework != nil || !withdraw.isEmpty || !held.isEmpty || !directive.isEmpty
        else {
            throw ValidationError("name the change: files, --directive, --framework, --withdraw or --held")
        }
        guard framework != nil || !byParameter else {
            throw ValidationError("--by-parameter needs a framework: name it with --framework")
        }
        for act in directive { _ = try PreviewedAct(act) }
    }

    func operate() throws {
        do {
            try preview()
        } catch let fault as YearFault {
            throw Failure(fault)
        } catch let error as PseudonymKeyError {
            throw Failure(.configuration, "\(error); nothing was computed")
        }
    }

    private func preview() throws {
        for file in files where !FileManager.default.isReadableFile(atPath: file) {
            throw Failure(.badInput, "\(file) cannot be read; nothing was computed: check its path")
        }
        let draft = try framework.map { try FrameworkFile.load($0) }
        let acts = try PreviewedActs(directive)
        defer { acts.remove() }
        let options = FileIngestion.Options(ignoreExtra: ignoreExtra, allowUndeclared: allowUndeclared)
        let input = files.map { InputFile(path: $0, options: options) } + acts.files
        let connection = try broker.connection()
        var secret: PseudonymKey?
        if InputFile.needKey(input) {
            secret = try PseudonymKey(contentsOf: key ?? connection.home.pseudonymKey.path)
        }
        let partitions = try PipelineTopics(connection).partitions(of: Topics.submissions)
        let preview = try YearPreview(
            pipeline: connection.pipeline,
            settings: YearProcess.Settings(
                frameworks: try connection.frameworks(),
                threads: ProcessInfo.processInfo.activeProcessorCount,
                partitions: partitions
            ),
            difference: YearPreview.Difference(
                draft: draft,
                withdrawn: Set(withdraw),
                approved: Set(held),
                attributesParameters: byParameter
            )
        )
        try LedgerFeed(connection, partitions: partitions).feed(preview)
        let result = try preview.compare(files: input, options: options, key: secret)
        switch json ? .json : format {
        case .json: Standard.output(try PreviewText.json(result, withdrawn: withdraw, approved: held))
        case .csv: try PreviewText.listing(result).writeCSV()
        case .table: Standard.output(PreviewText.text(result))
        }
        for fault in result.unusable {
            Standard.error("preview: the \(fault.stage) stage cannot use a record of \(fault.topic): \(fault.reason)")
        }
        guard result.isClean else { throw ExitStatus.badInput.exitCode }
    }
}

/// Feeds an installation's ledger to a computation: once, up to its end as it is now.
struct LedgerFeed {
    let connection: Connection
    let partitions: Int32

    init(_ connection: Connection, partitions: Int32) {
        self.connection = connection
        self.partitions = partitions
    }

    /// Reads the norms of official ranks, and then the ledger.
    func feed(_ ledger: some LedgerReceiver) throws {
        let reader = try TopicReader(connection)
        defer { reader.close() }
        var norms = TableOfMoment<PercentileKey>(moment: .max)
        try reader.read(Topics.percentiles) { record in norms.take(record) }
        for norm in norms.standing {
            guard let key = norm.key, let value = norm.value else { continue }
            try ledger.recallPercentile(partition: norm.partition, key: key.span, value: value.span)
        }
        var census = LedgerCensus(partitions: partitions, moment: .max)
        try reader.read(Topics.submissions, markers: true) { record in
            let entry = LedgerCopy.entry(record)
            census.count(entry, partition: record.partition, offset: record.offset, timestamp: record.timestamp ?? 0)
            guard let key = record.key, let value = record.value else { return }
            let submission: String? =
                switch entry {
                case .header(let header): header.submission
                case .rows(let rows): rows.submission
                case .act, .other: nil
                }
            try ledger.feed(
                partition: record.partition,
                key: key,
                value: value,
                isMarker: CompletionMarker.isMarker(key: key),
                submission: submission
            )
        }
        let unfinished = census.unfinished
        guard unfinished.isEmpty else {
            throw Failure(
                .tryAgain,
                "nothing was computed: only a part of \(unfinished.joined(separator: ", ")) can be read, because it is being committed; try again"
            )
        }
    }
}

/// A preview for people and programs.
enum PreviewText {
    private struct Answer: Encodable {
        struct Counts: Encodable {
            let before, after, changed: Int
        }
        struct Submission: Encodable {
            let submission, status: String
            var rows, accepted, rejected, unchanged: Int?
            var code, message: String?
            var rejections: [String: Int]?
        }
        let submissions: [Submission]
        let determinations: Counts
        let changes: [PreviewChange]
    }

    /// The object of interfaces.md.
    static func json(_ result: PreviewResult, withdrawn: [String], approved: [String] = []) throws -> String {
        var submissions = withdrawn.map { Answer.Submission(submission: $0, status: "withdrawn") }
        for submission in approved {
            let receipt = result.tables.receipt(of: submission)
            submissions.append(
                Answer.Submission(
                    submission: submission,
                    status: "approved",
                    rows: Int(receipt.rows),
                    accepted: Int(receipt.accepted),
                    rejected: Int(receipt.rejected),
                    unchanged: Int(receipt.unchanged)
                )
            )
        }
        for file in result.files {
            let outcome = SubmissionOutcome(file, result.tables)
            submissions.append(
                Answer.Submission(
                    submission: outcome.id,
                    status: outcome.isRefused ? "refused" : "taken",
                    rows: outcome.rows,
                    accepted: outcome.accepted,
                    rejected: outcome.rejected,
                    unchanged: outcome.unchanged,
                    code: outcome.refusal?.code,
                    message: outcome.refusal?.message,
                    rejections: outcome.rejections
                )
            )
        }
        let answer = Answer(
            submissions: submissions,
            determinations: Answer.Counts(before: result.before, after: result.after, changed: result.changes.count),
            changes: result.changes
        )
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(answer), as: UTF8.self) + "\n"
    }

    /// One line for each change.
    static func listing(_ result: PreviewResult) -> Listing {
        Listing(
            [
                "school_year", "org_code", "name", "from_classification", "from_level", "to_classification", "to_level",
                "fields", "causes", "rows",
            ],
            result.changes.map { change in
                [
                    String(change.schoolYear), change.orgCode, change.name, change.from.classification,
                    change.from.level, change.to.classification, change.to.level,
                    change.fields.joined(separator: "; "), change.causes.joined(separator: ";"),
                    change.rows.map(\.text).joined(separator: "; "),
                ]
            }
        )
    }

    /// A summary and a table.
    static func text(_ result: PreviewResult) -> String {
        var text = result.files.map { ReceiptText.lines(SubmissionOutcome($0, result.tables), isPlaced: false) }
            .joined()
        let headlines = result.changes.count { $0.isHeadline }
        text +=
            "\(result.changes.count) of \(max(result.before, result.after)) determinations would change, "
            + "\(headlines) of them in classification or level\n"
        guard !result.changes.isEmpty else { return text }
        func shown(_ outcome: PreviewChange.Outcome) -> String {
            let parts = [outcome.classification, outcome.level].filter { !$0.isEmpty }
            return parts.isEmpty ? "–" : parts.joined(separator: " ")
        }
        // What people look at first comes first.
        let ordered = result.changes.filter(\.isHeadline) + result.changes.filter { !$0.isHeadline }
        text +=
            "\n"
            + Listing(
                ["year", "org_code", "name", "from", "to"],
                ordered.map { [String($0.schoolYear), $0.orgCode, $0.name, shown($0.from), shown($0.to)] }
            )
            .text(limit: 60)
        for change in ordered {
            text += "\n\(change.schoolYear) \(change.orgCode) \(change.name)\n"
            text += change.fields.map { "  \($0)\n" }.joined()
            if !change.causes.isEmpty { text += "  because of \(change.causes.joined(separator: ", "))\n" }
            text += change.rows.map { "  by \($0.text)\n" }.joined()
        }
        return text
    }
}

extension PreviewRows {
    /// For people and for a cell.
    var text: String {
        let rows = "\(file) line\(count == 1 ? "" : "s") \(lines)"
        return switch of {
        case .own: rows
        case .above: "\(rows) (of its district or the state)"
        case .others: "\(rows) (\(count) row\(count == 1 ? "" : "s") of other organizations)"
        }
    }
}
