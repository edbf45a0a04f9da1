/// An exact rational number, always in lowest terms with a positive denominator.
///
/// Numerator and denominator have 128 bits. A supplied value of 18 decimals times a count of millions fits with room to
/// spare, so no input within the bounds of its column can fail. What does not fit all the same throws
/// ``NumberError/overflow``: nothing wraps and nothing traps. Comparison is exact and cannot fail. No binary floating
/// point takes part.
///
/// Nearly all numbers of a year fit 64 bits. They take the short way: one multiplication in 128 bits and one reduction.
public struct Ratio: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The number above the line, with the sign.
    public let numerator: Int128
    /// The number below the line, at least 1.
    public let denominator: Int128

    /// Zero.
    public static let zero = Ratio(0)
    /// One.
    public static let one = Ratio(1)
    /// One hundred, the whole of a percentage.
    public static let hundred = Ratio(100)

    /// An integer.
    public init(_ value: Int64) {
        self.init(reduced: Int128(value), 1)
    }

    /// An integer.
    public init(_ value: Int) {
        self.init(reduced: Int128(value), 1)
    }

    /// `numerator / denominator` in lowest terms.
    public init(_ numerator: Int64, over denominator: Int64) throws(NumberError) {
        self = try Self.reducing(Int128(numerator), Int128(denominator))
    }

    // The numerator is never `Int128.min`, so that every ratio has an opposite.
    private init(reduced numerator: Int128, _ denominator: Int128) {
        self.numerator = numerator
        self.denominator = denominator
    }

    /// Whether this is an integer.
    public var isInteger: Bool { denominator == 1 }

    /// The distance from zero.
    public var magnitude: Ratio { Ratio(reduced: abs(numerator), denominator) }

    /// `12`, or `12/7` where it is not an integer; use ``text(decimals:mode:)`` for figures.
    public var description: String { isInteger ? "\(numerator)" : "\(numerator)/\(denominator)" }

    /// Exact order.
    @inline(__always)
    public static func < (left: Ratio, right: Ratio) -> Bool {
        guard areShort(left, right) else { return isLess(left, right) }
        let first = left.shortAbove.multipliedFullWidth(by: right.shortBelow)
        let second = right.shortAbove.multipliedFullWidth(by: left.shortBelow)
        return first.high < second.high || (first.high == second.high && first.low < second.low)
    }

    /// The sum.
    public static func + (left: Ratio, right: Ratio) throws(NumberError) -> Ratio {
        if areShort(left, right) {
            // Both products are at most 2^126, so that the sum stays below 2^127.
            return try reducing(
                left.shortAbove.product(right.shortBelow) &+ right.shortAbove.product(left.shortBelow),
                left.shortBelow.product(right.shortBelow)
            )
        }
        // The common part of the denominators stays out of the products, which are so as small as they can be.
        let common = Int128(greatestCommonDivisor(left.denominator.magnitude, right.denominator.magnitude))
        let sum = try checked(
            try product(left.numerator, right.denominator / common)
                .addingReportingOverflow(try product(right.numerator, left.denominator / common))
        )
        let shared = Int128(greatestCommonDivisor(sum.magnitude, common.magnitude))
        return Ratio(
            reduced: sum / shared,
            try product(left.denominator / common, right.denominator / shared)
        )
    }

    /// The difference.
    public static func - (left: Ratio, right: Ratio) throws(NumberError) -> Ratio {
        try left + -right
    }

    /// The product.
    public static func * (left: Ratio, right: Ratio) throws(NumberError) -> Ratio {
        if areShort(left, right) {
            return try reducing(
                left.shortAbove.product(right.shortAbove),
                left.shortBelow.product(right.shortBelow)
            )
        }
        // Reduced crosswise first, the products are in lowest terms: they overflow only where the result does.
        let first = Int128(greatestCommonDivisor(left.numerator.magnitude, right.denominator.magnitude))
        let second = Int128(greatestCommonDivisor(right.numerator.magnitude, left.denominator.magnitude))
        return Ratio(
            reduced: try product(left.numerator / first, right.numerator / second),
            try product(left.denominator / second, right.denominator / first)
        )
    }

    /// The quotient.
    public static func / (left: Ratio, right: Ratio) throws(NumberError) -> Ratio {
        guard right.numerator != 0 else { throw .divisionByZero }
        let inverse =
            right.numerator < 0
            ? Ratio(reduced: -right.denominator, -right.numerator)
            : Ratio(reduced: right.denominator, right.numerator)
        return try left * inverse
    }

    /// The opposite.
    public static prefix func - (value: Ratio) -> Ratio {
        Ratio(reduced: -value.numerator, value.denominator)
    }

    /// The sum of many numbers; 0 of none.
    public static func sum(_ values: some Sequence<Ratio>) throws(NumberError) -> Ratio {
        var total = Ratio.zero
        for value in values { total = try total + value }
        return total
    }

    /// The arithmetic mean; nil of none.
    public static func mean(_ values: some Collection<Ratio>) throws(NumberError) -> Ratio? {
        guard !values.isEmpty else { return nil }
        return try sum(values) / Ratio(values.count)
    }

    /// The greatest integer not above the number.
    public var floor: Int64 {
        get throws(NumberError) {
            let quotient = numerator / denominator
            let floor = numerator % denominator < 0 ? quotient - 1 : quotient
            guard let result = Int64(exactly: floor) else { throw .overflow }
            return result
        }
    }

    static func reducing(_ numerator: Int128, _ denominator: Int128) throws(NumberError) -> Ratio {
        guard denominator != 0 else { throw .divisionByZero }
        guard numerator != 0 else { return Ratio(reduced: 0, 1) }
        let isNegative = (numerator < 0) != (denominator < 0)
        let top = numerator.magnitude
        let bottom = denominator.magnitude
        if let small = UInt64(exactly: top), let other = UInt64(exactly: bottom) {
            let divisor = greatestCommonDivisor(small, other)
            let above = Int128(small / divisor)
            return Ratio(reduced: isNegative ? -above : above, Int128(other / divisor))
        }
        let divisor = greatestCommonDivisor(top, bottom)
        guard let above = Int128(exactly: top / divisor), let below = Int128(exactly: bottom / divisor) else {
            throw .overflow
        }
        return Ratio(reduced: isNegative ? -above : above, below)
    }
}

