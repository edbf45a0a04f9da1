/// The field ranges of a record.
///
/// The buffers are reused, so no record allocates.
struct FieldRanges: Sendable {
    // The start and the end of field 0, of field 1 and so on; inside of the quotes for a quoted field.
    private var bounds = [Int](repeating: 0, count: 128)
    private(set) var count = 0

    /// The bytes of a field, without quotes around it.
    subscript(_ index: Int) -> Range<Int> {
        get {
            precondition(index >= 0 && index < count, "no field \(index) in a row of \(count)")
            return bounds[2 * index]..<bounds[2 * index + 1]
        }
        set {
            precondition(index >= 0 && index < count, "no field \(index) in a row of \(count)")
            bounds[2 * index] = newValue.lowerBound
            bounds[2 * index + 1] = newValue.upperBound
        }
    }

    mutating func clear() {
        count = 0
    }

    /// Forgets the last field.
    mutating func removeLast() {
        count = max(0, count - 1)
    }

    /// Finds the fields of the record at the beginning of `part` of `bytes`.
    ///
    /// It takes an array and not its span because an array may be borrowed from a value of which other parts change.
    mutating func scan(_ bytes: [UInt8], _ part: Range<Int>, final: Bool, delimiter: UInt8) -> ScanResult {
        scan(bytes.span.extracting(first: part.upperBound), from: part.lowerBound, final: final, delimiter: delimiter)
    }

    /// Finds the fields of the record that begins at `start`.
    ///
    /// With `final` nothing follows `bytes`, so that their end also ends the record.
    mutating func scan(_ bytes: Span<UInt8>, from start: Int, final: Bool, delimiter: UInt8 = 0x2C) -> ScanResult {
        while true {
            var scanner = RecordScanner(at: start, final: final, delimiter: delimiter)
            var slots = bounds.mutableSpan
            if scanner.scan(bytes, into: &slots) {
                count = scanner.slot / 2
                return scanner.result
            }
            bounds += [Int](repeating: 0, count: bounds.count)
        }
    }
}

/// The result of a scan.
struct ScanResult {
    enum Outcome {
        case record
        /// The bytes end inside of the record.
        case incomplete
        /// The bytes end inside of a quoted field.
        case insideQuotes
        case strayQuote
        case strayCarriageReturn
    }

    var outcome = Outcome.record
    /// The start of the next record.
    var next = 0
    /// Line feeds within the record, the ending one included.
    var lines = 0
    var hasNUL = false
    /// Whether any byte is outside of ASCII, so that UTF-8 has to be checked.
    var hasNonASCII = false
    /// Whether a field holds doubled quotes, which have to be halved.
    var hasDoubledQuotes = false
}

/// One pass over one record (RFC 4180).
struct RecordScanner {
    private(set) var result = ScanResult()
    /// How many slots are filled: two a field.
    private(set) var slot = 0
    private var at: Int
    private let final: Bool
    private let delimiter: UInt8

    init(at start: Int, final: Bool, delimiter: UInt8) {
        at = start
        self.final = final
        self.delimiter = delimiter
    }

    /// Scans until the record ends or turns out to be malformed; `false` if there are not enough slots.
    mutating func scan(_ bytes: Span<UInt8>, into slots: inout MutableSpan<Int>) -> Bool {
        let end = bytes.count
        var at = self.at
        var nonASCII: UInt8 = 0
        var slot = 0
        scanning: while true {
            guard slot &+ 2 <= slots.count else { return false }
            let fieldStart = at
            if at < end && bytes[at] == 0x22 {
                guard let closing = closingQuote(bytes, after: at) else { break scanning }
                slots[slot] = fieldStart &+ 1
                slots[slot &+ 1] = closing
                at = closing &+ 1
                if at < end && bytes[at] != delimiter && bytes[at] != 0x0A && bytes[at] != 0x0D {
                    result.outcome = .strayQuote
                    break scanning
                }
            } else {
                while at < end {
                    let byte = bytes[at]
                    // Digits, letters and non-ASCII bytes all have values above the comma.
                    if byte > 0x2C, byte != delimiter {
                        nonASCII |= byte
                    } else if byte == delimiter || byte == 0x0A || byte == 0x0D {
                        break
                    } else if byte == 0x22 {
                        result.outcome = .strayQuote
                        break scanning
                    } else if byte == 0 {
                        result.hasNUL = true
                    }
                    at &+= 1
                }
                slots[slot] = fieldStart
                slots[slot &+ 1] = at
            }
            slot &+= 2
            guard at < end else {
                if !final { result.outcome = .incomplete }
                result.next = end
                break scanning
            }
            let separator = bytes[at]
            at &+= 1
            if separator == delimiter { continue }
            if separator == 0x0D {
                if at < end ? bytes[at] != 0x0A : !final {
                    result.outcome = at < end ? .strayCarriageReturn : .incomplete
                    break scanning
                }
                at = min(at &+ 1, end)
            }
            result.lines &+= 1
            result.next = at
            break scanning
        }
        self.slot = slot
        if nonASCII >= 0x80 { result.hasNonASCII = true }
        return true
    }

    /// The position of the closing quote for `opening`; `nil`, with the outcome set, if it is not within `bytes`.
    private mutating func closingQuote(_ bytes: Span<UInt8>, after opening: Int) -> Int? {
        let end = bytes.count
        var at = opening &+ 1
        while at < end {
            let byte = bytes[at]
            if byte == 0x22 {
                let following = at &+ 1
                // At the end of the buffer the next byte may be the second of a doubled quote.
                if following < end ? bytes[following] != 0x22 : final { return at }
                guard following < end else { break }
                result.hasDoubledQuotes = true
                at = following
            } else if byte == 0x0A {
                result.lines &+= 1
            } else if byte == 0 {
                result.hasNUL = true
            } else if byte >= 0x80 {
                result.hasNonASCII = true
            }
            at &+= 1
        }
        result.outcome = .insideQuotes
        return nil
    }
}

/// The error of a scanned record over part of an array, for the reason given at `FieldRanges.scan`.
func rowError(_ result: ScanResult, row bytes: [UInt8], _ part: Range<Int>, line: Int?) -> CSVError? {
    rowError(result, row: bytes.span.extracting(part), line: line)
}

/// The errors of a scanned record, whichever way it was read.
func rowError(_ result: ScanResult, row: Span<UInt8>, line: Int?) -> CSVError? {
    switch result.outcome {
    case .record: break
    case .incomplete, .insideQuotes:
        return CSVError(.unclosedQuote, "a quoted field is not closed", line: line)
    case .strayQuote:
        return CSVError(
            .strayQuote,
            "a quotation mark where none may stand: quote the whole field and double the marks in it",
            line: line
        )
    case .strayCarriageReturn:
        return CSVError(.strayCarriageReturn, "a carriage return without a line feed", line: line)
    }
    if result.hasNUL { return CSVError(.nulByte, "the row holds a NUL byte", line: line) }
    if result.hasNonASCII {
        do {
            _ = try UTF8Span(validating: row)
        } catch {
            return CSVError(.invalidUTF8, "the row is not UTF-8", line: line, cause: error)
        }
    }
    return nil
}
