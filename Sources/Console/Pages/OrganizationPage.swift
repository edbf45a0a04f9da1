internal import Reading
internal import Rules
internal import Stages

extension OrganizationView {
    func page(_ tables: ConsoleTables) throws -> ConsoleContent {
        let page = Page(
            title: line.title,
            place: .results,
            above: "\(line.type == .district ? "District" : "School") \(code), school year \(SchoolYear.title(year))",
            api: Address.of("\(Address.api)/years/\(year)/organizations/\(code)", [("why_not", whyNotName)]),
            files: TableFiles(Address.organization(year, code)),
            years: history.reversed().map { ($0.year, Address.organization($0.year, $0.line.code), $0.year == year) }
        )
        var context: [String: Any] = [
            "sign": line.outcome.sign,
            "level": line.outcome.title,
            "classification": line.level == nil ? false as Any : line.classification?.title ?? "",
            "summary": Words.sentence(derivation.row ?? ""),
            "figures": figures,
            "links": ["each": links],
            "reasons": reasons.map { ["step": StepPart.markup($0, isOpen: true)] },
            "spans": report.annual.spans.map(span),
            "self": Address.organization(year, code),
            "options": options,
            "derivation": StepPart.markup(derivation, isOpen: true),
            "publication": publication,
        ]
        context["why_not"] = whyNot.map { ["step": StepPart.markup($0, isOpen: true)] }
        context["groups"] = groupTable.map { ["table": $0.context] }
        context["participation"] = participationTable.map { ["table": $0.context] }
        if !margins.isEmpty {
            context["margins"] = ["nearest": nearest ?? false as Any, "table": marginTable.context] as [String: Any]
        }
        context["history"] = [
            "plot": history.count > 1 ? Plots.history(history.map(\.figures)) as Any : false,
            "table": historyTable.context,
        ]
        return try page.html(tables, year: year, "organization", context)
    }

    private var figures: [[String: Any]] {
        var figures: [(String, String)] = []
        if line.type == .school {
            figures.append(("Accountability percentile", line.percentile.map(String.init) ?? "–"))
        }
        figures.append(("Cumulative percentage", line.cumulative.map { "\($0) %" } ?? "–"))
        figures.append(("Annual percentage", line.annual.map { "\($0) %" } ?? "–"))
        if let graduation = report.graduation {
            figures.append(("Four-year graduation", "\(graduation.rate.text(decimals: 1)) %"))
        }
        figures.append(("Revision, \(line.standing)", "\(line.revision)"))
        return figures.map { ["name": $0.0, "figure": $0.1] }
    }

    private var links: [[String: Any]] {
        var links: [(String, String)] = []
        if let district { links.append((district.title, Address.organization(year, district.code))) }
        if schools > 0 {
            links.append(
                (
                    "\(Words.count(schools, "school")) of the district",
                    Address.of(Address.year(year), [("district", code.description), ("type", "school")])
                )
            )
        }
        links.append(("Compare with similar organizations", Address.compare(year, code)))
        links.append(("Framework \(report.publication.framework)", Address.framework(frameworkName)))
        return links.map { ["name": $0.0, "href": $0.1] }
    }

    /// The points table in the form that DESE prints: indicators by category, then the totals.
    private func span(_ span: SpanReport) -> [String: Any] {
        let percent = span.percent.map { "\($0.text(decimals: 1)) %" } ?? "no percentage"
        return [
            "span_title": Words.title(span.span),
            "span_lead": "\(percent) of its points. Its weight in the annual percentage is \(span.weight) %.",
            "legend": "The bar shows this year's value, the light mark the value before, and the dark line the target.",
            "columns": span.columns.map { column in
                ["column_title": column.group.title, "table": points(column).context] as [String: Any]
            },
        ]
    }

