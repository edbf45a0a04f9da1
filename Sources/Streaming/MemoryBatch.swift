/// A batch of records that moves between tasks of one process.
///
/// One buffer holds the bytes of all records.
public struct MemoryBatch: Sendable {
    private struct Entry {
        var start: Int
        var keyCount: Int32
        /// -1 for a tombstone.
        var valueCount: Int32
        /// Index into ``MemoryBatch/causes``; -1 for none.
        var cause: Int32
        var isMarker: Bool
    }

    private var bytes: [UInt8] = []
    private var entries: [Entry] = []
    private var causeBytes: [UInt8] = []
    private var causes: [Range<Int>] = []
    private var newestCause = ""

    /// A batch without records.
    public init() {}

    /// The number of records.
    public var count: Int { entries.count }
    /// Whether there are no records.
    public var isEmpty: Bool { entries.isEmpty }
    /// Bytes of all keys and values.
    public var byteCount: Int { bytes.count }

    /// Adds a record.
    ///
    /// - Parameters:
    ///   - key: the record's key.
    ///   - value: its value; nil is a tombstone.
    ///   - cause: why its producer published it; empty for no cause.
    ///   - isMarker: whether it is a completion marker.
    public mutating func append(key: Span<UInt8>, value: Span<UInt8>?, cause: String = "", isMarker: Bool = false) {
        let start = bytes.count
        bytes.append(copying: key)
        var valueCount: Int32 = -1
        if let value {
            bytes.append(copying: value)
            valueCount = Int32(clamping: value.count)
        }
        entries.append(
            Entry(
                start: start,
                keyCount: Int32(clamping: key.count),
                valueCount: valueCount,
                cause: place(of: cause),
                isMarker: isMarker
            )
        )
    }

    /// The place of a cause.
    ///
    /// Only the newest cause is compared, because records with the same cause follow each other.
    private mutating func place(of cause: String) -> Int32 {
        guard !cause.isEmpty else { return -1 }
        if cause != newestCause || causes.isEmpty {
            newestCause = cause
            let start = causeBytes.count
            causeBytes.append(contentsOf: cause.utf8)
            causes.append(start..<causeBytes.count)
        }
        return Int32(clamping: causes.count - 1)
    }

    /// A record of a batch, valid only during ``visit(_:)``.
    public struct Record: ~Escapable {
        /// Its key.
        public let key: Span<UInt8>
        /// Its value; nil is a tombstone.
        public let value: Span<UInt8>?
        /// Why its producer published it; nil if unknown.
        public let cause: Span<UInt8>?
        /// Whether it is a completion marker.
        public let isMarker: Bool

        @_lifetime(copy key, copy value, copy cause)
        init(key: Span<UInt8>, value: Span<UInt8>?, cause: Span<UInt8>?, isMarker: Bool) {
            self.key = key
            self.value = value
            self.cause = cause
            self.isMarker = isMarker
        }
    }

    /// Visits every record, in the order in which they were added.
    public func visit(_ body: (borrowing Record) throws -> Void) rethrows {
        let all = bytes.span
        let allCauses = causeBytes.span
        for entry in entries {
            let middle = entry.start + Int(entry.keyCount)
            let key = all.extracting(entry.start..<middle)
            let value: Span<UInt8>? =
                entry.valueCount < 0 ? nil : all.extracting(middle..<(middle + Int(entry.valueCount)))
            let cause: Span<UInt8>? = entry.cause < 0 ? nil : allCauses.extracting(causes[Int(entry.cause)])
            try body(Record(key: key, value: value, cause: cause, isMarker: entry.isMarker))
        }
    }
}

extension [UInt8] {
    /// Appends the bytes of a span.
    mutating func append(copying span: Span<UInt8>) {
        // `reserveCapacity` allocates exactly the given size. Asking for twice the capacity keeps appending cheap.
        if capacity - count < span.count { reserveCapacity(Swift.max(capacity * 2, count + span.count)) }
        for index in span.indices { append(span[index]) }
    }
}
