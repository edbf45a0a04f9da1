internal import ArgumentParser
internal import Foundation
internal import Operating
internal import Supervision

/// `accountability down`: stops what `up` started.
struct Down: OperatorCommand {
    static let configuration = CommandConfiguration(
        commandName: "down",
        abstract: "Stops the workers, and the local broker, that `up` started on this machine.",
        discussion: """
            Workers commit what they have and stop. A worker that takes longer than its limit is killed, but nothing is lost: it consumes \
            what it had not committed again after the next `up`. The local broker writes its data when it is stopped. If it cannot, nothing \
            is stopped. If it loses data anyway, the next `up` writes it again from the home's copy of the ledger.

            Exit codes: 0 everything is stopped (also when nothing ran); 75 the local broker cannot write its data, or did not.
            """
    )

    @Flag(help: "Stop everything even if the local broker cannot write its data.")
    var force = false

    func operate() throws {
        let home = Home()
        let data = BrokerData(home)
        if !force, Processes(home: home).living(Processes.broker) != nil { try data.probe() }
        data.forgetUnwritten()
        let processes = Processes(home: home)
        let timeout = Double(Plan.load(home)?.stopTimeout ?? 20)
        var stopped = 0
        // A running `up` stops the programs that it has started.
        if let starting = HomeLock.owner(home, "up") { Processes.end(starting, within: timeout + 30) }
        if let supervisor = processes.living(Processes.supervisor) {
            stopped += processes.names().count - 1
            // The supervisor's own waits, and some time between them.
            Processes.end(supervisor, within: timeout + Supervisor.brokerPatience + 30)
        }
        // Stop the programs of a killed supervisor: the workers first, and last the broker that they commit to.
        for name in processes.names().sorted(by: { left, _ in left != Processes.broker }) {
            if let process = processes.living(name) {
                let isBroker = name == Processes.broker
                let isKilled = Processes.end(process, within: isBroker ? Supervisor.brokerPatience : timeout + 5)
                if isBroker, isKilled { data.noteUnwritten() }
                stopped += 1
            }
            processes.forget(name)
        }
        if data.wasUnwritten {
            throw Failure(
                .tryAgain,
                "everything is stopped, but the local broker did not write its data within \(Int(Supervisor.brokerPatience)) seconds and was killed. "
                    + "The next `accountability up` writes the missing records of the ledger again, from \(LedgerArchive(home).folder.path)"
            )
        }
        Standard.line(stopped == 0 ? "nothing was running" : "stopped \(stopped) processes")
    }
}
