internal import Messages
internal import Reading
internal import Rules

/// Compares an organization with similar ones and any chosen ones, 603 CMR 2.03(5): the District Analysis and Review
/// Tool.
///
/// If the visitor sees an organization's determinations, everything of it is compared. Otherwise only what is published
/// is compared.
struct CompareView: Sendable {
    /// An organization that can be compared, or that others can be compared with.
    struct Candidate: Sendable {
        let code: OrganizationCode
        let name: String
        /// Whether the visitor sees its determination.
        let isSeen: Bool
    }

    let year: Int
    let query: [String: String]
    let group: StudentGroup
    /// The compared organization; nil before one is chosen.
    let own: DeterminationLine?
    /// The compared organization, the similar ones and the chosen ones.
    let members: [Comparison.Member]
    let elements: [ComparedElement]
    /// The chosen codes.
    let chosen: [OrganizationCode]
    /// The chosen codes for which there is nothing to show.
    let leftOut: [OrganizationCode]
    /// The first organizations that the search finds.
    let candidates: [Candidate]
    /// The parameters of similarity.
    let parameters: [FrameworkParameter]
    /// Whether the visitor sees everything in the topics.
    ///
    /// Then the distances are shown, too.
    let isWhole: Bool
    /// The organizations for which every figure is shown.
    let seen: Set<OrganizationCode>

    private static let mostCandidates = 20

    static let parameterList: [QueryParameter] = [
        QueryParameter("org", "The code of the organization to compare.", .organization),
        QueryParameter("with", "Organizations of your choice: their codes, separated by commas.", .organizations),
        QueryParameter("similar", "no: show only the chosen organizations.", .choice(["no"])),
        QueryParameter(
            "group",
            "The students whose figures are compared; default: all students.",
            .choice(StudentGroup.allCases.map(\.wireName))
        ),
        QueryParameter("q", "Finds organizations to compare with, by a part of their name or code.", .text(80)),
    ]

    init(_ call: ConsoleCall) throws {
        year = call.year
        query = call.query
        group = call.query["group"].flatMap { StudentGroup(wireName: $0) } ?? .allStudents
        isWhole = call.tables.isWhole
        guard let table = call.tables.determined(call.year) else { throw Problem(404, "there is no such year") }
        let framework = try call.tables.frameworks.of(schoolYear: call.year)
        parameters = FrameworkParameter.of(framework, under: "comparison")
        candidates = Self.candidates(table, call)
        chosen = QueryParameter.codes(call.query["with"] ?? "")
        guard let asked = call.query["org"] else {
            (own, members, elements, leftOut, seen) = (nil, [], [], [], [])
            return
        }
        // Only the visitor's own organizations can be compared.
        guard let code = OrganizationCode(asked), let own = table.lines[code] else {
            throw Problem(404, "there is no determination of '\(RequestTarget.shown(asked))' in \(call.year)")
        }
        self.own = own
        let tables = call.tables
        let group = group
        func member(_ code: OrganizationCode, _ part: Comparison.Part, distance: Int64? = nil) -> Comparison.Member? {
            tables.compared(code, part, distance: distance, through: call.year, group)
        }
        var similar = try call.query["similar"] == nil ? Self.similar(to: code, table, framework) : []
        // The order by distance would reveal something about another organization's students.
        if !isWhole { similar.sort { $0.code < $1.code } }
        let others = chosen.filter { $0 != code }
        let found = others.compactMap { member($0, .chosen) }
        leftOut = others.filter { code in !found.contains { $0.code == code } }
        let isWhole = isWhole
        members =
            [member(code, .own)].compactMap { $0 }
            + similar.compactMap { member($0.code, .similar, distance: isWhole ? $0.distance : nil) } + found
        elements = ComparedElement.of(members.flatMap(\.results).flatMap(\.measures))
        seen = Set(members.map(\.code).filter { table.lines[$0] != nil })
    }

    private static func similar(
        to code: OrganizationCode,
        _ table: ConsoleTables.Year,
        _ framework: Framework
    ) throws -> [SimilarOrganization] {
        guard framework.comparison != nil else { return [] }
        let compared = table.facts.filter { $0.key != .state }.map { Comparison.organization($0.key, $0.value) }
        return try SimilarOrganization.nearest(to: code, among: compared, framework)
    }

    /// The organizations that the search finds.
    ///
    /// Before an organization is chosen or searched, the first ones to choose from.
    private static func candidates(_ table: ConsoleTables.Year, _ call: ConsoleCall) -> [Candidate] {
        let sought = call.query["q"].map(DeterminationLine.folded)
        let hasOwn = call.query["org"] != nil
        guard sought != nil || !hasOwn else { return [] }
        var found = table.lines.values.map { Candidate(code: $0.code, name: $0.title, isSeen: true) }
        if hasOwn {
            found += table.published.filter { table.lines[$0] == nil }
                .compactMap { code in
                    table.publication(code).map { Candidate(code: code, name: $0.name, isSeen: false) }
                }
        }
        return
            found.filter { candidate in
                sought.map { DeterminationLine.folded("\(candidate.name) \(candidate.code)").contains($0) } ?? true
            }
            .sorted { $0.code < $1.code }.prefix(mostCandidates).map { $0 }
    }

    /// The years in which members have results, the newest first.
    var years: [Int] { Set(members.flatMap(\.results).map(\.schoolYear)).sorted(by: >) }

