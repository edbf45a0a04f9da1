internal import CRdKafka
internal import Dispatch
internal import Logging
internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// The state that a client's callbacks write and its owner reads.
///
/// Callbacks run inside the owner's calls or on a librdkafka thread. They wait only for this lock.
final class ClientContext: Sendable {
    struct State {
        var deliveryFailures: [DeliveryFailure] = []
        var deliveryFailureCount = 0
        var rebalances: [Rebalance] = []
        var isClosing = false
        var statistics: [UInt8]?
        /// How often librdkafka emitted statistics.
        var statisticsCount = 0
        /// The number of errors that librdkafka reported: broken connections and brokers that did not answer.
        var errorCount = 0
        /// Errors of topics and partitions, for the consumer to report.
        var topicErrors: [KafkaError] = []
        /// Why the newest connection was refused: a wrong certificate, name or secret.
        var connectionError: KafkaError?
    }

    /// The most delivery failures kept between two calls that take them.
    ///
    /// All are counted.
    static let keptDeliveryFailures = 1_000

    let logger: Logger
    /// A hint for the case that a login is refused.
    let authenticationHint: String?
    let state = Mutex(State())
    /// The consumer's queue, which the rebalance callback wakes.
    ///
    /// Set once, before the first callback.
    let consumerQueue = Atomic<Int>(0)

    init(logger: Logger, authenticationHint: String?) {
        self.logger = logger
        self.authenticationHint = authenticationHint
    }

    static func of(_ opaque: UnsafeMutableRawPointer?) -> ClientContext? {
        guard let opaque = unsafe opaque else { return nil }
        return unsafe Unmanaged<ClientContext>.fromOpaque(opaque).takeUnretainedValue()
    }
}

/// The owner of an `rd_kafka_t`.
///
/// Objects that must be released before the client (topics, batches, queues) retain it.
@safe
final class ClientHandle: @unchecked Sendable {
    // Any thread may call librdkafka, and the pointer never changes.
    let pointer: OpaquePointer
    let context: ClientContext
    /// How long `deinit` waits for librdkafka's threads.
    ///
    /// After that they are abandoned.
    private let destroyTimeout = Duration.seconds(5)
    /// Whether a call hangs in the client.
    private var isAbandoned = false

    init(
        _ type: rd_kafka_type_t,
        _ configuration: consuming Owner<ConfigurationResource>,
        logger: Logger,
        prepare: (OpaquePointer) -> Void = { _ in }
    ) throws(KafkaError) {
        let mechanism = unsafe Self.value(of: "sasl.mechanisms", configuration.pointer)
        let context = ClientContext(logger: logger, authenticationHint: ClientLibrary.hint(mechanism: mechanism))
        let conf = unsafe rd_kafka_conf_dup(configuration.pointer)
        guard let conf = unsafe conf else { throw .configuration("the configuration could not be copied") }
        let opaque = unsafe Unmanaged.passRetained(context)
        unsafe rd_kafka_conf_set_opaque(conf, opaque.toOpaque())
        unsafe rd_kafka_conf_set_log_cb(conf, logCallback)
        unsafe rd_kafka_conf_set_error_cb(conf, errorCallback)
        unsafe rd_kafka_conf_set_stats_cb(conf, statisticsCallback)
        var text = [CChar](repeating: 0, count: 512)
        unsafe prepare(conf)
        let queuesLogs = unsafe Self.value(of: "log.queue", conf) == "true"
        guard let client = unsafe rd_kafka_new(type, conf, &text, text.count) else {
            // If `rd_kafka_new` fails, the caller still owns the configuration.
            let code = rd_kafka_last_error()
            unsafe rd_kafka_conf_destroy(conf)
            unsafe opaque.release()
            // If threads could not be started in time, no property is at fault.
            guard code != RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE else {
                throw KafkaError(failure: code, String(cText: text))
            }
            throw .configuration(String(cText: text))
        }
        if queuesLogs { unsafe rd_kafka_set_log_queue(client, nil) }
        unsafe self.pointer = client
        self.context = context
    }

