import Kafka

/// What the client library says of itself every few seconds: how far the consumer is behind, and that the library
/// itself goes on.
///
/// The library's own thread waits by the machine's clock: where that is set back it stands still, sends no heartbeats,
/// and the group goes on without this member, which would hear of it last.
struct ClientWatch {
    /// Records behind the end of the sources, as last said.
    private(set) var lag = 0
    private let limit: Duration?
    /// The limit once the clock was set back.
    private let limitAfterStep: Duration
    private var count = 0
    private var since = ContinuousClock.now
    /// Polls since: what the library said waits behind what was polled first.
    private var turns = 0
    private static let fewestTurns = 500
    private static let fewestTurnsAfterStep = 100

    /// - Parameter intervalMilliseconds: `statistics.interval.ms`; 0 where the library says nothing.
    init(intervalMilliseconds: Int) {
        limit = intervalMilliseconds > 0 ? max(.seconds(60), .milliseconds(intervalMilliseconds) * 10) : nil
        limitAfterStep = max(ClockSteps.patience, .milliseconds(intervalMilliseconds) * 3)
    }

    /// Takes what was said since the last look.
    ///
    /// - Parameters:
    ///   - consumer: of the worker.
    ///   - sources: the topics whose lag counts.
    /// - Returns: whether there was news.
    /// - Throws: ``RuntimeError`` when nothing was said for too long.
    mutating func look(at consumer: Consumer, sources: Set<String>) throws -> Bool {
        guard try isNews(consumer.statisticsCount, wasSetBack: ClockSteps.isStandstill(.seconds(3600))) else {
            return false
        }
        let lags = consumer.latestStatistics?.lag.filter { sources.contains($0.key.topic) }
        lag = Int(clamping: lags?.values.reduce(0, +) ?? 0)
        return true
    }

    /// Whether there is news.
    mutating func isNews(_ count: Int, now: ContinuousClock.Instant = .now, wasSetBack: Bool = false) throws -> Bool {
        if count != self.count {
            self.count = count
            since = now
            turns = 0
            return true
        }
        turns += 1
        guard var limit, turns > (wasSetBack ? Self.fewestTurnsAfterStep : Self.fewestTurns) else { return false }
        if wasSetBack { limit = limitAfterStep }
        guard now - since > limit else { return false }
        throw RuntimeError(
            .fatal,
            "the client library has stood still for \(limit.components.seconds) seconds; \(wasSetBack ? "the clock was set back" : "was the clock set back?") A restart begins anew"
        )
    }
}
