package import Operating
package import Rules

/// Someone who sends a request to the console.
package enum Visitor: Hashable, Sendable {
    /// There are no accounts. Anyone who reaches the console on this machine may read everything, like the operating
    /// account.
    case machine
    /// There are accounts, and the visitor is not signed in.
    case nobody
    /// Someone who is signed in.
    case person(Account)

    /// Whether the visitor may read what needs a role.
    package func mayRead(_ needed: Role) -> Bool {
        switch self {
        case .machine: true
        case .nobody: needed == .everybody
        case .person(let account): account.role >= needed
        }
    }

    /// Decides which results the visitor sees; see `ResultsStage.view(of:for:)`.
    package var results: ResultsViewer {
        switch self {
        case .machine: .department
        case .nobody: .everybody
        case .person(let account): account.district.map(ResultsViewer.district) ?? .department
        }
    }

    /// The account; nil if the visitor is not signed in.
    package var account: Account? {
        guard case .person(let account) = self else { return nil }
        return account
    }

    /// Refuses the visitor if the role is too low to read this.
    func checkReading(_ needed: Role) throws(Problem) {
        guard !mayRead(needed) else { return }
        throw self == .nobody ? Problem(401, "sign in first") : Self.refusal(needed)
    }

    /// Refuses the visitor if the role is too low to do this.
    func checkActing(_ needed: Role) throws(Problem) -> Account {
        if let account, account.role >= needed { return account }
        switch self {
        case .machine:
            throw Problem(
                403,
                "there are no accounts, so the console is read-only: `accountability account add NAME --role operator` adds one"
            )
        case .nobody: throw Problem(401, "sign in first")
        case .person: throw Self.refusal(needed)
        }
    }

    private static func refusal(_ needed: Role) -> Problem {
        Problem(403, "this needs the role \(needed.rawValue), or one above it")
    }
}
