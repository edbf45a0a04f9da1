internal import Foundation
internal import Messages

/// How far an installation has come, at a moment.
package struct StatusReport: Codable, Hashable {
    /// A stage's completion of a year.
    package struct StageProgress: Codable, Hashable {
        package var stage: String
        /// Partitions that announced that everything is published.
        package var complete: Int
        /// Of so many; absent before the first.
        package var partitions: Int?
    }

    package struct Year: Codable, Hashable {
        package var year: Int
        package var isOpen: Bool
        package var isComplete: Bool
        /// Organizations with a determination.
        package var determined: Int
        package var stages: [StageProgress]
        /// The last day of the embargo on preliminary results of the state or a district; absent if none is set.
        package var embargoUntil: String?
    }

    package struct Lag: Codable, Hashable {
        package var stage: String
        /// The lag in records.
        package var records: Int64
    }

    package var brokers: String
    package var namespace: String
    /// Records of the ledger, markers of transactions included.
    package var ledgerRecords: Int64
    package var submissions: Int
    package var rows: UInt64
    package var accepted: UInt64
    package var rejected: UInt64
    package var unchanged: UInt64
    package var years: [Year]
    package var lags: [Lag]
    /// Transactions that have been open for longer than a normal commit, and that hide later records.
    package var openTransactions: [OpenTransaction] = []
    /// Submissions with rows that wait, a line each.
    package var held: [String] = []
    /// Problems: receipts that do not add up, and submissions of this home that the ledger lacks.
    package var problems: [Finding] = []
    /// The estimated time until there is no lag; nil unless the lag shrinks.
    package var secondsLeft: Int?

    /// Whether every year that is shown is complete.
    package var isDone: Bool { !years.isEmpty && years.allSatisfy(\.isComplete) }

    /// Whether validation has come past every row of the ledger, so that receipts have to add up.
    package var isValidationDone: Bool {
        lags.allSatisfy { $0.stage != PipelineStage.validation.name || $0.records == 0 }
    }

    /// A report of a view.
    ///
    /// - `years`: the years wanted; all when empty.
    package init(
        _ view: InstallationView,
        years wanted: [Int],
        brokers: String,
        namespace: String,
        ledgerRecords: Int64,
        lags: [(stage: String, lag: Int64)]
    ) {
        let totals = view.totals()
        self.brokers = brokers
        self.namespace = namespace
        self.ledgerRecords = ledgerRecords
        submissions = totals.count
        rows = totals.reduce(0) { $0 &+ $1.rows }
        accepted = totals.reduce(0) { $0 &+ $1.accepted }
        rejected = totals.reduce(0) { $0 &+ $1.rejected }
        unchanged = totals.reduce(0) { $0 &+ $1.unchanged }
        years = (wanted.isEmpty ? view.years : wanted)
            .map { year in
                Year(
                    year: year,
                    isOpen: view.openYears.contains(year) && !view.isComplete(year),
                    isComplete: view.isComplete(year),
                    determined: view.determined[year]?.count ?? 0,
                    stages: InstallationView.stages.map { stage in
                        let announced = view.announced[year]?[stage]
                        return StageProgress(
                            stage: stage,
                            complete: announced?.partitions.count ?? 0,
                            partitions: announced?.expected
                        )
                    },
                    embargoUntil: view.embargo(year)
                )
            }
        held = view.held.map(\.text)
        self.lags = lags.map { Lag(stage: $0.stage, records: $0.lag) }
    }

    /// Lines for people.
    package func text() -> String {
        var lines = ["\(brokers)\(namespace.isEmpty ? "" : ", namespace \(namespace)")"]
        lines.append(
            "ledger: \(submissions) submissions, \(rows) rows (\(ledgerRecords) records); accepted \(accepted), rejected \(rejected), unchanged \(unchanged)"
        )
        lines += held.map { "held: \($0)" }
        if years.isEmpty { lines.append("no school year is open; `accountability open-year YEAR` opens one") }
        for year in years {
            let state =
                year.isComplete
                ? "complete" : !year.isOpen ? "not open" : year.stages.contains { $0.complete > 0 } ? "closing" : "open"
            lines.append("")
            let embargo = year.embargoUntil.map { ", preliminary results embargoed until \($0)" } ?? ""
            lines.append("\(year.year)  \(state), \(year.determined) organizations determined\(embargo)")
            for stage in year.stages {
                let name = stage.stage.padding(toLength: 14, withPad: " ", startingAt: 0)
                let total = stage.partitions.map(String.init) ?? "?"
                lines.append(
                    "  \(name) \(Self.bar(stage.complete, of: stage.partitions ?? 0)) \(stage.complete)/\(total)"
                )
            }
        }
        lines.append("")
        lines.append("records behind: " + lags.map { "\($0.stage) \($0.records)" }.joined(separator: ", "))
        for transaction in openTransactions { lines.append(transaction.text) }
        if !openTransactions.isEmpty { lines.append("  → \(OpenTransaction.remedy)") }
        lines += problems.map { String($0.text.dropLast()) }
        if let secondsLeft { lines.append("about \(Self.duration(secondsLeft)) left") }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func bar(_ part: Int, of whole: Int) -> String {
        let width = 20
        let filled = whole > 0 ? min(width, part * width / whole) : 0
        return "[" + String(repeating: "#", count: filled) + String(repeating: ".", count: width - filled) + "]"
    }

    /// `45 s`, `3 min`, `2 h 05 min`.
    package static func duration(_ seconds: Int) -> String {
        if seconds < 90 { return "\(seconds) s" }
        let minutes = (seconds + 59) / 60
        guard minutes >= 90 else { return "\(minutes) min" }
        return "\(minutes / 60) h \(minutes % 60 < 10 ? "0" : "")\(minutes % 60) min"
    }
}

/// Estimates the remaining time from recent lags.
package struct LagTrend {
    private var samples: [(second: Double, lag: Int64)] = []

    /// How far back it looks, in seconds.
    private static let window = 30.0

    /// No samples yet.
    package init() {}

    /// Takes a sample; nil if the lag does not shrink or there is none.
    package mutating func secondsLeft(at second: Double, lag: Int64) -> Int? {
        samples.append((second, lag))
        samples.removeAll { second - $0.second > Self.window }
        guard let first = samples.first, second > first.second, lag > 0, first.lag > lag else { return nil }
        let rate = Double(first.lag - lag) / (second - first.second)
        let left = Double(lag) / rate
        return left < 864_000 ? Int(left.rounded(.up)) : nil
    }
}
