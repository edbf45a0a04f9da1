/// The text of a file as UTF-8, whichever encoding its byte-order mark names.
final class TextInput {
    private enum Encoding { case utf8, utf16LittleEndian, utf16BigEndian }

    /// The file.
    let file: InputFile

    private let isLenient: Bool
    private var encoding: Encoding?
    // Read and not yet passed on: the look at the mark, half a unit, half a pair.
    private var pending: [UInt8] = []
    private var scratch: [UInt8] = []

    init(_ file: InputFile, isLenient: Bool) {
        self.file = file
        self.isLenient = isLenient
    }

    /// Reads up to `count` bytes into `buffer` from `place` on; 0 means the end of the text.
    func read(into buffer: inout [UInt8], at place: Int, count: Int) throws(CSVError) -> Int {
        if encoding == nil { try look() }
        if encoding == .utf8 {
            guard !pending.isEmpty else { return try file.read(into: &buffer, at: place, count: count) }
            let got = min(count, pending.count)
            for index in 0..<got { buffer[place + index] = pending[index] }
            pending.removeFirst(got)
            return got
        }
        // Two bytes become three at most, a pair of surrogates four.
        let share = max(4, (count - 8) / 3 * 2)
        while true {
            let kept = pending.count
            scratch.removeAll(keepingCapacity: true)
            scratch += pending
            scratch += [UInt8](repeating: 0, count: share)
            let got = try file.read(into: &scratch, at: kept, count: share)
            scratch.removeLast(share - got)
            guard !scratch.isEmpty else { return 0 }
            let (written, used) = Self.transcode(
                scratch,
                isLittleEndian: encoding == .utf16LittleEndian,
                isLast: got == 0,
                into: &buffer,
                at: place
            )
            pending = Array(scratch[used...])
            if written > 0 || got == 0 { return written }
        }
    }

    private func look() throws(CSVError) {
        encoding = .utf8
        guard isLenient else { return }
        var first = [UInt8](repeating: 0, count: 2)
        var count = 0
        while count < 2 {
            let got = try file.read(into: &first, at: count, count: 2 - count)
            if got == 0 { break }
            count += got
        }
        switch (count, first[0], first[1]) {
        case (2, 0xFF, 0xFE): encoding = .utf16LittleEndian
        case (2, 0xFE, 0xFF): encoding = .utf16BigEndian
        default: pending = Array(first.prefix(count))
        }
    }

    /// The same for text in memory.
    static func utf8(_ bytes: [UInt8]) -> [UInt8] {
        guard bytes.count >= 2 else { return bytes }
        let isLittleEndian = bytes[0] == 0xFF && bytes[1] == 0xFE
        guard isLittleEndian || bytes[0] == 0xFE && bytes[1] == 0xFF else { return bytes }
        var text = [UInt8](repeating: 0, count: bytes.count * 2)
        let (written, _) = transcode(
            Array(bytes.dropFirst(2)),
            isLittleEndian: isLittleEndian,
            isLast: true,
            into: &text,
            at: 0
        )
        return Array(text.prefix(written))
    }

    /// Writes UTF-16 as UTF-8.
    ///
    /// Anything else becomes a byte that is not UTF-8, so that its row is refused.
    private static func transcode(
        _ source: [UInt8],
        isLittleEndian: Bool,
        isLast: Bool,
        into target: inout [UInt8],
        at place: Int
    ) -> (written: Int, used: Int) {
        var at = 0
        var to = place
        func unit(_ index: Int) -> UInt32 {
            let (first, second) = (UInt32(source[index]), UInt32(source[index + 1]))
            return isLittleEndian ? second << 8 | first : first << 8 | second
        }
        while at + 1 < source.count {
            let high = unit(at)
            var value = high
            var width = 2
            if (0xD800...0xDBFF).contains(high) {
                guard at + 3 < source.count else {
                    if isLast {
                        target[to] = 0xFF
                        to += 1
                        at = source.count
                    }
                    break
                }
                let low = unit(at + 2)
                if (0xDC00...0xDFFF).contains(low) {
                    value = 0x10000 + (high - 0xD800) << 10 + (low - 0xDC00)
                    width = 4
                }
            }
            at += width
            guard let scalar = Unicode.Scalar(value) else {
                target[to] = 0xFF
                to += 1
                continue
            }
            for byte in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter {
                target[to] = byte
                to += 1
            }
        }
        if isLast, at < source.count {
            target[to] = 0xFF
            to += 1
            at = source.count
        }
        return (to - place, at)
    }
}
