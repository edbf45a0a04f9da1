extension Ratio {
    /// The number written as a decimal: `86.5`, `-0.4`, `100`; exactly, without exponent.
    ///
    /// Leading and trailing blanks are not accepted. Digits beyond 64 bits throw ``NumberError/overflow``.
    public init(decimal text: some StringProtocol) throws(NumberError) {
        let (units, scale) = try Self.parse(text)
        self = try Self.reducing(units, scale)
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
        self = try Self.reducing(
            rounding.wideUnits(units, over: scale),
            Int128(Rounding.powerOfTen(rounding.decimals))
        )
    }

    /// A number of units of the given decimal: 865 units of one decimal are 86.5.
    public init(units: Int64, decimals: Int) throws(NumberError) {
        self = try Self.reducing(Int128(units), Int128(Rounding.powerOfTen(decimals)))
    }

    /// The number as a decimal with exactly this many decimals, rounded in the given mode.
    public func text(decimals: Int, mode: Rounding.Mode = .halfUp) -> String {
        let rounding = Rounding(mode == .none ? .halfUp : mode, decimals: decimals)
        let units = rounding.wideUnits(Int128(numerator), over: Int128(denominator))
        let scale = Int128(Rounding.powerOfTen(rounding.decimals))
        let sign = units < 0 ? "-" : ""
        let whole = units.magnitude / scale.magnitude
        guard rounding.decimals > 0 else { return "\(sign)\(whole)" }
        let part = String(units.magnitude % scale.magnitude)
        return "\(sign)\(whole)." + String(repeating: "0", count: rounding.decimals - part.utf8.count) + part
    }

    /// The shortest exact decimal (`86.5`), or nil where it would not end within nine decimals.
    public var exactText: String? {
        for decimals in 0...Rounding.maximumDecimals where Rounding.powerOfTen(decimals) % denominator == 0 {
            return text(decimals: decimals)
        }
        return nil
    }

    /// The exact decimal where it ends, else six decimals, half up.
    public var shortText: String { exactText ?? text(decimals: 6) }

    /// 24 digits keep every intermediate figure of a rounding within 128 bits.
    private static let maximumDigits = 24

    private static func parse(_ text: some StringProtocol) throws(NumberError) -> (units: Int128, scale: Int128) {
        var units: Int128 = 0
        var scale: Int128 = 1
        var digits = 0
        var seenPoint = false
        var negative = false
        for (position, byte) in text.utf8.enumerated() {
            switch byte {
            case UInt8(ascii: "-") where position == 0: negative = true
            case UInt8(ascii: ".") where !seenPoint: seenPoint = true
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                digits += 1
                guard digits <= maximumDigits else { throw .overflow }
                units = units * 10 + Int128(byte - UInt8(ascii: "0"))
                if seenPoint { scale *= 10 }
            default: throw .malformed(String(text))
            }
        }
        guard digits > 0 else { throw .malformed(String(text)) }
        return (negative ? -units : units, scale)
    }
}
