internal import ArgumentParser
internal import Foundation
internal import Messages
internal import Operating
internal import Products
internal import Reading
internal import Rules
internal import Tables

/// `accountability determinations`: the annual performance determinations of a year, 603 CMR 2.03(3).
struct DeterminationsCommand: OperatorCommand, ReadingCommand {
    static let configuration = CommandConfiguration(
        commandName: "determinations",
        abstract: "Lists the determinations of a school year, the newest revision of each.",
        discussion: """
              accountability determinations 2019                              a table on a terminal, otherwise CSV
              accountability determinations 2019 --org 00350000               a district and its schools
              accountability determinations 2019 --reason low_participation --format csv
              accountability determinations 2019 --format json > determinations.json
              accountability determinations 2019 --summary
              accountability determinations 2019 --changed                    whose classification or level changed since it was first issued
              accountability determinations 2019 --changed --since 2019-10-01
              accountability determinations 2019 --changed --from-year 2018
              accountability determinations 2019 --as district 00350000       what that district sees: nothing before its results are released
              accountability determinations 2019 --as public                  the publications
              accountability determinations 2019 --canonical | sha256sum      to compare two runs
              accountability determinations 2019 --watch                      each new or revised one as it comes

            Exit codes: 0 done; 64 usage; 65 there is no such year; 69 no broker answers; 78 the topic is missing.
            """
    )

    @OptionGroup(title: "Kafka") var broker: BrokerOptions

    @OptionGroup var schoolYear: YearArgument
    var year: Int { schoolYear.year }

    @OptionGroup var output: FormatOption

    @OptionGroup var organization: OrganizationOption

    @OptionGroup var viewer: ViewerOption

    @Option(help: ArgumentHelp("school or district.", valueName: "type"))
    var type: String?

    @Option(
        help: ArgumentHelp("requiring_assistance, not_requiring_assistance or insufficient_data.", valueName: "name")
    )
    var classification: String?

    @Option(help: ArgumentHelp("A level, such as focused_targeted or meeting.", valueName: "name"))
    var level: String?

    @Option(help: ArgumentHelp("A reason, such as lowest_10_percent or low_participation.", valueName: "name"))
    var reason: String?

    @Flag(help: "Only determinations that were revised.")
    var revised = false

    @Flag(help: "Only determinations whose classification or level changed, with the earlier one.")
    var changed = false

    @Option(
        help: ArgumentHelp(
            "With --changed: since this moment. The notices show what was issued until then.",
            valueName: "yyyy-mm-dd[Thh:mm:ssZ]"
        )
    )
    var since: String?

    @Option(
        help: ArgumentHelp(
            "With --changed: compared with the determinations of another school year.",
            valueName: "year"
        )
    )
    var fromYear: Int?

    @Flag(help: "Print counts instead: by classification and level, and by reason.")
    var summary = false

    @Flag(help: "Print one line for each, sorted, without revision, changes, cause and time, to compare runs.")
    var canonical = false

    @Flag(help: "Print each new or revised one as it is published, until Ctrl-C.")
    var watch = false

    func validate() throws {
        _ = try selection()
        _ = try filter()
        guard [summary, canonical, watch, changed].count(where: { $0 }) <= 1 else {
            throw ValidationError("--summary, --canonical, --watch and --changed exclude each other")
        }
        guard changed || (since == nil && fromYear == nil) else {
            throw ValidationError("--since and --from-year go with --changed: add it")
        }
        _ = try basis()
        guard try viewer.chosen() == .department || !(canonical || watch || changed) else {
            throw ValidationError("--as goes with lists and --summary: only the Department sees the rest")
        }
        guard try viewer.chosen() != .everybody || !summary else {
            throw ValidationError("--summary counts determinations: leave it out with --as public")
        }
    }

    private func selection() throws -> YearSelection {
        try YearSelection(year, organization.selection)
    }

    private func filter() throws -> DeterminationFilter {
        var filter = DeterminationFilter()
        switch type {
        case nil: break
        case "school": filter.type = .school
        case "district": filter.type = .district
        default: throw ValidationError("--type takes school or district")
        }
        filter.classification = try name(classification, Classification.self, "--classification")
        filter.level = try name(level, DeterminationLevel.self, "--level")
        filter.reason = try name(reason, DeterminationReason.self, "--reason")
        filter.isRevised = revised
        return filter
    }

