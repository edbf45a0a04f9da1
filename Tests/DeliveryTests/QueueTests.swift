import Messages
import SwiftProtobuf
import Testing
@testable import Stages
@testable import Streaming

/// A queue behind a reference, so that expectations can ask it.
private final class Deliveries {
    private var queue: DeliveryQueue

    init(_ queue: DeliveryQueue) { self.queue = queue }

    var pending: [DeliveryChannel: Int] { queue.pending }
    var deadCount: [DeliveryChannel: Int] { queue.deadCount }
    func take(_ notice: Accountability_V1_Notice, published: Int64, partition: Int32, offset: Int64 = 0) {
        queue.take(notice, published: published, partition: partition, offset: offset)
    }
    func retract(_ id: String, partition: Int32) { queue.retract(id, partition: partition) }
    /// The due notices among those before an offset, up to which the stage has checked them.
    func due(checkedTo offset: Int64) -> [DeliveryQueue.Item] {
        queue.due(.webhook, limit: 8, now: 0) { $0.offset < offset }
    }
    func take(_ delivery: Accountability_V1_Delivery, partition: Int32) { queue.take(delivery, partition: partition) }
    func release(partition: Int32, now: Int64, settledBefore: Int64 = 0) {
        queue.release(partition: partition, now: now, settledBefore: settledBefore)
    }
    func firstPending(_ partition: Int32) -> Int64? { queue.firstPending(partition: partition) }
    func keep(partitions: Set<Int32>) { queue.keep(partitions: partitions) }
    func due(_ channel: DeliveryChannel, limit: Int, now: Int64) -> [DeliveryQueue.Item] {
        queue.due(channel, limit: limit, now: now)
    }
    func finish(_ item: DeliveryQueue.Item, _ outcome: DeliveryOutcome, now: Int64) -> Accountability_V1_Delivery? {
        queue.finish(item, outcome, now: now)
    }
}

/// Deliveries over a virtual clock: every moment is a number that the test says.
@Suite struct QueueTests {
    private func notice(_ id: String, _ organization: String = "00350012") -> Accountability_V1_Notice {
        .with {
            $0.id = id
            $0.orgCode = organization
            $0.schoolYear = 2019
        }
    }

    private func queue(
        _ schedule: RetrySchedule = RetrySchedule(),
        channels: Set<DeliveryChannel> = [.webhook],
        since: Int64 = 0,
        seed: UInt64 = 7
    )
        -> Deliveries
    {
        Deliveries(DeliveryQueue(channels: channels, schedule: schedule, since: since, random: SplitMix64(seed: seed)))
    }

    @Test func pausesDoubleUpToTheLongestAndAreShortenedByChance() throws {
        var random = SplitMix64(seed: 1)
        let schedule = RetrySchedule(attempts: 20, first: 1000, longest: 3_600_000)
        for made in UInt32(1)...19 {
            let full = min(Int64(1000) << Int64(made - 1), 3_600_000)
            var distinct: Set<Int64> = []
            for _ in 0..<50 {
                let pause = try #require(schedule.pause(after: made, asked: nil, using: &random))
                #expect(pause >= full / 2 && pause <= full)
                distinct.insert(pause)
            }
            #expect(distinct.count > 10)
        }
        #expect(schedule.pause(after: 20, asked: nil, using: &random) == nil)
        #expect(schedule.pause(after: 1, asked: 30_000, using: &random) == 30_000)
        #expect(schedule.pause(after: 1, asked: .max, using: &random) == 3_600_000)
    }

    /// A notice that another program published is retracted before it is confirmed; the stage's own is delivered once.
    @Test(arguments: [true, false]) func deliversOnlyWhatTheStageConfirms(_ isReleased: Bool) throws {
        let queue = queue()
        if isReleased { queue.release(partition: 0, now: 0) }
        queue.take(notice("forged"), published: 1, partition: 0, offset: 5)
        queue.take(notice("own"), published: 1, partition: 0, offset: 6)
        #expect(queue.due(checkedTo: 5).isEmpty)
        queue.retract("forged", partition: 0)
        // Other words under the stage's notice, and the stage's own again.
        queue.take(notice("own"), published: 1, partition: 0, offset: 8)
        queue.take(notice("own"), published: 1, partition: 0, offset: 9)
        if !isReleased { queue.release(partition: 0, now: 0) }
        #expect(queue.pending == [.webhook: 1] && queue.due(checkedTo: 9).isEmpty)
        let item = try #require(queue.due(checkedTo: 10).first)
        #expect(item.notice.id == "own" && item.offset == 9)
        #expect(queue.finish(item, .delivered, now: 0)?.state == "delivered")
        queue.take(notice("own"), published: 1, partition: 0, offset: 11)
        #expect(queue.pending.isEmpty && queue.due(checkedTo: 12).isEmpty)
    }

