package import Logging
package import Operating
internal import Reading
internal import Synchronization

/// Reads the topics into the tables.
package final class TopicFollower: Sendable {
    private let connection: Connection
    private let store: ConsoleStore
    private let logger: Logger
    private let isStopping = Atomic<Bool>(false)

    package init(_ connection: Connection, _ store: ConsoleStore, logger: Logger) {
        self.connection = connection
        self.store = store
        self.logger = logger
    }

    /// Asks the follower to stop; returns at once.
    package func stop() { isStopping.store(true, ordering: .releasing) }

    private var isStopped: Bool { isStopping.load(ordering: .acquiring) }

    /// Runs until ``stop()``; blocks its thread.
    ///
    /// Waits for brokers that do not answer. The data read so far remains, and ``RunFollower`` reports since when they
    /// are silent.
    ///
    /// - Throws: `Failure` if a topic is missing, or if the brokers do not answer for a minute at the start.
    package func run() throws {
        var readings = 0
        while !isStopped {
            readings += 1
            try follow(readings)
            if !isStopped { logger.warning("a topic was deleted and created again: all topics are read again") }
        }
    }

    /// Follows the topics until one of them is created again.
    private func follow(_ reading: Int) throws {
        let topics = try FollowedTopics(connection, ConsoleTables.topics, logger: logger)
        defer { topics.close() }
        var tables = ConsoleTables(reading: reading)
        var isComplete = false
        while !isStopped, !topics.hasBegunAnew {
            let count = try topics.poll(.milliseconds(100)) { tables.fold($0, key: $1, value: $2) }
            // Show nothing until all earlier records are read, so that no one sees half of them.
            guard topics.isAtEnd, count > 0 || !isComplete, !topics.hasBegunAnew else { continue }
            store.update { $0.take(topics: tables) }
            guard !isComplete else { continue }
            isComplete = true
            logger.info("the tables are up to date", metadata: ["passed_over": "\(topics.passedOver.count)"])
            store.becomeReady()
        }
    }
}
