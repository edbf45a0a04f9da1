import Foundation
import Kafka
import Logging
import Synchronization
import Testing

@testable import Streaming

/// A thread or a client library that stands still is noticed, and one that works for long is left alone.
@Suite struct StandstillTests {
    @Test func aHeartThatStopsIsToldOfAndOneThatBeatsIsNot() {
        let beating = Heartbeat()
        let told = Mutex(0)
        let stopped = Mutex(false)
        let thread = Thread {
            while !stopped.withLock({ $0 }) {
                beating.beat()
                Thread.sleep(forTimeInterval: 0.1)
            }
        }
        thread.start()
        defer { stopped.withLock { $0 = true } }
        Heartbeat.watch([beating], seconds: 2) { told.withLock { $0 += 1 } }
        Thread.sleep(forTimeInterval: 4)
        #expect(told.withLock { $0 } == 0)
        Heartbeat.watch([beating, Heartbeat()], seconds: 2) { told.withLock { $0 += 1 } }
        Thread.sleep(forTimeInterval: 4)
        #expect(told.withLock { $0 } == 1)
    }

    @Test func aClientThatSaysNothingIsGivenUpAfterAMinuteOfPolls() throws {
        let start = ContinuousClock.now
        var watch = ClientWatch(intervalMilliseconds: 2000)
        #expect(try watch.isNews(1, now: start))
        for _ in 0..<1000 { #expect(try !watch.isNews(1, now: start + .seconds(59))) }
        #expect(try watch.isNews(2, now: start + .seconds(100)))
        // A long commit without a poll is no standstill.
        #expect(try !watch.isNews(2, now: start + .seconds(500)))
        #expect(try watch.isNews(3, now: start + .seconds(500)))
        for _ in 0..<500 { _ = try watch.isNews(3, now: start + .seconds(520)) }
        let error = #expect(throws: RuntimeError.self) { try watch.isNews(3, now: start + .seconds(600)) }
        #expect(error?.code.exitCode == 75)
        // Where the library was told to say nothing, nothing is expected.
        var silent = ClientWatch(intervalMilliseconds: 0)
        for _ in 0..<1000 { #expect(try !silent.isNews(0, now: start + .seconds(3600))) }
    }
}
