internal import Reading
internal import Rules
internal import Stages

extension RejectionsView {
    func page(_ tables: ConsoleTables) throws -> ConsoleContent {
        let page = Page(
            title: "Rejections",
            place: .rejections,
            lead:
                "Refused rows by code, file and organization, and the place of each row in its file. The content of a row is never shown.",
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
        if let submission = part.query["submission"] {
            let name = places.first?.file.name ?? ""
            filters.choice(
                "submission",
                "File",
                submission,
                any: "All",
                [(submission, name.isEmpty ? submission : name)]
            )
        }
        var context: [String: Any] = ["filters": filters.context, "list": list(tables).context]
        context["pager"] = part.pager("/rejections")
        if !places.isEmpty { context["places"] = ["table": placeTable.context] }
        return try page.html(tables, "rejections", context)
    }

    private var placeTable: TablePart {
        TablePart(
            caption: "Places of the rows",
            columns: ["File", "Line", "Column", "Code", "Organization", "State"],
            numbers: [1],
            rows: places.prefix(mostPlaces)
                .map { place in
                    [
                        Self.cell(place.file), .init(String(place.line)), .init(place.column ?? "the whole row"),
                        .init(place.rejection.code),
                        .init(place.rejection.organization.isEmpty ? "not readable" : place.rejection.organization),
                        place.rejection.isOpen
                            ? .init("open", sign: "△", kind: "tight")
                            : .init("submitted again", sign: "●", kind: "tight"),
                    ]
                },
            note: "The header of a file is line 1."
                + (places.count > mostPlaces
                    ? " The first \(mostPlaces) of \(Words.grouped(places.count)); the downloads have all." : "")
        )
    }

    private static func cell(_ file: File?) -> TablePart.Cell {
        guard let file else { return .init("a file of somebody else") }
        return .init(
            file.name.isEmpty ? "unknown" : file.name,
            link: Address.of("/rejections", [("submission", file.submission), ("state", "all")]),
            note: file.submission
        )
    }

    private func list(_ tables: ConsoleTables) -> TablePart {
        TablePart(
            caption: "Refused rows by code, file and organization",
            columns: ["Code", "File", "Layout", "Organization", "School year", "Open", "Submitted again"],
            numbers: [5, 6],
            rows: part.shown.map { row in
                let code = OrganizationCode(row.organization)
                let line = code.flatMap { tables.years[row.schoolYear]?.lines[$0] }
                return [
                    .init(row.code, note: row.rule), Self.cell(row.file),
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
            lead: tables.isWhole
                ? "Every submission, with what happened to its rows. The newest is first."
                : "The files that your district's accounts submitted here, with what happened to their rows. The newest is first.",
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
                let places = Address.of("/rejections", [("submission", totals.id), ("state", "all")])
                return [
                    .init(totals.fileName.isEmpty ? "unknown" : totals.fileName, note: totals.id),
                    .init(totals.layout, kind: "tight"), cell(totals.rows), cell(totals.accepted),
                    .init(Words.grouped(totals.rejected), link: totals.rejected > 0 ? places : nil), cell(totals.held),
                    cell(totals.unchanged), cell(totals.replaced),
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
