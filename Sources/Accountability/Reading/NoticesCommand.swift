internal import ArgumentParser
internal import Messages
internal import Operating
internal import Reading
internal import Rules
internal import SwiftProtobuf

/// `accountability notices`: lists the notices to organizations.
struct NoticesCommand: OperatorCommand, ReadingCommand {
    static let configuration = CommandConfiguration(
        commandName: "notices",
        abstract: "Lists the notices to organizations.",
        discussion: """
            Events: determination_issued, determination_revised, results_closed, low_participation, low_subgroups, directive, comment_period, plan_due, \
            plan_overdue. `accountability deliveries` shows whether they were delivered.

              accountability notices 2019
              accountability notices --event plan_overdue
              accountability notices --org 00350000 --format json

            Exit codes: 0 done; 64 usage; 65 there is no such year; 69 no broker answers; 78 a topic is missing.
            """
    )

    @OptionGroup(title: "Kafka") var broker: BrokerOptions

    @OptionGroup var schoolYear: OptionalYearArgument
    var year: Int? { schoolYear.year }

    @Option(help: ArgumentHelp("One kind of event.", valueName: "event"))
    var event: String?

    @OptionGroup var organization: OrganizationOption

    @OptionGroup var viewer: ViewerOption

    @OptionGroup var output: FormatOption

    func operate() throws {
        let viewer = try viewer.chosen()
        let selection = organization.selection
        let connection = try broker.connection()
        let reader = try TopicReader(connection)
        defer { reader.close() }
        let all = try reader.table(TableTopics.notices).map(\.message)
        let notices = all.filter { notice in
            (year == nil || Int(notice.schoolYear) == year) && (event == nil || notice.event == event)
                && selection.contains(notice.orgCode) && notice.isFor(viewer)
        }
        if let year, notices.isEmpty {
            let years = Set(all.map { Int($0.schoolYear) }).sorted()
            try AbsentYear.settle("notices", year: year, years: years, connection)
        }
        let format = output.chosen
        if format == .json { return Standard.output(try MessageJSON.array(notices)) }
        try Listing(
            ["id", "event", "date", "recipients", "subject"],
            notices.map { [$0.id, $0.event, $0.date, $0.recipientText, $0.subject] }
        )
        .write(format)
    }
}

extension Accountability_V1_Notice {
    /// The recipients, as a field.
    fileprivate var recipientText: String { departmentOnly ? "department" : recipients.joined(separator: ";") }

    /// Whether a reader gets the notice: a district gets those of itself and its schools, the public those for
    /// everyone.
    func isFor(_ viewer: ResultsViewer) -> Bool {
        let isForEveryone = recipients.contains(OrganizationCode.state.description)
        return switch viewer {
        case .department: true
        case .district(let code):
            !departmentOnly
                && (isForEveryone || recipients.contains { OrganizationCode($0)?.district == code })
        case .everybody: isForEveryone
        }
    }
}
