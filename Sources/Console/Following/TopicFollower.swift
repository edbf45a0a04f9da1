internal import Kafka
package import Logging
internal import Messages
package import Operating
internal import Reading
internal import Stages
internal import Streaming
internal import Synchronization

/// Follows the topics into the tables: from the beginning, committed records only, outside of any group.
package final class TopicFollower: Sendable {
    private let connection: Connection
    private let store: ConsoleStore
    private let logger: Logger
    private let isStopping = Atomic<Bool>(false)

    package init(_ connection: Connection, _ store: ConsoleStore, logger: Logger) {
        self.connection = connection
        self.store = store
        self.logger = logger
    }

    /// Asks it to end; returns at once.
    package func stop() { isStopping.store(true, ordering: .releasing) }

    private var isStopped: Bool { isStopping.load(ordering: .acquiring) }

    /// Follows until ``stop()``; blocks its thread.
    ///
    /// - Throws: `Failure` where a topic is missing, or the brokers do not answer for a minute.
    package func run() throws {
        var kafka = connection.kafka
        kafka["group.id"] = connection.pipeline.group("reader")
        kafka["enable.partition.eof"] = "true"
        kafka["fetch.wait.max.ms"] = "50"
        let consumer = try Consumer(kafka, logger: logger)
        defer { consumer.close(timeout: .seconds(2)) }
        var (topics, open) = try places()
        let wanted = open.sorted()
        var tolerance = Tolerance()
        try tolerance.call { () throws(KafkaError) in
            try consumer.assignFromBeginning(wanted, timeout: BrokerPatience.answer)
        }
        let labels = topics.mapValues { TopicLabel($0) }
        var batch = RecordBatch(capacity: 4096)
        var tables = ConsoleTables()
        var passedOver = 0
        while !isStopped {
            let count: Int
            do {
                count = try consumer.poll(&batch, timeout: .milliseconds(100))
            } catch {
                try tolerance.bear(error)
                continue
            }
            if count > 0 { tolerance.clear() }
            for index in 0..<batch.count {
                let record = batch[index]
                guard labels[record.topic]?.fits(record) != false, let topic = topics[record.topic],
                    let key = record.key
                else {
                    passedOver += 1
                    continue
                }
                guard topic == Topics.progress || !CompletionMarker.isMarker(key: key) else { continue }
                let value: [UInt8]? = if let bytes = record.value { [UInt8](copying: bytes) } else { nil }
                if !tables.fold(topic, key: [UInt8](copying: key), value: value) { passedOver += 1 }
            }
            while let end = consumer.nextPartitionEnd() { open.remove(end.topicPartition) }
            // Until everything of the past is read nobody is shown half of it.
            if count > 0, open.isEmpty || store.isReady { publish(tables) }
            if open.isEmpty, !store.isReady {
                publish(tables)
                logger.info("the tables are up to date", metadata: ["passed_over": "\(passedOver)"])
                store.becomeReady()
            }
        }
        topics = [:]
    }

    private func publish(_ tables: ConsoleTables) {
        store.update { current in
            // How far the stages have come is written by another thread.
            let run = current.run
            let last = current.revision
            current = tables
            current.renumber(after: last)
            if let run { current.take(run) }
        }
    }

    /// The topics by their names on the brokers, and the partitions that are read.
    private func places() throws -> (topics: [String: TopicDefinition], places: Set<TopicPartition>) {
        let admin = try Admin(connection.kafka, logger: logger)
        let counts = try admin.describeTopics(timeout: BrokerPatience.answer).mapValues { Int32($0.partitions.count) }
        var topics: [String: TopicDefinition] = [:]
        var places: Set<TopicPartition> = []
        for topic in ConsoleTables.topics {
            let name = connection.pipeline.name(topic)
            guard let count = counts[name] else {
                throw Failure(
                    .configuration,
                    "topic \(name) does not exist at \(connection.brokers); `accountability topics --create` creates it"
                )
            }
            topics[name] = topic
            // The first partition of the ledger has every header and every opening.
            for partition in 0..<(topic == Topics.submissions ? 1 : count) {
                places.insert(TopicPartition(topic: name, partition: partition))
            }
        }
        return (topics, places)
    }
}
