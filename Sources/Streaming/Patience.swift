package import Kafka
import Logging

/// The worker was asked to stop while it waited for a broker.
///
/// It had nothing unfinished.
struct Stopped: Error {}

/// How long a worker waits for the brokers.
///
/// It waits in short calls, and checks for a request to stop between them.
struct Patience {
    /// The time limit for one action.
    let limit: Duration
    let shouldStop: () -> Bool
    let logger: Logger
    /// The time-out of the first call.
    ///
    /// Each further call gets twice as long, up to ``longest``.
    private static let first: Duration = .seconds(1)
    private static let longest: Duration = .seconds(8)

    /// Repeats a call while its error is retriable and time is left.
    ///
    /// - `limit`: the time limit, if it is not the usual one.
    /// - `body`: makes the call; its argument is the time-out of the call.
    ///
    /// Throws ``Stopped``; ``RuntimeError`` when the time is over; a ``KafkaError`` that is not retriable.
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
                    // The call timed out. A slow cluster gets more time on the next attempt.
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
    /// What is said of a process whose place another one has taken.
    package static let takenOver = "another process with the same identity has taken over"

    /// The error to report after retrying until the time was over: the brokers are unavailable, whatever the error's
    /// name is.
    static func persisting(_ error: KafkaError, _ action: String) -> RuntimeError {
        switch error.code {
        case _ where error.isOfMissingTopic:
            RuntimeError(.topicMissing, "\(action): \(TopicCheck.absence)", cause: error)
        case .timedOut, .transport, .allBrokersDown:
            RuntimeError(.brokerUnavailable, "\(action): no broker answers", cause: error)
        default:
            RuntimeError(.brokerUnavailable, "\(action): the brokers keep refusing it", cause: error)
        }
    }

    /// The error to report for a call that must not be repeated.
    package static func final(_ error: KafkaError, _ action: String) -> RuntimeError {
        if error.isFence {
            return RuntimeError(
                .fenced,
                "\(action): \(takenOver), or this one was silent for longer than its transaction "
                    + "may last (transaction.timeout.ms). This process ends",
                cause: error
            )
        }
        if error.isMisconfiguration {
            return RuntimeError(.configuration, "\(action) is not possible with this configuration", cause: error)
        }
        let isUnreachable = error.code == .transport || error.code == .allBrokersDown || error.code == .timedOut
        return isUnreachable || error.isRetriable && !error.isFatal
            ? persisting(error, action) : RuntimeError(.fatal, action, cause: error)
    }
}

extension KafkaError {
    /// Whether another process has replaced this one as producer or as group member.
    package var isFence: Bool { code == .fenced || code == .producerFenced || code == .fencedInstanceID }

    /// Whether a topic or a partition does not exist.
    var isOfMissingTopic: Bool {
        code == .unknownTopic || code == .unknownTopicOrPartition || code == .unknownPartition
    }

    /// The client library hangs because the machine's clock was set back.
    static let standstill = KafkaError(
        code: .state,
        name: "_STATE",
        message: "the client library hangs because the machine's clock was set back. Restart the worker",
        isFatal: true
    )

    /// The broker disappeared during a commit and may have given the partitions to another instance.
    static let groupMayBeForgotten = KafkaError(
        code: .state,
        name: "_STATE",
        message: "the local broker disappeared during the commit and may have lost the group",
        requiresAbort: true
    )

    /// Whether the group may have given this member's partitions to another one.
    package var isOfMembership: Bool {
        switch code {
        case .illegalGeneration, .unknownMember, .rebalanceInProgress: true
        default: self == .groupMayBeForgotten
        }
    }

    /// Whether TLS or authentication failed.
    ///
    /// A broker that stops in the middle of a handshake causes the same error, so a running worker ignores it.
    var isOfConnection: Bool { code == .ssl || code == .authentication }

    /// Whether a property, a secret or a right is wrong.
    ///
    /// A restart would fail in the same way.
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
