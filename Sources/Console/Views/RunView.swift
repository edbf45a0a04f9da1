internal import Messages
internal import Operating
internal import Reading
internal import Stages

/// The page of the run: the progress of each year and each stage, and what is wrong.
struct RunView: Sendable {
    /// A stage with its partitions.
    struct Stage: Sendable {
        let name: String
        let positions: [LagReader.Position]
        /// How many records it is further behind than at the check before; nil before the second check.
        let change: Int?
        /// How long its oldest unread record has been waiting, in seconds; 0 if there is none.
        let seconds: Int
        var behind: Int { Int(positions.reduce(0) { $0 + $1.behind }) }
    }

    let report: RunReport?
    let stages: [Stage]
    let alarms: [Finding]
    let silence: ConsoleTables.Silence?

    /// Whether the visitor may see which files are expected and which have arrived.
    let seesCompleteness: Bool

    init(_ call: ConsoleCall) {
        let tables = call.tables
        seesCompleteness = call.account.map { $0.role >= .data } ?? false
        report = tables.run
        let positions = Dictionary(grouping: tables.run?.positions ?? [], by: \.stage)
        stages = PipelineStage.allCases.map {
            Stage(
                name: $0.name,
                positions: positions[$0.name] ?? [],
                change: tables.lagChanges[$0.name],
                seconds: tables.run?.secondsBehind[$0.name] ?? 0
            )
        }
        silence = tables.silence
        let status = tables.run?.status
        alarms =
            [tables.silence].compactMap { $0 }.map { .problem("brokers", status?.brokers ?? "", $0.text, "") }
            + (status?.problems ?? [])
            + (status?.openTransactions ?? [])
            .map { .problem("open transaction", $0.place, $0.text, OpenTransaction.remedy) }
    }

    private var status: StatusReport? { report?.status }

    private static let position = Shape<LagReader.Position>([
        .text("topic", "The topic.") { $0.topic },
        .integer("partition", "Its partition.", 0...Int64(Int32.max)) { Int($0.partition) },
        .integer("position", "The offset that is read next.") { Int($0.position) },
        .integer("end", "The offset after the last record.") { Int($0.end) },
        .integer("behind", "Records that the stage has not processed yet.", 0...Int64.max) { Int($0.behind) },
    ])

    private static let stage = Shape<Stage>([
        .choice("stage", "The stage.", PipelineStage.allCases.map(\.name)) { $0.name },
        .integer("records_behind", "Records behind, in all partitions together.", 0...Int64.max) { $0.behind },
        .integer(
            "seconds_behind",
            "How long its oldest unread record has been waiting, as seen from here.",
            0...Int64.max
        ) {
            $0.seconds
        },
        .optionalInteger(
            "change",
            "How many records it is further behind than at the check before; negative while it catches up."
        ) { $0.change },
        .list("partitions", "Its position in each partition of its topics.", position) { $0.positions },
    ])

    private static let progress = Shape<StatusReport.StageProgress>([
        .text("stage", "The stage.") { $0.stage },
        .integer("complete", "Partitions that have announced that everything is published.", 0...Int64.max) {
            $0.complete
        },
        .optionalInteger("partitions", "The number of partitions; null before the first announcement.") {
            $0.partitions
        },
    ])

    private static let year = Shape<StatusReport.Year>([
        .integer("school_year", "The school year, by its spring.", 2000...2100) { $0.year },
        .flag("is_open", "Whether rows are accepted.") { $0.isOpen },
        .flag("is_complete", "Whether every stage has finished it.") { $0.isComplete },
        .integer("determined", "Organizations with a determination.", 0...Int64.max) { $0.determined },
        .list("stages", "The progress of each stage.", progress) { $0.stages },
    ])

    static let finding = Shape<Finding>([
        .choice("severity", "How bad it is.", ["ok", "warning", "problem"]) { $0.severity.rawValue },
        .text("what", "What was checked.") { $0.what },
        .text("place", "Where.") { $0.place },
        .text("why", "What was found.") { $0.why },
        .text("remedy", "What to do.") { $0.remedy },
    ])

    static let shape = Shape<RunView>([
        .flag("is_known", "Whether the stages have been checked since the console started.") { $0.report != nil },
        .optionalText("silent_since", "When the brokers last answered; null while they answer.") { $0.silence?.since },
        .text("brokers", "The brokers' addresses.") { $0.status?.brokers ?? "" },
        .text("namespace", "The namespace of the topics; empty if there is none.") { $0.status?.namespace ?? "" },
        .integer("ledger_records", "Records in the ledger.", 0...Int64.max) { Int($0.status?.ledgerRecords ?? 0) },
        .integer("submissions", "Submissions in the ledger.", 0...Int64.max) { $0.status?.submissions ?? 0 },
        .integer("rows", "Rows in their files.", 0...Int64.max) { Int(clamping: $0.status?.rows ?? 0) },
        .integer("accepted", "Rows accepted.", 0...Int64.max) { Int(clamping: $0.status?.accepted ?? 0) },
        .integer("rejected", "Rows rejected.", 0...Int64.max) { Int(clamping: $0.status?.rejected ?? 0) },
        .integer("unchanged", "Rows that changed nothing.", 0...Int64.max) { Int(clamping: $0.status?.unchanged ?? 0) },
        .optionalInteger("seconds_left", "The seconds until nothing is behind; null if that cannot be estimated.") {
            $0.status?.secondsLeft
        },
        .list("years", "The school years.", year) { $0.status?.years ?? [] },
        .list("stages", "The stages, in processing order.", stage) { $0.stages },
        .list("alarms", "What is wrong, and what to do.", finding) { $0.alarms },
    ])
}
