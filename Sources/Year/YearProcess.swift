public import Messages
public import Rules
public import Stages
public import Streaming

/// An installation in one process: the stages from the ledger to the determinations over memory, without a broker.
///
/// Its ledger has the same records as an installation's ledger. So the workers' code computes files, a ledger from a
/// broker, and changes to it, and gives the same bytes. Use it from one thread.
public final class YearProcess {
    /// How a process computes.
    public struct Settings: Sendable {
        /// Under which frameworks.
        public var frameworks: FrameworkSet
        /// How many tasks work at once.
        public var threads: Int
        /// Partitions of the ledger and of the tables.
        public var partitions: Int32
        /// The time of an issue, milliseconds since 1970.
        public var clock: @Sendable () -> Int64

        /// Settings.
        ///
        /// - Parameters:
        ///   - frameworks: under which each year is computed.
        ///   - threads: how many tasks work at once; at least 1.
        ///   - partitions: of the ledger and the tables; by default as many as keep the threads busy to the end.
        ///   - clock: the time of an issue, milliseconds since 1970.
        public init(
            frameworks: FrameworkSet = .builtIn,
            threads: Int = 1,
            partitions: Int32? = nil,
            clock: @escaping @Sendable () -> Int64 = DeterminationStage.now
        ) {
            self.frameworks = frameworks
            self.threads = max(1, threads)
            // Districts differ in size, so that there have to be more partitions than threads.
            self.partitions = max(1, partitions ?? (threads <= 1 ? 1 : Int32(clamping: min(64, threads * 4))))
            self.clock = clock
        }
    }

    /// The names of the topics.
    public let pipeline: Pipeline
    /// How it computes.
    public let settings: Settings
    /// What was published.
    public let tables: YearTables

    private let driver: ProcessDriver
    private let ledger: String
    private var closed: Set<Int> = []

    /// A process with an empty ledger.
    ///
    /// - Parameters:
    ///   - pipeline: the installation that it represents.
    ///   - settings: how it computes.
    ///   - watching: additional tables to keep.
    /// - Throws: if the stages do not fit together.
    public init(pipeline: Pipeline = Pipeline(), settings: Settings, watching: [TopicDefinition] = []) throws {
        self.pipeline = pipeline
        self.settings = settings
        let tables = YearTables(pipeline, watching)
        self.tables = tables
        ledger = pipeline.name(Topics.submissions)
        var topics: [String: Int32] = [:]
        for topic in Topics.all {
            topics[pipeline.name(topic)] = topic.partitionCount(tables: settings.partitions)
        }
        driver = try ProcessDriver(
            // Nobody is notified of what one process computes.
            stages: pipeline.stages(under: settings.frameworks, clock: settings.clock)
                .filter { $0.name != PipelineStage.notification.name },
            topics: topics,
            progressTopic: pipeline.name(Topics.progress),
            completionType: Topics.completionType,
            threads: settings.threads,
            watched: tables.topics
        ) { topic, _, batch in
            try tables.take(topic, batch)
        }
    }

    /// Hands a partition's norm of official ranks to the task that published it, before anything is fed.
    public func recallPercentile(partition: Int32, key: Span<UInt8>, value: Span<UInt8>) throws {
        try driver.recall(topic: pipeline.name(Topics.percentiles), partition: partition, key: key, value: value)
    }

    /// Feeds the ledger's next records to the process, one batch for each partition, and lets the stages process them.
    public func feed(_ batches: [MemoryBatch]) throws {
        for (partition, batch) in batches.enumerated() where !batch.isEmpty {
            driver.feed(batch, topic: ledger, partition: Int32(clamping: partition))
        }
        try driver.advance()
    }

    /// Opens school years: their rows are accepted from here on.
    public func open(_ years: some Sequence<Int>) throws {
        let collector = LedgerCollector(partitions: settings.partitions)
        for year in years { try pipeline.openYear(year, partitions: settings.partitions, into: collector) }
        try feed(collector.take())
    }

    /// Closes every year that has records and is not closed: its percentiles and determinations are published, and
    /// follow corrections.
    public func closeYears() throws {
        try driver.settle()
        let open = tables.recordYears.subtracting(closed).sorted()
        guard !open.isEmpty else { return }
        for year in open { try driver.close(scope: "\(year)", topic: ledger) }
        closed.formUnion(open)
        try driver.settle()
    }

    /// Processes everything and publishes the changes once.
    public func settle() throws {
        try driver.settle()
    }

    /// Records that no stage could use.
    ///
    /// Ingestion never writes such records, but a ledger on a broker may contain them.
    public var unusable: [ProcessDriver.Unusable] { driver.unusable }
}

/// Collects entries of the ledger by partition.
final class LedgerCollector: RecordSink {
    private var batches: [MemoryBatch]
    private(set) var byteCount = 0
    private let limit: Int
    private let hand: (([MemoryBatch]) throws -> Void)?

    /// Collects records and passes them on when it is full; without `hand` it keeps everything.
    init(partitions: Int32, limit: Int = .max, hand: (([MemoryBatch]) throws -> Void)? = nil) {
        batches = Array(repeating: MemoryBatch(), count: Int(partitions))
        self.limit = limit
        self.hand = hand
    }

    func send(
        topic: String,
        partition: Int32,
        key: Span<UInt8>,
        value: Span<UInt8>?,
        eventType: String,
        cause: String
    ) throws {
        let isMarker = eventType == Topics.completionType
        batches[Int(partition)].append(key: key, value: value, cause: cause, isMarker: isMarker)
        byteCount += key.count + (value?.count ?? 0)
        if byteCount >= limit { try handOver() }
    }

    /// Passes on the collected records.
    func handOver() throws {
        guard byteCount > 0, let hand else { return }
        try hand(take())
    }

    /// Returns the records collected since the last call.
    func take() -> [MemoryBatch] {
        defer {
            batches = Array(repeating: MemoryBatch(), count: batches.count)
            byteCount = 0
        }
        return batches
    }
}
