internal import ArgumentParser
internal import Foundation
internal import Messages
internal import Operating
internal import Reading
internal import Rules

/// `accountability priority`: the order in which districts get assistance, 603 CMR 2.03(8).
struct PriorityCommand: OperatorCommand, ReadingCommand, CitesParagraphs {
    static let configuration = CommandConfiguration(
        commandName: "priority",
        abstract: "Lists the districts by their priority for assistance: severity first, then duration.",
        discussion: """
            The severity is that of the most severe determination of the district or its schools: chronically underperforming, \
            broad or comprehensive support, focused or targeted support. The duration is the number of determinations in a row in which the \
            organization required assistance. A school year without determinations does not count and does not end the row.

              accountability priority 2019
              accountability priority 2019 --format csv > priority-2019.csv

            Exit codes: 0 done; 64 usage; 65 there is no such year; 69 no broker answers; 78 the topic is missing.
            """
    )
    static let paragraphs: [Paragraph] = [.framework, .assistance, .assistancePriority]

    @OptionGroup(title: "Kafka") var broker: BrokerOptions

    @OptionGroup var schoolYear: YearArgument
    var year: Int { schoolYear.year }

    @OptionGroup var viewer: ViewerOption

    @OptionGroup var output: FormatOption

    func operate() throws {
        let connection = try broker.connection()
        let determinations = try AllDeterminations(connection, for: viewer)
        if !determinations.years.contains(year) {
            try AbsentYear.settle("determinations", year: year, years: determinations.years, connection)
        }
        let rows = try PriorityRow.list(
            determinations.messages,
            in: year,
            hasPlaces: viewer.chosen() == .department
        )
        let format = output.chosen
        if format == .json { return try JSONOutput.write(rows) }
        try PriorityRow.listing(rows).write(format)
    }
}

/// The determinations of every school year that a viewer sees.
struct AllDeterminations {
    let messages: [Accountability_V1_Determination]

    /// Reads the determinations of an installation.
    init(_ connection: Connection, for viewer: ViewerOption) throws {
        let reader = try TopicReader(connection)
        defer { reader.close() }
        messages = try reader.table(TableTopics.determinations).map(\.message).filter(viewer.shows)
    }

    /// The school years that have determinations.
    var years: [Int] { Set(messages.map { Int($0.schoolYear) }).sorted() }

    /// The determinations of a school year.
    func of(_ year: Int) -> [Accountability_V1_Determination] { messages.filter { Int($0.schoolYear) == year } }
}
