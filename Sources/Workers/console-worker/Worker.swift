import ArgumentParser
import Console
import Dispatch
import Foundation
import Logging
import Metrics
import Operating
import Reading
import ServiceLifecycle
import UnixSignals
import WorkerProcess

@main
struct ConsoleWorker: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "console-worker",
        abstract:
            "Shows an installation in a web browser on this machine: the run, determinations, the state, frameworks.",
        discussion: """
            Listens on the loopback interface only, because it does not encrypt. It is read-only while there are no accounts. With accounts (`accountability account`) \
            it shows only official results until someone signs in. With --address, a proxy on this machine passes requests on from an https address to it; then pages are \
            answered at that address only, and without accounts they show only official results. It reads the topics into memory as any subscriber does; it has no group, no transaction and \
            no database. `accountability up --console` starts it next to the workers. For another cluster:

              console-worker --brokers kafka:9092 --listen 127.0.0.1:8603

            --single-sign-on lets people sign in at a provider of OpenID Connect if their account was added with `accountability account add --single-sign-on`. \
            The file is a JSON object, and it and the secret's file must have mode 600:

              {
                "issuer": "https://login.example.org",
                "client": "accountability",
                "secretFile": "client-secret",
                "claim": "email",
                "address": "http://127.0.0.1:8603"
              }

            The address is the console's in people's browsers; register \(SingleSignOnSettings.callbackPath) below it at the provider. Leave it out with --address. The \
            claim says who somebody is; it is email unless the file names another, such as sub or preferred_username.

            Ends with 0 after SIGTERM, 64 if the address is not a loopback address, 65 if the map cannot be drawn, 69 if no broker answers, 78 if a topic is missing, \
            the port is taken or the settings of single sign-on are wrong.
            """
    )

    @OptionGroup(title: "Kafka") var broker: BrokerOptions

    @Option(
        help: ArgumentHelp(
            "The address to listen on: 127.0.0.1, [::1] or localhost with a port; port 0 lets the system choose one.",
            valueName: "host:port"
        )
    )
    var listen = LoopbackAddress.usual

    @Option(
        help: ArgumentHelp(
            "The console's address in people's browsers, if a proxy on this machine encrypts: https://HOST or https://HOST:PORT. The proxy must pass on the header Host.",
            valueName: "https-address"
        )
    )
    var address: String?

    @Option(
        help: ArgumentHelp(
            "A GeoJSON file with the places or areas of organizations. The pages of the state then show a map.",
            valueName: "file"
        )
    )
    var map: String?

    @Option(
        help: ArgumentHelp(
            "The property of the map's features that contains the organization's code.",
            valueName: "name"
        )
    )
    var mapProperty = GeographicMap.usualProperty

    @Option(help: ArgumentHelp("A file with the settings of single sign-on (OpenID Connect).", valueName: "file"))
    var singleSignOn: String?

    @Option(help: ArgumentHelp("A file into which the console writes its address.", valueName: "file"))
    var addressFile: String?

    @Option(help: ArgumentHelp("trace, debug, info, notice, warning, error or critical.", valueName: "level"))
    var logLevel = "info"

    func validate() throws {
        _ = try listenAddress()
        _ = try publicAddress()
        guard Logger.Level(rawValue: logLevel) != nil else {
            throw ValidationError("--log-level: there is no level \(logLevel)")
        }
    }

    private func publicAddress() throws -> PublicAddress? {
        guard let address else { return nil }
        guard let parsed = PublicAddress(address) else {
            throw ValidationError(
                "--address takes an https address without a path, such as https://accountability.example.org"
            )
        }
        return parsed
    }

    private func listenAddress() throws -> LoopbackAddress {
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
        MetricsSystem.bootstrap(PrometheusFactory.shared)
        let logger = Logger(label: "console-worker")
        do {
            try await serve(try broker.connection(), try listenAddress(), logger)
        } catch {
            let failure = Failure(error)
            Standard.error("console-worker: \(failure.message)")
            // The client library's threads may hang on a broker that is gone. Do not wait for them.
            Foundation.exit(failure.status.rawValue)
        }
        Foundation.exit(0)
    }

    /// Limits the time to stop.
    ///
    /// The console has no state to save.
    private static func leaveInTime() {
        DispatchQueue.global()
            .asyncAfter(deadline: .now() + .seconds(10)) {
                Standard.error("console-worker: a broker does not answer; stopping without it")
                Foundation.exit(0)
            }
    }

    /// The program `accountability` from the same folder, so from the same build.
    private func runner(_ connection: Connection) -> ProgramRunner {
        let own = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        return ProgramRunner(
            executable: own.deletingLastPathComponent().appendingPathComponent("accountability"),
            options: broker.arguments,
            folder: connection.home.directory.appendingPathComponent("console/calls", isDirectory: true)
        )
    }

    /// The map of `--map`.
    private func geographicMap() throws -> GeographicMap? {
        guard let map else { return nil }
        do {
            let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: map)))
            return try GeographicMap(bytes, property: mapProperty)
        } catch let refusal as GeographicMap.Refusal {
            throw Failure(.badInput, "--map \(map): \(refusal)")
        } catch {
            throw Failure(.badInput, "--map \(map) cannot be read: \(Failure(error).message)")
        }
    }

    /// Single sign-on with the settings of `--single-sign-on`.
    private func provider(_ logger: Logger) throws -> SingleSignOn? {
        guard let singleSignOn else { return nil }
        let connection = ProviderConnection()
        let client = ProviderClient { try await connection.send($0) }
        let settings = try SingleSignOnSettings(contentsOf: singleSignOn, at: try publicAddress())
        return SingleSignOn(settings, client, logger: logger)
    }

    private func serve(_ connection: Connection, _ address: LoopbackAddress, _ logger: Logger) async throws {
        let store = ConsoleStore()
        let site = Site(
            Console(
                life: String(UInt64.random(in: 0..<(1 << 40)), radix: 36),
                map: try geographicMap(),
                address: try publicAddress()
            ),
            Desk(
                home: connection.home,
                runner: runner(connection),
                address: try publicAddress(),
                singleSignOn: try provider(logger),
                logger: logger
            ),
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
                    // Services stop in reverse order: the last one stops first.
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

/// Runs blocking work on a thread of its own until it is asked to stop.
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
