internal import Synchronization

/// Answers that are the same for everybody, kept until what they are made from changes.
///
/// When results are released, everybody asks for the same pages.
final class KeptAnswers: Sendable {
    private struct Kept {
        var tag = ""
        var answers: [String: ConsoleResponse] = [:]
        var bytes = 0
    }

    /// The most bytes that are kept; after that it begins anew.
    private static let most = 64 << 20
    private let kept = Mutex(Kept())

    /// The answer to a target: the one that was kept under the same tag, or a new one.
    func answer(
        to target: String,
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
            // Meanwhile it may have become an old one.
            guard kept.tag == tag else { return }
            if kept.bytes + answer.body.count > Self.most { kept = Kept(tag: tag) }
            kept.answers[target] = answer
            kept.bytes += answer.body.count + target.utf8.count
        }
        return answer
    }
}