    private func name<Name: WireNamed>(_ text: String?, _: Name.Type, _ option: String) throws -> String? {
        guard let text else { return nil }
        guard let name = Name(wireName: text) else {
            throw ValidationError("\(option) takes one of \(Name.allCases.map(\.wireName).joined(separator: ", "))")
        }
        return name.wireName
    }

    private func basis() throws -> OutcomeChange.Basis {
        guard since == nil || fromYear == nil else {
            throw ValidationError("--since and --from-year exclude each other")
        }
        if let fromYear {
            try SchoolYear.validate(fromYear)
            guard fromYear != year else { throw ValidationError("--from-year takes another year than \(year)") }
            return .year(fromYear)
        }
        guard let since else { return .firstIssue }
        guard let moment = OutcomeChange.moment(since) else {
            throw ValidationError("--since takes a day, 2019-10-01, or a moment, 2019-10-01T12:00:00Z")
        }
        return .moment(moment)
    }

    func operate() throws {
        let connection = try broker.connection()
        let selection = try selection()
        let filter = try filter()
        if watch { return try follow(connection, selection, filter) }
        if try viewer.chosen() == .everybody { return try publish(connection, selection, filter) }
        let (all, years) = try selection.read(TableTopics.determinations, from: connection)
        let determinations = try all.filter { try filter.contains($0) && viewer.shows($0) }
        try selection.note("determinations", isEmpty: determinations.isEmpty, years: years, connection)
        if canonical {
            let lines = try determinations.map { try DeterminationRows.canonical($0) + "\n" }
            return Standard.output(lines.joined())
        }
        let format = output.chosen
        if changed { return try OutcomeChange.list(determinations, try basis(), connection).write(format) }
        if summary {
            let summary = DeterminationSummary(determinations)
            if output.format == .csv { return try summary.listing().writeCSV() }
            return Standard.output(output.format == .json ? summary.json() : summary.text(year: year))
        }
        if format == .json { return Standard.output(try MessageJSON.array(determinations)) }
        try Self.list(determinations, format)
    }

    private static func list(_ results: [some ResultsMessage], _ format: OutputFormat) throws {
        let listing = Listing(DeterminationRows.columns, results.map { DeterminationRows.fields($0) })
        try (format == .table ? listing.only(DeterminationRows.shown) : listing).write(format)
    }

    /// Prints what everybody sees: the publications.
    private func publish(_ connection: Connection, _ selection: YearSelection, _ filter: DeterminationFilter) throws {
        let publications = try selection.readPublications(connection, where: filter.contains)
        let format = output.chosen
        if format == .json { return Standard.output(try MessageJSON.array(publications)) }
        try Self.list(publications, format)
    }

    /// Prints what is published from now on: rows of CSV, or one message in each line.
    private func follow(_ connection: Connection, _ selection: YearSelection, _ filter: DeterminationFilter) throws {
        let tail = try TopicTail(connection, [Topics.determinations])
        defer { tail.close() }
        let interruption = Interruption()
        if output.format != .json { Standard.output(CSVLine.text(DeterminationRows.columns)) }
        while !interruption.isRequested {
            try tail.poll(.milliseconds(250)) { record in
                guard let (key, determination) = record.entry(of: TableTopics.determinations),
                    selection.contains(key), filter.contains(determination)
                else { return }
                Standard.output(
                    output.format == .json
                        ? try MessageJSON.line(determination) + "\n"
                        : CSVLine.text(DeterminationRows.fields(determination).map(SpreadsheetCell.inert))
                )
            }
        }
    }
}

extension DeterminationSummary {
    /// The counts as JSON.
    func json() -> String {
        let string = ExplanationJSON.string
        let members = [
            "\"total\": \(total)", "\"revised\": \(revised)",
            "\"outcomes\": ["
                + outcomes.map {
                    "{\"type\": \(string($0.type)), \"classification\": \(string($0.classification)), \"level\": \(string($0.level)), "
                        + "\"count\": \($0.count)}"
                }
                .joined(separator: ", ") + "]",
            "\"reasons\": ["
                + reasons.map {
                    "{\"type\": \(string($0.type)), \"reason\": \(string($0.reason)), \"count\": \($0.count)}"
                }
                .joined(separator: ", ") + "]",
            "\"participation\": {\"judged\": \(participation.judged), \"low\": \(participation.low)}",
            "\"statuses\": {" + statuses.map { "\(string($0.status)): \($0.count)" }.joined(separator: ", ") + "}",
        ]
        return "{\n  " + members.joined(separator: ",\n  ") + "\n}\n"
    }
}
