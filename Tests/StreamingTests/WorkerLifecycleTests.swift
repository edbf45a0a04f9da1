import Kafka
import Testing

@testable import Streaming

/// What a worker may do in each state, and what leads from one state to another.
@Suite struct WorkerLifecycleTests {
    private typealias Conditions = WorkerLifecycle.Conditions

    private static let places = [TopicPartition(topic: "words", partition: 0)]
    private static let fine = Conditions(errors: 0, isCaughtUp: true)
    private let start = ContinuousClock.now

    /// A lifecycle whose tasks are restored.
    private func running(forgetsGroups: Bool = false, hasWork: Bool = true) -> WorkerLifecycle {
        var life = WorkerLifecycle(forgetsGroups: forgetsGroups, now: start)
        life.assigned(Self.places, errors: 0)
        life.restored(hasWork: hasWork, at: start)
        return life
    }

    /// The decision when no record has arrived in the last second.
    private func quietTurn(_ life: WorkerLifecycle, _ conditions: Conditions = fine) -> WorkerLifecycle.Action {
        life.polled(conditions, hasNews: false, settling: [], interval: .seconds(1), at: start + .seconds(1))
    }

    @Test func aWorkerWithoutPartitionsCommitsNothing() {
        var life = WorkerLifecycle(forgetsGroups: false, now: start)
        #expect(life.state == .waiting)
        life.recordsArrived(at: start)
        life.nothingArrived(flushingAfter: .zero, at: start)
        #expect(quietTurn(life) == .proceed)
        // An assignment without partitions gives it nothing to do either.
        life.assigned([], errors: 0)
        life.restored(hasWork: true, at: start)
        life.recordsArrived(at: start)
        #expect(life.checkpoint == nil && quietTurn(life) == .proceed)
    }

    @Test func assignedPartitionsAreRestoredBeforeAnythingIsCommitted() {
        var life = WorkerLifecycle(forgetsGroups: false, now: start)
        life.assigned(Self.places, errors: 0)
        life.recordsArrived(at: start)
        #expect(life.checkpoint == nil && quietTurn(life) == .proceed)
        #expect(life.memoryFilled() == .proceed)
        life.restored(hasWork: true, at: start)
        #expect(quietTurn(life) == .commit)
        life.committed(hasMore: false, at: start)
        #expect(life.checkpoint == nil && quietTurn(life) == .proceed)
    }

    @Test func tasksWithMoreToPublishCommitAgain() {
        var life = running()
        life.committed(hasMore: true, at: start)
        #expect(quietTurn(life) == .commit)
    }

    /// Nothing is committed until every table is read to the end it had, and nobody is in a hurry.
    @Test func tablesAreReadFirst() {
        var life = running()
        let behind = Conditions(errors: 0, isCaughtUp: false)
        #expect(quietTurn(life, behind) == .proceed)
        let later = start + .seconds(9)
        #expect(life.patience(behind, settling: [.zero], at: later) == nil)
        #expect(life.patience(Self.fine, settling: [.zero], at: later) != nil)
        // While memory is used up nothing is read, so nothing is near either.
        var full = life
        _ = full.memoryFilled()
        #expect(full.isSuspended && full.patience(Self.fine, settling: [.zero], at: later) == nil)
        #expect(life.revoked(behind) == .release(committing: false))
    }

    /// The group took the partitions back, and the commit that this asked for was aborted.
    @Test func partitionsThatWereTakenBackAreNotRestoredAfterAnAbort() {
        var life = running()
        #expect(life.revoked(Self.fine) == .release(committing: true))
        #expect(life.aborted() == .proceed(pausing: false))
        #expect(life.state == .waiting)
    }

    @Test func anAbortLeadsToARestore() {
        var life = running()
        _ = life.memoryFilled()
        #expect(life.aborted() == .proceed(pausing: false))
        #expect(life.assignment?.partitions == Self.places)
        #expect(life.state == .restoring(.init(partitions: Self.places, errorsBefore: 0)))
        // It reads again, although memory was used up before.
        life.restored(hasWork: true, at: start)
        #expect(life.memoryFreed() == .proceed)
        #expect(life.memoryFilled() == .suspend)
    }

    @Test func abortsThatRepeatEndTheWorker() {
        var life = running()
        for number in 1..<WorkerLifecycle.mostAborts {
            #expect(life.aborted() == .proceed(pausing: number > 1))
            life.restored(hasWork: true, at: start)
        }
        var other = life
        #expect(life.aborted() == .fail(aborts: WorkerLifecycle.mostAborts))
        other.committed(hasMore: false, at: start)
        #expect(other.aborted() == .proceed(pausing: false), "a commit ends the row")
    }

    @Test func aSuspendedWorkerCommitsWhatItHas() {
        var life = running()
        #expect(life.memoryFreed() == .proceed)
        #expect(life.memoryFilled() == .suspend)
        #expect(life.memoryFilled() == .proceed)
        #expect(quietTurn(life) == .commit)
        life.committed(hasMore: false, at: start)
        #expect(life.memoryFreed() == .resume)
    }

