internal import Foundation
internal import JWTKit
internal import Operating

/// The provider of single sign-on: what it says about itself, its keys, and its tokens.
actor IdentityProvider {
    /// What a provider says about itself (OpenID Connect Discovery 1.0, 3).
    struct Metadata: Decodable, Sendable {
        let issuer: String
        let authorizationEndpoint: String
        let tokenEndpoint: String
        let jwksUri: String
        let tokenEndpointAuthMethodsSupported: [String]?
        let codeChallengeMethodsSupported: [String]?
        let authorizationResponseIssParameterSupported: Bool?
    }

    private struct Kept<Value> {
        let value: Value
        let read: Sessions.Moment
    }

    /// How long the provider's description and keys are kept.
    private static let keeping = Duration.seconds(3600)
    /// How often the keys are read again at most for keys that are unknown.
    private static let rereading = Duration.seconds(60)

    private let settings: SingleSignOnSettings
    private let client: ProviderClient
    private let clock: ConsoleClock
    private var metadata: Kept<Metadata>?
    private var keys: Kept<[JWK]>?
    private var reread: Sessions.Moment?

    init(_ settings: SingleSignOnSettings, _ client: ProviderClient, _ clock: ConsoleClock) {
        self.settings = settings
        self.clock = clock
        self.client = client
    }

    /// What the provider says about itself.
    func metadata(at now: Sessions.Moment) async throws(Problem) -> Metadata {
        if let metadata, now - metadata.read < Self.keeping { return metadata.value }
        let folder = settings.issuer.hasSuffix("/") ? String(settings.issuer.dropLast()) : settings.issuer
        let found = try await read(Metadata.self, "\(folder)/.well-known/openid-configuration", "its description")
        guard found.issuer == settings.issuer else {
            throw Problem.provider("its description names another issuer than the settings of the console do")
        }
        let addresses = [found.authorizationEndpoint, found.tokenEndpoint, found.jwksUri]
        guard addresses.allSatisfy(ProviderAddress.isSafe) else {
            throw Problem.provider("its description has an address that is not https")
        }
        guard found.codeChallengeMethodsSupported?.contains("S256") ?? true else {
            throw Problem.provider("it does not support PKCE with S256")
        }
        metadata = Kept(value: found, read: now)
        return found
    }

    /// Exchanges a code for the claims of who signed in.
    ///
    /// - Throws: ``Problem``. It contains nothing of the token.
    func claims(_ code: String, _ signIn: PendingSignIns.SignIn, at now: Sessions.Moment) async throws(Problem)
        -> IdentityClaims
    {
        let text = try await token(code, signIn.verifier, at: now)
        do {
            let token = try IdentityToken(text)
            let claims = try await token.claims(signedBy: try await key(of: token, at: now))
            try claims.check(settings, nonce: signIn.nonce, at: clock.date())
            return claims
        } catch let refusal as IdentityToken.Refusal {
            throw Problem.provider(refusal.reason)
        } catch let problem as Problem {
            throw problem
        } catch {
            throw Problem.provider("its token cannot be checked")
        }
    }

    private struct Tokens: Decodable {
        let idToken: String
    }

    /// The token for a code (OpenID Connect Core 1.0, 3.1.3).
    private func token(_ code: String, _ verifier: String, at now: Sessions.Moment) async throws(Problem) -> String {
        let metadata = try await metadata(at: now)
        var fields = [
            ("grant_type", "authorization_code"), ("code", code), ("redirect_uri", settings.callback),
            ("code_verifier", verifier),
        ]
        var request = ProviderClient.Request(metadata.tokenEndpoint)
        let methods = metadata.tokenEndpointAuthMethodsSupported ?? ["client_secret_basic"]
        if methods.contains("client_secret_basic") {
            let pair = [settings.client, settings.secret].map(RequestTarget.encoded).joined(separator: ":")
            request.authorization = "Basic \(Data(pair.utf8).base64EncodedString())"
        } else if methods.contains("client_secret_post") {
            fields += [("client_id", settings.client), ("client_secret", settings.secret)]
        } else {
            throw Problem.provider(
                "it takes the client's secret neither as client_secret_basic nor as client_secret_post"
            )
        }
        request.form = fields.map { "\($0)=\(RequestTarget.encoded($1))" }.joined(separator: "&")
        return try await read(Tokens.self, request, "its token").idToken
    }

    /// The key that signed a token.
    ///
    /// If the token names an unknown key, the provider may have a new one. So the keys are read again, but only once a
    /// minute.
    private func key(of token: IdentityToken, at now: Sessions.Moment) async throws(Problem) -> JWK {
        var keys = try await keys(at: now, again: false)
        if token.key(among: keys) == nil, reread.map({ now - $0 >= Self.rereading }) ?? true {
            reread = now
            keys = try await self.keys(at: now, again: true)
        }
        guard let key = token.key(among: keys) else {
            throw Problem.provider("its token is signed with a key that it does not publish")
        }
        return key
    }

    /// One of the provider's keys.
    ///
    /// Keys of an unknown kind, and keys for encryption, are none (RFC 7517, 5).
    private struct Entry: Decodable {
        let key: JWK?

        private enum Names: String, CodingKey {
            case use
        }

        init(from decoder: any Decoder) throws {
            let use = try decoder.container(keyedBy: Names.self).decodeIfPresent(String.self, forKey: .use)
            key = use == nil || use == "sig" ? try? JWK(from: decoder) : nil
        }
    }

    private struct KeySet: Decodable {
        let keys: [Entry]
    }

    private func keys(at now: Sessions.Moment, again: Bool) async throws(Problem) -> [JWK] {
        if !again, let keys, now - keys.read < Self.keeping { return keys.value }
        let address = try await metadata(at: now).jwksUri
        let found = try await read(KeySet.self, address, "its keys").keys.compactMap(\.key)
        keys = Kept(value: found, read: now)
        return found
    }

    private func read<Value: Decodable>(_ type: Value.Type, _ url: String, _ what: String) async throws(Problem)
        -> Value
    {
        try await read(type, ProviderClient.Request(url), what)
    }

    private struct Refused: Decodable {
        let error: String
    }

    /// Sends a request, and reads the JSON of the answer.
    private func read<Value: Decodable>(_ type: Value.Type, _ request: ProviderClient.Request, _ what: String)
        async throws(Problem) -> Value
    {
        let answer: ProviderClient.Answer
        do {
            answer = try await client.send(request)
        } catch {
            throw Problem.provider("there was no answer to the request for \(what)")
        }
        guard answer.body.count <= ProviderClient.mostBytes else { throw Problem.provider("\(what) is too long") }
        guard answer.status == 200 else {
            // The word is one of RFC 6749, 5.2. Any other text stays unread.
            let word = (try? Self.decode(Refused.self, answer.body))?.error ?? ""
            let shown = Self.isErrorCode(word) ? " (\(word))" : ""
            throw Problem.provider("it answers \(answer.status)\(shown) to the request for \(what)")
        }
        do {
            return try Self.decode(type, answer.body)
        } catch {
            throw Problem.provider("\(what) is not what OpenID Connect prescribes")
        }
    }

    private static func decode<Value: Decodable>(_ type: Value.Type, _ body: [UInt8]) throws -> Value {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(type, from: Data(body))
    }

    /// Whether a text is an error code of OAuth, which can be shown.
    static func isErrorCode(_ text: String) -> Bool { text.wholeMatch(of: /[a-z_]{1,40}/) != nil }
}

extension Problem {
    static let providerStatus = 502

    /// The provider failed, or said something that cannot be right.
    static func provider(_ reason: String) -> Problem {
        Problem(
            providerStatus,
            "the provider of single sign-on: \(reason). No one was signed in: sign in again, and if it happens again, tell the operator of this installation"
        )
    }
}
