import CoreMetrics
public import Kafka
import Synchronization

/// The metrics of a worker, for people and for Prometheus.
///
/// The worker's thread writes them. Any thread may read them.
public final class WorkerMetrics: Sendable {
    /// The values.
    public struct Figures: Sendable {
        /// Records processed since the start.
        public var processed = 0
        /// Records that could not be used.
        public var unusable = 0
        /// Records put in quarantine, by code.
        public var quarantined: [String: Int] = [:]
        /// Rows that the stage refused.
        public var rejected = 0
        /// Records published.
        public var emitted = 0
        /// Transactions committed.
        public var commits = 0
        /// Seconds spent in commits.
        public var commitSeconds = 0.0
        /// Partitions of outputs that differed from what was published, and were rebuilt.
        public var mended = 0
        /// Transactions aborted, by the error's name.
        public var aborts: [String: Int] = [:]
        /// Records still to replay before the worker is up to date.
        public var restoreRemaining = 0
        /// Records behind the end of the sources.
        public var lagRecords = 0
        /// Seconds between the newest processed record and now; 0 without lag.
        public var lagSeconds = 0.0
        /// The resident memory of the process in bytes, at the last check.
        public var memory = 0
        /// The memory limit in bytes; 0 for no limit.
        public var memoryLimit = 0
        /// Tasks this worker runs.
        public var tasks = 0
    }

    private struct State {
        var figures = Figures()
        var readiness = "starting"
        var failure: String?
        var discrepancies: [String] = []
        var supplement: (@Sendable () -> String)?
        var turned = ContinuousClock.now
        /// How far the logs of the worker's tasks were checked for foreign records; nil while no tasks are running.
        var checked: [TopicPartition: Int64]?
        /// The foreign records that were found there.
        var strangers: [TopicPartition: Set<Int64>] = [:]
    }

    /// The stage's name.
    public let stage: String
    /// The instance's.
    public let instance: String
    private let state = Mutex(State())
    /// How long commits take.
    private let commitTime: Timer
    /// The latency from a submission, or another cause with a known time, to its publications.
    private let latency: Timer

    /// Creates metrics that are zero and not ready.
    public init(stage: String, instance: String) {
        self.stage = stage
        self.instance = instance
        let dimensions = [("stage", stage), ("instance", instance)]
        commitTime = Timer(label: "accountability_commit_duration_seconds", dimensions: dimensions)
        latency = Timer(label: "accountability_latency_seconds", dimensions: dimensions)
    }

    /// False after the worker has failed permanently.
    public var isHealthy: Bool { state.withLock { $0.failure == nil } }
    /// Whether the worker has its partitions and has restored them.
    public var isReady: Bool { notReady == nil }
    /// Why the worker is not ready; nil when it is.
    public var notReady: String? {
        state.withLock { $0.failure ?? ($0.readiness.isEmpty ? $0.discrepancies.first : $0.readiness) }
    }
    /// The current values.
    public var figures: Figures { state.withLock { $0.figures } }

    /// Changes the values.
    package func update(_ change: (inout Figures) -> Void) {
        state.withLock { change(&$0.figures) }
    }

    /// Sets how far the logs of the worker's tasks were checked for foreign records; nil while it has no running tasks.
    package func setChecked(_ checked: [TopicPartition: Int64]?) {
        state.withLock { $0.checked = checked }
    }

    /// Notes a foreign record in an output.
    package func noteStranger(_ place: TopicPartition, _ offset: Int64) {
        state.withLock { _ = $0.strangers[place, default: []].insert(offset) }
    }

    /// Whether the worker has checked a record of an output, and published it itself.
    ///
    /// - Returns: nil if the worker's tasks are running and another instance checks this partition.
    public func hasConfirmed(_ place: TopicPartition, _ offset: Int64) -> Bool? {
        state.withLock {
            guard let all = $0.checked else { return false }
            guard let checked = all[place] else { return nil }
            return offset < checked && $0.strangers[place]?.contains(offset) != true
        }
    }

