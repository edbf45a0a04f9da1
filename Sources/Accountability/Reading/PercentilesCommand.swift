internal import ArgumentParser
internal import Messages
internal import Operating
internal import Reading
internal import Rules

/// `accountability percentiles`: the percentiles of a year and the statewide thresholds, 603 CMR 2.03(2)(a) and (c).
struct PercentilesCommand: OperatorCommand, ReadingCommand {
    static let configuration = CommandConfiguration(
        commandName: "percentiles",
        abstract: "Lists the accountability and subgroup percentiles of a school year.",
        discussion: """
            Columns and lines are those of `evaluate percentiles`. JSON contains the messages as published, with every intermediate figure.

            --as prints what somebody else sees. A district sees its own percentiles once its results are released. The public sees those of \
            the publications, without the means behind them.

              accountability percentiles 2019 --group all_students
              accountability percentiles 2019 --org 00350000 --format csv
              accountability percentiles 2019 --as public
              accountability percentiles 2019 --thresholds            the values at the statewide 80th and 90th percentile

            Exit codes: 0 done; 64 usage; 65 there is no such year; 69 no broker answers; 78 the topic is missing.
            """
    )

    @OptionGroup(title: "Kafka") var broker: BrokerOptions

    @OptionGroup var schoolYear: YearArgument
    var year: Int { schoolYear.year }

    @OptionGroup var output: FormatOption

    @OptionGroup var organization: OrganizationOption

    @Option(help: ArgumentHelp("One group, by any of its names.", valueName: "name"))
    var group: String?

    @Flag(help: "Print the statewide thresholds instead.")
    var thresholds = false

    @OptionGroup var viewer: ViewerOption

    func validate() throws {
        _ = try YearSelection(year, organization.selection)
        _ = try chosenGroup()
        guard !thresholds || organization.org == nil else {
            throw ValidationError("thresholds are statewide: --thresholds and --org exclude each other")
        }
        guard try viewer.chosen() == .department || !thresholds else {
            throw ValidationError("--thresholds prints what only the Department sees: leave it or --as out")
        }
    }

    private func chosenGroup() throws -> StudentGroup? {
        guard let group else { return nil }
        guard let chosen = StudentGroup(name: group) else {
            throw ValidationError(
                "--group takes one of \(StudentGroup.allCases.map(\.wireName).joined(separator: ", "))"
            )
        }
        return chosen
    }

    func operate() throws {
        let selection = try YearSelection(year, organization.selection)
        let group = try chosenGroup()?.wireName
        let connection = try broker.connection()
        if try viewer.chosen() == .everybody { return try publish(selection, group, connection) }
        let (all, years) = try selection.read(TableTopics.percentiles, from: connection)
        let seen = try viewer.organizations(of: selection, connection)
        let entries = all.filter { entry in
            switch entry.entry {
            case .percentile(let percentile):
                !thresholds && (group == nil || percentile.group == group)
                    && (seen?.contains(percentile.orgCode) ?? true)
            case .threshold(let threshold): thresholds && (group == nil || threshold.group == group)
            case .norm, nil: false
            }
        }
        try selection.note(
            thresholds ? "thresholds" : "percentiles",
            isEmpty: entries.isEmpty,
            years: years,
            connection
        )
        let format = output.chosen
        if thresholds {
            let rows = Self.distinct(entries).sorted { PercentileRows.inOrder($0.threshold, $1.threshold) }
            if format == .json { return Standard.output(try MessageJSON.array(rows)) }
            try Listing(
                PercentileRows.thresholdColumns,
                rows.map { PercentileRows.fields($0.schoolYear, $0.threshold) }
            )
            .write(format)
        } else {
            let rows = entries.sorted { PercentileRows.inOrder($0.percentile, $1.percentile) }
            for line in PercentileRows.missing(rows.map(\.percentile)) { Standard.error(line) }
            if format == .json { return Standard.output(try MessageJSON.array(rows)) }
            var listing = Listing(
                PercentileRows.columns,
                rows.map { PercentileRows.fields($0.schoolYear, $0.percentile) }
            )
            if format == .table { listing.round(PercentileRows.means) }
            try listing.write(format)
        }
    }

    /// Prints the percentiles of the publications.
    private func publish(_ selection: YearSelection, _ group: String?, _ connection: Connection) throws {
        let publications = try selection.readPublications(connection)
        if output.chosen == .json {
            let narrowed = publications.map { PublicationRows.percentilesOnly($0, group: group) }
            return Standard.output(try MessageJSON.array(narrowed))
        }
        let rows = publications.flatMap { PublicationRows.percentiles(of: $0, group: group) }
        try Listing(PercentileRows.columns, rows).write(output.chosen)
    }

    /// Every partition has all thresholds.
    ///
    /// Each is shown once.
    private static func distinct(_ entries: [Accountability_V1_PercentileEntry]) -> [Accountability_V1_PercentileEntry]
    {
        var seen: Set<Accountability_V1_PercentileEntry> = []
        return entries.filter { seen.insert($0).inserted }
    }
}
