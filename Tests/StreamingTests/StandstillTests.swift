import Foundation
import Kafka
import Logging
import Neighbour
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
        #expect(Neighbour.wait(within: .seconds(6)) { told.withLock { $0 } == 1 })
    }

    /// Threads of the client library that a clock set back holds for days must not cost the two minutes of the usual
    /// limit.
    @Test func onceTheClockWasSetBackAStandstillIsToldOfInSeconds() {
        let clock = Mutex(Int64(1_000_000))
        let told = Mutex(0)
        let start = ContinuousClock.now
        func watch() {
            Heartbeat.watch([Heartbeat()], seconds: 120) {
                clock.withLock { $0 } + Int64((ContinuousClock.now - start) / .milliseconds(1))
            } onStandstill: {
                told.withLock { $0 += 1 }
            }
        }
        watch()
        Thread.sleep(forTimeInterval: 8)
        #expect(told.withLock { $0 } == 0, "the clock goes as it should")
        // Forwards and back, as a clock goes that is set wrong and right again.
        clock.withLock { $0 += 86_400_000 }
        Thread.sleep(forTimeInterval: 1)
        clock.withLock { $0 -= 86_400_000 }
        #expect(Neighbour.wait(within: .seconds(15)) { told.withLock { $0 } == 1 })
    }

    @Test func aStepBackIsRememberedForAMinuteAndOnlyAStepBackCounts() {
        let start = ContinuousClock.now
        var steps = ClockSteps(now: start, milliseconds: 1_000_000)
        func look(_ seconds: Int, _ offset: Int64) -> Bool {
            steps.look(
                now: start + .seconds(seconds),
                milliseconds: 1_000_000 + Int64(seconds) * 1000 + offset
            )
            .wasSetBack
        }
        #expect(!look(1, 0))
        // A clock that is set right gently, and one that is set forwards.
        #expect(!look(2, -1900))
        #expect(!look(3, 3_600_000))
        #expect(look(4, 0))
        #expect(look(63, 0))
        #expect(!look(64, 0))
        #expect(look(65, -2001))
    }

    /// A call that is asked for again every few seconds lets the worker's heart beat, and waits for nothing anyway.
    @Test func aCallThatWaitsSinceTheClockWasSetBackWaitsForNothing() {
        let start = ContinuousClock.now + .seconds(100_000)
        ClockSteps.note(now: start)
        defer { ClockSteps.note(now: .now - .seconds(100_000)) }
        #expect(!ClockSteps.isStandstill(.seconds(5), now: start + .seconds(30)), "it began a moment ago")
        #expect(!ClockSteps.isStandstill(.seconds(50), now: start + .seconds(5)), "the step was a moment ago")
        #expect(ClockSteps.isStandstill(.seconds(6), now: start + .seconds(6)))
        #expect(!ClockSteps.isStandstill(.seconds(50), now: start + .seconds(60)), "that is over")
        let error = RuntimeError.final(.standstill, "committing")
        #expect(error.code.exitCode == 75)
    }

    @Test func aClientThatSaysNothingAfterTheClockWasSetBackIsGivenUpInSeconds() throws {
        let start = ContinuousClock.now
        var watch = ClientWatch(intervalMilliseconds: 2000)
        #expect(try watch.isNews(1, now: start))
        for _ in 0..<200 { #expect(try !watch.isNews(1, now: start + .seconds(6), wasSetBack: true)) }
        let error = #expect(throws: RuntimeError.self) {
            try watch.isNews(1, now: start + .seconds(7), wasSetBack: true)
        }
        #expect(error?.code.exitCode == 75)
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
