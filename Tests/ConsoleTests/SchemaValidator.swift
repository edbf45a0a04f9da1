import Foundation

/// A schema of the description, read by a program that knows nothing of how it was made.
struct SchemaValidator {
    let components: [String: Any]

    /// What is wrong with a value; nothing where it is as the schema says.
    func faults(_ value: Any, _ schema: [String: Any], _ place: String) -> [String] {
        if let reference = schema["$ref"] as? String {
            let name = reference.split(separator: "/").last.map(String.init) ?? ""
            return (components[name] as? [String: Any]).map { faults(value, $0, place) } ?? [
                "\(place): no \(reference)"
            ]
        }
        if let any = schema["anyOf"] as? [[String: Any]] {
            return any.contains { faults(value, $0, place).isEmpty } ? [] : ["\(place): none of anyOf fits \(value)"]
        }
        switch schema["type"] as? String {
        case "null": return value is NSNull ? [] : ["\(place): not null"]
        case "string":
            guard let text = value as? String else { return ["\(place): \(value) is no text"] }
            if let words = schema["enum"] as? [String], !words.contains(text) {
                return ["\(place): '\(text)' is no choice"]
            }
            if let pattern = schema["pattern"] as? String, text.range(of: pattern, options: .regularExpression) == nil {
                return ["\(place): '\(text)' is not \(pattern)"]
            }
            return []
        case "integer":
            guard let number = value as? NSNumber else { return ["\(place): no number"] }
            let (low, high) = (schema["minimum"] as? NSNumber, schema["maximum"] as? NSNumber)
            return (low.map { number.int64Value >= $0.int64Value } ?? true)
                && (high.map { number.int64Value <= $0.int64Value } ?? true)
                ? [] : ["\(place): \(number) is out of range"]
        case "boolean": return value is Bool ? [] : ["\(place): no boolean"]
        case "array":
            guard let list = value as? [Any], let items = schema["items"] as? [String: Any] else {
                return ["\(place): no list"]
            }
            return list.enumerated().flatMap { faults($1, items, "\(place)/\($0)") }
        case "object":
            guard let object = value as? [String: Any],
                let properties = schema["properties"] as? [String: [String: Any]]
            else { return ["\(place): no object"] }
            let required = Set(schema["required"] as? [String] ?? [])
            let missing = required.subtracting(object.keys).map { "\(place): \($0) is missing" }
            return missing
                + object.flatMap { name, member in
                    properties[name].map { faults(member, $0, "\(place)/\(name)") } ?? [
                        "\(place): \(name) is not described"
                    ]
                }
        default: return ["\(place): the schema has no type"]
        }
    }
}
