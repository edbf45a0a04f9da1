import Kafka
import Logging

/// The calls of a sink's producer. A call is retried while that may help; then its error is resolved.
///
/// ``Producer`` knows which call may follow which. This extension decides the consequences of every error in one place.
extension TransactionalSink {
    /// The longest wait for one call before the code checks whether to stop.
    ///
    /// The call continues in the background.
    private static let longestWait: Duration = .seconds(2)

    /// Makes a call, retries it while the error is retriable and time is left, and then resolves the error.
    ///
    /// - Returns: the number of attempts.
    @discardableResult
    func retrying(_ action: String, _ call: (Duration) throws(KafkaError) -> Void) throws -> Int {
        do throws(KafkaError) {
            return try persist(action, call)
        } catch {
            try resolve(error, action)
            return 0
        }
    }

    /// Makes a call, and retries it while the error is retriable and time is left.
    ///
    /// When the process is asked to stop, the call is still completed, but with a shorter time limit.
    ///
    /// - `isAbort`: whether it is an abort. An error that requires one ends any other call: the client library may mark
    ///   an error as retriable that it reports after its own last try.
    @discardableResult
    private func persist(
        _ action: String,
        isAbort: Bool = false,
        _ call: (Duration) throws(KafkaError) -> Void
    ) throws(KafkaError) -> Int {
        let begin = ContinuousClock.now
        var attempts = 0
        var backoff = Backoff()
        while true {
            let deadline = deadline(since: begin)
            attempts += 1
            do {
                try call(max(min(Self.longestWait, deadline - ContinuousClock.now), .milliseconds(1)))
                return attempts
            } catch {
                guard error.isRetriable, !error.isFatal, isAbort || !error.requiresAbort,
                    ContinuousClock.now < self.deadline(since: begin)
                else { throw error }
                guard error.code != .timedOut || !ClockSteps.isStandstill(ContinuousClock.now - begin) else {
                    throw .standstill
                }
                logger.warning("\(action): retrying", metadata: ["error": "\(error)"])
                backoff.pause(until: deadline)
            }
        }
    }

    private func deadline(since begin: ContinuousClock.Instant) -> ContinuousClock.Instant {
        if stoppedAt == nil, shouldStop() { stoppedAt = .now }
        return min(begin + timeout, stoppedAt.map { $0 + stopTimeout } ?? begin + timeout)
    }

    /// An abortable error aborts the transaction.
    ///
    /// Any other error ends this producer.
    func resolve(_ error: KafkaError, _ action: String) throws {
        guard error.requiresAbort, !error.isFatal, fence == nil else {
            throw RuntimeError.final(fence ?? error, action)
        }
        isOpen = false
        do {
            try endAborted()
        } catch let second {
            throw RuntimeError.final(
                fence ?? second,
                "\(action) failed (\(error)), and so did aborting the transaction. Restart the worker"
            )
        }
        // Another process with the same identity has taken the place in the group. Aborting, restoring and retrying
        // would repeat for ever.
        guard !error.isFence else { throw RuntimeError.final(error, action) }
        try renew()
        throw TransactionAborted(cause: error)
    }

    /// The fatal error of the producer, if it says that another process has this one's identity.
    var fence: KafkaError? { producer.fatalError.flatMap { $0.isFence ? $0 : nil } }

    /// The underlying cause of an error.
    ///
    /// If a message cannot be delivered, the open transaction can only be aborted, and the next message fails with a
    /// mere state error. The real cause is the delivery error of the earlier message.
    func reason(of error: KafkaError) -> KafkaError {
        guard error.code == .state, isOpen, producer.fatalError == nil else { return error }
        producer.poll(timeout: .zero)
        let causes = producer.takeDeliveryFailures().map(\.error)
            .filter { $0.code != .purgedFromQueue && $0.code != .purgedInFlight }
        let cause = causes.first ?? error
        return KafkaError(code: cause.code, name: cause.name, message: cause.message, requiresAbort: true)
    }

    /// Aborts the transaction, and retries until the time is over while the brokers cannot be reached.
    func endAborted() throws(KafkaError) {
        try persist("aborting", isAbort: true) { (share) throws(KafkaError) in
            try producer.abortTransaction(timeout: share)
        }
        // Messages that the abort purged from the queue do not count as failures of the next transaction.
        _ = producer.takeDeliveryFailures()
    }
}
