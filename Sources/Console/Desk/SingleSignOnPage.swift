internal import Operating

/// The addresses of single sign-on.
enum SingleSignOnPage {
    /// Sends the browser to the provider.
    static func begin(_ call: DeskRoute.Call) async throws -> DeskRoute.Reply {
        let singleSignOn = try available(call)
        let next = SignInPage.destination(call.query["next"])
        if call.frame.visitor.account != nil { return .seeOther(next) }
        // Another site must not begin sign-ins, because there are only so many.
        try call.desk.signIn.address.checkSource(call.request)
        do throws(Problem) {
            let (address, header) = try await singleSignOn.begin(call.request, next: next)
            return .seeOther(address, headers: [header])
        } catch {
            singleSignOn.report(error)
            throw error
        }
    }

    /// Signs in whom the provider names.
    ///
    /// The page that follows needs the cookie of the session. A browser does not send it after a redirect from the
    /// provider's site, so a page of the console's own leads there.
    static func finish(_ call: DeskRoute.Call) async throws -> DeskRoute.Reply {
        let singleSignOn = try available(call)
        do throws(Problem) {
            let (identity, next) = try await singleSignOn.finish(call.query, call.request)
            let (account, header) = try call.desk.signIn.signIn(identity: identity, call.request)
            return try page(call, account, next, header)
        } catch {
            singleSignOn.report(error)
            throw error
        }
    }

    private static func page(
        _ call: DeskRoute.Call,
        _ account: Account,
        _ next: String,
        _ header: ConsoleResponse.Header
    ) throws(Problem) -> DeskRoute.Reply {
        let page = Page(title: "You are signed in", lead: "The account is \(account.name).", next: next)
        do {
            return .page(try page.html(call.tables, "signed_in", ["next": next]), headers: [header])
        } catch {
            throw Problem(500, "this cannot be shown: \(error)")
        }
    }

    private static func available(_ call: DeskRoute.Call) throws(Problem) -> SingleSignOn {
        guard call.frame.visitor != .machine else { throw SignInPage.noAccounts }
        guard let singleSignOn = call.desk.singleSignOn else {
            throw Problem(404, "single sign-on is not set up here: sign in with a password")
        }
        return singleSignOn
    }
}
