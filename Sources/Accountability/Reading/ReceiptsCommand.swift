internal import ArgumentParser
internal import Foundation
internal import Messages
internal import Operating
internal import Reading
internal import Rules
internal import Tables

/// `accountability receipts`: shows the outcome of each submission's rows.
struct ReceiptsCommand: OperatorCommand, ReadingCommand {
    static let configuration = CommandConfiguration(
        commandName: "receipts",
        abstract: "Shows for each submission how many rows were accepted, rejected and unchanged.",
        discussion: """
              accountability receipts
              accountability receipts --submission 20261124T091500Z-1a2b --format json

            Exit codes: 0 done; 64 usage; 65 there is no such submission; 69 no broker answers; 78 a topic is missing.
            """
    )

    @OptionGroup(title: "Kafka") var broker: BrokerOptions

    @Option(help: ArgumentHelp("One submission.", valueName: "id"))
    var submission: String?

    @OptionGroup var viewer: ViewerOption

    @OptionGroup var output: FormatOption

    func operate() throws {
        let connection = try broker.connection()
        let isSeen = try InstallationReader.isSeen(by: viewer.chosen(), connection)
        let reader = try InstallationReader(connection, topics: [Topics.submissions, Topics.receipts])
        defer { reader.close() }
        try reader.catchUp()
        let view =
            try viewer.chosen() == .department ? reader.view : reader.view.only(isSeen, determined: { _, _ in false })
        let all = view.totals()
        let totals = all.filter { submission == nil || $0.id == submission }
        if let submission, totals.isEmpty {
            throw Failure(
                .badInput,
                "no submission \(submission); `accountability receipts` lists all \(all.count) submissions"
            )
        }
        for note in ReceiptNote.lines(
            totals,
            withdrawals: view.withdrawals,
            rejections: view.rejections
        ) {
            Standard.error("receipts: \(note)")
        }
        let format = output.chosen
        if format == .json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            return Standard.output(String(decoding: try encoder.encode(totals), as: UTF8.self) + "\n")
        }
        try Listing(SubmissionTotals.columns, totals.map(\.fields)).write(format)
    }
}

/// Notes about rows that were accepted at first.
enum ReceiptNote {
    /// - Parameters:
    ///   - totals: the receipts.
    ///   - withdrawals: each submission that is withdrawn, with the withdrawal.
    ///   - rejections: each whose rows waited and were rejected by a person, with the rejection.
    /// - Returns: the notes, one in each line.
    static func lines(
        _ totals: [SubmissionTotals],
        withdrawals: [String: String],
        rejections: [String: String] = [:]
    ) -> [String] {
        var lines = totals.compactMap { total in
            withdrawals[total.id]
                .map { by in
                    "\(PlainText.escaped(total.id, limit: 60)) (\(PlainText.escaped(total.fileName, limit: 60))) is withdrawn by "
                        + "\(PlainText.escaped(by, limit: 60)), so its rows are rejected: `accountability audit-trail` says who did it and why"
                }
        }
        for total in totals where total.held > 0 {
            lines.append(
                "\(PlainText.escaped(total.id, limit: 60)) (\(PlainText.escaped(total.fileName, limit: 60))) is held: "
                    + "\(HeldSubmission.rowsText(total.held)) of \(HeldSubmission.yearsText(total.heldYears)) would change official results and will not "
                    + "count until somebody approves them: \(HeldSubmission.remedy(total.id))"
            )
        }
        for total in totals where withdrawals[total.id] == nil {
            guard let by = rejections[total.id], total.withdrawn > 0 else { continue }
            lines.append(
                "\(PlainText.escaped(total.id, limit: 60)) (\(PlainText.escaped(total.fileName, limit: 60))) was held, and "
                    + "\(HeldSubmission.rowsText(total.withdrawn)) of it rejected by \(PlainText.escaped(by, limit: 60)): `accountability audit-trail` "
                    + "says who did it and why"
            )
        }
        let waiting = totals.reduce(0) {
            withdrawals[$1.id] == nil && rejections[$1.id] == nil ? $0 + $1.withdrawn : $0
        }
        if waiting > 0 {
            let isOne = waiting == 1
            lines.append(
                "\(waiting) row\(isOne ? " was" : "s were") accepted and \(isOne ? "is" : "are") rejected now, because "
                    + "\(isOne ? "its organization was" : "their organizations were") deleted: `accountability rejections --code "
                    + "unknown_organization` lists what still waits"
            )
        }
        return lines
    }
}
