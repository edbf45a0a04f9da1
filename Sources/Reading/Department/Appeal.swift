package import Messages
internal import Rules

/// An appeal against the results of an organization.
package struct Appeal: Encodable, Equatable {
    /// What became of it.
    package enum Status: String, Encodable, CaseIterable, Sendable {
        case open
        /// Open, and the day has come by which it was to be decided.
        case due
        case granted
        case denied
    }

    package let schoolYear: Int
    package let orgCode: String
    package let status: Status
    /// The days on which it was filed, is due and was decided; empty where they are not known.
    package let filed, due, decided: String
    /// Why it was filed, and under which letter.
    package let reason, reference: String
    /// Why it was decided so, and the submission or letter that it rests on.
    package let decision, decisionReference: String

    package enum CodingKeys: String, CodingKey {
        case schoolYear = "school_year"
        case orgCode = "org_code"
        case status, filed, due, decided, reason, reference, decision
        case decisionReference = "decision_reference"
    }

    /// Whether an act is about an appeal.
    package static func isAppeal(_ act: Accountability_V1_Directive) -> Bool {
        act.act == .appeal || act.releaseKind == .appeal
    }

    /// The appeals of a school year, by organization.
    package static func all(_ acts: [Accountability_V1_Directive], year: Int, today: String) -> [Appeal] {
        let own = acts.filter { isAppeal($0) && Int($0.schoolYear) == year }
        return Dictionary(grouping: own, by: \.orgCode).sorted { $0.key < $1.key }
            .map { Appeal($0.value, year: year, of: $0.key, today: today) }
    }

    private init(_ acts: [Accountability_V1_Directive], year: Int, of code: String, today: String) {
        let filing = acts.first { $0.act == .appeal && AppealStep(wireName: $0.kind) == .filed }
        let denial = acts.first { $0.act == .appeal && AppealStep(wireName: $0.kind) == .denied }
        let grant = acts.first { $0.act == .release }
        // ISO dates of four-digit years sort as text.
        let isGranted = grant.map { grant in denial.map { $0.effectiveDate <= grant.effectiveDate } ?? true } ?? false
        let act = isGranted ? grant : denial
        schoolYear = year
        orgCode = code
        filed = filing?.effectiveDate ?? ""
        due = filing?.endDate ?? ""
        decided = act?.effectiveDate ?? ""
        reason = filing?.reason ?? ""
        reference = filing?.reference ?? ""
        decision = act?.reason ?? ""
        decisionReference = act?.reference ?? ""
        if act == nil {
            status = !due.isEmpty && due <= today ? .due : .open
        } else {
            status = isGranted ? .granted : .denied
        }
    }

    /// As a table.
    package static func listing(_ appeals: [Appeal]) -> Listing {
        Listing(
            [
                "school_year", "org_code", "status", "filed", "due", "decided", "reason", "reference", "decision",
                "decision_reference",
            ],
            appeals.map { appeal in
                [
                    String(appeal.schoolYear), appeal.orgCode, appeal.status.rawValue, appeal.filed, appeal.due,
                    appeal.decided, appeal.reason, appeal.reference, appeal.decision, appeal.decisionReference,
                ]
            }
        )
    }
}
