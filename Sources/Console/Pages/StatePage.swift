internal import Reading
internal import Rules

extension StateView {
    private var noun: String { type == .district ? "district" : "school" }

    func page(_ tables: ConsoleTables) throws -> ConsoleContent {
        let kept = [("type", type == .district ? "district" : nil)]
        let page = Page(
            title: "State",
            place: area == .own ? .state : .publishedState,
            above: "School year \(SchoolYear.title(year))",
            lead: "\(Words.count(total, noun)) with \(area == .own ? "a determination" : "an official determination").",
            api: Address.of("\(Address.api)\(Address.state(year, in: area))", kept + [("from", from.map(String.init))]),
            files: TableFiles(
                Address.state(year, in: area),
                ["type": type == .district ? "district" : nil, "from": from.map(String.init)].compactMapValues { $0 }
            ),
            years: tables.determinedYears.map { ($0, Address.of(Address.state($0, in: area), kept), $0 == year) }
        )
        var filters = FiltersPart(action: Address.state(year, in: area), isNarrowed: false)
        filters.choice(
            "type",
            "Organizations",
            type == .district ? "district" : nil,
            any: "Schools",
            [("district", "Districts")]
        )
        if !otherYears.isEmpty {
            filters.choice(
                "from",
                "Compared with",
                from.map(String.init),
                any: "The year before",
                otherYears.map { (String($0), SchoolYear.title($0)) }
            )
        }
        var context: [String: Any] = [
            "filters": filters.context, "outcomes": outcomeTable.context, "reasons": reasonTable.context,
        ]
        if let from, !transitions.isEmpty {
            context["matrix"] = [
                "matrix_title": "From \(SchoolYear.title(from)) to \(SchoolYear.title(year))",
                "matrix_lead":
                    "A row is the determination of \(SchoolYear.title(from)), a column that of \(SchoolYear.title(year)); framed cells show unchanged determinations."
                    + (arrived > 0 ? " \(Words.count(arrived, noun)) had none in \(SchoolYear.title(from))." : ""),
                "table": matrix.context,
            ]
        }
        if bins.contains(where: { $0.count > 0 }) {
            context["spread"] = ["plot": Plots.cumulative(bins, bands: bands), "table": binTable.context]
        }
        if let map, let plot = Plots.map(map, lines.mapValues { ($0.title, $0.outcome) }) {
            context["map"] = ["plot": plot, "table": mapTable(map).context]
        }
        return try page.html(tables, year: year, "state", context)
    }

    private func list(_ outcome: Outcome) -> String {
        Address.of(
            Address.year(year, in: area),
            [
                ("type", type.wireName), ("classification", outcome.classification?.wireName),
                ("level", outcome.level?.wireName),
            ]
        )
    }

    private static func percent(_ count: Int, of total: Int) -> String {
        guard total > 0, let share = try? Ratio(Int64(count) * 100, over: Int64(total)) else { return "–" }
        return "\(share.text(decimals: 1)) %"
    }

    private var outcomeTable: TablePart {
        let most = results.outcomes.map(\.count).max() ?? 0
        return TablePart(
            caption: "\(Words.title(noun))s by classification and level",
            columns: ["Determination", "Classification", "\(Words.title(noun))s", "Share", "Drawn"],
            numbers: [2, 3],
            rows: results.outcomes.map { result in
                let outcome = Outcome(classification: result.classification, level: result.level)
                return [
                    .init(outcome, link: list(outcome)), .init(result.classification?.title ?? "None is issued"),
                    .init(result.count), .init(Self.percent(result.count, of: total)),
                    .init(drawing: Plots.share(result.count, of: most)),
                ]
            }
        )
    }

    private var reasonTable: TablePart {
        let most = results.reasons.map(\.count).max() ?? 0
        return TablePart(
            caption: "\(Words.title(noun))s by reason for assistance",
            columns: ["Reason", "\(Words.title(noun))s", "Share", "Drawn"],
            numbers: [1, 2],
            rows: results.reasons.map { result in
                [
                    .init(
                        result.reason.title,
                        link: Address.of(
                            Address.year(year, in: area),
                            [("type", type.wireName), ("reason", result.reason.wireName)]
                        )
                    ),
                    .init(result.count), .init(Self.percent(result.count, of: total)),
                    .init(drawing: Plots.share(result.count, of: most)),
                ]
            },
            empty: "No organization has a reason for assistance.",
            note: "An organization may have several reasons.",
            shape: .narrow
        )
    }

    private var matrix: TablePart {
        let outcomes = Set(transitions.flatMap { [$0.from, $0.to] }).sorted()
        let most = transitions.map(\.count).max() ?? 1
        func count(_ from: Outcome, _ to: Outcome) -> Int {
            transitions.first { $0.from == from && $0.to == to }?.count ?? 0
        }
        return TablePart(
            caption: "Determinations of \(from.map(SchoolYear.title) ?? "") by those of \(SchoolYear.title(year))",
            columns: ["Before \\ after"]
                + outcomes.map { $0.shortTitle.replacing("/", with: "/\u{200B}") } + ["All"],
            numbers: Set(1..<(outcomes.count + 2)),
            rows: outcomes.map { from in
                [.init(from.shortTitle, sign: from.sign, kind: "tight")]
                    + outcomes.map { to in
                        let count = count(from, to)
                        let heat = count == 0 ? 0 : 1 + min(3, count * 4 / max(most, 1))
                        return .init(
                            count == 0 ? "·" : Words.grouped(count),
                            kind: "h\(heat)\(from == to ? " same" : "")"
                        )
                    }
                    + [
                        .init(
                            Words.grouped(outcomes.reduce(0) { $0 + count(from, $1) }),
                            kind: "strong"
                        )
                    ]
            },
            shape: .matrix
        )
    }

    private func mapTable(_ map: GeographicMap) -> TablePart {
        TablePart(
            caption: "The map as a table",
            columns: [Words.title(noun), "Code", "Determination"],
            rows: map.codes.compactMap { lines[$0] }.sorted { ($0.sought, $0.code) < ($1.sought, $1.code) }
                .map { line in
                    [
                        .init(line.title, link: Address.organization(year, line.code, in: area)),
                        .init(line.code.description, kind: "code"), .init(line.outcome),
                    ]
                }
        )
    }

    private var binTable: TablePart {
        TablePart(
            caption: "Distribution of the cumulative percentages",
            columns: ["Cumulative percentage", "\(Words.title(noun))s"],
            numbers: [1],
            rows: bins.filter { $0.count > 0 }.map { [.init("\($0.lowest)–\($0.highest) %"), .init($0.count)] }
        )
    }
}
