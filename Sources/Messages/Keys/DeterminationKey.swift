public import Rules

/// `<school year>/<org>`: the key of a determination.
public struct DeterminationKey: OrganizationKey {
    /// How its text is formed.
    public static let format = "<school year>/<org>"

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

    /// Writes the key.
    public func write(to names: inout KeyWriter) {
        names.add(schoolYear)
        names.add(organization)
    }
    /// With its district.
    public var placement: KeyPlacement { .district(of: organization) }
}

extension DeterminationKey: Comparable, Encodable {
    /// By year and organization.
    public static func < (left: DeterminationKey, right: DeterminationKey) -> Bool {
        (left.schoolYear, left.organization) < (right.schoolYear, right.organization)
    }

    /// The key's text.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}
