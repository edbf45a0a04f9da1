import ArgumentParser
import Messages
import Operating
import Stages
import WorkerProcess

@main
struct ParticipationWorker: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "participation-worker",
        abstract: "Counts participation and checks the requirement, 603 CMR 2.03(2)(d).",
        discussion:
            "A worker of the pipeline; `accountability up` starts them all on one machine. Ends with 0 after SIGTERM, 69 when no broker answers, 75 when a restart is all that is needed, 78 when something has to be set right first."
    )

    @OptionGroup var options: WorkerOptions

    func run() async throws {
        try await WorkerProcess.run(options, .participation) { connection in
            { ParticipationStage(pipeline: connection.pipeline, frameworks: $0) }
        }
    }
}
