/// Values of a peer population in order, and the percentile of each: 603 CMR 2.03(2)(a), (c).
///
/// `percentile = floor(steps * r / (n + 1)) + 1`, where `r` is the rank from the worst value, shared as a mean by ties.
public struct RankedPopulation: Sendable {
    /// The values from the worst to the best.
    private let sorted: [Ratio]
    private let lowerIsBetter: Bool
    private let steps: Int

    /// A population; where lower is better the order is reversed.
    public init(_ values: some Sequence<Ratio>, lowerIsBetter: Bool, _ parameters: PercentileParameters) {
        sorted = lowerIsBetter ? values.sorted(by: >) : values.sorted()
        self.lowerIsBetter = lowerIsBetter
        steps = parameters.steps.value
    }

    /// The number of values.
    public var count: Int { sorted.count }

    /// The percentile of a value among the population.
    ///
    /// A value that is not in it is placed between its neighbours, half a rank from each: the published ranking stays
    /// as it is (a frozen norm, ``PercentileRanking``).
    public func percentile(of value: Ratio) -> Int {
        let below = firstIndex { !isWorse($0, than: value) }
        let notBetter = firstIndex { isWorse(value, than: $0) }
        return Self.percentile(first: below + 1, last: notBetter, count: sorted.count, steps: steps)
    }

    /// The value from which a percentile is reached: the worst whose percentile is at least this; nil where none is.
    public func threshold(percentile: Int) -> Ratio? {
        var start = 0
        while start < sorted.count {
            var end = start
            while end < sorted.count, sorted[end] == sorted[start] { end += 1 }
            if Self.percentile(first: start + 1, last: end, count: sorted.count, steps: steps) >= percentile {
                return sorted[start]
            }
            start = end
        }
        return nil
    }

    /// The percentile of a run of ties from one rank to another, ranks counted from 1.
    ///
    /// `first + last` is twice the mean rank, so that everything stays an integer. For a value between two ranks `last`
    /// is `first - 1`.
    static func percentile(first: Int, last: Int, count: Int, steps: Int) -> Int {
        // Populations are arrays in memory and steps at most 1000: far from overflow.
        let doubled = steps * (first + last)
        return min(doubled / (2 * (count + 1)) + 1, steps)
    }

    /// Percentiles of a population by position, for values given with their positions.
    static func percentiles(
        _ values: [(position: Int, value: Ratio)],
        lowerIsBetter: Bool,
        steps: Int,
        assign: (_ position: Int, _ value: Ratio, _ percentile: Int) -> Void
    ) {
        let sorted = values.sorted { lowerIsBetter ? $0.value > $1.value : $0.value < $1.value }
        var start = 0
        while start < sorted.count {
            var end = start + 1
            while end < sorted.count, sorted[end].value == sorted[start].value { end += 1 }
            let percentile = percentile(first: start + 1, last: end, count: sorted.count, steps: steps)
            for index in start..<end { assign(sorted[index].position, sorted[index].value, percentile) }
            start = end
        }
    }

    private func isWorse(_ left: Ratio, than right: Ratio) -> Bool { lowerIsBetter ? left > right : left < right }

    /// The first index at which a condition holds that, once it holds, holds to the end.
    private func firstIndex(where holds: (Ratio) -> Bool) -> Int {
        var low = 0
        var high = sorted.count
        while low < high {
            let middle = low + (high - low) / 2
            if holds(sorted[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
