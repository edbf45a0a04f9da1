package import Kafka
import Logging

/// The worker was asked to leave while it waited for a broker; nothing of its own was under way.
struct Stopped: Error {}

/// How long a worker waits for the brokers: in short calls, between which a request to leave is seen.
struct Patience {
    /// How long one thing may be tried.
    let limit: Duration
    let shouldStop: () -> Bool
    let logger: Logger
    /// The first call's share of the time; later ones get twice as long, up to ``longest``.
    private static let first: Duration = .seconds(1)
    private static let longest: Duration = .seconds(8)

    /// Repeats a call while its error says that it may succeed, until the time is over.
    ///
    /// - `limit`: how long, when it is not the usual time.
    /// - `body`: takes how long the call may wait.
    ///
    /// Throws ``Stopped``; ``RuntimeError`` when the time is over; a ``KafkaError`` that repeating does not mend.
    func call<Value>(_ action: String, limit other: Duration? = nil, _ body: (Duration) throws(KafkaError) -> Value)
        throws -> Value
    {
        let begin = ContinuousClock.now
        let deadline = begin + (other ?? limit)
        var backoff = Backoff()
        var share = Self.first
        while true {
            guard !shouldStop() else { throw Stopped() }
            do {
                return try body(max(min(share, deadline - ContinuousClock.now), .milliseconds(1)))
            } catch {
                guard error.isRetriable, !error.isFatal else { throw error }
                guard ContinuousClock.now < deadline else { throw RuntimeError.persisting(error, action) }
                if error.code == .timedOut {
                    guard !ClockSteps.isStandstill(ContinuousClock.now - begin) else {
                        throw RuntimeError.final(.standstill, action)
                    }
                    // It has waited; a cluster that is slow gets longer the next time.
                    share = min(share * 2, Self.longest)
                } else {
                    logger.warning("\(action): trying again", metadata: ["error": "\(error)"])
                    backoff.pause(until: deadline)
                }
            }
        }
    }
}

extension RuntimeError {
    /// What an error comes to that went on until the time for it was over: the brokers are there for nobody, whatever
    /// name they give it.
    static func persisting(_ error: KafkaError, _ action: String) -> RuntimeError {
        switch error.code {
        case .unknownTopic, .unknownTopicOrPartition, .unknownPartition:
            RuntimeError(.topicMissing, action, cause: error)
        case .timedOut, .transport, .allBrokersDown:
            RuntimeError(.brokerUnavailable, "\(action): no broker answers", cause: error)
        default:
            RuntimeError(.brokerUnavailable, "\(action): the brokers go on refusing it", cause: error)
        }
    }

    /// The error of a call that is not to be repeated.
    package static func final(_ error: KafkaError, _ action: String) -> RuntimeError {
        if error.isFence {
            return RuntimeError(
                .fenced,
                "\(action): another process runs with the same identity and has taken over, or this one was silent for longer than its transaction "
                    + "may last (transaction.timeout.ms); it leaves",
                cause: error
            )
        }
        if error.isMisconfiguration {
            return RuntimeError(.configuration, "\(action) cannot be used as it is configured", cause: error)
        }
        let isUnreachable = error.code == .transport || error.code == .allBrokersDown || error.code == .timedOut
        return isUnreachable || error.isRetriable && !error.isFatal
            ? persisting(error, action) : RuntimeError(.fatal, action, cause: error)
    }
}

extension KafkaError {
    /// Whether another process has taken this one's place, as producer or as member of the group.
    package var isFence: Bool { code == .fenced || code == .producerFenced || code == .fencedInstanceID }

    /// The client library waits by a clock that was set back: a restart begins anew.
    static let standstill = KafkaError(
        code: .state,
        name: "_STATE",
        message: "the client library stands still since the machine's clock was set back; a restart begins anew",
        isFatal: true
    )

    /// The broker went away while a commit was under way, and may have given the partitions to another instance.
    static let groupMayBeForgotten = KafkaError(
        code: .state,
        name: "_STATE",
        message: "the local broker went away during the commit and may have forgotten the group",
        requiresAbort: true
    )

    /// Whether a connection was refused.
    ///
    /// A broker that stops in the middle of a handshake looks the same, so that a worker which runs goes on.
    var isOfConnection: Bool { code == .ssl || code == .authentication }

    /// Whether a property, a secret or a right is wrong: a restart meets it again.
    package var isMisconfiguration: Bool {
        switch code {
        case .invalidConfiguration, .authentication, .topicAuthorizationFailed, .groupAuthorizationFailed,
            .clusterAuthorizationFailed,
            .transactionalIDAuthorizationFailed, .invalidTransactionTimeout, .invalidSessionTimeout, .ssl:
            true
        default: false
        }
    }
}
