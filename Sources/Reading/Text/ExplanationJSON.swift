package import Rules

/// JSON of an explanation, with keys in a fixed order.
package enum ExplanationJSON {
    package static func object(_ step: Derivation, indent: String) -> String {
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

    package static func string(_ text: String) -> String {
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
