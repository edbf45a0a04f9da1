internal import Reading
internal import Rules
internal import Stages

extension RejectionsView {
    func page(_ tables: ConsoleTables) throws -> ConsoleContent {
        let page = Page(
            title: "Rejections",
            place: .rejections,
            lead:
                "Counts of refused rows by code, layout and organization. The page never shows a row or any of its content.",
            api: Address.of("\(Address.api)/rejections", part.query),
            files: TableFiles("/rejections", part.query)
        )
        let years = Set(tables.rejections.values.map(\.schoolYear)).sorted(by: >)
        let codes = Set(tables.rejections.values.map(\.code)).sorted()
        var filters = FiltersPart(
            action: "/rejections",
            isNarrowed: part.isNarrowed
        )
        filters.choice(
            "state",
            "State",
            part.query["state"],
            any: "With open rows",
            [("fixed", "Submitted again"), ("all", "All")]
        )
        filters.choice(
            "year",
            "School year",
            part.query["year"],
            any: "All",
            years.map { (String($0), $0 == 0 ? "Not readable" : SchoolYear.title($0)) }
        )
        filters.choice("code", "Code", part.query["code"], any: "All", codes.map { ($0, $0) })
        filters.search("org", "Organization", part.query["org"], hint: "its code of eight digits")
        var context: [String: Any] = ["filters": filters.context, "list": list(tables).context]
        context["pager"] = part.pager("/rejections")
        return try page.html(tables, "rejections", context)
    }

    private func list(_ tables: ConsoleTables) -> TablePart {
        TablePart(
            caption: "Refused rows by code, layout and organization",
            columns: ["Code", "Layout", "Organization", "School year", "Open", "Submitted again"],
            numbers: [4, 5],
            rows: part.shown.map { row in
                let code = OrganizationCode(row.organization)
                let line = code.flatMap { tables.years[row.schoolYear]?.lines[$0] }
                return [
                    .init(row.code, note: row.rule),
                    .init(row.layout, kind: "tight"),
                    .init(
                        line?.title ?? (row.organization.isEmpty ? "not readable" : row.organization),
                        link: line.map { Address.organization(row.schoolYear, $0.code) },
                        note: line == nil ? nil : row.organization
                    ),
                    .init(row.schoolYear == 0 ? "not readable" : SchoolYear.title(row.schoolYear), kind: "tight"),
                    .init(row.open), .init(row.fixed),
                ]
            },
            empty: "There are no refused rows."
        )
    }
}

extension FilesView {
    func page(_ tables: ConsoleTables) throws -> ConsoleContent {
        let page = Page(
            title: "Files",
            place: .files,
            lead: "Every submission, with what happened to its rows. The newest is first.",
            api: Address.of("\(Address.api)/submissions", part.query),
            files: TableFiles("/files", part.query)
        )
        let table = TablePart(
            caption: "Submissions",
            columns: [
                "File", "Layout", "Rows", "Accepted", "Rejected", "Held", "Unchanged", "Replaced", "Deleted", "Receipt",
            ],
            numbers: [2, 3, 4, 5, 6, 7, 8],
            rows: part.shown.map { row in
                let totals = row.totals
                func cell(_ number: UInt64) -> TablePart.Cell { .init(Words.grouped(number)) }
                return [
                    .init(totals.fileName.isEmpty ? "unknown" : totals.fileName, note: totals.id),
                    .init(totals.layout, kind: "tight"), cell(totals.rows), cell(totals.accepted),
                    cell(totals.rejected), cell(totals.held), cell(totals.unchanged), cell(totals.replaced),
                    cell(totals.deleted),
                    totals.addsUp
                        ? totals.held > 0
                            ? .init(
                                "waits for an approval",
                                sign: "△",
                                note:
                                    "It would change official results of \(HeldSubmission.yearsText(totals.heldYears)): accountability approve or reject",
                                kind: "tight"
                            )
                            : .init("adds up", sign: "●", kind: "tight")
                        : row.isMissingRows
                            ? .init("rows are missing", sign: "△", kind: "tight")
                            : .init("being validated", sign: "○", kind: "tight"),
                ]
            },
            empty: "Nothing has been submitted yet."
        )
        var context: [String: Any] = ["list": table.context]
        context["pager"] = part.pager("/files")
        return try page.html(tables, "files", context)
    }
}
