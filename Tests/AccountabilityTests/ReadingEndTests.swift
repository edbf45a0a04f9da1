import Foundation
import Kafka
import Logging
import Messages
import Operating
import Stages
import Testing

@testable import Reading
@testable import accountability

/// Readers that read a topic to the end that it had.
///
/// The client reports an end only after a fetch that found nothing. In these tests no such fetch is answered: the first
/// one brings the only record, and the broker hangs up at all others.
@Suite struct ReadingEndTests {
    private let quiet = Logger(label: "reading.end.tests") { _ in SwiftLogNoOpLogHandler() }

    /// A connection to a cluster whose topics have one partition each, with one determination.
    private func connection(_ cluster: MockCluster) throws -> Connection {
        let connection = try TestBroker.connection(to: cluster.bootstrapServers, namespace: "ends")
        for topic in Topics.all { try cluster.createTopic(connection.pipeline.name(topic), partitions: 1) }
        try Written.determinations(connection, of: ["00350001"])
        return connection
    }

    private func answerOneFetch(_ cluster: MockCluster) {
        let none = KafkaError.Code(rawValue: 0)
        cluster.fail(.fetch, with: [none] + [KafkaError.Code](repeating: .transport, count: 1000))
    }

    @Test(.timeLimit(.minutes(30))) func aTopicIsReadToTheEndThatItHad() throws {
        let cluster = try MockCluster(brokers: 1)
        let connection = try connection(cluster)
        let reader = try TopicReader(connection, logger: quiet)
        defer { reader.close() }
        answerOneFetch(cluster)
        var read = 0
        let begin = ContinuousClock.now
        try reader.read(Topics.determinations) { _ in read += 1 }
        #expect(read == 1)
        #expect(ContinuousClock.now - begin < .seconds(10))
    }

    @Test(.timeLimit(.minutes(30))) func aFollowerIsAtTheEndThatItsTopicsHad() throws {
        let cluster = try MockCluster(brokers: 1)
        let connection = try connection(cluster)
        let topics = try FollowedTopics(connection, [Topics.determinations], logger: quiet)
        defer { topics.close() }
        answerOneFetch(cluster)
        var read = 0
        let deadline = ContinuousClock.now + .seconds(10)
        while !topics.isAtEnd, ContinuousClock.now < deadline {
            read += try topics.poll(.milliseconds(100)) { _, _, _ in true }
        }
        #expect(read == 1)
        #expect(topics.isAtEnd)
    }

    @Test(.timeLimit(.minutes(30))) func aPartitionIsReadToTheEndThatItHad() throws {
        let cluster = try MockCluster(brokers: 1)
        let connection = try connection(cluster)
        let follower = try PartitionFollower(
            connection,
            topic: connection.pipeline.name(Topics.determinations),
            partition: 0,
            group: "ends",
            patience: .seconds(8)
        )
        defer { follower.close() }
        answerOneFetch(cluster)
        var read = 0
        try follower.read(for: "the determinations are", restart: {}, take: { _, _ in read += 1 })
        #expect(read == 1)
    }

    /// The error names the partition and how far it was read.
    @Test(.timeLimit(.minutes(30))) func aPartitionThatDoesNotAnswerIsNamed() throws {
        let cluster = try MockCluster(brokers: 1)
        let connection = try connection(cluster)
        let name = connection.pipeline.name(Topics.determinations)
        let follower = try PartitionFollower(
            connection,
            topic: name,
            partition: 0,
            group: "ends",
            patience: .seconds(2)
        )
        defer { follower.close() }
        cluster.fail(.fetch, with: [KafkaError.Code](repeating: .transport, count: 1000))
        let failure = #expect(throws: Failure.self) {
            try follower.read(for: "the determinations are", restart: {}, take: { _, _ in })
        }
        #expect(failure?.status == .brokerUnavailable)
        #expect(failure?.message.contains("\(name)[0] (nothing was read, its end is 1)") == true, "\(failure as Any)")
        #expect(failure?.message.contains("so the determinations are unknown") == true)
    }
}
