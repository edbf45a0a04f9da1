package import Rules
internal import Tables

/// The research file of 2019 as rows of the layout `indicator_values`: what the published ranks were made from.
package enum ResearchFile {
    /// A row of `indicator_values`; every printed value stands for a group of sufficient size.
    package struct Row {
        package let schoolYear: Int
        package let organization: OrganizationCode
        package let group: StudentGroup
        package let indicator: Indicator
        package let value: Ratio
    }

    /// The header of the layout.
    package static let header = [
        "school_year", "org_code", "comparison_group", "grade_span", "group", "indicator", "value", "count",
    ]

    /// The columns of the values, by sheet, year and indicator.
    private static let columns: [GradeSpan: [(year: Int, columns: [(String, Indicator)])]] = [
        .nonHigh: [
            (
                2018,
                [
                    ("H", .elaAchievement), ("J", .mathAchievement), ("L", .scienceAchievement), ("P", .elaGrowth),
                    ("R", .mathGrowth), ("V", .elProgress), ("Z", .chronicAbsenteeism),
                ]
            ),
            (
                2019,
                [
                    ("AN", .elaAchievement), ("AP", .mathAchievement), ("AR", .scienceAchievement), ("AV", .elaGrowth),
                    ("AX", .mathGrowth), ("BB", .elProgress), ("BF", .chronicAbsenteeism),
                ]
            ),
        ],
        .high: [
            (
                2018,
                [
                    ("H", .elaAchievement), ("J", .mathAchievement), ("L", .scienceAchievement), ("P", .elaGrowth),
                    ("R", .mathGrowth), ("V", .fourYearGraduation), ("X", .extendedEngagement), ("Z", .dropout),
                    ("AD", .elProgress), ("AH", .chronicAbsenteeism), ("AJ", .advancedCoursework),
                ]
            ),
            (
                2019,
                [
                    ("AZ", .elaAchievement), ("BB", .mathAchievement), ("BD", .scienceAchievement), ("BH", .elaGrowth),
                    ("BJ", .mathGrowth), ("BN", .fourYearGraduation), ("BP", .extendedEngagement), ("BR", .dropout),
                    ("BV", .elProgress), ("BZ", .chronicAbsenteeism), ("CB", .advancedCoursework),
                ]
            ),
        ],
    ]

    /// The rows of a sheet of the file.
    package static func rows(_ sheet: [[String: String]], _ span: GradeSpan) -> [Row] {
        sheet.flatMap { row -> [Row] in
            guard let code = row["A"].flatMap({ OrganizationCode($0.prefix(8)) }),
                let group = row["G"].flatMap({ StudentGroup(name: $0) })
            else { return [] }
            return (columns[span] ?? [])
                .flatMap { year, columns in
                    columns.compactMap { column, indicator in
                        printed(row[column])
                            .map {
                                Row(schoolYear: year, organization: code, group: group, indicator: indicator, value: $0)
                            }
                    }
                }
        }
    }

    /// A row as the fields of the layout.
    package static func fields(_ row: Row, _ span: GradeSpan) -> [String] {
        [
            String(row.schoolYear), row.organization.description, span.wireName, span.wireName, row.group.wireName,
            row.indicator.wireName, row.value.shortText, "",
        ]
    }

    /// Writes a sheet as a file of the layout.
    package static func convert(_ sheet: String, _ span: GradeSpan, to path: String) throws {
        var writer = try CSVWriter(path: path)
        try writer.writeRow(header)
        for row in rows(try PublishedData.rows(sheet), span) { try writer.writeRow(fields(row, span)) }
        try writer.close()
    }
}
