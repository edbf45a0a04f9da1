internal import Operating

/// The page for signing in.
enum SignInPage {
    /// Shows the form.
    ///
    /// A signed-in visitor is sent on.
    static func show(_ call: DeskRoute.Call) throws -> DeskRoute.Reply {
        switch call.frame.visitor {
        case .machine: throw noAccounts
        case .person: return .seeOther(destination(call.query["next"]))
        case .nobody: return try page(call, next: call.query["next"])
        }
    }

    /// Without accounts, everyone is the machine's own visitor.
    static let noAccounts = Problem(
        404,
        "there are no accounts, so no one needs to sign in: everything is shown, read-only"
    )

    /// Takes the form.
    static func take(_ call: DeskRoute.Call) async throws -> DeskRoute.Reply {
        let form = call.form
        do throws(Problem) {
            let cookie = try await call.desk.signIn.signIn(form?["name"] ?? "", form?["password"] ?? "", call.request)
            return .seeOther(destination(form?["next"]), headers: [cookie])
        } catch {
            guard [422, 429].contains(error.status) else { throw error }
            return try page(call, next: form?["next"], name: form?["name"], fault: error)
        }
    }

    /// The address to show after signing in.
    ///
    /// Anything that is not an address of this console, such as another site, becomes the first page.
    static func destination(_ next: String?) -> String {
        guard let next, next.hasPrefix("/"), !next.hasPrefix("//"), !next.contains("\\"),
            let target = try? RequestTarget(next), next.utf8.allSatisfy({ (0x21...0x7E).contains($0) }),
            target.path.first != String(Address.signIn.dropFirst())
        else { return "/" }
        return next
    }

    private static func page(
        _ call: DeskRoute.Call,
        next: String?,
        name: String? = nil,
        fault: Problem? = nil
    ) throws -> DeskRoute.Reply {
        var headers: [ConsoleResponse.Header] = []
        var token = call.frame.token
        if token.isEmpty { (headers, token) = { ([$0.header], $0.token) }(call.desk.signIn.beginVisit()) }
        if let seconds = fault?.retryAfter { headers.append(.init("Retry-After", String(seconds))) }
        var context: [String: Any] = ["token": token, "name": name ?? ""]
        context["next"] = next
        context["fault"] = fault?.detail
        context["provider"] = call.desk.singleSignOn.map { singleSignOn in
            [
                "name": singleSignOn.settings.providerName, "href": Address.of(Address.singleSignOn, [("next", next)]),
            ]
        }
        let page = Page(title: "Sign in", lead: "Use the account that the operator of this installation gave you.")
        let content = try page.html(call.tables, "sign_in", context)
        return .page(content, status: fault?.status ?? 200, headers: headers)
    }
}
