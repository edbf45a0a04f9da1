internal import Messages
internal import Reading
internal import Rules
internal import Tables

/// The annual report to the Board, 603 CMR 2.03(9), from official publications.
package struct BoardReport {
    private let published: PublishedYear
    private let own: [Accountability_V1_Publication]
    private let tables: [ReportTable]

    /// The report of a year, with the years before it.
    package init(_ published: PublishedYear) {
        self.published = published
        let all = published.years.sorted { $0.key < $1.key }.flatMap(\.value)
        own = published.rows.map(\.publication)
        tables = [
            ReportTables.classifications(own), ReportTables.reasons(own), ReportTables.districts(own),
            ReportTables.years(all, through: published.year), ReportTables.requiring(own),
        ]
    }

    /// The HTML document, a CSV file for each table, and the table for maps.
    package var files: [ProductFile] {
        let year = published.year
        let map = MapTable.table(published)
        return [
            ProductFile("annual-report-\(year).html", about: "The annual report to the Board.") {
                try PrintedPage(document).html()
            }
        ]
            + tables.map { table in
                ProductFile("\(table.file)-\(year).csv", about: "\(table.title), of the report to the Board.") {
                    CSVLine.text(table.listing.columns)
                        + table.listing.rows.map { CSVLine.text($0.map(SpreadsheetCell.inert)) }.joined()
                }
            } + [ProductFile("map-\(year).csv", about: map.about) { try map.writeCSV(to: $0) }]
    }

    private var document: ReportDocument {
        let years = SchoolYear.title(published.year)
        let schools = own.filter { $0.type == .school }
        let requiring = own.filter { $0.classification == Classification.requiringAssistance.wireName }
        return ReportDocument(
            title: "Annual report on district and school accountability, \(years)",
            above: "To the Board of Elementary and Secondary Education, under \(Paragraph.annualReport.citation)",
            lead:
                "\(Words.count(schools.count, "school")) and \(Words.count(own.count - schools.count, "district")) have official results for school year \(years).",
            figures: [
                ("Schools requiring assistance", Words.grouped(requiring.count { $0.type == .school })),
                ("Districts requiring assistance", Words.grouped(requiring.count { $0.type == .district })),
                (
                    "Schools of recognition",
                    Words.grouped(own.count { $0.level == DeterminationLevel.schoolOfRecognition.wireName })
                ),
            ]
            .map { (name: $0.0, figure: $0.1) },
            sections: [outcomes, overYears, spread, percentiles, reasons, participation, requiringList, districts]
                .compactMap(\.self),
            foot:
                "Made from official publications alone, the newest revision of each. The tables are there as CSV files too; "
                + "map-\(published.year).csv is to be joined with a map by the code of the organization."
        )
    }

    private func listing(_ file: String) -> Listing { tables.first { $0.file == file }?.listing ?? Listing([]) }

    private func table(_ file: String, numbers: Set<Int> = [], shape: TablePart.Shape = .wide) -> TablePart {
        let table = tables.first { $0.file == file }
        return TablePart(
            caption: table?.title ?? file,
            columns: (table?.listing.columns ?? []).map(Words.title),
            numbers: numbers,
            rows: (table?.listing.rows ?? []).map { $0.map { .init($0) } },
            empty: "None.",
            note: table?.note,
            shape: shape
        )
    }

    private var outcomes: ReportDocument.Section {
        ReportDocument.Section(
            heading: "Classifications",
            words: Set(own.flatMap(\.suspendedMeasures)).sorted { $0.measure < $1.measure }
                .map { suspended in
                    let title = ReportedMeasure(wireName: suspended.measure)?.title ?? suspended.measure
                    return "Suspended under \(Paragraph.suspension): \(title). \(suspended.reason)"
                },
            parts: [.init(table: table("classifications", numbers: [3]))]
        )
    }

    private var overYears: ReportDocument.Section {
        let levels: [DeterminationLevel?] = DeterminationLevel.allCases + [nil]
        let years = published.years.sorted { $0.key < $1.key }
            .map { year, publications in
                let schools = publications.filter { $0.type == .school }
                return (
                    year: year,
                    counts: levels.map { level in
                        schools.count { DeterminationLevel(wireName: $0.level) == level }
                    }
                )
            }
        let names = levels.map { level in
            level.map { Outcome(classification: nil, level: $0).shortTitle } ?? "Insufficient data or none"
        }
        return ReportDocument.Section(
            heading: "Classifications over the years",
            words: ["The bars are of schools; the table has districts too."],
            parts: [.init(plot: Plots.levels(years, names: names), table: table("years", numbers: [4]))]
        )
    }

    private var framework: Framework? { try? published.frameworks.ifCovered(schoolYear: published.year) }

    private var spread: ReportDocument.Section? {
        let bins = PercentBin.of(own.filter { $0.type == .school && $0.hasCumulative }.map { Int($0.cumulative) })
        guard bins.contains(where: { $0.count > 0 }) else { return nil }
        let bands = (framework?.percentage?.bands.value ?? [])
            .map {
                (
                    minimum: Int($0.minimum),
                    title: Outcome(classification: nil, level: DeterminationLevel($0.level)).shortTitle
                )
            }
        return ReportDocument.Section(
            heading: "How the percentages of schools are spread",
            parts: [
                .init(
                    plot: Plots.cumulative(bins, bands: bands),
                    table: TablePart(
                        caption: "Schools by cumulative percentage",
                        columns: ["Cumulative percentage", "Schools"],
                        numbers: [1],
                        rows: bins.filter { $0.count > 0 }
                            .map { [.init("\($0.lowest)–\($0.highest) %"), .init($0.count)] },
                        shape: .narrow
                    )
                )
            ]
        )
    }

    private var percentiles: ReportDocument.Section? {
        var counts: [Int: Int] = [:]
        for publication in own where publication.hasPercentile { counts[Int(publication.percentile), default: 0] += 1 }
        guard !counts.isEmpty else { return nil }
        let cut = framework?.determination.map { Int($0.lowestPerformingPercentile.value) }
        let ranges = [1...10, 11...25, 26...50, 51...75, 76...90, 91...99]
        return ReportDocument.Section(
            heading: "Accountability percentiles",
            words: [
                "How each school performs among those that it is compared with, \(Paragraph.accountabilityPercentile.citation)."
            ],
            parts: [
                .init(
                    plot: Plots.percentiles(counts, cut: cut),
                    table: TablePart(
                        caption: "Schools by percentile",
                        columns: ["Percentile", "Schools"],
                        numbers: [1],
                        rows: ranges.map { range in
                            [
                                .init("\(range.lowerBound)–\(range.upperBound)"),
                                .init(counts.filter { range.contains($0.key) }.map(\.value).reduce(0, +)),
                            ]
                        },
                        shape: .narrow
                    )
                )
            ]
        )
    }

    private var reasons: ReportDocument.Section {
        let rows = listing("reasons").rows
        let most = rows.compactMap { Int($0[2]) }.max() ?? 0
        return ReportDocument.Section(
            heading: "Reasons for assistance or intervention",
            parts: [
                .init(
                    table: TablePart(
                        caption: "Organizations by reason",
                        columns: ["Type", "Reason", "Count", "Drawn"],
                        numbers: [2],
                        rows: rows.map { row in
                            [
                                .init(Words.title(row[0])), .init(row[1]), .init(row[2]),
                                .init(drawing: Plots.share(Int(row[2]) ?? 0, of: most)),
                            ]
                        },
                        empty: "No reason applies to anybody.",
                        note: "An organization may have several reasons."
                    )
                )
            ]
        )
    }

    /// Of how many organizations a group's participation was judged, and of how many it missed the requirement.
    private var participation: ReportDocument.Section? {
        var judged: [StudentGroup: Int] = [:]
        var missed: [StudentGroup: Int] = [:]
        for publication in own {
            let figures = publication.figures.filter { $0.hasMet && $0.measure.hasPrefix("participation/") }
            for group in Set(figures.compactMap { StudentGroup(wireName: $0.group) }) {
                judged[group, default: 0] += 1
                if figures.contains(where: { $0.group == group.wireName && !$0.met }) { missed[group, default: 0] += 1 }
            }
        }
        guard !judged.isEmpty else { return nil }
        let most = missed.values.max() ?? 0
        return ReportDocument.Section(
            heading: "Participation in the tests",
            words: [
                "Whether a group met the requirement, \(Paragraph.participationRequirement.citation), in schools and districts where that may be seen."
            ],
            parts: [
                .init(
                    table: TablePart(
                        caption: "Participation by group",
                        columns: ["Group", "Judged in", "Missed in", "Missed, drawn"],
                        numbers: [1, 2],
                        rows: StudentGroup.allCases.filter { judged[$0] != nil }
                            .map { group in
                                [
                                    .init(group.title), .init(judged[group]), .init(missed[group] ?? 0),
                                    .init(drawing: Plots.share(missed[group] ?? 0, of: most)),
                                ]
                            }
                    )
                )
            ]
        )
    }

    private var requiringList: ReportDocument.Section {
        ReportDocument.Section(
            heading: "Requiring assistance or intervention",
            parts: [.init(table: table("requiring-assistance", numbers: [3]))]
        )
    }

    private var districts: ReportDocument.Section {
        ReportDocument.Section(heading: "By district", parts: [.init(table: table("districts", numbers: [4, 5, 6]))])
    }
}
