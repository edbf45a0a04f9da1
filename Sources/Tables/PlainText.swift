/// Text that comes from a file or a topic, on its way to a person.
///
/// A terminal obeys control characters, a log or a CSV file breaks at line ends, and marks that turn the direction of
/// writing make a text look like another one. None of them belongs into a name.
public enum PlainText {
    /// Whether a scalar does something else than being shown: C0 and C1 controls, line and paragraph separators, marks
    /// of direction, the byte-order mark.
    public static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x00...0x1F, 0x7F...0x9F, 0x061C, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069, 0xFEFF: true
        default: false
        }
    }

    /// Whether UTF-8 holds such a scalar.
    public static func hasControl(_ bytes: Span<UInt8>) -> Bool {
        for index in bytes.indices {
            let byte = bytes[index]
            if byte < 0x20 || byte == 0x7F { return true }
            guard byte >= 0xC2, index + 1 < bytes.count else { continue }
            let second = bytes[index + 1]
            switch byte {
            case 0xC2 where second < 0xA0: return true
            case 0xD8 where second == 0x9C: return true
            case 0xE2, 0xEF:
                guard index + 2 < bytes.count else { continue }
                if isControl(byte, second, bytes[index + 2]) { return true }
            default: continue
            }
        }
        return false
    }

    private static func isControl(_ first: UInt8, _ second: UInt8, _ third: UInt8) -> Bool {
        switch (first, second) {
        case (0xE2, 0x80): third == 0x8E || third == 0x8F || (0xA8...0xAE).contains(third)
        case (0xE2, 0x81): (0xA6...0xA9).contains(third)
        case (0xEF, 0xBB): third == 0xBF
        default: false
        }
    }

    /// The text with every control character written as `\u001b`, cut after so many characters.
    ///
    /// The escapes are those of JSON, so that the text may also be used inside a JSON string.
    ///
    /// - Parameters:
    ///   - text: from a file or a topic.
    ///   - limit: the most characters.
    ///   - keepingLines: whether line feeds and tabs stay, as in a text of several lines.
    /// - Returns: text that is safe to show.
    public static func escaped(_ text: String, limit: Int = .max, keepingLines: Bool = false) -> String {
        guard mayNeedEscapes(text, limit, keepingLines) else { return text }
        var result = ""
        var count = 0
        for scalar in text.unicodeScalars {
            guard count < limit else { return result + "…" }
            count += 1
            if isControl(scalar), !keepingLines || (scalar != "\n" && scalar != "\t") {
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: max(0, 4 - digits.utf8.count)) + digits
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// False for characters that certainly need no escape, which is nearly all of them.
    private static func mayNeedEscapes(_ text: String, _ limit: Int, _ keepingLines: Bool) -> Bool {
        var count = 0
        for byte in text.utf8 {
            count += 1
            switch byte {
            case 0x09, 0x0A: if !keepingLines { return true }
            case 0x00...0x1F, 0x7F, 0xC2, 0xD8, 0xE2, 0xEF: return true
            default: continue
            }
        }
        return count > limit
    }
}
