public import ArgumentParser
import Foundation
public import Logging
public import Operating
import Stages
public import Streaming
import CoreMetrics
import Kafka
public import Messages
public import Rules
import ServiceLifecycle
import UnixSignals

/// The command-line options of every worker.
public struct WorkerOptions: ParsableArguments, Sendable {
    /// The brokers.
    @OptionGroup(title: "Kafka") public var broker: BrokerOptions

    /// The instance's name.
    @Option(
        help: ArgumentHelp(
            "Identifies an instance of a stage and stays the same after every restart. group.instance.id and transactional.id end with it.",
            valueName: "name"
        )
    )
    public var instance = "1"

    /// The address of the endpoints.
    @Option(
        help: ArgumentHelp(
            "The address that serves /health, /ready and /metrics. Port 0 lets the system choose; 'none' serves nothing.",
            valueName: "host:port"
        )
    )
    public var listen = "127.0.0.1:0"

    /// The file for the endpoints' address.
    @Option(help: ArgumentHelp("A file into which the worker writes its address.", valueName: "file"))
    public var addressFile: String?

    /// Time between commits.
    @Option(
        help: ArgumentHelp("The longest time between commits while records arrive.", valueName: "milliseconds")
    )
    public var commitInterval = 1000

    /// Time to stop.
    @Option(help: ArgumentHelp("How long the worker may take to commit and stop after SIGTERM.", valueName: "seconds"))
    public var stopTimeout = 20

    /// The most memory.
    @Option(
        help: ArgumentHelp(
            "The memory limit. At the limit the worker reads no more records. Default: the control group's limit or the machine's memory.",
            valueName: "megabytes"
        )
    )
    public var memoryLimit: Int?

    /// Log level.
    @Option(help: ArgumentHelp("trace, debug, info, notice, warning, error or critical.", valueName: "level"))
    public var logLevel = "info"

    /// Creates options with their defaults.
    public init() {}

    /// Checks the options without a broker.
    public func validate() throws {
        guard Logger.Level(rawValue: logLevel) != nil else {
            throw ValidationError("--log-level: there is no level \(logLevel)")
        }
        guard (1...60_000).contains(commitInterval) else {
            throw ValidationError("--commit-interval takes 1 to 60000 milliseconds")
        }
        guard (1...600).contains(stopTimeout) else { throw ValidationError("--stop-timeout takes 1 to 600 seconds") }
        guard !instance.isEmpty,
            instance.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") })
        else {
            throw ValidationError("--instance takes letters, digits, - and _")
        }
        if let memoryLimit, !(64...(1 << 30)).contains(memoryLimit) {
            throw ValidationError("--memory-limit takes 64 megabytes or more")
        }
        _ = try ListenAddress(listen)
    }
}

/// The work that runs on the worker's own thread until it is asked to stop.
public protocol WorkerBody: Sendable {
    /// Runs until ``stop()``; blocks its thread.
    func run() throws
    /// Asks it to finish and stop; returns at once.
    func stop()
    /// Asks it to finish, stop and leave the group, so that the other instances take over at once; returns at once.
    func leave()
    /// The heartbeats of its threads.
    var hearts: [Heartbeat] { get }
}

extension WorkerBody {
    /// A body that is not in a group only stops.
    public func leave() { stop() }
}

extension Worker: WorkerBody {
    /// Only its own.
    public var hearts: [Heartbeat] { [heartbeat] }
}

extension Inspection: WorkerBody {
    /// Only its own.
    public var hearts: [Heartbeat] { [heartbeat] }
}

/// The process of one worker: endpoints, signals, a thread for the work, an exit code.
public enum WorkerProcess {
    /// Runs a stage until SIGTERM or SIGINT.
    ///
    /// - `makeStage`: creates the stage for the installation.
    /// - `beside`: creates the bodies that run next to the stage, each on a thread of its own.
    public static func run(
        _ options: WorkerOptions,
        beside: ((Connection, WorkerConfiguration, WorkerMetrics, Logger) throws -> [any WorkerBody])? = nil,
        _ makeStage: (Connection) async throws -> any Stage
    ) async throws {
        try await run(options, stage: nil) { connection, metrics, logger in
            let stage = try await makeStage(connection)
            let figures = metrics(stage.name)
            let logger = logger(stage.name)
            let configuration = configuration(options, connection, figures)
            let worker = Worker(stage: stage, configuration: configuration, metrics: figures, logger: logger)
            let others = try beside?(connection, configuration, figures, logger) ?? []
            return (figures, others.isEmpty ? worker : JoinedBodies(worker, others, stopTimeout: options.stopTimeout))
        }
    }

    /// Runs a stage that computes under the frameworks in force, until SIGTERM or SIGINT.
    ///
    /// When they change, it ends with 75, so that it starts again under the new ones.
    ///
    /// - `stage`: the stage.
    /// - `prepare`: prepares for the installation how the stage is created under frameworks.
    public static func run(
        _ options: WorkerOptions,
        _ stage: PipelineStage,
        _ prepare: (Connection) async throws -> @Sendable (FrameworkSet) throws -> any Stage
    ) async throws {
        try await run(options, stage: stage.name) { connection, metrics, logger in
            let figures = metrics(stage.name)
            let logger = logger(stage.name)
            let configuration = configuration(options, connection, figures)
            let worker = try FrameworkWorker(
                connection,
                group: connection.pipeline.group(stage.name),
                try await prepare(connection),
                { Worker(stage: $0, configuration: configuration, metrics: figures, logger: logger) },
                figures,
                logger,
                stopTimeout: options.stopTimeout
            )
            return (figures, worker)
        }
    }

