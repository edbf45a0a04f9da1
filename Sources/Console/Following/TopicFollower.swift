package import Logging
package import Operating
internal import Reading
internal import Synchronization

/// Follows the topics into the tables.
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

    /// Asks it to end; returns at once.
    package func stop() { isStopping.store(true, ordering: .releasing) }

    private var isStopped: Bool { isStopping.load(ordering: .acquiring) }

    /// Follows until ``stop()``; blocks its thread.
    ///
    /// Brokers that are away are waited for: what was read stays, and ``RunFollower`` says since when.
    ///
    /// - Throws: `Failure` where a topic is missing, or the brokers do not answer for a minute at the start.
    package func run() throws {
        while !isStopped {
            try follow()
            if !isStopped { logger.warning("a topic was deleted and created again: everything is read once more") }
        }
    }

    /// Follows until a topic begins anew.
    private func follow() throws {
        let topics = try FollowedTopics(connection, ConsoleTables.topics, logger: logger)
        defer { topics.close() }
        var tables = ConsoleTables()
        var isComplete = false
        while !isStopped, !topics.hasBegunAnew {
            let count = try topics.poll(.milliseconds(100)) { tables.fold($0, key: $1, value: $2) }
            // Until everything of the past is read nobody is shown half of it.
            guard topics.isAtEnd, count > 0 || !isComplete, !topics.hasBegunAnew else { continue }
            store.update { $0.take(topics: tables) }
            guard !isComplete else { continue }
            isComplete = true
            logger.info("the tables are up to date", metadata: ["passed_over": "\(topics.passedOver.count)"])
            store.becomeReady()
        }
    }
}
