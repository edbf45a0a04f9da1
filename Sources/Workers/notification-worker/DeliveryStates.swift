import Foundation
import Kafka
import Logging
import Messages
import Operating
import Stages
import Streaming
import SwiftProtobuf

/// The topics of deliveries: the notices, and the states of their deliveries.
struct DeliveryTopics {
    let notices: String
    let deliveries: String

    init(_ pipeline: Pipeline) {
        notices = pipeline.name(Topics.notices)
        deliveries = pipeline.name(Topics.deliveries)
    }

    /// Waits until both topics exist and have equal partition counts.
    ///
    /// - Returns: false if it was asked to stop.
    func areReady(_ connection: Connection, _ logger: Logger, shouldStop: @escaping () -> Bool) throws -> Bool {
        try TopicCheck.await([notices, deliveries], connection.kafka, logger, shouldStop: shouldStop) { counts in
            guard counts[notices] == counts[deliveries] else {
                let listed = counts.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
                throw RuntimeError(
                    .notCopartitioned,
                    "\(notices) and \(deliveries) must have equal partition counts, but have \(listed.joined(separator: ", ")). "
                        + "`accountability topics` says which one to recreate, and how"
                )
            }
        } != nil
    }
}

/// Publishes the states of deliveries.
final class DeliveryStates {
    private let sink: TransactionalSink
    private let topic: String
    private let shouldStop: () -> Bool
    private let logger: Logger

    /// Takes over the identity of an instance.
    init(
        _ connection: Connection,
        _ topics: DeliveryTopics,
        instance: String,
        _ logger: Logger,
        shouldStop: @escaping () -> Bool
    ) throws {
        let group = connection.pipeline.group("delivery")
        sink = try TransactionalSink(
            kafka: connection.kafka,
            transactionalID: "\(group).\(instance)",
            memoryTopic: connection.pipeline.name(Topics.progress),
            source: "/\(group.replacing(".", with: "/"))",
            shouldStop: shouldStop,
            logger: logger
        )
        topic = topics.deliveries
        self.shouldStop = shouldStop
        self.logger = logger
    }

    func close() { sink.close(timeout: .seconds(2)) }

    /// Publishes states in a transaction, so that a fenced process cannot write any.
    func publish(_ states: [(partition: Int32, state: Accountability_V1_Delivery)]) throws {
        var backoff = Backoff()
        var aborts = 0
        while !states.isEmpty {
            do {
                for (partition, state) in states {
                    let key = Array("\(state.channel)/\(state.notice)".utf8)
                    let value: [UInt8] = try state.serializedBytes()
                    try sink.send(
                        topic: topic,
                        partition: partition,
                        key: key.span,
                        value: value.span,
                        eventType: Topics.deliveries.eventType,
                        cause: ""
                    )
                }
                return try sink.commit(offsets: [], group: nil)
            } catch let aborted as TransactionAborted {
                guard !shouldStop() else { return }
                aborts += 1
                guard aborts < 20, !aborted.cause.isMisconfiguration else {
                    throw RuntimeError.final(aborted.cause, "publishing deliveries")
                }
                backoff.pause(until: .now + .seconds(2))
                logger.warning("\(aborted); publishing the states of deliveries again")
            }
        }
    }
}
