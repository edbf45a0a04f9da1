internal import ArgumentParser
internal import Foundation
internal import Messages
internal import Operating
internal import Reading
internal import Rules

/// `accountability priority`: in which order districts are given assistance, 603 CMR 2.03(8).
struct PriorityCommand: OperatorCommand, CitesParagraphs {
    static let configuration = CommandConfiguration(
        commandName: "priority",
        abstract: "Lists the districts by their priority for assistance: severity first, then duration.",
        discussion: """
            The severity is that of the most severe determination of the district or of one of its schools: chronically underperforming, \
            broad or comprehensive support, focused or targeted support. The duration is for how many determinations in a row the \
            organization has required assistance; school years without determinations neither add nor end it.

              accountability priority 2019
              accountability priority 2019 --format csv > priority-2019.csv

            Exit codes: 0 done; 64 usage; 65 there is no such year; 69 no broker answers; 78 the topic is missing.
            """
    )
    static let paragraphs: [Paragraph] = [.framework, .assistance, .assistancePriority]

    @OptionGroup(title: "Kafka") var broker: BrokerOptions

    @OptionGroup var schoolYear: YearArgument
    var year: Int { schoolYear.year }

    @OptionGroup var output: FormatOption

    func operate() throws {
        let connection = try broker.connection()
        let determinations = try AllDeterminations(connection)
        if !determinations.years.contains(year) {
            try AbsentYear.settle("determinations", year: year, years: determinations.years, connection)
        }
        let rows = PriorityRow.list(determinations.messages, in: year)
        let format = output.chosen
        if format == .json { return try JSONOutput.write(rows) }
        try PriorityRow.listing(rows).write(format)
    }
}

/// A district in the order of its priority.
struct PriorityRow: Encodable, Equatable {
    let place: Int
    let district: String
    let name: String
    let severity: String
    let duration: Int
    let requiring: Int
    let organizations: [String]

    /// The order of a school year.
    static func list(_ determinations: [Accountability_V1_Determination], in year: Int) -> [PriorityRow] {
        var histories: [OrganizationCode: AssistanceHistory] = [:]
        var names: [String: String] = [:]
        for determination in determinations {
            guard let code = OrganizationCode(determination.orgCode) else { continue }
            let isNewer = Int(determination.schoolYear) == year || names[determination.orgCode] == nil
            if isNewer { names[determination.orgCode] = determination.name }
            // What was suspended is no determination, and ends no duration.
            guard !determination.classification.isEmpty else { continue }
            histories[code, default: AssistanceHistory(code)].severities[Int(determination.schoolYear)] =
                AssistanceSeverity(
                    level: DeterminationLevel(wireName: determination.level),
                    designation: Designation(wireName: determination.designation)
                )
        }
        return AssistancePriority.list(histories.values, in: year).enumerated()
            .map { index, entry in
                PriorityRow(
                    place: index + 1,
                    district: entry.district.description,
                    name: names[entry.district.description] ?? "",
                    severity: entry.severity.wireName,
                    duration: entry.duration,
                    requiring: entry.requiring,
                    organizations: entry.organizations.map(\.description)
                )
            }
    }

    /// The order as a table.
    static func listing(_ rows: [PriorityRow]) -> Listing {
        Listing(
            ["place", "district", "name", "severity", "duration", "requiring", "organizations"],
            rows.map { row in
                [
                    String(row.place), row.district, row.name, row.severity, String(row.duration),
                    String(row.requiring),
                    row.organizations.joined(separator: ";"),
                ]
            }
        )
    }
}

/// The determinations of every school year.
struct AllDeterminations {
    let messages: [Accountability_V1_Determination]

    /// Those of an installation.
    init(_ connection: Connection) throws {
        let reader = try TopicReader(connection)
        defer { reader.close() }
        messages = try reader.table(TableTopics.determinations).map(\.message)
    }

    /// The school years that have any.
    var years: [Int] { Set(messages.map { Int($0.schoolYear) }).sorted() }

    /// Those of a school year.
    func of(_ year: Int) -> [Accountability_V1_Determination] { messages.filter { Int($0.schoolYear) == year } }
}
