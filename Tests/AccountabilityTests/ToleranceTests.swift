import Foundation
import Kafka
import Logging
import Messages
import Operating
import Stages
import Testing
@testable import accountability
@testable import Reading

@Suite struct ToleranceTests {
    private func error(_ code: KafkaError.Code, isRetriable: Bool = false) -> KafkaError {
        KafkaError(code: code, name: "\(code.rawValue)", message: "", isRetriable: isRetriable)
    }

    @Test func bearsWhatPassesUntilItHasGoneOnForTooLong() throws {
        final class Clock { var now = ContinuousClock.now }
        let clock = Clock()
        var tolerance = Tolerance(limit: .seconds(60)) { clock.now }
        for code in [KafkaError.Code.unknownTopic, .unknownPartition] { try tolerance.bear(error(code)) }
        for _ in 0..<5 {
            clock.now += .seconds(10)
            try tolerance.bear(error(.transport, isRetriable: true))
        }
        clock.now += .seconds(10)
        let failure = #expect(throws: Failure.self) { try tolerance.bear(error(.unknownTopic)) }
        #expect(failure?.status == .brokerUnavailable)
        // Errors long apart are not one outage, and neither are those with an answer in between.
        clock.now += .seconds(31)
        try tolerance.bear(error(.unknownTopic))
        clock.now += .seconds(29)
        try tolerance.bear(error(.unknownTopic))
        clock.now += .seconds(29)
        tolerance.clear()
        clock.now += .seconds(29)
        try tolerance.bear(error(.unknownTopic))
        #expect(throws: KafkaError.self) { try tolerance.bear(error(.topicAuthorizationFailed)) }
        #expect(throws: KafkaError.self) {
            try tolerance.bear(KafkaError(code: .fenced, name: "", message: "", isFatal: true, isRetriable: true))
        }
    }

    @Test func aTopicIsReadThoughFetchesFailForAMoment() throws {
        let cluster = try MockCluster(brokers: 1)
        let connection = try TestBroker.connection(to: cluster.bootstrapServers, namespace: "t")
        for topic in Topics.all { try cluster.createTopic(connection.pipeline.name(topic), partitions: 1) }
        let quiet = Logger(label: "tolerance.tests") { _ in SwiftLogNoOpLogHandler() }
        try Written.determinations(connection, of: (0..<10).map { "0035000\($0)" })
        let codes = [KafkaError.Code](repeating: .requestTimedOut, count: 4)

        cluster.fail(.fetch, with: codes)
        let reader = try TopicReader(connection, logger: quiet)
        defer { reader.close() }
        var read = 0
        try reader.read(Topics.determinations) { _ in read += 1 }
        #expect(read == 10)

        cluster.fail(.fetch, with: codes)
        let installation = try InstallationReader(connection, topics: [Topics.determinations])
        defer { installation.close() }
        try installation.catchUp()
        #expect(installation.view.years == [2019])
    }
}
