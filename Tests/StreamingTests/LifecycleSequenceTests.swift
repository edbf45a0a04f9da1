import Kafka
import Testing

@testable import Streaming

/// A lifecycle keeps its promises in any order of events.
@Suite struct LifecycleSequenceTests {
    /// What a loop would do, and what it knows by itself.
    private struct Loop {
        var life: WorkerLifecycle
        var random: SplitMix64
        let forgetsGroups: Bool
        var now = ContinuousClock.now
        var errors = 0
        /// The partitions that the group has left to this worker, and the errors before.
        var owned: (places: [TopicPartition], errors: Int)?
        /// Whether the tasks are restored, and not ahead of the committed offsets.
        var isRestored = false
        var isReading = false
        /// Whether something happened that a commit may publish.
        var hasWork = false
        var abortsInARow = 0
        var commits = 0
        var isOver = false

        init(seed: UInt64) {
            random = SplitMix64(seed: seed)
            forgetsGroups = random.next() % 2 == 0
            life = WorkerLifecycle(forgetsGroups: forgetsGroups, now: now)
        }

        var isForgotten: Bool { forgetsGroups && owned.map { !$0.places.isEmpty && $0.errors != errors } ?? false }

        mutating func chance(_ oneIn: UInt64) -> Bool { random.next() % oneIn == 0 }

        mutating func conditions() -> WorkerLifecycle.Conditions {
            .init(errors: errors, isCaughtUp: !chance(4))
        }

        /// Lets something happen.
        mutating func step() {
            now += .milliseconds(Int64(random.next() % 400))
            let before = life.state
            switch random.next() % 12 {
            case 0: changeGroup()
            case 1, 2: changeSurroundings()
            default: work()
            }
            check(after: before)
        }

        /// The group assigns partitions or takes them back.
        mutating func changeGroup() {
            let conditions = conditions()
            switch random.next() % 5 {
            case 0, 1: assign()
            case 2:
                perform(life.revoked(conditions), conditions)
                giveUp()
            case 3:
                perform(life.lost(), conditions)
                giveUp()
            default:
                guard case .restoring = life.state, chance(3) else { break }
                guard let action = life.misassigned(patience: .seconds(3), at: now) else { break }
                perform(action, conditions)
            }
        }

        /// A connection breaks, memory fills, or the worker is asked to stop.
        mutating func changeSurroundings() {
            let conditions = conditions()
            switch random.next() % 6 {
            case 0: errors += 1
            case 1, 2: perform(life.memoryFilled(), conditions)
            case 3, 4: perform(life.memoryFreed(), conditions)
            default:
                guard chance(20) else { break }
                perform(life.stopped(conditions), conditions)
                isOver = true
                giveUp()
            }
        }

        /// The loop turns: tasks are restored, records arrive, and a commit may be due.
        mutating func work() {
            let conditions = conditions()
            switch random.next() % 8 {
            case 0: perform(life.turned(errors: errors), conditions)
            case 1, 2: restore()
            case 3, 4:
                life.recordsArrived(at: now)
                hasWork = true
            case 5:
                life.nothingArrived(flushingAfter: .milliseconds(500), at: now)
                hasWork = true
            default:
                let action = life.polled(
                    conditions,
                    hasNews: chance(2),
                    settling: [.milliseconds(50)],
                    interval: .seconds(1),
                    at: now
                )
                perform(action, conditions)
            }
        }

        mutating func assign() {
            let places = (0..<Int32(random.next() % 3)).map { TopicPartition(topic: "words", partition: $0) }
            life.assigned(places, errors: errors)
            guard !isOver else { return }
            (isRestored, isReading) = (false, false)
            owned = (places, errors)
        }

        mutating func restore() {
            guard case .restoring = life.state else { return }
            hasWork = chance(2)
            life.restored(hasWork: hasWork, at: now)
            (isRestored, isReading) = (true, true)
        }

        mutating func giveUp() {
            owned = nil
            (isRestored, isReading, hasWork) = (false, false, false)
        }

        mutating func perform(_ action: WorkerLifecycle.Action, _ conditions: WorkerLifecycle.Conditions) {
            switch action {
            case .proceed: break
            case .commit: commit(conditions)
            case .release(let isCommitting):
                if isCommitting { commit(conditions) }
            case .drop: giveUp()
            case .joinAgain(let reason):
                #expect(isForgotten || reason == .isMisassigned, "it joins again only if the group may be lost")
                giveUp()
            case .suspend:
                #expect(isReading)
                isReading = false
            case .resume:
                #expect(!isReading && isRestored, "it resumes only tasks that are restored")
                isReading = true
            }
        }

        mutating func commit(_ conditions: WorkerLifecycle.Conditions) {
            #expect(owned.map { !$0.places.isEmpty } ?? false, "nothing is committed without partitions")
            #expect(isRestored, "nothing is committed before the tasks are restored")
            #expect(hasWork, "an empty commit")
            #expect(!isForgotten, "nothing is committed in a group that may be lost")
            #expect(conditions.isCaughtUp)
            guard chance(3) else {
                hasWork = chance(4)
                life.committed(hasMore: hasWork, at: now)
                abortsInARow = 0
                commits += 1
                return
            }
            guard life.state != .closed else { return }
            abort()
        }

        mutating func abort() {
            let before = life.assignment
            abortsInARow += 1
            let expected: WorkerLifecycle.Recovery =
                abortsInARow < WorkerLifecycle.mostAborts
                ? .proceed(pausing: abortsInARow > 1) : .fail(aborts: abortsInARow)
            #expect(life.aborted() == expected)
            let restoring = before.map { WorkerLifecycle.State.restoring($0) }
            #expect(life.state == restoring ?? .waiting, "an abort leads to a restore")
            (isRestored, isReading, hasWork) = (false, false, false)
        }

        /// What holds after every event.
        func check(after before: WorkerLifecycle.State) {
            if before == .closed { #expect(life.state == .closed, "nothing follows the end") }
            if isOver { #expect(life.state == .closed) }
            #expect(life.assignment?.partitions == owned?.places)
            if life.checkpoint != nil { #expect(isRestored && hasWork) }
            if case .running = life.state { #expect(isReading) } else { #expect(!isReading) }
            if case .suspended = life.state { #expect(isRestored) }
        }
    }

    @Test func anyOrderOfEvents() {
        var commits = 0
        for seed in UInt64(0)..<300 {
            var loop = Loop(seed: seed)
            for _ in 0..<300 { loop.step() }
            commits += loop.commits
        }
        #expect(commits > 500, "the sequences must lead somewhere")
    }
}
