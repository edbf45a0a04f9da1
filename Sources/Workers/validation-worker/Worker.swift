import ArgumentParser
import Messages
import Operating
import Stages
import WorkerProcess

@main
struct ValidationWorker: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validation-worker",
        abstract: "Checks every row of the ledger and keeps the facts of the accepted ones.",
        discussion:
            "A worker of the pipeline; `accountability up` starts them all on one machine. Ends with 0 after SIGTERM, 69 when no broker answers, 75 when a restart is all that is needed, 78 when something has to be set right first."
    )

    @OptionGroup var options: WorkerOptions

    func run() async throws {
        try await WorkerProcess.run(options, .validation) { connection in
            { ValidationStage(pipeline: connection.pipeline, frameworks: $0) }
        }
    }
}
