internal import Messages
internal import Reading
internal import Rules

extension DutiesView {
    func page(_ tables: ConsoleTables) throws -> ConsoleContent {
        let page = Page(
            title: "Duties",
            place: .duties,
            above: year == 0 ? nil : "School year \(SchoolYear.title(year)), as of \(day)",
            lead:
                "Plans, reviews, assistance, designations and appeals with their dates: \(Paragraph.districtReviews.citation), \(Paragraph.improvementPlanning.citation), \(Paragraph.assistancePriority.citation).",
            api: Address.of("\(Address.api)/duties", part.query),
            years: years.prefix(8)
                .map { ($0, Address.of("/duties", part.query, with: ["year": String($0), "next": nil]), $0 == year) }
        )
        var context: [String: Any] = [
            "filters": filters(tables).context, "list": list(tables).context,
            "found": Words.count(part.rows.count, "entry", "entries"),
            "csv": Address.of("/duties.csv", part.query, with: ["limit": nil, "next": nil]),
            "workbook": Address.of("/duties.xlsx", part.query, with: ["limit": nil, "next": nil]),
        ]
        context["pager"] = part.pager("/duties")
        return try page.html(tables, year: tables.determined(year) == nil ? nil : year, "duties", context)
    }

    func csv() -> ConsoleContent { .csv(listing, "duties-\(year)") }

    /// The same list as a workbook.
    func workbook(_ tables: ConsoleTables) throws -> ConsoleContent {
        try .workbook(
            listing,
            "duties-\(year)",
            title: year == 0 ? "Duties" : "Duties, \(SchoolYear.title(year))",
            numbers: ["school_year"],
            issued: tables.lastIssued
        )
    }

    private func filters(_ tables: ConsoleTables) -> FiltersPart {
        let query = part.query
        var filters = FiltersPart(action: "/duties", isNarrowed: part.isNarrowed)
        if let year = query["year"] { filters.hide("year", year) }
        filters.choice(
            "duty",
            "Duty",
            query["duty"],
            any: "All",
            DutyRow.Duty.allCases.map { ($0.rawValue, $0.title) }
        )
        filters.choice(
            "standing",
            "Standing",
            query["standing"],
            any: "All",
            DutyRow.standings.map { ($0, Words.title($0)) }
        )
        let districts = (tables.years[year]?.facts ?? [:]).filter { $0.key.isDistrict && tables.own($0.key) }
            .map { ($0.key.description, $0.value.name.isEmpty ? $0.key.description : $0.value.name) }
            .sorted { ($0.1, $0.0) < ($1.1, $1.0) }
        filters.choice("district", "District", query["district"], any: "All districts", districts)
        filters.search("org", "Organization", query["org"], hint: "its code of eight digits")
        filters.search("as_of", "As of", query["as_of"], hint: "a day such as 2019-09-24; default: today")
        return filters
    }

    private func list(_ tables: ConsoleTables) -> TablePart {
        TablePart(
            caption: "Duties of \(year == 0 ? "no year" : SchoolYear.title(year))",
            columns: ["Organization", "Duty", "What", "Standing", "Due or from", "Filed, ended or decided", "More"],
            rows: part.shown.map { row in
                let code = OrganizationCode(row.organization)
                let line = code.flatMap { tables.years[year]?.lines[$0] }
                let declared = code.flatMap { tables.years[year]?.facts[$0]?.name } ?? ""
                return [
                    .init(
                        line?.title ?? (declared.isEmpty ? row.organization : declared),
                        link: line.map { Address.organization(year, $0.code) },
                        note: row.organization
                    ),
                    .init(row.duty.title, kind: "tight"), .init(Words.title(row.what)),
                    .init(Words.title(row.standing), sign: Self.sign(row.standing), kind: "tight"),
                    .init(row.due.isEmpty ? "–" : row.due, kind: "tight"),
                    .init(row.done.isEmpty ? "–" : row.done, kind: "tight"), .init(row.remark),
                ]
            },
            empty: "There is nothing on record that matches."
        )
    }

    /// A sign beside the word, so that overdue entries can be found without colour.
    private static func sign(_ standing: String) -> String {
        switch standing {
        case "overdue", "incomplete": "▲"
        case "due", "open", "required", "in_force": "△"
        default: "●"
        }
    }
}
