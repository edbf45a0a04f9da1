internal import Kafka
internal import Logging
internal import Operating
internal import Streaming

/// Writes copies of records with their times and headers, in one transaction.
///
/// Later replays select records by these times. An ordinary sink would give each record the time of sending.
final class CopyWriter {
    private let producer: Producer
    private let headers = MessageHeaders(capacity: 10)
    private var names: [String] = []
    private var sent = 0

    /// Takes over the transactional id, and begins the transaction.
    init(_ connection: Connection, identity: String, logger: Logger) throws {
        var kafka = connection.kafka
        // If a producer aborts and then commits, the local broker treats the commit as aborted. So there, take over no
        // existing id.
        kafka["transactional.id"] = kafka.isLocalBroker ? "\(identity).\(UInt64.random(in: .min ... .max))" : identity
        let defaults = [
            "transaction.timeout.ms": "600000", "compression.type": "lz4", "queue.buffering.max.messages": "200000",
            "queue.buffering.max.kbytes": "131072",
        ]
        for (name, value) in defaults where kafka[name] == nil { kafka[name] = value }
        producer = try Producer(kafka, logger: logger)
        let producer = producer
        do {
            try Self.repeating { (share) throws(KafkaError) in try producer.initTransactions(timeout: share) }
            try producer.beginTransaction()
        } catch {
            producer.close(timeout: .zero)
            throw error
        }
    }

    /// Adds a record to the transaction.
    func send(_ record: OwnedRecord, to topic: String) throws {
        let isSame = names.count == record.headers.count && zip(names, record.headers).allSatisfy { $0 == $1.0 }
        if !isSame {
            headers.removeAll()
            names = record.headers.map(\.0)
            for name in names { headers.append(name, nil) }
        }
        for (index, header) in record.headers.enumerated() { headers.set(at: index, header.1?.span) }
        try producer.produce(
            producer.topic(topic),
            partition: record.partition,
            key: record.key?.span,
            value: record.value?.span,
            headers: headers,
            timestamp: record.timestamp
        )
        sent += 1
        if sent & 0xfff == 0 { producer.poll(timeout: .zero) }
    }

    /// Commits everything that was sent.
    func commit() throws {
        let producer = producer
        do {
            try Self.repeating { (share) throws(KafkaError) in try producer.commitTransaction(timeout: share) }
        } catch let error as KafkaError where error.requiresAbort && !error.isFatal {
            abort()
            throw Failure(
                .tryAgain,
                "the copy was aborted and nothing of it is visible (\(error)); delete the topics of its namespace, then try again"
            )
        }
    }

    /// Aborts the transaction.
    func abort() {
        let producer = producer
        try? Self.repeating(for: .seconds(10)) { (share) throws(KafkaError) in
            try producer.abortTransaction(timeout: share)
        }
    }

    func close() {
        producer.close(timeout: .seconds(5))
    }

    private static func repeating(for limit: Duration = .seconds(60), _ call: (Duration) throws(KafkaError) -> Void)
        throws
    {
        let deadline = ContinuousClock.now + limit
        while true {
            do {
                return try call(max(min(.seconds(5), deadline - ContinuousClock.now), .milliseconds(1)))
            } catch {
                guard error.isRetriable, !error.isFatal, ContinuousClock.now < deadline else { throw error }
            }
        }
    }
}
