public import Kafka
public import Logging
import Synchronization

/// The configuration of a worker.
public struct WorkerConfiguration: Sendable {
    /// The brokers and all client properties.
    public var kafka: KafkaConfiguration
    /// Identifies an instance of a stage and stays the same after a restart.
    ///
    /// `group.instance.id` and `transactional.id` end with it.
    public var instance: String
    /// Separates installations on one cluster; empty for none.
    public var namespace: String
    /// The topic of completion markers for the progress display.
    public var progressTopic: String
    /// The `ce_type` of completion markers.
    public var completionType: String
    /// The topic for records that the stage cannot use.
    ///
    /// If nil, they are only counted and reported.
    public var quarantine: QuarantineTopic?
    /// The topic with a second copy of the committed offsets.
    ///
    /// If nil, only the group's offsets on the brokers are used.
    public var positions: PositionsTopic?
    /// The time at which a cause arose, in milliseconds since 1970.
    ///
    /// It is used to measure the latency from a cause to its publications.
    ///
    /// If nil, no latency is reported.
    public var originOfCause: (@Sendable (String) -> Int64?)?
    /// The longest time between commits while records arrive.
    ///
    /// If there are no more records, a worker commits at once.
    public var commitInterval: Duration = .milliseconds(1000)
    /// The memory limit of the worker; nil for no limit.
    public var memoryLimit: MemoryLimit?
    /// How long the worker may take to stop.
    public var stopTimeout: Duration = .seconds(20)
    /// How long the brokers may refuse or fail to answer before the worker gives up.
    public var brokerTimeout: Duration = .seconds(60)
    /// How long a restore waits for open transactions of other instances to end.
    ///
    /// None lasts much longer than its `transaction.timeout.ms`: the brokers check for expired ones every ten seconds.
    public var openTransactionTimeout: Duration

    /// A configuration with the usual intervals.
    public init(
        kafka: KafkaConfiguration,
        instance: String,
        namespace: String,
        progressTopic: String,
        completionType: String
    ) {
        self.kafka = kafka
        self.instance = instance
        self.namespace = namespace
        self.progressTopic = progressTopic
        self.completionType = completionType
        let longest = kafka["transaction.timeout.ms"].flatMap(Int64.init).map { Duration.milliseconds($0) }
        openTransactionTimeout = (longest ?? TransactionalSink.transactionTimeout) + .seconds(30)
    }

    /// `<namespace>.<stage>`, without namespace `accountability.<stage>`.
    public func group(of stage: String) -> String { Self.group(of: stage, in: namespace) }

    /// The group of a stage or another reader in a namespace.
    public static func group(of stage: String, in namespace: String) -> String {
        "\(namespace.isEmpty ? "accountability" : namespace).\(stage)"
    }
}

/// Runs a stage on a broker with exactly-once semantics: one transaction commits its tasks' outputs and consumed
/// offsets.
///
/// It uses one consumer, one producer and one thread.
public final class Worker: Sendable {
    private let stage: any Stage
    private let configuration: WorkerConfiguration
    private let metrics: WorkerMetrics
    private let logger: Logger
    private let stopping = Atomic<Bool>(false)
    private let leaving = Atomic<Bool>(false)
    /// Counts up while the worker's thread makes progress.
    public let heartbeat = Heartbeat()

    /// Creates a worker that is not running yet.
    public init(stage: any Stage, configuration: WorkerConfiguration, metrics: WorkerMetrics, logger: Logger) {
        self.stage = stage
        self.configuration = configuration
        self.metrics = metrics
        self.logger = logger
    }

    /// Asks the worker to commit and stop.
    ///
    /// Returns at once; ``run()`` returns when it is done.
    public func stop() {
        stopping.store(true, ordering: .releasing)
    }

    /// Asks the worker to commit, stop and leave the group.
    ///
    /// Returns at once.
    ///
    /// The other instances of its stage take over its partitions immediately, instead of after the session time-out.
    public func leave() {
        leaving.store(true, ordering: .releasing)
        stop()
    }

    /// Runs until ``stop()`` is called.
    ///
    /// Blocks the calling thread, which should be the worker's own.
    ///
    /// - Throws: ``RuntimeError``, whose code contains the exit code for the process.
    public func run() throws {
        do {
            let loop = try WorkerLoop(stage: stage, configuration: configuration, metrics: metrics, logger: logger) {
                [unowned self] in
                heartbeat.beat()
                return stopping.load(ordering: .acquiring)
            }
            try loop.run { [unowned self] in leaving.load(ordering: .acquiring) }
        } catch is Stopped {
            // Nothing was under way.
            metrics.setReadiness("stopping")
        } catch let error as RuntimeError {
            metrics.fail(error.description)
            throw error
        } catch let error as KafkaError {
            metrics.fail("\(error)")
            throw RuntimeError.final(
                error,
                "the client of the brokers \(configuration.kafka["bootstrap.servers"] ?? "")"
            )
        } catch {
            metrics.fail("\(error)")
            throw RuntimeError(.internal, "stage \(stage.name) failed", cause: error)
        }
    }
}
