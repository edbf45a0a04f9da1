import ArgumentParser
import Messages
import Operating
import Stages
import WorkerProcess

@main
struct PercentileWorker: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "percentile-worker",
        abstract: "Ranks the state's organizations by student group, 603 CMR 2.03(2)(a) and (c).",
        discussion:
            "A worker of the pipeline; `accountability up` starts them all on one machine. Ends with 0 after SIGTERM, 69 when no broker answers, 75 when a restart is all that is needed, 78 when something has to be set right first."
    )

    @OptionGroup var options: WorkerOptions

    func run() async throws {
        try await WorkerProcess.run(options, .percentile) { connection in
            { PercentileStage(pipeline: connection.pipeline, frameworks: $0) }
        }
    }
}
