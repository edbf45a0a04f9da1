internal import Operating

/// What the description of the API says about an address of the desk.
struct DeskOperation: Sendable {
    /// The body of a request.
    enum Body: Sendable {
        /// None is read.
        case nothing
        /// One JSON object with the fields of an act.
        case fields([Act.Field])
        /// A file, as it is.
        case file

        /// The type that the body must have; nil if there is none.
        var type: String? {
            switch self {
            case .nothing: nil
            case .fields: "application/json"
            case .file: "text/csv"
            }
        }

        /// The body's schema.
        var schema: JSONValue {
            guard case .fields(let fields) = self else {
                return .object([.init("type", .string("string"))])
            }
            return .object([
                .init("type", .string("object")),
                .init(
                    "properties",
                    .object(
                        fields.map { field in
                            let about = field.hint.isEmpty ? field.label : "\(field.label): \(field.hint)"
                            return .init(field.parameter.name, field.parameter.form.schema.json(about: about))
                        }
                    )
                ),
                .init("required", .array(fields.filter(\.isRequired).map { .string($0.parameter.name) })),
                .init("additionalProperties", .bool(false)),
            ])
        }
    }

    let summary: String
    /// The body of a request; nil if the address only reads.
    let body: Body?
    /// The status of the answer if all is well.
    let success: Int
    /// The answer's schema.
    let schema: Schema

    init(_ summary: String, body: Body? = nil, success: Int = 200, schema: Schema) {
        self.summary = summary
        self.body = body
        self.success = success
        self.schema = schema
    }
}
