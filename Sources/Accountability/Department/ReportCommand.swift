internal import ArgumentParser
internal import Foundation
internal import Messages
internal import Operating
internal import Reading
internal import Rules
internal import Stages
internal import Tables

/// `accountability report`: the annual report to the Board, 603 CMR 2.03(9).
struct ReportCommand: OperatorCommand, CitesParagraphs {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Writes the annual report to the Board: one HTML file made for print, and CSV files.",
        discussion: """
            Made from the topic of determinations alone, the newest revision of each: statewide tables by classification and level, by reason, \
            by district and by year, and a list of the schools and districts that require assistance. The same determinations give the same \
            bytes.

              accountability report 2019 --out report-2019

            Exit codes: 0 done; 64 usage; 65 the year has no determinations; 69 no broker answers; 78 the topic or the folder is not as it must be.
            """
    )
    static let paragraphs: [Paragraph] = [.annualReport, .needForAssistance, .determinations]

    @OptionGroup(title: "Kafka") var broker: BrokerOptions

    @OptionGroup var schoolYear: YearArgument
    var year: Int { schoolYear.year }

    @Option(help: ArgumentHelp("The folder that the report is written to.", valueName: "folder"))
    var out: String

    func operate() throws {
        let determinations = try AllDeterminations(try broker.connection())
        guard determinations.years.contains(year) else {
            throw Failure(.badInput, AbsentYear.refusal("determinations", year: year, years: determinations.years))
        }
        let report = AnnualReport(determinations.messages, year: year)
        do {
            try FileManager.default.createDirectory(atPath: out, withIntermediateDirectories: true)
            for file in report.files {
                let target = URL(fileURLWithPath: out, isDirectory: true).appendingPathComponent(file.name)
                try Data(file.text.utf8).write(to: target, options: .atomic)
                Standard.line(target.path)
            }
        } catch {
            throw Failure(
                FileErrorText.isFull(error) ? .tryAgain : .configuration,
                "the report cannot be written to \(out): \(FileErrorText.words(error))"
            )
        }
    }
}

/// The report as files.
struct AnnualReport {
    let year: Int
    let tables: [ReportTable]
    private let count: Int
    private let statuses: String
    private let suspensions: [String]

    /// The report of a school year out of the determinations of all years.
    init(_ determinations: [Accountability_V1_Determination], year: Int) {
        self.year = year
        let own = determinations.filter { Int($0.schoolYear) == year }.sorted { $0.orgCode < $1.orgCode }
        count = own.count
        statuses = DeterminationSummary(own).statuses.map { "\($0.count) \($0.status)" }.joined(separator: ", ")
        suspensions = Set(own.flatMap(\.suspendedMeasures)).sorted { $0.measure < $1.measure }
            .map { suspended in
                let title = ReportedMeasure(wireName: suspended.measure)?.title ?? suspended.measure
                return "Suspended under \(Paragraph.suspension): \(title). \(suspended.reason)"
            }
        tables = [
            ReportTables.classifications(own), ReportTables.reasons(own), ReportTables.districts(own),
            ReportTables.years(determinations, through: year),
            ReportTables.requiring(own),
        ]
    }

    /// The HTML document and a CSV file for each table.
    var files: [(name: String, text: String)] {
        [("annual-report-\(year).html", html)]
            + tables.map { table in
                (
                    "\(table.file)-\(year).csv",
                    CSVLine.text(table.listing.columns)
                        + table.listing.rows.map { CSVLine.text($0.map(SpreadsheetCell.inert)) }.joined()
                )
            }
    }

    private var html: String {
        let years = SchoolYear.title(year)
        return HTMLPage(
            title: "Annual report on district and school accountability, \(years)",
            heading: "Annual report on district and school accountability results, school year \(years)",
            paragraphs: [
                "To the Board of Elementary and Secondary Education, under \(Paragraph.annualReport.citation). "
                    + "\(count) determinations: \(statuses)."
            ] + suspensions,
            tables: tables.map { HTMLPage.Table(title: $0.title, note: $0.note, listing: $0.listing) }
        )
        .text
    }
}
