internal import Operating

/// The whole console: identifies the visitor, checks the permission, and answers.
package struct Site: Sendable {
    private let console: Console
    private let desk: Desk
    private let store: ConsoleStore

    package init(_ console: Console, _ desk: Desk, _ store: ConsoleStore) {
        self.console = console
        self.desk = desk
        self.store = store
    }

    private var address: SiteAddress { desk.signIn.address }

    /// The answer to a request.
    package func respond(to request: ConsoleRequest) async -> ConsoleResponse {
        var response = await answer(request)
        response.headers += address.headers
        return response
    }

    private func answer(_ request: ConsoleRequest) async -> ConsoleResponse {
        let tables = store.current
        let frame: PageFrame
        do throws(Problem) {
            try address.checkHost(request)
            if let encrypted = address.encrypted(request) { return .moved(encrypted) }
            frame = try desk.signIn.frame(of: request)
        } catch {
            return console.answer(error, to: request, tables, in: PageFrame(visitor: .nobody))
        }
        do throws(Problem) {
            guard let (route, call) = try find(request, tables, frame) else {
                return console.respond(to: request, tables, in: frame)
            }
            return try await answer(route, call)
        } catch {
            return console.answer(error, to: request, tables, in: frame)
        }
    }

    /// The most bytes of a request's body that are read; 0 if the visitor may not send it.
    package func bodyLimit(for request: ConsoleRequest) -> Int {
        guard (try? address.checkHost(request)) != nil, let target = try? RequestTarget(request.target),
            let route = DeskRoutes.all.first(where: {
                $0.method.rawValue == request.method && $0.arguments(of: target.path) != nil
            }),
            let frame = try? desk.signIn.frame(of: request), frame.visitor != .machine,
            frame.visitor.mayRead(route.needs), (try? address.checkSource(request)) != nil,
            route.operation == nil || (try? desk.signIn.checkToken(request)) != nil
        else { return 0 }
        return route.bodyLimit
    }

    /// The answer to a request whose body was not read.
    package func refuse(_ request: ConsoleRequest, _ status: Int, _ detail: String) -> ConsoleResponse {
        var response = console.answer(
            Problem(status, detail),
            to: request,
            store.current,
            in: PageFrame(visitor: .nobody)
        )
        response.headers += address.headers
        return response
    }

    /// Whether a request may follow the data.
    package func mayFollow(_ request: ConsoleRequest) -> Bool {
        guard isReached(by: request) else { return false }
        return (try? desk.signIn.frame(of: request).visitor.mayRead(.district)) ?? false
    }

    /// Whether a request came to the console's address, encrypted if that is a public one.
    package func isReached(by request: ConsoleRequest) -> Bool {
        (try? address.checkHost(request)) != nil && address.encrypted(request) == nil
    }

    /// Whether every visitor may see what the brokers say.
    package func isOpen(_ request: ConsoleRequest) -> Bool {
        (try? desk.signIn.frame(of: request).visitor) == .machine
    }

    private func find(
        _ request: ConsoleRequest,
        _ tables: ConsoleTables,
        _ frame: PageFrame
    ) throws(Problem) -> (DeskRoute, DeskRoute.Call)? {
        let target = try RequestTarget(request.target)
        try Self.checkMethod(request, target)
        let method: DeskRoute.Method = request.isReading ? .get : .post
        guard request.isReading || request.method == "POST" else { return nil }
        for route in DeskRoutes.all where route.method == method {
            guard let arguments = route.arguments(of: target.path) else { continue }
            // Without accounts no one can act, and there are no forms.
            if route.needs != .everybody { _ = try frame.visitor.checkActing(route.needs) }
            var form: FormData?
            if method == .post, route.operation != nil {
                try desk.signIn.checkToken(request)
            } else if method == .post {
                let sent = try FormData(request)
                try desk.signIn.check(sent, request)
                form = sent
            }
            if !route.isForeign { try Route.check(target.query, route.query) }
            let call = DeskRoute.Call(
                desk: desk,
                request: request,
                frame: frame,
                tables: console.seen(tables, in: frame),
                query: target.query,
                arguments: arguments,
                form: form
            )
            return (route, call)
        }
        return nil
    }

    /// Refuses a method that an address of the API does not answer.
    private static func checkMethod(_ request: ConsoleRequest, _ target: RequestTarget) throws(Problem) {
        let methods = Set(DeskRoutes.described.filter { $0.arguments(of: target.path) != nil }.map(\.method))
        let known = (methods.contains(.get) ? ["GET", "HEAD"] : []) + (methods.contains(.post) ? ["POST"] : [])
        guard !known.isEmpty, !known.contains(request.method) else { return }
        throw Problem(
            405,
            "this address only answers \(known.joined(separator: " and "))",
            allow: known.joined(separator: ", ")
        )
    }

    private func answer(_ route: DeskRoute, _ call: DeskRoute.Call) async throws(Problem) -> ConsoleResponse {
        do {
            switch try await route.answer(call) {
            case .seeOther(let address, let headers): return .seeOther(address, headers)
            case .json(let value, let status, let headers):
                let own: [ConsoleResponse.Header] = [
                    .init("Content-Type", "application/json"), .init("Cache-Control", "private, no-store"),
                    .init("Vary", "Cookie"),
                ]
                return ConsoleResponse(
                    status: status,
                    headers: own + headers + ConsoleResponse.guards,
                    body: Array(value.text.utf8)
                )
            case .page(let content, let status, let headers):
                let own = content.headers + [.init("Cache-Control", "private, no-store")]
                let body = try content.bytes(in: call.frame)
                return ConsoleResponse(status: status, headers: own + headers + ConsoleResponse.guards, body: body)
            }
        } catch let problem as Problem {
            throw problem
        } catch {
            throw Problem(500, "this cannot be shown: \(error)")
        }
    }
}
