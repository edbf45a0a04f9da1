import Dispatch
import Kafka
import Logging
import Messages
import Operating
import Rules
import Stages
import Streaming
import Synchronization

/// Reads the frameworks under which an installation computes, from the acts of the Department on record.
final class FrameworkFollower {
    private let follower: PartitionFollower
    private var acts: [DirectiveKey: Accountability_V1_Directive] = [:]

    /// Creates a follower of an installation's acts.
    ///
    /// - `group`: a group that the client's user may describe.
    init(_ connection: Connection, group: String) throws {
        let topic = connection.pipeline.name(Topics.directives)
        follower = try PartitionFollower(connection, topic: topic, partition: 0, group: group)
    }

    /// The frameworks in force now.
    ///
    /// - Throws: errors of the brokers; `Failure` if a document in force cannot be read.
    func frameworks() throws -> FrameworkSet {
        try follower.read(for: "the frameworks in force") {
            acts = [:]
        } take: { key, value in
            guard !CompletionMarker.isMarker(key: key) else { return }
            guard let act = DirectiveKey(utf8: key), act.act == .frameworkStep else { return }
            guard let value else {
                acts[act] = nil
                return
            }
            // The readers of the table quarantine what is no act. It changes nothing.
            if let entry = TableTopics.directives.entry(key: key, value: [UInt8](copying: value)) {
                acts[act] = entry.message
            }
        }
        do {
            return try FrameworkSet(onRecord: acts.values)
        } catch {
            throw Failure(
                .configuration,
                "the framework on record cannot be used: \(error). "
                    + "`accountability directive --list` shows the framework steps"
            )
        }
    }

    /// Closes the consumer.
    func close() { follower.close() }
}

/// Watches whether an installation still computes under the frameworks with which a worker started.
///
/// When they change, the worker ends with 75. Its next run finds that it published under others, and computes
/// everything again.
final class FrameworkWatch: WorkerBody {
    private let connection: Connection
    private let group: String
    private let identity: UInt64?
    private let logger: Logger
    private let stopping = DispatchSemaphore(value: 0)

    /// How often it looks.
    private static let interval = DispatchTimeInterval.seconds(5)

    /// Creates a watch.
    ///
    /// - Parameters:
    ///   - connection: of the installation.
    ///   - group: a group that the client's user may describe.
    ///   - frameworks: those with which the worker started.
    ///   - logger: for brokers that do not answer.
    init(_ connection: Connection, group: String, _ frameworks: FrameworkSet, _ logger: Logger) {
        self.connection = connection
        self.group = group
        identity = frameworks.identity
        self.logger = logger
    }

    /// Looks until it is stopped.
    ///
    /// - Throws: `Failure` if the frameworks in force changed or cannot be used.
    func run() throws {
        let follower = try FrameworkFollower(connection, group: group)
        defer { follower.close() }
        while stopping.wait(timeout: .now() + Self.interval) == .timedOut {
            do {
                let now = try follower.frameworks()
                guard now.identity == identity else {
                    throw Failure(
                        .tryAgain,
                        "the frameworks in force have changed; starting again, to compute everything under them"
                    )
                }
            } catch let error as KafkaError {
                // The worker itself reports brokers that do not answer.
                logger.debug("the frameworks in force cannot be read at the moment: \(error)")
            } catch let failure as Failure where failure.status == .brokerUnavailable {
                logger.debug("\(failure.message)")
            }
        }
    }

    /// Ends it.
    func stop() { stopping.signal() }

    /// None: it waits for the brokers as long as the worker itself.
    var hearts: [Heartbeat] { [] }
}
