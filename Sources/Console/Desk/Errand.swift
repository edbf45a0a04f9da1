internal import Foundation
internal import Operating

/// An act in progress: prepared by a person, previewed, confirmed, done.
struct Errand: Sendable {
    /// The progress of the act.
    enum State: String, CaseIterable, Sendable {
        /// The preview is being computed.
        case previewing
        /// It waits for a confirmation.
        case ready
        /// The command is running.
        case running
        /// The command has ended.
        case done
    }

    let id: String
    let act: Act
    let values: Act.Values
    /// The person who prepared it.
    let owner: Account
    /// The name of the file, if there is one.
    let fileName: String?
    let began: ContinuousClock.Instant
    var state: State
    /// What the program last said about its progress while the preview is being computed.
    var progress: String?
    var preview: ProgramRunner.Outcome?
    var result: ProgramRunner.Outcome?
    /// The person who confirmed it.
    var confirmed: String?

    /// Whether it needs a second person.
    var needsSecondPerson: Bool { act.needsSecondPerson(values) }

    /// Whether it is a trial that is being computed, or waits for that.
    var isTrialRunning: Bool { act.isTrial && state == .previewing }

    /// Whether an account sees it: the one that prepared it, and those that could confirm it.
    func isVisible(to account: Account) -> Bool {
        account == owner || (needsSecondPerson && account.role >= act.needs)
    }

    /// Why an account cannot confirm it; nil if it can.
    func obstacle(for account: Account) -> String? {
        guard state == .ready else { return nil }
        guard !act.isTrial else { return "It only shows what would change: there is nothing to confirm." }
        guard account.role >= act.needs else { return "This needs the role \(act.needs.rawValue), or one above it." }
        if needsSecondPerson, account.name == owner.name {
            return
                "It takes a second person: someone else with the role \(act.needs.rawValue) can find it on the release desk and confirm it."
        }
        return previewFault
    }

    /// Why the preview does not allow it; nil if it does.
    private var previewFault: String? {
        guard let preview else { return nil }
        if act.name == Acts.upload.name {
            guard let answer = PreviewAnswer(preview.output) else {
                return
                    "The effect of the file could not be computed, so it cannot be submitted here now: try again later."
            }
            return answer.submissions.contains { $0.status == "refused" }
                ? "The file cannot be taken as it is: correct it, and choose it again." : nil
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
