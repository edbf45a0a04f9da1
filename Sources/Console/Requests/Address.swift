internal import Rules

extension Area {
    /// The beginning of the area's addresses.
    var prefix: String { self == .own ? "" : Address.published }
}

/// Addresses of the console, for links.
package enum Address {
    static let api = "/api/v1"
    static let signIn = "/sign-in"
    static let signOut = "/sign-out"
    /// Where single sign-on begins, and where the provider leads back to.
    static let singleSignOn = "/sign-in/single-sign-on"
    static let callback = "/sign-in/callback"
    /// The first part of the addresses of published results.
    static let published = "/public"

    /// A path with a query.
    ///
    /// Parameters without a value are left out.
    static func of(_ path: String, _ query: [(String, String?)] = []) -> String {
        let pairs = query.compactMap { name, value in
            value.flatMap { $0.isEmpty ? nil : "\(name)=\(RequestTarget.encoded($0))" }
        }
        return pairs.isEmpty ? path : "\(path)?\(pairs.joined(separator: "&"))"
    }

    /// A path with a query, in which some values are replaced.
    ///
    /// A nil value leaves the parameter out.
    static func of(_ path: String, _ query: [String: String], with others: [String: String?] = [:]) -> String {
        var all: [String: String?] = query
        all.merge(others) { $1 }
        return of(path, all.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
    }

    static func year(_ year: Int, in area: Area = .own) -> String { "\(area.prefix)/years/\(year)" }

    static func organization(_ year: Int, _ code: OrganizationCode, in area: Area = .own) -> String {
        "\(self.year(year, in: area))/organizations/\(code)"
    }

    static func state(_ year: Int, in area: Area = .own) -> String { "\(self.year(year, in: area))/state" }

    static func compare(_ year: Int) -> String { "/years/\(year)/compare" }

    static func compare(_ year: Int, _ code: OrganizationCode) -> String { "\(compare(year))?org=\(code)" }

    static func framework(_ name: String) -> String { "/frameworks/\(name)" }
}
