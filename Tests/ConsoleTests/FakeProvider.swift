import Crypto
import CryptoExtras
import Foundation
import JWTKit
import Logging
import Operating
import Synchronization

@testable import Console

/// A provider of OpenID Connect in this process, with real keys and real signatures.
final class FakeProvider: Sendable {
    /// How a token is signed.
    enum Signature: Sendable {
        /// By the key of this name, if it is one of the provider's.
        case elliptic(String)
        case rsa
        /// By nobody.
        case none
        /// By the bytes of the public key, which everybody has.
        case publicKey
    }

    /// What a browser was given when a sign-in began.
    struct Visit {
        let location: String
        let cookie: String
        let query: [String: String]

        var state: String { query["state"] ?? "" }
        var nonce: String { query["nonce"] ?? "" }
    }

    private struct State {
        var keys: [String: ES256PrivateKey] = [:]
        /// The names of the keys that are published.
        var published: [String] = ["a"]
        var token = ""
        var challenge = ""
        var callback = "http://127.0.0.1/sign-in/callback"
        var answers: [String: ProviderClient.Answer] = [:]
        var asked: [String] = []
        var wrongRequests: [String] = []
    }

    static let issuer = "https://login.example.org"
    static let identity = "anna.smith@example.org"
    private static let secret = "s:ecret/+"

    private let state = Mutex(State())
    private let rsa: JWTKit.Insecure.RSA.PrivateKey

    @inline(never) init() throws {
        rsa = try JWTKit.Insecure.RSA.PrivateKey(backing: try _RSA.Signing.PrivateKey(keySize: .bits2048))
        state.withLock { state in for name in ["a", "b", "c"] { state.keys[name] = ES256PrivateKey() } }
    }

    /// Single sign-on at this provider.
    @inline(never) func singleSignOn(
        claim: String = SingleSignOnSettings.usualClaim,
        at address: PublicAddress? = nil
    ) throws -> SingleSignOn {
        let settings = try SingleSignOnSettings(
            issuer: Self.issuer,
            client: "the console",
            secret: Self.secret,
            claim: claim,
            address: address?.origin ?? "http://127.0.0.1/",
            at: address
        )
        state.withLock { $0.callback = settings.callback }
        return SingleSignOn(
            settings,
            ProviderClient { self.answer($0) },
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            clock: .stopped
        )
    }

    /// How often an address was asked.
    func count(_ path: String) -> Int { state.withLock { $0.asked.count { $0 == path } } }

    /// What was wrong with the console's own requests.
    var wrongRequests: [String] { state.withLock { $0.wrongRequests } }

    func publish(_ names: [String]) { state.withLock { $0.published = names } }

    func answer(_ path: String, _ status: Int, _ text: String) {
        state.withLock { $0.answers[path] = ProviderClient.Answer(status: status, body: Array(text.utf8)) }
    }

    /// The claims of a good token.
    static func claims(_ visit: Visit) -> [String: IdentityClaims.Claim] {
        let now = ConsoleClock.stopped.date().timeIntervalSince1970.rounded()
        return [
            "iss": .text(issuer), "sub": .text("1234"), "aud": .text("the console"), "exp": .number(now + 300),
            "iat": .number(now), "nonce": .text(visit.nonce), "email": .text(identity), "email_verified": .truth(true),
        ]
    }

    /// Gives a token to the next code of a sign-in; returns the token.
    @inline(never) func give(
        _ claims: [String: IdentityClaims.Claim],
        to visit: Visit,
        by signature: Signature = .elliptic("a")
    ) async throws -> String {
        let text = try await sign(IdentityClaims(claims), signature)
        give(text, to: visit)
        return text
    }

    /// Gives any text as a token.
    func give(_ token: String, to visit: Visit) {
        state.withLock { ($0.token, $0.challenge) = (token, visit.query["code_challenge"] ?? "") }
    }

