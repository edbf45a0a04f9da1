internal import Foundation
internal import Kafka
package import Logging
internal import Messages
package import Operating
internal import Reading
internal import Stages
internal import Synchronization

/// Looks again and again how far the stages have come, and what is wrong.
package final class RunFollower: Sendable {
    private let connection: Connection
    private let store: ConsoleStore
    private let logger: Logger
    private let isStopping = Atomic<Bool>(false)

    /// How long after a look the next one is: while somebody watches, and while nobody does.
    private static let watched = Duration.seconds(1)
    private static let unwatched = Duration.seconds(30)

    package init(_ connection: Connection, _ store: ConsoleStore, logger: Logger) {
        self.connection = connection
        self.store = store
        self.logger = logger
    }

    /// Asks it to end; returns at once.
    package func stop() { isStopping.store(true, ordering: .releasing) }

    private var isStopped: Bool { isStopping.load(ordering: .acquiring) }

    /// Looks until ``stop()``; blocks its thread.
    package func run() throws {
        while !store.isReady {
            guard !isStopped else { return }
            Thread.sleep(forTimeInterval: 0.05)
        }
        let status = try StatusReader(connection, logger: logger)
        defer { status.close() }
        var trend = LagTrend()
        let start = ContinuousClock.now
        var due = start
        while !isStopped {
            let now = ContinuousClock.now
            if store.wasLookedAt() { due = min(due, now) }
            guard now >= due else {
                Thread.sleep(forTimeInterval: 0.1)
                continue
            }
            do {
                let (positions, report) = try status.look(store.current.view)
                var seen = report
                seen.secondsLeft = trend.secondsLeft(
                    at: (now - start) / .seconds(1),
                    lag: report.lags.reduce(0) { $0 + $1.records }
                )
                let run = RunReport(status: seen, positions: positions)
                store.update { $0.take(run) }
            } catch {
                // What was seen before stays; the topics' own reader says when the brokers are gone for good.
                logger.warning("the stages could not be looked at: \(Failure(error).message)")
            }
            due = ContinuousClock.now + (store.wasLookedAt() ? Self.watched : Self.unwatched)
        }
    }
}
