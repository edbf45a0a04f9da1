extension Layout {
    /// The layout in the CSV Schema language 1.1 of the UK National Archives, as `Schemas/layouts` holds it.
    ///
    /// The language asks for all columns in order: it describes the canonical form of a file. The reader is more
    /// lenient: columns in any order, optional ones may be missing.
    public var csvSchema: String {
        var text = """
            version 1.1
            @totalColumns \(columns.count)
            // \(wireName): one row is \(documentation).
            // A row is identified by \(key.joined(separator: ", ")).

            """
        let width = columns.map(\.name.count).max() ?? 0
        for column in columns {
            var rule = column.kind.csvSchemaRule
            if column.name == key.last {
                let others = key.dropLast().map { "$\($0)" }.joined(separator: ", ")
                rule += others.isEmpty ? " unique" : " unique(\(others))"
            }
            if !column.required { rule += " @optional" }
            let name = column.name + ":" + String(repeating: " ", count: width - column.name.count)
            let absent = column.presence == .optional ? " (the column may be left out)" : ""
            text += "\(name) \(rule) // \(column.documentation)\(absent)\n"
        }
        return text
    }
}

extension Column.Kind {
    /// The rule of the CSV Schema language for a value of this kind.
    var csvSchemaRule: String {
        switch self {
        case .year: "range(2000, 2100)"
        case .code8: "regex(\"^[0-9]{8}$\")"
        case .studentIdentifier: "regex(\"^[A-Za-z0-9_-]{1,32}$\")"
        case .integer(let bounds): "regex(\"^[0-9]+$\") range(\(bounds.lowerBound), \(bounds.upperBound))"
        case .decimal(let bounds):
            "regex(\"^[0-9]+([.][0-9]+)?$\") range(\(bounds.lowerBound), \(bounds.upperBound))"
        case .choice(let words, let synonyms): Column.Kind.any(words + synonyms.keys.sorted())
        case .yesNo: Column.Kind.any(["Y", "N"])
        case .grade(let orAll): "regex(\"^(PK|K|0?[1-9]|1[0-2]\(orAll ? "|all" : ""))$\")"
        case .group: "notEmpty"
        case .date: "xDate"
        case .text(let maxLength), .document(let maxLength): "length(0, \(maxLength))"
        }
    }

    private static func any(_ words: [String]) -> String {
        "any(" + words.map { "\"\($0)\"" }.joined(separator: ", ") + ")"
    }
}
