internal import Operating

/// Where people reach the console: on this machine, or at a public address that a proxy encrypts.
///
/// With a public address, pages are answered there only. So there is one origin, which every check and cookie is for.
struct SiteAddress: Sendable {
    /// The public address; nil if there is no proxy, and people are on this machine.
    let publicAddress: PublicAddress?

    /// The cookie of a session.
    ///
    /// With the prefix, browsers take it only over TLS, and from no other host of the same domain (RFC 6265bis).
    var sessionCookie: String { publicAddress == nil ? ConsoleCall.cookie : "__Host-\(ConsoleCall.cookie)" }

    /// The cookie of a sign-in at a provider.
    var singleSignOnCookie: String { (publicAddress == nil ? "" : "__Secure-") + SingleSignOn.cookie }

    /// The attribute of cookies that keeps them off connections without TLS.
    var cookieAttribute: String { publicAddress == nil ? "" : "; Secure" }

    /// The headers of every answer: a browser that was here once never comes without TLS again.
    var headers: [ConsoleResponse.Header] {
        publicAddress == nil ? [] : [.init("Strict-Transport-Security", "max-age=31536000")]
    }

    /// Whether a request names the console's host.
    func isNamed(by request: ConsoleRequest) -> Bool {
        publicAddress.map { $0.isNamed(by: request.host) } ?? HostCheck.isLoopback(request.host)
    }

    /// Refuses a request for another host, or one that came in a way that the console does not know of.
    func checkHost(_ request: ConsoleRequest) throws(Problem) {
        guard let publicAddress else {
            guard isNamed(by: request) else {
                throw Problem(
                    421,
                    "the console answers only to 127.0.0.1, [::1] and localhost: another name for this machine may be an attack"
                )
            }
            // Whoever comes through a proxy is not on this machine, and may not be shown what is open to everyone here.
            guard !request.isForwarded else {
                throw Problem(
                    421,
                    "a proxy forwarded this request, and the console does not know its address: start the console with --address https://HOST"
                )
            }
            return
        }
        guard isNamed(by: request) else {
            throw Problem(
                421,
                "the console is at \(publicAddress.origin): open it there. If you did, its proxy must pass on the header Host"
            )
        }
        guard request.forwardedScheme != "http" || request.isReading else {
            throw Problem(403, "this request was not encrypted on its way to the proxy; nothing was done")
        }
    }

    /// The encrypted address of a request that reached the proxy without encryption; nil if it did not.
    func encrypted(_ request: ConsoleRequest) -> String? {
        guard let publicAddress, request.forwardedScheme == "http", request.isReading, request.target.hasPrefix("/")
        else { return nil }
        return publicAddress.origin + request.target
    }

    /// Refuses a request if the browser says that another site sends it.
    ///
    /// This happens before its content is read.
    func checkSource(_ request: ConsoleRequest) throws(Problem) {
        let own = publicAddress?.origin ?? "http://\(request.host ?? "")"
        let isForeign =
            request.fetchSite.map { $0 != "same-origin" && $0 != "none" } ?? false
            // A page without a referrer sends "null" as its origin.
            || request.origin.map { $0 != "null" && $0 != own } ?? false
        guard !isForeign else { throw Problem(403, "another site sent this request; nothing was done") }
    }
}
