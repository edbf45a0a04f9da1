/// The rows whose standing rests on a declaration, in the order in which they came: what their organization's deletion
/// or declaration needs, whenever it comes.
///
/// A row takes its text and about six bytes.
struct RowArchive {
    /// Where a row came from.
    struct Row {
        /// The number of its submission.
        var submission: Int
        var line: UInt64
        /// How often its organization had been declared and deleted when it came.
        var generation: UInt32
        /// Whether it was refused for what no declaration mends.
        ///
        /// It is kept, as it brought its key again.
        var isFaulty: Bool
    }

    // Many pieces, as one would be copied whenever it grows.
    private var pieces: [[UInt8]] = []
    private static let pieceSize = 1 << 20

    /// Keeps a row.
    mutating func append(_ row: Row, text: String) {
        let text = text.utf8
        let room = text.count + 32
        if pieces.last.map({ $0.count + room > Self.pieceSize }) ?? true { pieces.append([]) }
        let last = pieces.count - 1
        Self.append(UInt64(clamping: row.submission), to: &pieces[last])
        Self.append(row.line, to: &pieces[last])
        Self.append(UInt64(row.generation) << 1 | (row.isFaulty ? 1 : 0), to: &pieces[last])
        Self.append(UInt64(clamping: text.count), to: &pieces[last])
        pieces[last].append(contentsOf: text)
    }

    /// Looks at every row.
    func visit(_ body: (_ row: Row, _ text: Span<UInt8>) throws -> Void) rethrows {
        for piece in pieces {
            let bytes = piece.span
            var place = 0
            while place < bytes.count {
                let submission = Self.number(bytes, &place)
                let line = Self.number(bytes, &place)
                let state = Self.number(bytes, &place)
                let count = Int(Self.number(bytes, &place))
                try body(
                    Row(
                        submission: Int(submission),
                        line: line,
                        generation: UInt32(truncatingIfNeeded: state >> 1),
                        isFaulty: state & 1 == 1
                    ),
                    bytes.extracting(place..<place + count)
                )
                place += count
            }
        }
    }

    private static func append(_ number: UInt64, to bytes: inout [UInt8]) {
        var rest = number
        while rest > 0x7F {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    private static func number(_ bytes: Span<UInt8>, _ place: inout Int) -> UInt64 {
        var number: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            let byte = bytes[place]
            place += 1
            number |= UInt64(byte & 0x7F) << shift
            guard byte & 0x80 != 0 else { return number }
            shift += 7
        }
    }
}
