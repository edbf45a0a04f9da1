/// The state of a ``CSVReader``: a buffer over the input, and the field ranges of the current record in it.
struct RecordReader {
    private(set) var header: [String] = []
    private(set) var line = 0
    private(set) var buffer: [UInt8]
    private(set) var fields = FieldRanges()
    /// The range of the current row in the buffer.
    private(set) var row = 0..<0

    private let source: TextInput?
    private let dialect: CSVDialect
    private let rowLimit: Int
    private var delimiter: UInt8
    // The unread part of the buffer is position ..< end.
    private var position = 0
    private var end: Int
    private var atEnd: Bool
    private var nextLine = 1
    private var hasDoubledQuotes = false

    /// How many bytes are asked of the file at a time: small enough to stay in a core's cache.
    private static let chunk = 262_144

    init(file: InputFile, dialect: CSVDialect, rowLimit: Int) {
        source = TextInput(file, isLenient: dialect.isLenient)
        self.dialect = dialect
        self.rowLimit = max(1, rowLimit)
        delimiter = dialect.delimiter ?? 0x2C
        buffer = [UInt8](repeating: 0, count: self.rowLimit + 2 * RecordReader.chunk)
        end = 0
        atEnd = false
    }

    init(bytes: [UInt8], dialect: CSVDialect, rowLimit: Int) {
        source = nil
        self.dialect = dialect
        self.rowLimit = max(1, rowLimit)
        delimiter = dialect.delimiter ?? 0x2C
        buffer = dialect.isLenient ? TextInput.utf8(bytes) : bytes
        end = buffer.count
        atEnd = true
    }

    var bytesRead: Int { source?.file.offset ?? position }

    var totalBytes: Int { source?.file.size ?? buffer.count }

    /// Moves to the next row that is not an empty line; whether there is one.
    mutating func next() throws(CSVError) -> Bool {
        while true {
            guard try nextRecord() else { return false }
            // Check before trimming blanks: a quotation mark at the start shows that the field is quoted.
            if hasDoubledQuotes { halveQuotes() }
            if dialect.isLenient {
                trimFields()
                if isBlank { continue }
                while fields.count > header.count, fields[fields.count - 1].isEmpty { fields.removeLast() }
            }
            guard fields.count == header.count else {
                let found = fields.count
                fields.clear()
                throw CSVError(.fieldCount, "\(found) fields where the header names \(header.count)", line: line)
            }
            return true
        }
    }

    /// Reads the first record as the names of the columns.
    mutating func readHeader() throws(CSVError) {
        while end < 64, !atEnd { try fill() }
        if end >= 3 && buffer[0] == 0xEF && buffer[1] == 0xBB && buffer[2] == 0xBF { position = 3 }
        if dialect.isLenient {
            if let cause = ForeignFormat.cause(buffer.span.extracting(0..<end)) {
                throw CSVError(.foreignFormat, cause)
            }
            try findDelimiter()
        }
        guard try nextRecord() else { throw CSVError(.missingHeader, "the file is empty: it has no header row") }
        halveQuotes()
        if dialect.isLenient {
            trimFields()
            while fields.count > 1, fields[fields.count - 1].isEmpty { fields.removeLast() }
        }
        for index in 0..<fields.count {
            let name = buffer.span.extracting(fields[index]).text
            header.append(dialect.isLenient ? name.lowercased() : name)
        }
        fields.clear()
    }

