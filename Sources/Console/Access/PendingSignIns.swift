internal import Crypto

/// The sign-ins that began here and for which the provider has not led back yet.
///
/// They are only in memory. Each is used once, lasts ten minutes, and belongs to the browser that began it.
struct PendingSignIns: Sendable {
    /// One of them.
    struct SignIn: Sendable {
        /// What the provider must put into its token.
        let nonce = Sessions.token()
        /// What proves to the provider that the console itself began the sign-in (PKCE, RFC 7636).
        let verifier = Sessions.token()
        /// The page to show afterwards.
        let next: String
        fileprivate let browser: SHA256Digest
        fileprivate let began: Sessions.Moment
        fileprivate var isUsed = false
    }

    /// How long a sign-in may take.
    static let longest = AttemptLimits.window

    // The one used stays here until its time is over, so it counts as an attempt.
    private var all: [SHA256Digest: SignIn] = [:]

    /// Begins a sign-in.
    ///
    /// - Throws: ``Problem`` if too many began within ten minutes.
    mutating func begin(_ state: String, cookie: String, next: String, at now: Sessions.Moment) throws(Problem)
        -> SignIn
    {
        all = all.filter { now - $0.value.began < Self.longest }
        guard all.count < AttemptLimits.mostOfAll else {
            let first = all.values.map(\.began).min() ?? now
            throw Problem.tooManyAttempts(wait: Self.longest - (now - first))
        }
        let signIn = SignIn(next: next, browser: Self.key(cookie), began: now)
        all[Self.key(state)] = signIn
        return signIn
    }

    /// Takes the sign-in of a state, which can be used only once.
    ///
    /// - Throws: ``Problem`` if there is none, or if another browser began it. Then that browser can still go on.
    mutating func take(_ state: String, cookie: String?, at now: Sessions.Moment) throws(Problem) -> SignIn {
        let key = Self.key(state)
        guard let signIn = all[key], now - signIn.began < Self.longest, !signIn.isUsed else {
            throw Problem(
                409,
                "this sign-in was used already, took longer than ten minutes, or began before the console was started again: sign in again"
            )
        }
        guard let cookie, Self.key(cookie) == signIn.browser else {
            throw Problem(
                403,
                "this sign-in did not begin in this browser, or another one began here later; no one was signed in: sign in again"
            )
        }
        all[key]?.isUsed = true
        return signIn
    }

    private static func key(_ token: String) -> SHA256Digest { SHA256.hash(data: Array(token.utf8)) }
}
