/// How a figure is rounded: a mode and a number of decimals, both named by the framework.
public struct Rounding: Hashable, Sendable, CustomStringConvertible {
    /// What happens to the part that is cut.
    public enum Mode: String, Sendable, CaseIterable {
        /// A half goes away from zero: 97.5 is 98.
        case halfUp = "half_up"
        /// A half goes to the even neighbour: 96.5 is 96.
        case halfEven = "half_even"
        /// Everything goes towards zero.
        case down
        /// Nothing is rounded.
        case none
    }

    /// The mode.
    public let mode: Mode
    /// The number of decimals kept, 0 to ``maximumDecimals``.
    public let decimals: Int

    /// The most decimals a rounding may keep.
    public static let maximumDecimals = 9

    /// A rounding; decimals are held within 0 to ``maximumDecimals``.
    public init(_ mode: Mode, decimals: Int) {
        self.mode = mode
        self.decimals = min(max(decimals, 0), Self.maximumDecimals)
    }

    /// `half_up to 1 decimals`, or `none`.
    public var description: String {
        mode == .none ? "none" : "\(mode.rawValue), \(decimals) decimals"
    }

    /// The rounded number.
    public func callAsFunction(_ value: Ratio) throws(NumberError) -> Ratio {
        guard mode != .none else { return value }
        return try Ratio.reducing(
            wideUnits(Int128(value.numerator), over: Int128(value.denominator)),
            Int128(Self.powerOfTen(decimals))
        )
    }

    /// The rounded number in units of its last decimal: 86.46 to one decimal is 865.
    public func units(_ value: Ratio) throws(NumberError) -> Int64 {
        guard let units = Int64(exactly: wideUnits(Int128(value.numerator), over: Int128(value.denominator))) else {
            throw .overflow
        }
        return units
    }

    /// The rounded quotient in units of the last decimal.
    ///
    /// `numerator` stays below 2^94, so that nothing overflows.
    func wideUnits(_ numerator: Int128, over bottom: Int128) -> Int128 {
        let top = numerator * Int128(Self.powerOfTen(decimals))
        let quotient = top / bottom
        let twice = 2 * (top % bottom).magnitude
        let away: Bool =
            switch mode {
            case .halfUp: twice >= bottom.magnitude
            case .halfEven: twice > bottom.magnitude || (twice == bottom.magnitude && quotient % 2 != 0)
            case .down, .none: false
            }
        guard away else { return quotient }
        return top < 0 ? quotient - 1 : quotient + 1
    }

    static func powerOfTen(_ exponent: Int) -> Int64 {
        var power: Int64 = 1
        for _ in 0..<min(max(exponent, 0), 18) { power *= 10 }
        return power
    }
}
