internal import Messages
internal import Reading
internal import Rules

/// The files for research: every figure that is public, by organization and group.
enum ResearchTables {
    /// A figure of an organization.
    private struct FigureRow: Sendable {
        let row: PublishedRow
        let measure: PublishedMeasure
        let group: StudentGroup
        let figure: Accountability_V1_PublishedFigure
    }

    /// A group of an organization in a span.
    private struct GroupRow: Sendable {
        let row: PublishedRow
        let steps: PublishedSteps.Group
        let percentage: Accountability_V1_PublishedPercentage?
        let percentile: Accountability_V1_GroupPercentile?
    }

    // MARK: Columns that say whose a row is

    private static func organization<Row>(_ read: @escaping @Sendable (Row) -> PublishedRow) -> [ProductColumn<Row>] {
        [
            .text("School Year", "The school year, by its spring.") { "\(read($0).year)" },
            .text("District Code", "Code of the district, eight digits.") { read($0).publication.districtCode },
            .text("Organization Code", "Code of the school or district, eight digits.") {
                read($0).publication.orgCode
            },
            .text("Organization Name", "Name of the school or district.") { read($0).publication.name },
            .text("Organization Type", "School or District.") { read($0).isDistrict ? "District" : "School" },
        ]
    }

    private static let groupWords =
        "The group of students: " + StudentGroup.allCases.map(\.title).joined(separator: "; ") + "."

    // MARK: Subgroups

    /// One row a group of an organization in a span, with every indicator: value, target, points, and their sums.
    static func subgroups(_ published: PublishedYear) -> ProductTable {
        let columns =
            organization { (row: GroupRow) in row.row }
            + [
                .text("School Type", "ES, MS, HS and others, as it was declared.") { $0.row.publication.schoolType },
                .text("Grade Span", "Non-high or high: results of the two are reckoned apart.") {
                    Words.title($0.steps.span)
                },
                .text("Group", groupWords) { $0.steps.group.title },
            ] + published.indicators.flatMap(indicator) + IndicatorCategory.allCases.flatMap(category)
            + [
                .number("Weighted Points Earned", "Points of the categories by their weights. \(whole)") {
                    $0.steps.column?.weightedEarned.shortText ?? ""
                },
                .number("Weighted Points Possible", "The most that can be earned. \(whole)") {
                    $0.steps.column?.weightedPossible.shortText ?? ""
                },
                .number("Percentage of Points", "Earned of possible points, kept to one decimal. \(whole)") {
                    $0.steps.column?.percent.shortText ?? ""
                },
                .number("Annual Percentage", "Of both spans, by their weights: \(Paragraph.eachSubgroup.citation).") {
                    $0.percentage?.annualExact ?? ""
                },
                .text("Comparison Group", "The schools whose groups it is ranked among.") {
                    $0.percentile.map { Words.title($0.comparisonGroup) } ?? ""
                },
                .number(
                    "Percentile",
                    "Among the same groups of these schools: \(Paragraph.subgroupPercentile.citation)."
                ) {
                    $0.percentile.map { "\($0.percentile)" } ?? ""
                },
            ]
        return ProductTable(
            file: "subgroups",
            sheet: "Subgroups",
            about:
                "One row is a group of students of a school or district in a grade span, with each step from value to percentage.",
            columns: columns,
            rows: { take in
                for row in published.rows {
                    let publication = row.publication
                    for steps in PublishedSteps(publication, published.frameworks).groups {
                        let name = steps.group.wireName
                        try take(
                            GroupRow(
                                row: row,
                                steps: steps,
                                percentage: publication.groupPercentages.first { $0.group == name },
                                percentile: publication.groupPercentiles.first { $0.group == name }
                            )
                        )
                    }
                }
            }
        )
    }

    private static let whole =
        "Empty where the figures that may be seen do not come to the published percentage: then some are hidden."

