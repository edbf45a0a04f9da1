internal import Foundation
internal import Operating

/// An act on its way: prepared by a person, previewed, confirmed, done.
struct Errand: Sendable {
    /// How far it has come.
    enum State: Sendable, Hashable {
        /// What it would change is being computed.
        case previewing
        /// It waits for somebody to confirm it.
        case ready
        /// The command runs.
        case running
        /// The command has ended.
        case done
    }

    let id: String
    let act: Act
    let values: Act.Values
    /// Who prepared it.
    let owner: Account
    /// The name of the file, where there is one.
    let fileName: String?
    let began: ContinuousClock.Instant
    var state: State
    var preview: ProgramRunner.Outcome?
    var result: ProgramRunner.Outcome?
    /// Who confirmed it.
    var confirmed: String?

    /// Whether it takes a second person.
    var needsSecondPerson: Bool { act.needsSecondPerson(values) }

    /// Whether somebody sees it: who prepared it, and who could confirm it.
    func isVisible(to account: Account) -> Bool {
        account == owner || (needsSecondPerson && account.role >= act.needs)
    }

    /// Why somebody cannot confirm it; nil where they can.
    func obstacle(for account: Account) -> String? {
        guard state == .ready else { return nil }
        guard account.role >= act.needs else { return "This needs the role \(act.needs.rawValue), or one above it." }
        if needsSecondPerson, account.name == owner.name {
            return
                "It takes a second person: somebody else with the role \(act.needs.rawValue) finds it on the release desk, and confirms it."
        }
        return previewFault
    }

    /// What in the preview forbids it; nil where nothing does.
    private var previewFault: String? {
        guard let preview else { return nil }
        if act.name == Acts.upload.name {
            guard let answer = PreviewAnswer(preview.output) else {
                return
                    "What the file would change could not be computed, so it cannot be submitted here now: try again later."
            }
            return answer.submissions.contains { $0.status == "refused" }
                ? "The file cannot be taken as it is: mend it, and choose it again." : nil
        }
        return preview.code == 0
            ? nil : "It would be refused, or its effect could not be computed, so it cannot be done now."
    }

    /// The person that the ledger names.
    var person: String {
        guard let confirmed else { return owner.name }
        return needsSecondPerson ? "\(confirmed), prepared by \(owner.name)" : confirmed
    }
}
