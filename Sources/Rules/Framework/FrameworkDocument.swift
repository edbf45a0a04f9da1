internal import Yams

/// A framework as it is written: header and parameters, before the rules read them.
struct FrameworkDocument: Sendable {
    /// One parameter as written.
    struct Entry: Hashable, Sendable {
        let value: ParameterValue
        let status: ParameterStatus
        let source: String
    }

    let file: String
    let name: String
    let title: String
    let schoolYears: [Int]
    /// The document whose parameters hold where this one names none.
    let basedOn: String?
    /// Paths, or beginnings of paths, that do not hold although the base has them.
    let removed: [String]
    private(set) var entries: [String: Entry]

    init(file: String, text: String) throws(FrameworkError) {
        self.file = file
        let root: Node?
        do {
            root = try Yams.compose(yaml: text)
        } catch {
            throw FrameworkError(.malformed, file: file, message: "not YAML: \(error)")
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
        guard let years = header["school_years"]?.sequence else {
            throw FrameworkError(.malformed, file: file, message: "school_years must be a list of years")
        }
        self.name = name
        self.title = title
        schoolYears = years.compactMap(\.int)
        guard schoolYears.count == years.count else {
            throw FrameworkError(.malformed, file: file, message: "school_years must be a list of years")
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
        return result
    }

    private static let headerKeys: Set<String> = ["name", "title", "school_years", "based_on", "removed"]
    private static let parameterKeys: Set<String> = ["value", "status", "source"]

    private static func collect(
        _ node: Node,
        at path: String,
        file: String,
        into entries: inout [String: Entry]
    ) throws(FrameworkError) {
        guard let mapping = node.mapping else {
            throw FrameworkError(
                .incompleteParameter,
                file: file,
                parameter: path,
                message: "a parameter is {value, status, source}; this is a bare value"
            )
        }
        let keys = Set(mapping.keys.compactMap(\.string))
        guard !keys.isDisjoint(with: parameterKeys) else {
            for (key, child) in mapping {
                try collect(child, at: path + "." + (key.string ?? ""), file: file, into: &entries)
            }
            return
        }
        let missing = parameterKeys.subtracting(keys).sorted()
        guard missing.isEmpty else {
            throw FrameworkError(
                .incompleteParameter,
                file: file,
                parameter: path,
                message: "lacks \(missing.joined(separator: " and "))"
            )
        }
        guard keys == parameterKeys else {
            throw FrameworkError(
                .incompleteParameter,
                file: file,
                parameter: path,
                message:
                    "has \(keys.subtracting(parameterKeys).sorted().joined(separator: ", ")), which no parameter has"
            )
        }
        guard let status = mapping["status"]?.string.flatMap(ParameterStatus.init(rawValue:)) else {
            throw FrameworkError(
                .incompleteParameter,
                file: file,
                parameter: path,
                message: "status must be published, derived or assumed"
            )
        }
        guard let source = mapping["source"]?.string, !source.allSatisfy(\.isWhitespace) else {
            throw FrameworkError(.incompleteParameter, file: file, parameter: path, message: "lacks source")
        }
        guard let value = mapping["value"].flatMap(value) else {
            throw FrameworkError(.incompleteParameter, file: file, parameter: path, message: "lacks value")
        }
        entries[path] = Entry(value: value, status: status, source: source)
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
