/// The state of a producer's transaction, and the calls that are allowed next.
///
/// librdkafka has its own state and ends the process with an assertion on unexpected calls ("Invalid transaction state
/// transition"). One such call is a commit that is repeated after its time-out. If the first step of the repeated call
/// is late, librdkafka forgets that it is committing and takes the brokers' answer for that of an abort. So no call is
/// repeated while it is running: it is made once, without a time-out, and repeating it only waits for the same call.
/// All versions up to 2.16 have this defect.
struct TransactionState: Sendable, Equatable {
    /// The calls of a transactional producer.
    enum Call: String, Sendable {
        case initialize = "taking over the transactional id"
        case begin = "beginning a transaction"
        case sendOffsets = "sending offsets"
        case commit = "committing"
        case abort = "aborting"
    }

    /// The state of the producer between two calls.
    enum Phase: Sendable, Equatable {
        /// The transactional id was not taken over yet.
        case new
        /// No transaction is open.
        case idle
        /// Records and offsets may be added.
        case open
        /// A commit was started and has not ended: only a commit may follow.
        case committing
        /// An abort was started and has not ended: only an abort may follow.
        case aborting
        /// The transaction can only be aborted.
        case failed(KafkaError)
        /// The producer can no longer be used.
        case over(KafkaError)
    }

    /// The action for a call that the owner requests.
    enum Step: Sendable, Equatable {
        /// Make it.
        case make
        /// It is already running: wait for its end.
        case await
        /// Another call is running and must end first: wait, then ask again.
        case awaitOther
        /// It is not allowed.
        case refuse(KafkaError)
    }

    private(set) var phase = Phase.new
    /// The running call.
    private(set) var underWay: Call?

    /// Decides the action for a call.
    ///
    /// - Parameters:
    ///   - call: the call.
    ///   - fatal: the client's fatal error, which is checked first.
    /// - Returns: whether to make it, to wait or to refuse it.
    mutating func ask(_ call: Call, fatal: KafkaError?) -> Step {
        if let fatal {
            phase = .over(fatal)
            return .refuse(fatal)
        }
        if let underWay {
            if underWay == call { return .await }
            // The outcome of a running commit is unknown, so it cannot be aborted.
            if call == .abort, underWay == .sendOffsets || underWay == .begin { return .awaitOther }
            return .refuse(Self.misplaced(call, "\(underWay.rawValue) is still running"))
        }
        switch (phase, call) {
        case (.over(let error), _):
            return .refuse(error)
        case (.failed, .abort), (.new, .initialize), (.idle, .begin), (.committing, .commit), (.aborting, .abort),
            (.open, .sendOffsets), (.open, .commit), (.open, .abort):
            underWay = call
            return .make
        case (.failed(let error), _):
            return .refuse(error)
        case (.new, _), (.idle, _), (.open, _), (.committing, _), (.aborting, _):
            return .refuse(Self.misplaced(call, "the producer is \(name)"))
        }
    }

    /// Notes that the running call has ended.
    mutating func end(_ call: Call, _ error: KafkaError?) {
        underWay = nil
        guard let error else {
            phase = call == .begin || call == .sendOffsets ? .open : .idle
            return
        }
        if error.isFatal {
            phase = .over(error)
        } else if error.requiresAbort {
            phase = .failed(error)
        } else if error.isRetriable {
            // A call that has begun must be finished by the same call.
            switch call {
            case .commit: phase = .committing
            case .abort: phase = .aborting
            case .initialize, .begin, .sendOffsets: break
            }
        } else {
            switch call {
            // librdkafka's state may differ from ours, so the producer cannot be used any more.
            case .commit, .abort: phase = .over(error)
            case .initialize, .begin, .sendOffsets: break
            }
        }
    }

    private var name: String {
        switch phase {
        case .new: "new"
        case .idle: "in no transaction"
        case .open: "in a transaction"
        case .committing: "committing"
        case .aborting: "aborting"
        case .failed: "in a transaction that failed"
        case .over: "no longer usable"
        }
    }

    private static func misplaced(_ call: Call, _ why: String) -> KafkaError {
        KafkaError(code: .state, name: "_STATE", message: "\(call.rawValue): \(why)")
    }
}