    /// Counts a commit.
    package func noteCommit(seconds: Double) {
        update {
            $0.commits += 1
            $0.commitSeconds += seconds
        }
        commitTime.recordSeconds(seconds)
    }

    /// Notes that the worker finished one turn of its loop, with no call waiting for the brokers.
    public func noteTurn() {
        state.withLock { $0.turned = .now }
    }

    /// Records the latency of a publication since its cause.
    package func noteLatency(milliseconds: Int64) {
        latency.recordMilliseconds(milliseconds)
    }

    /// Sets why the worker is not ready; nil means ready.
    public func setReadiness(_ reason: String?) {
        state.withLock { $0.readiness = reason ?? "" }
    }

    /// Sets the discrepancies that tasks report.
    ///
    /// The worker is not ready while there are any.
    public func setDiscrepancies(_ found: [String]) {
        state.withLock { $0.discrepancies = found }
    }

    /// Notes that the worker has failed, and why.
    public func fail(_ reason: String) {
        state.withLock { $0.failure = reason }
    }

    /// Adds metrics of services that run next to the stage, in Prometheus' text format.
    public func supplement(_ text: @escaping @Sendable () -> String) {
        state.withLock { $0.supplement = text }
    }

    /// All metrics in Prometheus' text format.
    public func prometheus() -> String {
        let figures = figures
        let labels = "stage=\"\(stage)\",instance=\"\(instance)\""
        var text = ""
        func add(_ name: String, _ kind: String, _ help: String, _ value: some CustomStringConvertible) {
            text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind)\n\(name){\(labels)} \(value)\n"
        }
        add("accountability_processed_total", "counter", "Records processed.", figures.processed)
        add("accountability_unusable_total", "counter", "Records that could not be used.", figures.unusable)
        add("accountability_rejected_total", "counter", "Rows refused.", figures.rejected)
        add("accountability_emitted_total", "counter", "Records published.", figures.emitted)
        add("accountability_commits_total", "counter", "Transactions committed.", figures.commits)
        add("accountability_commit_seconds_total", "counter", "Seconds spent in commits.", figures.commitSeconds)
        add(
            "accountability_mended_total",
            "counter",
            "Partitions that differed from what was published, and were rebuilt.",
            figures.mended
        )
        text += "# HELP accountability_aborts_total Transactions aborted.\n# TYPE accountability_aborts_total counter\n"
        for (reason, count) in figures.aborts.sorted(by: { $0.key < $1.key }) {
            text += "accountability_aborts_total{\(labels),reason=\"\(reason)\"} \(count)\n"
        }
        text +=
            "# HELP accountability_quarantined_total Records quarantined.\n# TYPE accountability_quarantined_total counter\n"
        for (code, count) in figures.quarantined.sorted(by: { $0.key < $1.key }) {
            text += "accountability_quarantined_total{\(labels),code=\"\(code)\"} \(count)\n"
        }
        add("accountability_restore_remaining", "gauge", "Records still to replay.", figures.restoreRemaining)
        add("accountability_lag_records", "gauge", "Records behind the end of the sources.", figures.lagRecords)
        add("accountability_lag_seconds", "gauge", "Age of the newest record while lagging.", figures.lagSeconds)
        add("accountability_memory_bytes", "gauge", "Memory that the worker uses.", figures.memory)
        add(
            "accountability_memory_limit_bytes",
            "gauge",
            "Memory limit of the worker, 0 for no limit.",
            figures.memoryLimit
        )
        add("accountability_tasks", "gauge", "Partitions this worker runs.", figures.tasks)
        add(
            "accountability_standing_seconds",
            "gauge",
            "Seconds since the worker's last turn. It stays high during a restore or a commit that waits for the brokers.",
            (ContinuousClock.now - state.withLock { $0.turned }).seconds
        )
        add(
            "accountability_discrepancies",
            "gauge",
            "Partitions with a discrepancy; /ready describes it.",
            state.withLock { $0.discrepancies.count }
        )
        add("accountability_ready", "gauge", "1 when assigned and restored.", isReady ? 1 : 0)
        let supplement = state.withLock { $0.supplement }
        return text + (supplement?() ?? "")
    }
}