    deinit {
        // A hanging call still uses the client, so do not destroy it.
        if isAbandoned { return }
        let isDone = unsafe run(within: destroyTimeout) { client in
            let opaque = unsafe rd_kafka_opaque(client)
            unsafe rd_kafka_destroy_flags(client, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE)
            if let opaque = unsafe opaque { unsafe Unmanaged<ClientContext>.fromOpaque(opaque).release() }
        }
        if !isDone { context.logger.warning("the client's threads did not end in time and were abandoned") }
    }

    /// The value of a property.
    private static func value(of property: String, _ configuration: OpaquePointer) -> String {
        var text = [CChar](repeating: 0, count: 256)
        var length = text.count
        guard unsafe rd_kafka_conf_get(configuration, property, &text, &length) == RD_KAFKA_CONF_OK else { return "" }
        return String(cText: text)
    }

    /// Runs a call that may never return on a thread of its own, and waits for it for a limited time.
    ///
    /// If the call has not ended by then, the client is abandoned. Call this from the owner's thread only.
    ///
    /// - Returns: whether the call ended.
    @discardableResult
    func run(within timeout: Duration, _ call: @escaping @Sendable (OpaquePointer) -> Void) -> Bool {
        let done = DispatchSemaphore(value: 0)
        let address = unsafe Int(bitPattern: pointer)
        let isStarted = startThread {
            if let client = unsafe OpaquePointer(bitPattern: address) { unsafe call(client) }
            done.signal()
        }
        let limit = DispatchTime.now() + .milliseconds(Int(timeout.milliseconds))
        if isStarted, done.wait(timeout: limit) == .success { return true }
        isAbandoned = true
        return false
    }

    /// The first fatal error of the client.
    var fatalError: KafkaError? {
        unsafe KafkaError.fatalCause(of: pointer)
    }

    /// Throws the error of an error object, if there is one, and destroys the object.
    func check(_ error: OpaquePointer?) throws(KafkaError) {
        if let error = unsafe KafkaError(consuming: error, client: pointer) { throw explained(error) }
    }

    /// Throws the error of a code, unless the code means success.
    func check(_ code: rd_kafka_resp_err_t, _ message: @autoclosure () -> String? = nil) throws(KafkaError) {
        if code == RD_KAFKA_RESP_ERR_NO_ERROR { return }
        if let error = unsafe KafkaError(code, message(), client: pointer) { throw explained(error) }
    }

    /// If an error only says that no broker was reached, adds the reason why connections were refused, if known.
    private func explained(_ error: KafkaError) -> KafkaError {
        guard error.code == .transport || error.code == .timedOut || error.code == .allBrokersDown else { return error }
        // A consumer's queue also holds records, so only its owner polls it.
        if unsafe rd_kafka_type(pointer) == RD_KAFKA_PRODUCER { unsafe rd_kafka_poll(pointer, 0) }
        guard let reason = context.state.withLock({ $0.connectionError }) else { return error }
        return KafkaError(
            code: error.code,
            name: error.name,
            message: "\(error.message); \(reason.name): \(reason.message)",
            isFatal: error.isFatal,
            isRetriable: error.isRetriable,
            requiresAbort: error.requiresAbort
        )
    }

    /// The newest statistics that librdkafka emitted.
    var statistics: Statistics? {
        guard let json = context.state.withLock({ $0.statistics }) else { return nil }
        return Statistics(json: json)
    }
}

/// Runs the body on a thread of its own.
///
/// A pool might have no free thread while its other threads wait.
func startThread(_ body: @escaping @Sendable () -> Void) -> Bool {
    final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }
    let argument = unsafe Unmanaged.passRetained(Body(body))
    var thread = pthread_t()
    let result = unsafe pthread_create(
        &thread,
        nil,
        { argument in
            if let argument = unsafe argument { unsafe Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run() }
            return nil
        },
        argument.toOpaque()
    )
    if result != 0 {
        unsafe argument.release()
        return false
    }
    pthread_detach(thread)
    return true
}

