import Foundation
import Logging
import Operating
import Rules
import Synchronization
import Testing

@testable import Console

extension ConsoleClock {
    /// No time passes, however slow the machine is.
    static let stopped: ConsoleClock = {
        let (moment, date) = (ContinuousClock.now, Date())
        return ConsoleClock(moment: { moment }, date: { date })
    }()
}

/// A console with accounts in a home of its own.
///
/// Nothing of it is inlined: over what it throws in the middle of an asynchronous test the optimizer of Swift 6.3.1
/// dies ("While splitting coroutine").
final class SignInBench: Sendable {
    let home: Home
    let site: Site
    let store: ConsoleStore
    let calls = ProgramCalls()

    @inline(never) init(
        _ accounts: [Account],
        _ singleSignOn: SingleSignOn? = nil,
        address: PublicAddress? = nil,
        clock: ConsoleClock = .stopped
    ) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "sign-in-\(UUID().uuidString)")
        home = Home(environment: ["ACCOUNTABILITY_HOME": folder.path])
        store = ConsoleStore(try AccessExample.tables())
        let calls = calls
        let runner = ProgramRunner { arguments, _, _ in calls.take(arguments) }
        site = Site(
            Console(life: "test", address: address),
            Desk(
                home: home,
                runner: runner,
                address: address,
                singleSignOn: singleSignOn,
                clock: clock,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            ),
            store
        )
        if !accounts.isEmpty { try change { $0 = accounts } }
    }

    /// A console with one account.
    @inline(never) convenience init(_ role: Role) throws { try self.init([try AccessExample.account(role)]) }

    deinit { try? FileManager.default.removeItem(at: home.directory) }

    func change(_ body: (inout [Account]) throws -> Void) throws { try AccountFile(home).change(body) }

    @inline(never) func get(_ target: String, _ cookie: String? = nil) async -> ConsoleResponse {
        var request = ConsoleRequest(target)
        request.cookie = cookie
        return await site.respond(to: request)
    }

    @inline(never) func post(
        _ target: String,
        _ fields: [String: String],
        _ cookie: String?,
        _ change: ((inout ConsoleRequest) -> Void)? = nil
    ) async -> ConsoleResponse {
        var request = ConsoleRequest(target, method: "POST")
        request.cookie = cookie
        request.contentType = "application/x-www-form-urlencoded"
        request.body = Array(
            fields.map { "\($0.key)=\(RequestTarget.encoded($0.value))" }.joined(separator: "&").utf8
        )
        change?(&request)
        return await site.respond(to: request)
    }

    /// Sends a file, as the form of the page does.
    @inline(never) func upload(_ text: String, name: String = "file.csv", _ session: String) async throws
        -> ConsoleResponse
    {
        let token = try await self.token(session)
        var request = ConsoleRequest("/upload", method: "POST")
        request.cookie = session
        request.contentType = "multipart/form-data; boundary=b"
        request.body = Array(
            ("--b\r\nContent-Disposition: form-data; name=\"token\"\r\n\r\n\(token)\r\n--b\r\nContent-Disposition: form-data; "
                + "name=\"file\"; filename=\"\(name)\"\r\n\r\n\(text)\r\n--b--\r\n")
                .utf8
        )
        return await site.respond(to: request)
    }

    /// What the forms of somebody who is signed in carry.
    @inline(never) func token(_ session: String) async throws -> String {
        try #require(Self.token(await get("/files", session).text))
    }

    /// Sends a form with its token.
    @inline(never) func send(_ target: String, _ session: String) async throws -> ConsoleResponse {
        try await send(target, [:], session)
    }

    /// Sends a form with its fields and its token.
    @inline(never) func send(_ target: String, _ fields: [String: String], _ session: String) async throws
        -> ConsoleResponse
    {
        await post(target, fields.merging(["token": try await token(session)]) { $1 }, session)
    }

    static func cookie(_ answer: ConsoleResponse) -> String? {
        answer["Set-Cookie"].map { String($0.prefix { $0 != ";" }) }
    }

    static func token(_ page: String) -> String? {
        page.firstMatch(of: /name="token" value="([0-9a-f]{64})"/).map { String($0.1) }
    }

    /// The cookie and the token of the form.
    @inline(never) func visit() async throws -> (cookie: String, token: String) {
        let page = await get("/sign-in")
        return (try #require(Self.cookie(page)), try #require(Self.token(page.text)))
    }

    /// Signs in; returns the cookie.
    @inline(never) func signIn(_ name: String = "anna", _ password: String = "a long password") async throws -> String {
        let (cookie, token) = try await visit()
        let answer = await post("/sign-in", ["name": name, "password": password, "token": token], cookie)
        try #require(answer.status == 303, "\(answer.status)")
        return try #require(Self.cookie(answer))
    }
}

