import Foundation
import Kafka
import Logging
import Messages
import Operating
import Stages
import Testing
@testable import Reading
@testable import accountability

@Suite struct DoctorTests {
    @Test(.enabled(if: TestBroker.isThere))
    func aStageWhoseOffsetsAreGoneIsNamed() throws {
        let connection = try TestBroker.connection("doctor")
        func lost() -> [String] {
            BrokerCheck(connection).findings().filter { $0.what == "offsets" && $0.severity == .warning }.map(\.place)
        }
        let logger = Logger(label: "doctor.tests") { _ in SwiftLogNoOpLogHandler() }
        func publish(_ topic: TopicDefinition, _ identity: String) throws {
            let writer = try CopyWriter(
                connection,
                identity: "\(connection.pipeline.namespace).\(identity)",
                logger: logger
            )
            defer { writer.close() }
            let record = Written.record(connection, topic, partition: 0, timestamp: 1, key: "k", value: [1])
            try writer.send(record, to: record.topic)
            try writer.commit()
        }
        // New: nothing to read, then nothing published yet.
        #expect(lost().isEmpty)
        try publish(Topics.determinations, "source")
        #expect(lost().isEmpty)
        try publish(Topics.notices, "output")
        let group = connection.pipeline.group("notification")
        #expect(lost() == [group])
        var kafka = connection.kafka
        kafka["group.id"] = group
        let consumer = try Consumer(kafka, logger: logger)
        defer { consumer.close(timeout: .seconds(2)) }
        try consumer.commit([
            TopicPartitionOffset(topic: connection.pipeline.name(Topics.determinations), partition: 1, offset: .at(0))
        ])
        #expect(lost().isEmpty)
    }
}
