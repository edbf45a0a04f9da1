import Kafka
import Logging

/// The calls of a sink's producer: tried again while that may help, and resolved where it does not.
///
/// Which call may follow which is kept by ``Producer``; what an error comes to is decided here, in one place.
extension TransactionalSink {
    /// The longest that one call is waited for before it is looked whether to leave; the call goes on meanwhile.
    private static let longestWait: Duration = .seconds(2)

    /// Makes a call, again while its error says so, until the time is over; then resolves the error.
    ///
    /// - Returns: how often it was made.
    @discardableResult
    func retrying(_ action: String, _ call: (Duration) throws(KafkaError) -> Void) throws -> Int {
        do throws(KafkaError) {
            return try persist(action, call)
        } catch {
            try resolve(error, action)
            return 0
        }
    }

    /// Makes a call, again while its error says so, until the time is over.
    ///
    /// What is under way is finished also when the process is to leave, but not waited for as long.
    @discardableResult
    private func persist(_ action: String, _ call: (Duration) throws(KafkaError) -> Void) throws(KafkaError) -> Int {
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
                guard error.isRetriable, !error.isFatal, ContinuousClock.now < self.deadline(since: begin) else {
                    throw error
                }
                guard error.code != .timedOut || !ClockSteps.isStandstill(ContinuousClock.now - begin) else {
                    throw .standstill
                }
                logger.warning("\(action): trying again", metadata: ["error": "\(error)"])
                backoff.pause(until: deadline)
            }
        }
    }

    private func deadline(since begin: ContinuousClock.Instant) -> ContinuousClock.Instant {
        if stoppedAt == nil, shouldStop() { stoppedAt = .now }
        return min(begin + timeout, stoppedAt.map { $0 + stopTimeout } ?? begin + timeout)
    }

    /// Abortable errors abort the transaction; all others end this producer.
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
                "\(action) failed (\(error)), and so did aborting; a restart begins anew"
            )
        }
        // A twin took the place in the group: to abort, restore and try again would only go on for ever.
        guard !error.isFence else { throw RuntimeError.final(error, action) }
        try renew()
        throw TransactionAborted(cause: error)
    }

    /// The fatal error that says that another process has this one's identity.
    var fence: KafkaError? { producer.fatalError.flatMap { $0.isFence ? $0 : nil } }

    /// A message that could not be delivered makes the open transaction one that can only be aborted, and the next
    /// message is refused with no more than that the state does not allow it: the cause is with the message before.
    func reason(of error: KafkaError) -> KafkaError {
        guard error.code == .state, isOpen, producer.fatalError == nil else { return error }
        producer.poll(timeout: .zero)
        let causes = producer.takeDeliveryFailures().map(\.error)
            .filter { $0.code != .purgedFromQueue && $0.code != .purgedInFlight }
        let cause = causes.first ?? error
        return KafkaError(code: cause.code, name: cause.name, message: cause.message, requiresAbort: true)
    }

    /// Aborts, again and again while the brokers cannot be reached, until the time is over.
    func endAborted() throws(KafkaError) {
        try persist("aborting") { (share) throws(KafkaError) in try producer.abortTransaction(timeout: share) }
        // What the abort took out of the queue is no failure of the next transaction.
        _ = producer.takeDeliveryFailures()
    }
}
