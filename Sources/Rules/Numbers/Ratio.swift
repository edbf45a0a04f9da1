/// An exact rational number, always in lowest terms with a positive denominator.
///
/// Numerator and denominator are 64-bit; every operation runs in 128 bits, is reduced, and throws
/// ``NumberError/overflow`` when the reduced result does not fit. Comparison is exact and cannot fail. No binary
/// floating point takes part.
public struct Ratio: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The number above the line, with the sign.
    public let numerator: Int64
    /// The number below the line, at least 1.
    public let denominator: Int64

    /// Zero.
    public static let zero = Ratio(0)
    /// One.
    public static let one = Ratio(1)
    /// One hundred, the whole of a percentage.
    public static let hundred = Ratio(100)

    /// An integer.
    ///
    /// `Int64.min` is taken as `-Int64.max`, so that every ratio has an opposite.
    public init(_ value: Int64) {
        self.init(reduced: max(value, -Int64.max), 1)
    }

    /// An integer.
    public init(_ value: Int) {
        self.init(Int64(clamping: value))
    }

    /// `numerator / denominator` in lowest terms.
    public init(_ numerator: Int64, over denominator: Int64) throws(NumberError) {
        self = try Self.reducing(Int128(numerator), Int128(denominator))
    }

    private init(reduced numerator: Int64, _ denominator: Int64) {
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
    public static func < (left: Ratio, right: Ratio) -> Bool {
        if left.denominator == right.denominator { return left.numerator < right.numerator }
        return Int128(left.numerator) * Int128(right.denominator) < Int128(right.numerator) * Int128(left.denominator)
    }

    /// The sum.
    public static func + (left: Ratio, right: Ratio) throws(NumberError) -> Ratio {
        // Both products are below 2^126, so that the sum stays below 2^127.
        try reducing(
            Int128(left.numerator) * Int128(right.denominator) + Int128(right.numerator) * Int128(left.denominator),
            Int128(left.denominator) * Int128(right.denominator)
        )
    }

    /// The difference.
    public static func - (left: Ratio, right: Ratio) throws(NumberError) -> Ratio {
        try left + -right
    }

    /// The product.
    public static func * (left: Ratio, right: Ratio) throws(NumberError) -> Ratio {
        try reducing(
            Int128(left.numerator) * Int128(right.numerator),
            Int128(left.denominator) * Int128(right.denominator)
        )
    }

    /// The quotient.
    public static func / (left: Ratio, right: Ratio) throws(NumberError) -> Ratio {
        try reducing(
            Int128(left.numerator) * Int128(right.denominator),
            Int128(left.denominator) * Int128(right.numerator)
        )
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
        let quotient = numerator / denominator
        return numerator % denominator < 0 ? quotient - 1 : quotient
    }

    static func reducing(_ numerator: Int128, _ denominator: Int128) throws(NumberError) -> Ratio {
        guard denominator != 0 else { throw .divisionByZero }
        guard numerator != 0 else { return Ratio(reduced: 0, 1) }
        let negative = (numerator < 0) != (denominator < 0)
        let top = numerator.magnitude
        let bottom = denominator.magnitude
        let divisor = greatestCommonDivisor(top, bottom)
        guard
            let above = Int64(exactly: top / divisor),
            let below = Int64(exactly: bottom / divisor)
        else { throw .overflow }
        return Ratio(reduced: negative ? -above : above, below)
    }

    private static func greatestCommonDivisor(_ left: UInt128, _ right: UInt128) -> UInt128 {
        var (a, b) = (left, right)
        // 128-bit division is slow; the numbers of a year fit 64 bits after the first steps.
        while b != 0 {
            if let small = UInt64(exactly: a), let other = UInt64(exactly: b) {
                var (c, d) = (small, other)
                while d != 0 { (c, d) = (d, c % d) }
                return UInt128(c)
            }
            (a, b) = (b, a % b)
        }
        return a
    }
}
