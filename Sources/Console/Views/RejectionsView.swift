internal import Reading
internal import Rules
internal import Stages

/// Counts of refused rows.
///
/// It never shows a row or any of its content.
struct RejectionsView: Sendable {
    /// The count for one code, layout and organization.
    struct Row: Sendable {
        let code: String
        let layout: String
        let organization: String
        let schoolYear: Int
        let open: Int
        let fixed: Int
        /// The rule that the rows break; nil if this version does not know the code.
        var rule: String? { RejectionCode(rawValue: code)?.rule }
    }

    /// The counts, those with the most open rows first.
    let part: ListPart<Row>

    static let parameters: [QueryParameter] = [
        QueryParameter(
            "year",
            "One school year; 0 selects rows whose year could not be read.",
            .choice(["0"] + (2000...2100).map(String.init))
        ),
        QueryParameter("code", "One code.", .choice(RejectionCode.allCases.map(\.rawValue))),
        QueryParameter("org", "The code of one organization.", .organization),
        QueryParameter(
            "state",
            "Counts with open rows, counts with rows that were submitted again, or all counts; default: open.",
            .choice(["open", "fixed", "all"])
        ),
    ]

    private struct Place: Hashable {
        let code, layout, organization: String
        let year: Int
    }

    init(_ call: ConsoleCall) {
        let year = call.integer("year")
        let state = call.query["state"] ?? "open"
        var open: [Place: Set<String>] = [:]
        var fixed: [Place: Set<String>] = [:]
        for rejection in call.tables.rejections.values {
            if let year, rejection.schoolYear != year { continue }
            if let code = call.query["code"], rejection.code != code { continue }
            if let organization = call.query["org"], rejection.organization != organization { continue }
            // Claims by two districts are not errors: their rows count.
            if call.query["code"] == nil, RejectionCode(rawValue: rejection.code)?.isNote == true { continue }
            let place = Place(
                code: rejection.code,
                layout: rejection.layout,
                organization: rejection.organization,
                year: rejection.schoolYear
            )
            if rejection.isOpen {
                open[place, default: []].insert(rejection.row)
            } else {
                fixed[place, default: []].insert(rejection.row)
            }
        }
        let rows = Set(open.keys).union(fixed.keys)
            .map { place in
                Row(
                    code: place.code,
                    layout: place.layout,
                    organization: place.organization,
                    schoolYear: place.year,
                    open: open[place]?.count ?? 0,
                    fixed: fixed[place]?.count ?? 0
                )
            }
            .filter { row in
                switch state {
                case "open": row.open > 0
                case "fixed": row.fixed > 0
                default: true
                }
            }
            .sorted {
                ($1.open, $1.fixed, $0.code, $0.organization, $0.layout, $0.schoolYear) < (
                    $0.open, $0.fixed, $1.code, $1.organization, $1.layout, $1.schoolYear
                )
            }
        part = ListPart(rows, call)
    }

    private static let row = Shape<Row>([
        .text("code", "The stable code.") { $0.code },
        .optionalText("rule", "The rule that the rows break; null if the code is not known.") { $0.rule },
        .text("layout", "The layout of the file.") { $0.layout },
        .text("org_code", "The organization; empty if it could not be read.") { $0.organization },
        .optionalInteger("school_year", "The school year; null if it could not be read.", 2000...2100) {
            $0.schoolYear == 0 ? nil : $0.schoolYear
        },
        .integer("open", "Rows that no later submission has submitted again.", 0...Int64.max) { $0.open },
        .integer("fixed", "Rows that a later submission has submitted again.", 0...Int64.max) { $0.fixed },
    ])

    static let shape = Shape<RejectionsView>([
        .integer("total", "The number of requested counts.", 0...Int64.max) { $0.part.rows.count },
        .list("rejections", "The counts of this page, the most open rows first.", row) { Array($0.part.shown) },
        .optionalText("next", "The address of the next page; null on the last page.") {
            $0.part.nextAddress("\(Address.api)/rejections")
        },
    ])
}
