internal import ArgumentParser
internal import Messages
internal import Operating
internal import Reading
internal import Rules

/// `accountability plans`: the improvement plans that districts and schools must file, with their status, 603 CMR
/// 2.03(7).
struct PlansCommand: OperatorCommand, ReadingCommand, CitesParagraphs {
    static let configuration = CommandConfiguration(
        commandName: "plans",
        abstract: "Lists the self-evaluations and improvement plans of a school year: filed, incomplete, due, overdue.",
        discussion: """
            A District Improvement Plan covers three school years. Self-evaluations, District Action Plans and School Improvement Plans cover \
            one. A school's plan is due on July 1 before its year. It is aligned with the district plan that covers that year. To file a plan: \
            `accountability help directive`.

              accountability plans 2020
              accountability plans 2020 --standing overdue --as-of 2019-07-02 --format csv
              accountability plans 2020 --template self_evaluation > self-evaluation.md

            Exit codes: 0 done; 64 usage; 65 there is no such year; 69 no broker answers; 78 a topic is missing.
            """
    )
    static let paragraphs: [Paragraph] = [
        .improvementPlanning, .districtPlan, .schoolPlan, .planData, .planForm, .sixStandards, .assistanceForms,
    ]

    @OptionGroup(title: "Kafka") var broker: BrokerOptions

    @OptionGroup var schoolYear: YearArgument
    var year: Int { schoolYear.year }

    @Option(help: ArgumentHelp("The day that separates due from overdue; default: today.", valueName: "yyyy-mm-dd"))
    var asOf: String?

    @OptionGroup var organization: OrganizationOption

    @Option(help: ArgumentHelp("filed, filed_late, incomplete, due or overdue.", valueName: "standing"))
    var standing: String?

    @Option(
        help: ArgumentHelp(
            "Print a template for this kind of plan instead, with every part that the law names.",
            valueName: "kind"
        )
    )
    var template: String?

    @OptionGroup var viewer: ViewerOption

    @OptionGroup var output: FormatOption

    var asksForRules: Bool { template != nil }

    func validate() throws {
        if let standing, PlanObligation.Standing(rawValue: standing) == nil {
            throw ValidationError(
                "--standing takes one of \(PlanObligation.Standing.allCases.map(\.rawValue).joined(separator: ", "))"
            )
        }
        if let template, PlanKind(wireName: template) == nil {
            throw ValidationError(
                "--template takes one of \(PlanKind.allCases.map(\.wireName).joined(separator: ", "))"
            )
        }
        if let asOf, asOf.wholeMatch(of: /[0-9]{4}-[0-9]{2}-[0-9]{2}/) == nil {
            throw ValidationError("--as-of takes a day, such as 2019-07-02")
        }
    }

    private static func framework(of year: Int) throws -> Framework {
        do {
            return try Framework.planning(schoolYear: year)
        } catch {
            throw Failure(.badInput, "no such year: \(error.description)")
        }
    }

    func operate() throws {
        let framework = try Self.framework(of: year)
        if let template, let kind = PlanKind(wireName: template) {
            return Standard.output(PlanRow.text(of: try PlanTemplate(kind, framework)))
        }
        let connection = try broker.connection()
        let selection = organization.selection
        let declared = try DeclaredOrganizations(connection, year: year).organizations.map(\.code)
        if declared.isEmpty {
            let years = try DeclaredOrganizations.years(connection)
            try AbsentYear.settle("declared organizations", year: year, years: years, connection)
        }
        let obligations = try PlanObligation.all(
            schoolYear: year,
            organizations: try declared.filter { try selection.contains($0.description) && viewer.isOwn($0) },
            filings: try DepartmentRecords(connection, for: viewer).filings,
            framework
        )
        let day = asOf ?? Today.text
        let rows = obligations.map { PlanRow($0, on: day) }.filter { standing == nil || $0.standing == standing }
        let format = output.chosen
        if format == .json { return try JSONOutput.write(rows) }
        try PlanRow.listing(rows).write(format)
    }
}
