import Dispatch
import Foundation
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

    /// How long one look may take: its thread has to notice that it is asked to stop.
    private static let patience = Duration.seconds(5)

    /// Creates a follower of an installation's acts.
    ///
    /// - `group`: a group that the client's user may describe.
    /// - `logger`: for what the client library says; nil to drop it.
    init(_ connection: Connection, group: String, _ logger: Logger? = nil) throws {
        let topic = connection.pipeline.name(Topics.directives)
        follower = try PartitionFollower(
            connection,
            topic: topic,
            partition: 0,
            group: group,
            patience: Self.patience,
            logger: logger
        )
    }

    /// The frameworks in force now.
    ///
    /// - Throws: errors of the brokers; `Failure` if a document in force cannot be read.
    func frameworks() throws -> FrameworkSet {
        try follower.read(for: "the frameworks in force are") {
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

/// A stage whose frameworks are known only when a broker has answered.
///
/// Its worker is made before, so that the endpoints can serve while no broker answers.
private final class AwaitedStage: Stage {
    /// A stage with its topics: the runtime asks for them with every record.
    private struct Made {
        let stage: any Stage
        let sources: [Source]
        let outputs: [Output]

        init(_ stage: any Stage) {
            self.stage = stage
            sources = stage.sources
            outputs = stage.outputs
        }
    }

    private let made: Mutex<Made>

    init(_ stage: any Stage) {
        made = Mutex(Made(stage))
    }

    /// Sets the stage under the frameworks in force, before the worker runs.
    func set(_ other: any Stage) { made.withLock { $0 = Made(other) } }

    private var current: any Stage { made.withLock { $0.stage } }

    var name: String { current.name }
    var sources: [Source] { made.withLock { $0.sources } }
    var outputs: [Output] { made.withLock { $0.outputs } }
    var rebuildsFromSources: Bool { current.rebuildsFromSources }
    var idleFlush: Duration? { current.idleFlush }
    var configuration: UInt64? { current.configuration }
    var sharesConfiguration: Bool { current.sharesConfiguration }
    func makeTask(_ context: TaskContext) throws -> any StageTask { try current.makeTask(context) }
}

/// A worker that reads the frameworks in force, runs its stage under them, and watches whether they change.
///
/// When they change, it ends with 75. Its next run finds that it published under others, and computes everything again.
final class FrameworkWorker: WorkerBody {
    private let connection: Connection
    private let group: String
    private let stage: AwaitedStage
    private let makeStage: @Sendable (FrameworkSet) throws -> any Stage
    private let worker: Worker
    private let metrics: WorkerMetrics
    private let logger: Logger
    private let stopTimeout: Int
    private let stopping = Mutex(false)

    /// How long to try to read the frameworks before any record.
    private static let patience = Duration.seconds(60)

    /// Creates a worker.
    ///
    /// - Parameters:
    ///   - connection: of the installation.
    ///   - group: a group that the client's user may describe.
    ///   - makeStage: creates the stage under frameworks.
    ///   - makeWorker: creates the worker of a stage.
    ///   - metrics: of the worker.
    ///   - logger: for brokers that do not answer.
    ///   - stopTimeout: how many seconds the worker may take to stop.
    /// - Throws: what the closures throw.
    init(
        _ connection: Connection,
        group: String,
        _ makeStage: @escaping @Sendable (FrameworkSet) throws -> any Stage,
        _ makeWorker: (any Stage) -> Worker,
        _ metrics: WorkerMetrics,
        _ logger: Logger,
        stopTimeout: Int
    ) throws {
        self.connection = connection
        self.group = group
        self.makeStage = makeStage
        self.metrics = metrics
        self.logger = logger
        self.stopTimeout = stopTimeout
        stage = AwaitedStage(try makeStage(.builtIn))
        worker = makeWorker(stage)
    }

    /// Runs the stage until it is stopped.
    ///
    /// - Throws: errors of the worker; `Failure` if the frameworks in force changed or cannot be used.
    func run() throws {
        guard let frameworks = try first() else { return }
        stage.set(try makeStage(frameworks))
        let watch = FrameworkWatch(connection, group: group, frameworks, logger)
        try JoinedBodies(worker, [watch], stopTimeout: stopTimeout).run()
    }

    /// The frameworks in force at the start; nil if it was stopped meanwhile.
    private func first() throws -> FrameworkSet? {
        metrics.setReadiness("reading the frameworks in force")
        let follower = try FrameworkFollower(connection, group: group, logger)
        defer { follower.close() }
        let deadline = ContinuousClock.now + Self.patience
        while !stopping.withLock({ $0 }) {
            do {
                return try follower.frameworks()
            } catch let error as KafkaError
                where [.unknownTopic, .unknownTopicOrPartition, .unknownPartition].contains(error.code)
            {
                // Somebody may be creating the topics, and a broker that just started may not know them yet.
                metrics.setReadiness("waiting for the topics")
                guard ContinuousClock.now < deadline else {
                    throw RuntimeError(
                        .topicMissing,
                        TopicCheck.absence(of: connection.pipeline.name(Topics.directives)),
                        cause: error
                    )
                }
                Thread.sleep(forTimeInterval: 0.5)
            } catch let error as KafkaError
                where error.isFatal || error.isMisconfiguration && error.code != .authentication
            {
                // A broker that stops in the middle of a handshake looks like one that refuses a password.
                throw error
            } catch let failure as Failure where failure.status == .configuration {
                throw failure
            } catch {
                guard ContinuousClock.now < deadline else { throw error }
                logger.notice("the frameworks in force cannot be read yet: \(error)")
                Thread.sleep(forTimeInterval: 0.5)
            }
        }
        return nil
    }

    /// The worker's.
    var hearts: [Heartbeat] { worker.hearts }

    func stop() {
        stopping.withLock { $0 = true }
        worker.stop()
    }

    func leave() {
        stopping.withLock { $0 = true }
        worker.leave()
    }
}

/// Watches whether an installation still computes under the frameworks with which a worker started.
private final class FrameworkWatch: WorkerBody {
    private let connection: Connection
    private let group: String
    private let identity: UInt64?
    private let logger: Logger
    private let stopping = DispatchSemaphore(value: 0)

    /// How often it looks.
    private static let interval = DispatchTimeInterval.seconds(5)

    init(_ connection: Connection, group: String, _ frameworks: FrameworkSet, _ logger: Logger) {
        self.connection = connection
        self.group = group
        identity = frameworks.identity
        self.logger = logger
    }

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

    func stop() { stopping.signal() }

    /// None: it waits for the brokers as long as the worker itself.
    var hearts: [Heartbeat] { [] }
}
