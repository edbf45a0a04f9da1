import Foundation
public import Kafka
public import Logging

/// A transaction was aborted.
///
/// None of its records is visible, and its input must be consumed again.
public struct TransactionAborted: Error, Sendable, CustomStringConvertible {
    /// The error that made the abort necessary.
    public let cause: KafkaError

    /// The error's text.
    public var description: String { "the transaction was aborted: \(cause)" }
}

/// Publishes records in Kafka transactions, with CloudEvents headers in binary mode.
///
/// Use it from one thread.
public final class TransactionalSink: RecordSink {
    /// Records sent since the start.
    public private(set) var sent = 0
    /// Whether a transaction is open.
    public internal(set) var isOpen = false

    private(set) var producer: Producer
    private let identity: TransactionalIdentity
    private let source: String
    let logger: Logger
    let timeout: Duration
    let shouldStop: () -> Bool
    /// Whether the broker loses its groups when it stops, like the local one.
    ///
    /// Such a broker accepts offsets from an instance whose partitions it has since given to another one. Apache Kafka
    /// refuses them.
    private let forgetsGroups: Bool
    let stopTimeout: Duration
    /// When the request to stop was first seen.
    var stoppedAt: ContinuousClock.Instant?
    private var routes: [Route] = []
    private var identifier: [UInt8]
    private var time = ""
    private var transaction = 0
    /// The client's error count when the transaction began.
    private var errorsBefore = 0
    /// The client's error count when the producer had taken over its transactional id.
    private var errorsAtStart: Int

    /// The headers for a topic and type.
    private final class Route {
        let topicName: String
        let eventType: String
        let topic: ProducerTopic
        let plain = MessageHeaders(capacity: 8)
        let caused = MessageHeaders(capacity: 9)
        /// The last transaction that was sent to this topic, and its partitions.
        var transaction = -1
        var partitions: Set<Int32> = []

        init(topicName: String, eventType: String, topic: ProducerTopic, source: String) {
            self.topicName = topicName
            self.eventType = eventType
            self.topic = topic
            for headers in [plain, caused] {
                // The first three headers change with each record or each transaction.
                headers.append("ce_id", "")
                headers.append("ce_subject", "")
                headers.append("ce_time", "")
                headers.append("ce_specversion", "1.0")
                headers.append("ce_source", source)
                headers.append("ce_type", eventType)
                headers.append("content-type", "application/protobuf")
            }
            caused.append("ce_cause", "")
        }
    }

    /// How often ending a leftover transaction is repeated while the connection keeps breaking.
    private static let mostLeftovers = 5

    /// How long a transaction of a worker may last.
    ///
    /// Commits are about a second apart, so a minute is generous.
    public static let transactionTimeout: Duration = .seconds(60)

    /// Connects, takes over the transactional id from its previous owner, and ends that owner's transaction.
    ///
    /// - `kafka`: the brokers and all client properties.
    /// - `transactionalID`: the same for every run of this instance.
    /// - `memoryTopic`: an existing topic; see `TransactionalIdentity`.
    /// - `source`: the `ce_source` of the published records.
    /// - `timeout`: how long one call to the broker may be retried.
    /// - `transactionTimeout`: when the brokers end a transaction that its instance left open, unless a property sets
    ///   this. Until then `read_committed` consumers wait at its partitions, so keep it as short as the work allows.
    /// - `stopTimeout`: how long a call may be retried after `shouldStop` returned true.
    /// - `shouldStop`: whether the process was asked to stop; checked between retries.
    public init(
        kafka: KafkaConfiguration,
        transactionalID: String,
        memoryTopic: String,
        source: String,
        timeout: Duration = .seconds(60),
        transactionTimeout: Duration = TransactionalSink.transactionTimeout,
        stopTimeout: Duration = .seconds(10),
        shouldStop: @escaping () -> Bool = { false },
        logger: Logger
    ) throws {
        self.source = source
        self.logger = logger
        self.timeout = timeout
        self.stopTimeout = stopTimeout
        self.shouldStop = shouldStop
        forgetsGroups = kafka.isLocalBroker
        identifier = Array("\(UInt64.random(in: .min ... .max).hexadecimal)-0000000000000000".utf8)
        identity = TransactionalIdentity(
            transactionalID,
            kafka: kafka,
            timeout: transactionTimeout,
            memoryTopic: memoryTopic,
            patience: Patience(limit: timeout, shouldStop: shouldStop, logger: logger),
            logger: logger
        )
        producer = try identity.takeOver()
        errorsAtStart = producer.errorCount
    }

