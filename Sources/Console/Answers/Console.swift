package import Operating
package import Reading

/// The console: answers every address from the current tables.
///
/// It does not know about sockets and brokers; it turns a request into an answer. No request can end the process. A
/// request that it does not understand becomes a ``Problem``.
package struct Console: Sendable {
    /// Distinguishes this process from other starts of the console, because each counts revisions from the beginning.
    private let life: String
    private let today: @Sendable () -> String
    private let map: GeographicMap?
    private let sessionCookie: String
    private let kept = KeptAnswers()
    private let parts = SeenTables()
    private let ranks = KeptRanks()

    /// A console.
    ///
    /// - Parameters:
    ///   - life: a word that no other start of the console uses.
    ///   - map: the places of organizations; the pages of the state show it.
    ///   - address: the public address of a proxy in front of the console; nil if people are on this machine.
    ///   - today: the day, ISO 8601.
    package init(
        life: String,
        map: GeographicMap? = nil,
        address: PublicAddress? = nil,
        today: @escaping @Sendable () -> String = { Today.text }
    ) {
        self.life = life
        self.map = map
        sessionCookie = SiteAddress(publicAddress: address).sessionCookie
        self.today = today
    }

    /// The part of the tables that a visitor may see.
    func seen(_ all: ConsoleTables, in frame: PageFrame) -> ConsoleTables { parts.part(of: all, for: frame) }

    /// The answer to a request, made from the part of the tables that the visitor may see.
    package func respond(to request: ConsoleRequest, _ all: ConsoleTables, in frame: PageFrame) -> ConsoleResponse {
        let tables = seen(all, in: frame)
        do throws(Problem) {
            guard request.method == "GET" || request.method == "HEAD" else {
                throw Problem(405, "this address only answers GET and HEAD")
            }
            let target = try RequestTarget(request.target)
            if target.path.isEmpty { return .seeOther(Self.first(tables, frame)) }
            if target.path == [String(Address.published.dropFirst())] {
                return .seeOther(try Self.firstPublished(tables))
            }
            let (route, call) = try find(target, tables, frame)
            let parts =
                [life, route.isFixed ? "" : "\(call.tables.revision)", frame.tag] + (route.isDaily ? [call.today] : [])
            let tag = "\"\(parts.filter { !$0.isEmpty }.joined(separator: "-"))\""
            if Self.matches(request.ifNoneMatch, tag) {
                return ConsoleResponse(
                    status: 304,
                    headers: ConsoleResponse.guards + caching(tag, route, frame),
                    body: []
                )
            }
            // Answers to a search are too many to keep.
            guard route.area == .published, frame.visitor == .nobody, target.query["q"] == nil else {
                return try show(try make(route, call), caching(tag, route, frame), frame)
            }
            return try kept.answer(to: target, tag) { () throws(Problem) in
                try show(try make(route, call), caching(tag, route, frame), frame)
            }
        } catch {
            return answer(error, to: request, tables, in: frame)
        }
    }

    private func show(
        _ content: ConsoleContent,
        _ caching: [ConsoleResponse.Header],
        _ frame: PageFrame
    ) throws(Problem) -> ConsoleResponse {
        let headers = content.headers + ConsoleResponse.guards + caching
        do {
            return ConsoleResponse(status: 200, headers: headers, body: try content.bytes(in: frame))
        } catch {
            throw Problem(500, "this cannot be shown: \(error)")
        }
    }

    /// The answer for a problem, for programs or for people.
    ///
    /// A person who must sign in is sent to the sign-in page.
    package func answer(
        _ problem: Problem,
        to request: ConsoleRequest,
        _ tables: ConsoleTables,
        in frame: PageFrame
    ) -> ConsoleResponse {
        if problem.status == 401, !request.isAPI, request.isReading {
            return .seeOther(Address.of(Address.signIn, [("next", request.target)]))
        }
        guard !request.isAPI else { return ConsoleResponse(problem) }
        let page = Page.problem(problem, seen(tables, in: frame), in: frame)
        return ConsoleResponse(problem, "text/html; charset=utf-8", page)
    }

    /// The first page: the newest results, or the files if there are no results.
    private static func first(_ tables: ConsoleTables, _ frame: PageFrame) -> String {
        if frame.visitor == .nobody { return tables.publishedYears.isEmpty ? Address.signIn : Address.published }
        return tables.determinedYears.first.map { Address.year($0) }
            ?? (frame.visitor.mayRead(.data) ? "/run" : "/files")
    }

    /// The first page of the official results.
    private static func firstPublished(_ tables: ConsoleTables) throws(Problem) -> String {
        guard let year = tables.publishedYears.first else { throw Problem(404, "no results have been published yet") }
        return Address.year(year, in: .published)
    }

    private func find(
        _ target: RequestTarget,
        _ tables: ConsoleTables,
        _ frame: PageFrame
    ) throws(Problem) -> (Route, ConsoleCall) {
        for route in Routes.all {
            guard let arguments = route.arguments(of: target.path) else { continue }
            try frame.visitor.checkReading(route.needs)
            let call = ConsoleCall(
                tables: route.area == .own ? tables : tables.published,
                query: target.query,
                arguments: arguments,
                today: today(),
                ranks: ranks,
                sessionCookie: sessionCookie,
                map: map,
                account: frame.visitor.account
            )
            try route.check(call)
            return (route, call)
        }
        throw Problem(404, "there is nothing at '\(RequestTarget.shown("/" + target.path.joined(separator: "/")))'")
    }

    private func make(_ route: Route, _ call: ConsoleCall) throws(Problem) -> ConsoleContent {
        do {
            return try route.answer(call)
        } catch let problem as Problem {
            throw problem
        } catch {
            // For example, a determination of a newer version. Say so, and show nothing of it.
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

    /// A browser must not keep pages of a signed-in person, because another person may use it next.
    private func caching(_ tag: String, _ route: Route, _ frame: PageFrame) -> [ConsoleResponse.Header] {
        let isOpen =
            frame.visitor == .machine || route.isFixed || route.area == .published && frame.visitor == .nobody
        return [.init("ETag", tag), .init("Cache-Control", isOpen ? "no-cache" : "private, no-store")]
            + (frame.visitor == .machine ? [] : [.init("Vary", "Cookie")])
    }
}
