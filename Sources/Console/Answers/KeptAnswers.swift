internal import Synchronization

/// Keeps answers that are the same for everyone, until the data behind them changes.
///
/// When results are released, everyone requests the same pages.
final class KeptAnswers: Sendable {
    private struct Kept {
        var tag = ""
        var answers: [RequestTarget: ConsoleResponse] = [:]
        var bytes = 0
    }

    /// The most bytes of answers that are kept, and the most answers.
    ///
    /// Beyond that, all kept answers are dropped.
    private static let most = (bytes: 64 << 20, answers: 8192)
    private let kept = Mutex(Kept())

    /// The answer to a target: the kept one with the same tag, or a new one.
    func answer(
        to target: RequestTarget,
        _ tag: String,
        _ make: () throws(Problem) -> ConsoleResponse
    ) throws(Problem) -> ConsoleResponse {
        let known = kept.withLock { kept in
            if kept.tag != tag { kept = Kept(tag: tag) }
            return kept.answers[target]
        }
        if let known { return known }
        let answer = try make()
        kept.withLock { kept in
            // The data may have changed while the answer was made. Do not keep an outdated answer.
            guard kept.tag == tag else { return }
            if kept.bytes + answer.body.count > Self.most.bytes || kept.answers.count >= Self.most.answers {
                kept = Kept(tag: tag)
            }
            kept.answers[target] = answer
            kept.bytes += answer.body.count
        }
        return answer
    }
}
