package import Rules
internal import Tables

/// The research file of 2019 in long form: values with their printed percentile, the category percentiles and the
/// finals.
///
/// Of the non-high and the middle/high sheet it has four groups, of the high sheet all eight.
package enum LongResearchFile {
    /// Where a figure stands.
    package struct Place: Hashable, Sendable {
        package let schoolYear: Int
        package let organization: OrganizationCode
        package let group: StudentGroup
        package let span: GradeSpan

        package init(schoolYear: Int, organization: OrganizationCode, group: StudentGroup, span: GradeSpan) {
            self.schoolYear = schoolYear
            self.organization = organization
            self.group = group
            self.span = span
        }
    }

    /// The printed steps of a group in a span and year.
    package struct Steps: Sendable {
        package let comparisonGroup: ComparisonGroup
        package let categories: [IndicatorCategory: Int]
        package let mean: Ratio?
    }

    /// The printed final percentile of a group.
    package struct Final: Sendable {
        package let organization: OrganizationCode
        package let comparisonGroup: ComparisonGroup
        package let group: StudentGroup
        package let nonHighEnrollment: Int64?
        package let highEnrollment: Int64?
        package let percentile: Int
    }

    /// Values by group and organization, and the percentile that is printed beside each; nil where it is shown and not
    /// ranked.
    package struct Values: Sendable {
        package var entries: [StudentGroup: [PercentileEntry]] = [:]
        package var printed: [Place: [Indicator: Int?]] = [:]
    }

    private static let categoryColumns: [(String, IndicatorCategory)] = [
        ("achievement", .achievement), ("growth", .growth), ("hs_completion", .highSchoolCompletion),
        ("el_progress", .elProgress), ("additional", .additional),
    ]

    package static func finals() throws -> [Final] {
        try PublishedData.rows("subgroup-2019-published.csv.gz")
            .compactMap { row in
                guard let organization = row["org_code"].flatMap({ OrganizationCode($0) }),
                    let comparisonGroup = row["comparison_group"].flatMap({ ComparisonGroup(wireName: $0) }),
                    let group = row["group"].flatMap({ StudentGroup(wireName: $0) }),
                    let percentile = row["percentile"].flatMap({ Int($0) })
                else { return nil }
                return Final(
                    organization: organization,
                    comparisonGroup: comparisonGroup,
                    group: group,
                    nonHighEnrollment: row["enrollment_1_8"].flatMap { Int64($0) },
                    highEnrollment: row["enrollment_9_12"].flatMap { Int64($0) },
                    percentile: percentile
                )
            }
    }

    package static func steps() throws -> [Place: Steps] {
        var steps: [Place: Steps] = [:]
        for row in try PublishedData.rows("subgroup-2019-steps.csv.gz") {
            guard let place = place(row), let group = row["comparison_group"].flatMap({ ComparisonGroup(wireName: $0) })
            else { continue }
            var categories: [IndicatorCategory: Int] = [:]
            for (column, category) in categoryColumns {
                if let percentile = row[column].flatMap({ Int($0) }) { categories[category] = percentile }
            }
            steps[place] = Steps(comparisonGroup: group, categories: categories, mean: printed(row["year_mean"]))
        }
        return steps
    }

    /// The values as the layout `indicator_values` gives them, with the enrolments of the finals.
    package static func values(_ finals: [Final], minimumSize: Int) throws -> Values {
        var shares: [OrganizationCode: Ratio] = [:]
        for final in finals {
            guard let lower = final.nonHighEnrollment, let upper = final.highEnrollment else { continue }
            shares[final.organization] = try PercentileYearValues.share(nonHigh: lower, high: upper)
        }
        let rows = try PublishedData.rows("subgroup-2019-values.csv.gz")
        var types: [Place: SchoolType] = [:]
        for row in rows {
            guard let place = place(row), let type = row["school_type"].flatMap({ SchoolType(name: $0) }) else {
                continue
            }
            types[place] = type
        }
        var values = Values()
        var years: [StudentGroup: [OrganizationCode: [Int: PercentileYearValues]]] = [:]
        for row in rows {
            guard let place = place(row), let indicator = row["indicator"].flatMap({ Indicator(wireName: $0) }),
                let comparisonGroup = row["comparison_group"].flatMap({ ComparisonGroup(wireName: $0) }),
                let count = row["count"].flatMap({ Int($0) }), let value = printed(row["value"])
            else { continue }
            values.printed[place, default: [:]][indicator] = .some(row["published_percentile"].flatMap { Int($0) })
            guard count >= minimumSize else { continue }
            let (organization, before) = (place.organization, 2019 - place.schoolYear)
            let lower = Place(
                schoolYear: place.schoolYear,
                organization: organization,
                group: place.group,
                span: .nonHigh
            )
            var year =
                years[place.group]?[organization]?[before]
                ?? PercentileYearValues(
                    comparisonGroup: comparisonGroup,
                    nonHighShare: shares[organization],
                    schoolType: types[lower]
                )
            year[place.span, indicator] = value
            years[place.group, default: [:]][organization, default: [:]][before] = year
        }
        values.entries = years.mapValues { organizations in
            organizations.sorted { $0.key < $1.key }
                .map { PercentileEntry(organization: $0, years: $1) }
        }
        return values
    }

    /// Writes the values as a file of the layout `indicator_values`, with the optional columns of the school.
    package static func convert(to path: String) throws {
        var enrollments: [String: [String]] = [:]
        for row in try PublishedData.rows("subgroup-2019-published.csv.gz") {
            guard let code = row["org_code"], let lower = row["enrollment_1_8"], let upper = row["enrollment_9_12"]
            else { continue }
            enrollments[code] = [lower, upper]
        }
        let columns = [
            "school_year", "org_code", "comparison_group", "grade_span", "group", "indicator", "value", "count",
            "school_type",
        ]
        var writer = try CSVWriter(path: path)
        try writer.writeRow(columns + ["non_high_enrollment", "high_enrollment"])
        for row in try PublishedData.rows("subgroup-2019-values.csv.gz") {
            let enrollment = enrollments[row["org_code"] ?? ""] ?? ["", ""]
            try writer.writeRow(columns.map { row[$0] ?? "" } + enrollment)
        }
        try writer.close()
    }

    private static func place(_ row: [String: String]) -> Place? {
        guard let year = row["school_year"].flatMap({ Int($0) }),
            let organization = row["org_code"].flatMap({ OrganizationCode($0) }),
            let group = row["group"].flatMap({ StudentGroup(wireName: $0) }),
            let span = row["grade_span"].flatMap({ GradeSpan(wireName: $0) })
        else { return nil }
        return Place(schoolYear: year, organization: organization, group: group, span: span)
    }
}
