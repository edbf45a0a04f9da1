/// The records that a task published to a partition and has not read back yet, in order.
///
/// A record of the partition that is not among them was published by another program. Headers cannot show this, because
/// anyone can write any header.
struct Echoes {
    private var waiting: [UInt64] = []
    private var head = 0

    /// Records with these marks, in order; none at first.
    init(_ marks: [UInt64] = []) { waiting = marks }

    /// How many records were not read back yet.
    var count: Int { waiting.count - head }

    /// The marks of the records that were not read back yet.
    var all: [UInt64] { Array(waiting[head...]) }

    /// Whether a record is among them.
    func contains(_ key: Span<UInt8>, _ value: Span<UInt8>?) -> Bool {
        waiting[head...].contains(Self.mark(key, value))
    }

    /// Adds a record that was sent.
    mutating func add(_ key: Span<UInt8>, _ value: Span<UInt8>?) {
        waiting.append(Self.mark(key, value))
    }

    /// Whether a record that was read is one of them.
    ///
    /// Earlier ones were compacted away and are dropped.
    mutating func take(_ key: Span<UInt8>, _ value: Span<UInt8>?) -> Bool {
        let mark = Self.mark(key, value)
        guard let place = waiting[head...].firstIndex(of: mark) else { return false }
        head = place + 1
        if head == waiting.count {
            waiting.removeAll(keepingCapacity: waiting.count < 65_536)
            head = 0
        } else if head > 4096, head > waiting.count / 2 {
            waiting.removeFirst(head)
            head = 0
        }
        return true
    }

    private static func mark(_ key: Span<UInt8>, _ value: Span<UInt8>?) -> UInt64 {
        let name = UInt64(truncatingIfNeeded: Digest(key).value)
        guard let value else { return ~name }
        return name &* 31 ^ UInt64(truncatingIfNeeded: Digest(value).value)
    }
}

extension Digest {
    /// The digest of a value; nil of a tombstone.
    init?(of value: Span<UInt8>?) {
        guard let value else { return nil }
        self.init(value)
    }
}
