import Foundation
import Kafka
import Logging
import Messages
import Operating
import Stages
import Streaming
import Testing
@testable import Reading
@testable import accountability

@Suite struct OperatorActTests {
    @Test func aKilledCommandHoldsNobodyUpForLong() throws {
        #expect(OperatorAct.properties(KafkaConfiguration(bootstrapServers: "b"))["transaction.timeout.ms"] == "60000")
        var chosen = KafkaConfiguration(bootstrapServers: "b")
        chosen["transaction.timeout.ms"] = "5000"
        #expect(OperatorAct.properties(chosen)["transaction.timeout.ms"] == "5000")
        // The client would refuse the properties otherwise.
        var slow = KafkaConfiguration(bootstrapServers: "b")
        slow["message.timeout.ms"] = "90000"
        slow["socket.timeout.ms"] = "120000"
        var properties = OperatorAct.properties(slow)
        #expect(properties["transaction.timeout.ms"] == "120000")
        properties["transactional.id"] = "t"
        #expect(throws: Never.self) { try Producer(properties, logger: Logger(label: "test")) }
    }

    private func send(_ text: String, to connection: Connection, _ sink: any RecordSink) throws {
        try sink.send(
            topic: connection.pipeline.name(Topics.deliveries),
            partition: 0,
            key: Array(text.utf8).span,
            value: Array(text.utf8).span,
            eventType: Topics.deliveries.eventType,
            cause: ""
        )
    }

    private func deliveries(_ connection: Connection) throws -> [String] {
        try TestBroker.records(connection, Topics.deliveries).values.joined()
            .map { String(decoding: $0.key ?? [], as: UTF8.self) }.sorted()
    }

    @Test(.enabled(if: TestBroker.isThere))
    func whoIsFencedDoesItAgain() throws {
        let connection = try TestBroker.connection("act")
        var calls = 0
        try OperatorAct.commit(connection) { sink in
            calls += 1
            try send("mine", to: connection, sink)
            // Another command takes the identity in the middle of this one.
            if calls == 1 { try OperatorAct.commit(connection) { other in try send("other", to: connection, other) } }
        }
        #expect(calls == 2)
        #expect(try deliveries(connection) == ["mine", "other"])
    }

    @Test(.enabled(if: TestBroker.isThere))
    func twoCommandsAtOnceAreBothDone() async throws {
        let connection = try TestBroker.connection("acts")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for name in ["2018", "2019"] {
                group.addTask { try OperatorAct.commit(connection) { sink in try send(name, to: connection, sink) } }
            }
            try await group.waitForAll()
        }
        #expect(try deliveries(connection) == ["2018", "2019"])
    }
}
