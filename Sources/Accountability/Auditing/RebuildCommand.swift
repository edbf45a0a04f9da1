internal import ArgumentParser
internal import Foundation
internal import Kafka
internal import Messages
internal import Operating
internal import Stages
internal import Streaming
internal import Supervision

/// `accountability rebuild`: rebuilds everything that is derived from the ledger.
struct RebuildCommand: OperatorCommand {
    static let configuration = CommandConfiguration(
        commandName: "rebuild",
        abstract: "Rebuilds the tables from the ledger.",
        discussion: """
            Use this command if the ledger or a table was damaged. Each stage reads its sources from the beginning, publishes what differs \
            from its published results, and retracts what no longer follows from the sources. What is already right is not published again, \
            and no notice is sent twice.

              accountability rebuild
              accountability rebuild --stage validation

            The command restarts the workers that `up` started on this machine, and waits for them. Workers of other machines must be \
            restarted by the people who run them.

            Exit codes: 0 done; 64 usage; 69 no broker answers; 75 not done within --timeout (the rebuild continues); 78 a topic is missing.
            """
    )

    @OptionGroup(title: "Kafka") var broker: BrokerOptions

    @Option(help: ArgumentHelp("Only this stage; may be repeated. Default: all stages.", valueName: "name"))
    var stage: [String] = []

    @Option(help: ArgumentHelp("How long to wait.", valueName: "seconds"))
    var timeout = 600

    func operate() throws {
        let connection = try broker.connection()
        let known = connection.pipeline.stages
        for name in stage where !known.contains(where: { $0.name == name }) {
            throw ValidationError(
                "--stage: there is no stage \(name); the stages are \(known.map(\.name).joined(separator: ", "))"
            )
        }
        let chosen = known.filter { stage.isEmpty || stage.contains($0.name) }
        let counts = try PipelineTopics(connection).partitionCounts()
        try OperatorAct.commit(connection) { sink in
            try connection.pipeline.askForRebuild(of: chosen, counts, into: sink)
        }
        // The workers must see the request when they start.
        try Readability(connection)
            .wait(for: [Topics.positions], timeout: .seconds(timeout), what: "the request is written")
        let processes = Processes(home: connection.home)
        let names = processes.names().filter { name in chosen.contains { name.hasPrefix("\($0.name)-") } }
        for name in names { if let pid = processes.living(name) { kill(pid, SIGTERM) } }
        if names.isEmpty {
            Standard.error(
                "`up` started no worker of these stages on this machine: restart their workers on the other machines"
            )
        }
        try wait(connection, chosen)
        Standard.line("rebuilt: \(chosen.map(\.name).joined(separator: ", "))")
    }

    private func wait(_ connection: Connection, _ stages: [any Stage]) throws {
        let deadline = ContinuousClock.now + .seconds(timeout)
        let progress = ProgressLine()
        defer { progress.clear() }
        while true {
            let left = try Self.waiting(connection, stages)
            if left.isEmpty { return }
            progress.show("waiting for \(left.joined(separator: ", "))")
            guard ContinuousClock.now < deadline else {
                throw Failure(
                    .tryAgain,
                    "not rebuilt within \(timeout) seconds: \(left.joined(separator: ", ")). The rebuild continues; `accountability doctor` shows what delays it"
                )
            }
            Thread.sleep(forTimeInterval: 0.3)
        }
    }

    /// The stages that were asked to rebuild and are not done.
    private static func waiting(_ connection: Connection, _ stages: [any Stage]) throws -> [String] {
        var keys: Set<String> = []
        let reader = try TopicReader(connection)
        defer { reader.close() }
        try reader.read(Topics.positions) { record in
            guard let key = record.key else { return }
            let text = String(decoding: [UInt8](copying: key), as: UTF8.self)
            if record.value == nil { keys.remove(text) } else { keys.insert(text) }
        }
        return stages.map(\.name)
            .filter { name in
                keys.contains { PositionsTopic.asksForRebuild($0, of: connection.pipeline.group(name)) }
            }
    }
}

extension Pipeline {
    /// Asks stages to rebuild their publications at the next start of their tasks.
    ///
    /// - Parameters:
    ///   - stages: the stages, of this installation.
    ///   - counts: partitions of each topic.
    ///   - sink: the transaction that asks.
    /// - Throws: `Failure` if a topic is missing.
    func askForRebuild(of stages: [any Stage], _ counts: [String: Int32], into sink: any RecordSink) throws {
        for stage in stages {
            guard let source = stage.sources.first(where: { !$0.isBroadcast }), let count = counts[source.topic] else {
                throw Failure(
                    .configuration,
                    "a topic of the stage \(stage.name) is missing; `accountability topics --create` creates it"
                )
            }
            try positions.askForRebuild(of: group(stage.name), partitions: count, into: sink)
        }
    }
}
