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

            Exit codes: 0 done; 64 usage; 69 no broker answers; 78 the topic is missing.
            """
    )

    @OptionGroup(title: "Kafka") var broker: BrokerOptions

    @Argument(help: "The school year, by its spring; all when none is named.")
    var year: Int?

    @Option(help: ArgumentHelp("One submission.", valueName: "id"))
    var submission: String?

    @Option(help: ArgumentHelp("One code.", valueName: "code"))
    var code: String?

    @Option(help: "table, csv or json (protobuf JSON, one array).")
    var format: OutputFormat?

    static let columns = ["submission", "file", "line", "layout", "code", "column", "school_year", "org_code", "message"]

    func validate() throws {
        if let year { try YearSelection.check(year) }
    }

    func operate() throws {
        let reader = try TopicReader(try broker.connection())
        defer { reader.close() }
        // The key begins with the submission.
        let rejections = try reader.table(Topics.rejections, Accountability_V1_Rejection.self) { key in
            submission.map { key.hasPrefix("\($0)/") } ?? true
        }
        .map(\.message).filter(isMeant).sorted { ($0.submission, $0.line, $0.code, $0.column) < ($1.submission, $1.line, $1.code, $1.column) }
        let format = OutputFormat.chosen(format)
        if format == .json { return Standard.output(try MessageJSON.array(rejections)) }
        try Listing(Self.columns, rejections.map(Self.fields)).write(format)
    }

    /// Whether a rejection is asked for.
    func isMeant(_ rejection: Accountability_V1_Rejection) -> Bool {
        if let year, Int(rejection.schoolYear) != year { return false }
        if let code, rejection.code != code { return false }
        return true
    }

    static func fields(_ rejection: Accountability_V1_Rejection) -> [String] {
        [
            rejection.submission, rejection.fileName, String(rejection.line), rejection.layout, rejection.code, rejection.column,
            rejection.schoolYear == 0 ? "" : String(rejection.schoolYear), rejection.orgCode, rejection.message,
        ]
    }
}
