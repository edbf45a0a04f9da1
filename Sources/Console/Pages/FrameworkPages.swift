internal import Messages
internal import Reading
internal import Rules
internal import Stages

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
        filters.choice(
            "beside",
            "Compare with",
            query["beside"],
            any: "No other",
            others.map { ($0, "Framework \($0)") }
        )
        let sections = Dictionary(grouping: parameters) { String($0.path.prefix { $0 != "." }) }
        let order = parameters.map { String($0.path.prefix { $0 != "." }) }
        var seen: Set<String> = []
        let names = order.filter { seen.insert($0).inserted }
        var context: [String: Any] = [
            "filters": filters.context,
            "found": query["q"] == nil && query["status"] == nil
                ? Words.count(total, "parameter")
                : "\(Words.count(parameters.count, "parameter")) of \(total) found",
            "digest": digest,
            "sections": names.map { name in
                [
                    "id": name, "heading": Words.title(name),
                    "table": parameterTable(name, sections[name] ?? [], tables).context,
                ] as [String: Any]
            },
        ]
        if mayTry { context["trials"] = trials(tables) as Any? }
        if let beside = query["beside"] {
            context["beside"] = ["heading": "Beside framework \(beside)", "table": differenceTable(beside).context]
        }
        if !steps.isEmpty { context["steps"] = ["table": stepTable.context] }
        return try page.html(tables, "framework", context)
    }

    private func differenceTable(_ beside: String) -> TablePart {
        TablePart(
            caption: "Parameters that differ from framework \(beside)",
            columns: ["Parameter", "Framework \(framework.name)", "Framework \(beside)", "Source"],
            rows: differences.map { difference in
                [
                    .init(difference.path, kind: "path"), .init(difference.here?.value ?? "not set"),
                    .init(difference.there?.value ?? "not set"),
                    .init((difference.here ?? difference.there)?.source ?? ""),
                ]
            },
            empty: "Every parameter has the same value."
        )
    }

    private var stepTable: TablePart {
        TablePart(
            caption: "Steps of the framework, and comments on it",
            columns: ["Day", "School year", "Step", "What was said", "Reference"],
            rows: steps.map { step in
                [
                    .init(step.effectiveDate, kind: "tight"),
                    .init(SchoolYear.title(Int(step.schoolYear)), kind: "tight"), .init(Words.title(step.kind)),
                    .init(step.reason), .init(step.reference),
                ]
            },
            note: "603 CMR 2.03(10): a change is proposed, open for comment, recommended, and approved by the Board."
        )
    }

    /// The parameters of a section, with the alternatives of those that are assumed.
    private func parameterTable(_ name: String, _ parameters: [FrameworkParameter], _ tables: ConsoleTables)
        -> TablePart
    {
        var table = Self.table(name, parameters)
        let year = trialYear(tables)
        for (row, parameter) in parameters.enumerated() {
            guard let values = alternatives[parameter.path] else { continue }
            table.rows[row][1].note = "could be \(values.joined(separator: "; "))"
            guard let year else { continue }
            table.rows[row][2].link = Address.of(
                WhatIf.ofValues,
                [("year", String(year)), ("parameter", parameter.path)]
            )
        }
        return table
    }

    /// The newest of its years whose determinations can be computed again; nil if there is none, or if the visitor may
    /// not do that.
    private func trialYear(_ tables: ConsoleTables) -> Int? {
        guard mayTry else { return nil }
        return tables.determinedYears.first {
            (try? tables.frameworks.ifCovered(schoolYear: $0))?.digest == digest
        }
    }

    /// What can be tried with the framework.
    private func trials(_ tables: ConsoleTables) -> [String: Any]? {
        var links: [(String, String)] = []
        if let year = trialYear(tables) {
            links.append(
                (
                    "other values of assumed parameters in \(SchoolYear.title(year))",
                    Address.of(WhatIf.ofValues, [("year", String(year))])
                )
            )
        }
        if isOnRecord {
            links.append(
                (
                    "this framework in place of the one in force",
                    Address.of(WhatIf.ofDraft, [("framework", framework.name)])
                )
            )
        }
        guard !links.isEmpty else { return nil }
        return ["list": links.map { ["what": $0.0, "href": $0.1] }]
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