    /// Warms up the transactional producer with a tombstone that no one reads: librdkafka 2.0.2 needs a second to
    /// register its first partition, and the first correction would wait for it.
    ///
    /// - `topic`: a compacted topic whose readers skip tombstones.
    public func warmUp(topic: String) throws {
        try begin()
        let key = Array("~warm-up".utf8)
        try send(topic: topic, partition: 0, key: key.span, value: nil, eventType: "warm-up", cause: "")
        try commit(offsets: [], group: nil)
    }

    /// Begins a transaction, if none is open.
    public func begin() throws {
        guard !isOpen else { return }
        producer.poll(timeout: .zero)
        // The local broker forgets transactional ids when its service stops. It still accepts transactions under a
        // forgotten id, but the next run's takeover would not end one that this run leaves open.
        if forgetsGroups, producer.errorCount != errorsAtStart { try replaceProducer() }
        errorsBefore = producer.errorCount
        try retrying("beginning a transaction") { (share) throws(KafkaError) in
            try producer.beginTransaction(timeout: share)
        }
        isOpen = true
        transaction += 1
        time = Date().ISO8601Format(.iso8601WithTimeZone(includingFractionalSeconds: true))
    }

    /// Sends a record in the open transaction, and begins one if none is open.
    public func send(
        topic: String,
        partition: Int32,
        key: Span<UInt8>,
        value: Span<UInt8>?,
        eventType: String,
        cause: String
    ) throws {
        try begin()
        let route = try route(topic: topic, eventType: eventType)
        if route.transaction != transaction {
            route.plain.set(at: 2, time)
            route.caused.set(at: 2, time)
            route.transaction = transaction
            route.partitions.removeAll(keepingCapacity: true)
        }
        if forgetsGroups { route.partitions.insert(partition) }
        advanceIdentifier()
        let headers = cause.isEmpty ? route.plain : route.caused
        let identifier = identifier
        headers.set(at: 0, identifier.span)
        headers.set(at: 1, key)
        if !cause.isEmpty { headers.set(at: 7, cause) }
        do {
            try producer.produce(route.topic, partition: partition, key: key, value: value, headers: headers)
        } catch {
            try resolve(reason(of: error), "producing to \(topic)")
        }
        sent += 1
        if sent & 0xfff == 0 { _ = producer.poll(timeout: .zero) }
    }

    /// Commits the open transaction with the offsets consumed for it.
    ///
    /// Does nothing if there is neither a transaction nor offsets.
    ///
    /// - `standing`: asks the brokers for the group's committed offsets of these partitions. If a connection broke
    ///   since the transaction began, the commit counts only if its offsets are found there. A broker that lost the
    ///   transaction may answer that it is committed although it is not.
    ///
    /// Throws ``TransactionAborted`` if the transaction had to be aborted, ``RuntimeError`` if this producer can no
    /// longer be used.
    public func commit(
        offsets: [TopicPartitionOffset],
        group: ConsumerGroupMetadata?,
        standing: (([TopicPartition], Duration) throws(KafkaError) -> [TopicPartitionOffset])? = nil
    ) throws {
        if !isOpen {
            guard !offsets.isEmpty else { return }
            try begin()
        }
        if let group, !offsets.isEmpty {
            let attempts = try retrying("sending offsets") { (share) throws(KafkaError) in
                try producer.sendOffsets(offsets, group: group, timeout: share)
            }
            if forgetsGroups, attempts > 1 || producer.errorCount != errorsBefore {
                try resolve(.groupMayBeForgotten, "sending offsets")
            }
        }
        try retrying("committing") { (share) throws(KafkaError) in try producer.commitTransaction(timeout: share) }
        isOpen = false
        producer.poll(timeout: .zero)
        if let standing, !offsets.isEmpty, producer.errorCount != errorsBefore { try confirm(offsets, standing) }
    }

