/// The framing of Confluent's schema registry, by which a value names its schema.
///
/// It consists of a byte 0, the schema's number in four bytes, and the position of the message in the schema. Then
/// comes the message. No protobuf message begins with a byte 0, so values with and without framing can be
/// distinguished.
public struct SchemaFraming: Sendable, Hashable {
    /// The schema's number in the registry.
    public let schema: UInt32
    /// The position of the message among the messages of the schema's file, from 0.
    public let place: Int

    /// The framing of a message.
    public init(schema: UInt32, place: Int) {
        self.schema = schema
        self.place = place
    }

    /// The bytes before the message.
    ///
    /// The position is a list of numbers, because messages can be nested. It is written as the count and then each
    /// number, in zigzag varints. A list with only 0 is written as a single 0.
    public var prefix: [UInt8] {
        var bytes: [UInt8] = [0]
        for shift in [24, 16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: schema >> UInt32(shift))) }
        guard place > 0 else { return bytes + [0] }
        return bytes + Self.varint(2) + Self.varint(UInt64(place) << 1)
    }

    private static func varint(_ number: UInt64) -> [UInt8] {
        var rest = number
        var bytes: [UInt8] = []
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(truncatingIfNeeded: rest)]
    }

    /// The number of bytes before the message of a value; 0 if the framing is missing or broken.
    public static func prefixCount(of value: Span<UInt8>) -> Int {
        guard value.count > 5, value[0] == 0 else { return 0 }
        var at = 5
        func varint() -> UInt64? {
            var number: UInt64 = 0
            for shift in stride(from: UInt64(0), to: 35, by: 7) {
                guard at < value.count else { return nil }
                let byte = value[at]
                at += 1
                number |= UInt64(byte & 0x7F) << shift
                if byte < 0x80 { return number }
            }
            return nil
        }
        guard let doubled = varint(), doubled.isMultiple(of: 2), doubled <= 64 else { return 0 }
        for _ in 0..<(doubled / 2) {
            guard varint() != nil else { return 0 }
        }
        return at
    }
}

extension SchemaFraming {
    /// The message of a value, without its framing if it has one.
    public static func message(of value: [UInt8]) -> [UInt8] {
        let count = prefixCount(of: value.span)
        return count == 0 ? value : Array(value[count...])
    }

    /// Creates the framing of a message in a schema from the registry.
    ///
    /// The result is nil if the file has another package or lacks the message.
    ///
    /// - Parameters:
    ///   - message: the full name of the message, such as `accountability.v1.Publication`.
    ///   - schema: the schema's number.
    ///   - text: the text of the schema, a .proto file.
    public init?(of message: String, schema: UInt32, text: String) {
        let names = Self.topLevel(text)
        let parts = message.split(separator: ".")
        guard let name = parts.last, names.package == parts.dropLast().joined(separator: "."),
            let place = names.messages.firstIndex(of: String(name))
        else { return nil }
        self.init(schema: schema, place: place)
    }

    /// The package of a .proto file, and its messages in order, without nested ones.
    private static func topLevel(_ text: String) -> (package: String, messages: [String]) {
        var package = ""
        var messages: [String] = []
        var depth = 0
        var words: [Substring] = []
        for line in withoutComments(text).split(whereSeparator: \.isNewline) {
            for part in line.split(whereSeparator: { $0.isWhitespace }) {
                for word in pieces(part) {
                    switch word {
                    case "{":
                        if depth == 0, words.count >= 2, words[words.count - 2] == "message" {
                            messages.append(String(words[words.count - 1]))
                        }
                        depth += 1
                        words = []
                    case "}":
                        depth -= 1
                        words = []
                    case ";":
                        if depth == 0, words.count == 2, words[0] == "package" { package = String(words[1]) }
                        words = []
                    default: words.append(word)
                    }
                }
            }
        }
        return (package, messages)
    }

    /// Splits a word so that each brace and semicolon becomes a separate word.
    private static func pieces(_ part: Substring) -> [Substring] {
        var pieces: [Substring] = []
        var start = part.startIndex
        for index in part.indices where "{};".contains(part[index]) {
            if start < index { pieces.append(part[start..<index]) }
            pieces.append(part[index...index])
            start = part.index(after: index)
        }
        if start < part.endIndex { pieces.append(part[start...]) }
        return pieces
    }

    private static func withoutComments(_ text: String) -> String {
        var result = ""
        var rest = text[...]
        while let start = rest.firstRange(of: /\/\/|\/\*/) {
            result += rest[..<start.lowerBound]
            let isLine = rest[start] == "//"
            rest = rest[start.upperBound...]
            let end = isLine ? rest.firstIndex(where: \.isNewline) : rest.firstRange(of: "*/")?.upperBound
            rest = end.map { rest[$0...] } ?? ""
            result += " "
        }
        return result + rest
    }
}
