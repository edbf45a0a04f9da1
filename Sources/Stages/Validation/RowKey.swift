import Messages
import Rules
import Streaming
import Tables

/// What a row is called in the tables of validation: 16 bytes.
///
/// Of a student's row they are the pseudonym, mixed with layout and year: pseudonyms are as good as random, so that two
/// rows meet no more often than two digests would. Of other rows they are a digest.
struct RowKey {
    /// The key in tables.
    let value: UInt128

    private static let firstYear = 2000
    private static let spread: UInt128 = 0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835

    /// The name of a row; nil for a student's row whose key has no student.
    init?(_ key: Span<UInt8>, layout: Layout, year: Int) {
        let years = UInt32(clamping: year - Self.firstYear) & 0x7F
        guard layout.isStudents else {
            value = Digest(key).value
            return
        }
        // <year>/<layout>/<pseudonym>, and /<cohort's year> where there is one.
        let start = 4 + 1 + layout.wireName.utf8.count + 1
        guard key.count >= start + 32, let pseudonym = Self.number(key.extracting(start..<start + 32)) else {
            return nil
        }
        var cohort: UInt32 = 0
        if key.count > start + 32 {
            guard key.count == start + 32 + 5, let of = key.extracting(start + 33..<key.count).integer,
                (Self.firstYear...Self.firstYear + 126).contains(of)
            else { return nil }
            cohort = UInt32(of - Self.firstYear) + 1
        }
        let tag = UInt32(layout.rawValue) & 0x1F | years << 5 | cohort << 12
        value = pseudonym ^ (UInt128(tag) &* Self.spread)
    }

    private static func number(_ digits: Span<UInt8>) -> UInt128? {
        var value: UInt128 = 0
        for index in digits.indices {
            let byte = digits[index]
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
            default: return nil
            }
            value = value << 4 | UInt128(digit)
        }
        return value
    }
}

extension Layout {
    /// The same as ``isAboutStudents``, without looking through the columns for every row.
    fileprivate var isStudents: Bool { Self.students.contains(self) }

    private static let students = Set(allCases.filter(\.isAboutStudents))
}
