import Foundation
public import Kafka
public import Logging

/// A transaction was aborted: nothing of it is visible, and what had been consumed for it is to be consumed again.
public struct TransactionAborted: Error, Sendable, CustomStringConvertible {
    /// The error that made the abort necessary.
    public let cause: KafkaError

    /// The error's text.
    public var description: String { "the transaction was aborted: \(cause)" }
}

/// Publications in Kafka transactions, with CloudEvents headers in binary mode.
///
/// Used from one thread.
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
    /// Whether the broker forgets its groups when it ends, as the local one does.
    ///
    /// It takes offsets then of an instance whose partitions it has given to another. Apache Kafka refuses them.
    private let forgetsGroups: Bool
    let stopTimeout: Duration
    /// When the request to leave was first seen.
    var stoppedAt: ContinuousClock.Instant?
    private var routes: [Route] = []
    private var identifier: [UInt8]
    private var time = ""
    private var transaction = 0
    /// Errors that the client had reported when the transaction began.
    private var errorsBefore = 0

    /// A topic and type with the headers that are sent with it.
    private final class Route {
        let topicName: String
        let eventType: String
        let topic: ProducerTopic
        let plain = MessageHeaders(capacity: 8)
        let caused = MessageHeaders(capacity: 9)
        /// The transaction that was sent to last, and its partitions.
        var transaction = -1
        var partitions: Set<Int32> = []

        init(topicName: String, eventType: String, topic: ProducerTopic, source: String) {
            self.topicName = topicName
            self.eventType = eventType
            self.topic = topic
            for headers in [plain, caused] {
                // The first three change with each record, or with each transaction.
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

    /// How often what a broker left open is ended, where its connection breaks again and again.
    private static let mostLeftovers = 5

    /// How long a transaction of a worker may last, from commit to commit: a minute for what takes a second.
    public static let transactionTimeout: Duration = .seconds(60)

    /// Connects, takes the transactional id over from whoever had it, and ends their transaction.
    ///
    /// - `kafka`: where the brokers are; any property passes through.
    /// - `transactionalID`: the same for every life of this instance.
    /// - `memoryTopic`: a topic that exists; see `TransactionalIdentity`.
    /// - `source`: the `ce_source` of what is published.
    /// - `timeout`: how long one call to the broker may be tried again.
    /// - `transactionTimeout`: after how long the brokers end a transaction that its instance left open, unless a
    ///   property says so. Until then committed readers wait at its partitions, so it is no longer than the work needs.
    /// - `stopTimeout`: how long it may be tried once `shouldStop` says so.
    /// - `shouldStop`: whether the process was asked to leave: looked at while a call is tried again.
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
    }

    /// Spends the first second of the transactional producer, which librdkafka 2.0.2 takes to register its first
    /// partition, on a tombstone of a key that nobody reads: the first correction does not wait for it.
    ///
    /// - `topic`: a compacted topic whose readers pass over tombstones.
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
        errorsBefore = producer.errorCount
        try retrying("beginning a transaction") { (share) throws(KafkaError) in
            try producer.beginTransaction(timeout: share)
        }
        isOpen = true
        transaction += 1
        time = Date().ISO8601Format(.iso8601WithTimeZone(includingFractionalSeconds: true))
    }

    /// Sends a record in the open transaction; begins one where none is open.
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
    /// Nothing to do without either.
    ///
    /// - `standing`: asks the brokers for the group's committed offsets of these places. Where connections broke since
    ///   the transaction began, its offsets have to stand there before the commit counts: a broker that lost its memory
    ///   of the transaction may answer that it is committed though it is not.
    ///
    /// Throws ``TransactionAborted`` when the transaction had to be aborted, ``RuntimeError`` when this producer is at
    /// its end.
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

    /// Holds what the brokers say of a commit against the offsets that it was to move.
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
        // Another life of the same instance may have gone on from there.
        guard let lost = offsets.first(where: { (found[$0.topicPartition] ?? -1) < ($0.offset.value ?? 0) }) else {
            return
        }
        logger.error(
            "the brokers answered that a transaction is committed, but it is not; it is done again",
            metadata: ["topic": "\(lost.topic)", "partition": "\(lost.partition)"]
        )
        try renew()
        throw TransactionAborted(
            cause: KafkaError(
                code: .state,
                name: "_STATE",
                message: "the commit was answered and does not stand",
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

    /// Where an aborted producer may not be used again, goes on with another one.
    func renew() throws {
        try endLeftovers()
        guard let other = try identity.renewed(after: producer) else { return }
        producer = other
        routes = []
    }

    /// Ends what the local broker left open of the last transaction, which was aborted.
    ///
    /// It aborts a transaction when its service ends. What the producer sends of it afterwards it takes all the same,
    /// and answers the abort without an end in the partitions: whoever reads committed records stands there for ever. A
    /// further transaction of the same producer in the same partitions has an end; it is aborted too.
    private func endLeftovers() throws {
        let places = routes.filter { $0.transaction == transaction && !$0.partitions.isEmpty }
        guard forgetsGroups, !places.isEmpty else { return }
        var seen = errorsBefore
        // Again where the connection broke once more meanwhile.
        for _ in 0..<Self.mostLeftovers where producer.errorCount != seen {
            seen = producer.errorCount
            try retrying("beginning to end what the broker left open") { (share) throws(KafkaError) in
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
                logger.warning("ending what the broker left open: \(error)")
            }
            do {
                try endAborted()
            } catch {
                throw RuntimeError.final(fence ?? error, "aborting")
            }
        }
    }

    /// Ends the producer; an open transaction is left to the next life of this instance.
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

    /// Counts the last 16 digits of the identifier up, in hexadecimal.
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
