/// The state of a ``CSVReader``: a buffer over the input, and where the current record's fields lie in it.
struct RecordReader {
    private(set) var header: [String] = []
    private(set) var line = 0
    private(set) var buffer: [UInt8]
    private(set) var fields = FieldRanges()
    /// Where the current row lies in the buffer.
    private(set) var row = 0..<0

    private let file: ZlibFile?
    private let rowLimit: Int
    // What is still to be read lies in position ..< end of the buffer.
    private var position = 0
    private var end: Int
    private var atEnd: Bool
    private var nextLine = 1
    private var hasDoubledQuotes = false

    /// How many bytes are asked of the file at a time: small enough to stay in a core's cache.
    private static let chunk = 262_144

    init(file: ZlibFile, rowLimit: Int) {
        self.file = file
        self.rowLimit = max(1, rowLimit)
        buffer = [UInt8](repeating: 0, count: self.rowLimit + 2 * RecordReader.chunk)
        end = 0
        atEnd = false
    }

    init(bytes: [UInt8], rowLimit: Int) {
        file = nil
        self.rowLimit = max(1, rowLimit)
        buffer = bytes
        end = bytes.count
        atEnd = true
    }

    var bytesRead: Int { file?.offset ?? position }

    var totalBytes: Int { file?.size ?? buffer.count }

    /// Moves to the next row that is not an empty line; whether there is one.
    mutating func next() throws(CSVError) -> Bool {
        guard try nextRecord() else { return false }
        if fields.count != header.count {
            let found = fields.count
            fields.clear()
            throw CSVError(.fieldCount, "\(found) fields where the header names \(header.count)", line: line)
        }
        if hasDoubledQuotes { halveQuotes() }
        return true
    }

    /// Reads the first record as the names of the columns.
    mutating func readHeader() throws(CSVError) {
        if end < 3 && !atEnd { try fill() }
        if end >= 3 && buffer[0] == 0xEF && buffer[1] == 0xBB && buffer[2] == 0xBF { position = 3 }
        guard try nextRecord() else { throw CSVError(.missingHeader, "the file is empty: it has no header row") }
        halveQuotes()
        for index in 0..<fields.count { header.append(buffer.span.extracting(fields[index]).text) }
        fields.clear()
    }

    /// Finds the next record that is not an empty line; its fields still hold doubled quotes.
    private mutating func nextRecord() throws(CSVError) -> Bool {
        while true {
            let available = min(end - position, rowLimit)
            // Within the limit, but with more behind it, the end of what is scanned is not the end of the record.
            let final = atEnd && available == end - position
            let result = fields.scan(buffer, position..<(position + available), final: final)
            if position == end && atEnd {
                fields.clear()
                return false
            }
            switch result.outcome {
            case .incomplete, .insideQuotes:
                guard final || available == rowLimit else {
                    try fill()
                    continue
                }
                try rejectUnfinished(result, length: available)
            case .record:
                let start = position
                line = nextLine
                nextLine += result.lines
                position = result.next
                row = start..<result.next
                if let error = rowError(result, row: buffer, row, line: line) {
                    fields.clear()
                    throw error
                }
                if fields.count == 1 && fields[0].isEmpty && buffer[start] != 0x22 { continue }
                hasDoubledQuotes = result.hasDoubledQuotes
                return true
            case .strayQuote, .strayCarriageReturn:
                line = nextLine
                let error = rowError(result, row: buffer, 0..<0, line: line)
                try skipLine()
                throw error ?? CSVError(.strayQuote, "the row is malformed", line: line)
            }
        }
    }

    /// Refuses a record whose end was not found within the limit or the file.
    private mutating func rejectUnfinished(_ result: ScanResult, length: Int) throws(CSVError) {
        line = nextLine
        try skipLine()
        if result.outcome == .insideQuotes {
            // The quote may have been opened by mistake, so the rows after this line get their chance.
            throw CSVError(.unclosedQuote, "a quoted field is not closed within \(length) bytes", line: line)
        }
        throw CSVError(.rowTooLong, "the row is longer than \(rowLimit) bytes", line: line)
    }

    /// Moves behind the next line feed, or to the end of the input, keeping the rejected row in the buffer.
    private mutating func skipLine() throws(CSVError) {
        let start = position
        var at = position
        while at < end && buffer[at] != 0x0A { at += 1 }
        if at == end && !atEnd && at - start < rowLimit {
            try fill()
            return try skipLine()
        }
        let kept = min(at, start + rowLimit)
        var moved = start
        // A line longer than the buffer: its beginning stays at the front, the rest passes through behind it.
        while at == end && !atEnd {
            if moved > 0 {
                moveToFront(from: moved, to: kept)
                moved = 0
            }
            end = kept - start
            try fill(keeping: 0)
            at = kept - start
            while at < end && buffer[at] != 0x0A { at += 1 }
        }
        position = min(at + 1, end)
        nextLine += 1
        row = moved..<(moved + kept - start)
        fields.clear()
    }

    private mutating func fill() throws(CSVError) {
        try fill(keeping: position)
    }

    /// Reads a chunk behind `end`, after moving what begins at `start` to the front of the buffer.
    private mutating func fill(keeping start: Int) throws(CSVError) {
        guard let file, !atEnd else { return }
        if start > 0 {
            moveToFront(from: start, to: end)
            end -= start
            position -= start
        }
        let count = min(RecordReader.chunk, buffer.count - end)
        guard count > 0 else { return }
        let got = try file.read(into: &buffer, at: end, count: count)
        end += got
        if got == 0 { atEnd = true }
    }

    private mutating func moveToFront(from start: Int, to end: Int) {
        var target = 0
        for source in start..<end {
            buffer[target] = buffer[source]
            target &+= 1
        }
    }

    /// Halves doubled quotes in place: a field only gets shorter.
    private mutating func halveQuotes() {
        for index in 0..<fields.count {
            let field = fields[index]
            // The byte before a field that is not quoted is a separator or belongs to another record.
            guard field.lowerBound > row.lowerBound && buffer[field.lowerBound - 1] == 0x22 else { continue }
            var target = field.lowerBound
            var source = target
            while source < field.upperBound {
                let byte = buffer[source]
                buffer[target] = byte
                target += 1
                source += byte == 0x22 ? 2 : 1
            }
            fields[index] = field.lowerBound..<target
        }
        hasDoubledQuotes = false
    }
}
