import Messages
import Rules

/// The derivation of a determination.
///
/// Every figure comes with its inputs, its rounding, its parameter with status and source, and its paragraph of 603 CMR
/// 2.03. It takes nothing but the published message and the framework it was made under, so anybody who has both can
/// check it.
struct Explanation {
    /// The steps, from the classification down to the values.
    let derivation: Derivation

    /// The derivation of a determination.
    ///
    /// - Parameters:
    ///   - determination: as it was published.
    ///   - framework: that of the determination's school year.
    ///   - percentiles: the organization's entries of the topic of percentiles, whose steps are shown where there are.
    init(
        determination: Accountability_V1_Determination,
        framework: Framework,
        percentiles: [Accountability_V1_Percentile] = []
    ) {
        let context = ExplanationContext(determination: determination, framework: framework, percentiles: percentiles)
        derivation = context.root()
    }

    /// The steps as an indented tree.
    ///
    /// Lines that are longer than `width` columns are wrapped under their beginning.
    func text(width: Int = 100) -> String {
        var lines: [String] = []
        ExplanationText(width: max(width, 40)).render(derivation, depth: 0, into: &lines)
        return lines.joined(separator: "\n") + "\n"
    }

    /// The steps as JSON: objects with `title`, `value`, `paragraph`, `row`, `rounding`, `parameters` and `inputs`.
    func json() -> String {
        ExplanationJSON.object(derivation, indent: "") + "\n"
    }
}

/// Lines of an explanation.
struct ExplanationText {
    let width: Int

    func render(_ step: Derivation, depth: Int, into lines: inout [String]) {
        let indent = String(repeating: "  ", count: depth)
        var head = step.value.isEmpty ? step.title : "\(step.title): \(step.value)"
        if let paragraph = step.paragraph { head += "  [\(paragraph)]" }
        lines += wrap(head, first: indent, rest: indent + "    ")
        let note = indent + "  "
        if let row = step.row { lines += wrap("- \(row)", first: note, rest: note + "  ") }
        if let rounding = step.rounding, rounding.mode != .none {
            lines += wrap("- rounded: \(rounding)", first: note, rest: note + "  ")
        }
        for parameter in step.parameters {
            lines += wrap(
                "- \(parameter.path) = \(parameter.text) (\(parameter.status.rawValue): \(parameter.source))",
                first: note,
                rest: note + "  "
            )
        }
        for input in step.inputs { render(input, depth: depth + 1, into: &lines) }
    }

    /// A line broken between words so that it fits.
    func wrap(_ text: String, first: String, rest: String) -> [String] {
        var lines: [String] = []
        var line = first
        var isEmpty = true
        for word in text.split(separator: " ", omittingEmptySubsequences: false) {
            if !isEmpty, line.count + 1 + word.count > width {
                lines.append(line)
                line = rest
                isEmpty = true
            }
            line += isEmpty ? String(word) : " \(word)"
            isEmpty = false
        }
        lines.append(line)
        return lines
    }
}

/// JSON of an explanation, with keys in a fixed order.
enum ExplanationJSON {
    static func object(_ step: Derivation, indent: String) -> String {
        let inner = indent + "  "
        var members = ["\"title\": \(string(step.title))", "\"value\": \(string(step.value))"]
        if let paragraph = step.paragraph { members.append("\"paragraph\": \(string(paragraph.citation))") }
        if let row = step.row { members.append("\"row\": \(string(row))") }
        if let rounding = step.rounding { members.append("\"rounding\": \(string(rounding.description))") }
        if !step.parameters.isEmpty {
            let entries = step.parameters.map { parameter in
                "{\"path\": \(string(parameter.path)), \"value\": \(string(parameter.text)), "
                    + "\"status\": \(string(parameter.status.rawValue)), \"source\": \(string(parameter.source))}"
            }
            members.append("\"parameters\": " + list(entries, indent: inner))
        }
        if !step.inputs.isEmpty {
            members.append("\"inputs\": " + list(step.inputs.map { object($0, indent: inner + "  ") }, indent: inner))
        }
        return "{\n" + members.map { inner + $0 }.joined(separator: ",\n") + "\n\(indent)}"
    }

    private static func list(_ entries: [String], indent: String) -> String {
        "[\n" + entries.map { indent + "  " + $0 }.joined(separator: ",\n") + "\n\(indent)]"
    }

    static func string(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case "\u{0}"..."\u{1F}":
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
