internal import CRdKafka

/// An error of a call to Kafka, with three flags that tell the caller how to react.
///
/// If none of ``isFatal``, ``isRetriable`` and ``requiresAbort`` is set, the call failed and would fail again, but the
/// client still works. See "Transactional producer" in librdkafka's INTRODUCTION.md.
public struct KafkaError: Error, Sendable, Hashable, CustomStringConvertible {
    /// librdkafka's numeric error code: negative for errors of the client, positive for those of a broker.
    public struct Code: Sendable, Hashable, RawRepresentable {
        /// The value of librdkafka's `rd_kafka_resp_err_t`, or ``invalidConfiguration``'s own.
        public let rawValue: Int32

        /// Creates a code from librdkafka's number.
        public init(rawValue: Int32) {
            self.rawValue = rawValue
        }

        init(_ error: rd_kafka_resp_err_t) {
            self.init(rawValue: error.rawValue)
        }
    }

    /// The code to react to.
    public let code: Code
    /// The code's name as librdkafka writes it, such as `UNKNOWN_TOPIC_OR_PART`.
    public let name: String
    /// A description for people.
    public let message: String
    /// The client can no longer be used: close it and start again (in a worker: a new process).
    public let isFatal: Bool
    /// The same call may succeed if it is repeated.
    public let isRetriable: Bool
    /// The current transaction must be aborted.
    ///
    /// The producer works again after that.
    public let requiresAbort: Bool

    /// Creates an error from its parts, for tests and for the wrapper itself.
    public init(
        code: Code,
        name: String,
        message: String,
        isFatal: Bool = false,
        isRetriable: Bool = false,
        requiresAbort: Bool = false
    ) {
        self.code = code
        self.name = name
        self.message = message
        self.isFatal = isFatal
        self.isRetriable = isRetriable
        self.requiresAbort = requiresAbort
    }

    /// The name, the message and the flags that are set, on one line.
    public var description: String {
        var flags: [String] = []
        if isFatal { flags.append("fatal") }
        if isRetriable { flags.append("retriable") }
        if requiresAbort { flags.append("requires abort") }
        return "\(name): \(message)" + (flags.isEmpty ? "" : " (\(flags.joined(separator: ", ")))")
    }
}

