/// A plan or self-evaluation as it was filed.
public struct PlanFiling: Hashable, Sendable {
    /// What was filed.
    public let kind: PlanKind
    /// Whose it is.
    public let organization: OrganizationCode
    /// The first school year that it is for.
    public let schoolYear: Int
    /// The day it was filed, ISO 8601.
    public let date: String
    /// The parts it has.
    public let parts: [PlanPart]
    /// The District Improvement Plan that a school's plan is aligned with, `2019/00350000`; empty where none is named.
    public let alignment: String

    /// A filing.
    public init(
        kind: PlanKind,
        organization: OrganizationCode,
        schoolYear: Int,
        date: String,
        parts: [PlanPart] = [],
        alignment: String = ""
    ) {
        self.kind = kind
        self.organization = organization
        self.schoolYear = schoolYear
        self.date = date
        self.parts = parts
        self.alignment = alignment
    }
}

/// What an organization owes for a school year, and what became of it: 603 CMR 2.03(7).
public struct PlanObligation: Hashable, Sendable {
    /// How it stands on a day.
    public enum Standing: String, Hashable, Sendable, CaseIterable {
        /// Filed in time, with all parts and its alignment.
        case filed
        /// Filed, but after the day it was due.
        case filedLate = "filed_late"
        /// Filed, but a part or the alignment is missing.
        case incomplete
        /// Not filed; the day it is due has not passed.
        case due
        /// Not filed, and the day it was due has passed.
        case overdue
    }

    /// What is owed.
    public let kind: PlanKind
    /// By whom.
    public let organization: OrganizationCode
    /// For which school year.
    public let schoolYear: Int
    /// The day it is due, ISO 8601.
    public let dueDate: String
    /// The filing that covers the school year.
    public let filing: PlanFiling?
    /// Parts that the filing does not have.
    public let missingParts: [PlanPart]
    /// Whether a school's plan is aligned with a District Improvement Plan that covers the year; nil where nothing is
    /// asked.
    public let isAligned: Bool?

    /// How it stands on a day.
    public func standing(on day: String) -> Standing {
        guard let filing else { return day > dueDate ? .overdue : .due }
        if !missingParts.isEmpty || isAligned == false { return .incomplete }
        return filing.date > dueDate ? .filedLate : .filed
    }

    /// Everything that organizations owe for a school year, in the order of their codes and of the kinds.
    ///
    /// A filing of a District Improvement Plan covers the years from its own on, as many as the framework says; every
    /// other covers one.
    public static func all(
        schoolYear: Int,
        organizations: some Sequence<OrganizationCode>,
        filings: some Sequence<PlanFiling>,
        _ framework: Framework
    ) throws(RuleError) -> [PlanObligation] {
        let parameters = try framework.section(\.planning, "planning")
        var byOwner: [OrganizationCode: [PlanFiling]] = [:]
        for filing in filings { byOwner[filing.organization, default: []].append(filing) }
        func covering(_ kind: PlanKind, _ organization: OrganizationCode) -> PlanFiling? {
            let years = kind == .districtImprovementPlan ? parameters.districtPlanYears.value : 1
            return byOwner[organization, default: []]
                .filter { $0.kind == kind && $0.schoolYear <= schoolYear && schoolYear - $0.schoolYear < years }
                .max { $0.schoolYear < $1.schoolYear }
        }
        var obligations: [PlanObligation] = []
        for organization in Set(organizations).sorted() {
            for kind in PlanKind.allCases where kind.organizationType == organization.type {
                let filing = covering(kind, organization)
                let required = parameters.parts[kind]?.value ?? []
                var isAligned: Bool?
                if kind == .schoolImprovementPlan, let filing {
                    let plan = covering(.districtImprovementPlan, organization.district)
                    isAligned = plan.map { filing.alignment == "\($0.schoolYear)/\($0.organization)" } ?? false
                }
                obligations.append(
                    PlanObligation(
                        kind: kind,
                        organization: organization,
                        schoolYear: schoolYear,
                        dueDate: "\((filing?.schoolYear ?? schoolYear) - 1)-\(parameters.due[kind]?.value ?? "07-01")",
                        filing: filing,
                        missingParts: filing.map { has in required.filter { !has.parts.contains($0) } } ?? [],
                        isAligned: isAligned
                    )
                )
            }
        }
        return obligations
    }
}

extension PlanObligation: CarriesOut {
    /// Self-evaluation, plans, their data and their form.
    public static let paragraphs: [Paragraph] = [
        .improvementPlanning, .districtPlan, .schoolPlan, .planData, .planForm,
    ]
}
