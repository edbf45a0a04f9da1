/// Why bytes are no block.
public struct BlockFault: Error, Sendable, CustomStringConvertible {
    /// The fault, without the content.
    public let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// Reads the fields of a protobuf message in place.
///
/// Blocks are read by hand and not by the generated code, as their columns go into flat arrays in one pass.
struct WireReader {
    /// The content of a field.
    enum Content {
        case number(UInt64)
        case bytes(Range<Int>)
    }

    private var position: Int
    private let end: Int

    /// A reader of a part of some bytes.
    init(_ range: Range<Int>) {
        position = range.lowerBound
        end = range.upperBound
    }

    /// The next field's number and content; nil at the end.
    ///
    /// Fields of fixed width, which no block has, are passed over.
    mutating func next(_ bytes: Span<UInt8>) throws(BlockFault) -> (field: Int, content: Content)? {
        while position < end {
            let tag = try number(bytes)
            guard let field = Int(exactly: tag >> 3), field > 0 else { throw BlockFault("a field without a number") }
            switch tag & 7 {
            case 0: return (field, .number(try number(bytes)))
            case 1: try skip(8)
            case 2:
                let count = try number(bytes)
                guard count <= UInt64(end - position) else { throw BlockFault("a field beyond the end") }
                let start = position
                try skip(Int(count))
                return (field, .bytes(start..<position))
            case 5: try skip(4)
            default: throw BlockFault("a field of no known kind")
            }
        }
        return nil
    }

    private mutating func skip(_ count: Int) throws(BlockFault) {
        guard count <= end - position else { throw BlockFault("a field beyond the end") }
        position += count
    }

    /// The next number, as protobuf writes it: seven bits a byte, the lowest first.
    private mutating func number(_ bytes: Span<UInt8>) throws(BlockFault) -> UInt64 {
        guard position < end else { throw BlockFault("a number beyond the end") }
        let first = bytes[position]
        position += 1
        guard first >= 0x80 else { return UInt64(first) }
        var value = UInt64(first & 0x7F)
        var shift: UInt64 = 7
        while shift < 64 {
            guard position < end else { throw BlockFault("a number beyond the end") }
            let byte = bytes[position]
            position += 1
            value |= UInt64(byte & 0x7F) << shift
            guard byte >= 0x80 else { return value }
            shift += 7
        }
        throw BlockFault("a number of more than 64 bits")
    }

    /// Adds the numbers of a repeated field to a list, packed or not.
    static func append(_ content: Content, _ bytes: Span<UInt8>, to list: inout [UInt32], limit: Int)
        throws(BlockFault)
    {
        switch content {
        case .number(let value):
            guard list.count < limit, let value = UInt32(exactly: value) else { throw BlockFault("too many numbers") }
            list.append(value)
        case .bytes(let range):
            var reader = WireReader(range)
            while reader.position < reader.end {
                guard list.count < limit, let value = UInt32(exactly: try reader.number(bytes)) else {
                    throw BlockFault("more numbers than rows, or one that is too large")
                }
                list.append(value)
            }
        }
    }

    /// Adds the numbers of a repeated field of 64 bits to a list, packed or not.
    static func append(_ content: Content, _ bytes: Span<UInt8>, to list: inout [UInt64], limit: Int)
        throws(BlockFault)
    {
        switch content {
        case .number(let value):
            guard list.count < limit else { throw BlockFault("more numbers than rows") }
            list.append(value)
        case .bytes(let range):
            var reader = WireReader(range)
            while reader.position < reader.end {
                guard list.count < limit else { throw BlockFault("more numbers than rows") }
                list.append(try reader.number(bytes))
            }
        }
    }

    /// The range of a field that has bytes.
    static func range(_ content: Content) throws(BlockFault) -> Range<Int> {
        guard case .bytes(let range) = content else { throw BlockFault("a number where bytes belong") }
        return range
    }

    /// A field's number of 32 bits.
    static func number(_ content: Content) throws(BlockFault) -> UInt32 {
        guard case .number(let value) = content, let value = UInt32(exactly: value) else {
            throw BlockFault("no number of 32 bits where one belongs")
        }
        return value
    }

    /// A field's text.
    static func text(_ content: Content, _ bytes: Span<UInt8>) throws(BlockFault) -> String {
        let part = bytes.extracting(try range(content))
        guard isText(part) else { throw BlockFault("a text that is not UTF-8") }
        return String(decoding: [UInt8](part), as: UTF8.self)
    }

    /// Whether bytes are UTF-8.
    static func isText(_ bytes: Span<UInt8>) -> Bool {
        (try? UTF8Span(validating: bytes)) != nil
    }
}

extension [UInt8] {
    /// The bytes of a span.
    init(_ span: Span<UInt8>) {
        self = []
        reserveCapacity(span.count)
        for index in span.indices { append(span[index]) }
    }
}

/// Writes the fields of a protobuf message.
struct WireWriter {
    private(set) var bytes: [UInt8] = []

