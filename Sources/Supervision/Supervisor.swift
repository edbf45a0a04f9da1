internal import Foundation
package import Operating

/// Starts the programs of the plan, and restarts those that end.
package final class Supervisor {
    private final class Child {
        let program: Plan.Program
        var process: ChildProcess?
        var started = ContinuousClock.now
        /// The pause before the last start; nil before the program ended for the first time.
        var pause: Duration?
        var due = ContinuousClock.now
        var deaths = Deaths()
        /// Where the log ended when it was started.
        var logStart: UInt64 = 0
        /// Whether the supervisor still looks for the broker's thread that saves.
        var isSavingEager = false

        init(_ program: Plan.Program) { self.program = program }
    }

    /// The pause before the first new start; each further one is twice as long, up to the last.
    static let firstPause: Duration = .milliseconds(250)
    static let longestPause: Duration = .seconds(30)
    /// A program that ran for this long restarts after the first pause.
    private static let proven: Duration = .seconds(30)
    /// The same for a worker that ended itself and asks to be started again, as it does after a change of the clock.
    private static let steady: Duration = .seconds(5)

    /// The pause before a program starts again: it doubles while the program keeps ending soon after its start.
    ///
    /// - Parameters:
    ///   - ending: how the program ended.
    ///   - lived: how long it ran.
    ///   - last: the pause before this start; nil for the first start.
    /// - Returns: how long to wait.
    static func pause(after ending: ChildProcess.Ending, lived: Duration, last: Duration?) -> Duration {
        let hasWorked = lived > (ending == .exited(ExitStatus.tryAgain.rawValue) ? steady : proven)
        guard let last, !hasWorked else { return firstPause }
        return min(last * 2, longestPause)
    }

    private let home: Home
    private let processes: Processes
    private let environment: [String: String]
    private var children: [Child] = []
    private var stopTimeout = 20
    /// The plan that was last read.
    private var planStamp: Plan.Stamp?
    private var partitions: Int32?
    /// When to look for missing pid files.
    private var notesDue = ContinuousClock.now
    private static let notesInterval: Duration = .seconds(2)
    private var failsToNote = false
    /// Whether the local broker died.
    ///
    /// Until its lost records are restored, nothing else runs.
    private var isBrokerForgetful = false
    private var restoring: ChildProcess?
    private var restoreDue = ContinuousClock.now
    /// Looks for a transaction that hangs, after a worker died.
    private var looking: ChildProcess?
    /// When to look; nil if no worker died since the last look.
    private var lookDue: ContinuousClock.Instant?
    /// The pause before that, in which the worker's next run ends the transaction itself.
    private static let lookPause: Duration = .seconds(5)
    /// How many seconds the local broker may take to write its data.
    package static let brokerPatience: Double = 30

    package init(home: Home, environment: [String: String] = ProcessInfo.processInfo.environment) {
        self.home = home
        processes = Processes(home: home)
        self.environment = Self.withoutBacktraces(environment)
    }

    /// Turns off Swift's crash reporter, so that a crash costs only a second.
    ///
    /// The reporter takes minutes for a program of this size, and holds its descriptors meanwhile.
    static func withoutBacktraces(_ environment: [String: String]) -> [String: String] {
        environment.merging(["SWIFT_BACKTRACE": "enable=no"]) { given, _ in given }
    }

    /// Checks the plan and every child once.
    package func tend() {
        let stamp = Plan.stamp(home)
        // Reading it at every look would cost more than everything else here.
        if stamp == nil || stamp != planStamp, let plan = Plan.load(home) {
            planStamp = stamp
            stopTimeout = plan.stopTimeout
            partitions = plan.partitions
            for program in plan.programs where !children.contains(where: { $0.program == program }) {
                children.append(Child(program))
            }
        }
        for child in children {
            if let process = child.process {
                guard let ending = process.ending() else {
                    if child.isSavingEager { calmSaving(child, process) }
                    continue
                }
                bury(child, ending)
            } else if ContinuousClock.now >= child.due, !isBrokerForgetful || child.program.name == Processes.broker {
                start(child)
            }
        }
        noteProcesses()
        if isBrokerForgetful { restore() } else { look() }
    }

    /// Writes the pid files that are missing, such as those that did not fit on a full disk.
    private func noteProcesses() {
        guard ContinuousClock.now >= notesDue else { return }
        notesDue = .now + Self.notesInterval
        let living = children.compactMap { child in child.process.map { (child.program.name, $0.pid) } }
        do {
            for (name, pid) in living + [(Processes.supervisor, getpid())] where processes.living(name) != pid {
                try processes.note(pid, as: name)
            }
            failsToNote = false
        } catch {
            if !failsToNote { log("the pid files cannot be written; trying again: \(Failure(error).message)") }
            failsToNote = true
        }
    }

    /// Lowers the priority of the local broker's saving, once its thread is there.
    private func calmSaving(_ child: Child, _ process: ChildProcess) {
        let isOver = ContinuousClock.now - child.started > Self.proven
        child.isSavingEager = !isOver && !LocalBroker.calmSaving(of: process.pid)
    }

    /// Stops the workers, because the local broker died and may have lost records that it acknowledged.
    ///
    /// Workers that kept running would take old records for new ones.
    private func holdWorkers() {
        log("the local broker ended; the workers wait until its lost records are restored")
        isBrokerForgetful = true
        restoreDue = .now
        for process in [restoring, looking] { process?.end(within: 1) }
        (restoring, looking, lookDue) = (nil, nil, nil)
        for child in children {
            guard child.program.name != Processes.broker, let process = child.process else { continue }
            // There is nothing that they could commit to.
            kill(process.pid, SIGKILL)
            _ = process.wait(within: 5)
            child.process = nil
            child.due = .now
            processes.forget(child.program.name)
        }
    }

    private func restore() {
        if let process = restoring {
            guard let ending = process.ending() else { return }
            restoring = nil
            if ending == .exited(0) {
                isBrokerForgetful = false
                log("the local broker has all records of the home; starting the workers")
            } else {
                log("the ledger could not be compared with the home: \(ending.text); trying again")
                restoreDue = .now + .seconds(2)
            }
            return
        }
        guard ContinuousClock.now >= restoreDue,
            children.contains(where: { $0.program.name == Processes.broker && $0.process != nil })
        else { return }
        do {
            restoring = try command(["restore-ledger", "--partitions", "\(partitions ?? 12)"])
        } catch {
            log("the ledger cannot be compared with the home: \(Failure(error).message)")
            restoreDue = .now + .seconds(5)
        }
    }

    /// Looks for a transaction that hangs.
    ///
    /// If there is one, stops the local broker, which ends it, and starts it again.
    private func look() {
        if let process = looking {
            guard let ending = process.ending() else { return }
            looking = nil
            switch ending {
            case .exited(0): break
            case .exited(ExitStatus.tryAgain.rawValue):
                log("the local broker does not end a transaction; starting the broker again, which ends it")
                if let broker = children.first(where: { $0.program.name == Processes.broker })?.process {
                    kill(broker.pid, SIGTERM)
                }
            default: lookDue = .now + Self.lookPause
            }
            return
        }
        guard let due = lookDue, ContinuousClock.now >= due else { return }
        lookDue = nil
        do {
            looking = try command(["hanging-transaction"])
        } catch {
            log("it is not known whether a transaction hangs: \(Failure(error).message)")
        }
    }

    /// Starts a command of `accountability` on this home.
    private func command(_ arguments: [String]) throws -> ChildProcess {
        try ChildProcess.start(
            try Programs.folder().appendingPathComponent("accountability").path,
            arguments,
            environment: environment,
            log: processes.logFile(Processes.supervisor).path
        )
    }

    /// Writes down how a program ended, and when to start it again.
    private func bury(_ child: Child, _ ending: ChildProcess.Ending) {
        let name = child.program.name
        let lived = ContinuousClock.now - child.started
        let cause = Deaths.Death.cause(log: processes.logFile(name), from: child.logStart)
        if partitions != nil {
            if name == Processes.broker { holdWorkers() } else { lookDue = .now + Self.lookPause }
        }
        log(
            "\(name) ended with \(ending.text) after \(lived / .seconds(1)) seconds\(cause.isEmpty ? "" : ": \(cause)")"
        )
        child.process = nil
        processes.forget(name)
        child.deaths.add(
            Deaths.Death(time: Date().timeIntervalSince1970, lived: lived / .seconds(1), ending: ending, cause: cause)
        )
        child.deaths.save(home, name)
        let pause = Self.pause(after: ending, lived: lived, last: child.pause)
        child.pause = pause
        child.due = ContinuousClock.now + pause
    }

    /// Stops the workers, then the broker that they commit to.
    package func stopAll() {
        let workers = children.filter { $0.program.name != Processes.broker }
        let brokers = children.filter { $0.program.name == Processes.broker }
        // On a cluster the workers of other machines take over at once; with the local broker there are no others. They
        // get their own limit, and a little for the exit.
        stop(workers, by: brokers.isEmpty ? SIGUSR1 : SIGTERM, seconds: Double(stopTimeout) + 5)
        for process in [restoring, looking] { process?.end(within: 5) }
        stop(brokers, by: SIGTERM, seconds: Self.brokerPatience)
    }

    private func stop(_ children: [Child], by signal: Int32, seconds: Double) {
        let deadline = ContinuousClock.now + .seconds(seconds)
        for child in children { if let process = child.process { kill(process.pid, signal) } }
        for child in children {
            guard let process = child.process else { continue }
            let ending = process.wait(within: max(0, (deadline - ContinuousClock.now) / .seconds(1)))
            if ending == .signalled(SIGKILL) {
                log("\(child.program.name) did not stop and was killed")
                if child.program.name == Processes.broker { BrokerData(home).noteUnwritten() }
            }
            log("\(child.program.name) stopped with \(ending.text)")
            child.process = nil
            processes.forget(child.program.name)
        }
    }

    private func start(_ child: Child) {
        let file = processes.logFile(child.program.name)
        child.started = ContinuousClock.now
        child.logStart =
            (try? FileManager.default.attributesOfItem(atPath: file.path))
            .flatMap { ($0[.size] as? NSNumber)?.uint64Value } ?? 0
        do {
            child.process = try ChildProcess.start(
                child.program.executable,
                child.program.arguments,
                environment: environment,
                log: file.path
            )
            child.isSavingEager = child.program.name == Processes.broker
            notesDue = .now
        } catch {
            log("\(child.program.name) could not be started: \(Failure(error).message)")
            child.due = ContinuousClock.now + .seconds(5)
        }
    }

    private func log(_ text: String) {
        Standard.error("\(Date().ISO8601Format()) supervisor: \(text)")
    }
}
