public import ArgumentParser
import Foundation
public import Logging
public import Operating
import Stages
public import Streaming
import CoreMetrics
import Kafka
import Messages
import ServiceLifecycle
import UnixSignals

/// What every worker is told on its command line.
public struct WorkerOptions: ParsableArguments, Sendable {
    /// Where the brokers are.
    @OptionGroup(title: "Kafka") public var broker: BrokerOptions

    /// The instance's name.
    @Option(
        help: ArgumentHelp(
            "Tells the instances of a stage apart; the same after every restart. It ends group.instance.id and transactional.id.",
            valueName: "name"
        )
    )
    public var instance = "1"

    /// Where the endpoints listen.
    @Option(
        help: ArgumentHelp(
            "Where /health, /ready and /metrics are served; port 0 lets the system choose one, 'none' serves nothing.",
            valueName: "host:port"
        )
    )
    public var listen = "127.0.0.1:0"

    /// Where the endpoints' address is written.
    @Option(help: ArgumentHelp("A file into which the address that is listened on is written.", valueName: "file"))
    public var addressFile: String?

    /// Time between commits.
    @Option(
        help: ArgumentHelp("The longest time between two commits while records keep coming.", valueName: "milliseconds")
    )
    public var commitInterval = 1000

    /// Time to stop.
    @Option(help: ArgumentHelp("How long SIGTERM may take: the last commit, then leaving.", valueName: "seconds"))
    public var stopTimeout = 20

    /// The most memory.
    @Option(
        help: ArgumentHelp(
            "The most memory the worker may hold; default: the control group's limit or the machine's memory. At it no more records are taken.",
            valueName: "megabytes"
        )
    )
    public var memoryLimit: Int?

    /// Log level.
    @Option(help: ArgumentHelp("trace, debug, info, notice, warning, error or critical.", valueName: "level"))
    public var logLevel = "info"

    /// The options as they are when nothing was said.
    public init() {}

    /// Checks what can be checked without a broker.
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

/// What runs on the worker's own thread until it is asked to stop.
public protocol WorkerBody: Sendable {
    /// Runs until ``stop()``; blocks its thread.
    func run() throws
    /// Asks it to finish and leave; returns at once.
    func stop()
    /// Asks it to finish and leave for good, so that the other instances need not wait for it to come back; returns at
    /// once.
    func leave()
    /// What beats while its threads come round.
    var hearts: [Heartbeat] { get }
}

extension WorkerBody {
    /// What has no place in a group only stops.
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
    /// - `makeStage`: gives the stage of the installation.
    /// - `beside`: gives what runs next to the stage, each on a thread of its own, as long as it.
    public static func run(
        _ options: WorkerOptions,
        beside: ((Connection, WorkerConfiguration, WorkerMetrics, Logger) throws -> [any WorkerBody])? = nil,
        _ makeStage: (Connection) async throws -> any Stage
    ) async throws {
        try await run(options, stage: nil) { connection, metrics, logger in
            let stage = try await makeStage(connection)
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
            let figures = metrics(stage.name)
            let limit = configuration.memoryLimit?.bytes ?? 0
            figures.update { $0.memoryLimit = limit }
            let worker = Worker(
                stage: stage,
                configuration: configuration,
                metrics: figures,
                logger: logger(stage.name)
            )
            let others = try beside?(connection, configuration, figures, logger(stage.name)) ?? []
            return (figures, others.isEmpty ? worker : JoinedBodies(worker, others, stopTimeout: options.stopTimeout))
        }
    }

    /// Runs a body that is no stage, under a name.
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
        // A broken pipe is an error of the write, not the end of the process.
        signal(SIGPIPE, SIG_IGN)
        ProcessLog.bootstrap(level: Logger.Level(rawValue: options.logLevel) ?? .info)
        MetricsSystem.bootstrap(PrometheusFactory.shared)
        var name = stage ?? "worker"
        do {
            let connection = try options.broker.connection()
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
            try await serve(options, metrics, BrokerProbe(connection.kafka), body, logger)
        } catch {
            end(name, error)
        }
    }

    /// Ends the process at once, as after a failure.
    ///
    /// Threads of the client library may hang on a broker that is gone, and the endpoints may be answering. Taking down
    /// around them what they use would end the process by a signal, so nothing is taken down.
    static func end(_ name: String, _ error: any Error) -> Never {
        let failure = Failure(error)
        Standard.error("\(name)-worker: \(failure.message)")
        _exit(failure.status.rawValue)
    }

    /// Twice as long as anything may wait for a broker.
    private static let longestSilence = 120

    private static func serve(
        _ options: WorkerOptions,
        _ metrics: WorkerMetrics,
        _ probe: BrokerProbe,
        _ body: any WorkerBody,
        _ logger: Logger
    ) async throws {
        Heartbeat.watch(body.hearts, seconds: longestSilence) {
            Standard.error(
                "\(metrics.stage)-worker: a thread stands still; was the clock set back? Leaving: a restart begins anew"
            )
            _exit(ExitStatus.tryAgain.rawValue)
        }
        let endpoints = try ListenAddress(options.listen)
            .map {
                Endpoints(
                    metrics: metrics,
                    probe: probe,
                    address: $0,
                    addressFile: options.addressFile,
                    logger: logger
                )
            }
        // They stop in reverse order: the work first, so that it is seen until its end.
        var services: [ServiceGroupConfiguration.ServiceConfiguration] = []
        if let endpoints { services.append(.init(service: EndpointsService(endpoints: endpoints))) }
        let stopping = Stopping(body: body, name: metrics.stage, timeout: options.stopTimeout, logger: logger)
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
