internal import ArgumentParser
internal import Messages
internal import Operating
internal import Reading
internal import Rules
internal import SwiftProtobuf

/// `accountability similar`: compares an organization with the most similar ones and any chosen ones, 603 CMR 2.03(5).
struct SimilarCommand: OperatorCommand, CitesParagraphs {
    static let configuration = CommandConfiguration(
        commandName: "similar",
        abstract: "Compares an organization with the ten most similar ones, and any of your choice, year by year.",
        discussion: """
            The most similar organizations have the same grade-span class and the smallest distance. The distance is Euclidean, over enrolment and the shares of \
            low-income students, students with disabilities and English learners, each in units of its standard deviation. The factors and the number of \
            organizations are parameters (`accountability framework show 2019 --under comparison`).

              accountability similar 2019 00350012
              accountability similar 2019 00350012 --with 00350020 --with 01000505
              accountability similar 2019 00350000 --json

            Exit codes: 0 done; 64 usage; 65 the organization is not declared for the year, or there is no such year; 69 no broker answers; 78 a topic is missing.
            """
    )
    static let paragraphs: [Paragraph] = [.analysisAndReview]

    @OptionGroup(title: "Kafka") var broker: BrokerOptions

    @OptionGroup var schoolYear: YearArgument
    var year: Int { schoolYear.year }

    @Argument(help: "The organization's code.")
    var organization: String

    @Option(
        name: .customLong("with"),
        help: ArgumentHelp("An organization of your choice; may be repeated.", valueName: "code")
    )
    var chosen: [String] = []

    @Flag(help: "Only the chosen organizations.")
    var only = false

    @Flag(help: "Print a JSON array.")
    var json = false

    func validate() throws {
        for code in [organization] + chosen where OrganizationCode(code) == nil {
            throw ValidationError("'\(code)' is not a code: a code has eight digits, leading zeros included")
        }
        guard !only || !chosen.isEmpty else { throw ValidationError("--only needs --with") }
    }

    func operate() throws {
        let connection = try broker.connection()
        let framework = try YearFramework.of(year, connection.frameworks())
        let declared = try DeclaredOrganizations(connection, year: year).organizations
        guard let code = OrganizationCode(organization), declared.contains(where: { $0.code == code }) else {
            throw Failure(
                .badInput,
                "\(organization) is not declared for \(year); `accountability determinations \(year)` lists the organizations"
            )
        }
        let compared = declared.filter { $0.code != .state }.map { Comparison.organization($0.code, $0.facts) }
        let nearest = only ? [] : try SimilarOrganization.nearest(to: code, among: compared, framework)
        for missing in chosen where !declared.contains(where: { $0.code.description == missing }) {
            Standard.error("\(missing) is not declared for \(year); it was left out")
        }
        let determinations = try AllDeterminations(connection).messages
        let rows = Comparison.rows(
            code,
            nearest,
            chosen: chosen.compactMap { OrganizationCode($0) },
            facts: declared,
            determinations,
            through: year
        )
        if json { return try JSONOutput.write(rows) }
        Standard.output(Comparison.listing(rows).text(limit: 32))
    }
}
