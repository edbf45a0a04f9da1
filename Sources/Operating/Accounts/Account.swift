package import Rules

/// An account of the console on this machine.
package struct Account: Hashable, Sendable {
    package let name: String
    package let role: Role
    /// The district's code, for an account of a district.
    package let district: OrganizationCode?
    /// When it was added, in milliseconds since 1970.
    ///
    /// Submissions of an earlier account with the same name do not belong to it.
    package let since: Int64
    /// How its person signs in.
    package var credential: Credential

    /// How the person of an account signs in.
    package enum Credential: Hashable, Sendable {
        /// With a password.
        case password(PasswordHash)
        /// Through the provider of single sign-on, which knows the person by this identity.
        case identity(String)
    }

    /// The password; nil if the person signs in through the provider of single sign-on.
    package var password: PasswordHash? {
        guard case .password(let hash) = credential else { return nil }
        return hash
    }

    /// The identity at the provider of single sign-on; nil if the person signs in with a password.
    package var identity: String? {
        guard case .identity(let identity) = credential else { return nil }
        return identity
    }

    /// An account.
    ///
    /// - Throws: ``Failure`` for an invalid name, and for a district role without a district or the reverse.
    package init(
        name: String,
        role: Role,
        district: OrganizationCode?,
        since: Int64,
        credential: Credential
    ) throws(Failure) {
        guard Self.isName(name) else {
            throw Failure(
                .usage,
                "a name has 1 to 64 small letters, digits, '.', '-', '_' or '@', and begins with a letter, because it appears in the audit trail"
            )
        }
        guard Role.ofAccounts.contains(role) else {
            throw Failure(.usage, "the public needs no account; the roles are \(Self.roles)")
        }
        guard (role == .district) == (district != nil), district?.isDistrict ?? true else {
            throw Failure(
                .usage,
                "the role district needs --district, and no other role may have it: eight digits, the last four of them zeros, such as 00350000"
            )
        }
        if case .identity(let identity) = credential, !Self.isIdentity(identity) {
            throw Failure(
                .usage,
                "an identity has 1 to 255 bytes, no control characters, and no spaces at its ends"
            )
        }
        self.name = name
        self.role = role
        self.district = district
        self.since = since
        self.credential = credential
    }

    /// The names of the roles, for people.
    package static let roles = Role.ofAccounts.map(\.rawValue).joined(separator: ", ")

    /// Whether a text is a valid account name.
    package static func isName(_ text: String) -> Bool {
        guard (1...64).contains(text.utf8.count), let first = text.utf8.first, isLetter(first) else { return false }
        return text.utf8.allSatisfy { byte in
            isLetter(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || ".-_@".utf8.contains(byte)
        }
    }

    /// Whether a text can be an identity at the provider of single sign-on.
    package static func isIdentity(_ text: String) -> Bool {
        (1...255).contains(text.utf8.count) && text.first?.isWhitespace == false && text.last?.isWhitespace == false
            && !text.unicodeScalars.contains { $0.properties.generalCategory == .control }
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) }
}
