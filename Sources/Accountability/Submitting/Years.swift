internal import ArgumentParser
internal import Foundation
internal import Kafka
internal import Logging
internal import Messages
internal import Operating
internal import Rules
internal import Stages
internal import Streaming

/// `accountability open-year`: opens a school year, so that its rows are accepted.
struct OpenYear: OperatorCommand {
    static let configuration = CommandConfiguration(
        commandName: "open-year",
        abstract: "Opens a school year, so that its rows are accepted from now on.",
        discussion: """
              accountability open-year 2019        the school year 2018-19, by its spring

            If a year looks back on another (2019 on 2018), open and submit that year too. Opening a year again changes nothing. If the \
            year was closed, the command says that it is live. If no framework makes determinations for the year, as for 2020 and 2021, it \
            says so.

            Exit codes: 0 done; 69 no broker answers; 78 the topics are missing.
            """
    )

    @OptionGroup(title: "Kafka") var broker: BrokerOptions
    @OptionGroup var schoolYear: YearArgument
    var year: Int { schoolYear.year }
    @OptionGroup var person: PersonOption

    func operate() throws {
        let connection = try broker.connection()
        let partitions = try PipelineTopics(connection).partitions(of: Topics.submissions)
        let wasClosed = try YearState(connection: connection, year: year).isClosed()
        try OperatorAct.commit(connection) { sink in
            try connection.pipeline.openYear(year, partitions: partitions, by: person.name, into: sink)
        }
        let outlook = YearOutlook(try connection.frameworks().ifCovered(schoolYear: year))
        Standard.line(YearAnnouncement.opened(year, wasClosed: wasClosed, outlook))
    }
}

/// `accountability close-year`: closes a school year, so that its percentiles and determinations are published.
struct CloseYear: OperatorCommand {
    static let configuration = CommandConfiguration(
        commandName: "close-year",
        abstract: "Closes a school year when everything is submitted, so that its determinations are published.",
        discussion: """
              accountability close-year 2019
              accountability close-year 2019 --incomplete "the collaborative's tests are appealed"

            The command writes a marker after all rows. Each stage passes the marker on when it has published everything before it. The command returns when the last \
            stage is done. Then the year is live: a correction revises only the results that it changes, and nothing else is published \
            again. Closing a year again changes nothing.

            To prevent mistakes, the command refuses to close a year if a district has sent no rows of a student layout of which it had rows the year before. \
            `accountability completeness` lists what is missing. --incomplete closes the year anyway; the reason stays in the ledger.

            Exit codes: 0 complete; 65 something is missing, and no reason is given; 69 no broker answers; 75 not complete within --timeout (the work continues; `accountability status` shows \
            the progress); 78 the topics are missing.
            """
    )

    @OptionGroup(title: "Kafka") var broker: BrokerOptions
    @OptionGroup var schoolYear: YearArgument
    var year: Int { schoolYear.year }
    @OptionGroup var person: PersonOption
    @Flag(inversion: .prefixedNo, help: "Wait until every stage is done.") var wait = true
    @Option(help: ArgumentHelp("How long to wait.", valueName: "seconds")) var timeout = 3600
    @Option(help: ArgumentHelp("Why the year is closed although something is missing.", valueName: "reason"))
    var incomplete: String?

    func validate() throws {
        if let incomplete { try ClosingCheck.validate(reason: incomplete) }
    }

    func operate() throws {
        let connection = try broker.connection()
        if let waiting = try? Inbox(directory: connection.home.inbox.path).pending(), !waiting.isEmpty {
            Standard.error(
                "close-year: warning: \(waiting.count) submissions still wait in the inbox; their rows will count as corrections"
            )
        }
        let counts = try PipelineTopics(connection).partitionCounts()
        let topic = connection.pipeline.name(Topics.submissions)
        guard let partitions = counts[topic] else {
            throw Failure(
                .configuration,
                "topic \(topic) does not exist at \(connection.brokers); `accountability topics --create` creates it"
            )
        }
        if incomplete == nil { try ClosingCheck(connection, year: year).refuseIncomplete(counts) }
        let start = ContinuousClock.now
        try OperatorAct.commit(connection) { sink in
            try connection.pipeline.closeYear(
                year,
                partitions: partitions,
                by: person.name,
                incomplete: incomplete ?? "",
                into: sink
            )
        }
        guard wait else {
            return Standard.line("\(year) is closed; `accountability status` shows its progress")
        }
        try follow(connection)
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        let state = YearState(connection: connection, year: year)
        let hasDeterminations = try state.hasDeterminations()
        let wasOpened = try hasDeterminations || state.wasOpened()
        Standard.line(
            YearAnnouncement.closed(
                year,
                seconds: seconds,
                hasDeterminations: hasDeterminations,
                wasOpened: wasOpened,
                YearOutlook(try connection.frameworks().ifCovered(schoolYear: year))
            )
        )
    }

    /// Waits for the markers of the last stage.
    private func follow(_ connection: Connection) throws {
        let tail = try TopicTail(connection, [Topics.progress], fromBeginning: true)
        defer { tail.close() }
        let progress = ProgressLine()
        defer { progress.clear() }
        let stages = PipelineStage.allCases.map(\.name)
        var announced: [String: Set<Int32>] = [:]
        var expected: [String: Int] = [:]
        let deadline = ContinuousClock.now + .seconds(timeout)
        func done(_ stage: String) -> Int { announced[stage]?.count ?? 0 }
        let last = PipelineStage.last.name
        while done(last) < expected[last] ?? 1 {
            try tail.poll(.milliseconds(50)) { record in
                guard let value = record.value, let marker = try? CompletionMarker.decode(value),
                    marker.scope == "\(year)"
                else { return }
                announced[marker.stage, default: []].insert(marker.partition)
                expected[marker.stage] = Int(marker.partitions)
            }
            let state = stages.map { "\($0) \(done($0))/\(expected[$0].map(String.init) ?? "?")" }
                .joined(separator: ", ")
            progress.show("\(year): \(state)")
            guard ContinuousClock.now < deadline else {
                throw Failure(
                    .tryAgain,
                    "\(year) is closed, but not complete after \(timeout) seconds (\(state)). The work continues: `accountability status` shows the progress, "
                        + "`accountability doctor` shows whether a worker is missing"
                )
            }
        }
    }
}
