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
        abstract: "Takes a submission back; the rows that it replaced count again.",
        discussion: """
              accountability preview --withdraw 20191019T120000123Z-4f2a9c          what it would change; writes nothing
              accountability withdraw 20191019T120000123Z-4f2a9c --reason "wrong file"

            Everything is as if the submission had never been made. A row that it replaced or deleted stands again. A row that it brought is \
            gone. A row that a later submission replaced stays as that one left it. An act of the Department that came in the file is taken \
            back with the file. Its rows stay in the ledger, which only grows; its receipt counts them as rejected and as withdrawn.

            The correction goes through every stage as any other. Ranks that an official release froze stay frozen, as for any correction. Each revision that it makes names the withdrawal as its cause. A withdrawal \
            is a submission: it can be withdrawn itself, and then the first one counts again. Withdrawing the same submission again changes \
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
                "there is no submission \(PlainText.escaped(submission, limit: 60)) in the ledger, so nothing was withdrawn: `accountability "
                    + "receipts` lists the \(counting.count) that there are"
            )
        }
        guard !standing.isDecision(submission) else {
            throw Failure(
                .badInput,
                "\(submission) (\(PlainText.escaped(source.fileName, limit: 200))) is a decision and stands, so nothing was withdrawn: what an approval put "
                    + "in force is taken back with `accountability withdraw \(source.approves.isEmpty ? source.rejects : source.approves)`"
            )
        }
        if let by = standing.withdrawals[submission] {
            return Standard.line("\(submission) is withdrawn already, by \(PlainText.escaped(by)); nothing changes")
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
