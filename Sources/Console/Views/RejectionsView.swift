internal import Messages
internal import Reading
internal import Rules
internal import Stages

/// Counts of refused rows, and where the rows are.
///
/// It never shows a row or any of its content. A visitor sees only the places of rows whose file the visitor may see.
struct RejectionsView: Sendable {
    /// A file; nil if the visitor may not see it.
    struct File: Sendable {
        let submission: String
        /// Empty if it is not known.
        let name: String
    }

    /// The count for one code, file and organization.
    struct Row: Sendable {
        let code: String
        let file: File?
        let layout: String
        let organization: String
        let schoolYear: Int
        let open: Int
        let fixed: Int
        /// The rule that the rows break; nil if this version does not know the code.
        var rule: String? { RejectionCode(rawValue: code)?.rule }

        fileprivate init(_ kind: Kind, _ file: File?, open: Int, fixed: Int) {
            code = kind.code
            self.file = file
            layout = kind.layout
            organization = kind.organization
            schoolYear = kind.year
            self.open = open
            self.fixed = fixed
        }
    }

    /// Where a refused row is.
    struct Place: Sendable {
        let file: File
        let line: Int
        /// Nil if the whole row is at fault.
        let column: String?
        let rejection: ConsoleTables.Rejection
    }

    /// The counts, those with the most open rows first.
    let part: ListPart<Row>
    /// The places of the rows that are counted, the newest file first.
    let places: [Place]
    /// The most places that are shown outside of a file.
    let mostPlaces: Int

    static let parameters: [QueryParameter] = [
        QueryParameter(
            "year",
            "One school year; 0 selects rows whose year could not be read.",
            .choice(["0"] + (2000...2100).map(String.init))
        ),
        QueryParameter("code", "One code.", .choice(RejectionCode.allCases.map(\.rawValue))),
        QueryParameter("org", "The code of one organization.", .organization),
        QueryParameter("submission", "The identity of one submission.", .submission),
        QueryParameter(
            "state",
            "Counts with open rows, counts with rows that were submitted again, or all counts; default: open.",
            .choice(["open", "fixed", "all"])
        ),
    ]

    fileprivate struct Kind: Hashable {
        let code, submission, layout, organization: String
        let year: Int
    }

    init(_ call: ConsoleCall) {
        let year = call.integer("year")
        let state = call.query["state"] ?? "open"
        let names = Dictionary(
            call.tables.view.submissions.map { ($0.submission, $0.fileName) },
            uniquingKeysWith: { $1 }
        )
        func seen(_ submission: String) -> File? {
            guard call.tables.isWhole || names[submission] != nil else { return nil }
            return File(submission: submission, name: names[submission] ?? "")
        }
        var open: [Kind: Set<String>] = [:]
        var fixed: [Kind: Set<String>] = [:]
        var places: [Place] = []
        for (key, rejection) in call.tables.rejections {
            if let submission = call.query["submission"], key.submission != submission || seen(submission) == nil {
                continue
            }
            if let year, rejection.schoolYear != year { continue }
            if let code = call.query["code"], rejection.code != code { continue }
            if let organization = call.query["org"], rejection.organization != organization { continue }
            // Claims by two districts are not errors: their rows count.
            if call.query["code"] == nil, RejectionCode(rawValue: rejection.code)?.isNote == true { continue }
            let file = seen(key.submission)
            if let file, state == "all" || rejection.isOpen == (state == "open") {
                places.append(Place(file: file, line: key.line, column: key.column, rejection: rejection))
            }
            let kind = Kind(
                code: rejection.code,
                submission: file?.submission ?? "",
                layout: rejection.layout,
                organization: rejection.organization,
                year: rejection.schoolYear
            )
            if rejection.isOpen {
                open[kind, default: []].insert(rejection.row)
            } else {
                fixed[kind, default: []].insert(rejection.row)
            }
        }
        let rows = Set(open.keys).union(fixed.keys)
            .map { Row($0, seen($0.submission), open: open[$0]?.count ?? 0, fixed: fixed[$0]?.count ?? 0) }
            .filter { row in
                switch state {
                case "open": row.open > 0
                case "fixed": row.fixed > 0
                default: true
                }
            }
            .sorted(by: Self.isBefore)
        part = ListPart(rows, call)
        self.places = places.sorted(by: Self.isBefore)
        mostPlaces = call.isWhole ? places.count : call.integer("limit") ?? 100
    }

    private static func isBefore(_ one: Row, _ other: Row) -> Bool {
        guard (one.open, one.fixed) == (other.open, other.fixed) else {
            return (one.open, one.fixed) > (other.open, other.fixed)
        }
        return (one.code, one.organization, one.layout, one.schoolYear, one.file?.submission ?? "")
            < (other.code, other.organization, other.layout, other.schoolYear, other.file?.submission ?? "")
    }

    private static func isBefore(_ one: Place, _ other: Place) -> Bool {
        guard one.file.submission == other.file.submission else { return one.file.submission > other.file.submission }
        return (one.line, one.rejection.code, one.column ?? "")
            < (other.line, other.rejection.code, other.column ?? "")
    }

    private static let row = Shape<Row>([
        .text("code", "The stable code.") { $0.code },
        .optionalText("rule", "The rule that the rows break; null if the code is not known.") { $0.rule },
        .optionalText("submission", "The submission of the file; null if you may not see it.") {
            $0.file?.submission
        },
        .optionalText("file", "The file's name; null if you may not see it.") { $0.file?.name },
        .text("layout", "The layout of the file.") { $0.layout },
        .text("org_code", "The organization; empty if it could not be read.") { $0.organization },
        .optionalInteger("school_year", "The school year; null if it could not be read.", 2000...2100) {
            $0.schoolYear == 0 ? nil : $0.schoolYear
        },
        .integer("open", "Rows that no later submission has submitted again.", 0...Int64.max) { $0.open },
        .integer("fixed", "Rows that a later submission has submitted again.", 0...Int64.max) { $0.fixed },
    ])

    private static let place = Shape<Place>([
        .text("submission", "The submission of the file.") { $0.file.submission },
        .text("file", "The file's name.") { $0.file.name },
        .integer("line", "The line of the file; the header is line 1.", 0...Int64.max) { $0.line },
        .optionalText("column", "The column at fault; null if the whole row is at fault.") { $0.column },
        .text("code", "The stable code.") { $0.rejection.code },
        .text("org_code", "The organization; empty if it could not be read.") { $0.rejection.organization },
        .flag("is_open", "Whether no later submission has submitted the row again.") { $0.rejection.isOpen },
    ])

    static let shape = Shape<RejectionsView>([
        .integer("total", "The number of requested counts.", 0...Int64.max) { $0.part.rows.count },
        .list("rejections", "The counts of this page, the most open rows first.", row) { Array($0.part.shown) },
        .optionalText("next", "The address of the next page; null on the last page.") {
            $0.part.nextAddress("\(Address.api)/rejections")
        },
        .integer("rows", "The number of places of requested rows.", 0...Int64.max) { $0.places.count },
        .list(
            "places",
            "Where the requested rows are, in the newest file first; not more than `limit`. The page's file lists all.",
            place
        ) { Array($0.places.prefix($0.mostPlaces)) },
    ])
}
