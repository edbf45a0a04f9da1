internal import ArgumentParser
internal import Foundation
internal import Messages
internal import Operating
internal import Reading
internal import Rules
internal import Stages
internal import Tables

extension SubmissionActOptions {
    /// Approves or rejects the submission.
    ///
    /// - Throws: `Failure` if the submission does not wait, or if another person must decide.
    func decide(_ act: HeldSubmissionAct) throws -> HeldSubmission {
        let connection = try broker.connection()
        let reader = try InstallationReader(connection, topics: [Topics.submissions, Topics.receipts])
        defer { reader.close() }
        try reader.catchUp()
        let held = try reader.view.held(submission, for: act, by: person.name, connection.frameworks())
        let header = held.header.decision(
            act,
            at: Int64(Date().timeIntervalSince1970 * 1000),
            reason: PlainText.escaped(reason, limit: 2000),
            by: person.name,
            channel: person.channel
        )
        try SubmissionAct.submit(header, connection, waits: wait, .seconds(timeout))
        return held
    }
}

/// `accountability approve`: puts a held submission in force.
struct Approve: OperatorCommand {
    static let configuration = CommandConfiguration(
        commandName: "approve",
        abstract: "Approves the held rows of a submission, so that they change official results.",
        discussion: """
              accountability preview --held 20191019T120000123Z-4f2a9c          what it would change; writes nothing
              accountability approve 20191019T120000123Z-4f2a9c --reason "score of a transferred student"

            Once the results of a school year are official, rows that would change them wait. `submit` reports this; `receipts`, `status` and \
            `doctor` list the waiting submissions. Until the approval, nothing is recomputed or published, and no notice is sent. After the approval the rows count as if they had just arrived: \
            after everything that was approved or accepted before. Validation checks each row then, so it may find a row unchanged or \
            reject it.

            An approval is final. To undo it, withdraw the submission: `accountability withdraw SUBMISSION`.

            If the framework of the year lists approve under operation.second_person, the person who submitted the file cannot approve it.

            Exit codes: 0 done; 65 there is no such submission, it does not wait (the error says what happened to it), or another person must approve \
            it; 69 no broker answers; 75 validation has not taken the submission yet, or has not answered within --timeout (the approval is in the \
            ledger); 78 the ledger is missing.
            """
    )

    @OptionGroup var options: SubmissionActOptions

    func operate() throws {
        let held = try options.decide(.approve)
        Standard.line(
            "approved \(held.name): \(held.rowsText) of \(held.yearsText) now count (`accountability receipts --submission \(held.id)`)"
        )
    }
}

/// `accountability reject`: rejects a held submission.
struct Reject: OperatorCommand {
    static let configuration = CommandConfiguration(
        commandName: "reject",
        abstract: "Rejects the held rows of a submission, so that official results stay as they are.",
        discussion: """
              accountability reject 20191019T120000123Z-4f2a9c --reason "wrong file"

            The submission's waiting rows will never count. Its other rows still count (`accountability withdraw` takes a whole submission \
            back). A rejection is final. If the rows were right after all, submit them again.

            Exit codes: 0 done; 65 there is no such submission, it does not wait (the error says what happened to it), or another person must reject \
            it; 69 no broker answers; 75 validation has not taken the submission yet, or has not answered within --timeout (the rejection is in the \
            ledger); 78 the ledger is missing.
            """
    )

    @OptionGroup var options: SubmissionActOptions

    func operate() throws {
        let held = try options.decide(.reject)
        Standard.line("rejected \(held.name): \(held.rowsText) of \(held.yearsText) will never count")
    }
}
