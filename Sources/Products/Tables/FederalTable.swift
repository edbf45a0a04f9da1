internal import Messages
internal import Reading
internal import Rules

/// The schools that federal law identifies: comprehensive, targeted and additional targeted support and improvement.
enum FederalTable {
    private struct Row: Sendable {
        let row: PublishedRow
        let designation: Accountability_V1_FederalDesignation
    }

    /// One row an identification.
    static func table(_ published: PublishedYear) -> ProductTable {
        let columns: [ProductColumn<Row>] = [
            .text("School Year", "The school year, by its spring.") { "\($0.row.year)" },
            .text("District Code", "Code of the district, eight digits.") { $0.row.publication.districtCode },
            .text("District Name", "Name of the district.") { $0.row.district?.name ?? "" },
            .text("School Code", "Code of the school, eight digits.") { $0.row.publication.orgCode },
            .text("School Name", "Name of the school.") { $0.row.publication.name },
            .text("NCES District ID", "NCES identifier of the district, seven digits, where it was declared.") {
                String($0.row.publication.ncesID.prefix(7))
            },
            .text("NCES School ID", "NCES identifier of the school, twelve digits, where it was declared.") {
                $0.row.publication.ncesID.count > 7 ? $0.row.publication.ncesID : ""
            },
            .text("Title I Status", "Whether it receives funds under Title I.") {
                WorkbookWords.title1($0.row.publication)
            },
            .text(
                "Designation",
                "Support under 20 U.S.C. 6311(c) and (d): "
                    + FederalSupport.allCases.map { $0.wireName.uppercased() }.joined(separator: ", ") + "."
            ) { $0.designation.designation.uppercased() },
            .text(
                "Reason",
                "Why it is identified: " + FederalReason.allCases.map(\.title).joined(separator: "; ") + "."
            ) {
                FederalReason(wireName: $0.designation.reason)?.title ?? ""
            },
            .number("Identified", "The school year that identified it; it stays so for the years that the law says.") {
                $0.designation.identified > 0 ? "\($0.designation.identified)" : ""
            },
            .text("Groups", "The groups of students that it rests upon, each behind ` -`.") {
                WorkbookWords.groups($0.designation.groups, year: $0.row.year)
            },
        ]
        return ProductTable(
            file: "federal",
            sheet: "Federal",
            about:
                "One row is an identification of a school under 20 U.S.C. 6311, with the codes of the state and, where they were declared, of NCES.",
            columns: columns,
            rows: { take in
                for row in published.rows {
                    for designation in row.publication.federalDesignations {
                        try take(Row(row: row, designation: designation))
                    }
                }
            }
        )
    }
}