    var listing: Listing { Comparison.wideListing(Comparison.rows(members)) }

    /// The workbook columns that contain numbers.
    var numbers: Set<String> {
        Set(listing.columns).subtracting(["role", "org_code", "name", "classification", "level"])
    }

    var issued: Int64 { members.flatMap(\.results).map(\.issued).max() ?? 0 }

    var fileName: String { "comparison-\(own?.code.description ?? "none")-\(year)" }
}

extension ConsoleTables {
    /// An organization's data for the comparison: from its determinations if the visitor sees them, otherwise from its
    /// publications.
    ///
    /// Nil if there is neither in the year.
    func compared(
        _ code: OrganizationCode,
        _ part: Comparison.Part,
        distance: Int64?,
        through year: Int,
        _ group: StudentGroup
    ) -> Comparison.Member? {
        guard let table = years[year] else { return nil }
        let results = years.keys.sorted(by: >).filter { $0 <= year }
            .compactMap { year -> ComparedResults? in
                guard let table = years[year] else { return nil }
                if let determination = table.determination(code) { return ComparedResults(determination, group) }
                return table.publication(code).map { ComparedResults($0, group) }
            }
        let facts: Comparison.Facts
        if let declared = table.facts[code], isWhole || table.lines[code] != nil {
            facts = Comparison.Facts(declared)
        } else if let line = table.lines[code] {
            facts = Comparison.Facts(name: line.name)
        } else if let publication = table.publication(code) {
            facts = Comparison.Facts(publication)
        } else {
            return nil
        }
        return Comparison.Member(
            code,
            part,
            distance: distance,
            facts,
            results.isEmpty ? [ComparedResults(schoolYear: year)] : results
        )
    }
}

// MARK: What programs get

extension CompareView {
    private struct YearResults: Sendable {
        let results: ComparedResults
        let elements: [ComparedElement]
    }

    private static let figure = Shape<(measure: ComparedResults.Measure, title: String)>([
        .text("element", "The element.") { $0.measure.measure },
        .text("title", "Its name in words.") { $0.title },
        .text("value", "The figure: a decimal, or a code if it is published as one.") { $0.measure.shown },
        .optionalText("target", "Its target; null if there is none.") {
            $0.measure.target.isEmpty ? nil : $0.measure.target
        },
        .optionalInteger("points", "Its points, 0 to 4; null if there are none.", 0...4) { $0.measure.points },
    ])

    private static let result = Shape<YearResults>([
        .integer("school_year", "The school year, by its spring.", 2000...2100) { $0.results.schoolYear },
        .optionalText("classification", "The classification; null if none is issued or shown.") {
            $0.results.classification.isEmpty ? nil : $0.results.classification
        },
        .optionalText("level", "The level; null if there is none.") {
            $0.results.level.isEmpty ? nil : $0.results.level
        },
        .list("figures", "The figures of the requested students.", figure) { result in
            result.elements.compactMap { element in
                result.results.measures.first { $0.measure == element.measure }
                    .map { (measure: $0, title: element.title) }
            }
        },
    ])

    private static let member = Shape<(member: Comparison.Member, view: CompareView)>([
        .text("org_code", "The organization's code.", pattern: "^[0-9]{8}$") { $0.member.code.description },
        .text("name", "Its name.") { $0.member.facts.name },
        .choice("role", "Why it is in the comparison.", Comparison.Part.allCases.map(\.rawValue)) {
            $0.member.part.rawValue
        },
        .optionalText("distance", "The distance in standard deviations; null if there is none or it is not shown.") {
            $0.member.distance == nil ? nil : $0.member.distanceText
        },
        .flag("is_published_only", "Whether only its published figures are shown.") { pair in
            !pair.view.seen.contains(pair.member.code)
        },
        .optionalInteger("enrollment", "Enrolled students; null if the number is not shown.", 0...Int64.max) {
            $0.member.facts.enrollment
        },
        .text("low_income", "Percent of them with low income; empty if it is not shown.") {
            $0.member.facts.lowIncomeShare
        },
        .text("swd", "Percent of them with disabilities; empty if it is not shown.") {
            $0.member.facts.disabilityShare
        },
        .text("el", "Percent of them who learn English; empty if it is not shown.") {
            $0.member.facts.englishLearnerShare
        },
        .list("years", "Its results, the newest first.", result) { pair in
            pair.member.results.map { YearResults(results: $0, elements: pair.view.elements) }
        },
    ])

    private static let candidate = Shape<Candidate>([
        .text("org_code", "The organization's code.", pattern: "^[0-9]{8}$") { $0.code.description },
        .text("name", "Its name.") { $0.name },
    ])

    static let shape = Shape<CompareView>([
        .integer("school_year", "The school year, by its spring.", 2000...2100) { $0.year },
        .choice("group", "The students.", StudentGroup.allCases.map(\.wireName)) { $0.group.wireName },
        .optionalText("org_code", "The compared organization; null before one is chosen.") {
            $0.own?.code.description
        },
        .list("organizations", "The compared organization, the similar ones, then the chosen ones.", member) { view in
            view.members.map { (member: $0, view: view) }
        },
        .texts("left_out", "Chosen codes for which there is nothing to show.") { $0.leftOut.map(\.description) },
        .list("found", "The first organizations that the search finds.", candidate) { $0.candidates },
        .list("similarity", "The parameters of similarity.", FrameworkView.parameter) { $0.parameters },
    ])
}
