internal import Synchronization

/// Holds the tables of the console.
///
/// The threads that follow the topics write them; the threads that answer requests read them.
package final class ConsoleStore: Sendable {
    private let tables: Mutex<ConsoleTables>
    private let ready = Atomic<Bool>(false)
    private let asked = Atomic<Bool>(false)

    /// A store with these tables, which are empty by default.
    package init(_ tables: ConsoleTables = ConsoleTables()) {
        self.tables = Mutex(tables)
    }

    /// The current tables.
    package var current: ConsoleTables { tables.withLock { $0 } }

    /// The revision of the data.
    package var revision: UInt64 { tables.withLock { $0.revision } }

    /// Changes the tables.
    ///
    /// No one sees a half-finished change.
    package func update(_ body: (inout ConsoleTables) -> Void) { tables.withLock { body(&$0) } }

    /// Whether all records that existed at the start have been read.
    package var isReady: Bool { ready.load(ordering: .acquiring) }

    func becomeReady() { ready.store(true, ordering: .releasing) }

    /// Notes that someone is looking at the run.
    package func noteLook() { asked.store(true, ordering: .relaxed) }

    /// Whether someone looked at the run since the last call of this function.
    func wasLookedAt() -> Bool { asked.exchange(false, ordering: .relaxed) }
}
