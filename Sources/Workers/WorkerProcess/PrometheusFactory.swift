public import CoreMetrics
import Synchronization

/// A backend of swift-metrics with Prometheus' text format.
///
/// It keeps counters, gauges and histograms in memory for `/metrics`.
public final class PrometheusFactory: MetricsFactory {
    fileprivate struct Name: Hashable, Comparable {
        let label: String
        let dimensions: [String]

        static func < (one: Name, other: Name) -> Bool {
            one.label == other.label
                ? one.dimensions.lexicographicallyPrecedes(other.dimensions) : one.label < other.label
        }
    }

    private let histograms = Mutex<[Name: Histogram]>([:])
    private let counters = Mutex<[Name: Count]>([:])

    /// The factory of this process.
    public static let shared = PrometheusFactory()

    /// Creates a factory without metrics.
    public init() {}

    /// A counter.
    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        counters.withLock { $0.value(of: Self.name(label, dimensions), or: Count()) }
    }

    /// A histogram of values.
    public func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        histograms.withLock { $0.value(of: Self.name(label, dimensions), or: Histogram()) }
    }

    /// A histogram of durations, in seconds.
    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        histograms.withLock { $0.value(of: Self.name(label, dimensions), or: Histogram()) }
    }

    /// Keeps what was counted.
    public func destroyCounter(_ handler: any CounterHandler) {}
    /// Keeps what was recorded.
    public func destroyRecorder(_ handler: any RecorderHandler) {}
    /// Keeps what was measured.
    public func destroyTimer(_ handler: any TimerHandler) {}

    /// All metrics, sorted by name.
    public func text() -> String {
        var text = ""
        var last = ""
        for (name, counter) in counters.withLock({ $0 }).sorted(by: { $0.key < $1.key }) {
            if name.label != last { text += "# TYPE \(name.label) counter\n" }
            last = name.label
            text += "\(name.label)\(Self.braces(name.dimensions)) \(counter.value)\n"
        }
        for (name, histogram) in histograms.withLock({ $0 }).sorted(by: { $0.key < $1.key }) {
            if name.label != last { text += "# TYPE \(name.label) histogram\n" }
            last = name.label
            text += histogram.text(name.label, name.dimensions)
        }
        return text
    }

    private static func name(_ label: String, _ dimensions: [(String, String)]) -> Name {
        Name(label: label, dimensions: dimensions.map { "\($0)=\"\(escaped($1))\"" })
    }

    private static func escaped(_ value: String) -> String {
        value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }

    fileprivate static func braces(_ dimensions: [String]) -> String {
        dimensions.isEmpty ? "" : "{\(dimensions.joined(separator: ","))}"
    }
}

extension Dictionary {
    fileprivate mutating func value(of key: Key, or new: @autoclosure () -> Value) -> Value {
        if let value = self[key] { return value }
        let value = new()
        self[key] = value
        return value
    }
}

private final class Count: CounterHandler {
    private let count = Atomic<Int64>(0)
    var value: Int64 { count.load(ordering: .relaxed) }
    func increment(by amount: Int64) { count.wrappingAdd(amount, ordering: .relaxed) }
    func reset() { count.store(0, ordering: .relaxed) }
}

/// A histogram of durations or values, with buckets from a millisecond to an hour.
private final class Histogram: TimerHandler, RecorderHandler {
    private struct State {
        var buckets = [Int](repeating: 0, count: Histogram.bounds.count + 1)
        var sum = 0.0
        var count = 0
    }

    private let state = Mutex(State())
    static let bounds: [Double] = [
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600,
    ]

    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }
    func record(_ value: Int64) { record(Double(value)) }
    func record(_ value: Double) {
        guard value.isFinite else { return }
        state.withLock {
            $0.buckets[Self.bounds.firstIndex { value <= $0 } ?? Self.bounds.count] += 1
            $0.sum += value
            $0.count += 1
        }
    }

    func text(_ label: String, _ dimensions: [String]) -> String {
        let now = state.withLock { $0 }
        var text = ""
        var total = 0
        for (bound, count) in zip(Self.bounds.map { "\($0)" } + ["+Inf"], now.buckets) {
            total += count
            text += "\(label)_bucket\(PrometheusFactory.braces(dimensions + ["le=\"\(bound)\""])) \(total)\n"
        }
        let braces = PrometheusFactory.braces(dimensions)
        return text + "\(label)_sum\(braces) \(now.sum)\n\(label)_count\(braces) \(now.count)\n"
    }
}
