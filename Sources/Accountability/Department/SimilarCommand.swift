internal import ArgumentParser
internal import Messages
internal import Operating
internal import Reading
internal import Rules
internal import SwiftProtobuf

/// `accountability similar`: an organization beside those most like it and any chosen ones, 603 CMR 2.03(5).
struct SimilarCommand: OperatorCommand, CitesParagraphs {
    static let configuration = CommandConfiguration(
        commandName: "similar",
        abstract: "Compares an organization with its ten similar ones, and with any of your choice, year by year.",
        discussion: """
            Similar are organizations of the same grade-span class at the smallest distance: Euclidean, over enrolment and the shares of \
            low-income students, students with disabilities and English learners, each in units of its standard deviation. Factors and number \
            are parameters (`accountability framework show 2019 --under comparison`).

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
        help: ArgumentHelp("An organization of your choice; may be said several times.", valueName: "code")
    )
    var chosen: [String] = []

    @Flag(help: "The chosen ones alone.")
    var only = false

    @Flag(help: "Print a JSON array.")
    var json = false

    func validate() throws {
        for code in [organization] + chosen where OrganizationCode(code) == nil {
            throw ValidationError("'\(code)' is not a code: eight digits, leading zeros included")
        }
        guard !only || !chosen.isEmpty else { throw ValidationError("--only needs --with") }
    }

    func operate() throws {
        let framework = try YearFramework.of(year)
        let connection = try broker.connection()
        let declared = try DeclaredOrganizations(connection, year: year).organizations
        guard let code = OrganizationCode(organization), declared.contains(where: { $0.code == code }) else {
            throw Failure(
                .badInput,
                "\(organization) is not declared for \(year); `accountability determinations \(year)` lists who is"
            )
        }
        let compared = declared.filter { $0.code != .state }.map { Comparison.organization($0.code, $0.facts) }
        let nearest = only ? [] : try SimilarOrganization.nearest(to: code, among: compared, framework)
        for missing in chosen where !declared.contains(where: { $0.code.description == missing }) {
            Standard.error("\(missing) is not declared for \(year): it is left out")
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

/// Organizations side by side.
enum Comparison {
    /// An organization in a school year.
    struct Row: Encodable, Equatable {
        let organization: String
        let name: String
        /// `own`, `similar` or `chosen`.
        let role: String
        /// In standard deviations, six decimals; of similar ones.
        let distance: String
        let schoolYear: Int
        let enrollment: Int
        let lowIncomeShare: String
        let disabilityShare: String
        let englishLearnerShare: String
        /// The figures of all students, by name.
        let figures: [String: String]
        let classification: String
        let level: String
    }

    /// The annual percentage as it was printed: that of 2018 is kept with its fraction and shown without.
    private static let printedAnnual = "annual_printed"

    /// The figures that are shown, in order.
    static let figureNames =
        ["participation"] + Indicator.allCases.map(\.wireName) + ["percentile", "annual", "cumulative"]

    /// An organization as the rules compare it.
    static func organization(_ code: OrganizationCode, _ facts: Accountability_V1_Organization) -> ComparedOrganization
    {
        ComparedOrganization(
            code: code,
            gradeSpanClass: "\(code.type)/\(facts.comparisonGroup)",
            enrollment: Int64(facts.enrollment),
            lowIncome: Int64(facts.enrollmentLowIncome),
            disability: Int64(facts.enrollmentSwd),
            englishLearner: Int64(facts.enrollmentEl)
        )
    }

    /// The organization itself, the similar ones in their order, then the chosen ones; of each every year up to `year`
    /// that has a determination.
    static func rows(
        _ own: OrganizationCode,
        _ similar: [SimilarOrganization],
        chosen: [OrganizationCode],
        facts: [(code: OrganizationCode, facts: Accountability_V1_Organization)],
        _ determinations: [Accountability_V1_Determination],
        through year: Int
    ) -> [Row] {
        let facts = Dictionary(facts.map { ($0.code, $0.facts) }, uniquingKeysWith: { first, _ in first })
        let byCode = Dictionary(grouping: determinations.filter { Int($0.schoolYear) <= year }) { $0.orgCode }
        var members: [(code: OrganizationCode, role: String, distance: String)] = [(own, "own", "")]
        members += similar.map { ($0.code, "similar", millionths($0.distance)) }
        members += chosen.filter { $0 != own && facts[$0] != nil }.map { ($0, "chosen", "") }
        return members.flatMap { member -> [Row] in
            let organization = facts[member.code] ?? Accountability_V1_Organization()
            let found = (byCode[member.code.description] ?? []).sorted { $0.schoolYear > $1.schoolYear }
            let own =
                found.isEmpty
                ? [Accountability_V1_Determination.with { $0.schoolYear = UInt32(clamping: year) }] : found
            return own.map { row(member, organization, $0) }
        }
    }

    private static func row(
        _ member: (code: OrganizationCode, role: String, distance: String),
        _ organization: Accountability_V1_Organization,
        _ determination: Accountability_V1_Determination
    ) -> Row {
        Row(
            organization: member.code.description,
            name: organization.name,
            role: member.role,
            distance: member.distance,
            schoolYear: Int(determination.schoolYear),
            enrollment: Int(organization.enrollment),
            lowIncomeShare: share(organization.enrollmentLowIncome, organization.enrollment),
            disabilityShare: share(organization.enrollmentSwd, organization.enrollment),
            englishLearnerShare: share(organization.enrollmentEl, organization.enrollment),
            figures: figures(determination),
            classification: determination.classification,
            level: determination.level
        )
    }

    /// The published figures of all students; where both spans have one, both, the lower span first.
    static func figures(_ determination: Accountability_V1_Determination) -> [String: String] {
        let all = StudentGroup.allStudents.wireName
        var figures: [String: String] = [:]
        func add(_ name: String, _ value: String) {
            guard !value.isEmpty else { return }
            figures[name] = figures[name].map { "\($0) / \(value)" } ?? value
        }
        for rate in determination.participation where rate.group == all && rate.hasRate {
            add("participation", String(rate.rate))
        }
        for column in determination.spans.flatMap(\.columns) where column.group == all {
            for indicator in column.indicators { add(indicator.indicator, indicator.value) }
        }
        if determination.hasPercentile { add("percentile", String(determination.percentile)) }
        add("annual", determination.annualExact)
        if determination.hasAnnual { add(printedAnnual, String(determination.annual)) }
        if determination.hasCumulative { add("cumulative", String(determination.cumulative)) }
        return figures
    }

    /// The rows as a table; figures that none of them has are left out.
    static func listing(_ rows: [Row]) -> Listing {
        let shown = figureNames.filter { name in rows.contains { $0.figures[name] != nil } }
        return Listing(
            ["role", "org_code", "name", "distance", "year", "enrollment", "low_income", "swd", "el"] + shown + [
                "level"
            ],
            rows.map { row in
                [
                    row.role, row.organization, row.name, row.distance, String(row.schoolYear), String(row.enrollment),
                    row.lowIncomeShare,
                    row.disabilityShare, row.englishLearnerShare,
                ] + shown.map { figure($0, row) } + [row.level]
            }
        )
    }

    private static func figure(_ name: String, _ row: Row) -> String {
        let figure = row.figures[name] ?? ""
        guard name == "annual", Figure.shown(figure) != figure else { return Figure.shown(each: figure) }
        return row.figures[printedAnnual] ?? Figure.shown(figure)
    }

    private static func millionths(_ distance: Int64) -> String {
        (try? Ratio(distance, over: 1_000_000))?.text(decimals: 3) ?? ""
    }

    private static func share(_ part: UInt32, _ whole: UInt32) -> String {
        guard whole > 0, let share = try? Ratio(Int64(part) * 100, over: Int64(whole)) else { return "" }
        return share.text(decimals: 1)
    }
}
