/// The roles of the console.
///
/// Each role includes the rights of the roles before it.
package enum Role: String, CaseIterable, Comparable, Sendable {
    /// The public, without signing in.
    case everybody = "public"
    /// A district: only its own organizations and files.
    case district
    /// Data staff of the Department: see everything and submit files.
    case data
    /// The commissioner's office: approves held submissions, opens and closes years, and releases results.
    case approver
    /// The operators of the installation: also retry deliveries and quarantined records.
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
