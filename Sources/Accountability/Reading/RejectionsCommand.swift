internal import ArgumentParser
internal import Messages
internal import Operating

/// `accountability rejections`: rows that were refused, and why.
struct RejectionsCommand: OperatorCommand {
    static let configuration = CommandConfiguration(
        commandName: "rejections",
        abstract: "Lists the rows that were refused: place, column and code, never the content.",
        discussion: """
              accountability rejections
              accountability rejections 2019 --code unknown_organization
              accountability rejections --submission 20261124T091500Z-1a2b --format csv
              accountability rejections --without-year

            A row whose school year could not be read belongs to none: it is listed where no year is named, and with --without-year alone. Of how \
            many there are beside those of a year standard error tells.

            Exit codes: 0 done; 64 usage; 69 no broker answers; 78 the topic is missing.
            """
    )

    @OptionGroup(title: "Kafka") var broker: BrokerOptions

    @Argument(help: "The school year, by its spring; all when none is named.")
    var year: Int?

    @Flag(help: "Only rows whose school year could not be read.")
    var withoutYear = false

    @Option(help: ArgumentHelp("One submission.", valueName: "id"))
    var submission: String?

    @Option(help: ArgumentHelp("One code.", valueName: "code"))
    var code: String?

    @Option(help: "table, csv or json (protobuf JSON, one array).")
    var format: OutputFormat?

    static let columns = [
        "submission", "file", "line", "layout", "code", "column", "school_year", "org_code", "message",
    ]

    func validate() throws {
        if let year { try YearSelection.check(year) }
        guard year == nil || !withoutYear else {
            throw ValidationError("--without-year lists rows of no school year: leave the year out")
        }
    }

    func operate() throws {
        let reader = try TopicReader(try broker.connection())
        defer { reader.close() }
        // The key begins with the submission.
        let all =
            try reader.table(Topics.rejections, Accountability_V1_Rejection.self) { key in
                submission.map { key.hasPrefix("\($0)/") } ?? true
            }
            .map(\.message)
        if let note = note(on: all) { Standard.error(note) }
        let rejections = all.filter(isMeant)
            .sorted { ($0.submission, $0.line, $0.code, $0.column) < ($1.submission, $1.line, $1.code, $1.column) }
        let format = OutputFormat.chosen(format)
        if format == .json { return Standard.output(try MessageJSON.array(rejections)) }
        try Listing(Self.columns, rejections.map(Self.fields)).write(format)
    }

    /// Whether a rejection is asked for.
    func isMeant(_ rejection: Accountability_V1_Rejection) -> Bool {
        if let year, Int(rejection.schoolYear) != year { return false }
        if withoutYear, rejection.schoolYear != 0 { return false }
        if let code, rejection.code != code { return false }
        return true
    }

    /// What is told of rows that a year leaves out because theirs could not be read; nil where there are none.
    func note(on all: [Accountability_V1_Rejection]) -> String? {
        guard year != nil else { return nil }
        let rows = Set(
            all.filter { $0.schoolYear == 0 && (self.code == nil || $0.code == self.code) }
                .map { "\($0.submission)/\($0.line)" }
        )
        .count
        guard rows > 0 else { return nil }
        let submission = self.submission.map { " --submission \($0)" } ?? ""
        let code = self.code.map { " --code \($0)" } ?? ""
        return
            "rejections: \(rows) row\(rows == 1 ? "" : "s") whose school year could not be read \(rows == 1 ? "is" : "are") not among these: "
            + "`accountability rejections --without-year\(submission)\(code)` lists \(rows == 1 ? "it" : "them")"
    }

    static func fields(_ rejection: Accountability_V1_Rejection) -> [String] {
        [
            rejection.submission, rejection.fileName, String(rejection.line), rejection.layout, rejection.code,
            rejection.column,
            rejection.schoolYear == 0 ? "" : String(rejection.schoolYear), rejection.orgCode, rejection.message,
        ]
    }
}
