internal import CRdKafka
public import Logging
internal import Synchronization

/// A message that will not be delivered, and the reason.
public struct DeliveryFailure: Sendable, Hashable, CustomStringConvertible {
    /// The destination; the partition is -1 if none was chosen yet.
    public let topicPartition: TopicPartition
    /// The reason.
    public let error: KafkaError

    /// The partition and the error.
    public var description: String {
        "\(topicPartition): \(error)"
    }
}

/// A topic of a producer: passed to every ``Producer/produce(_:partition:key:value:headers:timestamp:)``.
@safe
public final class ProducerTopic: Sendable {
    /// The topic's name.
    public let name: String
    // Destroyed after the body of `deinit` has released the topic, because stored properties are destroyed last.
    private let client: ClientHandle
    nonisolated(unsafe) let pointer: OpaquePointer

    init(_ name: String, client: ClientHandle) throws(KafkaError) {
        guard let pointer = unsafe rd_kafka_topic_new(client.pointer, name, nil) else {
            throw KafkaError(failure: rd_kafka_last_error(), "topic \(name)")
        }
        self.name = name
        self.client = client
        unsafe self.pointer = pointer
    }

    deinit {
        unsafe TopicResource.destroy(pointer)
    }
}

/// A producer.
///
/// It is idempotent unless the configuration says otherwise, and transactional if the configuration sets
/// `transactional.id`.
///
/// It may be used from several threads, but librdkafka allows only one transactional call at a time. The client ends
/// with the last reference to the producer and its topics; ``close(timeout:)`` makes this quick.
public final class Producer: Sendable {
    let client: ClientHandle
    let transactions = TransactionCalls()
    private let topics = Mutex<[String: ProducerTopic]>([:])
    private let queueTimeout: Duration
    /// Tells consumers of this machine that there are new records.
    let bell: Bell?

    /// Creates a producer.
    ///
    /// - Parameters:
    ///   - configuration: any librdkafka properties.
    ///   - queueTimeout: how long a call waits for room in a full queue
    ///     (`queue.buffering.max.messages`, `queue.buffering.max.kbytes`) before it fails.
    ///   - logger: receives librdkafka's logs while the producer is polled.
    /// - Throws: ``KafkaError/Code/invalidConfiguration``, naming the property.
    public init(
        _ configuration: KafkaConfiguration,
        queueTimeout: Duration = .seconds(60),
        logger: Logger
    ) throws(KafkaError) {
        let conf = try configuration.makeConfiguration(defaults: [
            "enable.idempotence": "true",
            "partitioner": "murmur2_random",
            "delivery.report.only.error": "true",
        ])
        self.queueTimeout = queueTimeout
        bell = configuration.bell.flatMap(Bell.at)
        client = try unsafe ClientHandle(RD_KAFKA_PRODUCER, conf, logger: logger) {
            unsafe rd_kafka_conf_set_dr_msg_cb($0, deliveryCallback)
        }
    }

    /// The topic with this name.
    ///
    /// Every call returns the same object.
    public func topic(_ name: String) throws(KafkaError) -> ProducerTopic {
        if let known = topics.withLock({ $0[name] }) { return known }
        let topic = try ProducerTopic(name, client: client)
        return topics.withLock { topics in
            if let known = topics[name] { return known }
            topics[name] = topic
            return topic
        }
    }

