internal import Reading
internal import Rules
internal import Tables

/// A value of a JSON document, with the line it begins on.
///
/// Numbers stay as they were written. The reader of a number decides whether it can be held exactly.
///
/// Foundation's decoder keeps neither lines nor repeated names, and gives up the whole document at the first value of a
/// wrong type.
struct JSONText {
    /// What a value is.
    enum Content {
        case null
        case boolean(Bool)
        case number(String)
        case text(String)
        case array([JSONText])
        /// The members in their order; a name may occur more than once.
        case object([(name: String, value: JSONText)])
    }

    let line: Int
    let content: Content

    /// Why a document is not JSON, and where; never with its content.
    struct Problem: Error, CustomStringConvertible {
        let line: Int
        let column: Int
        let message: String

        var description: String { "line \(line), column \(column): \(message)" }
    }

    /// Reads a document (RFC 8259); a byte-order mark before it is passed over.
    static func read(_ bytes: [UInt8]) throws(Problem) -> JSONText {
        var scanner = JSONScanner(bytes)
        return try scanner.document()
    }

    /// What kind of value it is, in words.
    var kind: String {
        switch content {
        case .null: "null"
        case .boolean: "true or false"
        case .number: "a number"
        case .text: "text"
        case .array: "a list"
        case .object: "an object"
        }
    }

    /// The exact value of a number, also of one written as text; nil if it is no number, or does not fit in 64 bits.
    var exactNumber: Ratio? {
        switch content {
        case .number(let text): Self.exact(text)
        case .text(let text): Self.isDecimal(text) ? Ratio.reading(text) : nil
        default: nil
        }
    }

    /// Whether there are digits before and after a point, as JSON requires.
    private static func isDecimal(_ text: String) -> Bool {
        let digits = text.hasPrefix("-") ? text.dropFirst() : text[...]
        return digits.first?.isWholeNumber == true && digits.last?.isWholeNumber == true
    }

    /// A number as a whole one; nil if it is not whole.
    var wholeNumber: Int? {
        guard case .number(let text) = content, let value = Self.exact(text), value.isInteger else { return nil }
        return Int(exactly: value.numerator)
    }

    /// The exact value of `-1.5e2`: the point is moved before anything is computed.
    private static func exact(_ text: String) -> Ratio? {
        let parts = text.split(whereSeparator: { $0 == "e" || $0 == "E" })
        guard parts.count == 2 else { return Ratio.reading(text) }
        guard let exponent = Int(parts[1]), (-24...24).contains(exponent) else { return nil }
        let isNegative = parts[0].hasPrefix("-")
        let mantissa = parts[0].drop { $0 == "-" }.split(separator: ".", omittingEmptySubsequences: false)
        var whole = String(mantissa[0])
        var fraction = mantissa.count > 1 ? String(mantissa[1]) : ""
        for _ in 0..<abs(exponent) {
            if exponent > 0 {
                whole.append(fraction.isEmpty ? "0" : fraction.removeFirst())
            } else {
                fraction.insert(whole.isEmpty ? "0" : whole.removeLast(), at: fraction.startIndex)
            }
        }
        while whole.hasPrefix("0") { whole.removeFirst() }
        while fraction.hasSuffix("0") { fraction.removeLast() }
        return Ratio.reading(
            "\(isNegative ? "-" : "")\(whole.isEmpty ? "0" : whole)\(fraction.isEmpty ? "" : "." + fraction)"
        )
    }
}

/// Reads JSON from bytes.
private struct JSONScanner {
    private let bytes: [UInt8]
    private var position = 0
    private var line = 1
    private var lineStart = 0

