public import Messages

/// Which submissions of a ledger count: all but those that were withdrawn.
///
/// The ledger only grows, so that a submission is withdrawn by another one, which has no rows and names it. A
/// withdrawal can be withdrawn itself: then what it took back counts again.
public struct StandingSubmissions: Sendable {
    private struct Submission {
        let id: String
        let withdraws: String
    }

    private var submissions: [Submission] = []
    private var known: Set<String> = []

    /// Those of a ledger that is still empty.
    public init() {}

    /// Takes the next submission, in the order of any one partition of the ledger; what was taken is passed over.
    ///
    /// - Returns: whether it is one; a withdrawal of something that the ledger does not have before it, or that brings
    ///   rows, is none.
    @discardableResult
    public mutating func take(_ header: Accountability_V1_SubmissionHeader) -> Bool {
        guard header.withdraws.isEmpty || header.rows == 0 && known.contains(header.withdraws) else { return false }
        if known.insert(header.submission).inserted {
            submissions.append(Submission(id: header.submission, withdraws: header.withdraws))
        }
        return true
    }

    /// Each submission that is withdrawn, with the newest withdrawal that counts.
    public var withdrawals: [String: String] {
        var withdrawn: [String: String] = [:]
        // The newest first: whether a withdrawal counts is decided by those after it.
        for submission in submissions.reversed() where !submission.withdraws.isEmpty {
            guard withdrawn[submission.id] == nil, withdrawn[submission.withdraws] == nil else { continue }
            withdrawn[submission.withdraws] = submission.id
        }
        return withdrawn
    }
}
