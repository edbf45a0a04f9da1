/// What the transaction of a producer is doing, and which call may come next.
///
/// librdkafka keeps a state of its own, and ends the process with an assertion where calls come that it did not expect
/// ("Invalid transaction state transition"). One such call is a commit that is repeated after its time was over: if
/// the first step of the repetition is late, librdkafka forgets that it commits, and takes the brokers' answer for
/// that of an abort. So no call is ever repeated while it is under way: it is made once, without a limit, and whoever
/// asks again waits for the same call. All versions up to 2.16 have this defect.
struct TransactionState: Sendable, Equatable {
    /// The calls of a transactional producer.
    enum Call: String, Sendable {
        case initialize = "taking over the transactional id"
        case begin = "beginning a transaction"
        case sendOffsets = "sending offsets"
        case commit = "committing"
        case abort = "aborting"
    }

    /// Where the producer stands between two calls.
    enum Phase: Sendable, Equatable {
        /// The transactional id was not taken over yet.
        case new
        /// No transaction is open.
        case idle
        /// Records and offsets may be added.
        case open
        /// A commit was asked for and is not over: only a commit may follow.
        case committing
        /// An abort was asked for and is not over: only an abort may follow.
        case aborting
        /// The transaction can only be aborted.
        case failed(KafkaError)
        /// Nothing can be done with this producer any more.
        case over(KafkaError)
    }

    /// What to do for a call that the owner asks for.
    enum Step: Sendable, Equatable {
        /// Make it.
        case make
        /// It is under way: wait for its end.
        case await
        /// Another is under way that has to end first: wait, then ask again.
        case awaitOther
        /// It may not be made.
        case refuse(KafkaError)
    }

    private(set) var phase = Phase.new
    /// The call that was made and has not ended.
    private(set) var underWay: Call?

    /// What to do for a call.
    ///
    /// - Parameters:
    ///   - call: the call.
    ///   - fatal: the client's fatal error, which is looked at before anything else.
    /// - Returns: whether to make it, to wait or to refuse it.
    mutating func ask(_ call: Call, fatal: KafkaError?) -> Step {
        if let fatal {
            phase = .over(fatal)
            return .refuse(fatal)
        }
        if let underWay {
            if underWay == call { return .await }
            // What becomes of a commit that is under way is not known: it can't be aborted.
            if call == .abort, underWay == .sendOffsets || underWay == .begin { return .awaitOther }
            return .refuse(Self.misplaced(call, "\(underWay.rawValue) is still under way"))
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

    /// A call that was made has ended.
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
            // What was begun has to be finished by the same call.
            switch call {
            case .commit: phase = .committing
            case .abort: phase = .aborting
            case .initialize, .begin, .sendOffsets: break
            }
        } else {
            switch call {
            // librdkafka's state is not ours: to go on would be a guess.
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
        case .over: "at its end"
        }
    }

    private static func misplaced(_ call: Call, _ why: String) -> KafkaError {
        KafkaError(code: .state, name: "_STATE", message: "\(call.rawValue): \(why)")
    }
}
