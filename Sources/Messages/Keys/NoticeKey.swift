public import Rules

/// `<school year>/<org>/<what of it>`: the key of a notice, which is its identity.
///
/// What of it is the revision of a determination, with `/issue-<n>` behind it when it was issued again after a
/// withdrawal, and the same with an event of groups; or `<event>/<about>` of plans, with a revision behind it for acts
/// and comment periods.
public struct NoticeKey: OrganizationKey {
    /// How its text is formed.
    public static let format =
        "<school year>/<org>/<revision>, and /<event>, or <school year>/<org>/<event>/<about>"

    /// The school year.
    public let schoolYear: Int
    /// Whom it concerns; the state for what concerns everyone.
    public let organization: OrganizationCode
    /// What of it; names between slashes.
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
