internal import Synchronization

/// Holds the tables of the console.
///
/// The threads that follow the topics write them; the threads that answer requests read them.
package final class ConsoleStore: Sendable {
    private struct State {
        var tables: ConsoleTables
        /// Who waits for a change.
        var waiting: [UInt64: AsyncStream<Void>.Continuation] = [:]
        var nextWaiting: UInt64 = 0
    }

    private let state: Mutex<State>
    private let ready = Atomic<Bool>(false)
    private let asked = Atomic<Bool>(false)

    /// A store with these tables, which are empty by default.
    package init(_ tables: ConsoleTables = ConsoleTables()) {
        state = Mutex(State(tables: tables))
    }

    /// The current tables.
    package var current: ConsoleTables { state.withLock { $0.tables } }

    /// The revision of the data.
    package var revision: UInt64 { state.withLock { $0.tables.revision } }

    /// Changes the tables.
    ///
    /// No one sees a half-finished change.
    package func update(_ body: (inout ConsoleTables) -> Void) {
        // The old tables are freed after the lock, so that no one waits for that.
        let (old, waiting) = state.withLock { state in
            let old = state.tables
            body(&state.tables)
            return (old, state.tables.revision == old.revision ? [] : Array(state.waiting.values))
        }
        for continuation in waiting { continuation.yield() }
        withExtendedLifetime(old) {}
    }

    /// Waits until the revision is another one, but not longer than the given time.
    ///
    /// - Returns: the revision.
    package func revision(after known: UInt64?, within patience: Duration) async -> UInt64 {
        let (changes, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let number: UInt64? = state.withLock { state in
            guard state.tables.revision == known else { return nil }
            state.nextWaiting += 1
            state.waiting[state.nextWaiting] = continuation
            return state.nextWaiting
        }
        guard let number else { return revision }
        let timer = Task {
            try? await Task.sleep(for: patience)
            continuation.finish()
        }
        for await _ in changes { break }
        timer.cancel()
        state.withLock { $0.waiting[number] = nil }
        return revision
    }

    /// Whether all records that existed at the start have been read.
    package var isReady: Bool { ready.load(ordering: .acquiring) }

    func becomeReady() { ready.store(true, ordering: .releasing) }

    /// Notes that someone is looking at the run.
    package func noteLook() { asked.store(true, ordering: .relaxed) }

    /// Whether someone looked at the run since the last call of this function.
    func wasLookedAt() -> Bool { asked.exchange(false, ordering: .relaxed) }
}
