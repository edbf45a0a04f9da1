import Messages
import Rules

/// The acts of the Department, by key.
struct DirectiveTable {
    private var byOrganization: [String: [String: Accountability_V1_Directive]] = [:]
    private var organizations: [String: String] = [:]

    /// Sets or removes a directive.
    ///
    /// Returns the organizations concerned: the one before and the one after.
    mutating func set(_ directive: Accountability_V1_Directive?, key: String) -> [String] {
        var concerned: [String] = []
        if let before = organizations[key] {
            byOrganization[before]?[key] = nil
            concerned.append(before)
        }
        organizations[key] = directive?.orgCode
        if let directive {
            byOrganization[directive.orgCode, default: [:]][key] = directive
            if !concerned.contains(directive.orgCode) { concerned.append(directive.orgCode) }
        }
        return concerned
    }

    /// Designations in force in a school year, the most severe first.
    func designations(of organization: String, in year: Int) -> [(designation: Designation, reason: String)] {
        let severity: [Designation] = [.chronicallyUnderperforming, .underperforming, .directedFocused]
        let inForce = directives("designation", of: organization)
            .compactMap {
                directive -> (designation: Designation, reason: String)? in
                guard let designation = Designation(wireName: directive.kind),
                    DirectiveTerm(schoolYear: Int(directive.schoolYear), endDate: directive.endDate).isInForce(in: year)
                else { return nil }
                return (designation, directive.reason)
            }
        return severity.flatMap { designation in inForce.filter { $0.designation == designation } }
    }

    /// Recognitions of a school year.
    func recognitions(of organization: String, in year: Int) -> [(kind: String, reason: String)] {
        directives("recognition", of: organization).filter { Int($0.schoolYear) == year }.map { ($0.kind, $0.reason) }
    }

    /// Whether the determinations of a district are official: a release of the state's or of the district's.
    func isOfficial(district: String, in year: Int) -> Bool {
        for organization in [OrganizationCode.state.description, district] {
            for directive in directives("release", of: organization) {
                if Int(directive.schoolYear) == year, directive.kind == "official" { return true }
            }
        }
        return false
    }

    /// The directives of a kind for an organization, in the order of their keys.
    private func directives(_ name: String, of organization: String) -> [Accountability_V1_Directive] {
        guard let table = byOrganization[organization] else { return [] }
        return table.filter { $0.value.directive == name }.sorted { $0.key < $1.key }.map(\.value)
    }
}
