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
    public private(set) var isOpen = false

    private var producer: Producer
    private let identity: TransactionalIdentity
    private let source: String
    private let logger: Logger
    private let timeout: Duration
    private let shouldStop: () -> Bool
    private let stopTimeout: Duration
    /// When the request to leave was first seen.
    private var stoppedAt: ContinuousClock.Instant?
    private var routes: [Route] = []
    private var identifier: [UInt8]
    private var time = ""
    private var transaction = 0
    /// Errors that the client had told of when the transaction began.
    private var errorsBefore = 0

    /// A topic and type with the headers that are sent with it.
    private final class Route {
        let topicName: String
        let eventType: String
        let topic: ProducerTopic
        let plain = MessageHeaders(capacity: 8)
        let caused = MessageHeaders(capacity: 9)
        var transaction = -1

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

    /// How long a transaction of a worker may last, from commit to commit: a minute for what takes a second.
    public static let transactionTimeout: Duration = .seconds(60)

    /// Connects, takes the transactional id over from whoever had it, and ends their transaction.
    ///
    /// - `kafka`: where the brokers are; any property passes through.
    /// - `transactionalID`: the same for every life of this instance.
    /// - `memoryTopic`: a topic that exists; see ``TransactionalIdentity``.
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
        try retrying("beginning a transaction") { (_) throws(KafkaError) in try producer.beginTransaction() }
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
        }
        advanceIdentifier()
        let headers = cause.isEmpty ? route.plain : route.caused
        headers.set(at: 0, identifier.span)
        headers.set(at: 1, key)
        if !cause.isEmpty { headers.set(at: 7, cause) }
        do {
            try producer.produce(route.topic, partition: partition, key: key, value: value, headers: headers)
        } catch {
            try resolve(error, "producing to \(topic)")
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
            try retrying("sending offsets") { (share) throws(KafkaError) in
                try producer.sendOffsets(offsets, group: group, timeout: share)
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
            throw RuntimeError.final(producer.fatalError.flatMap { $0.isFence ? $0 : nil } ?? error, "aborting")
        }
        try renew()
    }

    /// Where an aborted producer may not be used again, goes on with another one.
    private func renew() throws {
        guard let other = try identity.renewed(after: producer) else { return }
        producer = other
        routes = []
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

    /// Tries a call again while its error says so, until the time is over; then resolves the error.
    ///
    /// What is under way is finished also when the process is to leave, but not waited for as long.
    private func retrying(_ action: String, _ call: (Duration) throws(KafkaError) -> Void) throws {
        let begin = ContinuousClock.now
        var backoff = Backoff()
        while true {
            let deadline = deadline(since: begin)
            do {
                return try call(max(min(Self.longestCall, deadline - ContinuousClock.now), .milliseconds(1)))
            } catch {
                if error.isRetriable, !error.isFatal, ContinuousClock.now < self.deadline(since: begin) {
                    logger.warning("\(action): trying again", metadata: ["error": "\(error)"])
                    backoff.pause(until: deadline)
                    continue
                }
                try resolve(error, action)
                return
            }
        }
    }

    /// The longest that one call waits before it is looked whether to leave; the calls go on where they were.
    private static let longestCall: Duration = .seconds(5)

    private func deadline(since begin: ContinuousClock.Instant) -> ContinuousClock.Instant {
        if stoppedAt == nil, shouldStop() { stoppedAt = .now }
        return min(begin + timeout, stoppedAt.map { $0 + stopTimeout } ?? begin + timeout)
    }

    /// Abortable errors abort the transaction; all others end this producer.
    private func resolve(_ error: KafkaError, _ action: String) throws {
        let error = reason(of: error)
        if error.requiresAbort, !error.isFatal {
            isOpen = false
            do {
                try endAborted()
            } catch let second {
                throw RuntimeError.final(
                    second,
                    "\(action) failed (\(error)), and so did aborting; a restart begins anew"
                )
            }
            // A twin took the place in the group: to abort, restore and try again would only go on for ever.
            guard error.code != .fencedInstanceID else { throw RuntimeError.final(error, action) }
            try renew()
            throw TransactionAborted(cause: error)
        }
        let fence = producer.fatalError.flatMap { $0.isFence ? $0 : nil }
        throw RuntimeError.final(fence ?? error, action)
    }
}

extension TransactionalSink {
    /// A message that could not be delivered makes the open transaction one that can only be aborted, and a later call
    /// says no more than that the state does not allow it: the cause is with the message.
    private func reason(of error: KafkaError) -> KafkaError {
        guard error.code == .state, isOpen, producer.fatalError == nil else { return error }
        producer.poll(timeout: .zero)
        let causes = producer.takeDeliveryFailures().map(\.error)
            .filter { $0.code != .purgedFromQueue && $0.code != .purgedInFlight }
        let cause = causes.first ?? error
        return KafkaError(code: cause.code, name: cause.name, message: cause.message, requiresAbort: true)
    }

    /// Aborts, again and again while the brokers cannot be reached, until the time is over.
    private func endAborted() throws(KafkaError) {
        let begin = ContinuousClock.now
        var backoff = Backoff()
        while true {
            let deadline = deadline(since: begin)
            do {
                try producer.abortTransaction(
                    timeout: max(min(Self.longestCall, deadline - ContinuousClock.now), .milliseconds(1))
                )
                // What the abort took out of the queue is no failure of the next transaction.
                _ = producer.takeDeliveryFailures()
                return
            } catch {
                guard error.isRetriable, !error.isFatal, ContinuousClock.now < deadline else { throw error }
                logger.warning("aborting: trying again", metadata: ["error": "\(error)"])
                backoff.pause(until: deadline)
            }
        }
    }
}

extension UInt64 {
    /// 16 hexadecimal digits.
    var hexadecimal: String {
        let digits = String(self, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
