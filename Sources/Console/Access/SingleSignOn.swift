internal import Crypto
internal import Foundation
package import Logging
internal import Operating
internal import Synchronization

/// Signs people in at a provider of OpenID Connect: the authorization code flow with PKCE.
package final class SingleSignOn: Sendable {
    let settings: SingleSignOnSettings
    private let provider: IdentityProvider
    private let pending = Mutex(PendingSignIns())
    private let logger: Logger
    private let clock: ConsoleClock

    /// The cookie of a sign-in on this machine; see ``SiteAddress/singleSignOnCookie``.
    static let cookie = "accountability_single_sign_on"

    /// Single sign-on with these settings; the client sends the requests to the provider.
    package init(
        _ settings: SingleSignOnSettings,
        _ client: ProviderClient,
        logger: Logger,
        clock: ConsoleClock = .machine
    ) {
        self.settings = settings
        self.logger = logger
        self.clock = clock
        provider = IdentityProvider(settings, client, clock)
    }

    /// Begins a sign-in.
    ///
    /// - Returns: the provider's address to go to, and the cookie that ties the sign-in to the browser.
    func begin(_ request: ConsoleRequest, next: String) async throws(Problem)
        -> (address: String, header: ConsoleResponse.Header)
    {
        let now = clock.moment()
        guard settings.isOwn(request) else {
            throw Problem(
                421,
                "the provider leads back to \(settings.address) only: open the console there to sign in at the provider"
            )
        }
        let (state, cookie) = (Sessions.token(), Sessions.token())
        let signIn = try pending.withLock { pending throws(Problem) in
            try pending.begin(state, cookie: cookie, next: next, at: now)
        }
        let metadata = try await provider.metadata(at: now)
        let address = Self.address(
            metadata.authorizationEndpoint,
            [
                ("response_type", "code"), ("client_id", settings.client), ("redirect_uri", settings.callback),
                ("scope", settings.scope), ("state", state), ("nonce", signIn.nonce),
                ("code_challenge", Base64URL.text(SHA256.hash(data: Array(signIn.verifier.utf8)))),
                ("code_challenge_method", "S256"),
            ]
        )
        // The provider's site leads back, so the cookie must come along then. Only the callback gets it.
        let setting =
            "\(settings.site.singleSignOnCookie)=\(cookie); Path=\(Address.callback); HttpOnly; SameSite=Lax\(settings.site.cookieAttribute); Max-Age=\(PendingSignIns.longest.components.seconds)"
        return (address, .init("Set-Cookie", setting))
    }

    /// Ends a sign-in with what the provider's address to go back to contains.
    ///
    /// - Returns: who signed in, and the page to show.
    func finish(_ query: [String: String], _ request: ConsoleRequest)
        async throws(Problem) -> (identity: String, next: String)
    {
        let now = clock.moment()
        guard let state = query["state"] else {
            throw Problem(400, "only the provider of single sign-on leads here: sign in from the sign-in page")
        }
        let cookie = SignIn.cookie(settings.site.singleSignOnCookie, of: request)
        let signIn = try pending.withLock { pending throws(Problem) in
            try pending.take(state, cookie: cookie, at: now)
        }
        let metadata = try await provider.metadata(at: now)
        // RFC 9207: the answer may say which provider it is from.
        let isOwn = query["iss"].map { $0 == settings.issuer }
        guard isOwn ?? (metadata.authorizationResponseIssParameterSupported != true) else {
            throw Problem.provider("its answer names another issuer")
        }
        if let error = query["error"] {
            throw Problem.provider("it did not sign you in (\(IdentityProvider.isErrorCode(error) ? error : "error"))")
        }
        guard let code = query["code"] else { throw Problem.provider("its answer has no code") }
        let claims = try await provider.claims(code, signIn, at: now)
        return (try claims.identity(settings.claim), signIn.next)
    }

    /// Reports a failure of the provider to the operator.
    func report(_ problem: Problem) {
        guard problem.status == Problem.providerStatus else { return }
        logger.warning("single sign-on failed", metadata: ["reason": "\(problem.detail)"])
    }

    /// An address with a longer query.
    private static func address(_ text: String, _ query: [(String, String)]) -> String {
        text + (text.contains("?") ? "&" : "?")
            + query.map { "\($0)=\(RequestTarget.encoded($1))" }.joined(separator: "&")
    }
}
