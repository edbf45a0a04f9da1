import Crypto

/// Turns student identifiers into pseudonyms: the first 16 bytes of HMAC-SHA256 under the operator's key.
struct Pseudonymizer {
    private let code: KeyedDigest
    private var identifier: [UInt8] = []
    /// The pseudonym made last: 32 hexadecimal digits.
    private(set) var hexadecimal = [UInt8](repeating: 0, count: 32)
    /// The same as a number.
    private(set) var number: UInt128 = 0

    init(key: PseudonymKey) {
        code = KeyedDigest(key: key.secret)
    }

    /// Makes the pseudonym of an identifier; a blank around it does not count.
    mutating func take(_ field: Span<UInt8>) throws(UnreadableRow) {
        var start = 0
        var end = field.count
        while start < end, field[start] == 0x20 || field[start] == 0x09 { start += 1 }
        while start < end, field[end - 1] == 0x20 || field[end - 1] == 0x09 { end -= 1 }
        guard start < end else { throw UnreadableRow(code: .missingStudentIdentifier) }
        guard end - start <= 32 else { throw UnreadableRow(code: .malformedStudentIdentifier) }
        identifier.removeAll(keepingCapacity: true)
        for index in start..<end {
            guard Pseudonymizer.isAllowed(field[index]) else { throw UnreadableRow(code: .malformedStudentIdentifier) }
            identifier.append(field[index])
        }
        number = code.number(of: identifier)
        var rest = number
        for place in stride(from: 31, through: 0, by: -1) {
            hexadecimal[place] = Hexadecimal.digit(UInt8(truncatingIfNeeded: rest) & 0xF)
            rest >>= 4
        }
    }

    /// Eight bytes that identify a row that could not be read.
    ///
    /// They are keyed, so that no one without the key can find the row by guessing.
    func digest(_ row: Span<UInt8>) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(row.count)
        for index in row.indices { bytes.append(row[index]) }
        var number = code.number(of: bytes) >> 64
        var digest: [UInt8] = Array(repeating: 0, count: 8)
        for place in stride(from: 7, through: 0, by: -1) {
            digest[place] = UInt8(truncatingIfNeeded: number)
            number >>= 8
        }
        return digest
    }

    /// The characters of an identifier: letters, digits, `-` and `_`.
    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}

/// Why a row enters the ledger without its content.
struct UnreadableRow: Error {
    let code: RejectionCode
}
