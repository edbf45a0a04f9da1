internal import ArgumentParser
internal import Foundation
internal import Messages
internal import Operating
internal import Reading
internal import Stages
internal import Tables

/// How an act of the Department is submitted: as a file with one row, through the ingestion worker like any file.
struct ActSubmission: ParsableArguments {
    @OptionGroup var person: PersonOption

    @Option(
        help: ArgumentHelp(
            "The watched folder of the ingestion worker; default: inbox in $ACCOUNTABILITY_HOME.",
            valueName: "folder"
        )
    )
    var inbox: String?

    @Option(help: ArgumentHelp("How long to wait without progress.", valueName: "seconds"))
    var timeout = 120

    /// The header and the row of an act, as CSV.
    ///
    /// - `values`: by column; the others are empty. A document keeps its lines.
    static func text(_ values: [String: String]) -> String {
        var csv = CSVEncoder()
        let columns = Layout.directives.columns.map(\.name)
        for column in columns { csv.write(column) }
        csv.endRow()
        for column in columns {
            let value = values[column] ?? ""
            csv.write(column == "document" ? value : PlainText.escaped(value))
        }
        csv.endRow()
        return String(decoding: csv.bytes, as: UTF8.self)
    }

    /// Submits the file and waits for its receipt.
    ///
    /// - Parameters:
    ///   - text: the header and the row, as CSV.
    ///   - connection: of the installation.
    ///   - isWithdrawal: whether the row takes an act back.
    /// - Returns: what happened, and the submission.
    /// - Throws: `Failure` with 65 and the reason if the act was refused.
    func submit(
        _ text: String,
        _ connection: Connection,
        isWithdrawal: Bool = false
    ) throws -> (done: String, submission: String) {
        let file = try write(text)
        defer { try? FileManager.default.removeItem(at: file.deletingLastPathComponent()) }
        let folder = try Inbox(directory: inbox ?? connection.home.inbox.path)
        let options = FileIngestion.Options(
            layout: Layout.directives.wireName,
            submittedBy: person.name,
            channel: person.channel
        )
        let outcomes = try Submissions(connection, folder, wait: true)
            .submit([file.path], options, timeout: .seconds(timeout))
        guard let outcome = outcomes.first else { return ("nothing was submitted", "") }
        if let refusal = outcome.refusal { throw Failure(.badInput, "\(refusal.code): \(refusal.message)") }
        guard outcome.rejected == 0 else {
            throw Failure(.badInput, "refused: " + (try reasons(outcome.id, connection)).joined(separator: "; "))
        }
        let done =
            isWithdrawal
            ? "withdrawn"
            : outcome.unchanged > 0 ? "already in force, unchanged" : outcome.replaced > 0 ? "replaced" : "carried out"
        return (done, outcome.id)
    }

    /// Writes the row to a file.
    private func write(_ text: String) throws -> URL {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "directive-\(UUID().uuidString)",
            isDirectory: true
        )
        try FileManager.default.createDirectory(
            at: folder,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
        let file = folder.appendingPathComponent("directive.csv")
        try Data(text.utf8).write(to: file)
        return file
    }

    private func reasons(_ submission: String, _ connection: Connection) throws -> [String] {
        let reader = try TopicReader(connection)
        defer { reader.close() }
        return try reader.table(TableTopics.rejections) { $0.submission == submission }
            .map { "\($0.message.message) [\($0.message.code)]" }
    }
}
