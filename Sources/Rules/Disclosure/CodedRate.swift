/// A rate as it may be published.
public enum CodedRate: Hashable, Sendable, CustomStringConvertible {
    /// As it is.
    case exact(Ratio)
    /// This or less.
    case atMost(Int)
    /// This or more.
    case atLeast(Int)
    /// Not at all: there are too few students to say on which side of the middle it lies.
    case hidden

    /// A rate, percent, of a group of a size.
    ///
    /// A rate tells how many students it counts and how many it does not. Where either could be fewer than the minimum,
    /// only that is said.
    ///
    /// - Parameters:
    ///   - rate: percent.
    ///   - size: students.
    ///   - minimum: the fewest that may be known.
    public init(_ rate: Ratio, of size: Int64, minimum: Int) {
        guard size > 0 else {
            self = .hidden
            return
        }
        // The share of the group that the minimum is, whole percent, upwards.
        let bound = (100 * Int64(minimum) + size - 1) / size
        guard bound <= 50 else {
            self = .hidden
            return
        }
        let (bottom, top) = (Int(bound), 100 - Int(bound))
        self = rate <= Ratio(bottom) ? .atMost(bottom) : rate >= Ratio(top) ? .atLeast(top) : .exact(rate)
    }

    /// `<=5`, `>=95`, the rate, or nothing.
    public var description: String {
        switch self {
        case .exact(let rate): rate.shortText
        case .atMost(let rate): "<=\(rate)"
        case .atLeast(let rate): ">=\(rate)"
        case .hidden: ""
        }
    }
}
