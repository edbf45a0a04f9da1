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
            A file is one transaction: all of it is in the ledger or none. `accountability submit` drops files into the folder; anybody \
            may also drop a plain .csv or .csv.gz, which is taken once it has not changed for two seconds. archive/<submission>.json is \
            the receipt; the file itself, which holds student identifiers, is deleted.

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

    func run() async throws {
        try await WorkerProcess.run(options, named: "ingestion") { connection, metrics, logger in
            IngestionLoop(
                connection: connection,
                inbox: inbox ?? connection.home.inbox.path,
                keyFile: key ?? connection.home.pseudonymKey.path,
                instance: options.instance,
                metrics: metrics,
                logger: logger
            )
        }
    }
}
