internal import Synchronization

/// Keeps answers that are the same for everyone, until the data behind them changes.
///
/// When results are released, everyone requests the same pages. There are two generations: what is made or asked for
/// enters the young one. When that is full, it becomes the old one, and the old one is dropped: nobody asked for those
/// answers for a whole generation.
final class KeptAnswers: Sendable {
    /// An amount of answers.
    struct Size {
        var bytes: Int
        var answers: Int
    }

    private struct Generation {
        var answers: [RequestTarget: ConsoleResponse] = [:]
        var bytes = 0
    }

    private struct Kept {
        var tag = ""
        var young = Generation()
        var old = Generation()

        /// The answer to a target, which belongs to the young generation from now on.
        mutating func answer(to target: RequestTarget, _ most: Size) -> ConsoleResponse? {
            if let answer = young.answers[target] { return answer }
            guard let answer = old.answers.removeValue(forKey: target) else { return nil }
            old.bytes -= answer.body.count
            keep(answer, to: target, most)
            return answer
        }

        mutating func keep(_ answer: ConsoleResponse, to target: RequestTarget, _ most: Size) {
            let bytes = answer.body.count
            // Half for each generation, so that both together stay within the bounds.
            guard bytes <= most.bytes / 2 else { return }
            if young.bytes + bytes > most.bytes / 2 || young.answers.count >= most.answers / 2 {
                old = young
                young = Generation()
            }
            let former = young.answers.updateValue(answer, forKey: target)
            young.bytes += bytes - (former?.body.count ?? 0)
        }
    }

    /// The most bytes of answers that are kept, and the most answers.
    private let most: Size
    private let kept = Mutex(Kept())

    /// Nothing is kept yet.
    init(most: Size = Size(bytes: 64 << 20, answers: 8192)) { self.most = most }

    /// The answer to a target: the kept one with the same tag, or a new one.
    func answer(
        to target: RequestTarget,
        _ tag: String,
        _ make: () throws(Problem) -> ConsoleResponse
    ) throws(Problem) -> ConsoleResponse {
        let known = kept.withLock { kept in
            if kept.tag != tag { kept = Kept(tag: tag) }
            return kept.answer(to: target, most)
        }
        if let known { return known }
        let answer = try make()
        kept.withLock { kept in
            // The data may have changed while the answer was made. Do not keep an outdated answer.
            guard kept.tag == tag else { return }
            kept.keep(answer, to: target, most)
        }
        return answer
    }
}