@Suite struct SignInTests {
    @Test("Somebody signs in, sees what the role shows, and signs out")
    func wholeWay() async throws {
        let bench = try SignInBench(.district)
        #expect(await bench.get("/files")["Location"] == "/sign-in?next=%2Ffiles")
        let (visit, token) = try await bench.visit()
        let fields = ["name": "anna", "password": "a long password", "token": token, "next": "/files?limit=5"]
        let answer = await bench.post("/sign-in", fields, visit)
        #expect(answer.status == 303 && answer["Location"] == "/files?limit=5")
        let setting = try #require(answer["Set-Cookie"])
        #expect(setting.hasSuffix("; Path=/; HttpOnly; SameSite=Strict"))
        let cookie = try #require(SignInBench.cookie(answer))
        #expect(cookie != visit && cookie.count == "accountability_session=".count + 64)
        let page = await bench.get("/files", cookie)
        #expect(page.status == 200 && page.text.contains("own.csv") && !page.text.contains("other.csv"))
        #expect(await bench.get("/run", cookie).status == 403)
        #expect(await bench.get("/files", visit).status == 303, "the cookie of before is nobody's")
        #expect(await bench.get("/sign-in", cookie)["Location"] == "/")
        let form = try #require(SignInBench.token(page.text))
        let out = await bench.post("/sign-out", ["token": form], cookie)
        #expect(out.status == 303 && out["Set-Cookie"]?.contains("Max-Age=0") == true)
        #expect(await bench.get("/files", cookie).status == 303)
        #expect(await bench.get("/api/v1/submissions", cookie).status == 401)
    }

    @Test("A wrong password and an unknown name get the same answer")
    func wrong() async throws {
        let bench = try SignInBench(.data)
        let (cookie, token) = try await bench.visit()
        var answers: [String] = []
        for (name, password) in [("anna", "another password"), ("nobody", "a long password"), ("", "")] {
            let answer = await bench.post("/sign-in", ["name": name, "password": password, "token": token], cookie)
            #expect(answer.status == 422 && answer["Set-Cookie"] == nil)
            answers.append(answer.text.replacing("value=\"\(name)\"", with: ""))
            #expect(!answer.text.contains("another password"))
        }
        #expect(Set(answers).count == 1)
        let nobody = try #require(PasswordHash.ofNobody)
        #expect(nobody.cost == .standard)
    }

    @Test("A form without this browser's token does nothing")
    func tokens() async throws {
        let bench = try SignInBench(.data)
        let (cookie, token) = try await bench.visit()
        let other = try await bench.visit()
        let right = ["name": "anna", "password": "a long password"]
        for wrong in [nil, "", "0", other.token, String(token.dropLast()) + (token.last == "0" ? "1" : "0")] {
            let fields = right.merging(wrong.map { ["token": $0] } ?? [:]) { $1 }
            let answer = await bench.post("/sign-in", fields, cookie)
            #expect(answer.status == 403 && answer["Set-Cookie"] == nil, "\(wrong ?? "none")")
        }
        #expect(await bench.post("/sign-in", right.merging(["token": token]) { $1 }, nil).status == 403)
        let sites: [(origin: String?, site: String?)] = [
            ("http://evil.example", nil), (nil, "cross-site"), (nil, "same-site"), ("null", "cross-site"),
            ("https://127.0.0.1", nil),
        ]
        for (origin, site) in sites {
            let answer = await bench.post("/sign-in", right.merging(["token": token]) { $1 }, cookie) {
                ($0.origin, $0.fetchSite) = (origin, site)
            }
            #expect(answer.status == 403, "\(origin ?? "-") \(site ?? "-")")
        }
        let answer = await bench.post("/sign-in", right.merging(["token": token]) { $1 }, cookie) {
            ($0.origin, $0.fetchSite) = ("null", "same-origin")
        }
        #expect(answer.status == 303)
        let session = try #require(SignInBench.cookie(answer))
        #expect(await bench.post("/sign-out", ["token": token], session).status == 403)
        #expect(await bench.get("/run", session).status == 200)
    }

