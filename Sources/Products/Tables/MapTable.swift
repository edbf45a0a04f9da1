internal import Messages
internal import Reading
internal import Rules

/// A table to be joined with a map: few columns, simple names, and one number for each class.
enum MapTable {
    private typealias Column = ProductColumn<PublishedRow>

    /// One row a school or district.
    static func table(_ published: PublishedYear) -> ProductTable {
        let levels = DeterminationLevel.allCases
        let columns: [Column] = [
            .text("org_code", "Code of the school or district, eight digits: the key to join by.") {
                $0.publication.orgCode
            },
            .text("district_code", "Code of the district, eight digits.") { $0.publication.districtCode },
            .text("type", "school or district.") { $0.isDistrict ? "district" : "school" },
            .text("name", "Its name.") { $0.publication.name },
            .number("school_year", "The school year, by its spring.") { "\($0.year)" },
            .number(
                "class",
                "The classification as a number: "
                    + Classification.allCases.enumerated().map { "\($0 + 1) \($1.title)" }.joined(separator: ", ") + "."
            ) { row in
                let known = Classification(wireName: row.publication.classification)
                return Classification.allCases.firstIndex { $0 == known }.map { "\($0 + 1)" } ?? ""
            },
            .number(
                "level",
                "The level as a number: " + levels.enumerated().map { "\($0 + 1) \($1.title)" }.joined(separator: ", ")
                    + "."
            ) { row in
                let known = DeterminationLevel(wireName: row.publication.level)
                return levels.firstIndex { $0 == known }.map { "\($0 + 1)" } ?? ""
            },
            .number("percentile", "Accountability percentile of a school, 1 to 99.") {
                $0.publication.hasPercentile ? "\($0.publication.percentile)" : ""
            },
            .number("annual", "Annual percentage of its targets.") { $0.publication.annualExact },
            .number("cumulative", "Cumulative percentage of its targets.") {
                $0.publication.hasCumulative ? "\($0.publication.cumulative)" : ""
            },
        ]
        return ProductTable(
            file: "map",
            sheet: "Map",
            about: "One row is a school or district, to be joined with its place or its area.",
            columns: columns,
            rows: { take in for row in published.rows { try take(row) } }
        )
    }
}