    @inline(never) private func sign(_ claims: IdentityClaims, _ signature: Signature) async throws -> String {
        let keys = JWTKeyCollection()
        switch signature {
        case .elliptic(let name):
            guard let key = state.withLock({ $0.keys[name] }) else { return "" }
            await keys.add(ecdsa: key, kid: JWKIdentifier(string: name))
            return try await keys.sign(claims, kid: JWKIdentifier(string: name))
        case .rsa:
            await keys.add(rsa: rsa, digestAlgorithm: .sha256, kid: "rsa")
            return try await keys.sign(claims, kid: "rsa")
        case .none:
            await keys.addUnsecuredNone(kid: "a")
            return try await keys.sign(claims, kid: "a")
        case .publicKey:
            let text = state.withLock { $0.keys["a"]?.publicKey.pemRepresentation ?? "" }
            await keys.add(hmac: HMACKey(from: text), digestAlgorithm: .sha256, kid: "a")
            return try await keys.sign(claims, kid: "a")
        }
    }

    private func answer(_ request: ProviderClient.Request) -> ProviderClient.Answer {
        let path = String(request.url.dropFirst(Self.issuer.count))
        return state.withLock { state in
            state.asked.append(path)
            if let answer = state.answers[path] { return answer }
            switch path {
            case "/.well-known/openid-configuration": return Self.ok(Self.description())
            case "/keys": return Self.ok(keySet(state))
            case "/token":
                state.wrongRequests += Self.faults(request, state.challenge, state.callback)
                return Self.ok(
                    "{\"token_type\": \"Bearer\", \"access_token\": \"x\", \"id_token\": \"\(state.token)\"}"
                )
            default: return ProviderClient.Answer(status: 404, body: [])
            }
        }
    }

    private static func ok(_ text: String) -> ProviderClient.Answer { .init(status: 200, body: Array(text.utf8)) }

    /// What the provider says about itself.
    static func description(issuer: String = issuer, token: String = "\(issuer)/token", methods: String = "S256")
        -> String
    {
        """
        {"issuer": "\(issuer)", "authorization_endpoint": "\(self.issuer)/authorize?tenant=1", "token_endpoint": "\(token)",
        "jwks_uri": "\(self.issuer)/keys", "code_challenge_methods_supported": ["\(methods)"], "another": 1e300}
        """
    }

    /// The published keys, between others that the console cannot use.
    private func keySet(_ state: State) -> String {
        var keys = [
            #"{"kty": "oct", "kid": "a", "k": "AAAA", "alg": "HS256"}"#, #"{"kty": "AKP", "kid": "new"}"#,
            #"{"kty": "RSA", "use": "enc", "kid": "a", "n": "AQAB", "e": "AQAB"}"#,
        ]
        for name in state.published {
            guard let parameters = state.keys[name]?.parameters else { continue }
            let (x, y) = (Self.unpadded(parameters.x), Self.unpadded(parameters.y))
            keys.append(#"{"kty": "EC", "crv": "P-256", "use": "sig", "kid": "\#(name)", "x": "\#(x)", "y": "\#(y)"}"#)
        }
        if let numbers = try? rsa.publicKey.getKeyPrimitives() {
            let (n, e) = (Base64URL.text(numbers.modulus), Base64URL.text(numbers.publicExponent))
            keys.append(#"{"kty": "RSA", "alg": "RS256", "kid": "rsa", "n": "\#(n)", "e": "\#(e)"}"#)
        }
        return "{\"keys\": [\(keys.joined(separator: ", "))]}"
    }

    private static func unpadded(_ text: String) -> String {
        text.replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    /// What is wrong with a request for a token.
    private static func faults(_ request: ProviderClient.Request, _ challenge: String, _ callback: String) -> [String] {
        var faults: [String] = []
        let pair = Data("the%20console:s%3Aecret%2F%2B".utf8).base64EncodedString()
        if request.authorization != "Basic \(pair)" { faults.append("the client's secret") }
        let fields = fields(request.form ?? "")
        if fields["grant_type"] != "authorization_code" || fields["code"] != "c/1" { faults.append("the code") }
        if fields["redirect_uri"] != callback {
            faults.append("the address to lead back to")
        }
        let digest = SHA256.hash(data: Array((fields["code_verifier"] ?? "").utf8))
        if Base64URL.text(digest) != challenge { faults.append("the verifier") }
        return faults
    }

    /// The fields of a form or a query.
    static func fields(_ text: String) -> [String: String] {
        let target = try? RequestTarget("/?\(text)")
        return target?.query ?? [:]
    }
}
