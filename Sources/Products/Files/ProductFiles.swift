internal import Foundation
internal import Messages
internal import Reading
internal import Rules
internal import Tables

/// Everything that the Department publishes of a school year.
package struct ProductFiles {
    private let published: PublishedYear

    /// The tables, without the dictionary.
    package let tables: [ProductTable]

    /// The products of what is official.
    package init(_ published: PublishedYear) {
        self.published = published
        tables = [
            DeterminationTables.schools(published), DeterminationTables.districts(published),
            ResearchTables.subgroups(published), ResearchTables.indicators(published),
            ResearchTables.participation(published), ResearchTables.percentiles(published),
            FederalTable.table(published),
            MapTable.table(published),
        ]
    }

    /// Every file.
    package var files: [ProductFile] {
        let listed = csv + workbooks + [EdFiRatings(published).file]
        let report = BoardReport(published).files.map { $0.moved(below: "board") }
        return [ProductFile("index.html", text: index(listed + report))] + listed + report + pages
    }

    private func index(_ files: [ProductFile]) -> @Sendable () throws -> String {
        { [published] in
            try IndexPage(published: published, files: files.map { (name: $0.name, about: $0.about) }).html()
        }
    }

    /// The official report of each organization.
    private var pages: [ProductFile] {
        published.rows.map { [published] row in
            ProductFile(IndexPage.address(row)) {
                let history = published.history(of: row.publication)
                return try PrintedPage(OrganizationReport(row, history: history).document).html()
            }
        }
    }

    private var csv: [ProductFile] {
        (tables + [DictionaryTable.table(of: tables)])
            .map { table in
                ProductFile("\(table.file)-\(published.year).csv", about: table.about) { try table.writeCSV(to: $0) }
            }
    }

    private var workbooks: [ProductFile] {
        let years = SchoolYear.title(published.year)
        func workbook(_ file: String, _ title: String, _ names: [String], about: String) -> ProductFile {
            let sheets = tables.filter { names.contains($0.file) }
            let created = Self.time(published.issued)
            return ProductFile("\(file)-\(published.year).xlsx", about: about) { path in
                var workbook = Workbook(title: "\(title), \(years)", created: created)
                for table in sheets + [DictionaryTable.table(of: sheets)] { try table.add(to: &workbook) }
                try Data(try workbook.bytes()).write(to: URL(fileURLWithPath: path))
            }
        }
        return [
            workbook(
                "determinations",
                "Accountability determinations",
                ["schools", "districts"],
                about: "The schools and the districts, as a workbook."
            ),
            workbook(
                "research",
                "Accountability research file",
                ["subgroups", "indicators", "participation", "percentiles"],
                about: "Subgroups, indicators, participation and percentiles, as a workbook."
            ),
        ]
    }

    /// A moment as workbooks have it.
    private static func time(_ milliseconds: Int64) -> String {
        Date(timeIntervalSince1970: Double(milliseconds / 1000)).formatted(.iso8601)
    }
}
