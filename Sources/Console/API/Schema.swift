/// The schema of an API value, in the terms of OpenAPI 3.1.
package indirect enum Schema: Sendable {
    /// Text, with a regular expression if it has a fixed form.
    case text(pattern: String? = nil)
    /// One of these words.
    case choice([String])
    /// A whole number.
    case integer(ClosedRange<Int64>? = nil)
    case flag
    case list(Schema)
    case object([Property])
    /// The given schema, or null.
    case optional(Schema)
    /// A named schema of ``OpenAPIDocument``, for a schema that contains itself.
    case named(String)

    /// A property of an object.
    ///
    /// Every property is always present.
    package struct Property: Sendable {
        package let name: String
        package let about: String
        package let schema: Schema
    }

    /// The schema as JSON Schema 2020-12, which OpenAPI 3.1 uses.
    package func json(about: String = "") -> JSONValue {
        var members: [JSONValue.Member] = []
        if !about.isEmpty { members.append(.init("description", .string(about))) }
        switch self {
        case .text(let pattern):
            members.append(.init("type", .string("string")))
            if let pattern { members.append(.init("pattern", .string(pattern))) }
        case .choice(let words):
            members.append(.init("type", .string("string")))
            members.append(.init("enum", .array(words.map(JSONValue.string))))
        case .integer(let range):
            members.append(.init("type", .string("integer")))
            if let range {
                members.append(.init("minimum", .integer(range.lowerBound)))
                members.append(.init("maximum", .integer(range.upperBound)))
            }
        case .flag: members.append(.init("type", .string("boolean")))
        case .list(let schema):
            members.append(.init("type", .string("array")))
            members.append(.init("items", schema.json()))
        case .object(let properties):
            members.append(.init("type", .string("object")))
            members.append(
                .init("properties", .object(properties.map { .init($0.name, $0.schema.json(about: $0.about)) }))
            )
            members.append(.init("required", .array(properties.map { .string($0.name) })))
            members.append(.init("additionalProperties", .bool(false)))
        case .optional(let schema):
            members.append(.init("anyOf", .array([schema.json(), .object([.init("type", .string("null"))])])))
        case .named(let name):
            members.append(.init("$ref", .string("#/components/schemas/\(name)")))
        }
        return .object(members)
    }
}

/// A value of the API.
///
/// The schema and the JSON are made from one list of properties, so they cannot differ.
package struct Shape<Value>: Sendable {
    /// A property, with the source of its value.
    package struct Field: Sendable {
        package let property: Schema.Property
        package let read: @Sendable (Value) -> JSONValue
    }

    package let fields: [Field]

    package init(_ fields: [Field]) { self.fields = fields }

    package var schema: Schema { .object(fields.map(\.property)) }

    package func json(_ value: Value) -> JSONValue {
        .object(fields.map { JSONValue.Member($0.property.name, $0.read(value)) })
    }
}

extension Shape.Field {
    private init(_ name: String, _ about: String, _ schema: Schema, _ read: @escaping @Sendable (Value) -> JSONValue) {
        property = Schema.Property(name: name, about: about, schema: schema)
        self.read = read
    }

    package static func text(
        _ name: String,
        _ about: String,
        pattern: String? = nil,
        _ read: @escaping @Sendable (Value) -> String
    ) -> Self {
        Self(name, about, .text(pattern: pattern)) { .string(read($0)) }
    }

    package static func optionalText(
        _ name: String,
        _ about: String,
        _ read: @escaping @Sendable (Value) -> String?
    ) -> Self {
        Self(name, about, .optional(.text())) { read($0).map(JSONValue.string) ?? .null }
    }

    package static func choice(
        _ name: String,
        _ about: String,
        _ words: [String],
        _ read: @escaping @Sendable (Value) -> String
    ) -> Self {
        Self(name, about, .choice(words)) { .string(read($0)) }
    }

    package static func integer(
        _ name: String,
        _ about: String,
        _ range: ClosedRange<Int64>? = nil,
        _ read: @escaping @Sendable (Value) -> Int
    ) -> Self {
        Self(name, about, .integer(range)) { .integer(read($0)) }
    }

    package static func optionalInteger(
        _ name: String,
        _ about: String,
        _ range: ClosedRange<Int64>? = nil,
        _ read: @escaping @Sendable (Value) -> Int?
    ) -> Self {
        Self(name, about, .optional(.integer(range))) { read($0).map { .integer($0) } ?? .null }
    }

    package static func flag(
        _ name: String,
        _ about: String,
        _ read: @escaping @Sendable (Value) -> Bool
    ) -> Self {
        Self(name, about, .flag) { .bool(read($0)) }
    }

    package static func texts(
        _ name: String,
        _ about: String,
        _ read: @escaping @Sendable (Value) -> [String]
    ) -> Self {
        Self(name, about, .list(.text())) { .array(read($0).map(JSONValue.string)) }
    }

    package static func list<Item>(
        _ name: String,
        _ about: String,
        _ shape: Shape<Item>,
        _ read: @escaping @Sendable (Value) -> [Item]
    ) -> Self {
        Self(name, about, .list(shape.schema)) { .array(read($0).map(shape.json)) }
    }

    package static func object<Item>(
        _ name: String,
        _ about: String,
        _ shape: Shape<Item>,
        _ read: @escaping @Sendable (Value) -> Item
    ) -> Self {
        Self(name, about, shape.schema) { shape.json(read($0)) }
    }

    package static func value(
        _ name: String,
        _ about: String,
        _ schema: Schema,
        _ read: @escaping @Sendable (Value) -> JSONValue
    ) -> Self {
        Self(name, about, schema, read)
    }
}
