internal import Dispatch
internal import Synchronization

/// Makes the calls of a transactional producer.
///
/// Each call is made once, on a thread of its own, and waited for as long as the owner allows.
final class TransactionCalls: Sendable {
    /// A call that was made.
    private final class Made: Sendable {
        let call: TransactionState.Call
        private let isDone = DispatchSemaphore(value: 0)
        private let outcome = Mutex<KafkaError?>(nil)

        init(_ call: TransactionState.Call) { self.call = call }

        var error: KafkaError? { outcome.withLock { $0 } }

        func finish(_ error: KafkaError?) {
            outcome.withLock { $0 = error }
            isDone.signal()
        }

        /// Whether it ended before the deadline.
        func ends(by deadline: ContinuousClock.Instant) -> Bool {
            let left = deadline - ContinuousClock.now
            guard isDone.wait(timeout: .now() + .milliseconds(Int(left.milliseconds))) == .success else { return false }
            // Signal again, so that the next waiter also sees the end.
            isDone.signal()
            return true
        }
    }

    private struct Current {
        var state = TransactionState()
        var made: Made?
    }

    private let current = Mutex(Current())

    /// The state of the transaction.
    var phase: TransactionState.Phase { current.withLock { $0.state.phase } }

    /// Makes a call, or waits for it if it is already running.
    ///
    /// - Parameters:
    ///   - call: the call.
    ///   - client: the client, which lives as long as the call.
    ///   - timeout: how long to wait. After that the call keeps running; making it again continues to wait.
    ///   - body: makes the call, without a time-out.
    /// - Throws: the error of the call, a state error if the call is not allowed now, or a time-out while it is still
    ///   running.
    func run(
        _ call: TransactionState.Call,
        _ client: ClientHandle,
        timeout: Duration,
        _ body: @escaping @Sendable (ClientHandle) throws(KafkaError) -> Void
    ) throws(KafkaError) {
        let deadline = ContinuousClock.now + timeout
        while true {
            let fatal = client.fatalError
            let (step, made) = current.withLock { current -> (TransactionState.Step, Made?) in
                let step = current.state.ask(call, fatal: fatal)
                if step == .make { current.made = Made(call) }
                return (step, current.made)
            }
            if case .refuse(let error) = step { throw error }
            guard let made else { throw .closed }
            if step == .make { start(made, client, body) }
            guard made.ends(by: deadline) else {
                throw .timeout("\(made.call.rawValue): no answer yet; the call is still running")
            }
            current.withLock { current in
                guard current.made === made else { return }
                current.made = nil
                current.state.end(made.call, made.error)
            }
            if step == .awaitOther { continue }
            if let error = made.error { throw error }
            return
        }
    }

    private func start(
        _ made: Made,
        _ client: ClientHandle,
        _ body: @escaping @Sendable (ClientHandle) throws(KafkaError) -> Void
    ) {
        let isStarted = startThread {
            do throws(KafkaError) {
                try body(client)
                made.finish(nil)
            } catch {
                made.finish(error)
            }
        }
        if !isStarted { made.finish(.timeout("no thread could be started")) }
    }
}
