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

    /// Publishes states, and commits the offsets that were read for them, in one transaction.
    ///
    /// A fenced process cannot write any, and neither can one whose partitions the group has given to another.
    ///
    /// - Parameters:
    ///   - states: what became of deliveries.
    ///   - progress: returns the offsets to commit, and the group.
    /// - Returns: false if nothing was published because the group no longer knows this member. Another instance may
    ///   have the partitions.
    /// - Throws: ``RuntimeError`` if this process can publish no more.
    func publish(
        _ states: [(partition: Int32, state: Accountability_V1_Delivery)],
        progress: () throws -> (offsets: [TopicPartitionOffset], group: ConsumerGroupMetadata)
    ) throws -> Bool {
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
                let (offsets, group) = try progress()
                try sink.commit(offsets: offsets, group: group)
                return true
            } catch let aborted as TransactionAborted {
                guard !aborted.cause.isOfMembership else {
                    logger.warning("\(aborted); the outcomes of \(states.count) deliveries are not published")
                    return false
                }
                guard !shouldStop() else { return true }
                aborts += 1
                guard aborts < 20, !aborted.cause.isMisconfiguration else {
                    throw RuntimeError.final(aborted.cause, "publishing deliveries")
                }
                backoff.pause(until: .now + .seconds(2))
                logger.warning("\(aborted); publishing the states of deliveries again")
            }
        }
        return true
    }
}
