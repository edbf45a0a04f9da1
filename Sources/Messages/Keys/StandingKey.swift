public import Rules

/// `<school year>/<group>/<org>`: the key of an organization's entry for the ranks of a group.
public struct StandingKey: OrganizationKey {
    /// How its text is formed.
    public static let format = "<school year>/<group>/<org>"

    /// The school year.
    public let schoolYear: Int
    /// The student group.
    public let group: StudentGroup
    /// The organization.
    public let organization: OrganizationCode

    /// The key of a standing.
    public init(schoolYear: Int, group: StudentGroup, organization: OrganizationCode) {
        self.schoolYear = schoolYear
        self.group = group
        self.organization = organization
    }

    /// Reads a key.
    public init?(utf8 bytes: Span<UInt8>) {
        var reader = KeyReader(bytes)
        guard let year = reader.schoolYear(), let group = reader.word(StudentGroup.self),
            let organization = reader.organization(), reader.isAtEnd
        else { return nil }
        self.init(schoolYear: year, group: group, organization: organization)
    }

    /// Writes the key.
    public func write(to names: inout KeyWriter) {
        names.add(schoolYear)
        names.add(group)
        names.add(organization)
    }
    /// By group, because one task ranks a whole group.
    public var placement: KeyPlacement { .group(group) }
}
