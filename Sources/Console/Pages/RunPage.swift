internal import Reading
internal import Rules

extension RunView {
    func page(_ tables: ConsoleTables) throws -> ConsoleContent {
        let page = Page(
            title: "Run",
            place: .run,
            api: "\(Address.api)/run",
            files: TableFiles("/run"),
            isLive: true
        )
        return try page.html(tables, "run", content)
    }

    private var state: String {
        guard let status = report?.status else { return "The stages are being checked for the first time." }
        let behind = stages.reduce(0) { $0 + $1.behind }
        let left = status.secondsLeft.map { "; about \(StatusReport.duration($0)) left" } ?? ""
        return behind == 0
            ? "Every stage has reached the end of its topics."
            : "\(Words.count(behind, "record")) behind, over all stages\(left)."
    }

    private var content: [String: Any] {
        let status = report?.status
        return [
            "state": state,
            "figures": figures,
            "alarms": alarms.map {
                [
                    "what": $0.what.prefix(1).uppercased() + $0.what.dropFirst(), "place": $0.place, "why": $0.why,
                    "remedy": $0.remedy.isEmpty ? false as Any : $0.remedy,
                ]
            },
            "well": report == nil
                ? "Nothing is known yet." : "There are none: receipts add up, and no transaction hangs.",
            "years": yearTable(status?.years ?? []).context,
            "stages": stageTable.context,
            "places": stages.map { stage in
                [
                    "id": stage.name, "name": Words.title(stage.name),
                    "sum": "\(Words.count(stage.positions.count, "partition")), \(Words.grouped(stage.behind)) behind",
                    "table": Self.places(stage).context,
                ] as [String: Any]
            },
        ]
    }

    private var figures: [[String: Any]] {
        guard let status = report?.status else { return [] }
        return [
            ("Submissions", Words.grouped(status.submissions)), ("Rows", Words.grouped(status.rows)),
            ("Accepted", Words.grouped(status.accepted)), ("Rejected", Words.grouped(status.rejected)),
            ("Unchanged", Words.grouped(status.unchanged)), ("Alarms", Words.grouped(alarms.count)),
        ]
        .map { ["name": $0.0, "figure": $0.1] }
    }

    private func yearTable(_ years: [StatusReport.Year]) -> TablePart {
        let stages = stages.map(\.name)
        return TablePart(
            caption: "School years by stage: partitions that are complete",
            columns: ["School year", "State", "Determinations"] + stages.map { Words.title($0) }
                + (seesCompleteness ? ["Files"] : []),
            numbers: Set(2..<(3 + stages.count)),
            rows: years.sorted { $0.year > $1.year }
                .map { year in
                    let state = year.isComplete ? "complete" : year.isOpen ? "open" : "not open"
                    let link = year.determined > 0 ? Address.year(year.year) : nil
                    return [
                        .init(SchoolYear.title(year.year), link: link, kind: "tight"),
                        .init(state, sign: year.isComplete ? "●" : "○", kind: "tight"), .init(year.determined),
                    ]
                        + stages.map { name in
                            let progress = year.stages.first { $0.stage == name }
                            return .init("\(progress?.complete ?? 0)/\(progress?.partitions.map(String.init) ?? "?")")
                        }
                        + (seesCompleteness ? [.init("what is missing", link: "/completeness/\(year.year)")] : [])
                },
            empty: "No school year is open; accountability open-year opens one."
        )
    }

    private var stageTable: TablePart {
        TablePart(
            caption: "Stages: records behind",
            columns: [
                "Stage", "Partitions", "Records behind", "Behind for", "Since the last check", "Furthest behind",
            ],
            numbers: [1, 2, 3],
            rows: stages.map { stage in
                let worst = stage.positions.max { $0.behind < $1.behind }.flatMap { $0.behind > 0 ? $0 : nil }
                return [
                    .init(Words.title(stage.name)), .init(stage.positions.count), .init(stage.behind),
                    .init(stage.behind > 0 ? StatusReport.duration(stage.seconds) : "–"),
                    .init(Self.trend(stage)),
                    .init(
                        worst.map { "\($0.topic), partition \($0.partition): \(Words.grouped($0.behind))" } ?? "–"
                    ),
                ]
            }
        )
    }

    private static func trend(_ stage: Stage) -> String {
        guard let change = stage.change else { return "–" }
        return change == 0 ? "no change" : "\(Words.grouped(change.magnitude)) \(change > 0 ? "more" : "fewer")"
    }

    private static func places(_ stage: Stage) -> TablePart {
        TablePart(
            caption: "Partitions of \(stage.name)",
            columns: ["Topic", "Partition", "Position", "End", "Behind"],
            numbers: [1, 2, 3, 4],
            rows: stage.positions.sorted { ($0.topic, $0.partition) < ($1.topic, $1.partition) }
                .map {
                    [
                        .init($0.topic), .init(Int($0.partition)), .init(Int($0.position)), .init(Int($0.end)),
                        .init(Int($0.behind)),
                    ]
                }
        )
    }
}
