internal import ArgumentParser
internal import Messages
internal import Operating
internal import Reading
internal import Rules
internal import SwiftProtobuf

/// `accountability similar`: compares an organization with the most similar ones and any chosen ones, 603 CMR 2.03(5).
struct SimilarCommand: OperatorCommand, ReadingCommand, CitesParagraphs {
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

    @OptionGroup var viewer: ViewerOption

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
        if case .district(let district) = try viewer.chosen() {
            return try write(
                visibleRows(
                    to: district,
                    VisibleResults.read(for: viewer, connection),
                    DeclaredOrganizations(connection, year: year).organizations,
                    framework
                )
            )
        }
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
        let determinations = try AllDeterminations(connection, for: viewer).messages
        let rows = Comparison.rows(
            code,
            nearest,
            chosen: chosen.compactMap { OrganizationCode($0) },
            facts: declared,
            determinations,
            through: year
        )
        try write(rows)
    }

    private func write(_ rows: [Comparison.Row]) throws {
        if json { return try JSONOutput.write(rows) }
        Standard.output(Comparison.listing(rows).text(limit: 32))
    }

    /// The comparison of a district's own organization, as the console shows it: of others only what is published.
    ///
    /// The similar ones come without distances and by code, because the order by distance would reveal something about
    /// another organization's students.
    ///
    /// - Throws: `Failure` if the district does not see the organization's results.
    func visibleRows(
        to district: OrganizationCode,
        _ results: [VisibleResults],
        _ declared: [(code: OrganizationCode, facts: Accountability_V1_Organization)],
        _ framework: Framework
    ) throws -> [Comparison.Row] {
        let results = Dictionary(grouping: results.filter { $0.message.schoolYear <= year }, by: { $0.message.orgCode })
        func present(_ code: OrganizationCode) -> VisibleResults? {
            results[code.description]?.first { Int($0.message.schoolYear) == year }
        }
        guard let own = OrganizationCode(organization), case .whole? = present(own) else {
            throw Failure(
                .badInput,
                "\(organization) cannot be compared for \(district) in \(year): a district compares its own organizations, "
                    + "once their results are released to it"
            )
        }
        let facts = Dictionary(declared.map { ($0.code, $0.facts) }, uniquingKeysWith: { first, _ in first })
        func member(_ code: OrganizationCode, _ part: Comparison.Part) -> Comparison.Member? {
            guard let now = present(code) else { return nil }
            let years = (results[code.description] ?? []).sorted { $0.message.schoolYear > $1.message.schoolYear }
            let shown: Comparison.Facts
            switch now {
            case .whole(let determination):
                shown = facts[code].map { Comparison.Facts($0) } ?? Comparison.Facts(name: determination.name)
            case .published(let publication): shown = Comparison.Facts(publication)
            }
            return Comparison.Member(code, part, shown, years.map { $0.compared })
        }
        let compared = facts.filter { code, _ in
            code != .state && (present(code) != nil || code.district == district)
        }
        let nearest =
            only
            ? []
            : try SimilarOrganization.nearest(
                to: own,
                among: compared.map { Comparison.organization($0.key, $0.value) },
                framework
            )
        let others = chosen.compactMap { OrganizationCode($0) }.filter { $0 != own }
        for code in others where present(code) == nil {
            Standard.error("\(code): nothing of it is published for \(year); it was left out")
        }
        let members =
            [member(own, .own)] + nearest.map(\.code).sorted().map { member($0, .similar) }
            + others.map { member($0, .chosen) }
        return Comparison.rows(members.compactMap { $0 })
    }
}
