/// The description of the API, made from the routes themselves.
package enum OpenAPIDocument {
    /// The version of the API; what is added does not change it.
    static let version = "1.0.0"

    private static func object(_ members: [(String, JSONValue)]) -> JSONValue {
        .object(members.map { JSONValue.Member($0.0, $0.1) })
    }

    /// The document, OpenAPI 3.1.
    package static let json: JSONValue =
        object([
            ("openapi", .string("3.1.0")),
            (
                "info",
                object([
                    ("title", .string("accountability: the console's API")), ("version", .string(version)),
                    (
                        "description",
                        .string(
                            "The figures of the console's pages, for programs. Read-only. Every answer but an error has an ETag: the revision of the data."
                        )
                    ),
                ])
            ),
            ("paths", object(Routes.described.map { ($0.path, object([("get", operation($0))])) })),
            (
                "components",
                object([
                    (
                        "schemas",
                        object([
                            ("Derivation", OrganizationView.derivationSchema.json()),
                            ("Problem", Problem.shape.schema.json()),
                        ])
                    )
                ])
            ),
        ])

    private static func operation(_ route: Route) -> JSONValue {
        let arguments = route.argumentNames.map { name in
            object([
                ("name", .string(name)), ("in", .string("path")), ("required", .bool(true)),
                ("description", .string(about(argument: name))), ("schema", schema(argument: name).json()),
            ])
        }
        let parameters = route.query.map { parameter in
            object([
                ("name", .string(parameter.name)), ("in", .string("query")), ("required", .bool(false)),
                ("description", .string(parameter.about)), ("schema", parameter.form.schema.json()),
            ])
        }
        let failures: [(Int, String)] =
            [(400, "A parameter is not understood.")]
            + (arguments.isEmpty ? [] : [(404, "There is none of this name.")])
        let answers =
            [("200", success(route)), ("304", object([("description", .string("Nothing changed since the ETag."))]))]
            + failures.map { status, about in
                (
                    String(status),
                    object([
                        ("description", .string(about)),
                        ("content", content("application/problem+json", Schema.named("Problem").json())),
                    ])
                )
            }
        return object([
            ("operationId", .string(identity(route))), ("summary", .string(route.summary)),
            ("parameters", .array(arguments + parameters)), ("responses", object(answers)),
        ])
    }

    private static func success(_ route: Route) -> JSONValue {
        object([
            ("description", .string(route.summary)),
            (
                "headers",
                object([
                    (
                        "ETag",
                        object([
                            ("description", .string("The revision of the data.")), ("schema", Schema.text().json()),
                        ])
                    )
                ])
            ),
            ("content", content("application/json", route.schema?.json() ?? .object([]))),
        ])
    }

    private static func content(_ type: String, _ schema: JSONValue) -> JSONValue {
        object([(type, object([("schema", schema)]))])
    }

    private static func identity(_ route: Route) -> String {
        route.path.dropFirst(Address.api.count + 1).split(separator: "/")
            .map { $0.filter { $0 != "{" && $0 != "}" } }.joined(separator: "_")
    }

    private static func about(argument: String) -> String {
        switch argument {
        case "year": "The school year, by its spring: 2018-19 is 2019."
        case "code": "The organization's code: eight digits."
        default: "The framework's name."
        }
    }

    private static func schema(argument: String) -> Schema {
        switch argument {
        case "year": QueryParameter.Form.schoolYear.schema
        case "code": QueryParameter.Form.organization.schema
        default: .text()
        }
    }
}
