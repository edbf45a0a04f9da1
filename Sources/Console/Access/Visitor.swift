package import Operating
package import Rules

/// Who asks the console.
package enum Visitor: Hashable, Sendable {
    /// No account exists: whoever reaches the console on this machine stands for its operating account, and reads.
    case machine
    /// Accounts exist, and this is nobody who signed in.
    case nobody
    /// Somebody who signed in.
    case person(Account)

    /// Whether the visitor is shown what needs a role.
    package func mayRead(_ needed: Role) -> Bool {
        switch self {
        case .machine: true
        case .nobody: needed == .everybody
        case .person(let account): account.role >= needed
        }
    }

    /// Whose results the visitor sees: ``ResultsStage/view(of:for:)`` says what that is.
    package var results: ResultsViewer {
        switch self {
        case .machine: .department
        case .nobody: .everybody
        case .person(let account): account.district.map(ResultsViewer.district) ?? .department
        }
    }

    /// The account; nil of nobody.
    package var account: Account? {
        guard case .person(let account) = self else { return nil }
        return account
    }

    /// Refuses what the visitor is not shown.
    func checkReading(_ needed: Role) throws(Problem) {
        guard !mayRead(needed) else { return }
        throw self == .nobody ? Problem(401, "sign in first") : Self.refusal(needed)
    }

    /// Refuses what the visitor may not do.
    func checkActing(_ needed: Role) throws(Problem) -> Account {
        if let account, account.role >= needed { return account }
        switch self {
        case .machine:
            throw Problem(
                403,
                "nobody has an account, so the console only reads: `accountability account add NAME --role operator` adds one"
            )
        case .nobody: throw Problem(401, "sign in first")
        case .person: throw Self.refusal(needed)
        }
    }

    private static func refusal(_ needed: Role) -> Problem {
        Problem(403, "this needs the role \(needed.rawValue), or one above it")
    }
}
