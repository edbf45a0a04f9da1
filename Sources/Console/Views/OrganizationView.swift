internal import Messages
internal import Reading
internal import Rules
internal import Stages

/// All data about an organization in a year.
struct OrganizationView: Sendable {
    /// The results of one year.
    struct Moment: Sendable {
        let year: Int
        let line: DeterminationLine

        var figures: YearFigures {
            YearFigures(year: year, cumulative: line.cumulative, annual: line.annual, percentile: line.percentile)
        }

        /// The results of every year, the oldest first: before a change of the organization, those of the code whose
        /// history it took.
        static func all(of code: OrganizationCode, _ tables: ConsoleTables) -> [Moment] {
            var moments: [Moment] = []
            for (year, table) in tables.years.sorted(by: { $0.key > $1.key }) {
                guard let line = table.lines[moments.last?.line.code(in: year) ?? code] else { continue }
                moments.append(Moment(year: year, line: line))
            }
            return moments.reversed()
        }
    }

    /// The results of a student group.
    struct Group: Sendable {
        let group: StudentGroup
        let percentile: Int?
        let annual: Int?
        let isLow: Bool
    }

    let year: Int
    let code: OrganizationCode
    /// The framework in force in the year.
    let frameworkName: String
    let line: DeterminationLine
    let report: DeterminationReport
    /// The derivation of the determination, from the classification down to the values.
    let derivation: Derivation
    /// What would have to be different for another result, if the visitor asked for that.
    let whyNot: Derivation?
    let whyNotName: String?
    /// How far the determination is from each cut, the nearest first.
    let margins: [DeterminationMargin]
    /// The reasons for assistance, with what decided each of them.
    let reasons: [Derivation]
    /// The student groups with their own percentile or percentage.
    let groups: [Group]
    /// The results of all years, the oldest first.
    let history: [Moment]
    /// For a school: its district's determination.
    let district: DeterminationLine?
    /// For a district: the number of its schools with a determination.
    let schools: Int

    static let parameters: [QueryParameter] = [
        QueryParameter(
            "why_not",
            "Show what would have to be different for this classification or level.",
            .choice(WhyNot.names)
        )
    ]

    init(_ call: ConsoleCall) throws {
        year = call.year
        guard let code = call.arguments["code"].flatMap({ OrganizationCode($0) }),
            let table = call.tables.determined(call.year), let line = table.lines[code],
            let message = table.determination(code)
        else {
            throw Problem(
                404,
                "there is no determination of '\(RequestTarget.shown(call.arguments["code"] ?? ""))' in \(call.year): an organization's code has eight digits"
            )
        }
        self.code = code
        self.line = line
        let framework = try call.tables.frameworks.of(schoolYear: call.year)
        frameworkName = framework.name
        let percentiles = table.percentiles(code)
        report = try DeterminationReport.reading(message, percentiles)
        derivation = try report.explained(by: framework)
        reasons = report.explainedReasons(by: framework) + [report.explainedStatedReasons()].compactMap { $0 }
        groups = Self.groups(report)
        whyNotName = call.query["why_not"]
        whyNot = try call.query["why_not"]
            .map { try WhyNot(message, framework, participation: table.participation(code)).derivation($0) }
        margins = try call.ranks.margins(
            of: message,
            table.participation(line.code),
            table.thresholds(line.type),
            call.tables
        )
        history = Moment.all(of: code, call.tables)
        district = code.isDistrict ? nil : table.lines[code.district]
        schools = code.isDistrict ? table.lines.values.count { $0.type == .school && $0.code.district == code } : 0
    }

    private static func groups(_ report: DeterminationReport) -> [Group] {
        StudentGroup.allCases.compactMap { group in
            let percentile = group == .allStudents ? nil : report.percentiles.first { $0.group == group }?.percentile
            let annual = report.groups.first { $0.group == group && $0.percent != nil }?.displayed
            guard percentile != nil || annual != nil else { return nil }
            return Group(
                group: group,
                percentile: percentile,
                annual: annual,
                isLow: report.lowSubgroups.contains(group)
            )
        }
    }

