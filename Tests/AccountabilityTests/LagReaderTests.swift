import Foundation
import Kafka
import Logging
import Messages
import Operating
import Stages
import Streaming
import Testing
@testable import accountability
@testable import Reading

@Suite struct LagReaderTests {
    private let quiet = Logger(label: "lag.tests") { _ in SwiftLogNoOpLogHandler() }

    /// Produces to partition 0 of the table of notices in transactions of their own, the producer of each a new one.
    private func transact(_ connection: Connection, records: Int, commit: Bool) throws {
        var kafka = connection.kafka
        kafka["transactional.id"] = "lag-\(UInt64.random(in: .min ... .max))"
        let producer = try Producer(kafka, logger: quiet)
        defer { producer.close(timeout: .seconds(2)) }
        try producer.initTransactions(timeout: .seconds(20))
        try producer.beginTransaction()
        let topic = try producer.topic(connection.pipeline.name(Topics.notices))
        for number in 0..<records {
            try producer.produce(topic, partition: 0, key: Array("\(number)".utf8).span, value: [1].span)
        }
        try producer.flush(timeout: .seconds(20))
        if commit {
            try producer.commitTransaction(timeout: .seconds(20))
        } else {
            try producer.abortTransaction(timeout: .seconds(20))
        }
    }

    private func end(_ connection: Connection, _ consumer: Consumer) throws -> Int64 {
        try consumer.watermarks(
            TopicPartition(topic: connection.pipeline.name(Topics.notices), partition: 0),
            timeout: .seconds(10)
        )
        .high
    }

    @Test(.enabled(if: TestBroker.isThere))
    func whatEndsTransactionsIsNoLag() throws {
        let connection = try TestBroker.connection("lag")
        let topic = connection.pipeline.name(Topics.notices)
        let groups = ["a", "b"]
            .map { StageGroup(stage: $0, group: "\(connection.pipeline.namespace).\($0)", topics: [topic]) }
        let reader = try LagReader(connection, logger: quiet)
        defer { reader.close() }
        let counts: [String: Int32] = [topic: 2]
        #expect(try reader.lags(of: groups, counts) == [0, 0])

        var kafka = connection.kafka
        func commit(_ offset: Int64, of group: StageGroup) throws {
            kafka["group.id"] = group.group
            let consumer = try Consumer(kafka, logger: quiet)
            defer { consumer.close(timeout: .seconds(2)) }
            try consumer.commit([TopicPartitionOffset(topic: topic, partition: 0, offset: .at(offset))])
        }
        try transact(connection, records: 3, commit: true)
        try commit(3, of: groups[0])
        try commit(1, of: groups[1])
        // Three transactions that leave nothing but what ended them, and their aborted records.
        for _ in 0..<3 { try transact(connection, records: 2, commit: false) }
        kafka["group.id"] = "\(connection.pipeline.namespace).reader"
        let consumer = try Consumer(kafka, logger: quiet)
        defer { consumer.close(timeout: .seconds(2)) }
        let end = try end(connection, consumer)
        // What made a permanent lag: more places than the one that every partition is allowed.
        try #require(end > 4)
        #expect(try reader.lags(of: groups, counts) == [0, end - 2])
        // Known by now, and asked again.
        #expect(try reader.lags(of: groups, counts) == [0, end - 2])
        try commit(3, of: groups[1])
        #expect(try reader.lags(of: groups, counts) == [0, 0])
        try transact(connection, records: 1, commit: true)
        let lags = try reader.lags(of: groups, counts)
        #expect(lags[0] > 0 && lags[0] == lags[1])
    }
}
