internal import Foundation
package import Operating
internal import Stages

/// How people sign in at a provider of OpenID Connect.
///
/// It contains the client's secret, so it never prints its content.
package struct SingleSignOnSettings: Sendable, CustomStringConvertible, CustomReflectable {
    /// The provider, as its tokens name it.
    let issuer: String
    /// The name of the console at the provider.
    let client: String
    let secret: String
    /// The claim of the provider's token that says who somebody is.
    let claim: String
    /// The address of the console in people's browsers, such as `http://127.0.0.1:8603`.
    let address: String
    /// Whether that is a public address.
    let site: SiteAddress

    /// The path that the provider leads back to.
    package static let callbackPath = Address.callback
    /// The claim that is used if the settings name none.
    package static let usualClaim = "email"

    private static let names: Set = ["issuer", "client", "secretFile", "claim", "address"]

    /// The settings in a file: one JSON object of texts.
    ///
    /// - Parameters:
    ///   - path: of the file.
    ///   - publicAddress: the console's, if a proxy is in front of it. The file then needs no address of its own.
    /// - Throws: `Failure` for anything that is missing, unknown or unsafe.
    package init(contentsOf path: String, at publicAddress: PublicAddress? = nil) throws(Failure) {
        var fields: [String: String]
        do {
            let data = Data(try OwnersFile.bytes(path, "the settings of single sign-on"))
            fields = try JSONDecoder().decode([String: String].self, from: data)
        } catch let refusal as OwnersFile.Refusal {
            throw Failure(.configuration, refusal.description)
        } catch {
            throw Failure(.configuration, "\(path) is not a JSON object whose values are all texts: correct it")
        }
        let unknown = fields.keys.filter { !Self.names.contains($0) }.sorted()
        guard unknown.isEmpty else {
            let known = Self.names.sorted().joined(separator: ", ")
            throw Failure(
                .configuration,
                "\(path): there is no setting \(unknown.joined(separator: ", ")); the settings are \(known)"
            )
        }
        func field(_ name: String) throws(Failure) -> String {
            guard let value = fields[name], !value.isEmpty else {
                throw Failure(.configuration, "\(path): the setting \(name) is missing")
            }
            return value
        }
        // The secret's file is named as seen from the folder of the settings.
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent()
        let secretPath = URL(fileURLWithPath: try field("secretFile"), relativeTo: folder).path
        let (issuer, client) = (try field("issuer"), try field("client"))
        // With a public address the file needs none of its own.
        if fields["address"] == nil { fields["address"] = publicAddress?.origin }
        let address = try field("address")
        let secret = try Self.secret(secretPath)
        do throws(Failure) {
            try self.init(
                issuer: issuer,
                client: client,
                secret: secret,
                claim: fields["claim"] ?? Self.usualClaim,
                address: address,
                at: publicAddress
            )
        } catch {
            throw Failure(error.status, "\(path): \(error.message)")
        }
    }

    /// Settings.
    ///
    /// - Throws: `Failure` for unsafe addresses, and for another address than the public one.
    package init(
        issuer: String,
        client: String,
        secret: String,
        claim: String,
        address: String,
        at publicAddress: PublicAddress? = nil
    ) throws(Failure) {
        guard ProviderAddress.isSafe(issuer), !issuer.contains("?") else {
            throw Failure(
                .configuration,
                "the issuer must be an https address without a query, such as https://login.example.org; http is possible on this machine only"
            )
        }
        guard !claim.isEmpty, !client.isEmpty, !secret.isEmpty else {
            throw Failure(.configuration, "the client, its secret and the claim must not be empty")
        }
        site = SiteAddress(publicAddress: publicAddress)
        self.issuer = issuer
        self.client = client
        self.secret = secret
        self.claim = claim
        self.address = try Self.origin(address, publicAddress)
    }

    /// The console's address without a slash at its end.
    private static func origin(_ text: String, _ publicAddress: PublicAddress?) throws(Failure) -> String {
        if let publicAddress {
            guard PublicAddress(text) == publicAddress else {
                throw Failure(
                    .configuration,
                    "the address must be the console's public one, \(publicAddress.origin), or be left out"
                )
            }
            return publicAddress.origin
        }
        let address = text.hasSuffix("/") ? String(text.dropLast()) : text
        let host = address.hasPrefix("http://") ? String(address.dropFirst("http://".count)) : ""
        guard HostCheck.isLoopback(host) else {
            throw Failure(
                .configuration,
                "the address must be the console's own in people's browsers, such as http://\(LoopbackAddress.usual): 127.0.0.1, [::1] or localhost. Behind a proxy that encrypts, start the console with --address https://HOST"
            )
        }
        return address
    }

    private static func secret(_ path: String) throws(Failure) -> String {
        do {
            let text = String(decoding: try OwnersFile.bytes(path, "the client's secret"), as: UTF8.self)
            return text.trimmingCharacters(in: .whitespacesAndNewlines)
        } catch {
            throw Failure(.configuration, error.description)
        }
    }

    /// The address that the provider leads back to; it must be registered there.
    var callback: String { address + Address.callback }

    /// Whether a request was sent to the console's address.
    func isOwn(_ request: ConsoleRequest) -> Bool {
        guard site.publicAddress == nil else { return site.isNamed(by: request) }
        return request.host?.lowercased() == address.dropFirst("http://".count).lowercased()
    }

    /// The provider's host, for people.
    var providerName: String { URLComponents(string: issuer)?.host ?? issuer }

    /// What the console asks the provider for: only what contains the claim.
    var scope: String {
        switch claim {
        case "sub": "openid"
        case "email": "openid email"
        default: "openid profile"
        }
    }

    /// Only the provider.
    package var description: String { "single sign-on at \(issuer)" }
    /// An empty mirror, so that nothing is revealed.
    package var customMirror: Mirror { Mirror(self, children: [(label: String?, value: Any)]()) }
}

/// Addresses of a provider.
enum ProviderAddress {
    /// Whether an address encrypts, or stays on this machine.
    static func isSafe(_ text: String) -> Bool {
        guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }), let parts = URLComponents(string: text),
            var host = parts.host, parts.user == nil, parts.password == nil, parts.fragment == nil
        else { return false }
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        guard !host.isEmpty else { return false }
        return parts.scheme == "https" || parts.scheme == "http" && HostCheck.isLoopback(address: host)
    }
}