    private func points(_ column: ColumnReport) -> TablePart {
        var table = TablePart(
            caption: "Points of \(column.group.title), \(Words.title(column.span))",
            columns: ["Indicator", "Value", "Before", "Target", "Value against target", "Students", "Points", "Why"],
            numbers: [1, 2, 3, 5, 6],
            empty: "No indicator has points."
        )
        func shown(_ value: Ratio?) -> TablePart.Cell { .init(value.map { $0.text(decimals: 1) } ?? "–") }
        var lastCategory: IndicatorCategory?
        for points in column.indicators {
            let category = points.indicator.category
            table.rows.append([
                .init(
                    points.indicator.title,
                    note: category == lastCategory || Words.title(category) == points.indicator.title
                        ? nil : Words.title(category)
                ),
                shown(points.current), shown(points.prior), shown(points.target),
                points.current == nil && points.target == nil ? .init("–") : .init(drawing: Plots.bullet(points)),
                .init(points.count.map { Int($0) }), .init(points.points.map { "\($0) of 4" } ?? "–", kind: "strong"),
                .init(points.statement),
            ])
            lastCategory = category
        }
        for total in column.categories {
            table.rows.append([
                .init("\(Words.title(total.category)), together"), .init(""), .init(""), .init(""), .init(""),
                .init(""),
                .init("\(total.earned) of \(total.possible)"), .init("weight \(total.weight.text(decimals: 1)) %"),
            ])
        }
        if let percent = column.percent, let earned = column.weightedEarned, let possible = column.weightedPossible {
            table.rows.append([
                .init("Weighted points", kind: "strong"), .init(""), .init(""), .init(""), .init(""), .init(""),
                .init("\(earned.text(decimals: 1)) of \(possible.text(decimals: 1))", kind: "strong"),
                .init("\(percent.text(decimals: 1)) %", kind: "strong"),
            ])
        }
        return table
    }

    private var groupTable: TablePart? {
        guard !groups.isEmpty else { return nil }
        return TablePart(
            caption: "Percentiles and percentages of student groups",
            columns: ["Students", "Percentile", "Annual %", "Low"],
            numbers: [1, 2],
            rows: groups.map { row in
                [
                    .init(row.group.title), .init(row.percentile), .init(row.annual),
                    row.isLow ? .init("low", sign: "△") : .init(""),
                ]
            },
            shape: .narrow
        )
    }

    private var participationTable: TablePart? {
        let counted = report.participation.filter { $0.denominator > 0 }
        guard !counted.isEmpty else { return nil }
        return TablePart(
            caption: "Participation by group",
            columns: ["Students", "Subject", "Participants", "Of", "Rate %", "Requirement"],
            numbers: [2, 3, 4],
            rows: counted.map { row in
                [
                    .init(row.group.title), .init(Words.title(row.unit), kind: "tight"), .init(Int(row.participants)),
                    .init(Int(row.denominator)), .init(row.rate),
                    row.met.map { $0 ? .init("met", sign: "●") : .init("not met", sign: "△") }
                        ?? .init("not judged"),
                ]
            },
            shape: .narrow
        )
    }

    private var historyTable: TablePart {
        TablePart(
            caption: "Determinations of all years",
            columns: ["School year", "Determination", "Percentile", "Annual %", "Cumulative %"],
            numbers: [2, 3, 4],
            rows: history.reversed()
                .map { moment in
                    [
                        .init(
                            SchoolYear.title(moment.year),
                            link: moment.year == year ? nil : Address.organization(moment.year, moment.line.code),
                            note: moment.line.code == code ? nil : "as \(moment.line.code)",
                            kind: "tight"
                        ),
                        .init(moment.line.outcome), .init(moment.line.percentile), .init(moment.line.annual),
                        .init(moment.line.cumulative),
                    ]
                }
        )
    }

    /// The nearest cut with another result on its other side.
    private var nearest: String? {
        guard let margin = margins.first(where: { $0.results != nil && $0.decides }) else { return nil }
        let about = Self.about(margin).map { " (\($0))" } ?? ""
        return
            "The nearest other result is \(Self.count(margin)) away: \(Self.title(margin.cut))\(about), now \(Self.value(margin)), would have to be \(Self.words(limit: margin.limit))."
    }

