/// Why a workbook cannot be written, and what to do.
public struct WorkbookError: Error, Sendable, CustomStringConvertible {
    /// What and why.
    public let description: String

    /// An error.
    public init(_ description: String) { self.description = description }
}

/// A cell of a workbook.
public enum WorkbookCell: Hashable, Sendable {
    /// Nothing.
    case empty
    /// Text, whatever it looks like: a code keeps its leading zeros, and `=1+1` is three characters and a sign.
    case text(String)
    /// A number by its decimal digits: see ``number(_:)-swift.type.method``.
    case digits(String)

    /// A decimal number as a number; empty text as nothing; and any other text, such as `>=95`, as text.
    public static func number(_ text: String) -> WorkbookCell {
        text.isEmpty ? .empty : isDecimal(text) ? .digits(text) : .text(text)
    }

    /// The text, or nothing where it is empty.
    public static func words(_ text: String) -> WorkbookCell { text.isEmpty ? .empty : .text(text) }

    /// Whether a text is a number as workbooks write it, with no more digits than they keep.
    private static func isDecimal(_ text: String) -> Bool {
        let digits = text.hasPrefix("-") ? text.dropFirst() : text[...]
        let parts = digits.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        return digits.utf8.count <= 16
            && parts.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }
    }

    /// How many characters it shows.
    var width: Int {
        switch self {
        case .empty: 0
        case .text(let text), .digits(let text): text.count
        }
    }

    /// The cell at a place, as ECMA-376 part 1, 18.3.1.4 has it; a formula is none of these.
    func markup(at place: String) -> String {
        switch self {
        case .empty: ""
        case .digits(let text): "<c r=\"\(place)\" s=\"3\"><v>\(text)</v></c>"
        case .text(let text):
            "<c r=\"\(place)\" s=\"2\" t=\"inlineStr\"><is><t xml:space=\"preserve\">\(Self.escaped(text))</t></is></c>"
        }
    }

    /// The most characters that a cell can hold.
    private static let longest = 32_767

    /// Text in XML; what is no character of XML, or would be read as the code of another one, is written so that it
    /// stays what it is.
    static func escaped(_ text: String) -> String {
        var result = ""
        var length = 0
        for (index, scalar) in zip(text.unicodeScalars.indices, text.unicodeScalars) {
            length += scalar.value > 0xFFFF ? 2 : 1
            guard length < longest else { return result + "…" }
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "\r": result += "&#13;"
            // `_x0041_` is the letter A to a spreadsheet program.
            case "_" where isCode(text.unicodeScalars[index...]): result += "_x005F_"
            case _ where scalar.value < 0x20 && scalar != "\t" && scalar != "\n", "\u{FFFE}", "\u{FFFF}":
                result += "\u{FFFD}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    private static func isCode(_ rest: Substring.UnicodeScalarView) -> Bool {
        let code = rest.prefix(7)
        guard code.count == 7, code.last == "_", code.dropFirst().first == "x" else { return false }
        return code.dropFirst(2).dropLast().allSatisfy { $0.properties.isASCIIHexDigit }
    }
}
