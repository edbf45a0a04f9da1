internal import ArgumentParser
internal import Foundation
internal import Kafka
internal import Logging
internal import Messages
internal import Operating
internal import Reading
internal import Stages
internal import Streaming
internal import Tables

/// `accountability submit`: submits files to the ledger.
struct Submit: OperatorCommand {
    static let configuration = CommandConfiguration(
        commandName: "submit",
        abstract: "Submits files and reports the outcome of their rows.",
        discussion: """
              accountability submit organizations-2019.csv assessment_results-2019.csv.gz
              accountability submit --layout participation_counts --ignore-extra participation-2012.csv.gz
              accountability submit corrections.csv             a row with a known key replaces; action=delete retracts

            Each file is a submission. The whole file is taken into the ledger or nothing of it. The header decides the layout. Files are UTF-8, or \
            UTF-16 with a byte-order mark, with commas, semicolons, tabs or bars between fields. Files are taken in the given order. Give organizations first, because every other file names them. The command waits until every row is accepted, rejected or found \
            unchanged, and prints the receipt: rows = accepted + rejected + unchanged. `accountability rejections --submission ID` lists \
            the rejected rows and the reasons. Figures that were counted or computed elsewhere are rejected where student records were submitted \
            (supplied_shadowed).

            Rows that would change official results wait: they do not count until somebody approves the submission. The receipt counts them \
            among the rejected rows. It says how many wait and of which school year, and names the commands that show, approve and reject them. \
            Rows of years after the last official release, acts of the Department, and rows that change nothing do not wait.

            Exit codes: 0 every row is accepted, unchanged or waits; 65 a file was refused or rows were rejected; 69 no broker answers; 75 it took \
            longer than --timeout (submitted files stay submitted; submitting the same file again changes nothing).
            """
    )

    @OptionGroup(title: "Kafka") var broker: BrokerOptions

    @Argument(help: "The files, .csv or .csv.gz.")
    var files: [String]

    @Option(help: ArgumentHelp("The layout of all files, if the header does not decide it.", valueName: "name"))
    var layout: String?

    @Option(
        help: ArgumentHelp(
            "The delimiter: comma, semicolon, tab or bar. Default: detected from the header.",
            valueName: "name"
        )
    )
    var delimiter: String?

    @Flag(help: "Pass over columns that the layout does not have.")
    var ignoreExtra = false

    @Flag(help: "Accept rows of organizations that were never declared.")
    var allowUndeclared = false

    @Option(
        help: ArgumentHelp(
            "The watched folder of the ingestion worker; default: inbox in $ACCOUNTABILITY_HOME.",
            valueName: "folder"
        )
    )
    var inbox: String?

    @OptionGroup var person: PersonOption

    @Flag(inversion: .prefixedNo, help: "Wait for the receipts.")
    var wait = true

    @Option(help: ArgumentHelp("How long to wait without progress.", valueName: "seconds"))
    var timeout = 120

    @Flag(help: "Print the receipts as JSON.")
    var json = false

    func validate() throws {
        guard delimiter.map({ CSVDialect.lenient(delimiter: $0) != nil }) ?? true else {
            throw ValidationError("--delimiter takes \(CSVDialect.delimiters.map(\.name).joined(separator: ", "))")
        }
    }

    func operate() throws {
        for file in files {
            guard FileManager.default.fileExists(atPath: file) else {
                throw Failure(.badInput, "\(file) does not exist; nothing was submitted")
            }
            let type =
                try FileManager.default
                .attributesOfItem(atPath: URL(fileURLWithPath: file).resolvingSymlinksInPath().path)[.type]
            guard type as? FileAttributeType == .typeRegular, FileManager.default.isReadableFile(atPath: file) else {
                throw Failure(.badInput, "\(file) is not a readable file; nothing was submitted")
            }
        }
        let connection = try broker.connection()
        let folder = try Inbox(directory: inbox ?? connection.home.inbox.path)
        let options = FileIngestion.Options(
            layout: layout,
            ignoreExtra: ignoreExtra,
            allowUndeclared: allowUndeclared,
            delimiter: delimiter,
            submittedBy: person.name,
            channel: person.channel
        )
        let submissions = try Submissions(connection, folder, wait: wait)
        let receipts = try submissions.submit(files, options, timeout: .seconds(timeout))
        guard wait else {
            for receipt in receipts { Standard.line("\(receipt.id)  \(receipt.fileName)") }
            return
        }
        Standard.output(json ? ReceiptText.json(receipts) : receipts.map { ReceiptText.lines($0) }.joined())
        try Readability(connection).wait(for: [Topics.submissions, Topics.records], timeout: .seconds(timeout))
        guard receipts.allSatisfy({ $0.isRefused == false && $0.rejected == $0.held }) else {
            throw ExitStatus.badInput.exitCode
        }
    }
}