    /// Memory that is freed while the partitions are another instance's is no reason to read them.
    @Test func aRevokedWorkerDoesNotResume() {
        var life = running()
        #expect(life.memoryFilled() == .suspend)
        _ = life.revoked(Self.fine)
        #expect(life.memoryFreed() == .proceed)
        #expect(life.memoryFilled() == .proceed)
    }

    /// The local broker stopped: it gives the partitions to whoever joins first, and still takes this one's commits.
    @Test func aGroupThatMayBeLostIsJoinedAgainWithoutACommit() {
        let broken = Conditions(errors: 1, isCaughtUp: true)
        var life = running(forgetsGroups: true)
        #expect(life.turned(errors: 0) == .proceed)
        #expect(quietTurn(life, broken) == .proceed)
        var stopping = life
        #expect(stopping.stopped(broken) == .proceed)
        // What it sent goes too, if the group takes the partitions back first.
        var revoked = life
        #expect(revoked.revoked(broken) == .drop)
        #expect(life.turned(errors: 1) == .joinAgain(.isForgotten))
        #expect(life.state == .waiting)
        #expect(life.turned(errors: 1) == .proceed)
        // Apache Kafka keeps its groups.
        var kept = running()
        #expect(kept.turned(errors: 1) == .proceed)
        #expect(quietTurn(kept, broken) == .commit)
    }

    /// The member that divides the partitions does not know a new topic yet.
    @Test func partitionsThatDoNotFitAreRefusedForAWhile() {
        var life = WorkerLifecycle(forgetsGroups: false, now: start)
        func refuse(after seconds: Int) -> WorkerLifecycle.Action? {
            life.assigned(Self.places, errors: 0)
            return life.misassigned(patience: .seconds(60), at: start + .seconds(seconds))
        }
        #expect(refuse(after: 0) == .joinAgain(.isMisassigned))
        #expect(life.state == .waiting)
        #expect(refuse(after: 59) == .joinAgain(.isMisassigned))
        #expect(refuse(after: 60) == nil)
        // An assignment that fits ends the row.
        life.restored(hasWork: false, at: start)
        #expect(refuse(after: 100) == .joinAgain(.isMisassigned))
    }

    @Test func tasksThatAreIdlePublishNowAndThen() {
        var life = running(hasWork: false)
        life.nothingArrived(flushingAfter: nil, at: start + .seconds(100))
        life.nothingArrived(flushingAfter: .seconds(60), at: start + .seconds(59))
        #expect(life.checkpoint == nil)
        life.nothingArrived(flushingAfter: .seconds(60), at: start + .seconds(60))
        #expect(life.checkpoint?.begin == start + .seconds(60))
    }

    @Test func nothingFollowsTheEnd() {
        var life = running()
        #expect(life.stopped(Self.fine) == .commit)
        life.assigned(Self.places, errors: 0)
        life.restored(hasWork: true, at: start)
        life.recordsArrived(at: start)
        #expect(life.state == .closed)
        #expect(life.stopped(Self.fine) == .proceed)
        #expect(life.revoked(Self.fine) == .proceed)
        #expect(life.lost() == .proceed)
    }
}

/// When a checkpoint is committed.
@Suite struct CheckpointTests {
    private let start = ContinuousClock.now
    private func milliseconds(_ count: Int) -> ContinuousClock.Instant { start + .milliseconds(count) }

    @Test func aCheckpointIsDueWhenNothingArrivesAnyMore() {
        let checkpoint = Checkpoint(begin: start, newest: start, since: start)
        func isDue(hasNews: Bool, at now: ContinuousClock.Instant) -> Bool {
            checkpoint.isDue(at: now, hasNews: hasNews, settling: [.zero], interval: .seconds(1))
        }
        #expect(isDue(hasNews: false, at: start))
        // While records arrive, the interval decides.
        #expect(!isDue(hasNews: true, at: milliseconds(999)))
        #expect(isDue(hasNews: true, at: milliseconds(1000)))
    }

    @Test func aTaskThatWaitsForMoreOfTheSameChangeHoldsItBack() {
        var checkpoint = Checkpoint(begin: start, newest: start, since: start)
        func isDue(at now: ContinuousClock.Instant) -> Bool {
            checkpoint.isDue(at: now, hasNews: false, settling: [.zero, .milliseconds(200)], interval: .seconds(1))
        }
        #expect(!isDue(at: milliseconds(199)))
        #expect(isDue(at: milliseconds(200)))
        checkpoint.add(at: milliseconds(150))
        #expect(!isDue(at: milliseconds(349)))
        #expect(isDue(at: milliseconds(350)))
        // Not beyond the interval, counted from the first record.
        checkpoint.add(at: milliseconds(990))
        #expect(isDue(at: milliseconds(1000)))
        // What no record caused is settled.
        #expect(Checkpoint(begin: start, newest: nil, since: start).isSettled([.seconds(9)], at: start))
    }

