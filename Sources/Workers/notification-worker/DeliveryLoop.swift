import CoreMetrics
import Foundation
import Kafka
import Logging
import Messages
import Operating
import Stages
import Streaming
import Synchronization
import WorkerProcess

/// Delivers notices beside the stage that publishes them: reads the committed ones, and the states of deliveries, and
/// publishes what became of each.
///
/// A notice that is published is delivered however often the process dies: what has no final state is tried again.
/// Files and messages have names of their own, so that a repetition leaves nothing new; an endpoint can see what was
/// under way a second time, under the same id.
final class DeliveryLoop: WorkerBody {
    private let connection: Connection
    private let channels: DeliveryChannels
    private let options: DeliveryOptions
    private let instance: String
    private let figures: DeliveryFigures
    private let logger: Logger
    private let stopping = Atomic<Bool>(false)
    private let heartbeat = Heartbeat()
    var hearts: [Heartbeat] { [heartbeat] }

    init(
        connection: Connection,
        channels: DeliveryChannels,
        options: DeliveryOptions,
        instance: String,
        figures: DeliveryFigures,
        logger: Logger
    ) {
        self.connection = connection
        self.channels = channels
        self.options = options
        self.instance = instance
        self.figures = figures
        self.logger = logger
    }

    func stop() {
        stopping.store(true, ordering: .releasing)
    }

    private var isStopping: Bool {
        heartbeat.beat()
        return stopping.load(ordering: .acquiring)
    }

    func run() throws {
        do {
            try deliver()
        } catch {
            // What was not said of the last deliveries is found out by the next life, which repeats them.
            guard isStopping else { throw error }
            logger.notice("delivering ended: \(error)")
        }
    }

    private func deliver() throws {
        let topics = DeliveryTopics(connection.pipeline)
        try topics.check(connection, logger) { [unowned self] in isStopping }
        // Takes the identity over first, so that whatever an earlier life had open has ended before the states are
        // read.
        let states = try DeliveryStates(connection, topics, instance: instance, logger) { [unowned self] in isStopping }
        defer { states.close() }
        let session = try DeliverySession(
            connection,
            topics,
            channels,
            queue: DeliveryQueue(
                channels: channels.names,
                schedule: RetrySchedule(attempts: options.deliveryAttempts, first: options.deliveryPause),
                since: try options.since()
            ),
            instance: instance,
            figures: figures,
            logger
        )
        defer { session.close() }
        logger.info(
            "delivering",
            metadata: ["channels": "\(channels.names.map(\.rawValue).sorted().joined(separator: ","))"]
        )
        while !isStopping {
            try session.read()
            try states.publish(session.takeOutcomes())
            session.startPosts()
            session.show()
        }
    }
}
