import Rules

/// Checks the figures of messages.
///
/// The bounds are wider than anything that is published, and narrow enough that sums over a state fit.
enum FigureCheck {
    /// Students, tests, rows: above any state's, and a million of them add up to less than 2^63.
    static let largestCount: UInt64 = 1_000_000_000
    /// Revisions of one determination.
    static let largestRevision: UInt32 = 1_000_000_000
    /// Milliseconds since 1970 until the end of the year 9999.
    static let times: ClosedRange<Int64> = 0...253_402_300_799_999
    /// Whether a school year is in the valid range.
    static let mostYears = UInt32(clamping: SchoolYear.range.count)
    /// Scores, rates and percentages.
    static let values = -1_000...1_000

    /// Whether a text is empty or an exact decimal of at most 18 decimals within ``values``.
    static func isValue(_ text: String) -> Bool {
        guard !text.isEmpty else { return true }
        var bytes = Array(text.utf8)[...]
        if bytes.first == UInt8(ascii: "-") { bytes = bytes.dropFirst() }
        let parts = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count <= 2, let whole = parts.first, (1...4).contains(whole.count),
            whole.allSatisfy(isDigit),
            parts.count == 1 || (1...18).contains(parts[1].count) && parts[1].allSatisfy(isDigit)
        else { return false }
        let number = whole.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
        return number < values.upperBound || number == values.upperBound && parts.count == 1
    }

    /// Whether a text that is a value lies between 0 and 100.
    static func isPercentage(_ text: String) -> Bool {
        guard !text.hasPrefix("-"), let whole = text.split(separator: ".").first.flatMap({ Int($0) }) else {
            return false
        }
        return whole < 100 || whole == 100 && text.dropFirst(4).allSatisfy { $0 == "0" }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

    /// Whether counts can be.
    static func areCounts(_ counts: UInt32...) -> Bool {
        counts.allSatisfy { UInt64($0) <= largestCount }
    }

    /// Whether a number is of a school year.
    static func isYear(_ year: UInt32) -> Bool { SchoolYear.range.contains(Int(year)) }

    /// Whether a number is one of a difficulty quartile, or 0 for none.
    static func isQuartile(_ number: UInt32) -> Bool { number <= 4 }
}
