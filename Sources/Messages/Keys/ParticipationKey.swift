public import Rules

/// `<school year>/<org>/<grade>/<group>/<subject>`: the key of a participation rate.
public struct ParticipationKey: OrganizationKey {
    /// How its text is formed.
    public static let format = "<school year>/<org>/<grade>/<group>/<subject>"

    /// The grade of rows that count all grades together.
    public static let allGrades = "all"

    /// The school year.
    public let schoolYear: Int
    /// The organization.
    public let organization: OrganizationCode
    /// `all` or a grade.
    public let grade: String
    /// The student group.
    public let group: StudentGroup
    /// The subject, or all combined.
    public let unit: ParticipationUnit

    /// The key of a rate.
    public init(
        schoolYear: Int,
        organization: OrganizationCode,
        grade: String,
        group: StudentGroup,
        unit: ParticipationUnit
    ) {
        self.schoolYear = schoolYear
        self.organization = organization
        self.grade = grade
        self.group = group
        self.unit = unit
    }

    /// Reads a key.
    public init?(utf8 bytes: Span<UInt8>) {
        var reader = KeyReader(bytes)
        guard let year = reader.schoolYear(), let organization = reader.organization(), let grade = reader.text(),
            let group = reader.word(StudentGroup.self), let unit = reader.participationUnit(), reader.isAtEnd
        else { return nil }
        self.init(schoolYear: year, organization: organization, grade: grade, group: group, unit: unit)
    }

    /// Writes the key.
    public func write(to names: inout KeyWriter) {
        names.add(schoolYear)
        names.add(organization)
        names.add(grade)
        names.add(group)
        names.add(unit.description)
    }
    /// With its district.
    public var placement: KeyPlacement { .district(of: organization) }
}

extension ParticipationUnit {
    /// The unit of a name in keys and messages; nil where there is none.
    static func named(_ name: String) -> ParticipationUnit? {
        if name == ParticipationUnit.combined.description { return .combined }
        return Subject(wireName: name).map { .subject($0) }
    }
}

extension KeyReader {
    /// A subject, or `combined`.
    fileprivate mutating func participationUnit() -> ParticipationUnit? { text().flatMap(ParticipationUnit.named) }
}
