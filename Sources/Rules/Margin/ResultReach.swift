/// How far the results of some of a group's students can move its value, whatever those results are.
///
/// A student's result lies on a scale: a score on that of the tests, an index and a rate from 0 to 100, growth from 1
/// to
/// 99. Of `n` students `k` can move a mean by `k / n` of the scale's width and no further, and the mean stays on the
/// scale. The exact mean is not published, only its rounded value; the reach takes in every mean that rounds to it. So
/// what `k` students cannot reach here, they cannot reach at all: what is counted with it is a least number.
public struct ResultReach: Hashable, Sendable {
    private let scale: ClosedRange<Ratio>
    private let rounding: Rounding

    /// The reach of an indicator's results in a span.
    public init(_ indicator: Indicator, _ span: GradeSpan, _ framework: Framework) {
        scale =
            switch IndicatorPoints.scale(indicator, span, framework) {
            case .achievement(.scaledScore):
                Ratio(
                    framework.records.currentScale.value.lowerBound
                )...Ratio(
                    framework.records.currentScale.value.upperBound
                )
            case .growth: Ratio(1)...Ratio(99)
            case .achievement(.cpi), .rate: Ratio.zero...Ratio.hundred
            }
        rounding = framework.indicators?.valueRounding.value ?? Rounding(.halfUp, decimals: 1)
    }

    /// The value farthest away that is within reach.
    ///
    /// - Parameters:
    ///   - value: as it was published.
    ///   - count: the students behind it; without one nothing can be reached.
    ///   - students: how many of them have other results.
    ///   - upwards: whether the value rises.
    /// - Returns: the value as it would be published.
    /// - Throws: `NumberError` for numbers beyond 64 bits.
    public func value(
        from value: Ratio,
        of count: Int64,
        changing students: Int64,
        upwards: Bool
    ) throws(NumberError) -> Ratio {
        guard count > 0, students > 0 else { return value }
        let width = try scale.upperBound - scale.lowerBound
        let step = try width * Ratio(min(students, count)) / Ratio(count)
        let cut = Rounding(.down, decimals: rounding.decimals)
        if upwards {
            let exact = try min(value + step, scale.upperBound)
            let down = try cut(exact)
            guard down < exact else { return max(down, value) }
            return max(try down + Ratio(1) / Ratio(Int64(clamping: Rounding.powerOfTen(rounding.decimals))), value)
        }
        let exact = try value - step
        return min(try cut(max(exact, scale.lowerBound)), value)
    }
}