    @Test func failsDiesAndIsRequeued() throws {
        let queue = queue(RetrySchedule(attempts: 3, first: 1000, longest: 10_000))
        queue.release(partition: 0, now: 0)
        queue.take(notice("a"), published: 1, partition: 0)
        var now: Int64 = 100
        var states: [String] = []
        while let item = queue.due(.webhook, limit: 8, now: now).first {
            #expect(queue.due(.webhook, limit: 8, now: now).isEmpty, "it is under way")
            let delivery = try #require(queue.finish(item, .failed("no"), now: now))
            states.append("\(delivery.state) \(delivery.attempts)")
            if delivery.state == "waiting" {
                #expect(queue.due(.webhook, limit: 8, now: delivery.nextUnixMilliseconds - 1).isEmpty)
                now = delivery.nextUnixMilliseconds
            }
        }
        #expect(states == ["waiting 1", "waiting 2", "dead 3"])
        #expect(queue.deadCount == [.webhook: 1] && queue.pending.isEmpty)
        queue.take(
            .with {
                $0.channel = "webhook"
                $0.notice = "a"
                $0.state = "requeued"
            },
            partition: 0
        )
        let again = try #require(queue.due(.webhook, limit: 8, now: now).first)
        let delivery = try #require(queue.finish(again, .delivered, now: now))
        #expect(delivery.state == "delivered" && delivery.attempts == 1)
        #expect(queue.deadCount.isEmpty && queue.pending.isEmpty)
    }

    @Test func organizationsDoNotWaitForEachOtherAndKeepTheirOrder() throws {
        let queue = queue()
        queue.release(partition: 0, now: 0)
        for id in ["1", "2"] { queue.take(notice(id, "00350012"), published: 1, partition: 0) }
        queue.take(notice("3", "00360005"), published: 1, partition: 0)
        let first = queue.due(.webhook, limit: 8, now: 10)
        #expect(first.map(\.notice.id) == ["1", "3"])
        _ = queue.finish(first[0], .failed("no"), now: 10)
        _ = queue.finish(first[1], .delivered, now: 10)
        #expect(queue.due(.webhook, limit: 8, now: 11).isEmpty, "the second waits for the first")
        let retried = try #require(queue.due(.webhook, limit: 8, now: 10_000).first)
        #expect(retried.notice.id == "1")
        #expect(queue.finish(retried, .refused("never"), now: 10_000)?.state == "dead")
        #expect(queue.due(.webhook, limit: 8, now: 10_000).map(\.notice.id) == ["2"], "a dead one lets the next pass")
    }

    @Test func anEndpointThatAsksForAPauseGetsIt() throws {
        let queue = queue()
        queue.release(partition: 0, now: 0)
        for (id, code) in [("1", "00350012"), ("2", "00360005")] {
            queue.take(notice(id, code), published: 1, partition: 0)
        }
        let item = try #require(queue.due(.webhook, limit: 1, now: 10).first)
        _ = queue.finish(item, .failed("429", retryAfter: 60_000), now: 10)
        #expect(queue.due(.webhook, limit: 8, now: 60_009).isEmpty)
        #expect(queue.due(.webhook, limit: 8, now: 60_010).count == 2)
    }

    /// A notice from before the first day of a channel is published again, over another program's record or its
    /// retraction: nobody gets it.
    ///
    /// A new one that comes after a forged old one goes out.
    @Test(arguments: [true, false]) func whatIsPutBackIsNotNew(_ isReleased: Bool) throws {
        let queue = queue(since: 50)
        if isReleased { queue.release(partition: 0, now: 0) }
        var forged = notice("old")
        forged.subject = "Your school closes"
        queue.take(notice("old"), published: 49, partition: 0)
        queue.take(forged, published: 60, partition: 0)
        queue.take(notice("old"), published: 61, partition: 0)
        queue.retract("old", partition: 0)
        queue.take(notice("old"), published: 62, partition: 0)
        var backdated = notice("new", "00350013")
        backdated.subject = "Your school closes"
        queue.take(backdated, published: 1, partition: 0)
        queue.retract("new", partition: 0)
        queue.take(notice("new", "00350013"), published: 63, partition: 0)
        queue.release(partition: 0, now: 0)
        #expect(queue.due(.webhook, limit: 8, now: 100).map(\.notice.id) == ["new"])
        #expect(queue.pending == [.webhook: 1])
    }

    @Test func onlyWhatIsNotFinalGoesAfterARestart() throws {
        let queue = queue(channels: [.webhook, .files], since: 50)
        // States first and notices later, and the other way round.
        func state(_ channel: String, _ id: String, _ state: String, next: Int64 = 0, attempts: UInt32 = 0)
            -> Accountability_V1_Delivery
        {
            .with {
                $0.channel = channel
                $0.notice = id
                $0.state = state
                $0.nextUnixMilliseconds = next
                $0.attempts = attempts
            }
        }
        queue.take(state("webhook", "done", "delivered"), partition: 0)
        for (id, code) in [("old", "1"), ("done", "2"), ("waits", "3"), ("dead", "4"), ("new", "5"), ("again", "6")] {
            queue.take(notice(id, code), published: id == "old" ? 49 : 50, partition: 0)
        }
        queue.take(state("webhook", "waits", "waiting", next: 500, attempts: 4), partition: 0)
        queue.take(state("webhook", "dead", "waiting", next: 500, attempts: 4), partition: 0)
        queue.take(state("webhook", "dead", "dead"), partition: 0)
        queue.take(state("webhook", "again", "dead"), partition: 0)
        queue.take(state("webhook", "again", "requeued"), partition: 0)
        #expect(queue.due(.webhook, limit: 8, now: 100).isEmpty, "the topics have not been read to their ends")
        queue.release(partition: 0, now: 100)
        #expect(queue.due(.webhook, limit: 8, now: 100).map(\.notice.id) == ["new", "again"])
        let waiting = try #require(queue.due(.webhook, limit: 8, now: 500).first)
        #expect(waiting.notice.id == "waits" && waiting.attempts == 4)
        #expect(queue.due(.files, limit: 8, now: 100).count == 5, "each channel has a state of its own")
        #expect(queue.deadCount == [.webhook: 1])
        queue.keep(partitions: [])
        #expect(queue.pending.isEmpty && queue.deadCount.isEmpty)
        #expect(queue.finish(waiting, .delivered, now: 501) == nil, "it is somebody else's by now")
    }

