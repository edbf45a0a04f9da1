internal import Rules

/// Whose figures an address shows.
package enum Area: Hashable, Sendable {
    /// What the visitor may see of the determinations.
    case own
    /// What everybody sees: the official publications, the same for every visitor.
    case published

    /// What the addresses of the area begin with.
    var prefix: String { self == .own ? "" : Address.published }
}

/// Addresses of the console, as links name them.
package enum Address {
    static let api = "/api/v1"
    static let signIn = "/sign-in"
    static let signOut = "/sign-out"
    /// Where the published results begin.
    static let published = "/public"

    /// A path with a query; parameters without a value are left out.
    static func of(_ path: String, _ query: [(String, String?)] = []) -> String {
        let pairs = query.compactMap { name, value in
            value.flatMap { $0.isEmpty ? nil : "\(name)=\(RequestTarget.encoded($0))" }
        }
        return pairs.isEmpty ? path : "\(path)?\(pairs.joined(separator: "&"))"
    }

    /// A path with a query, with other values in place of some; nil leaves a parameter out.
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
