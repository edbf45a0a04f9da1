internal import ArgumentParser
internal import Foundation
internal import Messages
internal import Operating
internal import Reading
internal import Rules
internal import Stages
internal import Tables

extension SubmissionActOptions {
    /// Decides about the submission.
    ///
    /// - Throws: `Failure` where it does not wait, or where another person has to.
    func decide(_ act: HeldSubmissionAct) throws -> HeldSubmission {
        let connection = try broker.connection()
        let reader = try InstallationReader(connection, topics: [Topics.submissions, Topics.receipts])
        defer { reader.close() }
        try reader.catchUp()
        let held = try reader.view.held(submission, for: act, by: person.name)
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

/// `accountability approve`: puts a submission in force that waits.
struct Approve: OperatorCommand {
    static let configuration = CommandConfiguration(
        commandName: "approve",
        abstract: "Approves the held rows of a submission, so that they change official results.",
        discussion: """
              accountability preview --held 20191019T120000123Z-4f2a9c          what it would change; writes nothing
              accountability approve 20191019T120000123Z-4f2a9c --reason "score of a transferred student"

            Once the results of a school year are official, rows that would change them wait: `submit` says so, `receipts`, `status` and \
            `doctor` list what waits, and nothing is recomputed, published or told. From the approval on its rows count as if they had come now: \
            after everything that was approved or accepted before. What a row does is judged then, so that a row may be found unchanged or \
            be rejected.

            An approval is final. Who regrets it withdraws the submission: `accountability withdraw SUBMISSION`.

            Where the framework of the year names approve under operation.second_person, another person approves than the one who submitted it.

            Exit codes: 0 done; 65 there is no such submission, it does not wait (what became of it is said), or another person has to approve \
            it; 69 no broker answers; 75 validation has not taken the submission yet, or has not answered within --timeout (the approval is in the \
            ledger); 78 the ledger is missing.
            """
    )

    @OptionGroup var options: SubmissionActOptions

    func operate() throws {
        let held = try options.decide(.approve)
        Standard.line(
            "approved \(held.name): \(held.rowsText) of \(held.yearsText) count from now on (`accountability receipts --submission \(held.id)`)"
        )
    }
}

/// `accountability reject`: refuses a submission that waits.
struct Reject: OperatorCommand {
    static let configuration = CommandConfiguration(
        commandName: "reject",
        abstract: "Rejects the held rows of a submission, so that official results stay.",
        discussion: """
              accountability reject 20191019T120000123Z-4f2a9c --reason "wrong file"

            Its rows that wait will never count; rows of it that did not have to wait go on counting (`accountability withdraw` takes all of a \
            submission back). A rejection is final: what was right after all is submitted again.

            Exit codes: 0 done; 65 there is no such submission, or it does not wait (what became of it is said), or another person has to reject \
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