    private func state(_ notice: String, _ state: DeliveryState) -> Accountability_V1_Delivery {
        .with {
            $0.channel = "webhook"
            $0.notice = notice
            $0.state = state.rawValue
        }
    }

    /// An instance that was frozen says that its attempt failed, after its successor has delivered the notice.
    @Test(arguments: [DeliveryState.waiting, .dead, .requeued]) func whatArrivedStaysSo(_ late: DeliveryState) {
        let queue = queue()
        queue.take(notice("a"), published: 1, partition: 0)
        queue.take(state("a", .waiting), partition: 0)
        queue.take(state("a", .delivered), partition: 0)
        queue.take(state("a", late), partition: 0)
        queue.release(partition: 0, now: 100)
        #expect(queue.pending.isEmpty && queue.deadCount.isEmpty)
    }

    /// The states of deliveries are lost, and the group's offset says which notices were settled.
    @Test func whatWasSettledIsNotDeliveredAgainWithoutItsState() {
        let queue = queue()
        for (offset, id) in ["a", "b", "c", "d"].enumerated() {
            queue.take(notice(id, "003500\(10 + offset)"), published: 1, partition: 0, offset: Int64(offset))
        }
        queue.take(state("b", .requeued), partition: 0)
        queue.release(partition: 0, now: 0, settledBefore: 3)
        #expect(queue.due(.webhook, limit: 8, now: 0).map(\.notice.id) == ["b", "d"])
    }

    @Test func theFirstNoticeThatIsNotSettledIsKnown() throws {
        let queue = queue()
        queue.release(partition: 0, now: 0)
        queue.release(partition: 1, now: 0)
        #expect(queue.firstPending(0) == nil)
        queue.take(notice("a", "00350010"), published: 1, partition: 0, offset: 4)
        queue.take(notice("b", "00350011"), published: 1, partition: 0, offset: 5)
        queue.take(notice("c", "00360010"), published: 1, partition: 1, offset: 2)
        #expect(queue.firstPending(0) == 4 && queue.firstPending(1) == 2)
        let items = queue.due(.webhook, limit: 8, now: 0)
        #expect(items.map(\.notice.id) == ["a", "b", "c"])
        _ = queue.finish(items[1], .delivered, now: 0)
        #expect(queue.firstPending(0) == 4)
        _ = queue.finish(items[0], .refused("never"), now: 0)
        #expect(queue.firstPending(0) == nil)
    }

    @Test(arguments: [UInt64(1), 2, 3, 4, 5, 6, 7, 8])
    func everyNoticeArrivesThroughFailuresAndCrashes(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let notices = (0..<60).map { notice("n\($0)", "00\(10 + $0 % 7)0005") }
        var log: [Accountability_V1_Delivery] = []
        var received: [String: Int] = [:]
        var sentTwice = 0
        var now: Int64 = 0
        var crashes = 0
        func start() -> Deliveries {
            let queue = queue(seed: random.next())
            for notice in notices { queue.take(notice, published: 1, partition: 0) }
            for state in log { queue.take(state, partition: 0) }
            queue.release(partition: 0, now: now)
            return queue
        }
        var live = start()
        while received.count < notices.count || live.pending[.webhook] ?? 0 > 0 {
            now += 700
            for item in live.due(.webhook, limit: 4, now: now) {
                if random.next() % 3 == 0 {
                    log.append(try #require(live.finish(item, .failed("no"), now: now)))
                    continue
                }
                received[item.notice.id, default: 0] += 1
                if received[item.notice.id] == 2 { sentTwice += 1 }
                if random.next() % 10 == 0 {
                    // It arrived, and the process dies before it can say so.
                    crashes += 1
                    live = start()
                    break
                }
                log.append(try #require(live.finish(item, .delivered, now: now)))
            }
        }
        #expect(received.count == 60 && crashes > 0)
        #expect(
            sentTwice <= crashes && received.values.reduce(0, +) <= 60 + crashes,
            "only the one under way is sent twice"
        )
        #expect(Set(log.filter { $0.state == "delivered" }.map(\.notice)).count == 60)
    }
}
