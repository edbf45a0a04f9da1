internal import ArgumentParser
internal import Messages
internal import Operating
internal import Reading
internal import Rules

/// `accountability candidates`: schools that the commissioner could recognise, 603 CMR 2.03(2)(f).
struct CandidatesCommand: OperatorCommand, CitesParagraphs {
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

    @OptionGroup var output: FormatOption

    func operate() throws {
        let connection = try broker.connection()
        let framework = try YearFramework.of(year, connection.frameworks())
        let (all, years) = try YearSelection(year, .all)
            .read(TableTopics.determinations, from: connection)
        let rows = try all.flatMap { try CandidateRow.of($0, framework) }.filter { kind == nil || $0.kind == kind }
        if all.isEmpty { try AbsentYear.settle("determinations", year: year, years: years, connection) }
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
    static func of(_ determination: Accountability_V1_Determination, _ framework: Framework) throws -> [CandidateRow] {
        guard determination.type == .school else { return [] }
        var figures = RecognitionCandidate.Figures()
        if determination.hasPercentile { figures.percentile = Int(determination.percentile) }
        figures.annual = try? Ratio(decimal: determination.annualExact)
        if determination.hasCumulative { figures.cumulative = Int64(determination.cumulative) }
        for column in determination.spans.flatMap(\.columns) where column.group == StudentGroup.allStudents.wireName {
            for indicator in column.indicators where Indicator(wireName: indicator.indicator)?.category == .growth {
                if let value = try? Ratio(decimal: indicator.value) { figures.growth.append(value) }
            }
        }
        return
            try RecognitionCandidate.proposals(
                figures,
                classification: Classification(wireName: determination.classification),
                framework
            )
            .map { proposal in
                CandidateRow(
                    organization: determination.orgCode,
                    name: determination.name,
                    kind: proposal.kind,
                    figure: proposal.figure,
                    cutOff: proposal.parameter.text,
                    isRecognised: determination.recognitions.contains(proposal.kind)
                )
            }
    }
}
