import ArgumentParser
import Foundation
import Operating
import Stages
import WorkerProcess

@main
struct IngestionWorker: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ingestion-worker",
        abstract: "Takes files from a watched folder into the ledger and replaces student identifiers by pseudonyms.",
        discussion: """
            The worker takes a whole file into the ledger or nothing of it. Small waiting files share a transaction. `accountability submit` puts files into the folder. You \
            can also copy plain .csv and .csv.gz files there. Copy a file under a name that begins with a dot, then rename it, so that the worker never \
            sees a half file. The worker takes a file that was copied under its own name when it has not changed for two seconds and no program has it \
            open for writing. It takes several files together: organizations first, directives last, the others by name. \
            archive/<submission>.json is the receipt. The worker deletes the file itself, because it contains student identifiers.

            The worker refuses a file beyond --largest-file. If a file takes longer than --longest-file, or the worker fails while taking it, the worker tries it \
            once more, then moves it to aside/ and writes a receipt that says so.

            Only one process can use a folder. A second one reports this and ends with 75.
            """
    )

    @OptionGroup var options: WorkerOptions

    @Option(help: ArgumentHelp("The watched folder; default: inbox in $ACCOUNTABILITY_HOME.", valueName: "folder"))
    var inbox: String?

    @Option(
        help: ArgumentHelp(
            "The secret that turns student identifiers into pseudonyms; default: pseudonym.key in $ACCOUNTABILITY_HOME.",
            valueName: "file"
        )
    )
    var key: String?

    @Option(
        help: ArgumentHelp(
            "The largest file, in uncompressed megabytes.",
            valueName: "megabytes"
        )
    )
    var largestFile = 4096

    @Option(help: ArgumentHelp("The longest time to take a file.", valueName: "seconds"))
    var longestFile = 600

    func validate() throws {
        guard (1...1_000_000).contains(largestFile) else {
            throw ValidationError("--largest-file takes 1 to 1000000 megabytes")
        }
        guard (1...840).contains(longestFile) else {
            throw ValidationError("--longest-file takes 1 to 840 seconds, because a transaction lasts at most 900")
        }
    }

    func run() async throws {
        try await WorkerProcess.run(options, named: "ingestion") { connection, metrics, logger in
            IngestionLoop(
                connection: connection,
                inbox: inbox ?? connection.home.inbox.path,
                keyFile: key ?? connection.home.pseudonymKey.path,
                instance: options.instance,
                limits: FileLimits(bytes: largestFile << 20, time: .seconds(longestFile)),
                metrics: metrics,
                logger: logger
            )
        }
    }
}
