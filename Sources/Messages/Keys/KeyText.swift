import Rules

/// Reads the names of a key one after another.
///
/// Slashes separate names. Every reader returns nil for a missing or invalid name.
struct KeyReader: ~Copyable, ~Escapable {
    private let bytes: Span<UInt8>
    /// The start of the next name; beyond the end if all were read.
    private var place = 0

    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>) {
        self.bytes = bytes
    }

    /// Whether every name was read.
    var isAtEnd: Bool { place > bytes.count }

    /// The number of names in the key.
    var count: Int {
        var count = 1
        for index in bytes.indices where bytes[index] == UInt8(ascii: "/") { count += 1 }
        return count
    }

    /// The range of the next name.
    private mutating func next() -> Range<Int>? {
        guard !isAtEnd else { return nil }
        var end = place
        while end < bytes.count, bytes[end] != UInt8(ascii: "/") { end += 1 }
        defer { place = end + 1 }
        return place..<end
    }

    /// A school year: four digits within ``SchoolYear/range``.
    mutating func schoolYear() -> Int? {
        guard let name = next(), name.count == 4 else { return nil }
        return number(name, in: SchoolYear.range)
    }

    /// An integer, written without sign or leading zeros.
    mutating func number(in range: ClosedRange<Int>) -> Int? {
        guard let name = next() else { return nil }
        return number(name, in: range)
    }

    private func number(_ name: Range<Int>, in range: ClosedRange<Int>) -> Int? {
        guard !name.isEmpty, name.count == 1 || bytes[name.lowerBound] != UInt8(ascii: "0") else { return nil }
        var value = 0
        for index in name {
            let digit = bytes[index] &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            let (tens, overflows) = value.multipliedReportingOverflow(by: 10)
            guard !overflows else { return nil }
            let (sum, overflowsToo) = tens.addingReportingOverflow(Int(digit))
            guard !overflowsToo else { return nil }
            value = sum
        }
        return range.contains(value) ? value : nil
    }

    /// An organization's eight digits.
    mutating func organization() -> OrganizationCode? {
        guard let name = next() else { return nil }
        return OrganizationCode(utf8: bytes.extracting(name))
    }

    /// A name of a closed vocabulary.
    mutating func word<Word: WireNamed>(_: Word.Type = Word.self) -> Word? {
        guard let name = next() else { return nil }
        return Word(utf8: bytes.extracting(name))
    }

    /// Whether the next name is this one.
    mutating func isNext(_ expected: StaticString) -> Bool {
        guard let name = next() else { return false }
        return text(name) == "\(expected)"
    }

    /// Any name: UTF-8, neither empty nor with control characters.
    mutating func text() -> String? {
        guard let name = next() else { return nil }
        return text(name)
    }

    /// All that is left, slashes included: neither empty nor with control characters.
    mutating func rest() -> String? {
        guard !isAtEnd else { return nil }
        defer { place = bytes.count + 1 }
        return text(place..<bytes.count)
    }

    private func text(_ name: Range<Int>) -> String? {
        guard !name.isEmpty else { return nil }
        var copy: [UInt8] = []
        copy.reserveCapacity(name.count)
        for index in name {
            guard bytes[index] >= 0x20, bytes[index] != 0x7f else { return nil }
            copy.append(bytes[index])
        }
        return String(validating: copy, as: UTF8.self)
    }
}

/// Writes the names of a key one after another, with slashes between them.
public struct KeyWriter {
    /// The written bytes.
    private(set) var bytes: [UInt8] = []
    private var isFirst = true

    init() {
        bytes.reserveCapacity(72)
    }

    private mutating func next() {
        if !isFirst { bytes.append(UInt8(ascii: "/")) }
        isFirst = false
    }

    /// Writes any name; one with slashes in it counts as several.
    mutating func add(_ name: String) {
        next()
        bytes.append(contentsOf: name.utf8)
    }

    /// Writes an integer.
    mutating func add(_ number: Int) {
        add(String(number))
    }

    /// Writes a name of a closed vocabulary.
    mutating func add(_ word: some WireNamed) {
        add(word.wireName)
    }

    /// Writes an organization's eight digits.
    mutating func add(_ organization: OrganizationCode) {
        next()
        var unit: UInt32 = 10_000_000
        while unit > 0 {
            bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: organization.rawValue / unit % 10))
            unit /= 10
        }
    }
}
