public import Rules

/// `<school year>/<org>/<grade>/<group>/<subject>`: the key of a participation rate.
///
/// Supplied rows may name grades and groups as they were published, so that both are texts.
public struct ParticipationKey: TopicKey {
    /// The grade of rows that count all grades together.
    public static let allGrades = "all"

    /// The school year.
    public let schoolYear: Int
    /// The organization.
    public let organization: OrganizationCode
    /// `all` or a grade.
    public let grade: String
    /// The group's wire name, or its name as it was supplied.
    public let group: String
    /// The subject, or `combined`.
    public let subject: String

    /// The key of a rate.
    public init(schoolYear: Int, organization: OrganizationCode, grade: String, group: String, subject: String) {
        self.schoolYear = schoolYear
        self.organization = organization
        self.grade = grade
        self.group = group
        self.subject = subject
    }

    /// Reads a key.
    public init?(utf8 bytes: Span<UInt8>) {
        var reader = KeyReader(bytes)
        guard let year = reader.schoolYear(), let organization = reader.organization(), let grade = reader.text(),
            let group = reader.text(), let subject = reader.text(), reader.isAtEnd
        else { return nil }
        self.init(schoolYear: year, organization: organization, grade: grade, group: group, subject: subject)
    }

    /// The key's text.
    public var text: String { "\(schoolYear)/\(organization)/\(grade)/\(group)/\(subject)" }
    /// With its district.
    public var placement: KeyPlacement { .district(of: organization) }
}