    private static let group = Shape<Group>([
        .choice("group", "The students.", StudentGroup.allCases.map(\.wireName)) { $0.group.wireName },
        .optionalInteger("percentile", "Their percentile.", 1...99) { $0.percentile },
        .optionalInteger("annual", "The annual percentage of their targets.", 0...100) { $0.annual },
        .flag("is_low", "Whether it is among the lowest performing subgroups.") { $0.isLow },
    ])

    private static let points = Shape<PointsReport>([
        .choice("indicator", "The indicator.", Indicator.allCases.map(\.wireName)) { $0.indicator.wireName },
        .optionalText("value", "This year's value, an exact decimal.") { $0.current?.shortText },
        .optionalText("prior", "The value to compare with.") { $0.prior?.shortText },
        .optionalText("target", "The target.") { $0.target?.shortText },
        .optionalInteger("count", "The number of students behind the value.") { $0.count.map { Int($0) } },
        .optionalInteger("points", "Points, 0 to 4; null if none can be given.", 0...4) { $0.points },
        .text("rule", "The row of the table of points that matched.") { $0.statement },
    ])

    private static let column = Shape<ColumnReport>([
        .choice("group", "The students.", StudentGroup.allCases.map(\.wireName)) { $0.group.wireName },
        .optionalText("weighted_earned", "Weighted points earned.") { $0.weightedEarned?.shortText },
        .optionalText("weighted_possible", "Weighted points possible.") { $0.weightedPossible?.shortText },
        .optionalText("percent", "Their percentage.") { $0.percent?.shortText },
        .list("indicators", "The points by indicator.", points) { $0.indicators },
    ])

    private static let span = Shape<SpanReport>([
        .choice("grade_span", "The grade span.", GradeSpan.allCases.map(\.wireName)) { $0.span.wireName },
        .integer("weight", "The span's weight in the annual percentage, in percent.", 0...100) { $0.weight },
        .optionalText("percent", "The span's percentage.") { $0.percent?.shortText },
        .list("columns", "All students, and the lowest performing students.", column) { $0.columns },
    ])

    static let moment = Shape<Moment>([
        .integer("school_year", "The school year.", 2000...2100) { $0.year },
        .text("org_code", "The code in that year: before a change of the organization, the former one.") {
            $0.line.code.description
        },
        .optionalText("classification", "The classification.") { $0.line.classification?.wireName },
        .optionalText("level", "The level.") { $0.line.level?.wireName },
        .optionalInteger("percentile", "The percentile.", 1...99) { $0.line.percentile },
        .optionalInteger("annual", "The annual percentage.", 0...100) { $0.line.annual },
        .optionalInteger("cumulative", "The cumulative percentage.", 0...100) { $0.line.cumulative },
    ])

    private static let participation = Shape<ParticipationReport>([
        .choice("group", "The students.", StudentGroup.allCases.map(\.wireName)) { $0.group.wireName },
        .text("subject", "The subject, or all combined.") { $0.unit },
        .integer("participants", "The number of participants.", 0...Int64.max) { Int($0.participants) },
        .integer("denominator", "The number of students that the rate is computed from.", 0...Int64.max) {
            Int($0.denominator)
        },
        .optionalInteger("rate", "Their rate in percent.") { $0.rate },
        .value("met", "Whether the requirement was met; null if it is not judged.", .optional(.flag)) {
            $0.met.map(JSONValue.bool) ?? .null
        },
    ])

    private static let outcome = Shape<DeterminationOutcome>([
        .text("classification", "The classification.") { $0.classification },
        .text("level", "The level; empty if there is none.") { $0.level },
    ])

