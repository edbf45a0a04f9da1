import ArgumentParser
import Foundation
import Kafka
import Logging
import Messages
import Operating
import Stages
import Streaming
@testable import Reading
@testable import accountability

/// A broker for tests that need one, from the environment that `Deploy/test` sets.
enum TestBroker {
    static let address = ProcessInfo.processInfo.environment["ACCOUNTABILITY_TEST_BROKERS"]
    static var isThere: Bool { address != nil }

    /// A connection to it under a namespace of its own, with all topics.
    static func connection(_ name: String, partitions: Int32 = 2) throws -> Connection {
        let connection = try connection(
            to: address ?? "",
            namespace: "\(name)\(UInt32.random(in: .min ... .max))",
            options: ["--local-broker"]
        )
        _ = try PipelineTopics(connection).createMissing(partitions: partitions, replication: 1)
        return connection
    }

    /// A connection as a command has it on a machine on which nothing was brought up.
    static func connection(to brokers: String, namespace: String, options: [String] = []) throws -> Connection {
        try BrokerOptions.parse(["--brokers", brokers, "--namespace", namespace] + options)
            .connection(environment: [
                "ACCOUNTABILITY_HOME": FileManager.default.temporaryDirectory.appending(path: "nowhere").path
            ])
    }

    /// Every record of a topic, by partition.
    static func records(_ connection: Connection, _ topic: TopicDefinition) throws -> [Int32: [OwnedRecord]] {
        let reader = try TopicReader(connection)
        defer { reader.close() }
        var records: [Int32: [OwnedRecord]] = [:]
        try reader.read(topic, markers: true) { records[$0.partition, default: []].append($0.detach()) }
        return records
    }
}

/// Records as the pipeline writes them.
enum Written {
    static func record(
        _ connection: Connection,
        _ topic: TopicDefinition,
        partition: Int32,
        timestamp: Int64,
        key: String,
        value: [UInt8]?
    ) -> OwnedRecord {
        let isMarker = CompletionMarker.isMarker(key: Array(key.utf8).span)
        return OwnedRecord(
            topic: connection.pipeline.name(topic),
            partition: partition,
            offset: 0,
            timestamp: timestamp,
            key: Array(key.utf8),
            value: value,
            headers: [
                ("ce_id", Array("\(key) of \(timestamp)".utf8)),
                ("ce_type", Array((isMarker ? Topics.completionType : topic.eventType).utf8)),
            ]
        )
    }

    /// Writes determinations of 2019 to the brokers, whose content is nobody's business.
    static func determinations(_ connection: Connection, of codes: [String]) throws {
        let quiet = Logger(label: "written.tests") { _ in SwiftLogNoOpLogHandler() }
        let producer = try Producer(connection.kafka, logger: quiet)
        defer { producer.close(timeout: .seconds(2)) }
        for code in codes {
            let record = record(
                connection,
                Topics.determinations,
                partition: 0,
                timestamp: 1,
                key: "2019/\(code)",
                value: [1]
            )
            let headers = MessageHeaders()
            for (name, value) in record.headers { headers.append(name, value?.span) }
            try producer.produce(
                try producer.topic(record.topic),
                partition: 0,
                key: record.key?.span,
                value: record.value?.span,
                headers: headers
            )
        }
        try producer.flush(timeout: .seconds(20))
    }

    static func header(_ submission: String, rows: UInt64, received: Int64, layout: Layout = .attendance)
        -> Accountability_V1_SubmissionEntry
    {
        var entry = Accountability_V1_SubmissionEntry()
        entry.header.submission = submission
        entry.header.rows = rows
        entry.header.layout = layout.wireName
        entry.header.receivedUnixMilliseconds = received
        return entry
    }

    static func row(_ submission: String, line: UInt64, owner: Int32 = 0) -> Accountability_V1_SubmissionEntry {
        var entry = Accountability_V1_SubmissionEntry()
        entry.row.submission = submission
        entry.row.line = line
        entry.row.text = "row \(line)"
        entry.row.ownerPartition = owner
        return entry
    }

    static func opening(_ year: UInt32) -> Accountability_V1_SubmissionEntry {
        var entry = Accountability_V1_SubmissionEntry()
        entry.yearOpened.schoolYear = year
        return entry
    }
}