// MARK: - Callbacks

private func logCallback(
    client: OpaquePointer?,
    level: Int32,
    facility: UnsafePointer<CChar>?,
    text: UnsafePointer<CChar>?
) {
    guard let client = unsafe client, let context = unsafe ClientContext.of(rd_kafka_opaque(client)) else { return }
    // The levels of syslog, RFC 5424 §6.2.1.
    let severity: Logger.Level =
        switch level {
        case ...2: .critical
        case 3: .error
        case 4: .warning
        case 5: .notice
        case 6: .info
        default: .debug
        }
    let facility = unsafe facility.map { unsafe String(cString: $0) } ?? ""
    // Consumers and producers share one set of properties, so it is no problem if a client ignores properties of the
    // other kind.
    let text = unsafe text.map { unsafe String(cString: $0) } ?? ""
    let level: Logger.Level =
        switch facility {
        case "CONFWARN": .debug
        // The brokers forgot a transactional id that was unused for long. The abort that follows registers it again.
        case "TXNERR" where text.contains("INVALID_PRODUCER_ID_MAPPING"): .info
        default: severity
        }
    guard level >= context.logger.logLevel else { return }
    context.logger.log(
        level: level,
        "\(text)",
        metadata: ["facility": "\(facility)", "client": "\(unsafe String(cString: rd_kafka_name(client)))"]
    )
}

/// Errors that a consumer's owner must learn about although librdkafka keeps retrying.
private let toldErrors: Set<KafkaError.Code> = [
    .unknownPartition, .unknownTopic, .unknownTopicOrPartition, .topicAuthorizationFailed,
]

/// Reasons for refused connections that do not go away by waiting.
private let refusedConnections: Set<KafkaError.Code> = [.authentication, .ssl, .nameNotResolved]

private func errorCallback(
    client: OpaquePointer?,
    code: Int32,
    reason: UnsafePointer<CChar>?,
    opaque: UnsafeMutableRawPointer?
) {
    guard let context = unsafe ClientContext.of(opaque) else { return }
    let reason = unsafe reason.map { unsafe String(cString: $0) }
    let hint = rd_kafka_resp_err_t(code) == RD_KAFKA_RESP_ERR__AUTHENTICATION ? context.authenticationHint : nil
    let text = [reason, hint].compactMap { $0 }.joined(separator: "; ")
    let error = KafkaError(failure: rd_kafka_resp_err_t(code), text.isEmpty ? nil : text)
    context.state.withLock { $0.errorCount += 1 }
    if toldErrors.contains(error.code), unsafe client.map({ unsafe rd_kafka_type($0) }) == RD_KAFKA_CONSUMER {
        context.state.withLock { state in
            if state.topicErrors.count < ClientContext.keptDeliveryFailures { state.topicErrors.append(error) }
        }
        return
    }
    if refusedConnections.contains(error.code) { context.state.withLock { $0.connectionError = error } }
    // librdkafka recovers from all errors except fatal ones. Calls that wait report their own errors.
    let known = unsafe error.isFatal ? KafkaError.fatalCause(of: client) ?? error : error
    context.logger.log(level: known.isFatal ? .error : .warning, "\(known)")
}

private func statisticsCallback(
    client: OpaquePointer?,
    json: UnsafeMutablePointer<CChar>?,
    length: Int,
    opaque: UnsafeMutableRawPointer?
) -> Int32 {
    guard let context = unsafe ClientContext.of(opaque), let json = unsafe json else { return 0 }
    let bytes = unsafe [UInt8](UnsafeRawBufferPointer(start: json, count: length))
    context.state.withLock { state in
        state.statistics = bytes
        state.statisticsCount += 1
    }
    return 0
}
