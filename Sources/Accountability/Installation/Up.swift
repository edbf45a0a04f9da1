internal import ArgumentParser
internal import Foundation
internal import Kafka
internal import Messages
internal import Operating
internal import Stages
internal import Supervision

/// `accountability up`: brings an installation up on this machine.
struct Up: AsyncOperatorCommand {
    static let configuration = CommandConfiguration(
        commandName: "up",
        abstract: "Starts the workers on this machine, with a local broker unless --brokers names a cluster.",
        discussion: """
              accountability up                                           a local broker and seven workers
              accountability up --brokers kafka1:9092,kafka2:9092 --partitions 12 --instances 3
              accountability up --brokers kafka:9093 --properties-file client.properties
              accountability up --console                                 and the console, in a browser of this machine
              accountability up -- --webhook https://example.org/notices --webhook-secret-file webhook.secret

            Options after -- go to the notification workers and say how notices are delivered (`notification-worker --help`).


            The command creates missing topics and, the first time, the key of the pseudonyms. It keeps everything in $ACCOUNTABILITY_HOME \
            (default ~/.accountability), where later commands find the brokers. It returns when every worker is ready. A worker that ends is \
            restarted. `down` stops everything.

            The local broker is one process on the loopback interface, for development, tests and one machine: it keeps its data in \
            memory, takes any password and has no TLS. Production is Apache Kafka 3.5 or later.

            Only one installation writes a ledger, under one key of the pseudonyms. A second home with the same brokers and namespace is \
            refused. If the first home is gone for good, --identity continues in its place.

            If `up` fails, it leaves no process running, and the files of the home stay as they were.

            Exit codes: 0 everything is ready; 69 no broker answers; 75 a worker did not become ready in time; 78 something has to be fixed \
            first.
            """
    )

    @OptionGroup(title: "Kafka") var broker: BrokerOptions

    @Option(help: ArgumentHelp("Partitions of each table that is created.", valueName: "count"))
    var partitions: Int32 = 12

    @Option(
        help: ArgumentHelp(
            "The number of replicas of each partition; default: 3 if there are that many brokers, otherwise the cluster's default.",
            valueName: "count"
        )
    )
    var replication: Int16 = -1

    @Option(
        help: ArgumentHelp("Instances of each stage but ingestion, which share its partitions.", valueName: "count")
    )
    var instances = 1

    @Option(
        help: ArgumentHelp(
            "The local broker's port; default: 9092, or another port if that one is taken.",
            valueName: "port"
        )
    )
    var brokerPort: Int?

    @Option(
        help: ArgumentHelp("The longest time between commits while records arrive.", valueName: "milliseconds")
    )
    var commitInterval = 1000

    @Option(help: ArgumentHelp("How long a worker may take to stop.", valueName: "seconds"))
    var stopTimeout = 20

    @Option(
        help: ArgumentHelp(
            "Continue as the installation that the ledger names, if that installation's home is gone for good.",
            valueName: "identity"
        )
    )
    var identity: String?

    @Option(help: ArgumentHelp("How long everything may take to become ready.", valueName: "seconds"))
    var timeout = 120

    @OptionGroup(title: "Console") var console: ConsoleOptions

    @Argument(
        parsing: .postTerminator,
        help: ArgumentHelp("Options of the notification workers.", valueName: "delivery options")
    )
    var delivery: [String] = []

    func validate() throws {
        guard (1...10_000).contains(partitions) else { throw ValidationError("--partitions takes 1 to 10000") }
        guard (1...100).contains(instances) else { throw ValidationError("--instances takes 1 to 100") }
        guard brokerPort.map({ (0...65_535).contains($0) }) ?? true else {
            throw ValidationError("--broker-port takes 0 to 65535")
        }
    }

