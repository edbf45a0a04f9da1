/// What somebody may do in the console; each role may do what those before it may.
package enum Role: String, CaseIterable, Comparable, Sendable {
    /// Everybody: nobody signs in.
    case everybody = "public"
    /// A district: its own organizations and files, and no others.
    case district
    /// Data staff of the Department: everything is shown, files are submitted.
    case data
    /// The commissioner's office: what waits is approved, years are opened and closed, results are released.
    case approver
    /// Who runs the installation: deliveries and quarantined records are tried again.
    case `operator`

    package static func < (left: Role, right: Role) -> Bool { left.rank < right.rank }

    private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }

    /// The roles that an account can have.
    package static let ofAccounts = allCases.filter { $0 != .everybody }

    /// The role in words.
    package var title: String {
        switch self {
        case .everybody: "the public"
        case .district: "a district"
        case .data: "data staff"
        case .approver: "an approver"
        case .operator: "an operator"
        }
    }
}
