/// The pauses between the attempts at a delivery: each twice as long as the one before, up to a longest, and each
/// shortened by chance to between a half and all of it, so that deliveries that failed together do not return together.
package struct RetrySchedule: Sendable, Hashable {
    /// How often a delivery is attempted.
    package let attempts: UInt32
    /// The first pause, milliseconds.
    package let first: Int64
    /// The longest pause, milliseconds; also the longest that an endpoint can ask for.
    package let longest: Int64

    /// A schedule; the usual one goes on for about nine hours.
    package init(attempts: UInt32 = 20, first: Int64 = 1000, longest: Int64 = 3_600_000) {
        self.attempts = attempts
        self.first = first
        self.longest = longest
    }

    /// The pause after so many attempts; nil when the last one was made.
    ///
    /// - `asked`: what the endpoint asked for; it is waited for at least.
    package func pause(after made: UInt32, asked: Int64?, using random: inout some RandomNumberGenerator) -> Int64? {
        guard made < attempts else { return nil }
        var pause = min(first, longest)
        for _ in 1..<max(1, made) where pause < longest { pause = min(longest, pause * 2) }
        let shortened = pause - Int64.random(in: 0...(pause / 2), using: &random)
        return max(shortened, min(longest, max(0, asked ?? 0)))
    }
}