/// Puts files into the inbox and follows them into the ledger and through validation.
final class Submissions {
    private struct Pending {
        var outcome: SubmissionOutcome
        /// Rows by partition of the ledger, once they are in it.
        var expected: [Int]?
        var receipts: [Int32: Accountability_V1_Receipt] = [:]
        /// The keys of its rejections, because one that is published again is the same.
        var refused: Set<String> = []

        var isDone: Bool {
            if outcome.isRefused { return true }
            guard let expected else { return false }
            return expected.enumerated().allSatisfy { $1 == 0 || Int(receipts[Int32($0)]?.rows ?? 0) >= $1 }
        }
        var validated: Int { receipts.values.reduce(0) { $0 + Int($1.rows) } }
    }

    private let connection: Connection
    private let inbox: Inbox
    private let tail: TopicTail?
    private let receiptsTopic: String
    private var pending: [Pending] = []

    init(_ connection: Connection, _ inbox: Inbox, wait: Bool) throws {
        self.connection = connection
        self.inbox = inbox
        receiptsTopic = connection.pipeline.name(Topics.receipts)
        tail = wait ? try TopicTail(connection, [Topics.receipts, Topics.rejections]) : nil
    }

    /// Submits files in the given order.
    func submit(_ files: [String], _ options: FileIngestion.Options, timeout: Duration) throws -> [SubmissionOutcome] {
        let start = ContinuousClock.now
        try drop(files, options)
        guard tail != nil else { return pending.map(\.outcome) }
        defer { tail?.close() }
        let progress = ProgressLine()
        defer { progress.clear() }
        let interruption = Interruption()
        var moved = ContinuousClock.now
        var last = ""
        while let current = pending.firstIndex(where: { !$0.isDone }) {
            try look(start)
            let line = describe(current)
            if line != last {
                last = line
                moved = ContinuousClock.now
                progress.show(line)
            }
            guard !interruption.isRequested else {
                progress.clear()
                throw Failure(.tryAgain, ReceiptText.interrupted(pending.map { ($0.outcome, $0.expected != nil) }))
            }
            guard ContinuousClock.now - moved < timeout else {
                let what =
                    "\(pending[current].outcome.fileName) (\(pending[current].outcome.id)): no progress for \(timeout.components.seconds) seconds (\(line))"
                guard brokersAnswer() else {
                    throw Failure(
                        .brokerUnavailable,
                        "\(what), and no broker answers at \(connection.brokers). The file stays submitted, and the workers take it when "
                            + "the brokers are back; `accountability receipts` then shows its outcome"
                    )
                }
                throw Failure(
                    .tryAgain,
                    "\(what). The ingestion worker of \(inbox.directory.path) or the validation worker may not be running; `accountability doctor` shows it"
                )
            }
        }
        // Rejections of the last rows come in the same transaction as their receipt. Read those that are still on the
        // way.
        try look(start)
        try lookForShadowed()
        return pending.map(\.outcome)
    }

    /// Puts files into the inbox in the given order.
    private func drop(_ files: [String], _ options: FileIngestion.Options) throws {
        for file in files {
            do {
                let id = try inbox.drop(file: file, options: options)
                pending.append(
                    Pending(
                        outcome: SubmissionOutcome(
                            id: id,
                            fileName: PlainText.escaped(URL(fileURLWithPath: file).lastPathComponent, limit: 200)
                        )
                    )
                )
            } catch {
                throw Failure(
                    error.isDiskFull ? .tryAgain : .badInput,
                    "\(error.description)\(pending.isEmpty ? "; nothing was submitted" : "; the files before it were submitted")"
                )
            }
            // Names sort by the millisecond, so give the next file a later one.
            Thread.sleep(forTimeInterval: 0.001)
        }
    }

