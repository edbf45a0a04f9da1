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
