import ArgumentParser
import Foundation
import Messages
import Operating
import Stages
import WorkerProcess

@main
struct DeterminationWorker: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "determination-worker",
        abstract: "Issues and revises annual performance determinations, 603 CMR 2.03(3).",
        discussion:
            "A worker of the pipeline; `accountability up` starts them all on one machine. Ends with 0 after SIGTERM, 69 when no broker answers, 75 when a restart is all that is needed, 78 when something has to be set right first."
    )

    @OptionGroup var options: WorkerOptions

    @Option(
        help: ArgumentHelp(
            "The address of a schema registry. Publications then name their schema, in Confluent's framing.",
            discussion: """
                Default: $ACCOUNTABILITY_SCHEMA_REGISTRY, then none. The worker looks up the schema once, at start, and never registers one: register \
                Schemas/accountability/v1/record.proto and determination.proto first. Put credentials into \
                $ACCOUNTABILITY_SCHEMA_REGISTRY_CREDENTIALS, as user:password.
                """,
            valueName: "url"
        )
    )
    var schemaRegistry: String?

    func run() async throws {
        let registry = try SchemaRegistry.named(schemaRegistry, environment: ProcessInfo.processInfo.environment)
        try await WorkerProcess.run(options, .determination) { connection in
            let framing = try await registry?.framing(of: SchemaRegistry.subject(connection.pipeline))
            return {
                DeterminationStage(
                    pipeline: connection.pipeline,
                    frameworks: $0,
                    framing: framing,
                    isRestarted: true
                )
            }
        }
    }
}