    /// Supplied figures are refused later than other rows, by the stages that see the student records.
    private func lookForShadowed() throws {
        let supplied = pending.indices.filter {
            FigureStages.isSupplied(pending[$0].outcome.layout) && pending[$0].outcome.accepted > 0
        }
        guard let last = supplied.last else { return }
        guard try FigureStages(connection: connection).haveRead() else {
            return Standard.error(
                "submit: the stages have not read all figures yet, so some may still be refused (supplied_shadowed): "
                    + "`accountability rejections --submission \(pending[last].outcome.id)` lists them"
            )
        }
        // Their rejections were committed together with their positions, so the topic has them all.
        let ids = Set(supplied.map { pending[$0].outcome.id })
        let reader = try TopicReader(connection)
        defer { reader.close() }
        let records = try reader.table(TableTopics.rejections) { ids.contains($0.submission) }.map(\.message)
        for index in supplied { pending[index].outcome.countShadowed(records) }
    }

    private func brokersAnswer() -> Bool {
        let quiet = Logger(label: "submit") { _ in SwiftLogNoOpLogHandler() }
        return (try? Admin(connection.kafka, logger: quiet).describeCluster(timeout: BrokerPatience.answer)) != nil
    }

    private func look(_ start: ContinuousClock.Instant) throws {
        for index in pending.indices where pending[index].expected == nil && !pending[index].outcome.isRefused {
            guard let receipt = try inbox.receipt(pending[index].outcome.id) else { break }
            if receipt.status == .refused {
                pending[index].outcome.refusal = (receipt.code ?? "refused", receipt.message ?? "")
            } else {
                pending[index].outcome.layout = receipt.layout ?? ""
                pending[index].outcome.rows = receipt.rows
                pending[index].expected = receipt.rowsByPartition
            }
        }
        try tail?
            .poll(.milliseconds(20)) { record in
                if record.topic == receiptsTopic {
                    guard let receipt = record.entry(of: TableTopics.receipts)?.message,
                        let index = pending.firstIndex(where: { $0.outcome.id == receipt.submission })
                    else { return }
                    pending[index].receipts[receipt.partition] = receipt
                    pending[index].outcome.seconds = (ContinuousClock.now - start) / .seconds(1)
                } else if let (key, rejection) = record.entry(of: TableTopics.rejections),
                    let index = pending.firstIndex(where: { $0.outcome.id == rejection.submission }),
                    pending[index].refused.insert(key.text).inserted
                {
                    pending[index].outcome.rejections[rejection.code, default: 0] += 1
                }
            }
        for index in pending.indices {
            var outcome = pending[index].outcome
            let receipts = pending[index].receipts.values
            outcome.accepted = receipts.reduce(0) { $0 + Int($1.accepted) }
            outcome.rejected = receipts.reduce(0) { $0 + Int($1.rejected) }
            outcome.unchanged = receipts.reduce(0) { $0 + Int($1.unchanged) }
            outcome.replaced = receipts.reduce(0) { $0 + Int($1.replaced) }
            outcome.deleted = receipts.reduce(0) { $0 + Int($1.deleted) }
            outcome.undeclared = receipts.reduce(0) { $0 + Int($1.undeclared) }
            outcome.held = receipts.reduce(0) { $0 + Int($1.held) }
            outcome.heldYears = Set(receipts.flatMap(\.heldYears)).sorted().map { Int($0) }
            pending[index].outcome = outcome
        }
    }

    private func describe(_ index: Int) -> String {
        let entry = pending[index]
        let place = pending.count > 1 ? "file \(index + 1) of \(pending.count), " : ""
        if entry.expected != nil {
            return "\(place)\(entry.outcome.fileName): \(entry.validated) of \(entry.outcome.rows) rows validated"
        }
        if let progress = inbox.progress(of: entry.outcome.id) {
            return "\(place)\(entry.outcome.fileName): \(progress.rows) of \(progress.totalRows) rows into the ledger"
        }
        return "\(place)\(entry.outcome.fileName): waiting for the ingestion worker"
    }
}

