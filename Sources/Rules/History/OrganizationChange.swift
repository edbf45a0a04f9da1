/// A change of an organization, as a row of `organization_changes` states it.
public struct OrganizationChange: Hashable, Sendable {
    /// The first school year of the new state.
    public let schoolYear: Int
    /// The organization: under its new code, or the code that was closed.
    public let organization: OrganizationCode
    /// What happened to it.
    public let kind: OrganizationChangeKind
    /// The code whose history it may take; nil if the kind names none.
    public let former: OrganizationCode?
    /// How many students the former organization had in the year before; nil if it was not stated.
    public let formerEnrollment: Int?

    /// A change.
    public init(
        schoolYear: Int,
        organization: OrganizationCode,
        kind: OrganizationChangeKind,
        former: OrganizationCode? = nil,
        formerEnrollment: Int? = nil
    ) {
        self.schoolYear = schoolYear
        self.organization = organization
        self.kind = kind
        self.former = former
        self.formerEnrollment = formerEnrollment
    }

    /// What is wrong with a change by itself.
    public enum Fault: Hashable, Sendable, CaseIterable {
        /// The state as a whole does not change.
        case state
        /// A recoded, merged or split organization names no former code, or another one names one.
        case formerCode
        /// It names itself as its former code, and is not merged.
        case itself
        /// The former code is of another district, or a district's code beside a school's.
        case otherDistrict
        /// A merged organization does not state the enrollment of the former one, or another one states it.
        case enrollment
    }

    /// What is wrong with it by itself; nil if nothing is.
    public var fault: Fault? {
        guard organization != .state else { return .state }
        guard (former != nil) == kind.namesFormerCode else { return .formerCode }
        guard (formerEnrollment != nil) == (kind == .merged) else { return .enrollment }
        guard let former else { return nil }
        guard former != organization || kind == .merged else { return .itself }
        return former.district == organization.district && former.type == organization.type ? nil : .otherDistrict
    }
}