    private static func indicator(_ indicator: Indicator) -> [ProductColumn<GroupRow>] {
        let title = indicator.title
        func number(
            _ name: String,
            _ about: String,
            _ read: @escaping @Sendable (Accountability_V1_PublishedFigure) -> String
        ) -> ProductColumn<GroupRow> {
            .number("\(title) - \(name)", about) { $0.steps.figures[indicator].map(read) ?? "" }
        }
        return [
            number("N", students) { $0.hasStudents ? "\($0.students)" : "" },
            number("Prior", prior) { $0.prior },
            number("Value", value) { $0.value },
            number("Target", "What the Department set as the target.") { $0.target },
            number("Points", "0 to 4: \(Paragraph.criterionReferenced.citation).") {
                $0.hasPoints ? "\($0.points)" : ""
            },
            .text("\(title) - Reason", "The row of the table of points that decided, or why there are none.") {
                $0.steps.figures[indicator]?.rule ?? ""
            },
        ]
    }

    private static func category(_ category: IndicatorCategory) -> [ProductColumn<GroupRow>] {
        let title = Words.title(category)
        func total(_ name: String, _ about: String, _ read: @escaping @Sendable (CategoryTotal) -> String)
            -> ProductColumn<GroupRow>
        {
            .number("\(title) - \(name)", "\(about) \(whole)") { row in
                row.steps.column?.categories.first { $0.category == category }.map(read) ?? ""
            }
        }
        return [
            total("Points Earned", "Sum of the points of the category.") { "\($0.earned)" },
            total("Points Possible", "4 for each indicator that has points.") { "\($0.possible)" },
            total("Weight (%)", "The weight that was used.") { $0.weight.shortText },
        ]
    }

    private static let students =
        "Students behind the value, as they were at the first official publication; empty where the number could give another group away."
    private static let prior =
        "The value of the year before, or the baseline of the target; empty of rates where few students could be told of."
    private static let value =
        "The value of the year. A rate that would tell of few students is coded: `<=10` or `>=90`."

    // MARK: Indicators

    /// One row a figure: an indicator of a group, with the values that its points were given by.
    static func indicators(_ published: PublishedYear) -> ProductTable {
        let thresholds: [ProductColumn<FigureRow>] = [
            .number("Statewide 80th Percentile", "Value at the 80th percentile of all students, where it decided.") {
                $0.figure.at80
            },
            .number("Statewide 90th Percentile", "Value at the 90th percentile of all students, where it decided.") {
                $0.figure.at90
            },
            .number("Group 80th Percentile", "The same among the same group, where it decided.") {
                $0.figure.groupAt80
            },
            .number("Group 90th Percentile", "The same among the same group, where it decided.") {
                $0.figure.groupAt90
            },
            .text("Target Path", "Recovery or forward: the path that the target follows.") {
                Words.title($0.figure.path)
            },
            .number("Difficulty Quartile", "Of progress toward English proficiency, 1 to 4.") {
                $0.figure.difficultyQuartile > 0 ? "\($0.figure.difficultyQuartile)" : ""
            },
        ]
        let columns: [ProductColumn<FigureRow>] =
            organization { $0.row } + [
                .text("Grade Span", "Non-high or high.") { row in
                    if case .indicator(let span, _) = row.measure { Words.title(span) } else { "" }
                },
                .text("Group", groupWords) { $0.group.title },
                .text(
                    "Indicator",
                    "The indicator: " + published.indicators.map(\.title).joined(separator: "; ") + "."
                ) { row in
                    if case .indicator(_, let indicator) = row.measure { indicator.title } else { "" }
                },
                .number("N", students) { $0.figure.hasStudents ? "\($0.figure.students)" : "" },
                .number("Prior", prior) { $0.figure.prior },
                .text("Prior Is Baseline", "`Yes` where the prior value is the baseline of the target.") {
                    $0.figure.priorIsBaseline ? "Yes" : ""
                },
                .number("Value", value) { $0.figure.value },
                .number("Target", "What the Department set as the target.") { $0.figure.target },
                .number("Points", "0 to 4.") { $0.figure.hasPoints ? "\($0.figure.points)" : "" },
                .text("Reason", "The row of the table of points that decided, or why there are none.") {
                    $0.figure.rule
                },
            ] + thresholds
        return ProductTable(
            file: "indicators",
            sheet: "Indicators",
            about: "One row is an indicator of a group of students of a school or district in a grade span.",
            columns: columns,
            rows: { take in
                try visit(published) { row in
                    if case .indicator = row.measure { try take(row) }
                }
            }
        )
    }

