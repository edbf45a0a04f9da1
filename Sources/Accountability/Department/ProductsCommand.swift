internal import ArgumentParser
internal import Messages
internal import Operating
internal import Products
internal import Reading
internal import Rules

/// `accountability products`: everything that the Department publishes about a school year.
struct ProductsCommand: OperatorCommand, ReadingCommand, CitesParagraphs {
    static let configuration = CommandConfiguration(
        commandName: "products",
        abstract: "Writes what the Department publishes about a school year: tables, workbooks, report pages.",
        discussion: """
              accountability products 2019 --out products-2019
              accountability products 2019 --out products-2019 --replace
              cd products-2019 && sha256sum --check --quiet SHA256SUMS

            The products contain only official results, read from the public topic publications. What is hidden there is not in them. Bands and \
            points are those of the framework in force. The same \
            publications give the same bytes. The command writes the whole folder or nothing.

            schools-YEAR.csv and districts-YEAR.csv, both also in determinations-YEAR.xlsx, have the columns of the Department's workbook of 2019. \
            research-YEAR.xlsx has subgroups (each step from value to percentage), indicators, participation and percentiles; each is also a CSV file. \
            federal-YEAR.csv lists the schools that federal law identifies (CSI, TSI, ATSI). edfi-accountability-ratings-YEAR.json has the results \
            as Ed-Fi resources. map-YEAR.csv can be joined with a map. data-dictionary-YEAR.csv explains each column of each file.

            Exit codes: 0 done; 64 usage; 65 the year has no official results, or the folder has files that would be lost; 69 no broker answers; \
            75 the disk is full; 78 the topic is missing, or the folder cannot be written.
            """
    )
    static let paragraphs: [Paragraph] = [.needForAssistance, .determinations, .annualReport]

    @OptionGroup(title: "Kafka") var broker: BrokerOptions

    @OptionGroup var schoolYear: YearArgument
    var year: Int { schoolYear.year }

    @OptionGroup var viewer: ViewerOption

    @Option(help: ArgumentHelp("The folder for the products; created if it is missing.", valueName: "folder"))
    var out: String

    @Flag(help: "Replace the products that are in the folder.")
    var replace = false

    func operate() throws {
        let folder = try ProductFolder(out, replaces: replace)
        let published = try OfficialResults.published(year, try broker.connection())
        let files = ProductFiles(published).files
        let line = ProgressLine()
        defer { line.clear() }
        try folder.write(files) { done, name in line.show("writing \(done + 1) of \(files.count), \(name)") }
        line.clear()
        Standard.line("\(files.count) files are in \(out); SHA256SUMS lists them")
    }
}

/// The official results of an installation.
enum OfficialResults {
    /// Reads the official results of a school year and the years before it.
    ///
    /// - Throws: `Failure` if the year has none.
    static func published(_ year: Int, _ connection: Connection) throws -> PublishedYear {
        let reader = try TopicReader(connection)
        defer { reader.close() }
        let publications = try reader.table(TableTopics.publications) { $0.schoolYear <= year }.map(\.message)
        guard let published = PublishedYear(publications, year: year, frameworks: try connection.frameworks()) else {
            throw Failure(.badInput, refusal(year, officialYears: PublishedYear.officialYears(publications)))
        }
        return published
    }

    /// Says why nothing was written for a year, and how to make its results official.
    static func refusal(_ year: Int, officialYears: [Int]) -> String {
        let others =
            officialYears.isEmpty
            ? "no earlier year has any either"
            : "there are those of \(officialYears.map(String.init).joined(separator: ", "))"
        return
            "no official results of \(year), and \(others). Nothing was written, because only official results are published. "
            + "`accountability status` shows the progress of \(year); "
            + "`accountability directive release official --year \(year) --date yyyy-mm-dd` makes its results official"
    }
}
