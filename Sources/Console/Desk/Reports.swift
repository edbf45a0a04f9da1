internal import Foundation
internal import Operating
internal import Reading
internal import Rules
internal import Tables

/// Runs the program's list commands, for pages with data that the console's tables do not contain.
package actor Reports {
    private let runner: ProgramRunner
    private var kept: [[String]: (at: ContinuousClock.Instant, outcome: Task<ProgramRunner.Outcome, Never>)] = [:]

    package init(_ runner: ProgramRunner) { self.runner = runner }

    /// The result of a command.
    ///
    /// The same request within five seconds gets the same result.
    func outcome(_ arguments: [String]) async -> ProgramRunner.Outcome {
        let now = ContinuousClock.now
        kept = kept.filter { now - $0.value.at < .seconds(5) }
        if let known = kept[arguments] { return await known.outcome.value }
        let runner = runner
        let task = Task { await runner.run(arguments, .seconds(120)) }
        kept[arguments] = (now, task)
        return await task.value
    }
}

/// A page of a report.
struct ReportPage: Sendable {
    let path: String
    let title: String
    let lead: String
    let place: PagePlace?
    let needs: Role
    let isNewestFirst: Bool
    /// The exit codes with which the program prints a list.
    let codes: Set<Int32>
    /// The act that the page offers.
    let act: Act?
    /// What the page says if the list is empty.
    let empty: String
    /// The columns with numbers, and those whose wire names are shown as words.
    var numbers: Set<String> = []
    var words: Set<String> = []
    let command: @Sendable ([String: String]) -> [String]

    static let all = [
        ReportPage(
            path: "/audit-trail",
            title: "Audit trail",
            lead: "Who did what to the ledger, and when. The newest entry is first. Entries are never removed.",
            place: .trail,
            needs: .data,
            isNewestFirst: true,
            codes: [0],
            act: nil,
            empty: "Nothing has been done yet."
        ) { _ in ["audit-trail", "--format=csv"] },
        ReportPage(
            path: "/deliveries",
            title: "Deliveries",
            lead: "Notices that could not be delivered.",
            place: .deliveries,
            needs: .operator,
            isNewestFirst: false,
            codes: [0],
            act: Acts.deliveries,
            empty: "There are none: every notice was delivered, or is still being tried.",
            numbers: ["attempts"]
        ) { _ in ["deliveries", "--dead", "--format=csv"] },
        ReportPage(
            path: "/quarantine",
            title: "Quarantine",
            lead: "Records that a stage could not use. Their content is never shown.",
            place: .quarantine,
            needs: .operator,
            isNewestFirst: false,
            codes: [0],
            act: Acts.quarantine,
            empty: "There are none: every record could be used."
        ) { _ in ["quarantine", "--format=csv"] },
        ReportPage(
            path: "/completeness/{year}",
            title: "Completeness",
            lead:
                "What is missing in the school year. Each line is an organization and a layout. Rows are expected as in the year before, or by the enrollment.",
            place: .release,
            needs: .data,
            isNewestFirst: false,
            codes: [0, 65],
            act: nil,
            empty: "Nothing is missing.",
            numbers: ["expected", "arrived", "rejected"],
            words: ["basis", "finding"]
        ) { ["completeness", $0["year"] ?? "", "--missing", "--format=csv"] },
    ]

    /// The most lines that are shown.
    private static let most = 500

    func show(_ call: DeskRoute.Call) async throws -> DeskRoute.Reply {
        let year = call.arguments["year"].map { SchoolYear.named($0) }
        guard year != .some(nil) else {
            throw Problem(404, "a school year is written as the four digits of its spring: 2018-19 is 2019")
        }
        let outcome = await call.desk.reports.outcome(command(call.arguments))
        var (columns, rows) = try read(outcome)
        let count = rows.count
        if isNewestFirst { rows.reverse() }
        let table = TablePart(
            caption: title,
            columns: columns.map { $0 == "org_code" ? "Code" : Words.title($0) },
            numbers: Set(columns.indices.filter { numbers.contains(columns[$0]) }),
            rows: rows.prefix(call.isWhole ? count : Self.most)
                .map { row in zip(columns, row).map { cell($0, $1) } },
            empty: empty,
            note: count > Self.most ? "\(Self.most) of \(Words.grouped(count)) lines; the command lists all." : nil
        )
        var context: [String: Any] = ["list": table.context]
        if let act, !rows.isEmpty, call.frame.visitor.account.map({ $0.role >= act.needs }) == true {
            context["act"] = ["href": act.address, "what": act.title]
        }
        let page = Page(
            title: title,
            place: place,
            above: year.flatMap { $0 }.map { "School year \(SchoolYear.title($0))" },
            lead: lead,
            files: TableFiles(path.replacing("{year}", with: call.arguments["year"] ?? ""))
        )
        return .page(try page.html(call.tables, "report", context))
    }

    /// A cell as people read it; a file of the list has the values of the command.
    private func cell(_ column: String, _ value: String) -> TablePart.Cell {
        .init(
            words.contains(column) && !value.isEmpty ? Words.title(value) : value,
            kind: Self.unbroken.contains(column) ? "tight" : nil
        )
    }

    /// The columns whose values are hard to read in two lines.
    private static let unbroken: Set<String> = ["time", "submission", "org_code", "basis"]

    private func read(_ outcome: ProgramRunner.Outcome) throws -> (columns: [String], rows: [[String]]) {
        guard let code = outcome.code, codes.contains(code) else {
            throw Problem(503, "the list could not be made: \(outcome.errors.suffix(1000))")
        }
        guard !outcome.output.isEmpty else { return (["nothing"], []) }
        var reader = try CSVReader(bytes: Array(outcome.output.utf8))
        var rows: [[String]] = []
        while try reader.next() { rows.append((0..<reader.fieldCount).map { reader.text($0) }) }
        return (reader.header, rows)
    }
}
