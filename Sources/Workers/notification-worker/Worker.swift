import ArgumentParser
import Operating
import Stages
import WorkerProcess

@main
struct NotificationWorker: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "notification-worker",
        abstract: "Tells districts and schools what was determined and what changed.",
        discussion: "One of seven workers of the pipeline; `accountability up` starts them all on one machine. Ends with 0 after SIGTERM, 69 when no broker answers, 75 when a restart is all that is needed, 78 when something has to be set right first."
    )

    @OptionGroup var options: WorkerOptions

    @Option(
        help: ArgumentHelp(
            "Leave every notice as a file in this folder as well: <year>/<district>/<year>-<org>-r<revision>.json.", valueName: "folder"
        )
    )
    var spool: String?

    func run() async throws {
        try await WorkerProcess.run(options) {
            NotificationStage(pipeline: $0.pipeline, spool: spool.map { SpoolFolder(path: $0) })
        }
    }
}
