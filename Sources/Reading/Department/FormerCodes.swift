internal import Messages
package import Rules

/// The codes under which the earlier results of an organization stand, as its results of a year name them.
///
/// A change may be of a year without determinations: results of 2022 may name a change of 2021, and those of 2019
/// then stand under the former code.
package struct FormerCodes: Hashable, Sendable {
    private struct Step: Hashable {
        let schoolYear: Int
        let taken: OrganizationCode
    }

    private let own: OrganizationCode
    /// The changes by which the organization took a history, the newest first.
    private let steps: [Step]

    /// The codes of an organization that keeps its own.
    package init(_ own: OrganizationCode) {
        self.own = own
        steps = []
    }

    /// The codes that results name; nil if they name no other code.
    package init?(of results: some ResultsMessage) {
        let taken = results.history.compactMap { step in
            OrganizationCode(step.takenOrgCode).map { Step(schoolYear: Int(step.schoolYear), taken: $0) }
        }
        guard let own = OrganizationCode(results.orgCode), taken.contains(where: { $0.taken != own }) else {
            return nil
        }
        self.own = own
        steps = taken.sorted { $0.schoolYear > $1.schoolYear }
    }

    /// The code under which the results of an earlier school year stand.
    package func code(in year: Int) -> OrganizationCode { steps.last { $0.schoolYear > year }?.taken ?? own }
}