    @Test func onlyAWorkerAtRestCommitsAtOnce() {
        func patience(after rest: Duration, settling: Duration = .zero) -> Duration {
            Checkpoint(begin: start + rest, newest: start + rest, since: start).patience([settling], at: start + rest)
        }
        #expect(patience(after: .milliseconds(100)) == .zero)
        #expect(patience(after: .milliseconds(99)) == .milliseconds(5))
        #expect(patience(after: .seconds(1), settling: .milliseconds(1)) == .milliseconds(5))
    }
}

/// Whether a partition was read to the end that it had.
@Suite struct ReadingEndTests {
    private static let place = TopicPartition(topic: "words", partition: 0)

    @Test func anEmptyPartitionIsRead() {
        #expect(ReadingEnd(0).isReached)
        #expect(!ReadingEnd(1).isReached)
    }

    @Test func theEndOfThePartitionShowsIt() {
        var end = ReadingEnd(7)
        end.ended(at: 6)
        #expect(!end.isReached, "open transactions hide the rest")
        end.ended(at: 7)
        #expect(end.isReached)
    }

    /// Others write to the partition all the time, so that its end is never reached.
    @Test func theRecordsOfABusyPartitionShowIt() {
        var end = ReadingEnd(7)
        for offset in [0, 3, 5] as [Int64] { end.read(offset) }
        #expect(!end.isReached)
        var last = end
        last.read(6)
        #expect(last.isReached)
        // The last one was the mark of a transaction.
        end.read(8)
        #expect(end.isReached)
    }

    @Test func aTaskCatchesUpInABusyTable() {
        var catchUp = ReadingEnds()
        catchUp.expect(Self.place, to: 7)
        let other = TopicPartition(topic: "words", partition: 1)
        catchUp.expect(other, to: 2)
        catchUp.read(Self.place, 5)
        catchUp.read(Self.place, 6)
        #expect(!catchUp.areReached)
        catchUp.reached(TopicPartitionOffset(other, .at(2)))
        #expect(catchUp.areReached)
    }
}

/// How a worker notices that a topic was recreated or truncated while it runs.
@Suite struct ContinuityTests {
    private static let place = TopicPartition(topic: "words", partition: 0)
    private func at(_ offset: Int64) -> TopicPartitionOffset { TopicPartitionOffset(Self.place, .at(offset)) }

    @Test func aSourceThatBeginsAgainOrEndsEarlierWasRecreated() throws {
        var source = SourceContinuity(from: [at(5)])
        try source.check(at(5))
        #expect(throws: RuntimeError.self) { try source.check(at(4)) }
        try source.read(Self.place, 5)
        try source.read(Self.place, 9)
        #expect(throws: RuntimeError.self) { try source.read(Self.place, 9) }
        // Where nothing is known, every offset is new.
        var fresh = SourceContinuity(from: [TopicPartitionOffset(Self.place, .beginning)])
        try fresh.check(at(0))
        try fresh.read(Self.place, 0)
    }

    @Test func threeShortReportsInARowMakeASourceSuspect() {
        var source = SourceContinuity(from: [at(5)])
        let (short, whole) = ([Self.place: Int64(4)], [Self.place: Int64(5)])
        #expect(source.suspects(short).isEmpty && source.suspects(short).isEmpty)
        #expect(source.suspects(whole).isEmpty)
        #expect(source.suspects(short).isEmpty && source.suspects(short).isEmpty)
        #expect(source.suspects(short) == [Self.place: 5])
        #expect(source.suspects(short).isEmpty, "it counts from the beginning again")
    }

    @Test func anOutputThatEndsEarlierOrLosesRecordsWasRecreated() throws {
        var output = OutputContinuity()
        output.begin(Self.place, at: 2, end: 10, mustKeepRecords: true)
        try output.check(Self.place, begin: 2, end: 12)
        #expect(throws: RuntimeError.self) { try output.check(Self.place, begin: 2, end: 11) }
        #expect(throws: RuntimeError.self) { try output.check(Self.place, begin: 3, end: 12) }
        // A table may lose old records.
        var table = OutputContinuity()
        table.begin(Self.place, at: 2, end: 10, mustKeepRecords: false)
        try table.check(Self.place, begin: 9, end: 10)
    }

    @Test func onlyWatchedOutputsAreCheckedForForeignRecords() throws {
        var output = OutputContinuity()
        #expect(try !output.watched(Self.place, 0))
        output.watch(Self.place, from: 3)
        #expect(try output.watched(Self.place, 3))
        #expect(throws: RuntimeError.self) { try output.watched(Self.place, 3) }
        output.watch(Self.place, from: nil)
        #expect(try !output.watched(Self.place, 0))
    }
}
