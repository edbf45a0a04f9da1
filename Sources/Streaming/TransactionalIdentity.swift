import Kafka
import Logging

/// The transactional id of an instance.
///
/// Taking it over ends the open transaction of the instance's previous run and fences that run.
///
/// On Apache Kafka the id never changes. The local broker lists aborted transactions to consumers without their end.
/// Consumers then treat everything that the same producer commits after an abort as aborted too. On the local broker,
/// the id therefore carries a generation. An instance takes over the id of its previous run, which ends that run's
/// transaction, and then continues under the next generation, as a producer that has never aborted. The generation is
/// stored as the committed offset of a separate group on `memoryTopic`.
final class TransactionalIdentity {
    private let name: String
    private let kafka: KafkaConfiguration
    private let timeout: Duration
    private let memoryTopic: String
    private let patience: Patience
    private let logger: Logger
    private var generation: Int64 = 0

    init(
        _ name: String,
        kafka: KafkaConfiguration,
        timeout: Duration,
        memoryTopic: String,
        patience: Patience,
        logger: Logger
    ) {
        self.name = name
        self.kafka = kafka
        self.timeout = timeout
        self.memoryTopic = memoryTopic
        self.patience = patience
        self.logger = logger
    }

    /// Returns a producer that has taken over the id.
    func takeOver() throws -> Producer {
        guard kafka.isLocalBroker else { return try producer(name) }
        generation = try recall()
        let former = try producer("\(name).\(generation)")
        return try next(after: former)
    }

    /// The producer to use after an abort or a lost connection; nil if the old one can still be used.
    func renewed(after old: Producer) throws -> Producer? {
        kafka.isLocalBroker ? try next(after: old) : nil
    }

    private func next(after old: Producer) throws -> Producer {
        old.close(timeout: .seconds(5))
        generation += 1
        try remember()
        return try producer("\(name).\(generation)")
    }

    private func producer(_ id: String) throws -> Producer {
        var configuration = kafka
        configuration["transactional.id"] = id
        if configuration["transaction.timeout.ms"] == nil {
            configuration["transaction.timeout.ms"] = "\(Int64(timeout.seconds * 1000))"
        }
        if configuration["compression.type"] == nil { configuration["compression.type"] = "lz4" }
        // A commit follows at once, so lingering only costs time. librdkafka fills the next batch while the first is in
        // flight.
        if configuration["queue.buffering.max.ms"] == nil, configuration["linger.ms"] == nil {
            configuration["queue.buffering.max.ms"] = "0"
        }
        if configuration["queue.buffering.max.messages"] == nil {
            configuration["queue.buffering.max.messages"] = "200000"
        }
        if configuration["queue.buffering.max.kbytes"] == nil { configuration["queue.buffering.max.kbytes"] = "131072" }
        let producer = try Producer(configuration, logger: logger)
        do {
            try patience.call("taking over the transactional id \(id)") { (share) throws(KafkaError) in
                try producer.initTransactions(timeout: share)
            }
            return producer
        } catch let error as KafkaError {
            producer.close(timeout: .zero)
            throw RuntimeError.final(error, "taking over the transactional id \(id)")
        } catch {
            producer.close(timeout: .zero)
            throw error
        }
    }

    private func memory() throws -> (consumer: Consumer, place: TopicPartition) {
        var configuration = kafka
        configuration["group.id"] = "\(name).generation"
        return (try Consumer(configuration, logger: logger), TopicPartition(topic: memoryTopic, partition: 0))
    }

    private func recall() throws -> Int64 {
        let (consumer, place) = try memory()
        defer { consumer.close(timeout: .seconds(2)) }
        return try patience.call("asking for the generation of \(name)") { (share) throws(KafkaError) in
            try consumer.committed([place], timeout: share).first?.offset.value ?? 0
        }
    }

    private func remember() throws {
        let (consumer, place) = try memory()
        defer { consumer.close(timeout: .seconds(2)) }
        try patience.call("storing the generation of \(name)") { (share) throws(KafkaError) in
            try consumer.commit([TopicPartitionOffset(place, .at(generation))], timeout: share)
        }
    }
}
