internal import Messages
internal import Operating
internal import Reading
internal import Rules
internal import Stages

/// The page for opening and closing years and releasing results.
///
/// It shows what to check first and what waits for a decision.
enum ReleaseDesk {
    static func show(_ call: DeskRoute.Call) async throws -> DeskRoute.Reply {
        let account = try call.account(.data)
        let isApprover = account.role >= .approver
        let waiting = await call.desk.errands.waiting(for: account)
        var context: [String: Any] = [
            "checks": checklist(call.tables, call.desk.home).context, "years": years(call.tables, isApprover).context,
            "held": held(call.tables, isApprover).context,
            "look": LookPart(call.tables, since: try await call.desk.looks.mark(of: account.name))
                .context(call.frame.token),
        ]
        if isApprover {
            context["waiting"] = waitingTable(waiting).context
            context["acts"] = [
                "list": [
                    Acts.openYear, Acts.closeYear, Acts.release, Acts.withdrawRelease, Acts.approve, Acts.reject,
                    Acts.withdraw,
                ]
                .map { ["href": $0.address, "what": $0.title] }
            ]
        }
        let page = Page(
            title: "Release desk",
            place: .release,
            lead: "What to check before you release results, what waits for a decision, and the acts of a year.",
            files: TableFiles("/release")
        )
        return .page(try page.html(call.tables, "release", context))
    }

    private static func checklist(_ tables: ConsoleTables, _ home: Home) -> TablePart {
        let status = tables.run?.status
        let behind = tables.run.map { $0.positions.reduce(0) { $0 + Int($1.behind) } }
        let alarms = status.map { $0.problems.count + $0.openTransactions.count }
        // A note is of a row that counts.
        let refused = tables.rejections.values
            .filter { $0.isOpen && RejectionCode(rawValue: $0.code)?.isNote != true }
        let open = Set(refused.map(\.row)).count
        let unfinished = tables.view.totals().count { !$0.addsUp }
        return TablePart(
            caption: "What to check before a release",
            columns: ["What", "State", "Finding"],
            rows: [
                line("The brokers", tables.silence == nil, tables.silence?.text ?? "They answer.", "/run"),
                line("Alarms", alarms.map { $0 == 0 }, alarms.map { Words.count($0, "alarm") } ?? "–", "/run"),
                line("Records behind", behind.map { $0 == 0 }, behind.map { Words.grouped($0) } ?? "–", "/run"),
                line("Submissions still being validated", unfinished == 0, Words.grouped(unfinished), "/files"),
                line("Rejected rows that nobody submitted again", open == 0, Words.count(open, "row"), "/rejections"),
                line(
                    "Submissions that wait for an approval",
                    tables.view.held.isEmpty,
                    Words.count(tables.view.held.count, "submission"),
                    "#h-held"
                ),
            ] + AuditLines(tables, home).rows,
            note:
                "Completeness is shown beside each year below. The last three lines are results of accountability audit, which the console does not run."
        )
    }

    /// A line of the checklist.
    ///
    /// - `isWell`: nil if it is not known.
    static func line(
        _ what: String,
        _ isWell: Bool?,
        _ finding: String,
        _ link: String? = nil,
        unknown: String = "not known yet"
    ) -> [TablePart.Cell] {
        [
            .init(what, link: link),
            .init(
                isWell.map { $0 ? "fine" : "check" } ?? unknown,
                sign: isWell.map { $0 ? "●" : "△" } ?? "○",
                kind: "tight"
            ), .init(finding),
        ]
    }

    private static func years(_ tables: ConsoleTables, _ isApprover: Bool) -> TablePart {
        TablePart(
            caption: "School years by their state and release",
            columns: ["School year", "State", "Computed", "Preliminary", "Official", "Completeness"],
            numbers: [2, 3, 4],
            rows: tables.view.years.sorted(by: >)
                .map { year in
                    let lines = tables.years[year]?.lines.values.map(\.status) ?? []
                    func count(_ stage: ResultsStage) -> Int { lines.count { $0 == stage.rawValue } }
                    let isComplete = tables.view.isComplete(year)
                    return [
                        .init(SchoolYear.title(year), link: lines.isEmpty ? nil : Address.year(year), kind: "tight"),
                        .init(
                            isComplete ? "closed" : tables.view.openYears.contains(year) ? "open" : "not open",
                            sign: isComplete ? "●" : "○",
                            kind: "tight"
                        ), .init(count(.computed)),
                        .init(Words.grouped(count(.preliminary)), note: tables.embargo(year)), .init(count(.official)),
                        .init("what is missing", link: "/completeness/\(year)"),
                    ]
                },
            empty: "No school year is open."
        )
    }

    private static func held(_ tables: ConsoleTables, _ isApprover: Bool) -> TablePart {
        TablePart(
            caption: "Waiting files, and who submitted them",
            columns: ["File", "By", "Rows", "Of"] + (isApprover ? ["Decide"] : []),
            numbers: [2],
            rows: tables.view.held.map { held in
                let name = held.header.fileName
                let approve = Address.of(Acts.approve.address, [("submission", held.id)])
                return [
                    .init(name.isEmpty ? held.id : name, note: held.id), .init(held.header.submittedBy),
                    .init(Int(clamping: held.rows)), .init(held.yearsText),
                ] + (isApprover ? [.init("look and decide", link: approve)] : [])
            },
            empty: "Nothing waits.",
            note: isApprover && !tables.view.held.isEmpty
                ? "To reject a submission, use the acts below." : nil
        )
    }

    private static func waitingTable(_ errands: [Errand]) -> TablePart {
        TablePart(
            caption: "Prepared acts, with who prepared them",
            columns: ["Act", "What", "Prepared by"],
            rows: errands.map { errand in
                let values = errand.act.fields.compactMap { errand.values[$0.parameter.name] }
                return [
                    .init(errand.act.title, link: ErrandPage.address(errand.id)),
                    .init(values.joined(separator: ", ")), .init(errand.owner.name),
                ]
            },
            empty: "Nothing waits."
        )
    }
}
