internal import Operating

/// The console: what every address answers, from the tables as they are.
///
/// It knows nothing of sockets and brokers: a request in, an answer out. Nothing that a request says can end the
/// process; what is not understood is a ``Problem``.
package struct Console: Sendable {
    /// Tells this life of the console from others: two lives count their revisions anew.
    private let life: String

    /// A console.
    ///
    /// - Parameter life: any word that no other life of the console has.
    package init(life: String) {
        self.life = life
    }

    /// The answer to a request.
    package func respond(to request: ConsoleRequest, _ tables: ConsoleTables) -> ConsoleResponse {
        let isAPI = request.target.hasPrefix(Address.api)
        do throws(Problem) {
            guard HostCheck.isLoopback(request.host) else {
                throw Problem(
                    421,
                    "the console answers to 127.0.0.1, [::1] and localhost only: another name in an address of this machine may be somebody's trap"
                )
            }
            guard request.method == "GET" || request.method == "HEAD" else {
                throw Problem(405, "this console only reads: GET and HEAD; files and acts go through the command line")
            }
            let target = try RequestTarget(request.target)
            if target.path.isEmpty { return redirect(to: Self.first(tables)) }
            let (route, call) = try find(target, tables)
            let tag = route.isFixed ? "\"\(life)\"" : "\"\(life)-\(tables.revision)\""
            if Self.matches(request.ifNoneMatch, tag) {
                return ConsoleResponse(status: 304, headers: Self.guards + Self.caching(tag), body: [])
            }
            let content = try make(route, call)
            var headers = [ConsoleResponse.Header("Content-Type", content.type)] + Self.guards + Self.caching(tag)
            if let file = content.file {
                headers.append(.init("Content-Disposition", "attachment; filename=\"\(file)\""))
            }
            return ConsoleResponse(status: 200, headers: headers, body: Array(content.body.utf8))
        } catch {
            return answer(error, isAPI: isAPI, tables)
        }
    }

    /// The answer of a problem, for programs or for people.
    package func answer(_ problem: Problem, isAPI: Bool, _ tables: ConsoleTables) -> ConsoleResponse {
        let type = isAPI ? "application/problem+json" : "text/html; charset=utf-8"
        var headers = [ConsoleResponse.Header("Content-Type", type)] + Self.guards
        headers.append(.init("Cache-Control", "no-store"))
        if problem.status == 405 { headers.append(.init("Allow", "GET, HEAD")) }
        let text = isAPI ? problem.json.text : Page.problem(problem, tables)
        return ConsoleResponse(status: problem.status, headers: headers, body: Array(text.utf8))
    }

    private func redirect(to address: String) -> ConsoleResponse {
        ConsoleResponse(
            status: 303,
            headers: [.init("Location", address), .init("Cache-Control", "no-store")] + Self.guards,
            body: []
        )
    }

    /// Where the beginning leads: to the newest results, or to the run that will give them.
    private static func first(_ tables: ConsoleTables) -> String {
        tables.determinedYears.first.map(Address.year) ?? "/run"
    }

    private func find(_ target: RequestTarget, _ tables: ConsoleTables) throws(Problem) -> (Route, Route.Call) {
        for route in Routes.all {
            guard let arguments = route.arguments(of: target.path) else { continue }
            let call = Route.Call(tables: tables, query: target.query, arguments: arguments)
            try route.check(call)
            return (route, call)
        }
        throw Problem(404, "there is nothing at '\(RequestTarget.shown("/" + target.path.joined(separator: "/")))'")
    }

    private func make(_ route: Route, _ call: Route.Call) throws(Problem) -> Route.Content {
        do {
            return try route.answer(call)
        } catch let problem as Problem {
            throw problem
        } catch {
            // Such as a determination of a newer version: said, and nothing of it shown.
            throw Problem(500, "this cannot be shown: \(error)")
        }
    }

    /// Whether an `If-None-Match` names the tag.
    static func matches(_ header: String?, _ tag: String) -> Bool {
        guard let header else { return false }
        return header.split(separator: ",")
            .contains { entry in
                var entry = entry.drop { $0 == " " }
                while entry.last == " " { entry.removeLast() }
                return entry == "*" || entry == tag || entry == "W/\(tag)"
            }
    }

    private static func caching(_ tag: String) -> [ConsoleResponse.Header] {
        [.init("ETag", tag), .init("Cache-Control", "no-cache")]
    }

    /// What every answer carries.
    package static let guards: [ConsoleResponse.Header] = [
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
