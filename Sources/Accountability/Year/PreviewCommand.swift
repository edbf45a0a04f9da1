internal import ArgumentParser
internal import Foundation
internal import Kafka
internal import Messages
internal import Operating
internal import Rules
internal import Stages
internal import Streaming
internal import Year

/// `accountability preview`: what a file, a withdrawal or a framework would change, before anything is done.
struct PreviewCommand: OperatorCommand {
    static let configuration = CommandConfiguration(
        commandName: "preview",
        abstract: "Tells what files, a withdrawal or a framework would change; writes nothing.",
        discussion: """
              accountability preview corrections.csv
              accountability preview directives.csv --json
              accountability preview --framework draft-2020.yaml
              accountability preview --withdraw 20191019T120000123Z-4f2a9c

            The installation's ledger is read once and computed in this process, as it is and as it would be. Each determination that would \
            change is listed: from what, to what, in which figures, because of what. Files may be of any layout, acts of the Department \
            included; several things at once are one difference. Nothing is written anywhere. What was made official stays the norm, as it \
            would. A year that is not closed has no determinations, so that nothing is listed of it.

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

    @Option(help: ArgumentHelp("A submission that would be withdrawn; may be repeated.", valueName: "submission"))
    var withdraw: [String] = []

    @Option(help: ArgumentHelp("The key of pseudonyms that the ledger was written under.", valueName: "file"))
    var key: String?

    @Flag(help: "Pass over columns that a layout does not have.")
    var ignoreExtra = false

    @Flag(help: "Accept rows of organizations that were never declared.")
    var allowUndeclared = false

    @Flag(help: "Print one JSON object.")
    var json = false

    func validate() throws {
        guard !files.isEmpty || framework != nil || !withdraw.isEmpty else {
            throw ValidationError("name what would be different: files, --framework or --withdraw")
        }
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
            throw Failure(.badInput, "\(file) is not a file that can be read; nothing was computed: check its path")
        }
        let draft = try framework.map { try FrameworkFile.load($0) }
        let connection = try broker.connection()
        var secret: PseudonymKey?
        if !files.isEmpty { secret = try PseudonymKey(contentsOf: key ?? connection.home.pseudonymKey.path) }
        let partitions = try PipelineTopics(connection).partitions(of: Topics.submissions)
        let preview = try YearPreview(
            pipeline: connection.pipeline,
            settings: YearProcess.Settings(
                threads: ProcessInfo.processInfo.activeProcessorCount,
                partitions: partitions
            ),
            difference: YearPreview.Difference(draft: draft, withdrawn: Set(withdraw))
        )
        try LedgerFeed(connection, partitions: partitions).feed(preview)
        let options = FileIngestion.Options(ignoreExtra: ignoreExtra, allowUndeclared: allowUndeclared)
        let result = try preview.compare(
            files: files.map { InputFile(path: $0, options: options) },
            options: options,
            key: secret
        )
        Standard.output(json ? try PreviewText.json(result, withdrawn: withdraw) : PreviewText.text(result))
        for fault in result.unusable {
            Standard.error("preview: the \(fault.stage) stage cannot use a record of \(fault.topic): \(fault.reason)")
        }
        guard result.isClean else { throw ExitStatus.badInput.exitCode }
    }
}

/// Feeds an installation's ledger to a preview: once, up to its end as it is now.
struct LedgerFeed {
    let connection: Connection
    let partitions: Int32

    init(_ connection: Connection, partitions: Int32) {
        self.connection = connection
        self.partitions = partitions
    }

    /// Reads the norms of official ranks, and then the ledger.
    func feed(_ preview: YearPreview) throws {
        let reader = try TopicReader(connection)
        defer { reader.close() }
        var norms = NormsOfMoment(moment: .max)
        try reader.read(Topics.percentiles) { record in norms.take(record) }
        for norm in norms.standing {
            guard let key = norm.key, let value = norm.value else { continue }
            try preview.recallPercentile(partition: norm.partition, key: key.span, value: value.span)
        }
        var census = LedgerCensus(partitions: partitions, moment: .max)
        try reader.read(Topics.submissions, markers: true) { record in
            let entry = LedgerCopy.entry(record)
            census.count(entry, partition: record.partition, offset: record.offset, timestamp: record.timestamp ?? 0)
            guard let key = record.key, let value = record.value else { return }
            let submission: String? =
                switch entry {
                case .header(let header): header.submission
                case .row(let row): row.submission
                case .act, .other: nil
                }
            try preview.feed(
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
                "nothing was computed: of \(unfinished.joined(separator: ", ")) only a part can be read, as it is being committed; try again"
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
    static func json(_ result: PreviewResult, withdrawn: [String]) throws -> String {
        var submissions = withdrawn.map { Answer.Submission(submission: $0, status: "withdrawn") }
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
        // What people look at first stands first.
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
        }
        return text
    }
}