    /// Puts a message into the queue, from which librdkafka sends it.
    ///
    /// Key and value are copied. Nil and empty differ: a nil value is a tombstone. If the queue is full, the call
    /// retries until the producer's queue time-out and then fails with ``KafkaError/Code/queueFull``.
    /// ``flush(timeout:)``, ``commitTransaction(timeout:)`` and ``takeDeliveryFailures()`` report the later fate of the
    /// message.
    ///
    /// - Parameters:
    ///   - topic: from ``topic(_:)`` of this producer.
    ///   - partition: a partition's number, or `.any`.
    ///   - key: the key's bytes.
    ///   - value: the value's bytes.
    ///   - headers: not consumed; you may change and reuse them after the call.
    ///   - timestamp: milliseconds since 1970 UTC; nil for now.
    /// - Throws: ``KafkaError/Code/queueFull``, or the reason why the message cannot be sent.
    public func produce(
        _ topic: ProducerTopic,
        partition: Int32 = .any,
        key: Span<UInt8>?,
        value: Span<UInt8>?,
        headers: MessageHeaders? = nil,
        timestamp: Int64? = nil
    ) throws(KafkaError) {
        let error: KafkaError? =
            if let headers {
                unsafe enqueue(
                    topic,
                    partition,
                    key,
                    value,
                    timestamp,
                    UnsafeMutableBufferPointer(
                        rebasing: headers.arguments[..<(MessageHeaders.reserved + headers.count)]
                    )
                )
            } else {
                unsafe withUnsafeTemporaryAllocation(of: rd_kafka_vu_t.self, capacity: MessageHeaders.reserved) {
                    unsafe $0.initialize(repeating: rd_kafka_vu_t())
                    return unsafe enqueue(topic, partition, key, value, timestamp, $0)
                }
            }
        if let error { throw error }
    }

    /// Fills in the message's arguments, and retries until the queue has room.
    private func enqueue(
        _ topic: ProducerTopic,
        _ partition: Int32,
        _ key: Span<UInt8>?,
        _ value: Span<UInt8>?,
        _ timestamp: Int64?,
        _ arguments: UnsafeMutableBufferPointer<rd_kafka_vu_t>
    ) -> KafkaError? {
        unsafe arguments[0].vtype = RD_KAFKA_VTYPE_RKT
        unsafe arguments[0].u.rkt = topic.pointer
        unsafe arguments[1].vtype = RD_KAFKA_VTYPE_PARTITION
        unsafe arguments[1].u.i32 = partition
        unsafe arguments[2].vtype = RD_KAFKA_VTYPE_MSGFLAGS
        unsafe arguments[2].u.i = Int32(RD_KAFKA_MSG_F_COPY)
        unsafe arguments[3].vtype = RD_KAFKA_VTYPE_TIMESTAMP
        unsafe arguments[3].u.i64 = timestamp ?? 0
        return unsafe withMemory(of: key) { key in
            unsafe arguments[4].vtype = RD_KAFKA_VTYPE_KEY
            unsafe arguments[4].u.mem = key
            return unsafe withMemory(of: value) { value in
                unsafe arguments[5].vtype = RD_KAFKA_VTYPE_VALUE
                unsafe arguments[5].u.mem = value
                let error = unsafe rd_kafka_produceva(client.pointer, arguments.baseAddress, arguments.count)
                guard let error = unsafe error else { return nil }
                let failure = unsafe KafkaError(consuming: error, client: client.pointer)
                guard failure?.code == .queueFull else { return failure }
                return unsafe retry(arguments)
            }
        }
    }

    private func retry(_ arguments: UnsafeMutableBufferPointer<rd_kafka_vu_t>) -> KafkaError? {
        let deadline = ContinuousClock.now + queueTimeout
        while true {
            poll(timeout: .milliseconds(20))
            let error = unsafe rd_kafka_produceva(client.pointer, arguments.baseAddress, arguments.count)
            let failure = unsafe KafkaError(consuming: error, client: client.pointer)
            guard let failure else { return nil }
            if failure.code != .queueFull || ContinuousClock.now >= deadline { return failure }
        }
    }

    /// Processes delivery reports, statistics and logs.
    ///
    /// The owner must call it regularly. Calls that wait also do so.
    ///
    /// - Returns: the number of processed events.
    @discardableResult
    public func poll(timeout: Duration) -> Int {
        unsafe Int(rd_kafka_poll(client.pointer, timeout.milliseconds))
    }

