public import Kafka
public import Logging
import Synchronization

/// Where and how a worker runs.
public struct WorkerConfiguration: Sendable {
    /// The brokers and any property of the client.
    public var kafka: KafkaConfiguration
    /// Tells instances of a stage apart and stays the same over restarts: it is the end of `group.instance.id` and `transactional.id`.
    public var instance: String
    /// Separates installations on one cluster; empty for none.
    public var namespace: String
    /// The topic of completion markers for the progress display.
    public var progressTopic: String
    /// The `ce_type` of completion markers.
    public var completionType: String
    /// The longest time between two commits while records keep coming. With nothing left to consume a worker commits at once.
    public var commitInterval: Duration = .milliseconds(1000)
    /// How long the worker may take to stop.
    public var stopTimeout: Duration = .seconds(20)

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
    }

    /// `<namespace>.<stage>`, without namespace `accountability.<stage>`.
    public func group(of stage: String) -> String {
        "\(namespace.isEmpty ? "accountability" : namespace).\(stage)"
    }
}

/// Runs a stage on a broker, exactly once: what its tasks publish and what they consumed for it become visible in one transaction. One
/// consumer, one producer, one thread.
public final class Worker: Sendable {
    private let stage: any Stage
    private let configuration: WorkerConfiguration
    private let metrics: WorkerMetrics
    private let logger: Logger
    private let stopping = Atomic<Bool>(false)

    /// A worker that does not run yet.
    public init(stage: any Stage, configuration: WorkerConfiguration, metrics: WorkerMetrics, logger: Logger) {
        self.stage = stage
        self.configuration = configuration
        self.metrics = metrics
        self.logger = logger
    }

    /// Asks the worker to commit and leave. Returns at once; ``run()`` returns when it is done.
    public func stop() {
        stopping.store(true, ordering: .releasing)
    }

    /// Runs until ``stop()``. Blocks the calling thread, which should be the worker's own.
    ///
    /// - Throws: ``RuntimeError``, whose code has the exit code of the process.
    public func run() throws {
        do {
            let loop = try WorkerLoop(stage: stage, configuration: configuration, metrics: metrics, logger: logger) {
                [unowned self] in stopping.load(ordering: .acquiring)
            }
            try loop.run()
        } catch let error as RuntimeError {
            metrics.fail(error.description)
            throw error
        } catch let error as KafkaError {
            metrics.fail("\(error)")
            let isMisconfigured = error.code == .invalidConfiguration || error.code == .authentication || error.code == .topicAuthorizationFailed
            if isMisconfigured { throw RuntimeError(.configuration, "the client cannot be used as it is configured", cause: error) }
            let unreachable = error.code == .transport || error.code == .allBrokersDown || error.code == .timedOut
            throw RuntimeError(
                unreachable ? .brokerUnavailable : .fatal,
                unreachable ? "the brokers \(configuration.kafka["bootstrap.servers"] ?? "") do not answer" : "the client failed",
                cause: error
            )
        } catch {
            metrics.fail("\(error)")
            throw RuntimeError(.internal, "stage \(stage.name) failed", cause: error)
        }
    }
}
