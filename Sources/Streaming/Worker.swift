public import Kafka
public import Logging
import Synchronization

/// Where and how a worker runs.
public struct WorkerConfiguration: Sendable {
    /// The brokers and any property of the client.
    public var kafka: KafkaConfiguration
    /// Tells instances of a stage apart and stays the same over restarts: it is the end of `group.instance.id` and
    /// `transactional.id`.
    public var instance: String
    /// Separates installations on one cluster; empty for none.
    public var namespace: String
    /// The topic of completion markers for the progress display.
    public var progressTopic: String
    /// The `ce_type` of completion markers.
    public var completionType: String
    /// Where records go that the stage can't use; nil only counts and reports them.
    public var quarantine: QuarantineTopic?
    /// Where committed offsets stand a second time; nil trusts the brokers' memory of the group.
    public var positions: PositionsTopic?
    /// When a cause came into being, in milliseconds since 1970: for the time from there to what it makes a stage
    /// publish.
    ///
    /// Nil reports none.
    public var originOfCause: (@Sendable (String) -> Int64?)?
    /// The longest time between two commits while records keep coming.
    ///
    /// With nothing left to consume a worker commits at once.
    public var commitInterval: Duration = .milliseconds(1000)
    /// How much memory the worker may hold; nil sets no limit.
    public var memoryLimit: MemoryLimit?
    /// How long the worker may take to stop.
    public var stopTimeout: Duration = .seconds(20)
    /// How long the brokers may refuse or not answer before the worker gives up.
    public var brokerTimeout: Duration = .seconds(60)
    /// How long a restore waits for the end of transactions that other instances have open.
    ///
    /// None lasts longer than their `transaction.timeout.ms`; the brokers look for such ones every ten seconds.
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

/// Runs a stage on a broker, exactly once: what its tasks publish and what they consumed for it become visible in one
/// transaction.
///
/// One consumer, one producer, one thread.
public final class Worker: Sendable {
    private let stage: any Stage
    private let configuration: WorkerConfiguration
    private let metrics: WorkerMetrics
    private let logger: Logger
    private let stopping = Atomic<Bool>(false)
    private let leaving = Atomic<Bool>(false)
    /// Beats while the worker's thread comes round.
    public let heartbeat = Heartbeat()

    /// A worker that does not run yet.
    public init(stage: any Stage, configuration: WorkerConfiguration, metrics: WorkerMetrics, logger: Logger) {
        self.stage = stage
        self.configuration = configuration
        self.metrics = metrics
        self.logger = logger
    }

    /// Asks the worker to commit and leave.
    ///
    /// Returns at once; ``run()`` returns when it is done.
    public func stop() {
        stopping.store(true, ordering: .releasing)
    }

    /// Asks the worker to commit and leave for good; returns at once.
    ///
    /// The other instances of its stage take its partitions at once, instead of waiting for the end of its session.
    public func leave() {
        leaving.store(true, ordering: .releasing)
        stop()
    }

    /// Runs until ``stop()`` is called.
    ///
    /// Blocks the calling thread, which should be the worker's own.
    ///
    /// - Throws: ``RuntimeError``, whose code has the exit code of the process.
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
