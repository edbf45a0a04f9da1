import Kafka

/// The work that the next transaction will commit.
///
/// The first work after a commit creates it. A commit or an abort ends it.
struct Checkpoint: Equatable {
    /// When its first work arrived.
    let begin: ContinuousClock.Instant
    /// Whether nothing had been committed for a while before.
    let isAfterRest: Bool
    /// When its newest record arrived; nil if it has none.
    private(set) var newest: ContinuousClock.Instant?

    /// A worker is idle after this time without a commit.
    private static let rest: Duration = .milliseconds(100)

    /// - Parameters:
    ///   - begin: when its first work arrived.
    ///   - newest: when its newest record arrived.
    ///   - last: when the worker last committed.
    init(begin: ContinuousClock.Instant, newest: ContinuousClock.Instant?, since last: ContinuousClock.Instant) {
        self.begin = begin
        self.newest = newest
        isAfterRest = begin - last >= Self.rest
    }

    /// Notes that a record arrived.
    mutating func add(at now: ContinuousClock.Instant) { newest = now }

    /// Whether no task waits for further records of the same change.
    ///
    /// - `settling`: how long each task waits for them.
    func isSettled(_ settling: [Duration], at now: ContinuousClock.Instant) -> Bool {
        guard let newest else { return true }
        return settling.allSatisfy { now - newest >= $0 }
    }

    /// Whether it is time to commit: no more records arrive, or the first one has waited long enough.
    func isDue(
        at now: ContinuousClock.Instant,
        hasNews: Bool,
        settling: [Duration],
        interval: Duration
    ) -> Bool {
        !hasNews && isSettled(settling, at: now) || now - begin >= interval
    }

    /// How long to wait for further records.
    ///
    /// An idle worker commits a new record at once. A busy one waits a little longer, so that there are fewer commits.
    func patience(_ settling: [Duration], at now: ContinuousClock.Instant) -> Duration {
        isAfterRest && isSettled(settling, at: now) ? .zero : .milliseconds(5)
    }
}

/// What a transaction contains besides the tasks' publications, and what is true once it is committed.
struct CheckpointContent {
    /// How far the sources were read.
    private(set) var offsets: [TopicPartitionOffset] = []
    /// What the group stores about its partitions.
    private(set) var memory: [TopicPartition: PlaceMemory] = [:]
    /// The least ends of the outputs after this commit.
    ///
    /// If a topic is recreated before the next check, it ends earlier.
    private(set) var ends: [TopicPartition: Int64]
    /// What each task states.
    private(set) var statements: [(runner: TaskRunner, statement: TaskRunner.Statement)] = []
    /// The tasks that have finished a rebuild.
    private(set) var rebuilt: [Int32] = []

    /// - Parameter ends: the last known ends of the outputs.
    init(ends: [TopicPartition: Int64]) { self.ends = ends }

    /// Lets a task publish its changes, and takes its positions.
    ///
    /// The positions of a task that has not finished its rebuild are left out, so that a restart finds again that a
    /// rebuild is needed.
    mutating func take(_ runner: TaskRunner, of stage: any Stage) throws {
        try runner.sendQuarantined()
        let isRebuilding = runner.output.isRebuilding
        var waits = isRebuilding && runner.waitsFor != nil
        if !waits {
            try runner.flush()
            waits = runner.output.isRebuilding
        }
        for (index, counts) in runner.output.takeSent().enumerated() {
            for (partition, count) in counts {
                ends[TopicPartition(topic: stage.outputs[index].topic, partition: partition), default: 0] += count
            }
        }
        guard !waits else { return }
        takePositions(of: runner, stage)
        if isRebuilding { rebuilt.append(runner.partition) }
    }

    private mutating func takePositions(of runner: TaskRunner, _ stage: any Stage) {
        // The first task stores how far a broadcast topic was read, because it reports the faults found there.
        for (index, source) in stage.sources.enumerated() where !source.isBroadcast || runner.partition == 0 {
            guard let known = runner.memory(of: index) else { continue }
            let place = TopicPartition(topic: source.topic, partition: source.isBroadcast ? 0 : runner.partition)
            memory[place] = known
            offsets.append(TopicPartitionOffset(place, .at(known.offset)))
        }
        let stated = TopicPartition(topic: Positions.published, partition: runner.partition)
        let statement = runner.statement
        memory[stated] = PlaceMemory(
            offset: 0,
            digest: stage.configuration,
            published: statement.published,
            watched: statement.watched
        )
        statements.append((runner, statement))
    }

    /// Writes what the group stores about its partitions into the open transaction.
    ///
    /// - `begins`: the beginnings of outputs that must not lose records.
    mutating func write(to positions: Positions, _ sink: TransactionalSink, begins: [TopicPartition: Int64]) throws {
        for partition in rebuilt {
            for name in [Positions.rebuild, Positions.renewing] {
                try positions.remove(TopicPartition(topic: name, partition: partition), from: sink)
            }
        }
        for (place, end) in ends {
            let begin = begins[place].map { FirstRecord(offset: $0, timestamp: 0) }
            memory[place] = PlaceMemory(offset: end, first: begin)
        }
        if !offsets.isEmpty { try positions.write(memory, to: sink) }
    }
}
