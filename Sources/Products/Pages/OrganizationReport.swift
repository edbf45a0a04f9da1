package import Messages
package import Reading
internal import Rules

/// The official report of an organization: the determination, the table of points, and each indicator by group.
package struct OrganizationReport {
    private let row: PublishedRow
    private let steps: PublishedSteps
    private let history: [Accountability_V1_Publication]

    private var publication: Accountability_V1_Publication { row.publication }

    /// - Parameters:
    ///   - row: the organization.
    ///   - history: its publications of all years, the oldest first.
    package init(_ row: PublishedRow, history: [Accountability_V1_Publication]) {
        self.row = row
        self.history = history
        steps = PublishedSteps(row.publication, row.frameworks)
    }

    /// What it contains.
    package var document: ReportDocument {
        let name = publication.name.isEmpty ? publication.orgCode : publication.name
        let district = row.isDistrict ? "" : (row.district?.name).map { ", \($0)" } ?? ""
        return ReportDocument(
            title: name,
            above:
                "Official accountability report \(SchoolYear.title(row.year)) · \(row.isDistrict ? "District" : "School") \(publication.orgCode)\(district)",
            lead: lead,
            figures: figures,
            sections: [classification, progress] + steps.spans.map { span($0.span) }
                + [groups, participation, years, notes]
                .compactMap(\.self),
            foot:
                "Made from the official publication, revision \(publication.revision), under framework \(publication.framework). "
                + "What could tell of few students is left out."
        )
    }

    /// The classification and the reason for it, which may be the same words.
    private var lead: String {
        let words = [WorkbookWords.classification(publication), WorkbookWords.reason(publication)]
        return words[0] == words[1] ? words[0] : words.filter { !$0.isEmpty }.joined(separator: ": ")
    }

    private var figures: [(name: String, figure: String)] {
        var figures: [(String, String)] = []
        if !row.isDistrict {
            figures.append(("Accountability percentile", publication.hasPercentile ? "\(publication.percentile)" : "–"))
        }
        figures.append(("Annual percentage", publication.hasAnnual ? "\(publication.annual) %" : "–"))
        figures.append(("Cumulative percentage", publication.hasCumulative ? "\(publication.cumulative) %" : "–"))
        return figures.map { (name: $0.0, figure: $0.1) }
    }

    private var classification: ReportDocument.Section {
        var rows: [(String, String)] = [
            ("Overall classification", WorkbookWords.classification(publication)),
            ("Reason for classification", WorkbookWords.reason(publication)),
            ("Reason for assistance", WorkbookWords.overallPerformance(publication)),
        ]
        for reason in [DeterminationReason.lowSubgroup, .lowGraduation, .lowParticipation] {
            rows.append(("Reason for assistance", WorkbookWords.reason(reason, of: publication)))
        }
        rows += [
            ("Low performing groups", WorkbookWords.groups(publication.lowSubgroups, year: row.year)),
            ("Groups with low participation", WorkbookWords.groups(publication.lowParticipationGroups, year: row.year)),
            ("Federal designation", WorkbookWords.federal(publication)),
            ("Region", publication.region), ("Grades served", publication.gradesServed.replacing(",", with: ", ")),
            ("October enrollment", publication.hasEnrollment ? Words.grouped(publication.enrollment) : ""),
            ("Title I", WorkbookWords.title1(publication)),
        ]
        return ReportDocument.Section(
            heading: "Classification",
            words: publication.suspendedMeasures.map { suspended in
                let title = ReportedMeasure(wireName: suspended.measure)?.title ?? suspended.measure
                return "Suspended under \(Paragraph.suspension.citation): \(title). \(suspended.reason)"
            },
            parts: [
                .init(
                    table: TablePart(
                        caption: "Classification and reasons",
                        columns: ["What", "Result"],
                        rows: rows.filter { !$0.1.isEmpty }.map { [.init($0.0), .init($0.1)] },
                        shape: .narrow
                    )
                )
            ]
        )
    }

    /// How the percentages of the years come to the cumulative one.
    private var progress: ReportDocument.Section {
        var rows: [[TablePart.Cell]] = steps.spans.map { span, published in
            [
                .init(Words.title(span)), .init(published.hasPercent ? "\(published.percent) %" : "–"),
                .init("\(published.weight) % of the annual percentage"),
            ]
        }
        let before = WorkbookWords.annualBefore(row)
        if !before.isEmpty { rows.append([.init("\(row.year - 1) annual"), .init("\(before) %"), .init("")]) }
        if publication.hasAnnual {
            // The annual percentage of 2018 is not rounded before the cumulative one.
            let annual = Ratio.reading(publication.annualExact)?.text(decimals: 1) ?? publication.annualExact
            rows.append([.init("\(row.year) annual"), .init("\(annual) %"), .init("")])
        }
        if publication.hasCumulative {
            let band = ProgressLevel(wireName: publication.band)?.title ?? ""
            rows.append([
                .init("\(row.year) cumulative", kind: "strong"), .init("\(publication.cumulative) %", kind: "strong"),
                .init(band),
            ])
        }
        return ReportDocument.Section(
            heading: "Progress toward targets",
            parts: [
                .init(
                    table: TablePart(
                        caption: "Criterion-referenced target percentages",
                        columns: ["Of what", "Percentage", "How it counts"],
                        numbers: [1],
                        rows: rows,
                        empty: "There is no percentage.",
                        shape: .narrow
                    )
                )
            ]
        )
    }

    // MARK: Points

    private func span(_ span: GradeSpan) -> ReportDocument.Section {
        ReportDocument.Section(
            heading: Words.title(span),
            parts: [.init(table: points(span))]
                + Indicator.allCases.compactMap { indicator in
                    self.indicator(indicator, span)
                        .map { .init(subheading: indicator.title, table: $0) }
                }
        )
    }

    /// The table of points: indicators by category for all students and the lowest performing, then the totals.
    private func points(_ span: GradeSpan) -> TablePart {
        let pair = [StudentGroup.allStudents, .lowestPerforming].map { steps[span, $0] }
        var rows: [[TablePart.Cell]] = []
        for category in IndicatorCategory.allCases {
            var isThere = false
            for indicator in category.indicators
            where pair.contains(where: { $0?.figures[indicator]?.hasPoints == true }) {
                isThere = true
                rows.append(
                    [.init(indicator.title)]
                        + pair.flatMap { group -> [TablePart.Cell] in
                            let figure = group?.figures[indicator]
                            let has = figure?.hasPoints == true
                            return [.init(has ? "\(figure?.points ?? 0)" : "–"), .init(has ? "4" : "–"), .init("")]
                        }
                )
            }
            guard isThere else { continue }
            rows.append(
                [.init("\(Words.title(category)), total", kind: "strong")]
                    + pair.flatMap { group -> [TablePart.Cell] in
                        let total = group?.column?.categories.first { $0.category == category }
                        return [
                            .init(total.map { "\($0.earned)" } ?? "–", kind: "strong"),
                            .init(total.map { "\($0.possible)" } ?? "–", kind: "strong"),
                            .init(total?.weight.text(decimals: 1) ?? "–"),
                        ]
                    }
            )
        }
        rows.append(
            [.init("Weighted total", kind: "strong")]
                + pair.flatMap { group -> [TablePart.Cell] in
                    [
                        .init(group?.column?.weightedEarned.text(decimals: 1) ?? "–", kind: "strong"),
                        .init(group?.column?.weightedPossible.text(decimals: 1) ?? "–", kind: "strong"), .init(""),
                    ]
                }
        )
        rows.append(
            [.init("Percentage of possible points", kind: "strong")]
                + pair.flatMap { group -> [TablePart.Cell] in
                    [.init(group?.column.map { "\($0.displayed) %" } ?? "–", kind: "strong"), .init(""), .init("")]
                }
        )
        return TablePart(
            caption: "Points of \(Words.title(span))",
            columns: [
                "Indicator", "All students: points", "Possible", "Weight %", "Lowest performing: points", "Possible",
                "Weight %",
            ],
            numbers: [1, 2, 3, 4, 5, 6],
            rows: rows,
            note: "– stands where there are no points, or where they may not be seen."
        )
    }

    /// An indicator by group.
    private func indicator(_ indicator: Indicator, _ span: GradeSpan) -> TablePart? {
        let groups = steps.groups.filter { $0.span == span && $0.figures[indicator] != nil }
        guard !groups.isEmpty else { return nil }
        return TablePart(
            caption: "\(indicator.title), \(Words.title(span))",
            columns: ["Group", "N", "\(row.year - 1)", "\(row.year)", "Change", "Target", "Points", "Reason"],
            numbers: [1, 2, 3, 4, 5, 6],
            rows: groups.compactMap { group in
                group.figures[indicator]
                    .map { figure in
                        [
                            .init(group.group.title), .init(figure.hasStudents ? Words.grouped(figure.students) : "–"),
                            Self.shown(figure.prior), Self.shown(figure.value), Self.change(figure),
                            Self.shown(figure.target),
                            .init(figure.hasPoints ? "\(figure.points)" : "–", kind: "strong"),
                            .init(Words.sentence(figure.rule)),
                        ]
                    }
            }
        )
    }

    private static func shown(_ text: String) -> TablePart.Cell {
        .init(text.isEmpty ? "–" : Ratio.reading(text).map { $0.text(decimals: 1) } ?? text)
    }

    /// The change, as values are compared: at one decimal.
    private static func change(_ figure: Accountability_V1_PublishedFigure) -> TablePart.Cell {
        let tenth = Rounding(.halfUp, decimals: 1)
        guard let value = Ratio.reading(figure.value), let prior = Ratio.reading(figure.prior),
            let difference = try? tenth(value) - tenth(prior)
        else { return .init("–") }
        return .init((difference > .zero ? "+" : "") + difference.text(decimals: 1))
    }

    // MARK: Groups, participation, years

    private var groups: ReportDocument.Section? {
        var rows: [[TablePart.Cell]] = []
        for group in StudentGroup.allCases where group != .allStudents {
            let percentile = publication.groupPercentiles.first { $0.group == group.wireName }
            let percentage = publication.groupPercentages.first { $0.group == group.wireName }
            guard percentile != nil || percentage != nil else { continue }
            rows.append([
                .init(group.title), .init(percentile.map { Int($0.percentile) }),
                .init(percentage.map { "\($0.annual) %" } ?? "–"),
                publication.lowSubgroups.contains(group.wireName) ? .init("low", sign: "△") : .init(""),
            ])
        }
        guard !rows.isEmpty else { return nil }
        return ReportDocument.Section(
            heading: "Groups of students",
            parts: [
                .init(
                    table: TablePart(
                        caption: "Percentiles and percentages of groups",
                        columns: ["Group", "Percentile", "Annual percentage", "Lowest performing"],
                        numbers: [1, 2],
                        rows: rows,
                        shape: .narrow
                    )
                )
            ]
        )
    }

    private var participation: ReportDocument.Section? {
        let rows: [[TablePart.Cell]] = publication.figures.compactMap { figure in
            guard case .participation(let unit) = PublishedMeasure(figure.measure),
                let group = StudentGroup(wireName: figure.group), !figure.value.isEmpty || figure.hasMet
            else { return nil }
            return [
                .init(group.title), .init(Words.title("\(unit)"), kind: "tight"),
                .init(figure.hasStudents ? Words.grouped(figure.students) : "–"),
                .init(figure.value.isEmpty ? "–" : "\(figure.value) %"),
                figure.hasMet
                    ? .init(figure.met ? "met" : "not met", sign: figure.met ? "●" : "△") : .init("not judged"),
            ]
        }
        guard !rows.isEmpty else { return nil }
        return ReportDocument.Section(
            heading: "Participation",
            parts: [
                .init(
                    table: TablePart(
                        caption: "Participation by group",
                        columns: ["Group", "Subject", "N", "Rate", "Requirement"],
                        numbers: [2, 3],
                        rows: rows,
                        shape: .narrow
                    )
                )
            ]
        )
    }

    private var years: ReportDocument.Section? {
        guard history.count > 1 else { return nil }
        let moments = history.map { before in
            YearFigures(
                year: Int(before.schoolYear),
                cumulative: before.hasCumulative ? Int(before.cumulative) : nil,
                annual: before.hasAnnual ? Int(before.annual) : nil,
                percentile: before.hasPercentile ? Int(before.percentile) : nil
            )
        }
        let rows: [[TablePart.Cell]] = zip(history, moments).reversed()
            .map { before, moment in
                [
                    .init(
                        SchoolYear.title(moment.year),
                        note: before.orgCode == publication.orgCode ? nil : "as \(before.orgCode)",
                        kind: "tight"
                    ), .init(WorkbookWords.reason(before)),
                    .init(moment.percentile), .init(moment.annual), .init(moment.cumulative),
                ]
            }
        return ReportDocument.Section(
            heading: "Over the years",
            parts: [
                .init(
                    plot: Plots.history(moments),
                    table: TablePart(
                        caption: "Determinations of all years",
                        columns: ["School year", "Determination", "Percentile", "Annual %", "Cumulative %"],
                        numbers: [2, 3, 4],
                        rows: rows
                    )
                )
            ]
        )
    }

    private var notes: ReportDocument.Section? {
        guard !publication.publicationNotes.isEmpty else { return nil }
        return ReportDocument.Section(
            heading: "Revisions",
            words: publication.publicationNotes.map { note in
                let what = note.isAppeal ? "Changed on appeal" : "Revised"
                return "\(what) \(note.date): \(note.reason)"
            }
        )
    }
}
