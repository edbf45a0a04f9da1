internal import Messages
internal import Products
internal import Reading
internal import Rules

/// The public results of an organization in a year.
struct PublicationView: Sendable {
    let year: Int
    let code: OrganizationCode
    /// The framework in force in the year.
    let frameworkName: String?
    let line: DeterminationLine
    let publication: Accountability_V1_Publication
    /// The results of all official years, the oldest first.
    let history: [OrganizationView.Moment]
    let report: ReportDocument
    /// For a school: its district's results, if they are official too.
    let district: DeterminationLine?
    /// For a district: the number of its schools with official results.
    let schools: Int

    init(_ call: ConsoleCall) throws {
        let tables = call.tables
        year = call.year
        // Do not repeat the code: a visitor may have sent anything.
        guard let code = call.arguments["code"].flatMap({ OrganizationCode($0) }),
            let table = tables.determined(call.year), let line = table.lines[code],
            let publication = table.publication(code)
        else {
            throw Problem(
                404,
                "there are no official results of this organization in \(call.year): an organization's code has eight digits"
            )
        }
        self.code = code
        frameworkName = try tables.frameworks.ifCovered(schoolYear: call.year)?.name
        self.line = line
        self.publication = publication
        let history = OrganizationView.Moment.all(of: code, tables)
        self.history = history
        district = code.isDistrict ? nil : table.lines[code.district]
        schools = code.isDistrict ? table.lines.values.count { $0.type == .school && $0.code.district == code } : 0
        let row = PublishedRow(
            publication: publication,
            district: code.isDistrict ? nil : table.publication(code.district),
            before: tables.years[call.year - 1]?.publication(line.code(in: call.year - 1)),
            schools: schools,
            frameworks: tables.frameworks
        )
        let publications = history.filter { $0.year <= call.year }
            .compactMap { tables.years[$0.year]?.publication($0.line.code) }
        report = OrganizationReport(row, history: publications).document
    }

    private static let figure = Shape<Accountability_V1_PublishedFigure>([
        .text("measure", "`participation/<subject>`, or `<grade span>/<indicator>`.") { $0.measure },
        .text("group", "The students.") { $0.group },
        .optionalInteger("students", "The number of students; null if the number is not public.", 0...Int64.max) {
            $0.hasStudents ? Int($0.students) : nil
        },
        .text("value", "The value: an exact decimal, or coded as <=10 or >=90; empty if it is not public.") {
            $0.value
        },
        .text("prior", "The value to compare with.") { $0.prior },
        .text("target", "The target.") { $0.target },
        .optionalInteger("points", "Points, 0 to 4.", 0...4) { $0.hasPoints ? Int($0.points) : nil },
        .text("rule", "The row of the table of points.") { $0.rule },
        .value("met", "Whether the participation requirement was met.", .optional(.flag)) {
            $0.hasMet ? .bool($0.met) : .null
        },
    ])

    private static let percentile = Shape<Accountability_V1_GroupPercentile>([
        .text("group", "The students.") { $0.group },
        .integer("percentile", "Their percentile.", 1...99) { Int($0.percentile) },
    ])

    private static let percentage = Shape<Accountability_V1_PublishedPercentage>([
        .text("group", "The students.") { $0.group },
        .integer("annual", "The annual percentage of their targets.", 0...100) { Int($0.annual) },
    ])

    private static let note = Shape<Accountability_V1_PublicationNote>([
        .text("kind", "revised or appeal.") { $0.kind },
        .text("date", "The day.") { $0.date },
        .text("reason", "The reason.") { $0.reason },
    ])

    static let shape = Shape<PublicationView>([
        .integer("school_year", "The school year, by its spring.", 2000...2100) { $0.year },
        .object("determination", "The determination.", DeterminationsView.row) { view in
            DeterminationsView.Row(line: view.line, before: view.history.last { $0.year == view.year - 1 }?.line)
        },
        .list("figures", "The public figures.", figure) { $0.publication.figures },
        .list("group_percentiles", "Percentiles of student groups.", percentile) { $0.publication.groupPercentiles },
        .list("group_percentages", "Percentages of student groups.", percentage) { $0.publication.groupPercentages },
        .texts("low_subgroups", "The lowest performing groups.") { $0.publication.lowSubgroups },
        .texts("low_participation_groups", "The groups with low participation.") {
            $0.publication.lowParticipationGroups
        },
        .list("history", "Every official year, the oldest first.", OrganizationView.moment) { $0.history },
        .list("notes", "Why official results were changed.", note) { $0.publication.publicationNotes },
        .text("framework", "The framework that it was made with.") { $0.publication.framework },
        .text("framework_digest", "The framework's digest.") { $0.publication.frameworkDigest },
    ])
}
