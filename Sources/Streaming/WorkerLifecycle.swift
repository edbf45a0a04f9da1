import Kafka

/// The life of a worker in its group: which partitions it has, and what it may do with them.
///
/// It only decides. ``WorkerLoop`` reports what happened, and carries out the action that is returned.
struct WorkerLifecycle {
    /// Partitions that the group assigned.
    struct Assignment: Equatable {
        let partitions: [TopicPartition]
        /// The client's error count when the group assigned them.
        let errorsBefore: Int
    }

    /// The work on partitions whose tasks are restored.
    struct Work: Equatable {
        let assignment: Assignment
        /// What the next commit contains; nil if there is nothing to commit.
        var checkpoint: Checkpoint?
    }

    enum State: Equatable {
        /// The group has assigned no partitions yet, or has taken them back. Nothing is read or committed.
        ///
        /// The loop may keep tasks in this state, in case their partitions return.
        case waiting
        /// The group has assigned partitions, and their tasks must be restored. Nothing is committed.
        case restoring(Assignment)
        /// The tasks are restored and read their sources.
        case running(Work)
        /// Memory is used up: the tasks read nothing, and commit what they have.
        case suspended(Work)
        /// The worker stops. Nothing follows.
        case closed
    }

    /// What the loop does next.
    enum Action: Equatable {
        /// Continues.
        case proceed
        /// Commits the checkpoint.
        case commit
        /// Gives the partitions back to the group. Before that, commits the checkpoint, or aborts what was sent.
        case release(committing: Bool)
        /// Drops the tasks and everything that is not committed, and gives up the partitions.
        case drop
        /// As ``drop``, and then joins the group again.
        case joinAgain(Reason)
        /// Stops reading.
        case suspend
        /// Reads again, from the tasks' positions.
        case resume
    }

    /// Why a worker joins its group again.
    enum Reason: Equatable {
        /// The broker may have lost the group.
        case isForgotten
        /// The group did not give the same partitions of every source.
        case isMisassigned
    }

    /// What the loop does after an abort.
    enum Recovery: Equatable {
        /// Continues; first pauses if aborts repeat.
        case proceed(pausing: Bool)
        /// Ends the worker after so many aborts without a commit between them.
        case fail(aborts: Int)
    }

    /// The facts that decide whether a commit may be made.
    struct Conditions {
        /// The client's error count.
        var errors: Int
        /// Whether the tasks have read every table to the end that it had when they were restored.
        var isCaughtUp: Bool
    }

    private(set) var state = State.waiting
    /// When the worker last committed, or was created.
    private var lastCommit: ContinuousClock.Instant
    /// Aborts since the last commit.
    private var aborts = 0
    /// When the group first assigned partitions that do not fit together, if it has not assigned others since.
    private var misassignedSince: ContinuousClock.Instant?
    /// Whether the brokers may forget groups: see ``isForgotten(errors:)``.
    private let forgetsGroups: Bool

    /// The worker stops after this many aborts without a commit between them.
    static let mostAborts = 20

    /// - Parameters:
    ///   - forgetsGroups: whether the broker loses its groups when it stops, like the local one.
    ///   - now: the time.
    init(forgetsGroups: Bool, now: ContinuousClock.Instant = .now) {
        self.forgetsGroups = forgetsGroups
        lastCommit = now
    }

    /// The partitions that the group has assigned; nil if there are none.
    var assignment: Assignment? {
        switch state {
        case .waiting, .closed: nil
        case .restoring(let assignment): assignment
        case .running(let work), .suspended(let work): work.assignment
        }
    }

    /// Whether the tasks are restored.
    var isRunning: Bool { work != nil }

    /// Whether memory is used up.
    var isSuspended: Bool { if case .suspended = state { true } else { false } }

    /// What the next commit contains; nil if there is nothing to commit.
    var checkpoint: Checkpoint? { work?.checkpoint }

    /// Changes the checkpoint without leaving the state.
    private var work: Work? {
        get {
            switch state {
            case .waiting, .restoring, .closed: nil
            case .running(let work), .suspended(let work): work
            }
        }
        set {
            guard let newValue else { return }
            switch state {
            case .waiting, .restoring, .closed: break
            case .running: state = .running(newValue)
            case .suspended: state = .suspended(newValue)
            }
        }
    }
}

// MARK: - The group

extension WorkerLifecycle {
    /// Whether a connection broke since the assignment, on a broker where this may mean that the group is lost.
    ///
    /// The local broker loses its groups when it stops. Afterwards it assigns all partitions to the first member that
    /// joins, and still accepts commits from the previous owners. Apache Kafka keeps groups and refuses such commits.
    private func isForgotten(errors: Int) -> Bool {
        guard forgetsGroups, let assignment, !assignment.partitions.isEmpty else { return false }
        return errors != assignment.errorsBefore
    }

    /// The group assigned partitions, and their tasks must be restored.
    mutating func assigned(_ partitions: [TopicPartition], errors: Int) {
        guard state != .closed else { return }
        state = .restoring(Assignment(partitions: partitions, errorsBefore: errors))
    }

