import Messages
import Rules
import Streaming
import Tables

/// What a row is called in the tables of validation: 16 bytes and a tag.
///
/// The key of a student's row can be had back from it, so that a row that was accepted can be retracted later without
/// its text being kept: the 16 bytes are the pseudonym, changed by the tag in a way that can be undone. Pseudonyms are
/// as good as random, so that two rows meet no more often than two digests would. Of other rows the 16 bytes are a
/// digest.
struct RowKey {
    /// The layout, the year and the year of the cohort, in 19 bits.
    let tag: UInt32
    /// The key in tables.
    let value: UInt128

    private static let firstYear = 2000
    private static let spread: UInt128 = 0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835

    /// The name of a row; nil of a student's row whose key is none.
    init?(_ key: Span<UInt8>, layout: Layout, year: Int) {
        let years = UInt32(clamping: year - Self.firstYear) & 0x7F
        guard layout.isStudents else {
            tag = UInt32(layout.rawValue) & 0x1F | years << 5
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
        tag = UInt32(layout.rawValue) & 0x1F | years << 5 | cohort << 12
        value = pseudonym ^ (UInt128(tag) &* Self.spread)
    }

    /// The layout that a tag names.
    static func layout(of tag: UInt32) -> Layout? { Layout(rawValue: UInt8(tag & 0x1F)) }

    /// The school year that a tag names.
    static func year(of tag: UInt32) -> Int { firstYear + Int(tag >> 5 & 0x7F) }

    /// The key of a student's row, as it was.
    static func text(of value: UInt128, tag: UInt32) -> [UInt8] {
        guard let layout = layout(of: tag) else { return [] }
        var text = Array("\(year(of: tag))/\(layout.wireName)/".utf8)
        let pseudonym = value ^ (UInt128(tag & 0x7_FFFF) &* spread)
        for place in stride(from: 124, through: 0, by: -4) {
            let digit = UInt8(truncatingIfNeeded: pseudonym >> UInt128(place)) & 0xF
            text.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
        }
        let cohort = tag >> 12 & 0x7F
        if cohort > 0 { text += Array("/\(firstYear + Int(cohort) - 1)".utf8) }
        return text
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
