extension Span where Element == UInt8 {
    /// The bytes as text.
    ///
    /// Invalid UTF-8 is replaced by U+FFFD.
    public var text: String {
        if let valid = try? UTF8Span(validating: self) { return String(copying: valid) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        for index in indices { bytes.append(self[index]) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The whole number the bytes spell in decimal digits with an optional minus; `nil` for anything else, an empty
    /// field and a number beyond 64 bits included.
    public var integer: Int? {
        guard count > 0 else { return nil }
        let negative = self[0] == 0x2D
        guard !negative || count > 1 else { return nil }
        var value = 0
        for index in (negative ? 1 : 0)..<count {
            let digit = self[index] &- 0x30
            guard digit < 10 else { return nil }
            let (tens, high) = value.multipliedReportingOverflow(by: 10)
            let (sum, low) =
                negative
                ? tens.subtractingReportingOverflow(Int(digit)) : tens.addingReportingOverflow(Int(digit))
            guard !high && !low else { return nil }
            value = sum
        }
        return value
    }

    /// Whether the bytes are exactly the UTF-8 of `text`.
    public func isEqual(to text: String) -> Bool {
        let other = text.utf8
        guard other.count == count else { return false }
        var index = 0
        for byte in other {
            guard self[index] == byte else { return false }
            index &+= 1
        }
        return true
    }

    /// Whether both spans hold the same bytes.
    public func isEqual(to other: borrowing Span<UInt8>) -> Bool {
        guard other.count == count else { return false }
        for index in indices where self[index] != other[index] { return false }
        return true
    }
}
