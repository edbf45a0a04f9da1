public import Rules

/// `<school year>/<org>/<what of it>`: the key of a notice, which is its identity.
///
/// The last part is one of these: the revision of a determination, followed by `/issue-<n>` if it was issued again
/// after a withdrawal; the same with an event about groups; or `<event>/<about>` for plans, followed by a revision for
/// acts and comment periods.
public struct NoticeKey: OrganizationKey {
    /// How its text is formed.
    public static let format =
        "<school year>/<org>/<revision>, and /<event>, or <school year>/<org>/<event>/<about>"

    /// The school year.
    public let schoolYear: Int
    /// The organization concerned; the state if it concerns everyone.
    public let organization: OrganizationCode
    /// The last part of the key: names separated by slashes.
    public let identity: String

    /// The key of a notice.
    public init(schoolYear: Int, organization: OrganizationCode, identity: String) {
        self.schoolYear = schoolYear
        self.organization = organization
        self.identity = identity
    }

    /// Reads a key.
    public init?(utf8 bytes: Span<UInt8>) {
        var reader = KeyReader(bytes)
        guard let year = reader.schoolYear(), let organization = reader.organization(), let identity = reader.rest()
        else { return nil }
        self.init(schoolYear: year, organization: organization, identity: identity)
    }

    /// Writes the key.
    public func write(to names: inout KeyWriter) {
        names.add(schoolYear)
        names.add(organization)
        names.add(identity)
    }
    /// With its district.
    public var placement: KeyPlacement { .district(of: organization) }
}