    /// The group takes the partitions back.
    ///
    /// They are given up even if the commit fails, so that an abort does not restore partitions that then belong to
    /// another instance.
    mutating func revoked(_ conditions: Conditions) -> Action {
        guard state != .closed else { return .proceed }
        let action: Action =
            isForgotten(errors: conditions.errors) ? .drop : .release(committing: mayCommit(conditions))
        state = .waiting
        return action
    }

    /// The group has given the partitions to another instance.
    mutating func lost() -> Action {
        guard state != .closed else { return .proceed }
        state = .waiting
        return .drop
    }

    /// A turn of the loop began: joins again if the group may be lost.
    mutating func turned(errors: Int) -> Action {
        guard isForgotten(errors: errors) else { return .proceed }
        state = .waiting
        return .joinAgain(.isForgotten)
    }

    /// The group did not assign the same partitions of every source.
    ///
    /// The member that divides the partitions may not know a new topic yet, so this one joins again for a while.
    ///
    /// Returns nil when that time is over.
    mutating func misassigned(patience: Duration, at now: ContinuousClock.Instant) -> Action? {
        let since = misassignedSince ?? now
        misassignedSince = since
        guard now - since < patience else { return nil }
        state = .waiting
        return .joinAgain(.isMisassigned)
    }

    /// The tasks are restored and read from their positions.
    ///
    /// - `hasWork`: whether there is something to commit at once.
    mutating func restored(hasWork: Bool, at now: ContinuousClock.Instant) {
        guard case .restoring(let assignment) = state else { return }
        state = .running(Work(assignment: assignment))
        misassignedSince = nil
        if hasWork { begin(newest: now, at: now) }
    }

    /// The worker was asked to stop: commits a last time if it may.
    mutating func stopped(_ conditions: Conditions) -> Action {
        defer { state = .closed }
        return mayCommit(conditions) ? .commit : .proceed
    }
}

// MARK: - Memory

extension WorkerLifecycle {
    /// Memory is used up.
    mutating func memoryFilled() -> Action {
        guard case .running(let work) = state else { return .proceed }
        state = .suspended(work)
        return .suspend
    }

    /// There is room in memory.
    mutating func memoryFreed() -> Action {
        guard case .suspended(let work) = state else { return .proceed }
        state = .running(work)
        return .resume
    }
}

// MARK: - Commits

extension WorkerLifecycle {
    private mutating func begin(newest: ContinuousClock.Instant?, at now: ContinuousClock.Instant) {
        guard let assignment, !assignment.partitions.isEmpty else { return }
        let checkpoint = Checkpoint(begin: now, newest: newest, since: lastCommit)
        work?.checkpoint = checkpoint
    }

    /// Records arrived.
    mutating func recordsArrived(at now: ContinuousClock.Instant) {
        if checkpoint == nil { begin(newest: now, at: now) } else { work?.checkpoint?.add(at: now) }
    }

    /// No record arrived.
    ///
    /// - `pause`: after this time without a commit, the tasks publish although nothing arrived; nil for never.
    mutating func nothingArrived(flushingAfter pause: Duration?, at now: ContinuousClock.Instant) {
        guard let pause, checkpoint == nil, now - lastCommit >= pause else { return }
        begin(newest: nil, at: now)
    }

    /// Whether the checkpoint may be committed now.
    private func mayCommit(_ conditions: Conditions) -> Bool {
        checkpoint != nil && conditions.isCaughtUp && !isForgotten(errors: conditions.errors)
    }

    /// How long to wait for further records before the checkpoint is committed; nil if no commit is near.
    ///
    /// A checkpoint that may not be committed yet, or whose tasks read nothing, does not hurry: a record or the end of
    /// a partition changes that.
    func patience(_ conditions: Conditions, settling: [Duration], at now: ContinuousClock.Instant) -> Duration? {
        guard !isSuspended, mayCommit(conditions) else { return nil }
        return checkpoint?.patience(settling, at: now)
    }

    /// The records of a poll are processed: commits if it is time to.
    func polled(
        _ conditions: Conditions,
        hasNews: Bool,
        settling: [Duration],
        interval: Duration,
        at now: ContinuousClock.Instant
    ) -> Action {
        guard let checkpoint, mayCommit(conditions) else { return .proceed }
        return checkpoint.isDue(at: now, hasNews: hasNews, settling: settling, interval: interval) ? .commit : .proceed
    }

    /// The checkpoint is committed.
    ///
    /// - `hasMore`: whether the tasks left work for the next commit.
    mutating func committed(hasMore: Bool, at now: ContinuousClock.Instant) {
        aborts = 0
        lastCommit = now
        let newest = checkpoint?.newest
        work?.checkpoint = nil
        if hasMore { begin(newest: newest, at: now) }
    }

    /// A transaction was aborted: the tasks are ahead of the committed offsets and must be restored.
    mutating func aborted() -> Recovery {
        aborts += 1
        if let assignment { state = .restoring(assignment) }
        return aborts < Self.mostAborts ? .proceed(pausing: aborts > 1) : .fail(aborts: aborts)
    }
}
