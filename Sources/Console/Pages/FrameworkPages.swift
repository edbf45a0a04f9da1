internal import Reading
internal import Rules

extension FrameworkView {
    static func listPage(_ tables: ConsoleTables) throws -> ConsoleContent {
        let page = Page(
            title: "Frameworks",
            place: .frameworks,
            lead: "The dated parameters that determinations are made with, each with its status and its source.",
            api: "\(Address.api)/frameworks",
            files: TableFiles("/frameworks")
        )
        let summaries = try all(tables).map { FrameworkSummary($0) }
        let table = TablePart(
            caption: "Frameworks",
            columns: ["Framework", "School years", "Title", "Published", "Derived", "Assumed"],
            numbers: [3, 4, 5],
            rows: summaries.map { summary in
                [
                    .init(summary.name, link: Address.framework(summary.name)),
                    .init(FrameworkSummary.years(summary.schoolYears), kind: "tight"), .init(summary.title),
                    .init(summary.published), .init(summary.derived), .init(summary.assumed),
                ]
            }
        )
        return try page.html(tables, "frameworks", ["list": table.context])
    }

    func page(_ tables: ConsoleTables) throws -> ConsoleContent {
        let address = Address.framework(framework.name)
        let page = Page(
            title: framework.title,
            place: .frameworks,
            above: "Framework \(framework.name), school years \(FrameworkSummary.years(framework.schoolYears))",
            lead:
                "\(framework.published) parameters are published, \(framework.derived) derived, \(framework.assumed) assumed.",
            api: Address.of("\(Address.api)\(address)", query),
            files: TableFiles(address, query)
        )
        var filters = FiltersPart(action: address, isNarrowed: !query.isEmpty)
        filters.search("q", "Search", query["q"], hint: "part of a name, value or source")
        filters.choice(
            "status",
            "Status",
            query["status"],
            any: "All",
            ParameterStatus.allCases.map { ($0.rawValue, Words.title($0.rawValue)) }
        )
        let sections = Dictionary(grouping: parameters) { String($0.path.prefix { $0 != "." }) }
        let order = parameters.map { String($0.path.prefix { $0 != "." }) }
        var seen: Set<String> = []
        let names = order.filter { seen.insert($0).inserted }
        let context: [String: Any] = [
            "filters": filters.context,
            "found": query.isEmpty
                ? Words.count(total, "parameter")
                : "\(Words.count(parameters.count, "parameter")) of \(total) found",
            "digest": digest,
            "sections": names.map { name in
                [
                    "id": name, "heading": Words.title(name), "table": Self.table(name, sections[name] ?? []).context,
                ] as [String: Any]
            },
        ]
        return try page.html(tables, "framework", context)
    }

    static func table(_ name: String, _ parameters: [FrameworkParameter]) -> TablePart {
        TablePart(
            caption: "Parameters: \(Words.title(name))",
            columns: ["Parameter", "Value", "Status", "Source"],
            rows: parameters.map { parameter in
                let sign = ["published": "●", "derived": "◑"][parameter.status] ?? "○"
                return [
                    .init(parameter.path, kind: "path"), .init(parameter.value),
                    .init(parameter.status, sign: sign, kind: "tight"), .init(parameter.source),
                ]
            }
        )
    }
}
