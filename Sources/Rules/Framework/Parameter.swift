/// How far the public record supports a value.
public enum ParameterStatus: String, Sendable, CaseIterable {
    /// Printed in an official document.
    case published
    /// Derived from published figures.
    case derived
    /// Assumed: nothing public decides it.
    case assumed
}

/// A number or a switch of a framework, with the status and the source that it may not be without.
public struct Parameter<Value: Sendable>: Sendable {
    /// Where it stands in the framework: `participation.standard`.
    public let path: String
    /// The value.
    public let value: Value
    /// How far the public record supports it.
    public let status: ParameterStatus
    /// Where it comes from.
    public let source: String
    /// The value as the framework writes it.
    public let text: String

    /// What a derivation or a listing prints.
    public var record: ParameterRecord {
        ParameterRecord(path: path, text: text, status: status, source: source)
    }
}

/// A parameter as it is listed, compared and cited.
public struct ParameterRecord: Hashable, Sendable {
    /// Where it stands in the framework.
    public let path: String
    /// The value as text, canonical: keys sorted.
    public let text: String
    /// How far the public record supports it.
    public let status: ParameterStatus
    /// Where it comes from.
    public let source: String
}

/// The value of a parameter as it is written.
enum ParameterValue: Hashable, Sendable {
    case scalar(String)
    case list([ParameterValue])
    case table([String: ParameterValue])

    /// Canonical text: keys sorted, no blanks that carry nothing.
    var text: String {
        switch self {
        case .scalar(let text): text
        case .list(let values): "[" + values.map(\.text).joined(separator: ", ") + "]"
        case .table(let entries):
            "{" + entries.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value.text)" }.joined(separator: ", ") + "}"
        }
    }

    var scalar: String? { if case .scalar(let text) = self { text } else { nil } }
    var list: [ParameterValue]? { if case .list(let values) = self { values } else { nil } }
    var table: [String: ParameterValue]? { if case .table(let entries) = self { entries } else { nil } }
    /// The value as an exact number; nil if it is not a number, or has more digits than one can have.
    var ratio: Ratio? { scalar.flatMap { Ratio.reading($0) } }
    var integer: Int? { scalar.flatMap { Int($0) } }

    var flag: Bool? {
        switch scalar {
        case "true": true
        case "false": false
        default: nil
        }
    }

    var rounding: Rounding? {
        guard let entries = table, let mode = entries["mode"]?.scalar.flatMap(Rounding.Mode.init(rawValue:)) else {
            return scalar == "none" ? Rounding(.none, decimals: 0) : nil
        }
        guard entries.count == 2, let decimals = entries["decimals"]?.integer,
            (0...Rounding.maximumDecimals).contains(decimals)
        else { return nil }
        return Rounding(mode, decimals: decimals)
    }

    /// A table with keys of a closed vocabulary.
    func byName<Key: WireNamed, Value>(_: Key.Type, _ convert: (ParameterValue) -> Value?) -> [Key: Value]? {
        guard let entries = table else { return nil }
        var result: [Key: Value] = [:]
        for (name, value) in entries {
            guard let key = Key(wireName: name), let converted = convert(value) else { return nil }
            result[key] = converted
        }
        return result
    }

    /// A list of names of a closed vocabulary.
    func names<Name: WireNamed>(_: Name.Type) -> [Name]? {
        guard let values = list else { return nil }
        let names = values.compactMap { $0.scalar.flatMap { Name(wireName: $0) } }
        return names.count == values.count ? names : nil
    }
}
