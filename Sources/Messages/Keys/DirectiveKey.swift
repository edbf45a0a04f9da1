public import Rules

/// `<school year>/<directive>/<org>/<kind>`: the key of an act of the Department.
public struct DirectiveKey: OrganizationKey, Comparable {
    /// How its text is formed.
    public static let format = "<school year>/<directive>/<org>/<kind>"

    /// The school year.
    public let schoolYear: Int
    /// The act.
    public let act: DepartmentAct
    /// Whom it concerns.
    public let organization: OrganizationCode
    /// The kind of the act: a designation, a step, a measure.
    ///
    /// Of a change of an organization it is the former code, or ``noFormerCode``.
    public let kind: String

    /// What stands in place of the former code of a change that names none.
    public static let noFormerCode = "none"

    /// The key of an act.
    public init(schoolYear: Int, _ act: DepartmentAct, of organization: OrganizationCode, kind: String) {
        self.schoolYear = schoolYear
        self.act = act
        self.organization = organization
        self.kind = kind
    }

    /// The key of a change of an organization.
    public init(changeOf organization: OrganizationCode, in schoolYear: Int, former: OrganizationCode?) {
        self.init(
            schoolYear: schoolYear,
            .organizationChange,
            of: organization,
            kind: former?.description ?? Self.noFormerCode
        )
    }

    /// Reads a key.
    public init?(utf8 bytes: Span<UInt8>) {
        var reader = KeyReader(bytes)
        guard let year = reader.schoolYear(), let act = reader.word(DepartmentAct.self),
            let organization = reader.organization(), let kind = reader.text(), reader.isAtEnd
        else { return nil }
        self.init(schoolYear: year, act, of: organization, kind: kind)
    }

    /// Writes the key.
    public func write(to names: inout KeyWriter) {
        names.add(schoolYear)
        names.add(act)
        names.add(organization)
        names.add(kind)
    }

    /// Whether a district sees the act.
    ///
    /// It sees acts about its own organizations; those that are part of the results together with them. Commands, the
    /// console and notices go by it.
    ///
    /// - Parameters:
    ///   - district: the district.
    ///   - areResultsSeen: whether it sees the results of the act's organization and year.
    /// - Returns: whether the act is shown.
    package func isShown(to district: OrganizationCode, areResultsSeen: Bool) -> Bool {
        guard organization.district == district else { return false }
        return switch act {
        case .review, .planFiling, .appeal: true
        case .designation, .recognition, .release, .suspension, .frameworkStep, .reconfiguration, .organizationChange:
            areResultsSeen
        }
    }

    /// The one partition that everyone reads.
    public var placement: KeyPlacement { .single }

    /// By year, organization, act and kind.
    public static func < (left: DirectiveKey, right: DirectiveKey) -> Bool {
        (left.schoolYear, left.organization, left.act, left.kind)
            < (right.schoolYear, right.organization, right.act, right.kind)
    }
}
