package import Rules

/// A plan that is owed, as it is listed.
package struct PlanRow: Encodable, Equatable {
    package let schoolYear: Int
    package let organization: String
    package let plan: String
    package let dueDate: String
    package let filed: String
    package let standing: String
    package let missingParts: [String]
    package let aligned: Bool?

    package init(_ obligation: PlanObligation, on day: String) {
        schoolYear = obligation.schoolYear
        organization = obligation.organization.description
        plan = obligation.kind.wireName
        dueDate = obligation.dueDate
        filed = obligation.filing?.date ?? ""
        standing = obligation.standing(on: day).rawValue
        missingParts = obligation.missingParts.map(\.wireName)
        aligned = obligation.isAligned
    }

    /// The plans as a table.
    package static func listing(_ rows: [PlanRow]) -> Listing {
        Listing(
            ["school_year", "org_code", "plan", "due_date", "filed", "standing", "missing_parts", "aligned"],
            rows.map { row in
                [
                    String(row.schoolYear), row.organization, row.plan, row.dueDate, row.filed, row.standing,
                    row.missingParts.joined(separator: ";"), row.aligned.map { $0 ? "yes" : "no" } ?? "",
                ]
            }
        )
    }

    /// A template as text with headings.
    package static func text(of template: PlanTemplate) -> String {
        var text = "# \(template.kind.title)\n\n\(template.kind.paragraph)\n"
        for section in template.sections {
            text +=
                "\n## \(section.title.prefix(1).uppercased() + section.title.dropFirst())\n\n\(section.paragraph)\n\n"
            text += section.points.map { "### \($0)\n\n" }.joined()
        }
        return text
    }
}
