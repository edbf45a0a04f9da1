internal import ArgumentParser
internal import Messages
internal import Operating
internal import Reading
internal import Rules

/// `accountability candidates`: schools that the commissioner could recognise, 603 CMR 2.03(2)(f).
struct CandidatesCommand: OperatorCommand, ReadingCommand, CitesParagraphs {
    static let configuration = CommandConfiguration(
        commandName: "candidates",
        abstract: "Proposes schools that the commissioner could recognise; it decides nothing.",
        discussion: """
            The Department publishes no cut-offs. The cut-offs used here are parameters of the framework, marked assumed (`accountability \
            framework show 2019 --under recognition`). Only the commissioner recognises a school: `accountability help directive`.

              accountability candidates 2019
              accountability candidates 2019 --kind high_growth --format csv

            Exit codes: 0 done; 64 usage; 65 there is no such year; 69 no broker answers; 78 the topic is missing.
            """
    )
    static let paragraphs: [Paragraph] = [.exemplaryPerformance]

    @OptionGroup(title: "Kafka") var broker: BrokerOptions

    @OptionGroup var schoolYear: YearArgument
    var year: Int { schoolYear.year }

    @Option(
        help: ArgumentHelp("high_achievement, high_growth, exceeding_targets or meeting_targets.", valueName: "kind")
    )
    var kind: String?

    @OptionGroup var viewer: ViewerOption

    @OptionGroup var output: FormatOption

    func operate() throws {
        let connection = try broker.connection()
        let framework = try YearFramework.of(year, connection.frameworks())
        let all = try VisibleResults.read(for: viewer, connection)
        let years = Set(all.map { Int($0.message.schoolYear) })
        let rows = try all.filter { Int($0.message.schoolYear) == year }
            .flatMap { try CandidateRow.of($0, framework) }.filter { kind == nil || $0.kind == kind }
        if !years.contains(year) {
            try AbsentYear.settle("determinations", year: year, years: years.sorted(), connection)
        }
        let format = output.chosen
        if format == .json { return try JSONOutput.write(rows) }
        try Listing(
            ["org_code", "name", "kind", "figure", "cut_off", "recognised"],
            rows.map { [$0.organization, $0.name, $0.kind, $0.figure, $0.cutOff, $0.isRecognised ? "yes" : ""] }
        )
        .write(format)
    }
}

/// A proposal, as the command lists it.
struct CandidateRow: Encodable, Equatable {
    let organization: String
    let name: String
    let kind: String
    let figure: String
    let cutOff: String
    /// Whether the commissioner has already recognised the school in this way.
    let isRecognised: Bool

    /// The recognitions that a school is proposed for.
    static func of(_ results: VisibleResults, _ framework: Framework) throws -> [CandidateRow] {
        switch results {
        case .whole(let determination): try of(determination, framework)
        case .published(let publication): try of(publication, framework)
        }
    }

    /// The recognitions that a school is proposed for.
    static func of(_ determination: Accountability_V1_Determination, _ framework: Framework) throws -> [CandidateRow] {
        let growth = determination.spans.flatMap(\.columns)
            .filter { $0.group == StudentGroup.allStudents.wireName }.flatMap(\.indicators)
            .filter { Indicator(wireName: $0.indicator)?.category == .growth }.map(\.value)
        return try of(determination, growth: growth, recognitions: determination.recognitions, framework)
    }

    /// The recognitions that everybody can propose a school for, from what is published of it.
    static func of(_ publication: Accountability_V1_Publication, _ framework: Framework) throws -> [CandidateRow] {
        let growth = publication.figures
            .filter { figure in
                guard case .indicator(_, let indicator)? = PublishedMeasure(figure.measure) else { return false }
                return figure.group == StudentGroup.allStudents.wireName && indicator.category == .growth
            }
            .map(\.value)
        // High growth is growth in every subject: where one is suppressed or coded, nobody can say so.
        let isKnown = growth.allSatisfy { $0.first?.isNumber == true }
        return try of(publication, growth: isKnown ? growth : [], recognitions: publication.recognitions, framework)
    }

    /// - `growth`: the values of all students; an empty one is no figure.
    private static func of(
        _ results: some ResultsMessage,
        growth: [String],
        recognitions: [String],
        _ framework: Framework
    ) throws -> [CandidateRow] {
        guard results.type == .school else { return [] }
        func figure(_ text: String) throws -> Ratio? {
            text.first?.isNumber == true ? try Ratio(decimal: text) : nil
        }
        var figures = RecognitionCandidate.Figures()
        if results.hasPercentile { figures.percentile = Int(results.percentile) }
        figures.annual = try figure(results.annualExact)
        if results.hasCumulative { figures.cumulative = Int64(results.cumulative) }
        figures.growth = try growth.compactMap(figure)
        return
            try RecognitionCandidate.proposals(
                figures,
                classification: Classification(wireName: results.classification),
                framework
            )
            .map { proposal in
                CandidateRow(
                    organization: results.orgCode,
                    name: results.name,
                    kind: proposal.kind,
                    figure: proposal.figure,
                    cutOff: proposal.parameter.text,
                    isRecognised: recognitions.contains(proposal.kind)
                )
            }
    }
}