    @Test(
        "Every address that is sent something wants the token",
        arguments: DeskRoutes.all.filter { $0.method == .post }.map(\.path)
    )
    func everyPost(path: String) async throws {
        let bench = try SignInBench(.operator)
        let session = try await bench.signIn()
        let target = path.replacing(/\{[a-z]+\}/, with: "x")
        #expect(await bench.post(target, [:], session).status == 403)
        #expect(await bench.post(target, ["token": String(repeating: "0", count: 64)], session).status == 403)
    }

    @Test("A session ends when its account is removed, or gets another password or role")
    func ended() async throws {
        let bench = try SignInBench(.operator)
        let changes: [(inout [Account]) throws -> Void] = [
            {
                $0[0].credential = .password(
                    try PasswordHash(
                        of: "another password",
                        cost: .init(rounds: 16, blockSize: 8, parallelism: 1)
                    )
                )
            },
            { $0[0] = try AccessExample.account(.approver) },
            { accounts in accounts = [try AccessExample.account(.operator, "bert")] },
        ]
        for change in changes {
            try bench.change { $0 = [try AccessExample.account(.operator)] }
            let session = try await bench.signIn()
            #expect(await bench.get("/run", session).status == 200)
            try bench.change(change)
            #expect(await bench.get("/run", session).status == 303)
        }
    }

