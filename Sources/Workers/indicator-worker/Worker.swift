import ArgumentParser
import Messages
import Operating
import Stages
import WorkerProcess

@main
struct IndicatorWorker: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "indicator-worker",
        abstract: "Computes every indicator of every organization, span and group, 603 CMR 2.03(2)(b).",
        discussion:
            "A worker of the pipeline; `accountability up` starts them all on one machine. Ends with 0 after SIGTERM, 69 when no broker answers, 75 when a restart is all that is needed, 78 when something has to be set right first."
    )

    @OptionGroup var options: WorkerOptions

    func run() async throws {
        try await WorkerProcess.run(options, .indicator) { connection in
            { IndicatorStage(pipeline: connection.pipeline, frameworks: $0) }
        }
    }
}