    /// A writer with room for so many bytes.
    init(capacity: Int = 0) {
        bytes.reserveCapacity(capacity)
    }

    /// How many bytes a number takes.
    static func size(_ value: UInt64) -> Int {
        value < 0x80 ? 1 : (70 - value.leadingZeroBitCount) / 7
    }

    private mutating func put(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    /// Begins a field of so many bytes, which the caller appends.
    mutating func begin(_ field: Int, count: Int) {
        put(UInt64(field) << 3 | 2)
        put(UInt64(count))
    }

    /// A number, unless it is 0.
    mutating func number(_ field: Int, _ value: UInt64) {
        guard value != 0 else { return }
        put(UInt64(field) << 3)
        put(value)
    }

    /// Writes bytes, unless they are empty.
    mutating func bytes(_ field: Int, _ value: [UInt8]) {
        guard !value.isEmpty else { return }
        begin(field, count: value.count)
        bytes.append(contentsOf: value)
    }

    /// A text, unless it is empty.
    mutating func text(_ field: Int, _ value: String) {
        guard !value.isEmpty else { return }
        element(field, value)
    }

    /// A text of a repeated field.
    mutating func element(_ field: Int, _ value: String) {
        begin(field, count: value.utf8.count)
        bytes.append(contentsOf: value.utf8)
    }

    /// A message of a repeated field.
    mutating func message(_ field: Int, _ value: [UInt8]) {
        begin(field, count: value.count)
        bytes.append(contentsOf: value)
    }

    /// Writes packed numbers, unless there are none.
    mutating func packed(_ field: Int, _ values: some Collection<UInt32>) {
        guard !values.isEmpty else { return }
        var count = 0
        for value in values { count += Self.size(UInt64(value)) }
        begin(field, count: count)
        for value in values { put(UInt64(value)) }
    }

    /// Writes packed signed numbers, unless there are none.
    mutating func packed(_ field: Int, zigZag values: some Collection<Int64>) {
        guard !values.isEmpty else { return }
        var count = 0
        for value in values { count += Self.size(Self.zigZag(value)) }
        begin(field, count: count)
        for value in values { put(Self.zigZag(value)) }
    }

    /// Writes a column of numbers: nothing if all are 0, one number if all are the same.
    mutating func column(_ field: Int, _ values: [UInt32]) {
        guard let first = values.first else { return }
        if values.allSatisfy({ $0 == first }) {
            if first != 0 { packed(field, CollectionOfOne(first)) }
        } else {
            packed(field, values)
        }
    }

    /// A number with a sign as protobuf's `sint64` has it.
    static func zigZag(_ value: Int64) -> UInt64 {
        UInt64(bitPattern: value << 1 ^ value >> 63)
    }

    /// The number with a sign that protobuf's `sint64` holds.
    static func value(zigZag value: UInt64) -> Int64 {
        Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }
}

/// The pseudonyms of rows: 16 bytes each.
enum Pseudonyms {
    /// Adds concatenated pseudonyms.
    static func append(_ bytes: Span<UInt8>, to list: inout [UInt128]) throws(BlockFault) {
        guard bytes.count % 16 == 0 else { throw BlockFault("a pseudonym that is not 16 bytes") }
        var at = 0
        while at < bytes.count {
            var high: UInt64 = 0
            var low: UInt64 = 0
            for index in at..<at + 8 { high = high << 8 | UInt64(bytes[index]) }
            for index in at + 8..<at + 16 { low = low << 8 | UInt64(bytes[index]) }
            list.append(UInt128(high) << 64 | UInt128(low))
            at += 16
        }
    }

    /// The concatenated bytes of pseudonyms.
    static func bytes(_ list: [UInt128]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(list.count * 16)
        for pseudonym in list {
            for half in [UInt64(truncatingIfNeeded: pseudonym >> 64), UInt64(truncatingIfNeeded: pseudonym)] {
                for shift in stride(from: UInt64(56), through: 0, by: -8) {
                    bytes.append(UInt8(truncatingIfNeeded: half >> shift))
                }
            }
        }
        return bytes
    }
}

/// How large a block may become.
public struct BlockLimits: Sendable, Hashable {
    /// The most rows.
    public var rows: Int
    /// About how many bytes: a row that would go beyond opens the next block.
    ///
    /// One row alone may be larger.
    public var bytes: Int

    /// Limits: brokers take a megabyte at most, unless they are told otherwise.
    public init(rows: Int = 4_096, bytes: Int = 262_144) {
        self.rows = max(1, rows)
        self.bytes = max(1, bytes)
    }
}