    /// Finds the next record that is not an empty line; its fields still hold doubled quotes.
    private mutating func nextRecord() throws(CSVError) -> Bool {
        while true {
            let available = min(end - position, rowLimit)
            // If there is more input after the limit, the end of the scanned part is not the end of the record.
            let final = atEnd && available == end - position
            let result = fields.scan(buffer, position..<(position + available), final: final, delimiter: delimiter)
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
                if dialect.isLenient, result.next > position {
                    let inside = result.lines - (buffer[result.next - 1] == 0x0A ? 1 : 0)
                    if inside > 0 { try rejectLateClosing(position..<result.next) }
                }
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
                if dialect.isLenient, result.lines > 0, result.outcome == .strayQuote {
                    try rejectLateClosing(at: nextLine + result.lines)
                }
                let error = rowError(result, row: buffer, 0..<0, line: line)
                try skipLine()
                throw error ?? CSVError(.strayQuote, "the row is malformed", line: line)
            }
        }
    }

    // MARK: Leniency

    /// Detects the delimiter: the one named by a first line `sep=;`, which is skipped, or else the most frequent
    /// candidate in the first line.
    private mutating func findDelimiter() throws(CSVError) {
        var lineEnd = position
        while true {
            while lineEnd < end, buffer[lineEnd] != 0x0A { lineEnd += 1 }
            guard lineEnd == end, !atEnd, lineEnd - position < rowLimit else { break }
            let before = lineEnd - position
            try fill()
            lineEnd = position + before
        }
        if let named = separatorLine(position..<lineEnd) {
            delimiter = dialect.delimiter ?? named
            position = min(lineEnd + 1, end)
            nextLine += 1
            return
        }
        guard dialect.delimiter == nil else { return }
        var counts = CSVDialect.delimiters.map { _ in 0 }
        var isQuoted = false
        for index in position..<lineEnd {
            if buffer[index] == 0x22 { isQuoted.toggle() }
            guard !isQuoted else { continue }
            for (place, candidate) in CSVDialect.delimiters.enumerated() where candidate.byte == buffer[index] {
                counts[place] += 1
            }
        }
        // The comma comes first, so that it wins a tie.
        guard let most = counts.max(), most > 0, let place = counts.firstIndex(of: most) else { return }
        delimiter = CSVDialect.delimiters[place].byte
    }

    /// The separator that a line `sep=;` names, with or without quotes around it.
    private func separatorLine(_ part: Range<Int>) -> UInt8? {
        var line = Array(buffer[part]).filter { $0 != 0x22 && $0 != 0x0D }
        while line.count > 5, line.last == 0x2C || line.last == 0x3B { line.removeLast() }
        guard line.count == 5, String(decoding: line.prefix(4), as: UTF8.self).lowercased() == "sep=" else {
            return nil
        }
        return CSVDialect.delimiters.contains { $0.byte == line[4] } ? line[4] : nil
    }

    /// Refuses a record over several lines that is one only because a quotation mark was opened by mistake, so that the
    /// rows after the mark get their chance: it has another number of fields than the header, or its second line would
    /// be a row of its own.
    private mutating func rejectLateClosing(_ part: Range<Int>) throws(CSVError) {
        guard !header.isEmpty else { return }
        var lineFeeds = 0
        var delimiters = 0
        for index in part.lowerBound..<max(part.lowerBound, part.upperBound - 1) {
            if buffer[index] == 0x0A { lineFeeds += 1 }
            if lineFeeds == 1, buffer[index] == delimiter { delimiters += 1 }
        }
        guard lineFeeds > 0 else { return }
        var count = fields.count
        while count > header.count, fields[count - 1].isEmpty { count -= 1 }
        guard count != header.count || delimiters + 1 >= header.count else { return }
        var closing = nextLine
        for index in 0..<fields.count {
            var inside = 0
            for byte in fields[index] where buffer[byte] == 0x0A { inside += 1 }
            if inside > 0 {
                closing += inside
                break
            }
        }
        try rejectLateClosing(at: closing)
    }

    private mutating func rejectLateClosing(at closing: Int) throws(CSVError) {
        line = nextLine
        try skipLine()
        throw CSVError(
            .unclosedQuote,
            "the quotation mark that opens a field in this line is closed in line \(closing) only: remove it, or close the field in its line",
            line: line,
            closingLine: closing
        )
    }

    private var isBlank: Bool {
        for index in 0..<fields.count where !fields[index].isEmpty { return false }
        return true
    }

    /// Leaves blanks around fields out: spaces, tabs and no-break spaces.
    private mutating func trimFields() {
        for index in 0..<fields.count {
            var part = fields[index]
            while let first = part.first {
                if buffer[first] == 0x20 || buffer[first] == 0x09 {
                    part = first + 1..<part.upperBound
                } else if buffer[first] == 0xC2, part.count > 1, buffer[first + 1] == 0xA0 {
                    part = first + 2..<part.upperBound
                } else {
                    break
                }
            }
            while let last = part.last {
                if buffer[last] == 0x20 || buffer[last] == 0x09 {
                    part = part.lowerBound..<last
                } else if buffer[last] == 0xA0, part.count > 1, buffer[last - 1] == 0xC2 {
                    part = part.lowerBound..<last - 1
                } else {
                    break
                }
            }
            if part != fields[index] { fields[index] = part }
        }
    }

    // MARK: The buffer

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

    /// Moves after the next line feed, or to the end of the input, and keeps the rejected row in the buffer.
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
        // The line is longer than the buffer: keep its beginning at the front, and read the rest after it in pieces.
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

    /// Reads a chunk after `end`, after moving the bytes from `start` to the front of the buffer.
    private mutating func fill(keeping start: Int) throws(CSVError) {
        guard let source, !atEnd else { return }
        if start > 0 {
            moveToFront(from: start, to: end)
            end -= start
            position -= start
        }
        let count = min(RecordReader.chunk, buffer.count - end)
        guard count > 0 else { return }
        let got = try source.read(into: &buffer, at: end, count: count)
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