    @Test("A session ends after half an hour without a visit, and after twelve hours")
    func expiry() throws {
        let sessions = Sessions()
        let account = try AccessExample.account(.data)
        let start = ContinuousClock.now
        func isKnown(_ token: String, _ seconds: Int, isVisit: Bool = true) -> Bool {
            sessions.account(of: token, [account], at: start + .seconds(seconds), isVisit: isVisit) != nil
        }
        let first = sessions.begin(account, at: start)
        #expect(isKnown(first, 1799) && isKnown(first, 3598) && !isKnown(first, 5398))
        // A page that renews itself is no visit.
        let second = sessions.begin(account, at: start)
        #expect(isKnown(second, 1000, isVisit: false) && !isKnown(second, 1800))
        let third = sessions.begin(account, at: start)
        for minute in 1..<720 { #expect(isKnown(third, minute * 60)) }
        #expect(!isKnown(third, 12 * 3600))
        #expect(!isKnown(String(repeating: "0", count: 64), 0))
        let many = (0..<21).map { sessions.begin(account, at: start + .seconds($0)) }
        #expect(!isKnown(many[0], 30) && isKnown(many[1], 30) && isKnown(many[20], 30))
    }

    @Test("Attempts are limited by name and altogether")
    func limits() async throws {
        var limits = AttemptLimits()
        let start = ContinuousClock.now
        for attempt in 0..<8 { #expect(limits.take("anna", at: start + .seconds(attempt)) == nil) }
        #expect(limits.take("anna", at: start + .seconds(10)) == .seconds(590))
        #expect(limits.take("bert", at: start + .seconds(10)) == nil)
        #expect(limits.take("anna", at: start + .seconds(600)) == nil)
        var all = AttemptLimits()
        for number in 0..<100 { #expect(all.take("a\(number)", at: start) == nil) }
        #expect(all.take("b", at: start + .seconds(1)) == .seconds(599))
        var right = AttemptLimits()
        for _ in 0..<20 {
            #expect(right.take("anna", at: start) == nil)
            right.succeed("anna")
        }
    }

    @Test("The right password of a name that was tried too often is not tried for ten minutes")
    func limitsOfAName() async throws {
        let (start, passed) = (ContinuousClock.now, Passed())
        let clock = ConsoleClock(moment: { start + .seconds(passed.seconds) }, date: { Date() })
        let bench = try SignInBench([try AccessExample.account(.data)], clock: clock)
        let (cookie, token) = try await bench.visit()
        for _ in 0..<8 {
            let answer = await bench.post("/sign-in", ["name": "anna", "password": "wrong", "token": token], cookie)
            #expect(answer.status == 422)
            passed.seconds += 10
        }
        let right = ["name": "anna", "password": "a long password", "token": token]
        let answer = await bench.post("/sign-in", right, cookie)
        #expect(answer.status == 429 && answer["Retry-After"] == "520" && answer["Set-Cookie"] == nil)
        passed.seconds = 600
        #expect(await bench.post("/sign-in", right, cookie).status == 303)
    }

    /// The seconds that a test lets pass.
    private final class Passed: Sendable {
        private let count = Mutex(0)
        var seconds: Int {
            get { count.withLock { $0 } }
            set { count.withLock { $0 = newValue } }
        }
    }

    @Test(
        "Signing in leads nowhere else",
        arguments: [
            nil, "", "x", "//evil.example", "/\\evil.example", "http://evil.example", "/\r\nSet-Cookie: a=b", "/%",
            "/sign-in", "/sign-in?next=/", "/a b",
        ] as [String?]
    )
    func destinations(next: String?) {
        #expect(SignInPage.destination(next) == "/")
        #expect(SignInPage.destination("/years/2019?q=a%20b") == "/years/2019?q=a%20b")
    }

    @Test("A damaged file of accounts shows nothing to anybody")
    func damaged() async throws {
        let bench = try SignInBench(.operator)
        let session = try await bench.signIn()
        try Data("{".utf8).write(to: AccountFile(bench.home).url)
        for target in ["/run", "/files", "/years/2019", "/api/v1/years", "/sign-in", "/frameworks"] {
            for cookie in [nil, session] {
                let answer = await bench.get(target, cookie)
                #expect(answer.status == 503 && !answer.text.contains("Example District"), "\(target)")
            }
        }
    }

    @Test("Without accounts the console reads, and nothing else")
    func noAccounts() async throws {
        let bench = try SignInBench([])
        for target in ["/run", "/files", "/years/2019", "/api/v1/run"] {
            #expect(await bench.get(target).status == 200)
        }
        #expect(await bench.get("/years/2019").text.contains("School 1"))
        #expect(await bench.get("/sign-in").status == 404)
        for route in DeskRoutes.all where route.method == .post {
            let target = route.path.replacing(/\{[a-z]+\}/, with: "x")
            #expect(await bench.post(target, ["token": "x"], nil).status == 403, "\(target)")
        }
        #expect(await bench.post("/run", [:], nil).status == 405)
    }

    @Test("Nobody sends much")
    func bodies() async throws {
        let bench = try SignInBench(.district)
        let session = try await bench.signIn()
        func limit(_ target: String, _ cookie: String?, method: String = "POST", site: String? = nil) -> Int {
            var request = ConsoleRequest(target, method: method)
            (request.cookie, request.fetchSite) = (cookie, site)
            return bench.site.bodyLimit(for: request)
        }
        #expect(limit("/sign-in", nil) == DeskRoute.formLimit && limit("/sign-out", nil) == 0)
        #expect(
            limit("/sign-out", session) == DeskRoute.formLimit && limit("/sign-out", session, site: "cross-site") == 0
        )
        #expect(limit("/sign-in", nil, method: "PUT") == 0 && limit("/run", session) == 0 && limit("*", session) == 0)
    }

    @Test("A damaged form is refused, whatever bytes it has", arguments: 0..<8)
    func hostileForms(seed: UInt64) {
        var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        func next(_ bound: Int) -> Int {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return Int(state % UInt64(bound))
        }
        let words = [
            "--b", "\r\n", "\r\n\r\n", "--", "Content-Disposition: form-data; name=\"a\"", "; filename=\"", "\"", "x",
            "=", "&", "%", "%41", "\u{0}",
        ]
        for type in ["multipart/form-data; boundary=b", "application/x-www-form-urlencoded", "text/plain", ""] {
            for _ in 0..<300 {
                var request = ConsoleRequest("/", method: "POST")
                request.contentType = type
                request.body = Array((0..<next(14)).map { _ in words[next(words.count)] }.joined().utf8)
                do {
                    _ = try FormData(request)
                } catch {
                    #expect([400, 415].contains(error.status))
                }
            }
        }
    }

    @Test("A file comes out of a form as it went in")
    func multipart() throws {
        var request = ConsoleRequest("/", method: "POST")
        request.contentType = "multipart/form-data; boundary=\"--x\""
        let file: [UInt8] = [0, 13, 10, 45, 45, 255] + Array("--x--\r\n----".utf8)
        request.body =
            Array("----x\r\nContent-Disposition: form-data; name=\"token\"\r\n\r\nabc\r\n----x\r\n".utf8)
            + Array(
                "Content-Disposition: form-data; name=\"file\"; filename=\"..\\a/b %22c%22.csv\"\r\nContent-Type: text/csv\r\n\r\n"
                    .utf8
            )
            + file + Array("\r\n----x--\r\n".utf8)
        let form = try FormData(request)
        #expect(form["token"] == "abc" && form.file?.name == "b \"c\".csv")
        #expect(form.file.map { Array($0.bytes) } == file)
    }
}