    // MARK: Participation

    /// One row a group and subject of an organization.
    static func participation(_ published: PublishedYear) -> ProductTable {
        let columns: [ProductColumn<FigureRow>] =
            organization { $0.row } + [
                .text("Group", groupWords) { $0.group.title },
                .text("Subject", "The subject, or all of them together.") { row in
                    if case .participation(let unit) = row.measure { Words.title("\(unit)") } else { "" }
                },
                .number("N", students) { $0.figure.hasStudents ? "\($0.figure.students)" : "" },
                .number("Participants", "Tests taken. Only where groups are shown as the Department does.") {
                    $0.figure.hasCounted ? "\($0.figure.counted)" : ""
                },
                .number("Enrolled", "Tests due. Only where groups are shown as the Department does.") {
                    $0.figure.hasOf ? "\($0.figure.of)" : ""
                },
                .number("Participation Rate (%)", "Tests taken of those due. \(value)") { $0.figure.value },
                .number("Judged Rate (%)", "The rate that was held against the requirement; it may look back a year.") {
                    $0.figure.judgedRate
                },
                .text(
                    "Met Requirement",
                    "Yes or No; empty below the minimum size: \(Paragraph.participation.citation)."
                ) {
                    $0.figure.hasMet ? ($0.figure.met ? "Yes" : "No") : ""
                },
            ]
        return ProductTable(
            file: "participation",
            sheet: "Participation",
            about: "One row is a group of students of a school or district in a subject, or in all subjects together.",
            columns: columns,
            rows: { take in
                try visit(published) { row in
                    if case .participation = row.measure { try take(row) }
                }
            }
        )
    }

    private static func visit(_ published: PublishedYear, _ take: (FigureRow) throws -> Void) throws {
        for row in published.rows {
            for figure in row.publication.figures {
                guard let measure = PublishedMeasure(figure.measure), let group = StudentGroup(wireName: figure.group)
                else { continue }
                try take(FigureRow(row: row, measure: measure, group: group, figure: figure))
            }
        }
    }

    // MARK: Percentiles

    private struct RankRow: Sendable {
        let row: PublishedRow
        let group: StudentGroup
        let comparison: String
        let percentile: UInt32
    }

    /// One row a percentile.
    static func percentiles(_ published: PublishedYear) -> ProductTable {
        let columns: [ProductColumn<RankRow>] =
            organization { $0.row } + [
                .text("Comparison Group", "The schools that it is ranked among.") { Words.title($0.comparison) },
                .text("Group", groupWords) { $0.group.title },
                .number(
                    "Percentile",
                    "1 to 99: of all students \(Paragraph.accountabilityPercentile.citation), of a group \(Paragraph.subgroupPercentile.citation)."
                ) { "\($0.percentile)" },
                .text("Low Performing Subgroup", "`Yes` where that is a reason for assistance or intervention.") {
                    $0.row.publication.lowSubgroups.contains($0.group.wireName) ? "Yes" : ""
                },
            ]
        return ProductTable(
            file: "percentiles",
            sheet: "Percentiles",
            about: "One row is the percentile of a school or of one of its groups of students.",
            columns: columns,
            rows: { take in
                for row in published.rows {
                    let publication = row.publication
                    if publication.hasPercentile {
                        try take(
                            RankRow(
                                row: row,
                                group: .allStudents,
                                comparison: publication.comparisonGroup,
                                percentile: publication.percentile
                            )
                        )
                    }
                    for entry in publication.groupPercentiles where entry.group != StudentGroup.allStudents.wireName {
                        guard let group = StudentGroup(wireName: entry.group) else { continue }
                        try take(
                            RankRow(
                                row: row,
                                group: group,
                                comparison: entry.comparisonGroup,
                                percentile: entry.percentile
                            )
                        )
                    }
                }
            }
        )
    }
}
