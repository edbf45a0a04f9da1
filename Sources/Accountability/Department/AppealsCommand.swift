internal import ArgumentParser
internal import Messages
internal import Operating
internal import Reading
internal import Rules

/// `accountability appeals`: appeals against a year's results, with their status.
struct AppealsCommand: OperatorCommand, ReadingCommand, CitesParagraphs {
    static let configuration = CommandConfiguration(
        commandName: "appeals",
        abstract: "Lists the appeals against a year's results: open, due, granted, denied.",
        discussion: """
              accountability appeals 2019
              accountability appeals 2019 --status due
              accountability appeals 2019 --org 00350000 --format csv

            `directive appeal filed` opens an appeal. The appeal is due from the day that --end names. `directive appeal denied` denies it. \
            `directive release appeal` grants it and names the submission that corrected the figures. If an appeal was granted and denied, the \
            later act counts.

            Exit codes: 0 done, also if there are no appeals; 64 usage; 65 there is no such year; 69 no broker answers; 78 a topic is missing.
            """
    )
    static let paragraphs: [Paragraph] = [.determinations]

    @OptionGroup(title: "Kafka") var broker: BrokerOptions

    @OptionGroup var schoolYear: YearArgument
    var year: Int { schoolYear.year }

    @OptionGroup var organization: OrganizationOption

    @Option(help: "Only appeals with this status: open, due, granted or denied.")
    var status: Appeal.Status?

    @OptionGroup var viewer: ViewerOption

    @OptionGroup var output: FormatOption

    func operate() throws {
        let connection = try broker.connection()
        let acts = try DepartmentRecords(connection, for: viewer).acts
        let all = Appeal.all(acts, year: year, today: Today.text)
        if all.isEmpty {
            let years = Set(acts.filter(Appeal.isAppeal).map { Int($0.schoolYear) })
            try AbsentYear.settle("appeals", year: year, years: years.sorted(), connection)
        }
        let appeals = all.filter { appeal in
            organization.selection.contains(appeal.orgCode) && (status == nil || appeal.status == status)
        }
        let format = output.chosen
        if format == .json { return try JSONOutput.write(appeals) }
        try Appeal.listing(appeals).write(format)
    }
}

extension Appeal.Status: ExpressibleByArgument {}
