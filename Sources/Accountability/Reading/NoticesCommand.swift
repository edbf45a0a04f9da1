internal import ArgumentParser
internal import Messages
internal import Operating
internal import Rules
internal import SwiftProtobuf

/// `accountability notices`: what organizations were told.
struct NoticesCommand: OperatorCommand {
    static let configuration = CommandConfiguration(
        commandName: "notices",
        abstract: "Lists what organizations were told.",
        discussion: """
            Events: determination_issued, determination_revised, low_participation, low_subgroups, directive, comment_period, plan_due, \
            plan_overdue. `accountability deliveries` tells what became of them.

              accountability notices --event plan_overdue
              accountability notices --org 00350000 --format json

            Exit codes: 0 done; 64 usage; 69 no broker answers; 78 a topic is missing.
            """
    )

    @OptionGroup(title: "Kafka") var broker: BrokerOptions

    @Option(help: ArgumentHelp("One kind of event.", valueName: "event"))
    var event: String?

    @Option(help: ArgumentHelp("One organization; a district's code takes its schools too.", valueName: "code"))
    var org: String?

    @Option(help: "table, csv or json (protobuf JSON, one array).")
    var format: OutputFormat?

    func validate() throws {
        _ = try OrganizationSelection(org)
    }

    func operate() throws {
        let selection = try OrganizationSelection(org)
        let reader = try TopicReader(try broker.connection())
        defer { reader.close() }
        let notices = try reader.table(Topics.notices, Accountability_V1_Notice.self).map(\.message)
            .filter { (event == nil || $0.event == event) && selection.contains($0.orgCode) }
        let format = OutputFormat.chosen(format)
        if format == .json { return Standard.output(try MessageJSON.array(notices)) }
        try Listing(
            ["id", "event", "date", "recipients", "subject"],
            notices.map { [$0.id, $0.event, $0.date, $0.recipients.joined(separator: ";"), $0.subject] }
        )
        .write(format)
    }
}
