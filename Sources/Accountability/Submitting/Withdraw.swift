internal import ArgumentParser
internal import Foundation
internal import Messages
internal import Operating
internal import Reading
internal import Stages
internal import Tables

/// `accountability withdraw`: takes a submission back.
struct Withdraw: OperatorCommand {
    static let configuration = CommandConfiguration(
        commandName: "withdraw",
        abstract: "Takes a submission back, so that the rows that it replaced count again.",
        discussion: """
              accountability preview --withdraw 20191019T120000123Z-4f2a9c          what it would change; writes nothing
              accountability withdraw 20191019T120000123Z-4f2a9c --reason "wrong file"

            After a withdrawal, the results are as if the submission had never been made. A row that it replaced or deleted counts again. A row that it added is \
            gone. A row that a later submission replaced keeps its later content. An act of the Department in the file is withdrawn \
            with the file. The withdrawn rows stay in the ledger, which only grows. The receipt counts them as rejected and as withdrawn.

            A withdrawal goes through every stage like any correction. As for any correction, ranks that an official release froze stay frozen. Each resulting revision names the withdrawal as its cause. A withdrawal \
            is a submission. It can be withdrawn itself, and then the first submission counts again. Withdrawing the same submission again changes \
            nothing.

            Exit codes: 0 done; 65 there is no such submission; 69 no broker answers; 75 validation has not answered within --timeout (the \
            withdrawal is in the ledger); 78 the ledger is missing.
            """
    )

    @OptionGroup var options: SubmissionActOptions

    func operate() throws {
        let submission = options.submission
        let connection = try options.broker.connection()
        let reader = try InstallationReader(connection, topics: [Topics.submissions])
        defer { reader.close() }
        try reader.catchUp()
        var standing = StandingSubmissions()
        let counting = reader.view.submissions.filter { standing.take($0) }
        guard let source = counting.first(where: { $0.submission == submission }) else {
            throw Failure(
                .badInput,
                "there is no submission \(PlainText.escaped(submission, limit: 60)) in the ledger; nothing was withdrawn. `accountability "
                    + "receipts` lists all \(counting.count) submissions"
            )
        }
        guard !standing.isDecision(submission) else {
            throw Failure(
                .badInput,
                "\(submission) (\(PlainText.escaped(source.fileName, limit: 200))) is a decision, and decisions are final; nothing was withdrawn. To undo "
                    + "an approval: `accountability withdraw \(source.approves.isEmpty ? source.rejects : source.approves)`"
            )
        }
        if let by = standing.withdrawals[submission] {
            return Standard.line("\(submission) is withdrawn already, by \(PlainText.escaped(by)); nothing was changed")
        }
        let header = source.withdrawal(
            at: Int64(Date().timeIntervalSince1970 * 1000),
            reason: PlainText.escaped(options.reason, limit: 2000),
            by: options.person.name,
            channel: options.person.channel
        )
        try SubmissionAct.submit(header, connection, waits: options.wait, .seconds(options.timeout))
        let rows = "\(source.layout), \(source.rows) row\(source.rows == 1 ? "" : "s")"
        Standard.line(
            "withdrew \(submission) (\(PlainText.escaped(source.fileName, limit: 200)), \(rows)) by \(header.submission)"
        )
    }
}
