import Foundation
import Stages

/// The destination of webhook deliveries.
///
/// It prints only scheme and host, because a path may contain a token.
struct WebhookEndpoint: Sendable, CustomStringConvertible {
    /// The reason why a URL is refused.
    struct Refusal: Error, CustomStringConvertible {
        let description: String
    }

    let url: String
    /// The host, without brackets.
    let host: String
    let port: Int
    let allowPrivate: Bool
    private let scheme: String

    /// An endpoint.
    ///
    /// - `allowPrivate`: whether http and addresses outside the public internet are allowed.
    init(_ text: String, allowPrivate: Bool) throws(Refusal) {
        guard let parts = URLComponents(string: text), let scheme = parts.scheme?.lowercased(), let name = parts.host,
            !name.isEmpty
        else {
            throw Refusal(description: "give a URL such as https://example.org/notices")
        }
        guard scheme == "https" || (scheme == "http" && allowPrivate) else {
            throw Refusal(description: "the URL must use https; --webhook-allow-private also allows http")
        }
        guard parts.user == nil, parts.password == nil else {
            throw Refusal(description: "the URL must not contain a user or password")
        }
        guard parts.fragment == nil else { throw Refusal(description: "the URL must not contain a fragment") }
        let host = name.hasPrefix("[") && name.hasSuffix("]") ? String(name.dropFirst().dropLast()) : name
        if !allowPrivate, let address = NetworkAddress(host), !address.isPublic {
            throw Refusal(
                description: "\(host) is not an address of the public internet; --webhook-allow-private allows it"
            )
        }
        url = text
        self.host = host
        port = parts.port ?? (scheme == "https" ? 443 : 80)
        self.scheme = scheme
        self.allowPrivate = allowPrivate
    }

    var description: String { "\(scheme)://\(host):\(port)" }
}
