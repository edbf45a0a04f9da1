import Kafka

/// Follows the statistics that the client library reports every few seconds.
///
/// They show the consumer's lag, and that the library itself is still running.
///
/// The library's thread waits by the machine's clock. If the clock is set back, that thread hangs and sends no
/// heartbeats. The group then continues without this member, which would be the last to know.
struct ClientWatch {
    /// Records behind the end of the sources, as last reported.
    private(set) var lag = 0
    /// The ends of the partitions, as last reported.
    private(set) var ends: [TopicPartition: Int64] = [:]
    private let limit: Duration?
    /// The limit after the clock was set back.
    private let limitAfterStep: Duration
    private var count = 0
    private var since = ContinuousClock.now
    /// Polls since the last report.
    ///
    /// A report waits in the queue behind the events that are polled first.
    private var turns = 0
    private static let fewestTurns = 250
    private static let fewestTurnsAfterStep = 30

    /// - Parameter intervalMilliseconds: `statistics.interval.ms`; 0 if the library reports nothing.
    init(intervalMilliseconds: Int) {
        limit = intervalMilliseconds > 0 ? max(.seconds(60), .milliseconds(intervalMilliseconds) * 10) : nil
        limitAfterStep = max(ClockSteps.patience, .milliseconds(intervalMilliseconds) * 3)
    }

    /// Reads the reports since the last look.
    ///
    /// - Parameters:
    ///   - consumer: the worker's consumer.
    ///   - sources: the topics whose lag counts.
    /// - Returns: whether there was a new report.
    /// - Throws: ``RuntimeError`` if there was no report for too long.
    mutating func look(at consumer: Consumer, sources: Set<String>) throws -> Bool {
        guard try isNews(consumer.statisticsCount, wasSetBack: ClockSteps.isStandstill(.seconds(3600))) else {
            return false
        }
        // Reading a report is not cheap: it lists every partition.
        let partitions = consumer.latestStatistics?.partitions ?? [:]
        ends = partitions.compactMapValues(\.end)
        let lags = partitions.lazy.filter { sources.contains($0.key.topic) }.compactMap(\.value.lag)
        lag = Int(clamping: lags.reduce(0, +))
        return true
    }

    /// Whether there is a new report.
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
            "the client library has hung for \(limit.components.seconds) seconds; \(wasSetBack ? "the clock was set back" : "was the clock set back?") Restart the worker"
        )
    }
}