    private static func configuration(
        _ options: WorkerOptions,
        _ connection: Connection,
        _ figures: WorkerMetrics
    ) -> WorkerConfiguration {
        var configuration = WorkerConfiguration(
            kafka: connection.kafka,
            instance: options.instance,
            namespace: connection.pipeline.namespace,
            progressTopic: connection.pipeline.name(Topics.progress),
            completionType: Topics.completionType
        )
        configuration.quarantine = connection.pipeline.quarantine
        configuration.positions = connection.pipeline.positions
        configuration.originOfCause = { SubmissionIdentifier.milliseconds(of: $0) }
        configuration.commitInterval = .milliseconds(options.commitInterval)
        configuration.memoryLimit = options.memoryLimit.map { MemoryLimit(bytes: $0 << 20) } ?? .ofSystem()
        configuration.stopTimeout = .seconds(options.stopTimeout)
        let limit = configuration.memoryLimit?.bytes ?? 0
        figures.update { $0.memoryLimit = limit }
        return configuration
    }

    /// Runs a body that is not a stage, under a name.
    public static func run(
        _ options: WorkerOptions,
        named name: String,
        _ makeBody: (Connection, WorkerMetrics, Logger) throws -> any WorkerBody
    ) async throws {
        try await run(options, stage: name) { connection, metrics, logger in
            let figures = metrics(name)
            return (figures, try makeBody(connection, figures, logger(name)))
        }
    }

    private static func run(
        _ options: WorkerOptions,
        stage: String?,
        _ make: (Connection, (String) -> WorkerMetrics, (String) -> Logger) async throws -> (
            WorkerMetrics, any WorkerBody
        )
    ) async throws {
        // A broken pipe must be an error of the write and not end the process.
        signal(SIGPIPE, SIG_IGN)
        ProcessLog.bootstrap(level: Logger.Level(rawValue: options.logLevel) ?? .info)
        MetricsSystem.bootstrap(PrometheusFactory.shared)
        var name = stage ?? "worker"
        var pipeline: Pipeline?
        do {
            let connection = try options.broker.connection()
            pipeline = connection.pipeline
            let (metrics, body) = try await make(
                connection,
                { WorkerMetrics(stage: $0, instance: options.instance) },
                { stage in
                    name = stage
                    var logger = Logger(label: "\(stage)-worker")
                    logger[metadataKey: "instance"] = "\(options.instance)"
                    return logger
                }
            )
            let logger = Logger(label: "\(metrics.stage)-worker")
            try await serve(options, metrics, connection, body, logger)
        } catch {
            end(name, error, pipeline)
        }
    }

    /// Ends the process at once after a failure.
    ///
    /// Threads of the client library may hang on a broker that is gone, and the endpoints may be answering. Destroying
    /// objects that they use would crash the process, so nothing is destroyed.
    static func end(_ name: String, _ error: any Error, _ pipeline: Pipeline?) -> Never {
        let rights = pipeline.map { AccessList(pipeline: $0).principals } ?? []
        let failure = Failure(error, of: rights.first { $0.name == "\(name)-worker" })
        Standard.error("\(name)-worker: \(failure.message)")
        _exit(failure.status.rawValue)
    }

    /// Twice the longest time that any call may wait for a broker.
    private static let longestSilence = 120

    private static func serve(
        _ options: WorkerOptions,
        _ metrics: WorkerMetrics,
        _ connection: Connection,
        _ body: any WorkerBody,
        _ logger: Logger
    ) async throws {
        Heartbeat.watch(body.hearts, seconds: longestSilence) {
            Standard.error(
                "\(metrics.stage)-worker: a thread hangs; was the clock set back? Stopping. Restart the worker"
            )
            _exit(ExitStatus.tryAgain.rawValue)
        }
        let endpoints = try ListenAddress(options.listen)
            .map {
                Endpoints(
                    metrics: metrics,
                    probe: BrokerProbe(connection.kafka),
                    address: $0,
                    addressFile: options.addressFile,
                    logger: logger
                )
            }
        // Services stop in reverse order: the work stops first, so that the endpoints show it until its end.
        var services: [ServiceGroupConfiguration.ServiceConfiguration] = []
        if let endpoints { services.append(.init(service: EndpointsService(endpoints: endpoints))) }
        let stopping = Stopping(
            body: body,
            name: metrics.stage,
            pipeline: connection.pipeline,
            timeout: options.stopTimeout,
            logger: logger
        )
        services.append(.init(service: LeaveService(stopping: stopping), successTerminationBehavior: .ignore))
        services.append(
            .init(service: BodyService(stopping: stopping), successTerminationBehavior: .gracefullyShutdownGroup)
        )
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .warning)
        let group = ServiceGroup(
            configuration: .init(
                services: services,
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: quiet
            )
        )
        try await group.run()
        logger.info("stopped")
        _exit(0)
    }
}