// MARK: Numbers of 64 bits, and wider ones

extension Ratio {
    /// Whether the four numbers of two ratios fit 64 bits.
    @inline(__always)
    private static func areShort(_ left: Ratio, _ right: Ratio) -> Bool {
        // One test for all: above its lowest 63 bits a number of 64 bits is nothing but its sign.
        let above = (left.numerator ^ (left.numerator &>> 127)) | (right.numerator ^ (right.numerator &>> 127))
        let bits = above | left.denominator | right.denominator
        return bits &>> 63 == 0
    }

    @inline(__always)
    private var shortAbove: Int64 { Int64(truncatingIfNeeded: numerator) }

    @inline(__always)
    private var shortBelow: Int64 { Int64(truncatingIfNeeded: denominator) }

    @inline(never)
    private static func isLess(_ left: Ratio, _ right: Ratio) -> Bool {
        guard left.numerator.signum() == right.numerator.signum() else { return left.numerator < right.numerator }
        let first = left.numerator.magnitude.multipliedFullWidth(by: right.denominator.magnitude)
        let second = right.numerator.magnitude.multipliedFullWidth(by: left.denominator.magnitude)
        return left.numerator < 0
            ? (second.high, second.low) < (first.high, first.low)
            : (first.high, first.low) < (second.high, second.low)
    }

    private static func product(_ left: Int128, _ right: Int128) throws(NumberError) -> Int128 {
        try checked(left.multipliedReportingOverflow(by: right))
    }

    private static func checked(_ result: (partialValue: Int128, overflow: Bool)) throws(NumberError) -> Int128 {
        guard !result.overflow, result.partialValue != Int128.min else { throw .overflow }
        return result.partialValue
    }

    private static func greatestCommonDivisor(_ left: UInt128, _ right: UInt128) -> UInt128 {
        var (a, b) = (left, right)
        // The numbers of a year fit 64 bits after the first steps.
        while b != 0 {
            if let small = UInt64(exactly: a), let other = UInt64(exactly: b) {
                return UInt128(greatestCommonDivisor(small, other))
            }
            (a, b) = (b, a % b)
        }
        return a
    }

    @inline(__always)
    private static func greatestCommonDivisor(_ left: UInt64, _ right: UInt64) -> UInt64 {
        var (a, b) = (left, right)
        while b != 0 { (a, b) = (b, a % b) }
        return a
    }
}

extension Int64 {
    /// The product, which always fits.
    @inline(__always)
    fileprivate func product(_ other: Int64) -> Int128 {
        let (high, low) = multipliedFullWidth(by: other)
        return Int128(high) &<< 64 | Int128(low)
    }
}
