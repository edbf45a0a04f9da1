import Foundation
import Operating
import Testing

@testable import Console

/// The console behind a proxy that encrypts.
@Suite struct PublicAddressTests {
    private static let origin = "https://accountability.example.org"

    private func bench(_ accounts: [Account], _ singleSignOn: SingleSignOn? = nil) throws -> SignInBench {
        try SignInBench(accounts, singleSignOn, address: PublicAddress(Self.origin))
    }

    /// A request as a proxy passes it on.
    private func request(_ target: String, method: String = "GET", _ cookie: String? = nil) -> ConsoleRequest {
        var request = ConsoleRequest(target, method: method, host: "accountability.example.org")
        (request.isForwarded, request.forwardedScheme, request.cookie) = (true, "https", cookie)
        return request
    }

    private func form(_ target: String, _ fields: [String: String], _ cookie: String) -> ConsoleRequest {
        var request = request(target, method: "POST", cookie)
        request.contentType = "application/x-www-form-urlencoded"
        request.body = Array(
            fields.map { "\($0.key)=\(RequestTarget.encoded($0.value))" }.joined(separator: "&").utf8
        )
        (request.origin, request.fetchSite) = (Self.origin, "same-origin")
        return request
    }

    @Test("A public address is https, a host and at most a port; a Host header names it however it is written")
    func addresses() throws {
        for (text, origin) in [
            ("https://a.example.org", "https://a.example.org"), ("HTTPS://A.Example.org/", "https://a.example.org"),
            ("https://a:443", "https://a"), ("https://a-b.c:8443", "https://a-b.c:8443"),
            ("https://10.0.0.1", "https://10.0.0.1"),
        ] {
            #expect(PublicAddress(text)?.origin == origin, "\(text)")
        }
        for text in [
            "", "http://a", "a.example.org", "https://", "https:///", "https://a/b", "https://a?b", "https://a#b",
            "https://u@a", "https://a:0", "https://a:65536", "https://a:", "https://a:+1", "https://a:08",
            "https://a..b",
            "https://.a", "https://-a", "https://a-", "https://a b", "https://ä.example", "https://a\r\nb",
            "https://a//",
            "https://a:1:2", "https://" + String(repeating: "a", count: 64),
        ] {
            #expect(PublicAddress(text) == nil, "\(text)")
        }
        let address = try #require(PublicAddress("https://a.example.org"))
        for host in ["a.example.org", "A.EXAMPLE.ORG", "a.example.org:443"] { #expect(address.isNamed(by: host)) }
        for host in [nil, "", "a.example.org:80", "b.example.org", "a.example.org.evil.example", "127.0.0.1"] {
            #expect(!address.isNamed(by: host), "\(host ?? "none")")
        }
    }

    @Test("Somebody signs in through the proxy, with cookies that never leave without TLS, and signs out")
    func wholeWay() async throws {
        let bench = try bench([try AccessExample.account(.operator)])
        let page = await bench.site.respond(to: request("/sign-in"))
        let visit = try #require(SignInBench.cookie(page))
        let token = try #require(SignInBench.token(page.text))
        #expect(visit.hasPrefix("__Host-accountability_session="))
        #expect(page["Set-Cookie"]?.hasSuffix("; Path=/; HttpOnly; SameSite=Strict; Secure") == true)
        #expect(page["Strict-Transport-Security"] == "max-age=31536000")
        let fields = ["name": "anna", "password": "a long password", "token": token]
        for origin in ["http://accountability.example.org", "http://127.0.0.1", "https://evil.example"] {
            var foreign = form("/sign-in", fields, visit)
            foreign.origin = origin
            #expect(await bench.site.respond(to: foreign).status == 403, "\(origin)")
            #expect(bench.site.bodyLimit(for: foreign) == 0)
        }
        #expect(bench.site.bodyLimit(for: form("/sign-in", fields, visit)) > 0)
        let answer = await bench.site.respond(to: form("/sign-in", fields, visit))
        #expect(answer.status == 303)
        let session = try #require(SignInBench.cookie(answer))
        let files = await bench.site.respond(to: request("/files", session))
        #expect(files.status == 200 && bench.site.mayFollow(request("/events", session)))
        // The cookie without the prefix is one that another host of the domain could have set.
        let bare = session.replacing("__Host-", with: "")
        #expect(await bench.site.respond(to: request("/files", bare)).status == 303)
        let description = await bench.site.respond(to: request("/api/v1/openapi.json"))
        #expect(description.text.contains("\"name\":\"__Host-accountability_session\""))
        let out = form("/sign-out", ["token": try #require(SignInBench.token(files.text))], session)
        let gone = await bench.site.respond(to: out)
        #expect(gone["Set-Cookie"]?.contains("; Secure; Max-Age=0") == true)
        #expect(await bench.site.respond(to: request("/files", session)).status == 303)
    }

    @Test("A sign-in at the provider leads back to the public address")
    func singleSignOn() async throws {
        let provider = try FakeProvider()
        let account = try Account(
            name: "anna",
            role: .operator,
            district: nil,
            since: AccessExample.since,
            credential: .identity(FakeProvider.identity)
        )
        let address = try #require(PublicAddress(Self.origin))
        let bench = try bench([account], try provider.singleSignOn(at: address))
        let begun = await bench.site.respond(to: request("/sign-in/single-sign-on?next=%2Ffiles"))
        let location = try #require(begun["Location"])
        let query = FakeProvider.fields(String(location.drop { $0 != "?" }.dropFirst()))
        #expect(query["redirect_uri"] == "\(Self.origin)/sign-in/callback")
        let cookie = try #require(SignInBench.cookie(begun))
        #expect(cookie.hasPrefix("__Secure-accountability_single_sign_on="))
        #expect(begun["Set-Cookie"]?.contains("; SameSite=Lax; Secure; ") == true)
        let visit = FakeProvider.Visit(location: location, cookie: cookie, query: query)
        _ = try await provider.give(FakeProvider.claims(visit), to: visit)
        var back = request("/sign-in/callback?state=\(visit.state)&code=c%2F1", cookie)
        back.fetchSite = "cross-site"
        let answer = await bench.site.respond(to: back)
        #expect(answer.status == 200 && provider.wrongRequests.isEmpty, "\(provider.wrongRequests)")
        let session = try #require(SignInBench.cookie(answer))
        #expect(await bench.site.respond(to: request("/run", session)).status == 200)
    }

    @Test("Pages are at the public address only, and nothing is done that came without TLS")
    func elsewhere() async throws {
        let bench = try bench([try AccessExample.account(.operator)])
        for host in [nil, "127.0.0.1:8603", "localhost", "evil.example", "accountability.example.org:80"] {
            var other = request("/frameworks")
            other.host = host
            let answer = await bench.site.respond(to: other)
            #expect(answer.status == 421 && answer.text.contains(Self.origin), "\(host ?? "none")")
            #expect(!bench.site.isReached(by: other))
        }
        var plain = request("/years/2019?q=a%20b")
        plain.forwardedScheme = "http"
        let moved = await bench.site.respond(to: plain)
        #expect(moved.status == 308 && moved["Location"] == "\(Self.origin)/years/2019?q=a%20b")
        #expect(!bench.site.isReached(by: plain) && !bench.site.mayFollow(plain))
        var sent = form("/sign-in", [:], "")
        sent.forwardedScheme = "http"
        #expect(await bench.site.respond(to: sent).status == 403 && bench.site.bodyLimit(for: sent) == 0)
    }

    @Test("Without accounts a proxy shows nothing that is not public, and an unknown proxy shows nothing")
    func noAccounts() async throws {
        let proxied = try bench([])
        for target in ["/run", "/files", "/years/2019"] {
            #expect(await proxied.site.respond(to: request(target)).status == 303, "\(target)")
        }
        #expect(await proxied.site.respond(to: request("/api/v1/run")).status == 401)
        #expect(!proxied.site.isOpen(request("/ready")) && !proxied.site.mayFollow(request("/events")))
        let local = try SignInBench([])
        #expect(await local.get("/run").status == 200)
        var forwarded = ConsoleRequest("/run")
        forwarded.isForwarded = true
        let answer = await local.site.respond(to: forwarded)
        #expect(answer.status == 421 && answer.text.contains("--address https://HOST"))
    }

    @Test("The settings of single sign-on have the public address, or none")
    func settings() throws {
        let address = try #require(PublicAddress(Self.origin))
        func settings(_ text: String) throws -> SingleSignOnSettings {
            try SingleSignOnSettings(
                issuer: FakeProvider.issuer,
                client: "c",
                secret: "s",
                claim: "email",
                address: text,
                at: address
            )
        }
        #expect(try settings("\(Self.origin)/").callback == "\(Self.origin)/sign-in/callback")
        for other in ["http://127.0.0.1:8603", "https://other.example.org", "\(Self.origin):8443", ""] {
            #expect(throws: Failure.self, "\(other)") { try settings(other) }
        }
    }
}
