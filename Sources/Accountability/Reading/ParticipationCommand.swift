internal import ArgumentParser
internal import Messages
internal import Operating
internal import Reading
internal import Rules

/// `accountability participation`: the participation rates of a year, 603 CMR 2.03(2)(d).
struct ParticipationCommand: OperatorCommand, ReadingCommand {
    static let configuration = CommandConfiguration(
        commandName: "participation",
        abstract: "Lists the participation rates of a school year.",
        discussion: """
            Columns and lines are those of `evaluate participation`: 'met' judges the row's own year, without looking back, and is empty \
            below the minimum size. JSON contains the messages as published. There 'met' has the same meaning, and 'requirementMet' says \
            whether the requirement was met with the look-back of the year, by 'judgedRateExact'.

            Rows below the minimum size are left out, as in everything that is published. --department prints them too. Its output is only \
            for the Department's own use.

            --as prints what somebody else sees. A district sees its own rates once its results are released. The public sees the rates that \
            the year's framework judges: each subject's until 2018, all subjects combined from 2019. Disclosure control suppresses and codes \
            them, and leaves counts out.

              accountability participation 2019 --org 00350000
              accountability participation 2019 --combined --format json
              accountability participation 2019 --department --format csv
              accountability participation 2019 --as public --format csv
              accountability participation 2019 --as district 00350000 --combined

            Exit codes: 0 done; 64 usage; 65 there is no such year; 69 no broker answers; 78 the topic is missing.
            """
    )

    @OptionGroup(title: "Kafka") var broker: BrokerOptions

    @OptionGroup var schoolYear: YearArgument
    var year: Int { schoolYear.year }

    @OptionGroup var output: FormatOption

    @OptionGroup var organization: OrganizationOption

    @Flag(help: "Also print the rows below the minimum size, which are not for publication.")
    var department = false

    @Flag(help: "Also print the rates of all subjects together.")
    var combined = false

    @OptionGroup var viewer: ViewerOption

    func validate() throws {
        _ = try YearSelection(year, organization.selection)
        guard try viewer.chosen() == .department || !department else {
            throw ValidationError("--department prints what only the Department sees: leave it or --as out")
        }
    }

    func operate() throws {
        let selection = try YearSelection(year, organization.selection)
        let connection = try broker.connection()
        let format = output.chosen
        if try viewer.chosen() == .everybody { return try publish(selection, format, connection) }
        let (all, years) = try selection.read(TableTopics.participation, from: connection)
        let seen = try viewer.organizations(of: selection, connection)
        let (messages, hidden) = chosen(all.filter { seen?.contains($0.orgCode) ?? true }, format)
        try selection.note("participation rates", isEmpty: messages.isEmpty && hidden == 0, years: years, connection)
        if hidden > 0 {
            let remedy = seen == nil ? "; --department prints them" : ""
            Standard.error("participation: \(hidden) rows below the minimum size are left out\(remedy)")
        }
        if format == .json { return Standard.output(try MessageJSON.array(messages)) }
        var listing = Listing(ParticipationRow.columns)
        listing.rows = messages.map { ParticipationRow($0).fields }
        try listing.write(format)
    }

    /// Prints the rates in the publications, including combined ones: what is judged is public.
    private func publish(_ selection: YearSelection, _ format: OutputFormat, _ connection: Connection) throws {
        let publications = try selection.readPublications(connection)
        if format == .json {
            return Standard.output(try MessageJSON.array(publications.map(PublicationRows.participationOnly)))
        }
        let rows = publications.flatMap(PublicationRows.participation)
        try Listing(ParticipationRow.columns, rows).write(format)
    }

    /// The rows to print, in order, and the number of rows that are left out because they are below the minimum size.
    ///
    /// Those do not say whether the requirement was met.
    func chosen(_ all: [Accountability_V1_Participation], _ format: OutputFormat) -> (
        messages: [Accountability_V1_Participation], hidden: Int
    ) {
        let wanted = all.filter { combined || format == .json || !ParticipationRow.isCombined($0) }
        let shown = department ? wanted : wanted.filter(\.hasMet)
        return (shown.sorted(by: ParticipationRow.inOrder), wanted.count - shown.count)
    }
}

/// The framework of a year that is given as an argument.
enum YearFramework {
    /// The framework in force in an installation.
    ///
    /// - Throws: `Failure` if the year has none; it names the years that have one.
    static func of(_ year: Int, _ frameworks: FrameworkSet = .builtIn) throws -> Framework {
        do {
            return try frameworks.of(schoolYear: year)
        } catch {
            let years =
                (try? frameworks.schoolYears())?.sorted().map(String.init).joined(separator: ", ") ?? ""
            throw Failure(.badInput, "no such year: \(error); there are those of \(years)")
        }
    }
}
