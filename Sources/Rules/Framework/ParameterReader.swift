/// Reads the parameters of a document one by one and remembers which were asked for.
final class ParameterReader {
    let file: String
    private let entries: [String: FrameworkDocument.Entry]
    private var used: Set<String> = []

    init(_ document: FrameworkDocument) {
        file = document.file
        entries = document.entries
    }

    /// Whether the document has any parameter below a path.
    func has(_ section: String) -> Bool {
        entries.keys.contains { $0 == section || $0.hasPrefix(section + ".") }
    }

    /// The parameter, converted; an error where it is absent or cannot be converted.
    func read<Value: Sendable>(
        _ path: String,
        _ expected: String,
        _ convert: (ParameterValue) throws(NumberError) -> Value?
    ) throws(FrameworkError) -> Parameter<Value> {
        guard let entry = entries[path] else {
            throw FrameworkError(
                .missingParameter,
                file: file,
                parameter: path,
                message: "is missing; expected \(expected)"
            )
        }
        used.insert(path)
        let value = try converted(entry.value, of: entry, path, expected, convert)
        for alternative in entry.alternatives.values {
            _ = try converted(alternative, of: entry, path, expected, convert)
        }
        return Parameter(path: path, value: value, status: entry.status, source: entry.source, text: entry.value.text)
    }

    private func converted<Value>(
        _ value: ParameterValue,
        of entry: FrameworkDocument.Entry,
        _ path: String,
        _ expected: String,
        _ convert: (ParameterValue) throws(NumberError) -> Value?
    ) throws(FrameworkError) -> Value {
        let cause: String
        do {
            if let converted = try convert(value) { return converted }
            cause = ""
        } catch {
            cause = ": \(error)"
        }
        let role = value == entry.value ? "" : "the alternative "
        throw entry.error(.invalidValue, path, "\(role)'\(value.text)' is not \(expected)\(cause)")
    }

    func ratio(_ path: String) throws(FrameworkError) -> Parameter<Ratio> {
        try read(path, "a decimal number") { $0.ratio }
    }

    func percent(_ path: String) throws(FrameworkError) -> Parameter<Ratio> {
        try read(path, "a percentage from 0 to 100") { value in
            value.ratio.flatMap { (Ratio.zero...Ratio.hundred).contains($0) ? $0 : nil }
        }
    }

    func integer(_ path: String, in range: ClosedRange<Int> = 0...1_000_000) throws(FrameworkError) -> Parameter<Int> {
        try read(path, "an integer from \(range.lowerBound) to \(range.upperBound)") { value in
            value.integer.flatMap { range.contains($0) ? $0 : nil }
        }
    }

    func flag(_ path: String) throws(FrameworkError) -> Parameter<Bool> {
        try read(path, "true or false") { $0.flag }
    }

    /// A day of the year as ISO 8601 ends its dates: `07-01`.
    func dayOfYear(_ path: String) throws(FrameworkError) -> Parameter<String> {
        try read(path, "a day of the year, such as 07-01") { value in
            value.scalar.flatMap { text in
                let parts = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
                guard text.utf8.count == 5, parts.count == 2, let month = parts[0], (1...12).contains(month),
                    let day = parts[1], (1...31).contains(day)
                else { return nil }
                return text
            }
        }
    }

    func rounding(_ path: String) throws(FrameworkError) -> Parameter<Rounding> {
        try read(path, "a rounding {mode, decimals}") { $0.rounding }
    }

    func choice<Choice: RawRepresentable<String> & CaseIterable & Sendable>(
        _ path: String,
        _: Choice.Type = Choice.self
    ) throws(FrameworkError) -> Parameter<Choice> {
        try read(path, "one of " + Choice.allCases.map(\.rawValue).joined(separator: ", ")) { value in
            value.scalar.flatMap(Choice.init(rawValue:))
        }
    }

    func optional<Value>(
        _ path: String,
        _ body: (String) throws(FrameworkError) -> Parameter<Value>
    ) throws(FrameworkError) -> Parameter<Value>? {
        entries[path] == nil ? nil : try body(path)
    }

    /// An error when the document has a parameter that nothing read.
    func finish() throws(FrameworkError) {
        if let unknown = entries.keys.filter({ !used.contains($0) }).min() {
            throw FrameworkError(
                .unknownParameter,
                file: entries[unknown]?.file ?? file,
                line: entries[unknown]?.line,
                parameter: unknown,
                message: "no rule knows this parameter; see the names in 2019.yaml"
            )
        }
    }
}
