internal import Rules

/// The requested determinations of a year.
struct DeterminationsView: Sendable {
    /// The filters and the order of the list.
    struct Query: Sendable, Hashable {
        let values: [String: String]
        private let sought: String?
        private let district: OrganizationCode?

        init(_ values: [String: String]) {
            self.values = values
            sought = values["q"].map(DeterminationLine.folded)
            district = values["district"].flatMap { OrganizationCode($0) }
        }

        static let parameters: [QueryParameter] = [
            QueryParameter("q", "Part of a name or code, in upper or lower case.", .text(80)),
            QueryParameter("type", "Only schools, or only districts.", .choice(["school", "district"])),
            QueryParameter("district", "The code of a district; selects it and its schools.", .district),
            QueryParameter(
                "classification",
                "One classification.",
                .choice(Classification.allCases.map(\.wireName))
            ),
            QueryParameter("level", "One level.", .choice(DeterminationLevel.allCases.map(\.wireName))),
            QueryParameter("reason", "One of the reasons.", .choice(DeterminationReason.allCases.map(\.wireName))),
            QueryParameter(
                "changed",
                "revised: only those revised after they were first issued; year: only those whose classification or level differs from the year before.",
                .choice(["revised", "year"])
            ),
            QueryParameter(
                "sort",
                "The order: by code, by name, or the lowest percentile or cumulative percentage first.",
                .choice(["code", "name", "percentile", "cumulative"])
            ),
        ]

        func contains(_ line: DeterminationLine, before: DeterminationLine?) -> Bool {
            if let sought, !line.sought.contains(sought) { return false }
            if let type = values["type"], line.type.wireName != type { return false }
            if let district, line.code.district != district { return false }
            if let name = values["classification"], line.classification?.wireName != name { return false }
            if let name = values["level"], line.level?.wireName != name { return false }
            if let name = values["reason"], !line.reasons.contains(where: { $0.wireName == name }) { return false }
            switch values["changed"] {
            case "revised": return line.revision > 1
            case "year": return before.map { $0.outcome != line.outcome } ?? false
            default: return true
            }
        }

        func isInOrder(_ left: DeterminationLine, _ right: DeterminationLine) -> Bool {
            switch values["sort"] {
            case "name": (left.sought, left.code) < (right.sought, right.code)
            case "percentile": (left.percentile ?? 100, left.code) < (right.percentile ?? 100, right.code)
            case "cumulative": (left.cumulative ?? 101, left.code) < (right.cumulative ?? 101, right.code)
            default: left.code < right.code
            }
        }
    }

    /// A row of the list.
    struct Row: Sendable {
        let line: DeterminationLine
        /// The line of the year before.
        let before: DeterminationLine?
    }

    let area: Area
    let year: Int
    let query: Query
    let part: ListPart<Row>
    /// The number of the year's determinations.
    let total: Int
    /// The number of schools at each percentile, among the requested ones.
    let percentiles: [Int: Int]
    /// The highest percentile that is a reason for assistance.
    let cut: Int?
    /// The year before, if it has determinations.
    let yearBefore: Int?

    init(_ call: ConsoleCall) {
        area = call.tables.area
        year = call.year
        let table = call.tables.determined(year)
        let earlier = call.tables.determined(year - 1)
        yearBefore = earlier == nil ? nil : year - 1
        let query = Query(call.query)
        self.query = query
        let all = table?.lines ?? [:]
        total = all.count
        let found = all.values.filter { query.contains($0, before: earlier?.lines[$0.code(in: call.year - 1)]) }
        part = ListPart(
            found.sorted(by: query.isInOrder).map { Row(line: $0, before: earlier?.lines[$0.code(in: call.year - 1)]) },
            call
        )
        percentiles = Dictionary(found.compactMap(\.percentile).map { ($0, 1) }, uniquingKeysWith: +)
        let framework = try? call.tables.frameworks.ifCovered(schoolYear: year)
        cut = framework?.determination.map { Int($0.lowestPerformingPercentile.value) }
    }

    static let row = Shape<Row>([
        .text("org_code", "The organization's code.", pattern: "^[0-9]{8}$") { $0.line.code.description },
        .choice("type", "School or district.", OrganizationType.allCases.map(\.wireName)) { $0.line.type.wireName },
        .text("name", "Its name.") { $0.line.name },
        .optionalText("classification", "The classification; null if none is issued.") {
            $0.line.classification?.wireName
        },
        .optionalText("level", "The level; null if there is none.") { $0.line.level?.wireName },
        .texts("reasons", "Every reason for assistance.") { $0.line.reasons.map(\.wireName) },
        .optionalInteger("percentile", "The accountability percentile.", 1...99) { $0.line.percentile },
        .optionalInteger("annual", "The annual percentage of its targets.", 0...100) { $0.line.annual },
        .optionalInteger("cumulative", "The cumulative percentage of its targets.", 0...100) { $0.line.cumulative },
        .optionalText("classification_before", "The classification of the year before.") {
            $0.before?.classification?.wireName
        },
        .optionalText("level_before", "The level of the year before.") { $0.before?.level?.wireName },
        .text("status", "The publication status of the determination.") { $0.line.status },
        .text("embargo_until", "The last day of the embargo on preliminary results; empty if none is set.") {
            $0.line.embargoUntil
        },
        .integer("revision", "The revision.", 0...Int64(UInt32.max)) { $0.line.revision },
    ])

    static let shape = Shape<DeterminationsView>([
        .integer("school_year", "The school year, by its spring.", 2000...2100) { $0.year },
        .integer("total", "The number of requested determinations.", 0...Int64.max) { $0.part.rows.count },
        .optionalInteger("lowest_performing_percentile", "The highest percentile that is a reason.", 0...99) { $0.cut },
        .list("determinations", "The determinations of this page.", row) { Array($0.part.shown) },
        .optionalText("next", "The address of the next page; null on the last page.") { view in
            view.part.nextAddress("\(Address.api)\(Address.year(view.year, in: view.area))/determinations")
        },
    ])
}
