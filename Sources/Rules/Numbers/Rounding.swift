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

    /// The most decimals a rounding may keep, and an input may have.
    public static let maximumDecimals = 18

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
        return try Ratio.reducing(wideUnits(value.numerator, over: value.denominator), Self.powerOfTen(decimals))
    }

    /// The rounded number in units of its last decimal: 86.46 to one decimal is 865.
    public func units(_ value: Ratio) throws(NumberError) -> Int64 {
        guard let units = Int64(exactly: try wideUnits(value.numerator, over: value.denominator)) else {
            throw .overflow
        }
        return units
    }

    /// The rounded quotient in units of the last decimal; `bottom` is above 0.
    func wideUnits(_ top: Int128, over bottom: Int128) throws(NumberError) -> Int128 {
        let digits = digits(top, over: bottom)
        let scale = UInt64(truncatingIfNeeded: Self.powerOfTen(decimals))
        if let whole = UInt64(exactly: digits.whole) {
            // 64 bits times 60 bits, and a part of 60.
            let units = Int128(truncatingIfNeeded: UInt128(whole) &* UInt128(scale) &+ digits.part)
            return top < 0 ? -units : units
        }
        let (scaled, tooWide) = digits.whole.multipliedReportingOverflow(by: UInt128(scale))
        let (sum, tooMuch) = scaled.addingReportingOverflow(digits.part)
        guard !tooWide, !tooMuch, let units = Int128(exactly: sum) else { throw .overflow }
        return top < 0 ? -units : units
    }

    /// The magnitude of the rounded quotient: its whole part, and the units of the last decimal beyond that.
    ///
    /// It always fits.
    func digits(_ top: Int128, over bottom: Int128) -> (whole: UInt128, part: UInt128) {
        let scale = UInt128(UInt64(truncatingIfNeeded: Self.powerOfTen(decimals)))
        let divisor = bottom.magnitude
        let (whole, left) = Self.divide(top.magnitude, divisor)
        let (part, rest) = Self.divide(left, timesUnits: scale, divisor)
        let isOdd = (decimals == 0 ? whole : part) & 1 != 0
        let away: Bool =
            switch mode {
            case .halfUp: rest >= divisor - rest
            case .halfEven: rest > divisor - rest || (rest == divisor - rest && isOdd)
            case .down, .none: false
            }
        guard away else { return (whole, part) }
        return part + 1 == scale ? (whole + 1, 0) : (whole, part + 1)
    }

    private static func divide(
        _ dividend: UInt128,
        timesUnits scale: UInt128,
        _ divisor: UInt128
    ) -> (quotient: UInt128, remainder: UInt128) {
        // A scale has at most 60 bits.
        if let small = UInt64(exactly: dividend) { return divide(UInt128(small) &* scale, divisor) }
        let product = dividend.multipliedFullWidth(by: scale)
        return product.high == 0 ? divide(product.low, divisor) : divisor.dividingFullWidth(product)
    }

    /// Quotient and remainder; the division of 128 bits is slow, and most numbers need but 64.
    @inline(__always)
    private static func divide(_ dividend: UInt128, _ divisor: UInt128) -> (quotient: UInt128, remainder: UInt128) {
        if let small = UInt64(exactly: dividend), let other = UInt64(exactly: divisor) {
            let (quotient, remainder) = small.quotientAndRemainder(dividingBy: other)
            return (UInt128(quotient), UInt128(remainder))
        }
        return dividend.quotientAndRemainder(dividingBy: divisor)
    }

    /// 10 to a power from 0 to 38, the greatest that 128 bits hold.
    static func powerOfTen(_ exponent: Int) -> Int128 {
        // 64 bits hold the powers that are asked for.
        var power: UInt64 = 1
        for _ in 0..<min(max(exponent, 0), 18) { power &*= 10 }
        guard exponent > 18 else { return Int128(power) }
        return Int128(power) * powerOfTen(min(exponent - 18, 20))
    }
}
