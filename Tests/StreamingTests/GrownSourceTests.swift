import Kafka
import Logging
import Testing

@testable import Streaming

/// A source that gets more partitions puts keys elsewhere than before, so that a worker that goes on would count them
/// twice.
@Suite(.timeLimit(.minutes(30))) struct GrownSourceTests {
    @Test func aWorkerEndsWhenASourceHasGrown() throws {
        let cluster = try MockCluster(brokers: 1)
        for (name, partitions) in TallyTopology.topics(1) {
            try cluster.createTopic(name, partitions: Int(partitions))
        }
        let loop = try WorkerLoop(
            stage: Spread(),
            configuration: WorkerConfiguration(
                kafka: KafkaConfiguration(bootstrapServers: cluster.bootstrapServers),
                instance: "1",
                namespace: "grown",
                progressTopic: TallyTopology.progress,
                completionType: TallyTopology.completionType
            ),
            metrics: WorkerMetrics(stage: "spread", instance: "1"),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            shouldStop: { false }
        )
        defer {
            loop.consumer.close(timeout: .seconds(5))
            loop.surveyor.close(timeout: .seconds(5))
            loop.sink.close(timeout: .seconds(5))
        }
        let places = (0...1).map { TopicPartition(topic: "entries", partition: $0) }
        let error = #expect(throws: RuntimeError.self) { try loop.takeUp(places) }
        #expect(error?.code == .notCopartitioned && error?.message.hasPrefix("entries had 1 partitions") == true)
    }
}