    /// Checks that a commit has moved the group's offsets.
    private func confirm(
        _ offsets: [TopicPartitionOffset],
        _ standing: ([TopicPartition], Duration) throws(KafkaError) -> [TopicPartitionOffset]
    ) throws {
        var found: [TopicPartition: Int64] = [:]
        try retrying("asking whether the commit stands") { (share) throws(KafkaError) in
            for offset in try standing(offsets.map(\.topicPartition), share) {
                found[offset.topicPartition] = offset.offset.value
            }
        }
        // Another run of the same instance may already have committed later offsets.
        guard let lost = offsets.first(where: { (found[$0.topicPartition] ?? -1) < ($0.offset.value ?? 0) }) else {
            return
        }
        logger.error(
            "the brokers reported a transaction as committed, but it is not; repeating it",
            metadata: ["topic": "\(lost.topic)", "partition": "\(lost.partition)"]
        )
        try renew()
        throw TransactionAborted(
            cause: KafkaError(
                code: .state,
                name: "_STATE",
                message: "the brokers confirmed the commit but did not keep it",
                requiresAbort: true
            )
        )
    }

    /// Aborts the open transaction, if there is one.
    public func abort() throws {
        guard isOpen else { return }
        isOpen = false
        do {
            try endAborted()
        } catch {
            throw RuntimeError.final(fence ?? error, "aborting")
        }
        try renew()
    }

    /// Replaces the producer if it may not be used after an abort.
    func renew() throws {
        try endLeftovers()
        try replaceProducer()
    }

    /// Continues under the next transactional id on the local broker.
    private func replaceProducer() throws {
        guard let other = try identity.renewed(after: producer) else { return }
        producer = other
        errorsAtStart = producer.errorCount
        routes = []
    }

    /// Ends the part of the last, aborted transaction that the local broker left open.
    ///
    /// The local broker aborts a transaction when its service stops. It still accepts later records of that
    /// transaction, and then confirms the abort without writing its end into the partitions. Consumers of committed
    /// records would wait there for ever. A further transaction of the same producer in the same partitions does write
    /// an end, so this method starts one and aborts it.
    private func endLeftovers() throws {
        let places = routes.filter { $0.transaction == transaction && !$0.partitions.isEmpty }
        guard forgetsGroups, !places.isEmpty else { return }
        var seen = errorsBefore
        // Repeat if the connection broke again meanwhile.
        for _ in 0..<Self.mostLeftovers where producer.errorCount != seen {
            seen = producer.errorCount
            try retrying("beginning a transaction to end one that the broker left open") { (share) throws(KafkaError) in
                try producer.beginTransaction(timeout: share)
            }
            do throws(KafkaError) {
                let key = Array("~".utf8)
                for route in places {
                    for partition in route.partitions.sorted() {
                        try producer.produce(
                            route.topic,
                            partition: partition,
                            key: key.span,
                            value: nil,
                            headers: route.plain
                        )
                    }
                }
                try producer.flush(timeout: .seconds(5))
            } catch {
                logger.warning("ending a transaction that the broker left open: \(error)")
            }
            do {
                try endAborted()
            } catch {
                throw RuntimeError.final(fence ?? error, "aborting")
            }
        }
    }

    /// Ends the producer.
    ///
    /// The next run of this instance will end an open transaction.
    public func close(timeout: Duration) {
        producer.close(timeout: timeout)
    }

    private func route(topic: String, eventType: String) throws -> Route {
        for route in routes where route.topicName == topic && route.eventType == eventType { return route }
        let route = Route(
            topicName: topic,
            eventType: eventType,
            topic: try producer.topic(topic),
            source: source
        )
        routes.append(route)
        return route
    }

    /// Increments the last 16 hexadecimal digits of the identifier.
    private func advanceIdentifier() {
        var at = identifier.count - 1
        while at >= identifier.count - 16 {
            switch identifier[at] {
            case UInt8(ascii: "9"): identifier[at] = UInt8(ascii: "a")
            case UInt8(ascii: "f"): identifier[at] = UInt8(ascii: "0")
            default: identifier[at] += 1
            }
            if identifier[at] != UInt8(ascii: "0") { return }
            at -= 1
        }
    }
}
