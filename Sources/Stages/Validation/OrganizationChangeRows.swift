import Messages
import Rules
import Tables

private enum Place {
    static let change = Layout.organizationChanges.place("change")
    static let former = Layout.organizationChanges.place("prior_org_code")
    static let enrollment = Layout.organizationChanges.place("prior_enrollment")
    static let reason = Layout.organizationChanges.place("reason")
    static let reference = Layout.organizationChanges.place("reference")
}

extension RowCheck {
    /// A row of `organization_changes`.
    ///
    /// Its key is its key in the topic of directives: `<school year>/organization_change/<org>/<former code>`.
    mutating func organizationChange(_ line: Span<UInt8>, isDeletion: Bool) -> CheckedRow.Content {
        let former = code(Place.former, line)
        key.removeAll(keepingCapacity: true)
        guard let year, let organization else { return .none }
        key = DirectiveKey(changeOf: organization, in: year, former: former).utf8
        guard !isDeletion else { return .none }
        let kind = choice(Place.change, line).flatMap { OrganizationChangeKind(rawValue: UInt8($0)) }
        let enrollment = integer(Place.enrollment, line)
        var directive = Accountability_V1_Directive()
        directive.reason = text(Place.reason, line)
        directive.reference = text(Place.reference, line)
        guard faults.isEmpty, let kind else { return .none }
        let change = OrganizationChange(
            schoolYear: year,
            organization: organization,
            kind: kind,
            former: former,
            formerEnrollment: enrollment
        )
        switch change.fault {
        case .state: fault(.organizationNotOfChange, RowCheck.organizationColumn)
        case .formerCode: fault(.formerCodeNotOfChange, Place.former)
        case .itself: fault(.changeOfItself, Place.former)
        case .otherDistrict: fault(.formerCodeOfOtherDistrict, Place.former)
        case .enrollment: fault(.enrollmentNotOfChange, Place.enrollment)
        case nil: break
        }
        directive.directive = DepartmentAct.organizationChange.wireName
        directive.schoolYear = UInt32(clamping: year)
        directive.orgCode = organization.description
        directive.kind = kind.wireName
        directive.priorOrgCode = former?.description ?? ""
        if let enrollment { directive.priorEnrollment = UInt32(clamping: enrollment) }
        return .directive(directive)
    }
}

extension CheckedRow {
    /// Whether it says that its organization no longer exists, so that nobody declares it.
    var closesOrganization: Bool {
        guard case .directive(let act) = content else { return false }
        return act.organizationChange?.kind == .closed
    }
}
