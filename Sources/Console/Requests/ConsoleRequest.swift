/// A request of a browser or a program.
package struct ConsoleRequest: Sendable {
    /// The method, such as `GET`.
    package var method: String
    /// The path and the query, as received.
    package var target: String
    /// The `Host` header, or the authority.
    package var host: String?
    /// The `If-None-Match` header.
    package var ifNoneMatch: String?

    /// The `Cookie` header.
    package var cookie: String?
    /// The `Origin` and `Sec-Fetch-Site` headers, which say what site sent a form.
    package var origin: String?
    package var fetchSite: String?
    /// Whether a proxy says that it passed the request on, and the first scheme of its `X-Forwarded-Proto`: how the
    /// browser reached the proxy.
    package var isForwarded = false
    package var forwardedScheme: String?
    /// Whether a page sends the request to renew itself, without a person.
    package var isRenewal = false
    /// The header with the token of a session; see ``tokenHeader``.
    package var token: String?
    /// The `Content-Type` header.
    package var contentType: String?
    /// The body of the request.
    package var body: [UInt8] = []

    package init(_ target: String, method: String = "GET", host: String? = "127.0.0.1", ifNoneMatch: String? = nil) {
        self.target = target
        self.method = method
        self.host = host
        self.ifNoneMatch = ifNoneMatch
    }
}

extension ConsoleRequest {
    /// The header that carries the token of a session.
    ///
    /// Another site can make a browser send the session's cookie, but it cannot read the token, and no form can send a
    /// header.
    package static let tokenHeader = "X-CSRF-Token"

    /// Whether the request only reads.
    var isReading: Bool { method == "GET" || method == "HEAD" }

    /// Whether the request is for the API.
    package var isAPI: Bool { target.hasPrefix(Address.api) }

    /// The headers that proxies add to what they pass on.
    package static let forwardingHeaders = ["Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"]
}

/// The answer to a request.
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

    /// An answer that sends a browser to another address.
    static func seeOther(_ address: String, _ others: [Header] = []) -> ConsoleResponse {
        ConsoleResponse(
            status: 303,
            headers: [.init("Location", address), .init("Cache-Control", "no-store")] + others + ConsoleResponse.guards,
            body: []
        )
    }

    /// An answer that sends a browser to another address for good.
    static func moved(_ address: String) -> ConsoleResponse {
        ConsoleResponse(
            status: 308,
            headers: [.init("Location", address), .init("Cache-Control", "no-store")] + ConsoleResponse.guards,
            body: []
        )
    }

    /// The answer for a problem, as a content that says what is wrong.
    init(_ problem: Problem, _ type: String, _ text: String) {
        status = problem.status
        headers =
            [.init("Content-Type", type)] + ConsoleResponse.guards + [.init("Cache-Control", "no-store")]
            + (problem.status == 405 ? [.init("Allow", problem.allow ?? "GET, HEAD")] : [])
            + (problem.retryAfter.map { [.init("Retry-After", String($0))] } ?? [])
        body = Array(text.utf8)
    }

    /// The answer for a problem, for a program.
    init(_ problem: Problem) { self.init(problem, "application/problem+json", problem.json.text) }

    /// The answer to a request that cannot be read.
    ///
    /// Its address is unknown, so it is answered as a program's.
    ///
    /// - Parameter isTooLong: whether its address or a header is longer than anything that is read.
    /// - Returns: the answer.
    package static func unreadable(isTooLong: Bool) -> ConsoleResponse {
        ConsoleResponse(
            isTooLong
                ? Problem(431, "an address has at most \(RequestTarget.longest) bytes, and headers must be short too")
                : Problem(400, "the request is not valid HTTP/1.1")
        )
    }

    /// The value of a header.
    package subscript(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    /// The body as text.
    package var text: String { String(decoding: body, as: UTF8.self) }
}

/// Why a request is refused.
///
/// Programs get it as `application/problem+json`, RFC 9457.
package struct Problem: Error, Hashable, Sendable {
    /// The HTTP status.
    package let status: Int
    /// What is wrong, and what to do.
    package let detail: String

    /// After how many seconds to try again; nil if that is not known.
    package let retryAfter: Int?
    /// The methods that the address answers; nil if they are those that only read.
    package let allow: String?

    package init(_ status: Int, _ detail: String, retryAfter: Int? = nil, allow: String? = nil) {
        self.status = status
        self.detail = detail
        self.retryAfter = retryAfter
        self.allow = allow
    }

    /// The status in words.
    package var title: String {
        switch status {
        case 400: "The request is not understood"
        case 401: "Sign in first"
        case 403: "You may not do this"
        case 404: "There is no such page"
        case 405: allow == nil ? "Only reading is possible" : "This method is not possible"
        case 409: "It is already done or gone"
        case 413: "That is too large"
        case 415: "The body has another type"
        case 414: "The address is too long"
        case 421: "This is another host"
        case 422: "Something is missing or wrong"
        case 429: "Too many attempts"
        case 431: "The request is too long"
        case 503: "The console cannot answer now"
        default: "The request failed"
        }
    }

    static let shape = Shape<Problem>([
        .text("type", "The kind of problem. There is no documentation of kinds, so it is always about:blank.") { _ in
            "about:blank"
        },
        .text("title", "The status in words.") { $0.title },
        .integer("status", "The HTTP status.", 400...599) { $0.status },
        .text("detail", "What is wrong, and what to do.") { $0.detail },
    ])

    var json: JSONValue { Self.shape.json(self) }
}

extension ConsoleResponse {
    /// The headers of every answer.
    package static let guards: [Header] = [
        .init(
            "Content-Security-Policy",
            "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
                + "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        ),
        .init("X-Content-Type-Options", "nosniff"), .init("X-Frame-Options", "DENY"),
        .init("Referrer-Policy", "no-referrer"), .init("Cross-Origin-Opener-Policy", "same-origin"),
        .init("Cross-Origin-Resource-Policy", "same-origin"),
        .init("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
    ]
}
