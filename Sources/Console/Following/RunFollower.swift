internal import Foundation
package import Logging
package import Operating
internal import Reading
internal import Synchronization

/// Checks regularly how far the stages are, and what is wrong.
package final class RunFollower: Sendable {
    private let connection: Connection
    private let store: ConsoleStore
    private let logger: Logger
    private let isStopping = Atomic<Bool>(false)

    /// How long checks may fail before the console says so.
    ///
    /// A partition may be about to get a new leader.
    private static let patience = Duration.seconds(10)

    package init(_ connection: Connection, _ store: ConsoleStore, logger: Logger) {
        self.connection = connection
        self.store = store
        self.logger = logger
    }

    /// Asks the follower to stop; returns at once.
    package func stop() { isStopping.store(true, ordering: .releasing) }

    private var isStopped: Bool { isStopping.load(ordering: .acquiring) }

    /// Runs until ``stop()``; blocks its thread.
    package func run() {
        var reader: StatusReader?
        defer { reader?.close() }
        var trend = LagTrend()
        var age = LagAge()
        var schedule = LookSchedule()
        let start = ContinuousClock.now
        var (answered, answeredAt) = (start, Date())
        while !isStopped {
            if store.wasLookedAt() { schedule.isWatched = true }
            guard store.isReady, schedule.isDue(.now) else {
                Thread.sleep(forTimeInterval: 0.1)
                continue
            }
            do {
                let status = try reader ?? StatusReader(connection, logger: logger, tolerance: Tolerance(limit: .zero))
                reader = status
                let (positions, report) = try status.look(store.current.view)
                (answered, answeredAt) = (.now, Date())
                var seen = report
                let second = (answered - start) / .seconds(1)
                seen.secondsLeft = trend.secondsLeft(at: second, lag: report.lags.reduce(0) { $0 + $1.records })
                var run = RunReport(status: seen, positions: positions)
                run.secondsBehind = age.take(positions, at: second)
                store.update { $0.take(run) }
            } catch {
                // The number of a topic's partitions may have changed when the brokers are back.
                reader?.close()
                reader = nil
                let failure = Failure(error).message
                logger.warning("the stages could not be checked: \(failure)")
                if ContinuousClock.now - answered > Self.patience {
                    let since = answeredAt.ISO8601Format()
                    store.update { $0.take(silence: .init(since: since, why: failure)) }
                }
            }
            schedule.looked(at: .now)
        }
    }
}

/// Decides when the stages are checked: often while someone is watching, otherwise rarely.
struct LookSchedule {
    /// The time between two checks.
    static let watched = Duration.seconds(1)
    static let unwatched = Duration.seconds(30)

    private var last: ContinuousClock.Instant?
    /// Whether someone has watched since the last check.
    var isWatched = false

    func isDue(_ now: ContinuousClock.Instant) -> Bool {
        last.map { now - $0 >= (isWatched ? Self.watched : Self.unwatched) } ?? true
    }

    mutating func looked(at now: ContinuousClock.Instant) {
        last = now
        isWatched = false
    }
}
