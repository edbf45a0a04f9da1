public import Rules

/// `<school year>/<org>`: the key of a determination.
public struct DeterminationKey: TopicKey {
    /// The school year.
    public let schoolYear: Int
    /// The school or district.
    public let organization: OrganizationCode

    /// The key of an organization's determination.
    public init(schoolYear: Int, organization: OrganizationCode) {
        self.schoolYear = schoolYear
        self.organization = organization
    }

    /// Reads a key.
    public init?(utf8 bytes: Span<UInt8>) {
        var reader = KeyReader(bytes)
        guard let year = reader.schoolYear(), let organization = reader.organization(), reader.isAtEnd else {
            return nil
        }
        self.init(schoolYear: year, organization: organization)
    }

    /// The key's text.
    public var text: String { "\(schoolYear)/\(organization)" }
    /// With its district.
    public var placement: KeyPlacement { .district(of: organization) }
}
