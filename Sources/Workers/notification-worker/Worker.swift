import ArgumentParser
import Operating
import Stages
import Streaming
import WorkerProcess

@main
struct NotificationWorker: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "notification-worker",
        abstract:
            "Publishes and delivers notices about determinations, changes and due dates, and quarantines foreign records on topics that no stage reads.",
        discussion:
            "A worker of the pipeline; `accountability up` starts them all on one machine. Ends with 0 after SIGTERM, 69 when no broker answers, 75 when a restart is all that is needed, 78 when something has to be set right first."
    )

    @OptionGroup var options: WorkerOptions

    @Option(
        help: ArgumentHelp(
            "How many days before its due date an organization gets a notice about a plan that is not filed.",
            valueName: "days"
        )
    )
    var planLeadDays = 30

    @OptionGroup(title: "Delivery") var delivery: DeliveryOptions

    func validate() throws {
        guard (0...300).contains(planLeadDays) else { throw ValidationError("--plan-lead-days takes 0 to 300") }
    }

    func run() async throws {
        try await WorkerProcess.run(
            options,
            beside: { connection, configuration, metrics, logger in
                var bodies: [any WorkerBody] = []
                if let quarantine = configuration.quarantine {
                    bodies.append(
                        Inspection(
                            connection.pipeline.inspectedTopics,
                            quarantine: quarantine,
                            configuration: configuration,
                            metrics: metrics,
                            logger: logger
                        )
                    )
                }
                let channels = try delivery.channels()
                guard !channels.names.isEmpty else { return bodies }
                let figures = DeliveryFigures(instance: options.instance)
                metrics.supplement { figures.prometheus() }
                bodies.append(
                    DeliveryLoop(
                        connection: connection,
                        channels: channels,
                        options: delivery,
                        instance: options.instance,
                        figures: figures,
                        metrics: metrics,
                        logger: logger
                    )
                )
                return bodies
            },
            { NotificationStage(pipeline: $0.pipeline, leadDays: planLeadDays) }
        )
    }
}
