import ArgumentParser
import Console
import Dispatch
import Foundation
import Logging
import Operating
import ServiceLifecycle
import UnixSignals

@main
struct ConsoleWorker: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "console-worker",
        abstract:
            "Shows an installation in a web browser on this machine: the run, determinations, the state, frameworks.",
        discussion: """
            On the loopback interface only, as it does not encrypt. Read-only while nobody has an account; with accounts (`accountability account`) \
            nothing is shown before somebody signs in. Follows the topics into memory as any subscriber does; it has no group, no transaction and \
            no database. `accountability up --console` starts it beside the workers; against another cluster:

              console-worker --brokers kafka:9092 --listen 127.0.0.1:8603

            Ends with 0 after SIGTERM, 64 when the address is not the loopback interface's, 69 when no broker answers, 78 when a topic is missing or \
            the port is taken.
            """
    )

    @OptionGroup(title: "Kafka") var broker: BrokerOptions

    @Option(
        help: ArgumentHelp(
            "Where it listens: 127.0.0.1, [::1] or localhost with a port; port 0 lets the system choose one.",
            valueName: "host:port"
        )
    )
    var listen = LoopbackAddress.usual

    @Option(help: ArgumentHelp("A file into which the address that is listened on is written.", valueName: "file"))
    var addressFile: String?

    @Option(help: ArgumentHelp("trace, debug, info, notice, warning, error or critical.", valueName: "level"))
    var logLevel = "info"

    func validate() throws {
        _ = try address()
        guard Logger.Level(rawValue: logLevel) != nil else {
            throw ValidationError("--log-level: there is no level \(logLevel)")
        }
    }

    private func address() throws -> LoopbackAddress {
        do {
            if let address = try LoopbackAddress(listen) { return address }
        } catch {
            throw ValidationError("--listen: \(error)")
        }
        throw ValidationError("--listen takes host:port, such as \(LoopbackAddress.usual)")
    }

    func run() async throws {
        signal(SIGPIPE, SIG_IGN)
        ProcessLog.bootstrap(level: Logger.Level(rawValue: logLevel) ?? .info)
        let logger = Logger(label: "console-worker")
        do {
            try await serve(try broker.connection(), try address(), logger)
        } catch {
            let failure = Failure(error)
            Standard.error("console-worker: \(failure.message)")
            // The client library's threads may hang on a broker that is gone: nothing is left to be done for them.
            Foundation.exit(failure.status.rawValue)
        }
        Foundation.exit(0)
    }

    /// The time to stop is bounded here: nothing is lost with a console that stands still.
    private static func leaveInTime() {
        DispatchQueue.global()
            .asyncAfter(deadline: .now() + .seconds(10)) {
                Standard.error("console-worker: a broker is waited for; leaving without its answer")
                Foundation.exit(0)
            }
    }

    /// The `accountability` beside this program: one build, one folder.
    private func runner(_ connection: Connection) -> ProgramRunner {
        let own = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        return ProgramRunner(
            executable: own.deletingLastPathComponent().appendingPathComponent("accountability"),
            options: broker.arguments,
            folder: connection.home.directory.appendingPathComponent("console/calls", isDirectory: true)
        )
    }

    private func serve(_ connection: Connection, _ address: LoopbackAddress, _ logger: Logger) async throws {
        let store = ConsoleStore()
        let site = Site(
            Console(life: String(UInt64.random(in: 0..<(1 << 40)), radix: 36)),
            Desk(home: connection.home, runner: runner(connection), logger: logger),
            store
        )
        let server = ConsoleServer(
            site: site,
            store: store,
            address: address,
            addressFile: addressFile,
            logger: logger
        )
        let topics = TopicFollower(connection, store, logger: logger)
        let run = RunFollower(connection, store, logger: logger)
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .warning)
        let group = ServiceGroup(
            configuration: .init(
                services: [
                    .init(service: ConsoleServerService(server: server)),
                    .init(
                        service: ThreadService(name: "topics", body: { try topics.run() }, stop: { topics.stop() })
                    ),
                    // The last one is the first that is told to stop.
                    .init(
                        service: ThreadService(
                            name: "run",
                            body: { run.run() },
                            stop: {
                                Self.leaveInTime()
                                run.stop()
                            }
                        )
                    ),
                ],
                gracefulShutdownSignals: [.sigterm, .sigint, .sigusr1],
                logger: quiet
            )
        )
        try await group.run()
        logger.info("stopped")
    }
}

/// Work that blocks a thread of its own, until it is asked to stop.
struct ThreadService: Service {
    let name: String
    let body: @Sendable () throws -> Void
    let stop: @Sendable () -> Void

    func run() async throws {
        try await withTaskCancellationOrGracefulShutdownHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let thread = Thread { continuation.resume(with: Result { try body() }) }
                thread.name = name
                thread.stackSize = 8 << 20
                thread.start()
            }
        } onCancelOrGracefulShutdown: {
            stop()
        }
    }
}
