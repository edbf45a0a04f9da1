internal import Synchronization

/// The tables of the console, written by the threads that follow the topics and read by those that answer.
package final class ConsoleStore: Sendable {
    private let tables: Mutex<ConsoleTables>
    private let ready = Atomic<Bool>(false)
    private let asked = Atomic<Bool>(false)

    /// A store of nothing.
    package init(_ tables: ConsoleTables = ConsoleTables()) {
        self.tables = Mutex(tables)
    }

    /// The tables as they are now.
    package var current: ConsoleTables { tables.withLock { $0 } }

    /// The revision of the data.
    package var revision: UInt64 { tables.withLock { $0.revision } }

    /// Changes the tables; nobody sees half of a change.
    package func update(_ body: (inout ConsoleTables) -> Void) { tables.withLock { body(&$0) } }

    /// Whether everything that was there at the start has been read.
    package var isReady: Bool { ready.load(ordering: .acquiring) }

    func becomeReady() { ready.store(true, ordering: .releasing) }

    /// Takes note that somebody looks at the run.
    package func noteLook() { asked.store(true, ordering: .relaxed) }

    /// Whether somebody looked at the run since this was asked last.
    func wasLookedAt() -> Bool { asked.exchange(false, ordering: .relaxed) }
}
