internal import ArgumentParser
internal import Foundation
internal import Operating
internal import Products
internal import Rules
internal import Stages

/// `accountability report`: the annual report to the Board, 603 CMR 2.03(9).
struct ReportCommand: OperatorCommand, ReadingCommand, CitesParagraphs {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Writes the annual report to the Board: one HTML file for printing, with plots, and CSV files.",
        discussion: """
            The report contains only official results, read from the public topic publications, the newest revision of each. It shows \
            classifications and levels (also over the years), the distribution of percentages and percentiles, reasons, participation, districts, and a list of the \
            schools and districts that require assistance. map-YEAR.csv can be joined with a map. The same publications give the same bytes.

              accountability report 2019 --out report-2019

            Exit codes: 0 done; 64 usage; 65 the year has no official results; 69 no broker answers; 78 the topic is missing, or the folder cannot be written.
            """
    )
    static let paragraphs: [Paragraph] = [.annualReport, .needForAssistance, .determinations]

    @OptionGroup(title: "Kafka") var broker: BrokerOptions

    @OptionGroup var schoolYear: YearArgument
    var year: Int { schoolYear.year }

    @OptionGroup var viewer: ViewerOption

    @Option(help: ArgumentHelp("The folder for the report.", valueName: "folder"))
    var out: String

    func operate() throws {
        let published = try OfficialResults.published(year, try broker.connection())
        let files = BoardReport(published).files
        do {
            let folder = try OutputFolder(out)
            defer { folder.discard() }
            for file in files { try folder.file(file.name) { try file.write(to: $0) } }
            try folder.complete()
            for file in files { Standard.line("\(out)/\(file.name)") }
        } catch let failure as Failure {
            throw failure
        } catch {
            throw Failure(
                FileErrorText.isFull(error) ? .tryAgain : .configuration,
                "the report cannot be written to \(out): \(FileErrorText.words(error))"
            )
        }
    }
}
