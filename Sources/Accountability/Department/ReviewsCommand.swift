internal import ArgumentParser
internal import Messages
internal import Operating
internal import Reading
internal import Rules

/// `accountability reviews`: district reviews with their ratings, 603 CMR 2.03(4), and the standards behind them, (6).
struct ReviewsCommand: OperatorCommand, ReadingCommand, CitesParagraphs {
    static let configuration = CommandConfiguration(
        commandName: "reviews",
        abstract: "Lists the recorded district reviews, with a rating for each of the six standards.",
        discussion: """
              accountability reviews
              accountability reviews 2019 --format json
              accountability reviews 2019 --standards          the standards and their indicators, as published to the districts

            Exit codes: 0 done; 64 usage; 65 there is no such year; 69 no broker answers; 78 the topic is missing.
            """
    )
    static let paragraphs: [Paragraph] = [.districtReviews, .standards, .sixStandards, .publishedIndicators]

    @OptionGroup(title: "Kafka") var broker: BrokerOptions

    @OptionGroup var schoolYear: OptionalYearArgument
    var year: Int? { schoolYear.year }

    @Flag(help: "Print the standards and indicators of the year's framework instead.")
    var standards = false

    @OptionGroup var viewer: ViewerOption

    @OptionGroup var output: FormatOption

    var asksForRules: Bool { standards }

    func validate() throws {
        guard !standards || year != nil else {
            throw ValidationError("--standards needs a school year, which selects the framework")
        }
    }

    func operate() throws {
        let format = output.chosen
        if standards, let year {
            let rows = StandardRow.all(try YearFramework.of(year))
            if format == .json { return try JSONOutput.write(rows) }
            return try Listing(
                ["standard", "title", "indicator"],
                rows.flatMap { row in row.indicators.map { [row.standard, row.title, $0] } }
            )
            .write(format)
        }
        let connection = try broker.connection()
        let all = try DepartmentRecords(connection, for: viewer).reviews
        let reviews = all.filter { year == nil || $0.schoolYear == year }
        if let year, reviews.isEmpty {
            try AbsentYear.settle("reviews", year: year, years: Set(all.map(\.schoolYear)).sorted(), connection)
        }
        let rows = reviews.map { ReviewRow($0) }
        if format == .json { return try JSONOutput.write(rows) }
        try ReviewRow.listing(rows).write(format)
    }
}

/// A standard and its indicators.
struct StandardRow: Encodable, Equatable {
    let standard: String
    let title: String
    let indicators: [String]

    /// All standards of a framework.
    static func all(_ framework: Framework) -> [StandardRow] {
        ReviewStandard.allCases.map { standard in
            StandardRow(
                standard: standard.wireName,
                title: standard.title,
                indicators: framework.review?.indicators[standard]?.value ?? []
            )
        }
    }
}
