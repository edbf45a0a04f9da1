import ArgumentParser
import Foundation
import Kafka
import Logging
import Messages
import Operating
import SwiftProtobuf
import Testing
@testable import Stages
@testable import notification_worker

/// An instance that was frozen and replaced publishes no outcome: it would take the place of its successor's.
@Suite(.timeLimit(.minutes(30))) struct DeliveryStatesTests {
    private let cluster: MockCluster
    private let connection: Connection
    private let topics: DeliveryTopics
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    init() throws {
        cluster = try MockCluster(brokers: 1)
        connection = try BrokerOptions.parse(["--brokers", cluster.bootstrapServers])
            .connection(environment: ["ACCOUNTABILITY_HOME": NSTemporaryDirectory() + UUID().uuidString])
        topics = DeliveryTopics(connection.pipeline)
        for name in [topics.notices, topics.deliveries, connection.pipeline.name(Topics.progress)] {
            try cluster.createTopic(name, partitions: 1)
        }
    }

    /// Publishes one outcome with the offsets of a member; returns whether it was published.
    private func publish(failing codes: [KafkaError.Code]) throws -> Bool {
        let states = try DeliveryStates(connection, topics, instance: "1", logger) { false }
        defer { states.close() }
        var kafka = connection.kafka
        kafka["group.id"] = connection.pipeline.group("delivery")
        let consumer = try Consumer(kafka, logger: logger)
        defer { consumer.close(timeout: .seconds(5)) }
        let failed = Accountability_V1_Delivery.with {
            $0.channel = "webhook"
            $0.notice = "2019/00350012/1"
            $0.state = DeliveryState.waiting.rawValue
        }
        cluster.fail(.transactionOffsetCommit, with: codes)
        return try states.publish([(0, failed)]) {
            let place = TopicPartition(topic: topics.deliveries, partition: 0)
            return ([TopicPartitionOffset(place, .at(0))], try consumer.groupMetadata)
        }
    }

    @Test(arguments: [KafkaError.Code.illegalGeneration, .unknownMember])
    func nothingIsPublishedByAMemberThatTheGroupHasReplaced(_ code: KafkaError.Code) throws {
        #expect(try !publish(failing: [code]))
    }

    @Test func aMemberOfTheGroupPublishes() throws {
        #expect(try publish(failing: []))
    }
}
