internal import ArgumentParser
internal import Dispatch
internal import Foundation
internal import Operating
internal import Supervision
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
        // A session of its own, so that Ctrl-C in the terminal of `up` does not reach the workers.
        _ = setsid()
        signal(SIGPIPE, SIG_IGN)
        let home = Home()
        // Keep the lock until the end: two supervisors of one home would start everything twice.
        let lock = try HomeLock(home, "supervise")
        defer { lock.release() }
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
