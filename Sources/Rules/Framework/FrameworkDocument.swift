internal import Yams

/// A framework as it is written: header and parameters, before the rules read them.
struct FrameworkDocument: Sendable {
    /// One parameter as written.
    struct Entry: Hashable, Sendable {
        let value: ParameterValue
        let status: ParameterStatus
        let source: String
        /// What else it could be, where nothing public decides.
        let alternatives: Alternatives
        /// The document that it is written in, and the line.
        let file: String
        let line: Int?

        /// The same parameter with another value.
        func with(_ value: ParameterValue) -> Entry {
            Entry(value: value, status: status, source: source, alternatives: Alternatives(), file: file, line: line)
        }

        /// An error about it.
        func error(_ code: FrameworkError.Code, _ path: String, _ message: String) -> FrameworkError {
            FrameworkError(code, file: file, line: line, parameter: path, message: message)
        }
    }

    /// Other values that a parameter could have, or why there are none.
    struct Alternatives: Hashable, Sendable {
        var values: [ParameterValue] = []
        /// Why there are none; empty where there are, and where nothing is said.
        var reason = ""

        /// The same without a value.
        func without(_ value: ParameterValue) -> Alternatives {
            Alternatives(values: values.filter { $0 != value }, reason: reason)
        }
    }

    let file: String
    let name: String
    let title: String
    let schoolYears: [Int]
    /// The document whose parameters hold where this one names none.
    let basedOn: String?
    /// Paths, or beginnings of paths, that do not hold although the base has them.
    private(set) var removed: [String]
    private(set) var entries: [String: Entry]

    init(file: String, text: String) throws(FrameworkError) {
        self.file = file
        if let name = Self.alias(in: text) {
            throw FrameworkError(
                .malformed,
                file: file,
                message: "the alias *\(name) repeats what the anchor &\(name) marks: write it out"
            )
        }
        let root: Node?
        do {
            // Every value is read as text. Guessing its type takes most of the time: several regular expressions a key.
            root = try Yams.compose(yaml: text, .basic)
        } catch {
            throw Self.notYAML(error, file)
        }
        guard let mapping = root?.mapping else {
            throw FrameworkError(.malformed, file: file, message: "a framework is a YAML mapping")
        }
        var header: [String: Node] = [:]
        var entries: [String: Entry] = [:]
        for (key, node) in mapping {
            let name = key.string ?? ""
            if Self.headerKeys.contains(name) {
                header[name] = node
            } else {
                try Self.collect(node, at: name, file: file, into: &entries)
            }
        }
        self.entries = entries
        // An unquoted # begins a comment, which leaves nothing of a value.
        guard let name = header["name"]?.string, let title = header["title"]?.string, !name.isEmpty, !title.isEmpty
        else {
            throw FrameworkError(.malformed, file: file, message: "name and title are required")
        }
        self.name = name
        self.title = title
        let years = header["school_years"]?.sequence
        schoolYears = years?.compactMap(\.int) ?? []
        // None is a list too: a document that only serves as a base computes no year.
        guard let years, schoolYears.count == years.count else {
            throw FrameworkError(
                .malformed,
                file: file,
                line: header["school_years"]?.mark?.line,
                message: "school_years must be a list of years"
            )
        }
        basedOn = header["based_on"]?.string
        removed = header["removed"]?.sequence?.compactMap(\.string) ?? []
    }

    /// The same document with the parameters of its base where it has none of its own.
    func resolved(over base: FrameworkDocument) -> FrameworkDocument {
        var result = self
        for (path, entry) in base.entries where result.entries[path] == nil {
            guard !removed.contains(where: { path == $0 || path.hasPrefix($0 + ".") }) else { continue }
            result.entries[path] = entry
        }
        // What the base took away from its own bases stays away.
        result.removed += base.removed
        return result
    }

    /// The same document with another entry.
    func replacing(_ path: String, _ entry: Entry?) -> FrameworkDocument {
        var result = self
        result.entries[path] = entry
        return result
    }

    /// The name of an alias whose anchor is in the text; nil for none.
    ///
    /// A few lines of aliases can stand for a document of any size. No framework needs them.
    private static func alias(in text: String) -> String? {
        func names(after mark: UInt8) -> Set<String> {
            Set(
                text.utf8.split(separator: mark, omittingEmptySubsequences: false).dropFirst()
                    .map { rest in
                        String(
                            decoding: rest.prefix { $0 > UInt8(ascii: " ") && !",[]{}".utf8.contains($0) },
                            as: UTF8.self
                        )
                    }
            )
        }
        return names(after: UInt8(ascii: "&")).intersection(names(after: UInt8(ascii: "*"))).subtracting([""]).min()
    }

