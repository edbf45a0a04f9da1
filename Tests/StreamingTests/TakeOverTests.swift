import Kafka
import Logging
import Testing

@testable import Streaming

@Suite(.timeLimit(.minutes(30))) struct TakeOverTests {
    private func takeOver(_ cluster: MockCluster) throws -> TransactionalSink {
        try TransactionalSink(
            kafka: KafkaConfiguration(bootstrapServers: cluster.bootstrapServers),
            transactionalID: "twin",
            memoryTopic: "memory",
            source: "/test",
            timeout: .seconds(20),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    @Test func aTwinThatTakesTheIdentityTooIsTold() throws {
        let cluster = try MockCluster()
        cluster.fail(.initProducerID, with: [.producerFenced])
        let error = #expect(throws: RuntimeError.self) { _ = try takeOver(cluster) }
        #expect(error?.code == .fenced)
        #expect(error?.code.exitCode == 75)
    }

    @Test func pausesGrowToABound() {
        var backoff = Backoff()
        let pauses = (0..<12).map { _ in backoff.next() }
        #expect(pauses.first == .milliseconds(20))
        #expect(zip(pauses, pauses.dropFirst()).allSatisfy { $1 == min($0 * 2, .seconds(2)) })
        #expect(pauses.last == .seconds(2))
    }
}
