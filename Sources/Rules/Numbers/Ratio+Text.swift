extension Ratio {
    /// The number written as a decimal: `86.5`, `-0.4`, `100`; exactly, without exponent.
    ///
    /// Leading and trailing blanks are not accepted. More than 36 digits throw ``NumberError/overflow``.
    public init(decimal text: some StringProtocol) throws(NumberError) {
        let (units, scale) = try Self.parse(text)
        self = try Self.reducing(units, scale)
    }

    /// The number written as a decimal, or nil if the text is not a number that can be held exactly.
    ///
    /// For readers that have their own error for what they cannot read.
    public static func reading(_ text: some StringProtocol) -> Ratio? {
        do throws(NumberError) {
            return try Ratio(decimal: text)
        } catch {
            return nil
        }
    }

    /// The number written as a fraction, `12/7`, or nil if the text is none that can be held.
    public static func reading(fraction text: some StringProtocol) -> Ratio? {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let above = reading(parts[0]), let below = reading(parts[1]), below != .zero else {
            return nil
        }
        do throws(NumberError) {
            return try above / below
        } catch {
            return nil
        }
    }

    /// The number written as a decimal and rounded at once.
    ///
    /// For figures that a binary program printed, such as `86.66666666666667`: six decimals of them are real.
    public init(decimal text: some StringProtocol, rounded rounding: Rounding) throws(NumberError) {
        let (units, scale) = try Self.parse(text)
        guard rounding.mode != .none else {
            self = try Self.reducing(units, scale)
            return
        }
        self = try Self.reducing(try rounding.wideUnits(units, over: scale), Rounding.powerOfTen(rounding.decimals))
    }

    /// A number of units of the given decimal: 865 units of one decimal are 86.5.
    public init(units: Int64, decimals: Int) throws(NumberError) {
        self = try Self.reducing(Int128(units), Rounding.powerOfTen(decimals))
    }

    /// The number as a decimal with exactly this many decimals, rounded in the given mode.
    public func text(decimals: Int, mode: Rounding.Mode = .halfUp) -> String {
        let rounding = Rounding(mode == .none ? .halfUp : mode, decimals: decimals)
        let digits = rounding.digits(numerator, over: denominator)
        let sign = numerator < 0 && (digits.whole > 0 || digits.part > 0) ? "-" : ""
        guard rounding.decimals > 0 else { return "\(sign)\(digits.whole)" }
        let part = String(digits.part)
        let zeros = String(repeating: "0", count: rounding.decimals - part.utf8.count)
        return "\(sign)\(digits.whole).\(zeros)\(part)"
    }

    /// The shortest exact decimal (`86.5`), or nil where it would not end within eighteen decimals, as many as an input
    /// may have.
    public var exactText: String? {
        // A decimal ends where the denominator has no factors but 2 and 5, as many decimals on as it has of either.
        let twos = denominator.trailingZeroBitCount
        guard twos <= Rounding.maximumDecimals, var rest = UInt64(exactly: denominator >> Int128(twos)) else {
            return nil
        }
        var fives = 0
        while rest % 5 == 0 {
            rest /= 5
            fives += 1
        }
        guard rest == 1, fives <= Rounding.maximumDecimals else { return nil }
        return text(decimals: max(twos, fives))
    }

    /// The exact decimal where it ends, else six decimals, half up.
    public var shortText: String { exactText ?? text(decimals: 6) }

    /// 36 digits fit 128 bits, above the line and below.
    private static let maximumDigits = 36

    private static func parse(_ text: some StringProtocol) throws(NumberError) -> (units: Int128, scale: Int128) {
        let text = String(text)
        guard let (units, scale) = try parse(text.utf8Span.span) else { throw .malformed(text) }
        return (units, scale)
    }

    /// Nil if the text is no decimal number.
    private static func parse(_ text: Span<UInt8>) throws(NumberError) -> (units: Int128, scale: Int128)? {
        // Nearly all numbers have few digits, which 64 bits hold.
        var units: UInt64 = 0
        var wide: Int128 = 0
        var digits = 0
        var decimals = 0
        var seenPoint = false
        let isNegative = !text.isEmpty && text[0] == UInt8(ascii: "-")
        for place in (isNegative ? 1 : 0)..<text.count {
            let byte = text[place]
            if byte == UInt8(ascii: "."), !seenPoint {
                seenPoint = true
                continue
            }
            let digit = byte &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            digits += 1
            if seenPoint { decimals += 1 }
            if digits < shortDigits {
                units = units * 10 + UInt64(digit)
            } else {
                guard digits <= maximumDigits else { throw .overflow }
                if digits == shortDigits { wide = Int128(units) }
                wide = wide * 10 + Int128(digit)
            }
        }
        guard digits > 0 else { return nil }
        if digits < shortDigits { wide = Int128(units) }
        return (isNegative ? -wide : wide, Rounding.powerOfTen(decimals))
    }

    /// From this many digits on, a number is held in 128 bits: fewer digits fit 64 bits.
    private static let shortDigits = 19
}