    private static let headerKeys: Set<String> = ["name", "title", "school_years", "based_on", "removed"]
    private static let parameterKeys: Set<String> = ["value", "status", "source"]
    private static let alternativesKey = "alternatives"

    private static func notYAML(_ error: any Error, _ file: String) -> FrameworkError {
        let line: Int? =
            switch error as? YamlError {
            case .scanner(_, _, let mark, _), .parser(_, _, let mark, _), .composer(_, _, let mark, _): mark.line
            case .duplicatedKeysInMapping(_, let context): context.mark.line
            default: nil
            }
        return FrameworkError(.malformed, file: file, line: line, message: "not YAML: \(error)")
    }

    private static func collect(
        _ node: Node,
        at path: String,
        file: String,
        into entries: inout [String: Entry]
    ) throws(FrameworkError) {
        func incomplete(_ message: String, at node: Node) -> FrameworkError {
            FrameworkError(
                .incompleteParameter,
                file: file,
                line: node.mark?.line,
                parameter: path,
                message: message
            )
        }
        guard let mapping = node.mapping else {
            throw incomplete("a parameter is {value, status, source}; this is a bare value", at: node)
        }
        var fields: [String: Node] = [:]
        for (key, child) in mapping { if let name = key.string { fields[name] = child } }
        let keys = Set(fields.keys)
        guard !keys.isDisjoint(with: parameterKeys) else {
            for (key, child) in mapping {
                try collect(child, at: path + "." + (key.string ?? ""), file: file, into: &entries)
            }
            return
        }
        let missing = parameterKeys.subtracting(keys).sorted()
        guard missing.isEmpty else { throw incomplete("lacks \(missing.joined(separator: " and "))", at: node) }
        let foreign = keys.subtracting(parameterKeys).subtracting([alternativesKey]).sorted()
        guard foreign.isEmpty, keys.count == mapping.count else {
            throw incomplete("has \(foreign.joined(separator: ", ")), which no parameter has", at: node)
        }
        guard let status = fields["status"]?.string.flatMap(ParameterStatus.init(rawValue:)) else {
            throw incomplete("status must be published, derived or assumed", at: fields["status"] ?? node)
        }
        guard let source = fields["source"]?.string, !source.allSatisfy(\.isWhitespace) else {
            throw incomplete("lacks source", at: node)
        }
        guard let value = fields["value"].flatMap(value) else { throw incomplete("lacks value", at: node) }
        var alternatives = Alternatives()
        if let node = fields[alternativesKey] {
            guard let read = self.alternatives(node) else {
                throw incomplete(
                    "alternatives must be a list of other values, or \"none: \" and the reason why there are none",
                    at: node
                )
            }
            // Who sets the value to one of them need not take it out of the list.
            alternatives = read.without(value)
        }
        entries[path] = Entry(
            value: value,
            status: status,
            source: source,
            alternatives: alternatives,
            file: file,
            line: node.mark?.line
        )
    }

    /// A list of other values, or `none:` with the reason; nil for anything else.
    private static func alternatives(_ node: Node) -> Alternatives? {
        if let list = value(node)?.list {
            let isDistinct = !list.isEmpty && Set(list).count == list.count
            return isDistinct ? Alternatives(values: list) : nil
        }
        guard let text = node.string, text.hasPrefix("none: ") else { return nil }
        let reason = text.dropFirst("none: ".count)
        return reason.allSatisfy(\.isWhitespace) ? nil : Alternatives(reason: String(reason))
    }

    private static func value(_ node: Node) -> ParameterValue? {
        switch node {
        case .scalar(let scalar): return scalar.string.isEmpty ? nil : .scalar(scalar.string)
        case .sequence(let sequence):
            let values = sequence.compactMap(value)
            return values.count == sequence.count ? .list(values) : nil
        case .mapping(let mapping):
            var entries: [String: ParameterValue] = [:]
            for (key, node) in mapping {
                guard let name = key.string, let converted = value(node) else { return nil }
                entries[name] = converted
            }
            return .table(entries)
        default: return nil
        }
    }
}
