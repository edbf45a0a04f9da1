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

/// Delivers notices, next to the stage that publishes them.
///
/// It reads committed notices and the states of deliveries, and publishes the outcome of each delivery.
///
/// A published notice is delivered even if the process dies repeatedly, because a delivery without a final state is
/// retried. Files and messages have fixed names, so writing them again adds nothing. An endpoint may receive a notice
/// twice, with the same id.
final class DeliveryLoop: WorkerBody {
    private let connection: Connection
    private let channels: DeliveryChannels
    private let options: DeliveryOptions
    private let instance: String
    private let figures: DeliveryFigures
    /// Of the stage beside it, which says which notices are its own.
    private let metrics: WorkerMetrics
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
        metrics: WorkerMetrics,
        logger: Logger
    ) {
        self.connection = connection
        self.channels = channels
        self.options = options
        self.instance = instance
        self.figures = figures
        self.metrics = metrics
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
            // Outcomes that are not yet published are lost; the next run repeats those deliveries.
            guard isStopping else { throw error }
            logger.notice("delivering ended: \(error)")
        }
    }

    private func deliver() throws {
        let topics = DeliveryTopics(connection.pipeline)
        guard try topics.areReady(connection, logger, shouldStop: { [unowned self] in isStopping }) else { return }
        // Take over the identity first. This ends any open transaction of an earlier run before the states are read.
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
            metrics: metrics,
            logger
        )
        defer { session.close() }
        logger.info(
            "delivering",
            metadata: ["channels": "\(channels.names.map(\.rawValue).sorted().joined(separator: ","))"]
        )
        while !isStopping {
            try session.read()
            let outcomes = session.takeOutcomes()
            if try !states.publish(outcomes, progress: { try session.offsets(of: outcomes) }) {
                try session.joinAgain()
            }
            session.startPosts()
            session.show()
        }
    }
}