    private var marginTable: TablePart {
        TablePart(
            caption: "How far each figure is from its cut",
            columns: ["Cut", "Figure", "Would have to be", "Away, at least", "Result then"],
            numbers: [1],
            rows: margins.map { margin in
                [
                    .init(Self.title(margin.cut), note: Self.about(margin)), .init(Self.value(margin)),
                    .init(Self.words(limit: margin.limit), kind: "tight"), .init(Self.count(margin), kind: "tight"),
                    margin.decides
                        ? .init(Outcome(margin.outcome)) : .init(margin.outcome == nil ? "not known" : "the same"),
                ]
            },
            note:
                "At least so many results would have to differ, with all others unchanged. A student counts with all of its results. For a percentile, all schools are ranked again with them.",
            shape: .narrow
        )
    }

    private static func title(_ cut: DeterminationMargin.Cut) -> String {
        switch cut {
        case .percentile: "Accountability percentile"
        case .subgroupPercentile: "Percentile of a student group"
        case .graduation: "Four-year graduation"
        case .participation: "Participation"
        case .band: "Cumulative percentage"
        }
    }

    /// The students that a margin is about, with the subject for a rate; nil for all students.
    private static func about(_ margin: DeterminationMargin) -> String? {
        guard !margin.about.isEmpty else { return nil }
        let parts = margin.about.split(separator: "/").map(String.init)
        let group = parts.first.map { StudentGroup(wireName: $0)?.title ?? $0 }
        return ([group] + parts.dropFirst().map { Words.title($0) }).compactMap { $0 }.joined(separator: ", ")
    }

    /// The figure with its unit.
    private static func value(_ margin: DeterminationMargin) -> String {
        switch margin.cut {
        case .percentile, .subgroupPercentile: margin.value
        case .graduation, .participation, .band: "\(margin.value) %"
        }
    }

    private static func words(limit: String) -> String {
        let parts = limit.split(separator: " ", maxSplits: 1).map(String.init)
        guard parts.count == 2 else { return limit }
        return switch parts[0] {
        case ">": "above \(parts[1])"
        case ">=": "\(parts[1]) or above"
        case "<": "below \(parts[1])"
        case "<=": "\(parts[1]) or below"
        default: limit
        }
    }

    private static func count(_ margin: DeterminationMargin) -> String {
        guard let results = margin.results else { return margin.isKnown ? "out of reach" : "not known" }
        return Words.count(Int(results), margin.unit == .students ? "student" : "test")
    }

    private var options: [[String: Any]] {
        let names =
            Classification.allCases.map { ($0.wireName, $0.title) }
            + DeterminationLevel.allCases.map { ($0.wireName, $0.title) }
        return names.filter { $0.0 != line.classification?.wireName && $0.0 != line.level?.wireName }
            .map { ["value": $0.0, "name": $0.1, "selected": $0.0 == whyNotName] as [String: Any] }
    }

    private var publication: [[String: Any]] {
        let publication = report.publication
        var facts: [(String, String)] = [
            ("Revision", "\(publication.revision)"), ("Status", publication.standing),
            ("Framework", "\(publication.framework), \(publication.frameworkDigest)"),
        ]
        if !publication.statusReason.isEmpty { facts.append(("Not official because", publication.statusReason)) }
        if !publication.changes.isEmpty {
            facts.append(("Changed", publication.changes.map(ChangeWords.readable).joined(separator: "; ")))
        }
        if !publication.causes.isEmpty {
            facts.append(
                (
                    "Caused by",
                    publication.causes.joined(separator: ", ") + (publication.hasMoreCauses ? " and more" : "")
                )
            )
        }
        return facts.map { ["name": $0.0, "figure": $0.1] }
    }
}

extension Outcome {
    /// The result on the other side of a cut.
    fileprivate init(_ outcome: DeterminationOutcome?) {
        self.init(
            classification: Classification(wireName: outcome?.classification ?? ""),
            level: DeterminationLevel(wireName: outcome?.level ?? "")
        )
    }
}
