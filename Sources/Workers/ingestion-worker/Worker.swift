import ArgumentParser
import Foundation
import Operating
import Stages
import WorkerProcess

@main
struct IngestionWorker: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ingestion-worker",
        abstract: "Takes files from a watched folder into the ledger, student identifiers replaced by pseudonyms.",
        discussion: """
            A file is taken whole: all of it is in the ledger or none; small files that wait share a transaction. `accountability submit` drops files into the folder; anybody \
            may also drop plain .csv and .csv.gz files. Copy a file under a name that begins with a dot, then rename it: so it is never \
            seen half. A file that is copied under its own name is taken once it has not changed for two seconds and no program has it \
            open for writing; several files are taken together, organizations first, directives last, otherwise by name. \
            archive/<submission>.json is the receipt; the file itself, which holds student identifiers, is deleted.

            A file beyond --largest-file is refused. One that takes longer than --longest-file, or over which the worker fails, is tried \
            once more, then moved to aside/ with a receipt that says so.

            One process takes from a folder; a second one says so and leaves with 75.
            """
    )

    @OptionGroup var options: WorkerOptions

    @Option(help: ArgumentHelp("The watched folder; default: inbox in $ACCOUNTABILITY_HOME.", valueName: "folder"))
    var inbox: String?

    @Option(
        help: ArgumentHelp(
            "The secret under which student identifiers become pseudonyms; default: pseudonym.key in $ACCOUNTABILITY_HOME.",
            valueName: "file"
        )
    )
    var key: String?

    @Option(
        help: ArgumentHelp(
            "The most megabytes a file may hold once it is no longer compressed.",
            valueName: "megabytes"
        )
    )
    var largestFile = 4096

    @Option(help: ArgumentHelp("The longest time that taking a file may last.", valueName: "seconds"))
    var longestFile = 600

    func validate() throws {
        guard (1...1_000_000).contains(largestFile) else {
            throw ValidationError("--largest-file takes 1 to 1000000 megabytes")
        }
        guard (1...840).contains(longestFile) else {
            throw ValidationError("--longest-file takes 1 to 840 seconds: a transaction lasts 900")
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
