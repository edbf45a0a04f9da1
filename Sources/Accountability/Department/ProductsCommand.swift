internal import ArgumentParser
internal import Messages
internal import Operating
internal import Products
internal import Reading
internal import Rules

/// `accountability products`: everything that the Department publishes of a school year.
struct ProductsCommand: OperatorCommand, CitesParagraphs {
    static let configuration = CommandConfiguration(
        commandName: "products",
        abstract: "Writes what the Department publishes of a school year: tables, workbooks, report pages.",
        discussion: """
              accountability products 2019 --out products-2019
              accountability products 2019 --out products-2019 --replace
              cd products-2019 && sha256sum --check --quiet SHA256SUMS

            Made from official results alone, as the public topic publications has them: nothing that is hidden there is in them. The same \
            publications give the same bytes. The folder is written as a whole or not at all.

            schools-YEAR.csv and districts-YEAR.csv, both in determinations-YEAR.xlsx, have the columns of the Department's workbook of 2019. \
            research-YEAR.xlsx has subgroups (each step from value to percentage), indicators, participation and percentiles, each as CSV too. \
            federal-YEAR.csv lists the schools that federal law identifies (CSI, TSI, ATSI), edfi-accountability-ratings-YEAR.json has the results \
            as resources of Ed-Fi. map-YEAR.csv is to be joined with a map. data-dictionary-YEAR.csv says what each column of each file means.

            Exit codes: 0 done; 64 usage; 65 nothing of the year is official, or the folder has files that would be lost; 69 no broker answers; \
            75 the disk is full; 78 the topic or the folder is not as it must be.
            """
    )
    static let paragraphs: [Paragraph] = [.needForAssistance, .determinations, .annualReport]

    @OptionGroup(title: "Kafka") var broker: BrokerOptions

    @OptionGroup var schoolYear: YearArgument
    var year: Int { schoolYear.year }

    @Option(help: ArgumentHelp("The folder for the products; made where it is not there.", valueName: "folder"))
    var out: String

    @Flag(help: "Put the products in the place of those that are in the folder.")
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

/// What is official, read from an installation.
enum OfficialResults {
    /// What is official of a school year and the years before it.
    ///
    /// - Throws: `Failure` where nothing is.
    static func published(_ year: Int, _ connection: Connection) throws -> PublishedYear {
        let reader = try TopicReader(connection)
        defer { reader.close() }
        let publications = try reader.table(TableTopics.publications) { $0.schoolYear <= year }.map(\.message)
        guard let published = PublishedYear(publications, year: year) else {
            throw Failure(.badInput, refusal(year, officialYears: PublishedYear.officialYears(publications)))
        }
        return published
    }

    /// Why nothing can be made of a year, and what makes it official.
    static func refusal(_ year: Int, officialYears: [Int]) -> String {
        let others =
            officialYears.isEmpty
            ? "no year before it has any either"
            : "there are those of \(officialYears.map(String.init).joined(separator: ", "))"
        return
            "no official results of \(year), and \(others); nothing was written: what is published is made from official results. "
            + "`accountability status` tells how far \(year) has come; "
            + "`accountability directive release official --year \(year) --date yyyy-mm-dd` makes its results official"
    }
}
