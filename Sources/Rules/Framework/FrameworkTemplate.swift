extension Framework {
    /// A document that sets parameters anew, to be edited: it is valid as it is, and changes nothing.
    ///
    /// Each parameter stands with its value, its status and its source; the alternatives that are stated follow as they
    /// are. What the document does not name holds as in the framework that it is based on.
    ///
    /// - Parameters:
    ///   - name: the document's name.
    ///   - schoolYears: that it is for.
    ///   - isNamed: which parameters it names.
    /// - Returns: the text of the document.
    public func template(
        name: String,
        schoolYears: [Int],
        where isNamed: (ParameterRecord) -> Bool
    ) -> String {
        var text = """
            name: \(ParameterValue.quoted(name))
            title: \(ParameterValue.quoted("Draft: " + title))
            school_years: [\(schoolYears.map(String.init).joined(separator: ", "))]
            based_on: \(ParameterValue.quoted(self.name))

            """
        var open: [String] = []
        for record in parameters where isNamed(record) {
            guard let entry = document.entries[record.path] else { continue }
            let parts = record.path.split(separator: ".").map(String.init)
            let folders = Array(parts.dropLast())
            let shared = zip(open, folders).prefix { $0 == $1 }.count
            if shared == 0 { text += "\n" }
            for depth in shared..<folders.count {
                text += "\(String(repeating: "  ", count: depth))\(ParameterValue.plain(folders[depth])):\n"
            }
            open = folders
            var alternatives = ""
            if !entry.alternatives.values.isEmpty {
                alternatives = ", alternatives: \(ParameterValue.list(entry.alternatives.values).yaml)"
            } else if !entry.alternatives.reason.isEmpty {
                alternatives = ", alternatives: \(ParameterValue.quoted("none: " + entry.alternatives.reason))"
            }
            text += String(repeating: "  ", count: folders.count)
            text +=
                "\(ParameterValue.plain(parts.last ?? "")): {value: \(entry.value.yaml), status: \(entry.status.rawValue)"
            text += "\(alternatives), source: \(ParameterValue.quoted(entry.source))}\n"
        }
        return text
    }
}

extension ParameterValue {
    /// The value as YAML on one line: tables sorted by their keys.
    fileprivate var yaml: String {
        switch self {
        case .scalar(let text): Self.plain(text)
        case .list(let values): "[" + values.map(\.yaml).joined(separator: ", ") + "]"
        case .table(let entries):
            "{"
                + entries.sorted { $0.key < $1.key }.map { "\(Self.plain($0.key)): \($0.value.yaml)" }
                .joined(separator: ", ") + "}"
        }
    }

    /// A word as it is, anything else in quotation marks.
    fileprivate static func plain(_ text: String) -> String {
        let isWord = text.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                || byte == 0x5F || byte == 0x2E
        }
        return isWord && !text.isEmpty ? text : quoted(text)
    }

    /// In quotation marks, with what they cannot hold escaped.
    fileprivate static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                let digits = String(scalar.value, radix: 16)
                result += "\\x" + String(repeating: "0", count: 2 - digits.utf8.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
