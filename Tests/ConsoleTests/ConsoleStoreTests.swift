import Testing

@testable import Console

/// How an open page hears of changes.
@Suite struct ConsoleStoreTests {
    private let silence = ConsoleTables.Silence(since: "2019-09-10T12:00:00Z", why: "no answer")

    @Test("Whoever waits for a change hears of it at once", .timeLimit(.minutes(30)))
    func change() async throws {
        let store = ConsoleStore(try ExampleTables.make())
        let known = store.revision
        async let first = store.revision(after: known, within: .seconds(3600))
        async let second = store.revision(after: known, within: .seconds(3600))
        try await Task.sleep(for: .milliseconds(50))
        store.update { $0.take(silence: silence) }
        #expect(await first == known + 1)
        #expect(await second == known + 1)
        // A change that came before is not waited for.
        #expect(await store.revision(after: known, within: .seconds(3600)) == known + 1)
    }

    @Test("Without a change the time that was given passes, or the wait is cancelled", .timeLimit(.minutes(30)))
    func noChange() async throws {
        let store = ConsoleStore(try ExampleTables.make())
        let known = store.revision
        let begun = ContinuousClock.now
        async let waiting = store.revision(after: known, within: .milliseconds(200))
        try await Task.sleep(for: .milliseconds(50))
        store.update { _ in }
        #expect(await waiting == known)
        #expect(ContinuousClock.now - begun >= .milliseconds(200))
        let task = Task { await store.revision(after: known, within: .seconds(3600)) }
        task.cancel()
        #expect(await task.value == known)
    }
}
