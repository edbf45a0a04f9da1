/// The sum and the number behind an indicator value.
///
/// The sum is of scaled scores, index points, growth percentiles, or of students who count above the line of a rate.
/// Tallies add and subtract exactly, whatever the order; sums wrap rather than trap.
public struct IndicatorTally: Hashable, Sendable {
    /// The sum of what is averaged.
    public var sum: Int64
    /// The number of students.
    public var count: Int64

    /// A tally.
    public init(sum: Int64 = 0, count: Int64 = 0) {
        self.sum = sum
        self.count = count
    }

    /// One student, either above the line of a rate or only below it.
    public init(_ counts: Bool) {
        self.init(sum: counts ? 1 : 0, count: 1)
    }

    /// The tally of nobody.
    public static let zero = IndicatorTally()

    /// Adds.
    public static func += (left: inout IndicatorTally, right: IndicatorTally) {
        left = IndicatorTally(sum: left.sum &+ right.sum, count: left.count &+ right.count)
    }

    /// Retracts.
    public static func -= (left: inout IndicatorTally, right: IndicatorTally) {
        left = IndicatorTally(sum: left.sum &- right.sum, count: left.count &- right.count)
    }

    /// The sum.
    public static func + (left: IndicatorTally, right: IndicatorTally) -> IndicatorTally {
        IndicatorTally(sum: left.sum &+ right.sum, count: left.count &+ right.count)
    }

    /// The difference.
    public static func - (left: IndicatorTally, right: IndicatorTally) -> IndicatorTally {
        IndicatorTally(sum: left.sum &- right.sum, count: left.count &- right.count)
    }
}

extension IndicatorTally {
    /// The difficulty quartile of an organization, from the sum of its English learners' quartiles: 1 to 4; nil of
    /// nobody.
    ///
    /// Progress is judged statewide among organizations whose targets are as hard to meet: 603 CMR 2.03(2)(b).
    public func difficultyQuartile(_ parameters: IndicatorParameters) throws(NumberError) -> Int? {
        guard count > 0 else { return nil }
        let units = try Rounding(parameters.difficultyRounding.value.mode, decimals: 0)
            .units(try Ratio(sum, over: count))
        return Int(min(max(units, 1), 4))
    }
}

/// The value of an indicator for a group: 603 CMR 2.03(2)(b).
public struct IndicatorValue: Hashable, Sendable {
    /// The indicator.
    public let indicator: Indicator
    /// The number of students.
    public let count: Int64
    /// The exact value; nil of nobody.
    ///
    /// Rates are in percent.
    public let exact: Ratio?
    /// The value as the framework rounds it; a supplied one as it was supplied.
    public let rounded: Ratio?
    /// Whether the group is large enough for accountability.
    public let meetsMinimumSize: Bool

    /// The value that counts: rounded, and nil below the minimum size.
    public var value: Ratio? { meetsMinimumSize ? rounded : nil }

    /// The value of a tally.
    ///
    /// `enrolled` is needed only where the framework divides achievement by the larger of 95 percent of those enrolled
    /// and those tested.
    public init(
        _ indicator: Indicator,
        _ tally: IndicatorTally,
        enrolled: Int64? = nil,
        _ framework: Framework
    ) throws(NumberError) {
        guard tally.count >= 0 else { throw .negativeCount }
        self.indicator = indicator
        count = tally.count
        meetsMinimumSize = tally.count >= Int64(framework.minimumSize.accountability.value)
        guard tally.count > 0 else {
            exact = nil
            rounded = nil
            return
        }
        var denominator = Ratio(tally.count)
        if framework.participation.federalDenominator.value, indicator.category == .achievement, let enrolled {
            denominator = max(denominator, try Ratio(enrolled) * framework.participation.standard.value / .hundred)
        }
        let mean = try Ratio(tally.sum) / denominator
        // More students can drop out than were enrolled on October 1. No rate is above 100 percent all the same: a
        // supplied one is refused there.
        let exact = indicator.isRate ? min(try mean * .hundred, .hundred) : mean
        self.exact = exact
        rounded = try framework.indicators?.valueRounding.value(exact) ?? exact
    }

    /// A value that was supplied, already computed: it stays as it was supplied.
    public init(supplied indicator: Indicator, value: Ratio, count: Int64, _ framework: Framework) {
        self.indicator = indicator
        self.count = count
        exact = value
        rounded = value
        meetsMinimumSize = count >= Int64(framework.minimumSize.accountability.value)
    }
}
