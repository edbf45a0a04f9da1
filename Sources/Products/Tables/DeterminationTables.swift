internal import Messages
internal import Rules

/// The tables of the workbook of determinations: schools and districts, with the headings of 2019.
enum DeterminationTables {
    private typealias Column = ProductColumn<PublishedRow>

    /// One row a school.
    static func schools(_ published: PublishedYear) -> ProductTable {
        let year = published.year
        let rows = published.schools
        let organization: [Column] = [
            .text("District Code", "Code of the district, eight digits.") { $0.publication.districtCode },
            .text("School Code", "Code of the school, eight digits.") { $0.publication.orgCode },
            region,
            .text("District Name", "Name of the district.") { $0.district?.name ?? "" },
            .text("School Name", "Name of the school.") { $0.publication.name },
            .text("Grades Served", "The grades it serves, as it was declared.") { $0.publication.gradesServed },
            .text("School Type", "ES, MS, HS and others, as it was declared.") { $0.publication.schoolType },
            enrollment(year),
            .text("District Overall Classification", classificationWords("district")) {
                WorkbookWords.classification($0.district)
            },
            .text("School Overall Classification", classificationWords("school")) {
                WorkbookWords.classification($0.publication)
            },
            .text("Reason for School Classification", reasonWords) { WorkbookWords.reason($0.publication) },
            .number(
                "\(year) Accountability Percentile",
                "How the school performs among those it is compared with, 1 to 99: \(Paragraph.accountabilityPercentile.citation)."
            ) { $0.publication.hasPercentile ? "\($0.publication.percentile)" : "" },
        ]
        let subgroups: [Column] = [
            .text(
                "\(year) Low Performing Subgroup(s)",
                "Groups of which the percentile is low, each behind ` -`: \(Paragraph.subgroupPercentile.citation)."
            ) { WorkbookWords.groups($0.publication.lowSubgroups, year: year) },
            lowParticipation(year),
            .text(
                "Federal Designation",
                "Support under 20 U.S.C. 6311(c) and (d): "
                    + FederalSupport.allCases.map(\.title).joined(separator: ", ") + "."
            ) { WorkbookWords.federal($0.publication) },
        ]
        return ProductTable(
            file: "schools",
            sheet: "Schools",
            about: "One row is a school with an official determination, \(Paragraph.schoolDeterminations.citation).",
            columns: organization + percentages(year) + [
                overall(year), subgroupReason(year), graduation(year), participation(year),
            ] + subgroups + last,
            rows: { take in for row in rows { try take(row) } }
        )
    }

    /// One row a district.
    static func districts(_ published: PublishedYear) -> ProductTable {
        let year = published.year
        let rows = published.districts
        let organization: [Column] = [
            .text("District Code", "Code of the district, eight digits.") { $0.publication.orgCode },
            region,
            .text("District Name", "Name of the district.") { $0.publication.name },
            .text("School Name", "`District Results`.") { _ in "District Results" },
            enrollment(year),
            .text("Multi or Single School District", "Whether results of several of its schools are published.") {
                $0.schools > 1 ? "Multi" : "Single"
            },
            .text("District Overall Classification", classificationWords("district")) {
                WorkbookWords.classification($0.publication)
            },
            .text("Reason for Classification", reasonWords) { WorkbookWords.reason($0.publication) },
        ]
        return ProductTable(
            file: "districts",
            sheet: "Districts",
            about:
                "One row is a district with an official determination, \(Paragraph.districtDeterminations.citation).",
            columns: organization + percentages(year) + [
                overall(year), graduation(year), participation(year), lowParticipation(year),
            ] + last,
            rows: { take in for row in rows { try take(row) } }
        )
    }

    private static let region = Column.text("Region", "The Department's region, as it was declared.") {
        $0.publication.region
    }

    private static func enrollment(_ year: Int) -> Column {
        .number(
            "October \(year - 1) Enrollment",
            "Students enrolled in October, as it was at the first official publication; empty where a number of students of the district is hidden."
        ) { $0.publication.hasEnrollment ? "\($0.publication.enrollment)" : "" }
    }

    private static func classificationWords(_ kind: String) -> String {
        "Classification of the \(kind): \(Classification.allCases.map(\.title).joined(separator: ", "))."
    }

    private static let reasonWords =
        "The kind of support, the recognition, or the progress toward targets: "
        + DeterminationLevel.allCases.map(\.title).joined(separator: ", ")
        + ". `\(Classification.insufficientData.title)` where it is that."

    private static func percentages(_ year: Int) -> [Column] {
        let words = "Criterion-Referenced Target Percentage (%)"
        return [
            .number(
                "\(year - 1) Annual \(words)",
                "Percentage of its targets in the year before, as it counts in the cumulative one."
            ) { WorkbookWords.annualBefore($0) },
            .number(
                "\(year) Annual \(words)",
                "Percentage of its targets in the year: \(Paragraph.criterionReferenced.citation)."
            ) { $0.publication.annualExact },
            .number(
                "\(year) Cumulative \(words)",
                "Percentage of its targets in both years, by the weights of the framework: the progress is read from it."
            ) { $0.publication.hasCumulative ? "\($0.publication.cumulative)" : "" },
        ]
    }

    private static func overall(_ year: Int) -> Column {
        .text(
            "\(year) Reason for Classification - Overall Performance",
            "The designation; the reason the Department stated; of a school, that it is among the lowest performing."
        ) { WorkbookWords.overallPerformance($0.publication) }
    }

    private static func subgroupReason(_ year: Int) -> Column {
        reason(.lowSubgroup, "\(year) Reason for Classification - Subgroup Performance")
    }

    private static func graduation(_ year: Int) -> Column {
        reason(.lowGraduation, "\(year) Reason for Classification - Graduation Rate")
    }

    private static func participation(_ year: Int) -> Column {
        reason(.lowParticipation, "\(year) Reason for Classification - Participation")
    }

    private static func reason(_ reason: DeterminationReason, _ name: String) -> Column {
        .text(name, "`\(reason.title)` where that is a reason for assistance or intervention.") {
            WorkbookWords.reason(reason, of: $0.publication)
        }
    }

    private static func lowParticipation(_ year: Int) -> Column {
        .text(
            "\(year) Low Participation Subgroup(s)",
            "Groups below the participation requirement, each behind ` -`: \(Paragraph.participation.citation)."
        ) { WorkbookWords.groups($0.publication.lowParticipationGroups, year: year) }
    }

    private static let last: [Column] = [
        .text("Title I Status", "Whether it receives funds under Title I.") { WorkbookWords.title1($0.publication) },
        .text("Data Changed on Appeal?", "`Yes` where an appeal changed official results.") {
            WorkbookWords.appeal($0.publication)
        },
    ]
}
