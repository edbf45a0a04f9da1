/// What a browser or a program asks.
package struct ConsoleRequest: Sendable {
    /// The method, such as `GET`.
    package var method: String
    /// The path and the query, as they came.
    package var target: String
    /// The `Host` header, or the authority.
    package var host: String?
    /// The `If-None-Match` header.
    package var ifNoneMatch: String?

    package init(_ target: String, method: String = "GET", host: String? = "127.0.0.1", ifNoneMatch: String? = nil) {
        self.target = target
        self.method = method
        self.host = host
        self.ifNoneMatch = ifNoneMatch
    }
}

/// What is answered.
package struct ConsoleResponse: Sendable {
    /// A header.
    package struct Header: Sendable, Hashable {
        package let name: String
        package let value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    package var status: Int
    package var headers: [Header]
    package var body: [UInt8]

    package init(status: Int, headers: [Header], body: [UInt8]) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// The value of a header.
    package subscript(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    /// The body as text.
    package var text: String { String(decoding: body, as: UTF8.self) }
}

/// Why a request is not answered with what it asks for; `application/problem+json` of RFC 9457 says it to programs.
package struct Problem: Error, Hashable, Sendable {
    /// The status of HTTP.
    package let status: Int
    /// What is wrong, and what to do.
    package let detail: String

    package init(_ status: Int, _ detail: String) {
        self.status = status
        self.detail = detail
    }

    /// The status in words.
    package var title: String {
        switch status {
        case 400: "The request is not understood"
        case 404: "There is no such page"
        case 405: "Only reading is possible"
        case 414: "The address is too long"
        case 421: "This is another host"
        default: "The request failed"
        }
    }

    static let shape = Shape<Problem>([
        .text("type", "What kind of problem; nothing is published about kinds.") { _ in "about:blank" },
        .text("title", "The status in words.") { $0.title },
        .integer("status", "The status of HTTP.", 400...599) { $0.status },
        .text("detail", "What is wrong, and what to do.") { $0.detail },
    ])

    var json: JSONValue { Self.shape.json(self) }
}
