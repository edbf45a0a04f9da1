import Foundation
import Stages

/// Where webhook deliveries go.
///
/// It prints as scheme and host: a path may hold somebody's token.
struct WebhookEndpoint: Sendable, CustomStringConvertible {
    /// Why deliveries may not go to a URL.
    struct Refusal: Error, CustomStringConvertible {
        let description: String
    }

    let url: String
    /// Without brackets.
    let host: String
    let port: Int
    let allowPrivate: Bool
    private let scheme: String

    /// An endpoint.
    ///
    /// - `allowPrivate`: whether http and addresses beside the public internet will do.
    init(_ text: String, allowPrivate: Bool) throws(Refusal) {
        guard let parts = URLComponents(string: text), let scheme = parts.scheme?.lowercased(), let name = parts.host,
            !name.isEmpty
        else {
            throw Refusal(description: "a URL such as https://example.org/notices is wanted")
        }
        guard scheme == "https" || (scheme == "http" && allowPrivate) else {
            throw Refusal(description: "https is wanted; --webhook-allow-private allows http too")
        }
        guard parts.user == nil, parts.password == nil else {
            throw Refusal(description: "a user or password does not belong into a URL")
        }
        guard parts.fragment == nil else { throw Refusal(description: "an endpoint has no fragment") }
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
