package import Rules

/// Somebody who signs in to the console of this machine.
package struct Account: Hashable, Sendable {
    package let name: String
    package let role: Role
    /// Of a district's account: its code.
    package let district: OrganizationCode?
    /// When it was added, in milliseconds since 1970: what an earlier account of this name submitted is not its own.
    package let since: Int64
    package var password: PasswordHash

    /// An account.
    ///
    /// - Throws: ``Failure`` for a name that nobody can have, and for a role without what belongs to it.
    package init(
        name: String,
        role: Role,
        district: OrganizationCode?,
        since: Int64,
        password: PasswordHash
    ) throws(Failure) {
        guard Self.isName(name) else {
            throw Failure(
                .usage,
                "a name has 1 to 64 small letters, digits, '.', '-', '_' or '@', and begins with a letter: it stands in the audit trail"
            )
        }
        guard Role.ofAccounts.contains(role) else {
            throw Failure(.usage, "the public signs in under no account: a role is one of \(Self.roles)")
        }
        guard (role == .district) == (district != nil), district?.isDistrict ?? true else {
            throw Failure(
                .usage,
                "--district and the role district belong together: eight digits, the last four of them zeros, such as 00350000"
            )
        }
        self.name = name
        self.role = role
        self.district = district
        self.since = since
        self.password = password
    }

    /// The names of the roles, for people.
    package static let roles = Role.ofAccounts.map(\.rawValue).joined(separator: ", ")

    /// Whether a name can be an account's.
    package static func isName(_ text: String) -> Bool {
        guard (1...64).contains(text.utf8.count), let first = text.utf8.first, isLetter(first) else { return false }
        return text.utf8.allSatisfy { byte in
            isLetter(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || ".-_@".utf8.contains(byte)
        }
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) }
}