    /// Deeper than any report, but not so deep that a document exhausts the stack.
    private static let deepest = 64

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
            position = 3
            lineStart = 3
        }
    }

    mutating func document() throws(JSONText.Problem) -> JSONText {
        skipBlanks()
        guard position < bytes.count else { throw problem("the document is empty") }
        let value = try value(depth: 0)
        skipBlanks()
        guard position == bytes.count else { throw problem("there is text after the end of the document") }
        return value
    }

    private func problem(_ message: String) -> JSONText.Problem {
        JSONText.Problem(line: line, column: position - lineStart + 1, message: message)
    }

    private mutating func skipBlanks() {
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\n"):
                line += 1
                lineStart = position + 1
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"): break
            default: return
            }
            position += 1
        }
    }

    private func peek() throws(JSONText.Problem) -> UInt8 {
        guard position < bytes.count else { throw problem("the document ends too early") }
        return bytes[position]
    }

    private mutating func value(depth: Int) throws(JSONText.Problem) -> JSONText {
        guard depth < Self.deepest else { throw problem("lists and objects are nested too deep") }
        let start = line
        let content: JSONText.Content =
            switch try peek() {
            case UInt8(ascii: "{"): .object(try object(depth))
            case UInt8(ascii: "["): .array(try array(depth))
            case UInt8(ascii: "\""): .text(try text())
            case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): .number(try number())
            case UInt8(ascii: "t"): .boolean(try word("true", true))
            case UInt8(ascii: "f"): .boolean(try word("false", false))
            case UInt8(ascii: "n"): try word("null", .null)
            default: throw problem("a value is expected here")
            }
        return JSONText(line: start, content: content)
    }

    private mutating func word<Value>(_ word: String, _ value: Value) throws(JSONText.Problem) -> Value {
        guard bytes[position...].starts(with: word.utf8) else { throw problem("a value is expected here") }
        position += word.utf8.count
        return value
    }

    private mutating func array(_ depth: Int) throws(JSONText.Problem) -> [JSONText] {
        var elements: [JSONText] = []
        position += 1
        skipBlanks()
        if try peek() == UInt8(ascii: "]") {
            position += 1
            return elements
        }
        while true {
            skipBlanks()
            elements.append(try value(depth: depth + 1))
            if try ends(with: "]") { return elements }
        }
    }

    private mutating func object(_ depth: Int) throws(JSONText.Problem) -> [(name: String, value: JSONText)] {
        var members: [(name: String, value: JSONText)] = []
        position += 1
        skipBlanks()
        if try peek() == UInt8(ascii: "}") {
            position += 1
            return members
        }
        while true {
            skipBlanks()
            guard try peek() == UInt8(ascii: "\"") else { throw problem("a name in quotation marks is expected here") }
            let name = try text()
            skipBlanks()
            guard try peek() == UInt8(ascii: ":") else { throw problem("a colon is expected here") }
            position += 1
            skipBlanks()
            members.append((name, try value(depth: depth + 1)))
            if try ends(with: "}") { return members }
        }
    }

    /// Whether the list ends here, or continues after a comma.
    private mutating func ends(with close: Unicode.Scalar) throws(JSONText.Problem) -> Bool {
        skipBlanks()
        let byte = try peek()
        guard byte == UInt8(ascii: close) || byte == UInt8(ascii: ",") else {
            throw problem("a comma or \(close) is expected here")
        }
        position += 1
        return byte == UInt8(ascii: close)
    }

    private mutating func number() throws(JSONText.Problem) -> String {
        let start = position
        if bytes[position] == UInt8(ascii: "-") { position += 1 }
        let whole = position
        try digits()
        if position - whole > 1, bytes[whole] == UInt8(ascii: "0") {
            throw problem("a number does not begin with a zero")
        }
        if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
            position += 1
            try digits()
        }
        if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
            position += 1
            if position < bytes.count, bytes[position] == UInt8(ascii: "+") || bytes[position] == UInt8(ascii: "-") {
                position += 1
            }
            try digits()
        }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private mutating func digits() throws(JSONText.Problem) {
        let start = position
        while position < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position]) {
            position += 1
        }
        guard position > start else { throw problem("a digit is expected here") }
    }

    private mutating func text() throws(JSONText.Problem) -> String {
        position += 1
        var text: [UInt8] = []
        while true {
            let byte = try peek()
            switch byte {
            case UInt8(ascii: "\""):
                position += 1
                guard (try? UTF8Span(validating: text.span)) != nil else {
                    throw problem("the text before this place is not UTF-8")
                }
                return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"): try escape(into: &text)
            case 0..<0x20: throw problem("a control character in a text is written as an escape, such as \\n")
            default:
                text.append(byte)
                position += 1
            }
        }
    }

    private mutating func escape(into text: inout [UInt8]) throws(JSONText.Problem) {
        position += 1
        let byte = try peek()
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
            var unit = try hexadecimal()
            if (0xD800..<0xDC00).contains(unit),
                bytes[position...].starts(with: [UInt8(ascii: "\\"), UInt8(ascii: "u")])
            {
                position += 2
                let low = try hexadecimal()
                guard (0xDC00..<0xE000).contains(low) else { throw problem("half a character is escaped") }
                unit = 0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(unit) else { throw problem("half a character is escaped") }
            text.append(contentsOf: String(scalar).utf8)
        default:
            throw problem("an escape is \\\", \\\\, \\/, \\b, \\f, \\n, \\r, \\t or \\u and four hexadecimal digits")
        }
    }

    private mutating func hexadecimal() throws(JSONText.Problem) -> UInt32 {
        let end = position + 4
        guard end <= bytes.count, bytes[position..<end].allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
            let unit = UInt32(String(decoding: bytes[position..<end], as: UTF8.self), radix: 16)
        else { throw problem("\\u is followed by four hexadecimal digits") }
        position = end
        return unit
    }
}