    func operate() async throws {
        let home = Home()
        try home.create()
        let lock = try HomeLock(home, "up")
        defer { lock.release() }
        let processes = Processes(home: home)
        if processes.living(Processes.supervisor) != nil || HomeLock.owner(home, "supervise") != nil {
            throw Failure(.configuration, "it is up already in \(home.directory.path); `accountability down` stops it")
        }
        for name in processes.names() {
            if processes.living(name) != nil {
                throw Failure(.configuration, "\(name) still runs from an earlier time; `accountability down` stops it")
            }
            processes.forget(name)
        }
        Deaths.forgetAll(home)
        let undo = UpUndo(home, stopTimeout: stopTimeout)
        do {
            try await start(home, processes, undo)
        } catch {
            undo.undo()
            throw error
        }
    }

    private func start(_ home: Home, _ processes: Processes, _ undo: UpUndo) async throws {
        let local = broker.stated().brokers == nil ? try LocalBroker(home: home, port: brokerPort) : nil
        let identity = try writeHome(home, local)
        // Later commands find this while the broker runs. The broker is about to be started.
        let connection = try BrokerOptions.parse(local == nil ? [] : ["--local-broker"])
            .connection(environment: ["ACCOUNTABILITY_HOME": home.directory.path])

        var plan = Plan(programs: local.map { [$0.plan(home)] } ?? [], stopTimeout: stopTimeout)
        if local != nil { plan.partitions = partitions }
        try plan.save(home)
        let interruption = Interruption()
        undo.supervisor = try startSupervisor(home)
        if local != nil {
            say("starting a local broker at \(connection.brokers) (one machine: volatile, any password, no TLS)")
        }
        try await waitForBroker(connection, processes, interruption)
        let topics = try PipelineTopics(connection)
        let created = try topics.createMissing(partitions: partitions, replication: local == nil ? replication : 1)
        if !created.isEmpty { say("created \(created.count) topics") }
        if local != nil, try topics.renewRecordsOfBefore() {
            say("the records are from a version before blocks; validation rebuilds them from the ledger")
        }
        let problems = try topics.problems()
        guard problems.isEmpty else { throw Failure(.configuration, problems.joined(separator: "; ")) }
        let restored = try LedgerRestore(connection)?.run() ?? []
        if !restored.isEmpty { say(LedgerRestore.text(restored, home)) }
        try claimLedger(connection, home, identity, try topics.partitions(of: Topics.submissions), undo)

        plan.programs += try workers(connection, home, processes)
        let workers = plan.programs.count - (local == nil ? 0 : 1)
        plan.programs += [try console.plan(processes)].compactMap { $0 }
        try plan.save(home)
        try await waitForWorkers(
            plan.programs.map(\.name).filter { $0 != Processes.broker },
            processes,
            interruption
        )
        say(
            "ready: \(workers) workers at \(connection.brokers); files go to `accountability submit`"
        )
        if let address = processes.address(ConsoleOptions.name) {
            let proxied = console.address.map { "\($0), passed on by a proxy to " } ?? ""
            say("console: \(proxied)http://\(address)/")
        }
    }

    /// Writes the files by which later commands and the workers find the installation; returns its identity.
    private func writeHome(_ home: Home, _ local: LocalBroker?) throws -> String {
        if !FileManager.default.fileExists(atPath: home.pseudonymKey.path) {
            do {
                try PseudonymKey.create(at: home.pseudonymKey.path)
            } catch {
                throw Failure(.configuration, error.description)
            }
        }
        let stated = broker.stated()
        let identity =
            try identity ?? Installation.load(from: home)?.identity ?? home.identity ?? LedgerClaim.newIdentity()
        try home.save(identity: identity)
        try writeClientProperties(home)
        try Installation(
            brokers: local?.address ?? stated.brokers ?? "",
            namespace: stated.namespace ?? "",
            isLocalBroker: local != nil || broker.localBroker,
            ownsBroker: local != nil,
            instances: instances,
            identity: identity
        )
        .save(to: home)
        return identity
    }

