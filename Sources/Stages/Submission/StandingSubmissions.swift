public import Messages

/// Which submissions of a ledger count: all but those that were withdrawn; and which of those that wait were approved.
///
/// The ledger only grows. So a submission is withdrawn, approved or rejected by another submission, which has no rows
/// and names it. A withdrawal can itself be withdrawn; then the withdrawn rows count again. An approval or rejection
/// cannot be withdrawn. To undo an approval, withdraw the submission.
public struct StandingSubmissions: Sendable {
    private struct Submission {
        let id: String
        let withdraws: String
    }

    /// A person's decision about a submission with held rows.
    public enum Decision: Sendable, Hashable {
        /// By this approval.
        case approved(by: String)
        /// By this rejection.
        case rejected(by: String)
    }

    private var submissions: [Submission] = []
    private var known: Set<String> = []
    /// Submissions that came when results were official.
    private var waiting: Set<String> = []
    /// Approvals and rejections.
    private var final: Set<String> = []
    private var approvals: [String: String] = [:]
    private var rejections: [String: String] = [:]

    /// Those of a ledger that is still empty.
    public init() {}

    /// Takes the next submission, in the order of one partition of the ledger.
    ///
    /// Submissions already taken are skipped.
    ///
    /// - Returns: whether it is valid. A decision is invalid if it has rows, if the ledger does not have the named
    ///   submission before it, if it approves or rejects a submission without held rows, or if it withdraws an approval
    ///   or rejection.
    @discardableResult
    public mutating func take(_ header: Accountability_V1_SubmissionHeader) -> Bool {
        guard let target = header.target else { return false }
        guard target.isEmpty || header.rows == 0 && known.contains(target) else { return false }
        guard header.withdraws.isEmpty || !final.contains(target) else { return false }
        let decides = !target.isEmpty && header.withdraws.isEmpty
        guard !decides || waiting.contains(target) else { return false }
        guard known.insert(header.submission).inserted else { return true }
        submissions.append(Submission(id: header.submission, withdraws: header.withdraws))
        if !header.official.isEmpty { waiting.insert(header.submission) }
        guard decides else { return true }
        final.insert(header.submission)
        // The first counts: approving once more changes nothing.
        if header.approves.isEmpty {
            rejections[target] = rejections[target] ?? header.submission
        } else {
            approvals[target] = approvals[target] ?? header.submission
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

    /// The decision about a submission; nil if there is none.
    ///
    /// Two persons who decide at the same moment may be written in one order to one partition of the ledger and in the
    /// other to another. A rejection therefore holds whatever was approved, before or after it.
    public func decision(about submission: String) -> Decision? {
        if let by = rejections[submission] { return .rejected(by: by) }
        return approvals[submission].map { .approved(by: $0) }
    }

    /// Whether rows of a submission may wait, as results were official when it came.
    public func canWait(_ submission: String) -> Bool { waiting.contains(submission) }

    /// Whether a submission is an approval or a rejection.
    public func isDecision(_ submission: String) -> Bool { final.contains(submission) }
}

extension Accountability_V1_SubmissionHeader {
    /// The submission that this one withdraws, approves or rejects; empty for one with rows, nil for several.
    var target: String? {
        let named = [withdraws, approves, rejects].filter { !$0.isEmpty }
        return named.count > 1 ? nil : named.first ?? ""
    }
}