/// Receipts for people and programs.
enum ReceiptText {
    /// The lines of one receipt.
    ///
    /// - `isPlaced`: whether to print the submission's id and how long it took.
    static func lines(_ outcome: SubmissionOutcome, isPlaced: Bool = true) -> String {
        if let refusal = outcome.refusal {
            return
                "\(outcome.fileName): the whole file was refused and none of its rows were taken (\(refusal.code)): \(refusal.message)\n"
        }
        var text =
            "\(outcome.fileName): \(outcome.layout), \(outcome.rows) rows = \(outcome.accepted) accepted + \(outcome.rejected) rejected + "
            + "\(outcome.unchanged) unchanged"
        if outcome.replaced > 0 { text += "; of the accepted, \(outcome.replaced) replaced or retracted earlier rows" }
        if outcome.held > 0 { text += "; of the rejected, \(outcome.held) \(outcome.held == 1 ? "waits" : "wait")" }
        text += isPlaced ? " (\(outcome.id), \(String(format: "%.1f", outcome.seconds)) s)\n" : "\n"
        if outcome.held > 0 {
            let rows = HeldSubmission.rowsText(UInt64(clamping: outcome.held))
            text +=
                "  held: \(rows) of \(HeldSubmission.yearsText(outcome.heldYears)) would change official results, and do not count until "
                + "somebody approves the submission: \(HeldSubmission.remedy(outcome.id))\n"
        }
        for (code, count) in outcome.rejections.sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }) {
            text +=
                "  \(RejectionCode(rawValue: code)?.isNote == true ? "noted (the rows count)" : "rejected"): \(code) × \(count)\n"
        }
        if outcome.undeclared > 0 {
            text += "  warning: \(outcome.undeclared) rows name organizations that are not declared for the year\n"
        }
        return text
    }

    /// The state of the files when the wait for their receipts is interrupted.
    ///
    /// - `outcomes`: each outcome, with whether its file is in the ledger.
    static func interrupted(_ outcomes: [(outcome: SubmissionOutcome, isInLedger: Bool)]) -> String {
        let lines = outcomes.map { outcome, isInLedger in
            let validated = outcome.accepted + outcome.rejected + outcome.unchanged
            let state =
                if outcome.isRefused {
                    "the whole file was refused and none of its rows were taken"
                } else if isInLedger {
                    "in the ledger, \(validated) of \(outcome.rows) rows validated so far; the rest will follow"
                } else {
                    "in the inbox; the ingestion worker will take the whole file into the ledger"
                }
            return "  \(outcome.fileName) (\(outcome.id)): \(state)"
        }
        return
            "interrupted; submitted files stay submitted:\n\(lines.joined(separator: "\n"))\n`accountability receipts` shows the outcome of each file"
    }

    /// An array of receipts.
    static func json(_ outcomes: [SubmissionOutcome]) -> String {
        struct Receipt: Encodable {
            var submission, fileName: String
            var status: String
            var code, message, layout: String?
            var rows, accepted, rejected, unchanged, replaced, deleted, undeclared, held: Int
            var heldYears: [Int]
            var rejections: [String: Int]
            var seconds: Double
        }
        let receipts = outcomes.map {
            Receipt(
                submission: $0.id,
                fileName: $0.fileName,
                status: $0.isRefused ? "refused" : "committed",
                code: $0.refusal?.code,
                message: $0.refusal?.message,
                layout: $0.isRefused ? nil : $0.layout,
                rows: $0.rows,
                accepted: $0.accepted,
                rejected: $0.rejected,
                unchanged: $0.unchanged,
                replaced: $0.replaced,
                deleted: $0.deleted,
                undeclared: $0.undeclared,
                held: $0.held,
                heldYears: $0.heldYears,
                rejections: $0.rejections,
                seconds: $0.seconds
            )
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(receipts) else { return "[]\n" }
        return String(decoding: data, as: UTF8.self) + "\n"
    }
}
