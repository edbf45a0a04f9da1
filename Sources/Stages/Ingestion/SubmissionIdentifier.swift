/// Names of submissions: the moment to the millisecond, which sorts, and six random digits.
public enum SubmissionIdentifier {
    /// A new name, such as `20261123T231500123Z-4f2a9c`.
    ///
    /// - `milliseconds`: since 1970, UTC.
    public static func make(
        at milliseconds: Int64,
        using random: inout some RandomNumberGenerator
    ) -> String {
        let word: UInt64 = random.next()
        let suffix = (0..<6).map { Hexadecimal.digit(UInt8(truncatingIfNeeded: word >> (UInt64($0) * 4)) & 0xF) }
        let moment = timestamp(milliseconds).utf8
            .filter { $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: ":") && $0 != UInt8(ascii: ".") }
        return String(decoding: moment, as: UTF8.self) + "-" + String(decoding: suffix, as: UTF8.self)
    }

    /// A new name, with digits of the system's randomness, for a moment in milliseconds since 1970, UTC.
    public static func make(at milliseconds: Int64) -> String {
        var random = SystemRandomNumberGenerator()
        return make(at: milliseconds, using: &random)
    }

    /// A moment in ISO 8601, UTC: `2026-11-23T23:15:00.123Z`.
    ///
    /// - `milliseconds`: since 1970; held within the years 1970 to 9999.
    public static func timestamp(_ milliseconds: Int64) -> String {
        let moment = min(max(milliseconds, 0), 253_402_300_799_999)
        let (days, rest) = (moment / 86_400_000, moment % 86_400_000)
        // Days to a date of the Gregorian calendar, with years that begin in March (H. Hinnant, "chrono-compatible
        // low-level date algorithms").
        let z = days + 719_468
        let era = z / 146_097
        let dayOfEra = z % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))T\(padded(rest / 3_600_000, 2)):"
            + "\(padded(rest / 60_000 % 60, 2)):\(padded(rest / 1_000 % 60, 2)).\(padded(rest % 1_000, 3))Z"
    }

    /// When a submission was made, in milliseconds since 1970; nil if the text does not name a submission.
    public static func milliseconds(of name: String) -> Int64? {
        let bytes = Array(name.utf8)
        guard bytes.count == 26, bytes[8] == UInt8(ascii: "T"), bytes[18] == UInt8(ascii: "Z"),
            bytes[19] == UInt8(ascii: "-")
        else { return nil }
        func number(_ range: Range<Int>) -> Int64? {
            var value: Int64 = 0
            for byte in bytes[range] {
                guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
                value = value * 10 + Int64(byte - UInt8(ascii: "0"))
            }
            return value
        }
        guard let year = number(0..<4), let month = number(4..<6), let day = number(6..<8), let hour = number(9..<11),
            let minute = number(11..<13), let second = number(13..<15), let rest = number(15..<18),
            (1...12).contains(month), (1...31).contains(day)
        else { return nil }
        // A date to days, with years that begin in March, as in ``timestamp(_:)``.
        let y = month <= 2 ? year - 1 : year
        let era = y / 400
        let yearOfEra = y - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let days = era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
        return ((days * 24 + hour) * 60 + minute) * 60_000 + second * 1_000 + rest
    }

    /// Whether a submission was surely made later than another one; false if a text does not name a submission.
    static func isLater(_ name: String, than other: String) -> Bool {
        guard let own = milliseconds(of: name), let others = milliseconds(of: other) else { return false }
        return own > others
    }

    private static func padded(_ number: Int64, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
}
