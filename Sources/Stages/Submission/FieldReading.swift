import Rules
import Tables

/// The result of reading a field, before checking whether it may be empty.
enum Reading<Value> {
    case empty
    case fault(RejectionCode)
    case value(Value)
}

/// A decimal number as written, with the parts needed to compare it with integer bounds.
struct WrittenDecimal {
    var text: String
    fileprivate var whole: Int
    fileprivate var hasFraction: Bool

    /// Whether the number is above a whole one.
    func isAbove(_ bound: Int) -> Bool { whole > bound || (whole == bound && hasFraction) }
}

/// Readers of single fields, which work on the bytes of the row.
enum FieldReading {
    /// The most digits before the point of a decimal number that is read at all.
    private static let longestWhole = 15
    /// The most of them that any value has: no decimal column reaches 10,000.
    private static let longestValue = 4

    /// The four digits of a school year, within the years the layouts name.
    static func year(_ field: Span<UInt8>) -> Reading<Int> {
        guard field.count > 0 else { return .empty }
        guard field.count == 4, field[0] != UInt8(ascii: "-"), let year = field.integer, (2_000...2_100).contains(year)
        else { return .fault(.malformedYear) }
        return .value(year)
    }

    /// An eight-digit code.
    static func code(_ field: Span<UInt8>) -> Reading<OrganizationCode> {
        guard field.count > 0 else { return .empty }
        guard let code = OrganizationCode(utf8: field) else { return .fault(.malformedCode) }
        return .value(code)
    }

    /// A whole number within bounds.
    static func integer(_ field: Span<UInt8>, _ bounds: ClosedRange<Int>) -> Reading<Int> {
        guard field.count > 0 else { return .empty }
        guard let value = field.integer else { return .fault(.malformedInteger) }
        return bounds.contains(value) ? .value(value) : .fault(.outOfRange)
    }

    /// A decimal number within bounds, of at most ``Rounding/maximumDecimals`` decimals.
    ///
    /// Every number that is taken here, times every count that is taken, is held exactly by the rules.
    static func decimal(_ field: Span<UInt8>, _ bounds: ClosedRange<Int>) -> Reading<WrittenDecimal> {
        guard field.count > 0 else { return .empty }
        var point: Int?
        var whole = 0
        var units = 0
        var hasFraction = false
        for index in field.indices {
            let byte = field[index]
            if byte == UInt8(ascii: "."), point == nil, index > 0, index + 1 < field.count {
                point = index
                whole = units
                continue
            }
            let digit = byte &- UInt8(ascii: "0")
            guard digit < 10 else { return .fault(.malformedDecimal) }
            guard point == nil else {
                if digit != 0 { hasFraction = true }
                continue
            }
            guard index < longestWhole else { return .fault(.malformedDecimal) }
            units = units * 10 + Int(digit)
        }
        if let point {
            guard field.count - point - 1 <= Rounding.maximumDecimals else { return .fault(.malformedDecimal) }
        } else {
            whole = units
        }
        guard (point ?? field.count) <= longestValue else { return .fault(.outOfRange) }
        let value = WrittenDecimal(text: field.text, whole: whole, hasFraction: hasFraction)
        return value.isAbove(bounds.upperBound) || whole < bounds.lowerBound ? .fault(.outOfRange) : .value(value)
    }

    /// The number of a word in a list.
    static func choice(_ field: Span<UInt8>, _ words: [String]) -> Reading<Int> {
        guard field.count > 0 else { return .empty }
        for index in words.indices where field.isEqual(to: words[index]) { return .value(index) }
        return .fault(.unknownChoice)
    }

    /// `Y` or `N`.
    static func yesNo(_ field: Span<UInt8>) -> Reading<Bool> {
        guard field.count > 0 else { return .empty }
        guard field.count == 1 else { return .fault(.unknownChoice) }
        switch field[0] {
        case UInt8(ascii: "Y"): return .value(true)
        case UInt8(ascii: "N"): return .value(false)
        default: return .fault(.unknownChoice)
        }
    }

    /// A grade: 1 to 12, and 0 for kindergarten and before.
    static func grade(_ field: Span<UInt8>) -> Reading<Int> {
        guard field.count > 0 else { return .empty }
        if field.count <= 2, let number = field.integer, (1...12).contains(number) { return .value(number) }
        if field.isEqual(to: "PK") || field.isEqual(to: "K") { return .value(0) }
        return .fault(.unknownGrade)
    }

    /// A day of the calendar, `2019-09-24`.
    static func date(_ field: Span<UInt8>) -> Reading<String> {
        guard field.count > 0 else { return .empty }
        guard field.count == 10, field[4] == UInt8(ascii: "-"), field[7] == UInt8(ascii: "-"),
            field[0] != UInt8(ascii: "-"), field[5] != UInt8(ascii: "-"), field[8] != UInt8(ascii: "-"),
            let year = field.extracting(0..<4).integer, let month = field.extracting(5..<7).integer,
            let day = field.extracting(8..<10).integer, (1...12).contains(month), day >= 1,
            day <= days(inMonth: month, of: year)
        else { return .fault(.malformedDate) }
        return .value(field.text)
    }

    /// A text of so many bytes at most, in one line and without control characters.
    static func text(_ field: Span<UInt8>, _ length: Int) -> Reading<String> {
        guard field.count > 0 else { return .empty }
        guard !PlainText.hasControl(field) else { return .fault(.controlCharacter) }
        return field.count <= length ? .value(field.text) : .fault(.textTooLong)
    }

    /// A text of so many bytes at most, which may have several lines, without other control characters.
    static func document(_ field: Span<UInt8>, _ length: Int) -> Reading<String> {
        guard field.count > 0 else { return .empty }
        guard field.count <= length else { return .fault(.textTooLong) }
        let text = field.text
        let hasControl = text.unicodeScalars.contains { $0 != "\n" && $0 != "\r" && PlainText.isControl($0) }
        return hasControl ? .fault(.controlCharacter) : .value(text)
    }

    private static func days(inMonth month: Int, of year: Int) -> Int {
        switch month {
        case 4, 6, 9, 11: 30
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        default: 31
        }
    }
}

/// Groups by the spellings that were seen: looking one up in Rules folds its letters, which costs more than all the
/// rest of a row.
struct GroupSpellings {
    private var known: [(spelling: [UInt8], group: StudentGroup)] = []

    /// The group of a spelling.
    mutating func group(_ field: Span<UInt8>) -> Reading<StudentGroup> {
        guard field.count > 0 else { return .empty }
        for index in known.indices {
            let spelling = known[index].spelling
            if field.isEqual(to: spelling.span) { return .value(known[index].group) }
        }
        guard field.count <= 200, let group = StudentGroup(name: field.text) else { return .fault(.unknownGroup) }
        var spelling: [UInt8] = []
        for index in field.indices { spelling.append(field[index]) }
        // A normal file uses about a dozen spellings. More are read correctly, but slower.
        if known.count < 64 { known.append((spelling, group)) }
        return .value(group)
    }
}
