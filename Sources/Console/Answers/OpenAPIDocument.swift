internal import Operating

/// The description of the API, made from the routes themselves.
package enum OpenAPIDocument {
    /// The version of the API.
    ///
    /// Additions do not change it.
    static let version = "1.0.0"

    private static func object(_ members: [(String, JSONValue)]) -> JSONValue {
        .object(members.map { JSONValue.Member($0.0, $0.1) })
    }

    /// The document, OpenAPI 3.1.
    ///
    /// - Parameter cookie: the name of a session's cookie.
    /// - Returns: the document.
    static func json(cookie: String) -> JSONValue {
        object([
            ("openapi", .string("3.1.0")),
            (
                "info",
                object([
                    ("title", .string("accountability: the console's API")), ("version", .string(version)),
                    (
                        "description",
                        .string(
                            "The figures and the acts of the console's pages, for programs. Every answer with figures has an ETag: the revision of the data. A request that changes something prepares an act, and another one confirms it. If there are no accounts, no one has to sign in. If there are accounts, the description of each operation names the role that it needs, and a district gets only its own organizations."
                        )
                    ),
                ])
            ),
            // Without accounts no session is needed.
            ("security", .array([object([("session", .array([]))]), object([])])),
            (
                "paths",
                object(
                    Routes.described.map { ($0.path, object([("get", operation($0))])) }
                        + DeskRoutes.described.compactMap { route in
                            operation(route)
                                .map { (route.path, object([(route.method.rawValue.lowercased(), $0)])) }
                        }
                )
            ),
            (
                "components",
                object([
                    ("securitySchemes", securitySchemes(cookie)),
                    (
                        "schemas",
                        object([
                            ("Derivation", OrganizationView.derivationSchema.json()),
                            ("Problem", Problem.shape.schema.json()),
                        ])
                    ),
                ])
            ),
        ])
    }

    private static func securitySchemes(_ cookie: String) -> JSONValue {
        object([
            (
                "session",
                object([
                    ("type", .string("apiKey")), ("in", .string("cookie")),
                    ("name", .string(cookie)),
                    (
                        "description",
                        .string(
                            "The cookie of a session. The form at \(Address.signIn) begins a session."
                        )
                    ),
                ])
            ),
            (
                "token",
                object([
                    ("type", .string("apiKey")), ("in", .string("header")),
                    ("name", .string(ConsoleRequest.tokenHeader)),
                    (
                        "description",
                        .string(
                            "The token of the session, which \(Address.api)/session gives. Another site cannot read it, so it cannot act in your name."
                        )
                    ),
                ])
            ),
        ])
    }

    private static func operation(_ route: Route) -> JSONValue {
        let arguments = arguments(route.argumentNames)
        let failures: [(Int, String)] =
            [(400, "A parameter is unknown or has an invalid value.")]
            + (route.needs == .everybody
                ? [] : [(401, "You are not signed in."), (403, "The account's role is too low.")])
            + (arguments.isEmpty ? [] : [(404, "Nothing has this name.")])
        let answers =
            [("200", success(route)), ("304", object([("description", .string("Nothing changed since the ETag."))]))]
            + failures.map(failure)
        return object([
            ("operationId", .string(identity(route.path))), ("summary", .string(route.summary)),
            ("description", .string(needs(route))),
            ("parameters", .array(arguments + parameters(route.query))), ("responses", object(answers)),
        ])
    }

    /// An address that acts; nil if it is not one of the API.
    private static func operation(_ route: DeskRoute) -> JSONValue? {
        guard let operation = route.operation else { return nil }
        let arguments = arguments(route.argumentNames)
        var failures: [(Int, String)] = [
            (400, "The request is not understood."), (401, "You are not signed in."),
            (403, "The account's role is too low, the token is missing, or there are no accounts."),
        ]
        if !arguments.isEmpty { failures.append((404, "You have no act in progress with this id.")) }
        var security = [("session", JSONValue.array([]))]
        var body: [(String, JSONValue)] = []
        if let sent = operation.body {
            security.append(("token", .array([])))
            failures.append((409, "It is already done, or not ready."))
            failures.append((413, "The body is too large."))
            if let type = sent.type {
                body = [("requestBody", object([("required", .bool(true)), ("content", content(type, sent.schema))]))]
                failures.append((415, "The body has another type."))
                failures.append((422, "A value is missing or wrong."))
            }
            failures.append((429, "Too many acts are in progress."))
            failures.append((503, "The console cannot take it now."))
        }
        let success = object([
            ("description", .string(operation.summary)),
            ("content", content("application/json", operation.schema.json())),
        ])
        return object(
            [
                ("operationId", .string(identity(route.path))), ("summary", .string(operation.summary)),
                ("description", .string("It needs an account with the role \(route.needs.rawValue), or one above it.")),
                ("security", .array([object(security)])),
                ("parameters", .array(arguments + parameters(route.query))),
            ] + body + [
                ("responses", object([(String(operation.success), success)] + failures.map(failure)))
            ]
        )
    }

    private static func arguments(_ names: [String]) -> [JSONValue] {
        names.map { name in
            object([
                ("name", .string(name)), ("in", .string("path")), ("required", .bool(true)),
                ("description", .string(about(argument: name))), ("schema", schema(argument: name).json()),
            ])
        }
    }

    private static func parameters(_ query: [QueryParameter]) -> [JSONValue] {
        query.map { parameter in
            object([
                ("name", .string(parameter.name)), ("in", .string("query")), ("required", .bool(false)),
                ("description", .string(parameter.about)), ("schema", parameter.form.schema.json()),
            ])
        }
    }

    private static func failure(_ status: Int, _ about: String) -> (String, JSONValue) {
        (
            String(status),
            object([
                ("description", .string(about)),
                ("content", content("application/problem+json", Schema.named("Problem").json())),
            ])
        )
    }

    private static func needs(_ route: Route) -> String {
        route.needs == .everybody
            ? "No one has to sign in."
            : "If there are accounts, it needs the role \(route.needs.rawValue), or one above it."
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

    private static func identity(_ path: String) -> String {
        path.dropFirst(Address.api.count + 1).split(separator: "/")
            .map { $0.filter { $0 != "{" && $0 != "}" } }.joined(separator: "_")
    }

    private static func about(argument: String) -> String {
        switch argument {
        case "year": "The school year, by its spring: 2018-19 is 2019."
        case "code": "The organization's code: eight digits."
        case "id": "The id of the act."
        default: "The framework's name."
        }
    }

    private static func schema(argument: String) -> Schema {
        switch argument {
        case "year": QueryParameter.Form.schoolYear.schema
        case "code": QueryParameter.Form.organization.schema
        case "id": .text(pattern: "^[0-9a-f]{32}$")
        // An address may not contain control characters.
        default: .text(pattern: "^[^/\\u0000-\\u001f\\u007f-\\u009f]+$")
        }
    }
}
