internal import ArgumentParser
internal import Foundation
internal import Operating
internal import Reading
internal import Rules
internal import Stages

/// `accountability status`: shows the progress of an installation.
struct StatusCommand: OperatorCommand, ReadingCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Shows the progress of each school year and each stage.",
        discussion: """
            On a terminal it refreshes until every year is complete or you press Ctrl-C. Into a file or a program it prints once.

              accountability status
              accountability status 2019 --interval 5
              accountability status --once
              accountability status --json | jq '.years[] | {year, isComplete}'

            'Records behind' is the number of places of its topics that a stage has not passed yet. The end of a transaction takes a place \
            too, so the number can be a little too high while records arrive; 0 means that nothing is left to read. Then the receipts have \
            to add up (rows = accepted + rejected + unchanged). If they do not, or if the ledger lacks what this home submitted, a line says \
            so, and says what to do.

            Exit codes: 0 done; 64 usage; 65 there is no such year; 69 no broker answers; 78 a topic is missing.
            """
    )

    @OptionGroup(title: "Kafka") var broker: BrokerOptions

    @Argument(help: "The school years; all when none is named.")
    var years: [Int] = []

    @OptionGroup var viewer: ViewerOption

    @Flag(help: "Print once, even on a terminal.")
    var once = false

    @Flag(help: "Print one JSON object, once.")
    var json = false

    @Option(help: ArgumentHelp("Time between two updates.", valueName: "seconds"))
    var interval = 2.0

    func validate() throws {
        for year in years { try SchoolYear.validate(year) }
        guard (0.2...3600).contains(interval) else { throw ValidationError("--interval takes 0.2 to 3600 seconds") }
    }

    func operate() throws {
        let reader = try InstallationReader(try broker.connection())
        defer { reader.close() }
        try reader.catchUp()
        if let refusal = Self.refusal(of: years, known: reader.view.years) { throw Failure(.badInput, refusal) }
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            return Standard.output(String(decoding: try encoder.encode(try report(reader)), as: UTF8.self) + "\n")
        }
        if once || isatty(1) != 1 { return Standard.output(try report(reader).text()) }
        try draw(reader)
    }

    /// Why years that nobody opened are not shown; nil if there are none.
    ///
    /// A wrong year must not look like an empty one.
    static func refusal(of years: [Int], known: [Int]) -> String? {
        let unknown = Set(years).subtracting(known).sorted().map(String.init)
        guard !unknown.isEmpty else { return nil }
        let were = unknown.count == 1 ? "was" : "were"
        let others =
            known.isEmpty
            ? "no school year is open" : "the school years are \(known.map(String.init).joined(separator: ", "))"
        return
            "no such year: \(unknown.joined(separator: ", ")) \(were) never opened; \(others); `accountability open-year \(unknown[0])` opens one"
    }

    private func report(_ reader: InstallationReader) throws -> StatusReport {
        let report = try reader.report(years)
        guard !report.problems.isEmpty else { return report }
        // Receipts that came between the two readings.
        for _ in 0..<5 { try reader.poll(.milliseconds(100)) }
        return try reader.report(years)
    }

    private func draw(_ reader: InstallationReader) throws {
        let interruption = Interruption()
        var trend = LagTrend()
        var drawn = 0
        let start = ContinuousClock.now
        while true {
            var report = try report(reader)
            let second = (ContinuousClock.now - start) / .seconds(1)
            report.secondsLeft = trend.secondsLeft(at: second, lag: report.lags.reduce(0) { $0 + $1.records })
            let text = report.text()
            // Move up over the previous output, and erase what is left of it.
            if drawn > 0 { Standard.steer("\u{1B}[\(drawn)A\r\u{1B}[J") }
            Standard.output(text)
            drawn = text.count { $0 == "\n" }
            if report.isDone || interruption.isRequested { return }
            let next = ContinuousClock.now + .seconds(interval)
            while ContinuousClock.now < next, !interruption.isRequested { try reader.poll(.milliseconds(100)) }
            if interruption.isRequested { return }
        }
    }
}
