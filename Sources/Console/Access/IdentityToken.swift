internal import Foundation
internal import JWTKit
internal import Operating

/// A token in which the provider says who signed in (OpenID Connect Core 1.0, 2).
///
/// The library checks the signature. The key is chosen here, and so are the algorithms: the library would take another
/// key for a token whose key it does not know.
struct IdentityToken: Sendable {
    /// Why a token is refused; it never contains anything secret.
    struct Refusal: Error {
        let reason: String
    }

    let text: String
    /// The algorithm that the token names.
    let algorithm: String
    /// The key that the token names.
    let keyIdentifier: String?

    /// The longest token that is read, in bytes.
    private static let longest = 32_768
    /// The signatures that the console trusts.
    ///
    /// Whoever can check one of them cannot make it.
    private static let algorithms: Set = [
        "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
    ]

    /// Reads the header of a token, which nothing has verified yet.
    init(_ text: String) throws(Refusal) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard text.utf8.count <= Self.longest, parts.count == 3, let bytes = Base64URL.bytes(parts[0]) else {
            throw Refusal(reason: "its token is too long or damaged")
        }
        let header: Header
        do {
            header = try JSONDecoder().decode(Header.self, from: bytes)
        } catch {
            throw Refusal(reason: "the header of its token is damaged")
        }
        guard Self.algorithms.contains(header.alg) else {
            throw Refusal(reason: "its token is not signed with a private key (RS, PS, ES or EdDSA)")
        }
        // A token may demand that its reader understands something. The console understands no such thing.
        guard header.crit == nil else { throw Refusal(reason: "its token has a critical header") }
        self.text = text
        algorithm = header.alg
        keyIdentifier = header.kid
    }

    private struct Header: Decodable {
        let alg: String
        let kid: String?
        let crit: [String]?
    }

    /// The key that signed the token; nil if none of the keys can be it.
    func key(among keys: [JWK]) -> JWK? {
        let kind: JWK.KeyType = algorithm == "EdDSA" ? .octetKeyPair : algorithm.hasPrefix("ES") ? .ecdsa : .rsa
        let suitable = keys.filter { $0.keyType == kind && ($0.algorithm?.rawValue ?? algorithm) == algorithm }
        // A provider with a single key need not name it.
        guard let keyIdentifier else { return suitable.count == 1 ? suitable.first : nil }
        return suitable.first { $0.keyIdentifier?.string == keyIdentifier }
    }

    /// The claims, if the key signed them.
    func claims(signedBy key: JWK) async throws(Refusal) -> IdentityClaims {
        var key = key
        key.keyIdentifier = JWKIdentifier(string: keyIdentifier ?? "only")
        do {
            return try await JWTKeyCollection().add(jwk: key).verify(text, as: IdentityClaims.self)
        } catch {
            throw Refusal(reason: "the signature of its token is wrong, or its claims are damaged")
        }
    }
}

/// What a token says.
struct IdentityClaims: JWTPayload {
    /// The value of a claim.
    enum Claim: Codable, Sendable, Hashable {
        case text(String)
        case number(Double)
        case truth(Bool)
        case list([String])
        /// Something that no check needs.
        case other

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            // Each `try?` asks whether the value has this kind.
            if let text = try? container.decode(String.self) {
                self = .text(text)
            } else if let truth = try? container.decode(Bool.self) {
                self = .truth(truth)
            } else if let number = try? container.decode(Double.self) {
                self = .number(number)
            } else if let list = try? container.decode([String].self) {
                self = .list(list)
            } else {
                self = .other
            }
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .text(let text): try container.encode(text)
            case .number(let number): try container.encode(number)
            case .truth(let truth): try container.encode(truth)
            case .list(let list): try container.encode(list)
            case .other: try container.encodeNil()
            }
        }
    }

    var values: [String: Claim]

    init(_ values: [String: Claim]) { self.values = values }

    init(from decoder: any Decoder) throws {
        values = try decoder.singleValueContainer().decode([String: Claim].self)
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(values)
    }

    /// Nothing: the claims are checked against what the sign-in expects, in `check(_:nonce:at:)`.
    func verify(using algorithm: some JWTAlgorithm) async throws {}

    /// How far the clocks may differ, in seconds.
    private static let leeway = 60.0

    /// Checks that the provider made the token for this console, now, and for this sign-in (OpenID Connect Core 1.0,
    /// 3.1.3.7).
    func check(_ settings: SingleSignOnSettings, nonce: String, at now: Date) throws(IdentityToken.Refusal) {
        func refuse(_ reason: String) -> IdentityToken.Refusal { .init(reason: "its token \(reason)") }
        guard values["iss"] == .text(settings.issuer) else { throw refuse("is from another issuer") }
        let audience: [String] =
            switch values["aud"] {
            case .text(let one): [one]
            case .list(let several): several
            default: []
            }
        guard audience.contains(settings.client) else { throw refuse("is for another client") }
        guard values["azp"].map({ $0 == .text(settings.client) }) ?? (audience.count == 1) else {
            throw refuse("was given to another client")
        }
        guard case .number(let expires) = values["exp"], case .number(let issued) = values["iat"] else {
            throw refuse("does not say when it was issued and when it expires")
        }
        let seconds = now.timeIntervalSince1970
        guard expires > seconds - Self.leeway else { throw refuse("has expired; are both clocks right?") }
        let oldest = seconds - PendingSignIns.longest / .seconds(1) - Self.leeway
        guard (oldest...(seconds + Self.leeway)).contains(issued) else {
            throw refuse("was not issued just now; are both clocks right?")
        }
        guard values["nonce"] == .text(nonce) else { throw refuse("belongs to another sign-in") }
    }

    /// Who signed in.
    ///
    /// - Throws: ``Problem`` if the token does not say so, or if the provider has not verified the address.
    func identity(_ claim: String) throws(Problem) -> String {
        guard case .text(let identity) = values[claim], Account.isIdentity(identity) else {
            throw Problem.provider("its token has no claim \(claim) that says who you are")
        }
        // Some providers write the truth as a text.
        let isVerified = values["email_verified"].map { $0 == .truth(true) || $0 == .text("true") } ?? false
        guard claim != "email" || isVerified else {
            throw Problem(
                403,
                "the provider has not verified that \(identity) is your address, so no one was signed in: confirm it there, and sign in again"
            )
        }
        return identity
    }
}

/// Base64 for addresses (RFC 4648, 5), without padding.
enum Base64URL {
    static func text(_ bytes: some Sequence<UInt8>) -> String {
        Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    static func bytes(_ text: some StringProtocol) -> Data? {
        let plain = String(text).replacing("-", with: "+").replacing("_", with: "/")
        return Data(base64Encoded: plain + String(repeating: "=", count: (4 - plain.count % 4) % 4))
    }
}
