public import ArgumentParser
import Dispatch
import Foundation
public import Logging
public import Operating
import Stages
public import Streaming
import CoreMetrics
import Kafka
import Messages

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
    /// Its own alone.
    public var hearts: [Heartbeat] { [heartbeat] }
}

extension Inspection: WorkerBody {
    /// Its own alone.
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
        _ makeStage: (Connection) throws -> any Stage
    ) async throws {
        try await run(options, stage: nil) { connection, metrics, logger in
            let stage = try makeStage(connection)
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
        _ make: (Connection, (String) -> WorkerMetrics, (String) -> Logger) throws -> (WorkerMetrics, any WorkerBody)
    ) async throws {
        // A broken pipe is an error of the write, not the end of the process.
        signal(SIGPIPE, SIG_IGN)
        ProcessLog.bootstrap(level: Logger.Level(rawValue: options.logLevel) ?? .info)
        MetricsSystem.bootstrap(PrometheusFactory.shared)
        var name = stage ?? "worker"
        do {
            let connection = try options.broker.connection()
            let (metrics, body) = try make(
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
            let failure = Failure(error)
            Standard.error("\(name)-worker: \(failure.message)")
            // The client library's threads may hang on a broker that is gone: nothing is left to be done for them.
            exit(failure.status.rawValue)
        }
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
        // SIGUSR1: stop for good, and leave the place in the group to the other instances.
        let signals = [SIGTERM, SIGINT, SIGUSR1]
            .map { number in
                signal(number, SIG_IGN)
                let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
                source.setEventHandler {
                    logger.info("stopping", metadata: ["signal": "\(number)"])
                    if number == SIGUSR1 { body.leave() } else { body.stop() }
                    // Bounded whatever hangs: what was not committed is aborted by the next life of this instance.
                    DispatchQueue.global()
                        .asyncAfter(deadline: .now() + .seconds(options.stopTimeout)) {
                            Standard.error(
                                "\(metrics.stage)-worker: not stopped within \(options.stopTimeout) seconds; leaving without the last commit"
                            )
                            exit(ExitStatus.tryAgain.rawValue)
                        }
                }
                source.resume()
                return source
            }
        defer { for source in signals { source.cancel() } }
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
        let server = Task { try await endpoints?.run() }
        Heartbeat.watch(body.hearts, seconds: longestSilence) {
            Standard.error(
                "\(metrics.stage)-worker: a thread stands still; was the clock set back? Leaving: a restart begins anew"
            )
            exit(ExitStatus.tryAgain.rawValue)
        }
        let work = Task { try await onOwnThread(named: metrics.stage) { try body.run() } }
        if endpoints != nil {
            // A port that cannot be had ends the worker at once, instead of leaving it without supervision.
            Task {
                do {
                    try await server.value
                } catch is CancellationError {
                } catch {
                    Standard.error("\(metrics.stage)-worker: \(options.listen) cannot be listened on: \(error)")
                    exit(ExitStatus.configuration.rawValue)
                }
            }
        }
        try await work.value
        server.cancel()
        logger.info("stopped")
        exit(0)
    }

    /// Runs a blocking function on a thread of its own, with the stack that librdkafka's callbacks and deep protobuf
    /// messages ask for.
    private static func onOwnThread(named name: String, _ function: @escaping @Sendable () throws -> Void) async throws
    {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            let thread = Thread { continuation.resume(with: Result { try function() }) }
            thread.name = name
            thread.stackSize = 8 << 20
            thread.start()
        }
    }
}
