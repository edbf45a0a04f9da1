internal import Messages
package import Rules

/// Something that an organization owes, was given or asked for in a school year, with its days: what `plans`,
/// `reviews`, `priority`, `directive --list` and `appeals` list, as one list.
package struct DutyRow: Hashable, Sendable {
    /// What kind of duty it is.
    package enum Duty: String, CaseIterable, Sendable {
        case plan
        case review
        case priority
        case designation
        case appeal

        /// The word for people.
        package var title: String {
            switch self {
            case .plan: "Plan"
            case .review: "Review"
            case .priority: "Assistance"
            case .designation: "Designation"
            case .appeal: "Appeal"
            }
        }
    }

    package let schoolYear: Int
    package let organization: String
    package let duty: Duty
    /// Which one: the kind of plan, the designation, the severity.
    package let what: String
    /// How it stands: see ``standings``.
    package let standing: String
    /// The day it is due, begins or was filed, ISO 8601; empty where there is none.
    package let due: String
    /// The day it was filed, ended or decided; empty where there is none.
    package let done: String
    /// What else is to be said.
    package let remark: String

    /// Every word of ``standing``.
    package static let standings =
        PlanObligation.Standing.allCases.map(\.rawValue)
        + ["conducted", "rated", "required", "in_force", "ended"]
        + Appeal.Status.allCases.map(\.rawValue)
        .filter { PlanObligation.Standing(rawValue: $0) == nil }

    /// Everything of a school year as it stands on a day, by organization.
    ///
    /// - Parameters:
    ///   - schoolYear: the school year.
    ///   - day: the day, ISO 8601.
    ///   - declared: the organizations that owe plans.
    ///   - records: the acts on record.
    ///   - priority: the districts that require assistance.
    ///   - hasPlaces: whether their places in the order may be seen: they tell of other districts.
    /// - Returns: the rows.
    /// - Throws: `RuleError` where the framework of the year lacks what plans need.
    package static func list(
        _ schoolYear: Int,
        on day: String,
        declared: some Sequence<OrganizationCode>,
        _ records: DepartmentRecords,
        priority: [PriorityRow],
        hasPlaces: Bool
    ) throws -> [DutyRow] {
        var rows: [DutyRow] = []
        if let framework = try planning(schoolYear) {
            rows +=
                try PlanObligation.all(
                    schoolYear: schoolYear,
                    organizations: declared,
                    filings: records.filings,
                    framework
                )
                .map { DutyRow(PlanRow($0, on: day)) }
        }
        rows += records.reviews.filter { $0.schoolYear == schoolYear }.map { DutyRow(ReviewRow($0)) }
        rows += priority.map { DutyRow($0, schoolYear, hasPlace: hasPlaces) }
        rows += records.acts
            .filter { Int($0.schoolYear) == schoolYear && $0.act == .designation }
            .map { act in
                DutyRow(
                    schoolYear,
                    act.orgCode,
                    .designation,
                    act.kind,
                    !act.endDate.isEmpty && act.endDate < day ? "ended" : "in_force",
                    due: act.effectiveDate,
                    done: act.endDate,
                    [act.reason, act.reference]
                )
            }
        rows += Appeal.all(records.acts, year: schoolYear, today: day).map { DutyRow($0) }
        return rows.sorted { ($0.organization, $0.place, $0.what) < ($1.organization, $1.place, $1.what) }
    }

    /// The framework that plans are due by; nil in years before the first one.
    private static func planning(_ schoolYear: Int) throws -> Framework? {
        do {
            return try Framework.planning(schoolYear: schoolYear)
        } catch  where error.code == .noFramework {
            return nil
        }
    }

    private init(
        _ schoolYear: Int,
        _ organization: String,
        _ duty: Duty,
        _ what: String,
        _ standing: String,
        due: String = "",
        done: String = "",
        _ remarks: [String]
    ) {
        self.schoolYear = schoolYear
        self.organization = organization
        self.duty = duty
        self.what = what
        self.standing = standing
        self.due = due
        self.done = done
        remark = remarks.filter { !$0.isEmpty }.joined(separator: "; ")
    }

    private init(_ plan: PlanRow) {
        let missing = plan.missingParts.isEmpty ? "" : "missing: \(plan.missingParts.joined(separator: ", "))"
        self.init(
            plan.schoolYear,
            plan.organization,
            .plan,
            plan.plan,
            plan.standing,
            due: plan.dueDate,
            done: plan.filed,
            [missing, plan.aligned == false ? "not aligned with a district plan of the year" : ""]
        )
    }

    private init(_ review: ReviewRow) {
        let ratings = ReviewStandard.allCases.compactMap { standard in
            review.ratings[standard.wireName].map { "\(standard.wireName): \($0)" }
        }
        self.init(
            review.schoolYear,
            review.district,
            .review,
            "district_review",
            review.firstDay.isEmpty && review.schools.isEmpty ? "rated" : "conducted",
            due: review.firstDay,
            done: review.lastDay,
            [review.schools.isEmpty ? "" : "schools: \(review.schools.joined(separator: ", "))"] + ratings
        )
    }

    private init(_ priority: PriorityRow, _ schoolYear: Int, hasPlace: Bool) {
        self.init(
            schoolYear,
            priority.district,
            .priority,
            priority.severity,
            "required",
            [
                hasPlace ? priority.place.map { "place \($0)" } ?? "" : "",
                "for \(Words.count(priority.duration, "determination"))",
                "\(Words.count(priority.requiring, "organization")) in need",
                "most severe: \(priority.organizations.joined(separator: ", "))",
            ]
        )
    }

    private init(_ appeal: Appeal) {
        self.init(
            appeal.schoolYear,
            appeal.orgCode,
            .appeal,
            "appeal",
            appeal.status.rawValue,
            due: appeal.due.isEmpty ? appeal.filed : appeal.due,
            done: appeal.decided,
            [
                appeal.filed.isEmpty ? "" : "filed \(appeal.filed)", appeal.reason, appeal.reference, appeal.decision,
                appeal.decisionReference,
            ]
        )
    }

    private var place: Int { Duty.allCases.firstIndex(of: duty) ?? 0 }

    /// The rows as a table.
    package static func listing(_ rows: [DutyRow]) -> Listing {
        Listing(
            ["school_year", "org_code", "duty", "what", "standing", "due", "done", "remark"],
            rows.map { row in
                [
                    String(row.schoolYear), row.organization, row.duty.rawValue, row.what, row.standing, row.due,
                    row.done, row.remark,
                ]
            }
        )
    }
}
