internal import Messages
internal import Reading
internal import Rules

/// What organizations must do, what they received and what they requested in a school year: 603 CMR 2.03(4), (6), (7),
/// (8), and appeals.
struct DutiesView: Sendable {
    /// The school year; by default the newest one with any data.
    let year: Int
    /// The day that separates due from overdue.
    let day: String
    /// Every school year with any data, the newest first.
    let years: [Int]
    let part: ListPart<DutyRow>

    static let parameters: [QueryParameter] = [
        QueryParameter("year", "The school year; default: the newest one.", .schoolYear),
        QueryParameter("duty", "One kind of duty.", .choice(DutyRow.Duty.allCases.map(\.rawValue))),
        QueryParameter("standing", "Its status.", .choice(DutyRow.standings)),
        QueryParameter("district", "The code of a district; selects it and its schools.", .district),
        QueryParameter("org", "The code of one organization.", .organization),
        QueryParameter("as_of", "The day that separates due from overdue; default: today.", .day),
    ]

    init(_ call: ConsoleCall) throws {
        let tables = call.tables
        let known = tables.years.filter { !$0.value.facts.isEmpty || !$0.value.lines.isEmpty }.map(\.key)
        years = Set(known + tables.acts.keys.map(\.schoolYear)).sorted(by: >)
        let year = call.integer("year") ?? years.first ?? 0
        self.year = year
        day = call.query["as_of"] ?? call.today
        let entries = tables.years.flatMap { year, table in
            table.lines.values.map { PriorityRow.Entry($0.code, year, name: $0.name, $0.severity, formers: $0.formers) }
        }
        let own = tables.own
        let rows = try DutyRow.list(
            year,
            on: day,
            declared: (tables.years[year]?.facts ?? [:]).keys.filter { $0 != .state && own($0) },
            DepartmentRecords(tables.acts.sorted { $0.key < $1.key }.map(\.value)),
            priority: PriorityRow.list(entries, in: year),
            hasPlaces: tables.isWhole
        )
        part = ListPart(rows.filter { Self.contains($0, call.query) }, call)
    }

    private static func contains(_ row: DutyRow, _ query: [String: String]) -> Bool {
        if let duty = query["duty"], row.duty.rawValue != duty { return false }
        if let standing = query["standing"], row.standing != standing { return false }
        if let district = query["district"], OrganizationCode(row.organization)?.district.description != district {
            return false
        }
        return query["org"].map { row.organization == $0 } ?? true
    }

    var listing: Listing { DutyRow.listing(part.rows) }

    private static let row = Shape<DutyRow>([
        .text("org_code", "The organization.", pattern: "^[0-9]{8}$") { $0.organization },
        .choice("duty", "The kind of duty.", DutyRow.Duty.allCases.map(\.rawValue)) { $0.duty.rawValue },
        .text("what", "The plan, the designation, the severity.") { $0.what },
        .choice("standing", "Its status on that day.", DutyRow.standings) { $0.standing },
        .optionalText("due", "The day it is due, begins or was filed; null if there is none.") {
            $0.due.isEmpty ? nil : $0.due
        },
        .optionalText("done", "The day it was filed, ended or decided; null if there is none.") {
            $0.done.isEmpty ? nil : $0.done
        },
        .text("remark", "A remark.") { $0.remark },
    ])

    static let shape = Shape<DutiesView>([
        .optionalInteger("school_year", "The school year, by its spring; null if there is no data.", 2000...2100) {
            $0.year == 0 ? nil : $0.year
        },
        .text("as_of", "The day that separates due from overdue.") { $0.day },
        .integer("total", "The number of requested duties.", 0...Int64.max) { $0.part.rows.count },
        .list("duties", "The duties of this page, by organization.", row) { Array($0.part.shown) },
        .optionalText("next", "The address of the next page; null on the last page.") {
            $0.part.nextAddress("\(Address.api)/duties")
        },
    ])
}
