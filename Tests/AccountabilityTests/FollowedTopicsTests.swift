import Foundation
import Kafka
import Logging
import Messages
import Operating
import Stages
import Testing
@testable import accountability
@testable import Reading

@Suite struct FollowedTopicsTests {
    private let quiet = Logger(label: "followed.tests") { _ in SwiftLogNoOpLogHandler() }

    @Test(
        "A topic that is deleted and created again is noticed, empty or not",
        .enabled(if: TestBroker.isThere),
        arguments: [false, true]
    )
    func aTopicBeginsAnew(isEmpty: Bool) throws {
        let connection = try TestBroker.connection("followed", partitions: 1)
        let name = connection.pipeline.name(Topics.determinations)
        try Written.determinations(connection, of: ["00350001", "00350002", "00350003"])
        let topics = try FollowedTopics(connection, [Topics.determinations], logger: quiet)
        defer { topics.close() }
        var keys: [String] = []
        func poll(until isDone: () -> Bool) throws {
            let deadline = ContinuousClock.now + .seconds(30)
            while !isDone(), ContinuousClock.now < deadline {
                _ = try topics.poll(.milliseconds(100)) { _, key, _ in
                    keys.append(String(decoding: key, as: UTF8.self))
                    return true
                }
            }
        }
        try poll { topics.isAtEnd }
        try Written.determinations(connection, of: ["00350004"])
        try poll { keys.count == 4 }
        #expect(keys == ["2019/00350001", "2019/00350002", "2019/00350003", "2019/00350004"])
        #expect(!topics.hasBegunAnew)

        let admin = try Admin(connection.kafka, logger: quiet)
        #expect(try admin.deleteTopics([name], timeout: .seconds(20)).isEmpty)
        var isThere = true
        while isThere { isThere = try admin.describeTopics([name], timeout: .seconds(20))[name] != nil }
        _ = try PipelineTopics(connection).createMissing(partitions: 1, replication: 1)
        if !isEmpty { try Written.determinations(connection, of: ["00350005"]) }
        try poll { topics.hasBegunAnew }
        #expect(topics.hasBegunAnew)
    }
}
