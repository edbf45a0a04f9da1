internal import Dispatch
internal import Foundation
internal import Operating
internal import Synchronization

/// Identifies visitors, and signs them in and out.
package final class SignIn: Sendable {
    let address: SiteAddress
    private let book: AccountBook
    private let clock: ConsoleClock
    private let sessions = Sessions()
    private let seal = FormSeal()
    private let limits = Mutex(AttemptLimits())
    /// Passwords are hashed one at a time, because many at once would use up the memory.
    private let hashing = DispatchQueue(label: "console passwords")

    init(_ book: AccountBook, _ address: SiteAddress, _ clock: ConsoleClock) {
        self.book = book
        self.address = address
        self.clock = clock
    }

    /// The visitor that a request is answered for.
    ///
    /// Without accounts this is everyone on this machine, or nobody if people come from elsewhere.
    ///
    /// - Throws: ``Problem`` if the accounts cannot be read.
    package func frame(of request: ConsoleRequest) throws(Problem) -> PageFrame {
        let accounts = try book.accounts()
        guard !accounts.isEmpty || address.publicAddress != nil else { return .machine }
        guard let cookie = cookie(of: request) else { return PageFrame(visitor: .nobody) }
        let (token, tag) = (seal.token(for: cookie), seal.tag(of: cookie))
        guard let account = sessions.account(of: cookie, accounts, at: clock.moment(), isVisit: !request.isRenewal)
        else {
            return PageFrame(visitor: .nobody, token: token)
        }
        let colleagues = account.district == nil ? [] : accounts.filter { $0.district == account.district }
        return PageFrame(visitor: .person(account), colleagues: colleagues, token: token, tag: tag)
    }

    /// Refuses a request unless it was sent by a form that this console gave to this browser.
    func check(_ form: FormData, _ request: ConsoleRequest) throws(Problem) {
        try address.checkSource(request)
        guard let cookie = cookie(of: request), let token = form["token"], seal.isToken(token, for: cookie) else {
            throw Problem(
                403,
                "the form is too old, or it is not from this console: open the page again and send it from there"
            )
        }
    }

    /// Refuses a request of the API that would change something, unless it carries the token of its session.
    func checkToken(_ request: ConsoleRequest) throws(Problem) {
        try address.checkSource(request)
        guard let cookie = cookie(of: request), let token = request.token, seal.isToken(token, for: cookie) else {
            throw Problem(
                403,
                "the header \(ConsoleRequest.tokenHeader) is missing or wrong: \(Address.api)/session gives the token of the session"
            )
        }
    }

    /// A cookie for a visitor who has none, and the token for the form.
    func beginVisit() -> (header: ConsoleResponse.Header, token: String) {
        let cookie = Sessions.token()
        return (setting(cookie), seal.token(for: cookie))
    }

    /// Signs someone in; returns the cookie of the new session.
    ///
    /// - Throws: ``Problem``. It does not say whether the name or the password is wrong.
    func signIn(_ name: String, _ password: String, _ request: ConsoleRequest)
        async throws(Problem) -> ConsoleResponse.Header
    {
        if let wait = limits.withLock({ $0.take(name, at: clock.moment()) }) {
            throw Problem.tooManyAttempts(wait: wait)
        }
        let account = try book.accounts().first { $0.name == name }
        let isRight = await matches(password, account?.password)
        guard isRight, let account, try book.accounts().contains(account) else {
            throw Problem(422, "the name or the password is wrong")
        }
        limits.withLock { $0.succeed(name) }
        return begin(account, request)
    }

    /// Signs in whoever the provider of single sign-on says it is; returns the account and the cookie of the new
    /// session.
    ///
    /// - Throws: ``Problem`` if there is no account for this identity.
    func signIn(identity: String, _ request: ConsoleRequest)
        throws(Problem) -> (account: Account, header: ConsoleResponse.Header)
    {
        // Compare bytes: for Swift, a letter and its accent are the same as the letter with the accent.
        let isOwn = { (account: Account) in account.identity?.utf8.elementsEqual(identity.utf8) ?? false }
        guard let account = try book.accounts().first(where: isOwn) else {
            throw Problem(
                403,
                "you are signed in at the provider as \(identity), but no account of this console belongs to that: ask the operator of this "
                    + "installation, who adds one with `accountability account add NAME --role ROLE --single-sign-on IDENTITY`"
            )
        }
        return (account, begin(account, request))
    }

    private func begin(_ account: Account, _ request: ConsoleRequest) -> ConsoleResponse.Header {
        // Begin with a new token, so that a token which someone planted before is useless.
        if let old = cookie(of: request) { sessions.end(old) }
        return setting(sessions.begin(account, at: clock.moment()))
    }

    /// Signs out; returns the header that makes the browser delete its cookie.
    func signOut(_ request: ConsoleRequest) -> ConsoleResponse.Header {
        if let cookie = cookie(of: request) { sessions.end(cookie) }
        return setting("", "; Max-Age=0")
    }

    /// Whether a password is right.
    ///
    /// For an unknown name, this takes equally long.
    private func matches(_ password: String, _ hash: PasswordHash?) async -> Bool {
        guard let tried = hash ?? PasswordHash.ofNobody, password.utf8.count <= 1024 else { return false }
        return await withCheckedContinuation { continuation in
            hashing.async {
                let isRight = (try? tried.matches(password)) ?? false
                continuation.resume(returning: isRight && hash != nil)
            }
        }
    }

    private func setting(_ cookie: String, _ more: String = "") -> ConsoleResponse.Header {
        .init(
            "Set-Cookie",
            "\(address.sessionCookie)=\(cookie); Path=/; HttpOnly; SameSite=Strict\(address.cookieAttribute)\(more)"
        )
    }

    private func cookie(of request: ConsoleRequest) -> String? { Self.cookie(address.sessionCookie, of: request) }

    /// A cookie of a request, if it has the form of this console's cookies.
    static func cookie(_ name: String, of request: ConsoleRequest) -> String? {
        let values = (request.cookie ?? "").split(separator: ";").map { $0.drop { $0 == " " } }
            .filter { $0.hasPrefix("\(name)=") }
        guard values.count == 1, let value = values.first?.dropFirst(name.count + 1), value.utf8.count == 64,
            value.allSatisfy({ $0.isHexDigit && $0.isASCII })
        else { return nil }
        return String(value)
    }
}