    private static let margin = Shape<DeterminationMargin>([
        .choice("cut", "What is cut.", DeterminationMargin.Cut.allCases.map(\.rawValue)) { $0.cut.rawValue },
        .text("about", "The group, with the subject for a rate; empty for all students.") { $0.about },
        .text("value", "The figure.") { $0.value },
        .text("limit", "The value that it would have to reach: > 10, <= 5, >= 75, < 50, met, not met, low, not low.") {
            $0.limit
        },
        .flag(
            "is_counted",
            "Whether the number of results is known. If so and it is null, not even all of them are enough."
        ) { $0.isKnown },
        .optionalInteger(
            "results",
            "The least number of results that would have to differ, with all others unchanged; for a percentile, all schools are ranked again. Null if not even all of them are enough, or if the number is not known.",
            1...Int64.max
        ) { $0.results.map { Int($0) } },
        .choice("unit", "What the results are of.", DeterminationMargin.Unit.allCases.map(\.rawValue)) {
            $0.unit.rawValue
        },
        .value(
            "outcome",
            "The result on the other side of the cut, with all other figures unchanged; null if the determination cannot be recomputed from its figures.",
            .optional(outcome.schema)
        ) { $0.outcome.map(outcome.json) ?? .null },
        .flag("decides", "Whether the classification or the level depends on it.") { $0.decides },
    ])

    /// The schema of a derivation, which contains itself.
    static let derivationSchema = Schema.object([
        .init(name: "title", about: "The title of the step.", schema: .text()),
        .init(name: "value", about: "Its result.", schema: .text()),
        .init(name: "paragraph", about: "The paragraph that requires it.", schema: .optional(.text())),
        .init(name: "row", about: "What decided it, in words.", schema: .optional(.text())),
        .init(name: "rounding", about: "How it was rounded.", schema: .optional(.text())),
        .init(
            name: "parameters",
            about: "The framework parameters that it uses.",
            schema: .list(FrameworkView.parameter.schema)
        ),
        .init(name: "inputs", about: "The steps that it is made from.", schema: .list(.named("Derivation"))),
    ])

    static func json(_ step: Derivation) -> JSONValue {
        .object([
            .init("title", .string(step.title)), .init("value", .string(step.value)),
            .init("paragraph", step.paragraph.map { .string($0.citation) } ?? .null),
            .init("row", step.row.map { .string($0) } ?? .null),
            .init("rounding", step.rounding.map { .string($0.description) } ?? .null),
            .init(
                "parameters",
                .array(step.parameters.map { FrameworkView.parameter.json(FrameworkParameter($0)) })
            ),
            .init("inputs", .array(step.inputs.map(json))),
        ])
    }

    static let shape = Shape<OrganizationView>([
        .integer("school_year", "The school year, by its spring.", 2000...2100) { $0.year },
        .object("determination", "The determination.", DeterminationsView.row) { view in
            DeterminationsView.Row(line: view.line, before: view.history.last { $0.year == view.year - 1 }?.line)
        },
        .list("spans", "The points of each grade span.", span) { $0.report.annual.spans },
        .list("participation", "Participation by group.", participation) { $0.report.participation },
        .list("groups", "Percentiles and percentages of student groups.", group) { $0.groups },
        .value("reasons", "Every reason, with what decided it.", .list(.named("Derivation"))) {
            .array($0.reasons.map(json))
        },
        .list("history", "Every year, the oldest first.", moment) { $0.history },
        .value("derivation", "The derivation of the determination.", .named("Derivation")) { json($0.derivation) },
        .value("why_not", "What would have to be different, if that was requested.", .optional(.named("Derivation"))) {
            $0.whyNot.map(json) ?? .null
        },
        .list("margins", "How far each figure is from its cut, the nearest first.", margin) { $0.margins },
        .texts("changes", "What the latest revision changed.") { $0.report.publication.changes },
        .texts("causes", "The submissions that caused the latest revision; if there are many, the first of them.") {
            $0.report.publication.causes
        },
        .text("status_reason", "Why it is not official; empty if no reason was given.") {
            $0.report.publication.statusReason
        },
        .text("framework", "The framework that it was made with.") { $0.report.publication.framework },
        .text("framework_digest", "The framework's digest.") { $0.report.publication.frameworkDigest },
    ])
}
