import Messages
import Rules
import Streaming
import Tables

/// The name of a row in the tables of validation: 16 bytes.
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
        guard layout.isAboutStudents else {
            value = Digest(key).value
            return
        }
        // <year>/<layout>/<pseudonym>, and /<cohort's year> if there is one.
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

    /// The name of a student's row.
    ///
    /// - `cohort`: the year of the cohort, in layouts whose key it is a part of.
    init(student: UInt128, layout: Layout, year: Int, cohort: Int? = nil) {
        let years = UInt32(clamping: year - Self.firstYear) & 0x7F
        let cohorts = cohort.map { (UInt32(clamping: $0 - Self.firstYear) & 0x7F) + 1 } ?? 0
        let tag = UInt32(layout.rawValue) & 0x1F | years << 5 | cohorts << 12
        value = student ^ (UInt128(tag) &* Self.spread)
    }

    /// The name of a row by its key, `<school year>/<layout>/<key within it>`, whatever the key is.
    static func digest(of key: Span<UInt8>) -> Digest {
        guard key.count > 6, key[4] == UInt8(ascii: "/"), let year = key.extracting(0..<4).integer,
            let slash = (5..<key.count).first(where: { key[$0] == UInt8(ascii: "/") }),
            let layout = Layout(wireName: key.extracting(5..<slash).text),
            let name = RowKey(key, layout: layout, year: year)
        else { return Digest(key) }
        return Digest(value: name.value)
    }

    /// The number that 32 hexadecimal digits write; nil of anything else.
    static func number(_ digits: Span<UInt8>) -> UInt128? {
        guard digits.count == 32 else { return nil }
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

/// The name of a row, in the tables of validation and in publications.
struct RowIdentity {
    var name: RowKey
    /// Of a student's row.
    var student: UInt128?
    /// The cohort's year if it is part of the key; otherwise 0.
    var cohort: UInt32
    /// Of another row: `<school year>/<layout>/<key within it>`, or the key of a directive.
    var key: [UInt8]

    /// The key within year and layout, of a row that is not a student's.
    func keyWithin(_ layout: Layout) -> String {
        String(decoding: key.dropFirst(4 + 1 + layout.wireName.utf8.count + 1), as: UTF8.self)
    }
}
