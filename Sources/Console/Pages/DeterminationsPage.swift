internal import Reading
internal import Rules

extension DeterminationsView {
    private var address: String { Address.year(year, in: area) }

    func page(_ tables: ConsoleTables) throws -> ConsoleContent {
        let page = Page(
            title: area == .own ? "Determinations" : "Official results",
            place: area == .own ? .results : .published,
            above: "School year \(SchoolYear.title(year))",
            lead:
                "\(Words.count(total, "organization")) with \(area == .own ? "a determination" : "an official determination") under 603 CMR 2.03(3)."
                + (tables.embargo(year).map { " Preliminary results are \($0)." } ?? ""),
            api: Address.of("\(Address.api)\(address)/determinations", query.values),
            years: tables.determinedYears.map {
                ($0, Address.of(Address.year($0, in: area), query.values, with: ["next": nil]), $0 == year)
            }
        )
        var context: [String: Any] = [
            "filters": filters(tables, isNarrowed: part.isNarrowed).context,
            "found": part.isNarrowed
                ? "\(Words.count(part.rows.count, "organization")) of \(Words.grouped(total)) found"
                : Words.count(part.rows.count, "organization"),
            "csv": Address.of("\(address)/determinations.csv", query.values, with: ["limit": nil, "next": nil]),
            "workbook": Address.of("\(address)/determinations.xlsx", query.values, with: ["limit": nil, "next": nil]),
            "list": list.context,
        ]
        if !percentiles.isEmpty {
            context["plot"] = Plots.percentiles(percentiles, cut: cut)
            context["plot_table"] = percentileTable.context
        }
        context["pager"] = part.pager(address)
        return try page.html(tables, year: year, "determinations", context)
    }

    /// The requested determinations, in the columns of the command.
    func csv() -> ConsoleContent { .csv(listing, "determinations-\(year)") }

    /// The same list as a workbook.
    func workbook() throws -> ConsoleContent {
        try .workbook(
            listing,
            "determinations-\(year)",
            title: "Determinations, \(SchoolYear.title(year))",
            numbers: DeterminationRows.numbers,
            issued: part.rows.map(\.line.issued).max() ?? 0
        )
    }

    var listing: Listing { Listing(DeterminationRows.columns, part.rows.map(\.line.fields)) }

    private func filters(_ tables: ConsoleTables, isNarrowed: Bool) -> FiltersPart {
        let values = query.values
        var filters = FiltersPart(action: address, isNarrowed: isNarrowed)
        filters.search("q", "Search", values["q"], hint: "part of a name or code")
        let districts = (tables.determined(year)?.lines ?? [:]).values.filter { $0.type == .district }
            .sorted { ($0.sought, $0.code) < ($1.sought, $1.code) }
        filters.choice(
            "district",
            "District",
            values["district"],
            any: "All districts",
            districts.map { ($0.code.description, $0.title) }
        )
        filters.choice("type", "Type", values["type"], any: "Both", [("school", "Schools"), ("district", "Districts")])
        filters.choice(
            "classification",
            "Classification",
            values["classification"],
            any: "All",
            Classification.allCases.map { ($0.wireName, $0.title) }
        )
        filters.choice(
            "level",
            "Level",
            values["level"],
            any: "All",
            DeterminationLevel.allCases.map { ($0.wireName, $0.title) }
        )
        filters.choice(
            "reason",
            "Reason",
            values["reason"],
            any: "All",
            DeterminationReason.allCases.map { ($0.wireName, $0.title) }
        )
        filters.choice(
            "changed",
            "Changed",
            values["changed"],
            any: "All",
            [("revised", "Revised since first issued")]
                + (yearBefore.map { [("year", "From \(SchoolYear.title($0))")] } ?? [])
        )
        filters.choice(
            "sort",
            "Order",
            values["sort"],
            any: "By code",
            [("name", "By name"), ("percentile", "Lowest percentile"), ("cumulative", "Lowest percentage")]
        )
        return filters
    }

    private var list: TablePart {
        let before = yearBefore.map { ["In \(SchoolYear.title($0))"] } ?? []
        return TablePart(
            caption: "Determinations of \(SchoolYear.title(year))",
            columns: ["Organization", "Code", "Determination"] + before
                + ["Percentile", "Annual %", "Cumulative %", "Revision"],
            numbers: Set((3 + before.count)..<(7 + before.count)),
            rows: part.shown.map { row in
                let line = row.line
                let reasons = line.reasons.map(\.title).joined(separator: "; ")
                return [
                    .init(
                        line.title,
                        link: Address.organization(year, line.code, in: area),
                        note: line.type == .district ? "District" : nil
                    ),
                    .init(line.code.description, kind: "code"),
                    .init(
                        line.outcome.title,
                        sign: line.outcome.sign,
                        note: reasons.isEmpty ? nil : reasons
                    ),
                ]
                    + (yearBefore == nil
                        ? []
                        : [
                            row.before.map { before in
                                .init(
                                    before.outcome == line.outcome ? "same" : before.outcome.shortTitle,
                                    sign: before.outcome == line.outcome ? nil : before.outcome.sign,
                                    kind: "tight"
                                )
                            } ?? .init("–")
                        ])
                    + [
                        .init(line.percentile), .init(line.annual), .init(line.cumulative), .init(line.revision),
                    ]
            },
            empty: "No determination matches: remove a filter."
        )
    }

    private var percentileTable: TablePart {
        let ranges = [1...5, 6...10] + (1...9).map { $0 * 10 + 1...min($0 * 10 + 10, 99) }
        return TablePart(
            caption: "Schools by accountability percentile",
            columns: ["Percentile", "Schools"],
            numbers: [1],
            rows: ranges.map { range in
                let count = percentiles.filter { range.contains($0.key) }.values.reduce(0, +)
                let reason = cut.map { range.upperBound <= $0 } == true ? "a reason for assistance" : nil
                return [.init("\(range.lowerBound)–\(range.upperBound)", note: reason), .init(count)]
            },
            shape: .narrow
        )
    }
}
