internal import ArgumentParser
internal import Foundation
internal import Messages
internal import Operating
internal import Reading
internal import Rules

/// `accountability explain`: shows how a determination came about.
struct ExplainCommand: OperatorCommand, ReadingCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Explains a determination, or why an organization does not have another one.",
        discussion: """
            Without options it prints one screen: the result, its reasons and the figures that decided. --full derives every figure, with \
            its inputs, its rounding, its parameter with status and source, and its paragraph of 603 CMR 2.03. JSON is always the whole \
            derivation.

              accountability explain 2019 00350005
              accountability explain 2019 00350005 --full
              accountability explain 2019 00350005 --json | jq .value
              accountability explain 2019 00350005 --why-not not_requiring_assistance
              accountability explain 2019 00350005 --why-not meeting
              accountability explain 2019 00350005 --margin

            --margin shows how many results would have to differ for each figure to cross its cut, the nearest first. `accountability help \
            sweep` explains how they are counted.

            --why-not takes \(WhyNot.names.joined(separator: ", ")).

            Exit codes: 0 done; 64 usage; 65 there is no such determination; 69 no broker answers; 78 a topic is missing, or \
            this version cannot read the determination.
            """
    )

    @OptionGroup(title: "Kafka") var broker: BrokerOptions

    @OptionGroup var schoolYear: YearArgument
    var year: Int { schoolYear.year }

    @Argument(help: "The organization's code, eight digits.")
    var org: String

    @OptionGroup var viewer: ViewerOption

    @Flag(help: "Derive every figure.")
    var full = false

    @Flag(help: "Print the whole derivation as JSON.")
    var json = false

    @Option(help: ArgumentHelp("Show which figures would have to differ for this outcome.", valueName: "name"))
    var whyNot: String?

    @Flag(help: "Show how many results each figure is away from its cut-off.")
    var margin = false

    @Option(help: ArgumentHelp("Columns of the tree; default: the terminal's, otherwise 100.", valueName: "columns"))
    var width: Int?

    func validate() throws {
        guard OrganizationCode(org) != nil else {
            throw ValidationError("'\(org)' is not an organization's code: eight digits, leading zeros included")
        }
        guard !margin || (whyNot == nil && !full) else {
            throw ValidationError("--margin can only be combined with --json")
        }
        guard whyNot == nil || !full else { throw ValidationError("--full and --why-not exclude each other") }
        if let whyNot, !WhyNot.names.contains(whyNot) {
            throw ValidationError("--why-not takes one of \(WhyNot.names.joined(separator: ", "))")
        }
        if let width, !(40...1000).contains(width) { throw ValidationError("--width takes 40 to 1000") }
    }

    func operate() throws {
        let connection = try broker.connection()
        let determination = try find(connection)
        if margin {
            let margins = ExplainMargins(connection: connection, determination: determination)
            return json ? try JSONOutput.write(margins.margins()) : Standard.output(try margins.text())
        }
        let framework = try YearFramework.of(year, connection.frameworks())
        let width = width ?? TerminalSize.columns ?? 100
        if whyNot == nil, !full, !json {
            return Standard.output(
                try ExplanationSummary(determination: determination, framework: framework).text(width: width)
            )
        }
        let explanation: Explanation
        if let whyNot {
            let reader = try TopicReader(connection)
            defer { reader.close() }
            let participation = try reader.table(TableTopics.participation) {
                $0.schoolYear == year && $0.organization.description == org && $0.grade == ParticipationKey.allGrades
            }
            explanation = Explanation(
                try WhyNot(determination, framework, participation: participation.map(\.message)).derivation(whyNot)
            )
        } else {
            let selection = try YearSelection(year, try OrganizationSelection(org))
            let percentiles =
                try selection.read(TableTopics.percentiles, from: connection)
                .messages
                .map(\.percentile).filter { $0.orgCode == org }
            explanation = try Explanation(
                determination: determination,
                framework: framework,
                percentiles: percentiles
            )
        }
        Standard.output(json ? explanation.json() : explanation.text(width: width))
    }

    /// The organization's determination.
    ///
    /// - Throws: `Failure` that names what there is instead.
    private func find(_ connection: Connection) throws -> Accountability_V1_Determination {
        let reader = try TopicReader(connection)
        defer { reader.close() }
        var years: Set<Int> = []
        var relatives: Set<String> = []
        let organization = OrganizationCode(org)
        let table = try reader.table(TableTopics.determinations) { key in
            years.insert(key.schoolYear)
            guard key.schoolYear == year else { return false }
            if key.organization.district == organization?.district { relatives.insert(key.organization.description) }
            return key.organization == organization
        }
        if let found = table.first, try viewer.shows(found.message) { return found.message }
        guard try viewer.chosen() == .department else {
            throw Failure(
                .badInput,
                "the results of \(org) of \(year) cannot be explained to \(viewer.words.joined(separator: " ")): before their release only the Department sees them,"
                    + " then their district too, and `accountability determinations \(year) --as public` lists what is public"
            )
        }
        throw Failure(
            .badInput,
            Self.absence(year: year, org: org, years: years.sorted(), relatives: relatives.sorted())
        )
    }

    /// What there is instead of a missing determination.
    static func absence(year: Int, org: String, years: [Int], relatives: [String]) -> String {
        guard years.contains(year) else { return YearSelection.absence("determinations", year: year, years: years) }
        guard !relatives.isEmpty else {
            return
                "no determination of \(org) in \(year), nor of any organization of its district; `accountability determinations \(year)` lists what there is"
        }
        let some = relatives.prefix(20).joined(separator: ", ")
        return "no determination of \(org) in \(year); its district has \(some)\(relatives.count > 20 ? ", …" : "")"
    }
}

/// The size of the terminal on standard output: from `COLUMNS` and `LINES`, if the shell sets them, otherwise the usual
/// size.
enum TerminalSize {
    /// Its columns; nil if standard output is not a terminal.
    static var columns: Int? { size("COLUMNS", usual: 100) }
    /// Its rows; nil if standard output is not a terminal.
    static var rows: Int? { size("LINES", usual: 24) }

    private static func size(_ variable: String, usual: Int) -> Int? {
        guard isatty(1) == 1 else { return nil }
        return ProcessInfo.processInfo.environment[variable].flatMap { Int($0) }
            .flatMap { (20...1000).contains($0) ? $0 : nil } ?? usual
    }
}