    /// Waits until every message in the queue is delivered or has failed.
    ///
    /// Throws ``KafkaError/Code/timedOut`` if some are left. ``takeDeliveryFailures()`` returns the failed messages.
    public func flush(timeout: Duration) throws(KafkaError) {
        try client.check(unsafe rd_kafka_flush(client.pointer, timeout.milliseconds))
        bell?.ring()
    }

    /// Drops every undelivered message; each becomes a delivery failure.
    public func purge() {
        unsafe rd_kafka_purge(client.pointer, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT)
        poll(timeout: .zero)
    }

    /// The number of messages and requests waiting in the client.
    public var queueLength: Int {
        unsafe Int(rd_kafka_outq_len(client.pointer))
    }

    /// The first thousand delivery failures since the last call.
    ///
    /// See ``deliveryFailureCount``.
    public func takeDeliveryFailures() -> [DeliveryFailure] {
        client.context.state.withLock { state in
            defer { state.deliveryFailures.removeAll() }
            return state.deliveryFailures
        }
    }

    /// The number of failed messages since the producer was created.
    public var deliveryFailureCount: Int {
        client.context.state.withLock { $0.deliveryFailureCount }
    }

    /// The fatal error after which the producer can no longer be used, if any.
    public var fatalError: KafkaError? {
        client.fatalError
    }

    /// The number of connection and broker errors that ``poll(timeout:)`` has processed so far.
    public var errorCount: Int {
        client.context.state.withLock { $0.errorCount }
    }

    /// The newest statistics; nil before the first, or if `statistics.interval.ms` is not set.
    public var latestStatistics: Statistics? {
        client.statistics
    }

    /// Flushes for the given time and then drops the remaining messages.
    public func close(timeout: Duration) {
        unsafe rd_kafka_flush(client.pointer, timeout.milliseconds)
        // Do not wait for broker threads, because one may be resolving an address.
        let flags = RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_NON_BLOCKING
        unsafe rd_kafka_purge(client.pointer, flags)
        poll(timeout: .zero)
        topics.withLock { $0.removeAll() }
    }
}

/// Calls the body with the memory of a span: null for nil, and not null for an empty span.
private func withMemory<Result>(
    of span: Span<UInt8>?,
    _ body: (rd_kafka_vu_t.__Unnamed_union_u.__Unnamed_struct_mem) -> Result
) -> Result {
    guard let span else { return unsafe body(.init(ptr: nil, size: 0)) }
    return unsafe span.withUnsafeBufferPointer { bytes in
        // An empty span may have no address. librdkafka copies no bytes from this one.
        let address = unsafe bytes.baseAddress.map { unsafe UnsafeMutableRawPointer(mutating: $0) } ?? emptyAddress
        return unsafe body(.init(ptr: address, size: bytes.count))
    }
}

/// An address for values that are present but empty.
nonisolated(unsafe) private let emptyAddress = UnsafeMutableRawPointer.allocate(byteCount: 1, alignment: 1)

private func deliveryCallback(
    client: OpaquePointer?,
    message: UnsafePointer<rd_kafka_message_t>?,
    opaque: UnsafeMutableRawPointer?
) {
    guard let context = unsafe ClientContext.of(opaque), let message = unsafe message else { return }
    guard let error = unsafe KafkaError(message.pointee.err, client: client) else { return }
    let topic = unsafe message.pointee.rkt.map { unsafe String(cString: rd_kafka_topic_name($0)) } ?? ""
    let partition = unsafe message.pointee.partition
    context.state.withLock { state in
        state.deliveryFailureCount += 1
        if state.deliveryFailures.count < ClientContext.keptDeliveryFailures {
            let topicPartition = TopicPartition(topic: topic, partition: partition)
            state.deliveryFailures.append(DeliveryFailure(topicPartition: topicPartition, error: error))
        }
    }
}
