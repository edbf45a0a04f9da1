internal import ArgumentParser
internal import Dispatch
internal import Foundation
internal import Operating
internal import Synchronization

/// `accountability supervise`: keeps the programs of the plan running.
///
/// Started by `up`; in production systemd or Kubernetes does this.
struct Supervise: OperatorCommand {
    static let configuration = CommandConfiguration(
        commandName: "supervise",
        abstract: "Keeps the workers of this machine running (started by `up`).",
        shouldDisplay: false
    )

    func operate() throws {
        // A session of its own: Ctrl-C at the terminal that said `up` is not meant for the workers.
        _ = setsid()
        signal(SIGPIPE, SIG_IGN)
        let home = Home()
        let supervisor = Supervisor(home: home)
        let isStopping = Atomic<Bool>(false)
        let sources = [SIGTERM, SIGINT]
            .map { number in
                signal(number, SIG_IGN)
                let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
                source.setEventHandler { isStopping.store(true, ordering: .releasing) }
                source.resume()
                return source
            }
        defer { for source in sources { source.cancel() } }
        let processes = Processes(home: home)
        try processes.note(getpid(), as: Processes.supervisor)
        while !isStopping.load(ordering: .acquiring) {
            supervisor.tend()
            Thread.sleep(forTimeInterval: 0.05)
        }
        supervisor.stopAll()
        processes.forget(Processes.supervisor)
    }
}

/// Starts what the plan names, and starts again what ends.
final class Supervisor {
    private final class Child {
        let program: Plan.Program
        var process: Process?
        var started = ContinuousClock.now
        var delay = Duration.milliseconds(200)
        var due = ContinuousClock.now

        init(_ program: Plan.Program) { self.program = program }
    }

    private let home: Home
    private let processes: Processes
    private var children: [Child] = []
    private var stopTimeout = 20

    init(home: Home) {
        self.home = home
        processes = Processes(home: home)
    }

    /// One look at the plan and at every child.
    func tend() {
        if let plan = Plan.load(home) {
            stopTimeout = plan.stopTimeout
            for program in plan.programs where !children.contains(where: { $0.program == program }) {
                children.append(Child(program))
            }
        }
        let now = ContinuousClock.now
        for child in children {
            if let process = child.process {
                guard !process.isRunning else { continue }
                log("\(child.program.name) ended with \(process.terminationStatus)")
                child.process = nil
                // What keeps ending is started less and less often; what ran for a while starts again at once.
                child.delay =
                    now - child.started > .seconds(30) ? .milliseconds(200) : min(child.delay * 2, .seconds(10))
                child.due = now + child.delay
            } else if now >= child.due {
                start(child)
            }
        }
    }

    /// Stops the workers, then the broker that they commit to.
    func stopAll() {
        let workers = children.filter { $0.program.name != Processes.broker }
        let brokers = children.filter { $0.program.name == Processes.broker }
        for child in workers {
            guard let process = child.process else { continue }
            // On a cluster the workers of other machines take over at once; with the local broker nobody is left to.
            if brokers.isEmpty { kill(process.processIdentifier, SIGUSR1) } else { process.terminate() }
        }
        // Their own bound, and a little for the exit.
        wait(for: workers, seconds: Double(stopTimeout) + 5)
        for child in brokers { child.process?.terminate() }
        wait(for: brokers, seconds: 10)
    }

    private func wait(for children: [Child], seconds: Double) {
        let deadline = ContinuousClock.now + .seconds(seconds)
        for child in children {
            guard let process = child.process else { continue }
            while process.isRunning {
                if ContinuousClock.now >= deadline {
                    log("\(child.program.name) did not stop and is killed")
                    kill(process.processIdentifier, SIGKILL)
                    process.waitUntilExit()
                }
                Thread.sleep(forTimeInterval: 0.02)
            }
            log("\(child.program.name) stopped with \(process.terminationStatus)")
            processes.forget(child.program.name)
        }
    }

    private func start(_ child: Child) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: child.program.executable)
        process.arguments = child.program.arguments
        process.standardInput = FileHandle.nullDevice
        child.started = ContinuousClock.now
        do {
            let output = try Self.append(to: processes.logFile(child.program.name))
            process.standardOutput = output
            process.standardError = output
            try process.run()
            try? output.close()
            try processes.note(process.processIdentifier, as: child.program.name)
            child.process = process
        } catch {
            log("\(child.program.name) could not be started: \(error)")
            child.due = ContinuousClock.now + .seconds(5)
        }
    }

    private static func append(to file: URL) throws -> FileHandle {
        if !FileManager.default.fileExists(atPath: file.path) {
            _ = FileManager.default.createFile(atPath: file.path, contents: nil, attributes: [.posixPermissions: 0o600])
        }
        let handle = try FileHandle(forWritingTo: file)
        try handle.seekToEnd()
        return handle
    }

    private func log(_ text: String) {
        Standard.error("\(Date().ISO8601Format()) supervisor: \(text)")
    }
}
