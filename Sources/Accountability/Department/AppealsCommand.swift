internal import ArgumentParser
internal import Messages
internal import Operating
internal import Reading
internal import Rules

/// `accountability appeals`: appeals against a year's results, and what became of them.
struct AppealsCommand: OperatorCommand, CitesParagraphs {
    static let configuration = CommandConfiguration(
        commandName: "appeals",
        abstract: "Lists the appeals against a year's results: open, due, granted, denied.",
        discussion: """
              accountability appeals 2019
              accountability appeals 2019 --status due
              accountability appeals 2019 --org 00350000 --format csv

            An appeal is open once `directive appeal filed` is on record, and due from the day on that its --end names. It is denied by \
            `directive appeal denied`, and granted by `directive release appeal`, which names the submission that corrected the figures. Of a \
            grant and a denial the later one counts.

            Exit codes: 0 done, also where there is none; 64 usage; 65 there is no such year; 69 no broker answers; 78 a topic is missing.
            """
    )
    static let paragraphs: [Paragraph] = [.determinations]

    @OptionGroup(title: "Kafka") var broker: BrokerOptions

    @OptionGroup var schoolYear: YearArgument
    var year: Int { schoolYear.year }

    @OptionGroup var organization: OrganizationOption

    @Option(help: "open, due, granted or denied: these alone.")
    var status: Appeal.Status?

    @OptionGroup var output: FormatOption

    func operate() throws {
        let connection = try broker.connection()
        let acts = try DepartmentRecords(connection).acts
        let all = Appeal.all(acts, year: year, today: Today.text)
        if all.isEmpty {
            let years = Set(acts.filter(Appeal.isAppeal).map { Int($0.schoolYear) })
            try AbsentYear.settle("appeals", year: year, years: years.sorted(), connection)
        }
        let appeals = all.filter { appeal in
            organization.selection.contains(appeal.orgCode) && (status == nil || appeal.status == status)
        }
        let format = output.chosen
        if format == .json { return try JSONOutput.write(appeals) }
        try Appeal.listing(appeals).write(format)
    }
}

/// An appeal against the results of an organization.
struct Appeal: Encodable, Equatable {
    /// What became of it.
    enum Status: String, Encodable, CaseIterable, ExpressibleByArgument {
        case open
        /// Open, and the day has come by which it was to be decided.
        case due
        case granted
        case denied
    }

    let schoolYear: Int
    let orgCode: String
    let status: Status
    /// The days on which it was filed, is due and was decided; empty where they are not known.
    let filed, due, decided: String
    /// Why it was filed, and under which letter.
    let reason, reference: String
    /// Why it was decided so, and the submission or letter that it rests on.
    let decision, decisionReference: String

    enum CodingKeys: String, CodingKey {
        case schoolYear = "school_year"
        case orgCode = "org_code"
        case status, filed, due, decided, reason, reference, decision
        case decisionReference = "decision_reference"
    }

    /// Whether an act is about an appeal.
    static func isAppeal(_ act: Accountability_V1_Directive) -> Bool {
        act.directive == DepartmentAct.appeal.wireName
            || act.directive == DepartmentAct.release.wireName && act.kind == "appeal"
    }

    /// The appeals of a school year, by organization.
    static func all(_ acts: [Accountability_V1_Directive], year: Int, today: String) -> [Appeal] {
        let own = acts.filter { isAppeal($0) && Int($0.schoolYear) == year }
        return Dictionary(grouping: own, by: \.orgCode).sorted { $0.key < $1.key }
            .map { Appeal($0.value, year: year, of: $0.key, today: today) }
    }

    private init(_ acts: [Accountability_V1_Directive], year: Int, of code: String, today: String) {
        let filing = acts.first { $0.directive == DepartmentAct.appeal.wireName && $0.kind == "filed" }
        let denial = acts.first { $0.directive == DepartmentAct.appeal.wireName && $0.kind == "denied" }
        let grant = acts.first { $0.directive == DepartmentAct.release.wireName }
        // ISO dates of four-digit years sort as text.
        let isGranted = grant.map { grant in denial.map { $0.effectiveDate <= grant.effectiveDate } ?? true } ?? false
        let act = isGranted ? grant : denial
        schoolYear = year
        orgCode = code
        filed = filing?.effectiveDate ?? ""
        due = filing?.endDate ?? ""
        decided = act?.effectiveDate ?? ""
        reason = filing?.reason ?? ""
        reference = filing?.reference ?? ""
        decision = act?.reason ?? ""
        decisionReference = act?.reference ?? ""
        if act == nil {
            status = !due.isEmpty && due <= today ? .due : .open
        } else {
            status = isGranted ? .granted : .denied
        }
    }

    /// As a table.
    static func listing(_ appeals: [Appeal]) -> Listing {
        Listing(
            [
                "school_year", "org_code", "status", "filed", "due", "decided", "reason", "reference", "decision",
                "decision_reference",
            ],
            appeals.map { appeal in
                [
                    String(appeal.schoolYear), appeal.orgCode, appeal.status.rawValue, appeal.filed, appeal.due,
                    appeal.decided, appeal.reason, appeal.reference, appeal.decision, appeal.decisionReference,
                ]
            }
        )
    }
}