    /// Claims the ledger for this installation and its key, or finds that it is another's.
    private func claimLedger(
        _ connection: Connection,
        _ home: Home,
        _ identity: String,
        _ partitions: Int32,
        _ undo: UpUndo
    ) throws {
        let key: PseudonymKey
        do {
            key = try PseudonymKey(contentsOf: home.pseudonymKey.path)
        } catch {
            throw Failure(.configuration, error.description)
        }
        let claim = LedgerClaim(identity: identity, keyFingerprint: key.fingerprint, partitions: partitions)
        let ledger = try LedgerClaim.Reader(connection)
        defer { ledger.close() }
        if let standing = try ledger.find() {
            try claim.check(against: standing, connection)
            undo.mayHaveUsedKey = true
            return
        }
        undo.mayHaveUsedKey = true
        try OperatorAct.commit(connection) { sink in try claim.write(connection.pipeline, to: sink) }
        // Brokers show a record some milliseconds after they have confirmed its commit.
        let deadline = ContinuousClock.now + .seconds(10)
        var found = try ledger.find()
        while found == nil, ContinuousClock.now < deadline {
            Thread.sleep(forTimeInterval: 0.1)
            found = try ledger.find()
        }
        guard let standing = found else {
            throw Failure(
                .tryAgain,
                "the ledger does not show the claim that was written to it a moment ago: `accountability doctor` checks the brokers"
            )
        }
        // Another `up` may have been first.
        try claim.check(against: standing, connection)
    }

    private func writeClientProperties(_ home: Home) throws {
        var kafka = KafkaConfiguration(bootstrapServers: "")
        try broker.set(file: broker.stated().propertiesFile, in: &kafka)
        kafka["bootstrap.servers"] = nil
        let text = kafka.properties.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)\n" }.joined()
        let files = FileManager.default
        try? files.removeItem(at: home.clientProperties)
        guard !text.isEmpty else { return }
        guard
            files.createFile(
                atPath: home.clientProperties.path,
                contents: Data(text.utf8),
                attributes: [.posixPermissions: 0o600]
            )
        else {
            throw Failure(.configuration, "\(home.clientProperties.path) cannot be written")
        }
    }

    private func workers(_ connection: Connection, _ home: Home, _ processes: Processes) throws -> [Plan.Program] {
        let folder = try Programs.folder()
        var programs: [Plan.Program] = []
        for stage in WorkerNames.stages {
            let executable = folder.appendingPathComponent("\(stage)-worker").path
            guard FileManager.default.isExecutableFile(atPath: executable) else {
                throw Failure(
                    .configuration,
                    "\(executable) is not there: Deploy/build builds all programs into one folder"
                )
            }
            for number in 1...(stage == WorkerNames.ingestion ? 1 : instances) {
                let name = WorkerNames.instance(stage, number)
                var arguments = [
                    "--instance", "\(number)", "--address-file", processes.addressFile(name).path, "--commit-interval",
                    "\(commitInterval)",
                    "--stop-timeout", "\(stopTimeout)",
                ]
                if stage == PipelineStage.notification.name { arguments += ["--spool", home.spool.path] + delivery }
                programs.append(Plan.Program(name: name, executable: executable, arguments: arguments))
            }
        }
        return programs
    }

    private func startSupervisor(_ home: Home) throws -> ChildProcess {
        // The workers take brokers, namespace and properties from the home, so that no command line contains secrets.
        let environment = ProcessInfo.processInfo.environment
            .filter { !BrokerOptions.Stated.variables.contains($0.key) }
            .merging(["ACCOUNTABILITY_HOME": home.directory.path]) { $1 }
            .merging(MemoryAllocator.environment()) { $1 }
        return try ChildProcess.start(
            try Programs.folder().appendingPathComponent("accountability").path,
            ["supervise"],
            environment: environment,
            log: Processes(home: home).logFile(Processes.supervisor).path
        )
    }

    private func say(_ text: String) {
        Standard.output("\(text)\n")
    }
}
