import Foundation
import JWTKit
import Logging
import Operating
import Testing

@testable import Console

/// A console that signs people in at a provider.
struct SingleSignOnBench {
    let provider: FakeProvider
    let console: SignInBench

    @inline(never) init(
        _ role: Role = .operator,
        identity: String = FakeProvider.identity,
        claim: String = SingleSignOnSettings.usualClaim
    ) throws {
        provider = try FakeProvider()
        let example = try AccessExample.account(role)
        let account = try Account(
            name: "anna.smith",
            role: role,
            district: example.district,
            since: example.since,
            credential: .identity(identity)
        )
        let other = try AccessExample.account(.data, "bert")
        console = try SignInBench([account, other], try provider.singleSignOn(claim: claim))
    }

    /// Begins a sign-in.
    @inline(never) func visit(next: String = "/files") async throws -> FakeProvider.Visit {
        let answer = await console.get("/sign-in/single-sign-on?next=\(RequestTarget.encoded(next))")
        try #require(answer.status == 303, "\(answer.status)")
        let location = try #require(answer["Location"])
        let query = FakeProvider.fields(String(location.drop { $0 != "?" }.dropFirst()))
        return .init(location: location, cookie: try #require(SignInBench.cookie(answer)), query: query)
    }

    /// Leads a browser back from the provider.
    @inline(never) func back(_ visit: FakeProvider.Visit, cookie: String? = nil, query: String = "code=c%2F1") async
        -> ConsoleResponse
    {
        await console.get("/sign-in/callback?state=\(visit.state)&\(query)", cookie ?? visit.cookie)
    }

    /// The whole way with a token; returns the last answer.
    @inline(never) func signIn(
        by signature: FakeProvider.Signature = .elliptic("a"),
        _ change: (inout [String: IdentityClaims.Claim]) -> Void = { _ in }
    ) async throws -> ConsoleResponse {
        let visit = try await visit()
        var claims = FakeProvider.claims(visit)
        change(&claims)
        let token = try await provider.give(claims, to: visit, by: signature)
        let answer = await back(visit)
        #expect(!answer.text.contains(token.prefix(20)), "a page never shows a token")
        return answer
    }
}

@Suite(.timeLimit(.minutes(5))) struct SingleSignOnTests {
    @Test("Somebody signs in at the provider, and acts with the account's role", arguments: [Role.district, .operator])
    func wholeWay(role: Role) async throws {
        let bench = try SingleSignOnBench(role)
        #expect(await bench.console.get("/sign-in?next=%2Ffiles").text.contains("Sign in at login.example.org"))
        let visit = try await bench.visit(next: "/files?limit=5")
        #expect(
            visit.location.hasPrefix(
                "\(FakeProvider.issuer)/authorize?tenant=1&response_type=code&client_id=the%20console&"
            )
        )
        #expect(visit.query["redirect_uri"] == "http://127.0.0.1/sign-in/callback")
        #expect(visit.query["scope"] == "openid email" && visit.query["code_challenge_method"] == "S256")
        _ = try await bench.provider.give(FakeProvider.claims(visit), to: visit)
        let answer = await bench.back(visit, query: "code=c%2F1&session_state=\(String(repeating: "x", count: 3000))")
        #expect(answer.status == 200 && bench.provider.wrongRequests.isEmpty, "\(bench.provider.wrongRequests)")
        // A browser sends no strict cookie after a redirect from elsewhere, so a page leads on.
        #expect(answer.text.contains("<meta http-equiv=\"refresh\" content=\"0; url=/files?limit=5\">"))
        #expect(answer.text.contains("<a href=\"/files?limit=5\">") && answer.text.contains("anna.smith"))
        let setting = try #require(answer["Set-Cookie"])
        #expect(
            setting.hasPrefix("accountability_session=") && setting.hasSuffix("; Path=/; HttpOnly; SameSite=Strict")
        )
        let session = try #require(SignInBench.cookie(answer))
        #expect(await bench.console.get("/files", session).status == 200)
        #expect(await bench.console.get("/run", session).status == (role == .operator ? 200 : 403))
        #expect(await bench.console.get("/sign-in/single-sign-on?next=/files", session)["Location"] == "/files")
        let out = try await bench.console.send("/sign-out", session)
        #expect(out.status == 303 && out["Set-Cookie"]?.contains("Max-Age=0") == true)
    }

    @Test("The cookie that ties a sign-in to a browser goes to the callback only, and comes from another site")
    func cookie() async throws {
        let bench = try SingleSignOnBench()
        let answer = await bench.console.get("/sign-in/single-sign-on")
        let setting = try #require(answer["Set-Cookie"])
        #expect(setting.hasSuffix("; Path=/sign-in/callback; HttpOnly; SameSite=Lax; Max-Age=600"))
        #expect(answer["Cache-Control"] == "no-store")
        var request = ConsoleRequest("/sign-in/single-sign-on")
        request.fetchSite = "cross-site"
        #expect(await bench.console.site.respond(to: request).status == 403, "another site cannot begin it")
        request.fetchSite = nil
        request.host = "localhost:1"
        let elsewhere = await bench.console.site.respond(to: request)
        #expect(elsewhere.status == 421 && elsewhere.text.contains("http://127.0.0.1"))
    }

    @Test("A token that is signed with RSA is as good, and an issuer's texts may say what is true")
    func otherTokens() async throws {
        let bench = try SingleSignOnBench()
        #expect(try await bench.signIn(by: .rsa).status == 200)
        #expect(try await bench.signIn { $0["email_verified"] = .text("true") }.status == 200)
        let several: [String: IdentityClaims.Claim] = [
            "aud": .list(["other", "the console"]), "azp": .text("the console"),
        ]
        #expect(try await bench.signIn { $0.merge(several) { $1 } }.status == 200)
        let plain = try SingleSignOnBench(identity: "1234", claim: "sub")
        #expect(try await plain.signIn { $0["email"] = nil }.status == 200)
    }

    /// What can be wrong with a token, and what the page says about it.
    enum Wrong: String, CaseIterable {
        case nonce = "belongs to another sign-in"
        case audience = "is for another client"
        case noAudience = "its token is for another client"
        case party = "was given to another client"
        case severalAudiences = "its token was given to another client"
        case issuer = "is from another issuer"
        case expired = "has expired"
        case undated = "does not say when"
        case old = "was not issued just now"
        case future = "its token was not issued just now"
        case nobody = "has no claim email"

        func spoil(_ claims: inout [String: IdentityClaims.Claim]) {
            let now = ConsoleClock.stopped.date().timeIntervalSince1970
            switch self {
            case .nonce: claims["nonce"] = .text(String(repeating: "0", count: 64))
            case .audience: claims["aud"] = .text("another client")
            case .noAudience: claims["aud"] = .list([])
            case .party: claims["azp"] = .text("another client")
            case .severalAudiences: claims["aud"] = .list(["the console", "another client"])
            case .issuer: claims["iss"] = .text("\(FakeProvider.issuer)/")
            case .expired: claims["exp"] = .number(now - 120)
            case .undated: claims["exp"] = nil
            case .old: claims["iat"] = .number(now - 900)
            case .future: claims["iat"] = .number(now + 1e300)
            case .nobody: claims["email"] = .list([FakeProvider.identity])
            }
        }
    }

    @Test("A token with a wrong claim signs nobody in", arguments: Wrong.allCases)
    func wrongClaims(wrong: Wrong) async throws {
        let bench = try SingleSignOnBench()
        let answer = try await bench.signIn { wrong.spoil(&$0) }
        #expect(answer.status == 502 && answer["Set-Cookie"] == nil)
        #expect(answer.text.contains(wrong.rawValue), "\(answer.text)")
    }

    @Test("A token that nobody signed, or with what everybody knows, signs nobody in")
    func wrongSignatures() async throws {
        let bench = try SingleSignOnBench()
        for signature in [FakeProvider.Signature.none, .publicKey] {
            let answer = try await bench.signIn(by: signature)
            #expect(answer.status == 502 && answer.text.contains("not signed with a private key"))
        }
        let visit = try await bench.visit()
        var claims = FakeProvider.claims(visit)
        let first = try await bench.provider.give(claims, to: visit).split(separator: ".")
        claims["email"] = .text("another@example.org")
        let second = try await bench.provider.give(claims, to: visit).split(separator: ".")
        for token in [
            "\(second[0]).\(second[1]).\(first[2])", "\(first[0]).\(first[1]).", "\(first[0]).\(first[1])", "", "..",
            "\(Base64URL.text(Array(#"{"alg":"ES256","kid":"a","x":1e300}"#.utf8))).\(first[1]).\(first[2])",
            "\(Base64URL.text(Array(#"{"alg":"ES256","kid":"a","crit":["x"]}"#.utf8))).\(first[1]).\(first[2])",
        ] {
            let next = try await bench.visit()
            bench.provider.give(token, to: next)
            let answer = await bench.back(next)
            #expect(answer.status == 502 && answer["Set-Cookie"] == nil, "\(token)")
        }
    }

    @Test("A new key of the provider is found, and an unknown one is not looked for more than once a minute")
    func rotation() async throws {
        let bench = try SingleSignOnBench()
        #expect(try await bench.signIn().status == 200)
        #expect(try await bench.signIn().status == 200)
        #expect(bench.provider.count("/keys") == 1 && bench.provider.count("/.well-known/openid-configuration") == 1)
        bench.provider.publish(["b"])
        #expect(try await bench.signIn(by: .elliptic("b")).status == 200)
        #expect(bench.provider.count("/keys") == 2)
        for _ in 0..<3 {
            let answer = try await bench.signIn(by: .elliptic("c"))
            #expect(answer.status == 502 && answer.text.contains("a key that it does not publish"))
        }
        #expect(try await bench.signIn().status == 502, "the old key is no longer the provider's")
        #expect(bench.provider.count("/keys") == 2)
    }

    @Test("Somebody whom the provider knows and the console does not is told so")
    func unknown() async throws {
        let bench = try SingleSignOnBench()
        let unverified = try await bench.signIn { $0["email_verified"] = .truth(false) }
        #expect(unverified.status == 403 && unverified.text.contains("has not verified"))
        #expect(try await bench.signIn { $0["email_verified"] = nil }.status == 403)
        let unknown = try await bench.signIn { $0["email"] = .text("<b>@example.org") }
        #expect(unknown.status == 403 && unknown["Set-Cookie"] == nil)
        #expect(unknown.text.contains("signed in at the provider as &lt;b&gt;@example.org"))
        #expect(unknown.text.contains("accountability account add NAME --role ROLE --single-sign-on IDENTITY"))
        // The name of an account is not its identity, and it has no password.
        #expect(try await bench.signIn { $0["email"] = .text("bert") }.status == 403)
        let (cookie, token) = try await bench.console.visit()
        let fields = ["name": "anna.smith", "password": "a long password", "token": token]
        #expect(await bench.console.post("/sign-in", fields, cookie).status == 422)
        #expect(try await !bench.console.signIn("bert").isEmpty, "passwords still work")
    }

    @Test("A callback works once, in the browser that began it, with its state")
    func callbacks() async throws {
        let bench = try SingleSignOnBench()
        let visit = try await bench.visit()
        _ = try await bench.provider.give(FakeProvider.claims(visit), to: visit)
        let other = try await bench.visit()
        for cookie in [other.cookie, "", "\(visit.cookie); \(visit.cookie)", "accountability_session=\(visit.state)"] {
            let foreign = await bench.back(visit, cookie: cookie)
            #expect(foreign.status == 403 && foreign["Set-Cookie"] == nil && foreign.text.contains("in this browser"))
        }
        #expect(bench.provider.count("/token") == 0)
        #expect(await bench.back(visit).status == 200, "its own browser can still go on")
        let again = await bench.back(visit)
        #expect(again.status == 409 && again["Set-Cookie"] == nil && bench.provider.count("/token") == 1)
        let unknown = "/sign-in/callback?state=\(String(repeating: "0", count: 64))&code=c"
        #expect(await bench.console.get(unknown, other.cookie).status == 409)
        #expect(await bench.console.get("/sign-in/callback", other.cookie).status == 400)
        let refused = await bench.back(other, query: "error=access_denied&error_description=call+0800")
        #expect(refused.status == 502 && refused.text.contains("(access_denied)") && !refused.text.contains("0800"))
        let mixed = try await bench.visit()
        #expect(await bench.back(mixed, query: "code=c%2F1&iss=https%3A%2F%2Fother.example").status == 502)
    }

    @Test("What the provider says about itself must be safe")
    func descriptions() async throws {
        let path = "/.well-known/openid-configuration"
        for (status, text) in [
            (200, FakeProvider.description(issuer: "https://other.example")),
            (200, FakeProvider.description(token: "http://login.example.org/token")),
            (200, FakeProvider.description(methods: "plain")), (200, "{}"), (200, ""), (302, ""), (500, "x"),
            (200, FakeProvider.description() + String(repeating: " ", count: ProviderClient.mostBytes)),
        ] {
            let bench = try SingleSignOnBench()
            bench.provider.answer(path, status, text)
            let answer = await bench.console.get("/sign-in/single-sign-on")
            #expect(
                answer.status == 502 && answer["Location"] == nil && answer["Set-Cookie"] == nil,
                "\(text.prefix(99))"
            )
        }
        let bench = try SingleSignOnBench()
        bench.provider.answer("/token", 400, #"{"error": "invalid_grant", "error_description": "secret"}"#)
        let answer = try await bench.signIn()
        #expect(answer.status == 502 && answer.text.contains("400 (invalid_grant)") && !answer.text.contains("secret"))
    }

    @Test("A sign-in lasts ten minutes, and only so many begin in that time")
    func limits() throws {
        var pending = PendingSignIns()
        let start = ContinuousClock.now
        _ = try pending.begin("a", cookie: "x", next: "/", at: start)
        #expect(throws: Problem.self) { try pending.take("a", cookie: "x", at: start + .seconds(600)) }
        #expect(try pending.take("a", cookie: "x", at: start + .seconds(599)).next == "/")
        for number in 1..<100 { _ = try pending.begin("\(number)", cookie: "x", next: "/", at: start + .seconds(1)) }
        #expect {
            _ = try pending.begin("b", cookie: "x", next: "/", at: start + .seconds(2))
        } throws: { error in
            (error as? Problem)?.status == 429 && (error as? Problem)?.retryAfter == 598
        }
        _ = try pending.begin("b", cookie: "x", next: "/", at: start + .seconds(600))
    }

    @Test("Without settings or without accounts there is no single sign-on")
    func absent() async throws {
        let bench = try SignInBench(.data)
        #expect(await !bench.get("/sign-in").text.contains("/sign-in/single-sign-on"))
        for console in [bench, try SignInBench([], try FakeProvider().singleSignOn())] {
            #expect(await console.get("/sign-in/single-sign-on").status == 404)
            #expect(await console.get("/sign-in/callback?state=x&code=x").status == 404)
        }
    }

    @Test("The session ends when the account gets another identity")
    func ended() async throws {
        let bench = try SingleSignOnBench()
        let session = try #require(SignInBench.cookie(try await bench.signIn()))
        #expect(await bench.console.get("/run", session).status == 200)
        try bench.console.change { $0[0].credential = .identity("another@example.org") }
        #expect(await bench.console.get("/run", session).status == 303)
    }

    @Test("Settings come from files of their owner, and the secret never prints")
    func settings() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "single-sign-on-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (file, secret) = (folder.appending(path: "settings.json").path, folder.appending(path: "secret").path)
        func write(_ path: String, _ text: String, mode: Int = 0o600) {
            let attributes: [FileAttributeKey: Any] = [.posixPermissions: mode]
            #expect(FileManager.default.createFile(atPath: path, contents: Data(text.utf8), attributes: attributes))
        }
        let good = [
            "issuer": "https://login.example.org/", "client": "c", "secretFile": "secret",
            "address": "http://127.0.0.1:8603/",
        ]
        func read(_ changes: [String: String?] = [:]) throws -> SingleSignOnSettings {
            let fields = good.merging(changes.compactMapValues { $0 }) { $1 }.filter { changes[$0.key] != .some(nil) }
            write(file, String(decoding: try JSONEncoder().encode(fields), as: UTF8.self))
            return try SingleSignOnSettings(contentsOf: file)
        }
        write(secret, "a secret\n")
        let settings = try read()
        #expect(settings.secret == "a secret" && settings.claim == "email")
        #expect(settings.callback == "http://127.0.0.1:8603/sign-in/callback")
        #expect(!"\(settings) \(Optional(settings) as Any)".contains("a secret"))
        #expect(try read(["issuer": "http://[::1]:8080/realms/a"]).providerName.contains("::1"))
        let wrong: [[String: String?]] = [
            ["issuer": "http://login.example.org"], ["issuer": "https://a@login.example.org"], ["issuer": "x"],
            ["issuer": nil], ["client": nil], ["client": ""], ["secretFile": nil], ["secretFile": "absent"],
            ["claims": "sub"], ["claim": ""], ["address": "http://console.example.org"], ["address": "127.0.0.1:8603"],
            ["address": "https://127.0.0.1:8603"], ["address": "http://127.0.0.1:8603/x"],
        ]
        for changes in wrong { #expect(throws: Failure.self, "\(changes)") { try read(changes) } }
        write(secret, "a secret", mode: 0o640)
        #expect(throws: Failure.self) { try read() }
        write(secret, "\n")
        #expect(throws: Failure.self) { try read() }
        write(secret, "a secret")
        write(file, "[]")
        #expect(throws: Failure.self) { try SingleSignOnSettings(contentsOf: file) }
        _ = try read()
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file)
        #expect(throws: Failure.self) { try SingleSignOnSettings(contentsOf: file) }
    }
}