extension KafkaError.Code {
    /// The call did not end within its time limit.
    public static let timedOut = Self(RD_KAFKA_RESP_ERR__TIMED_OUT)
    /// The broker did not end the request within its time limit.
    public static let requestTimedOut = Self(RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT)
    /// A newer instance with the same `transactional.id` or `group.instance.id` has taken this one's place.
    public static let fenced = Self(RD_KAFKA_RESP_ERR__FENCED)
    /// The broker's code for a newer producer with the same `transactional.id`.
    public static let producerFenced = Self(RD_KAFKA_RESP_ERR_PRODUCER_FENCED)
    /// The broker's code for a newer consumer with the same `group.instance.id`.
    public static let fencedInstanceID = Self(RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID)
    /// The brokers no longer know the `transactional.id`, because it was unused for longer than they keep it.
    public static let invalidProducerIDMapping = Self(RD_KAFKA_RESP_ERR_INVALID_PRODUCER_ID_MAPPING)
    /// The topic or the partition does not exist (said by a broker).
    public static let unknownTopicOrPartition = Self(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
    /// The topic does not exist (said by the client from its metadata).
    public static let unknownTopic = Self(RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC)
    /// The partition does not exist (said by the client from its metadata).
    public static let unknownPartition = Self(RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION)
    /// A topic with this name exists.
    public static let topicAlreadyExists = Self(RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
    /// The producer's queue is full and did not empty in time.
    public static let queueFull = Self(RD_KAFKA_RESP_ERR__QUEUE_FULL)
    /// The message was purged from the producer's queue before it was sent.
    public static let purgedFromQueue = Self(RD_KAFKA_RESP_ERR__PURGE_QUEUE)
    /// The message was purged while its request was in flight.
    ///
    /// It is unknown whether it was stored.
    public static let purgedInFlight = Self(RD_KAFKA_RESP_ERR__PURGE_INFLIGHT)
    /// The message was not delivered within `message.timeout.ms`.
    public static let messageTimedOut = Self(RD_KAFKA_RESP_ERR__MSG_TIMED_OUT)
    /// The message is larger than the broker or the client allows.
    public static let messageTooLarge = Self(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE)
    /// The connection to a broker failed.
    public static let transport = Self(RD_KAFKA_RESP_ERR__TRANSPORT)
    /// No broker can be reached at present.
    public static let allBrokersDown = Self(RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
    /// The broker refused the credentials.
    public static let authentication = Self(RD_KAFKA_RESP_ERR__AUTHENTICATION)
    /// The principal may not do this to the topic.
    public static let topicAuthorizationFailed = Self(RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED)
    /// The principal may not do this in the group.
    public static let groupAuthorizationFailed = Self(RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED)
    /// The principal may not do this to the cluster.
    public static let clusterAuthorizationFailed = Self(RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED)
    /// The principal may not use the `transactional.id`.
    public static let transactionalIDAuthorizationFailed = Self(RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED)
    /// The cluster does not allow a `transaction.timeout.ms` this long.
    public static let invalidTransactionTimeout = Self(RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT)
    /// The cluster does not allow this `session.timeout.ms`.
    public static let invalidSessionTimeout = Self(RD_KAFKA_RESP_ERR_INVALID_SESSION_TIMEOUT)
    /// The call is not allowed in the client's state, such as a commit without a transaction.
    public static let state = Self(RD_KAFKA_RESP_ERR__STATE)
    /// An argument is not valid.
    public static let invalidArgument = Self(RD_KAFKA_RESP_ERR__INVALID_ARG)
    /// A fatal error.
    ///
    /// The wrapper replaces it by its cause, if known.
    public static let fatal = Self(RD_KAFKA_RESP_ERR__FATAL)
    /// The owner polled too seldom (`max.poll.interval.ms`) and lost its partitions.
    public static let pollIntervalExceeded = Self(RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED)
    /// The group has a newer generation and no longer accepts offsets of the previous one.
    public static let illegalGeneration = Self(RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION)
    /// The group does not know the member (any more).
    public static let unknownMember = Self(RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID)
    /// The group is rebalancing.
    public static let rebalanceInProgress = Self(RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS)
    /// The start offset does not exist, and `auto.offset.reset` says to fail.
    public static let autoOffsetReset = Self(RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET)
    /// The TLS handshake failed: a certificate, its authority or its name is wrong.
    public static let ssl = Self(RD_KAFKA_RESP_ERR__SSL)
    /// A broker's name could not be resolved.
    public static let nameNotResolved = Self(RD_KAFKA_RESP_ERR__RESOLVE)
    /// The client was closed.
    public static let closed = Self(RD_KAFKA_RESP_ERR__DESTROY)
    /// A property is unknown, has a value that is not valid, or contradicts another (the wrapper's own code).
    public static let invalidConfiguration = Self(rawValue: -10_000)
}

// MARK: - From C

extension KafkaError {
    /// Turns an error object into a Swift error and destroys it.
    ///
    /// No other place destroys one.
    ///
    /// - Parameters:
    ///   - error: the object; ownership is passed to this initializer.
    ///   - client: the client of the error, for finding the cause of a fatal error.
    init?(consuming error: OpaquePointer?, client: OpaquePointer? = nil) {
        guard let error = unsafe error else { return nil }
        defer { unsafe rd_kafka_error_destroy(error) }
        unsafe self.init(borrowing: error, client: client)
    }

    /// Turns an error object that someone else owns (an admin result) into a Swift error.
    init(borrowing error: OpaquePointer, client: OpaquePointer? = nil) {
        let code = unsafe rd_kafka_error_code(error)
        let fatal = unsafe rd_kafka_error_is_fatal(error) != 0
        self.init(
            code: Code(code),
            name: unsafe String(cString: rd_kafka_error_name(error)),
            message: unsafe String(cString: rd_kafka_error_string(error)),
            isFatal: fatal,
            // librdkafka sets the retriable flag only in transactional calls.
            isRetriable: unsafe rd_kafka_error_is_retriable(error) != 0 || (!fatal && Self.retriable.contains(code)),
            requiresAbort: unsafe rd_kafka_error_txn_requires_abort(error) != 0
        )
        if code == RD_KAFKA_RESP_ERR__FATAL, let cause = unsafe Self.fatalCause(of: client) {
            self = cause
        }
    }

    /// Turns a code into a Swift error; nil for "no error".
    init?(_ code: rd_kafka_resp_err_t, _ message: String? = nil, client: OpaquePointer? = nil) {
        if code == RD_KAFKA_RESP_ERR_NO_ERROR { return nil }
        self.init(failure: code, message)
        if code == RD_KAFKA_RESP_ERR__FATAL, let cause = unsafe Self.fatalCause(of: client) {
            self = cause
        }
    }

    /// The error of a code that is not "no error".
    init(failure code: rd_kafka_resp_err_t, _ message: String? = nil) {
        self.init(
            code: Code(code),
            name: unsafe String(cString: rd_kafka_err2name(code)),
            message: message ?? (unsafe String(cString: rd_kafka_err2str(code))),
            isFatal: code == RD_KAFKA_RESP_ERR__FATAL,
            isRetriable: Self.retriable.contains(code)
        )
    }

    /// The first fatal error of a client, if it had one.
    static func fatalCause(of client: OpaquePointer?) -> KafkaError? {
        guard let client = unsafe client else { return nil }
        var text = [CChar](repeating: 0, count: 512)
        let code = unsafe rd_kafka_fatal_error(client, &text, text.count)
        if code == RD_KAFKA_RESP_ERR_NO_ERROR { return nil }
        return KafkaError(
            code: Code(code),
            name: unsafe String(cString: rd_kafka_err2name(code)),
            message: String(cText: text),
            isFatal: true
        )
    }

    /// An error about a property that cannot be used.
    static func configuration(_ message: String) -> KafkaError {
        KafkaError(code: .invalidConfiguration, name: "INVALID_CONFIGURATION", message: message)
    }

    /// The client was closed before the call.
    static var closed: KafkaError {
        KafkaError(failure: RD_KAFKA_RESP_ERR__DESTROY, "the client is closed")
    }

    /// The call ended at its time limit.
    static func timeout(_ message: String) -> KafkaError {
        KafkaError(failure: RD_KAFKA_RESP_ERR__TIMED_OUT, message)
    }

    /// Codes for temporary conditions of a broker or the client.
    ///
    /// Kafka's protocol guide, "Error codes", column "Retriable", and the client's own transport conditions.
    private static let retriable: Set<rd_kafka_resp_err_t> = [
        RD_KAFKA_RESP_ERR__TIMED_OUT, RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN,
        RD_KAFKA_RESP_ERR__WAIT_COORD, RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE, RD_KAFKA_RESP_ERR__RESOLVE,
        RD_KAFKA_RESP_ERR__QUEUE_FULL, RD_KAFKA_RESP_ERR__RETRY, RD_KAFKA_RESP_ERR__WAIT_CACHE,
        RD_KAFKA_RESP_ERR__IN_PROGRESS,
        RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT, RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION,
        RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS, RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE,
        RD_KAFKA_RESP_ERR_NOT_COORDINATOR, RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE,
        RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE,
        RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND,
        RD_KAFKA_RESP_ERR_NOT_CONTROLLER, RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS,
        RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR, RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH,
        RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH, RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE,
        RD_KAFKA_RESP_ERR_PREFERRED_LEADER_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
        RD_KAFKA_RESP_ERR_THROTTLING_QUOTA_EXCEEDED, RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT,
        RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS,
    ]
}

extension rd_kafka_resp_err_t: @retroactive Hashable {}

extension String {
    /// The text of a C buffer, up to its first zero byte.
    init(cText buffer: [CChar]) {
        self.init(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
