/// The path of a route, split into its names: `/years/{year}/determinations.csv`.
struct PathNames: Sendable {
    private let names: [Substring]

    init(_ path: String) { names = path.split(separator: "/") }

    /// The arguments of a path; nil if the path is a different one.
    func arguments(of path: [String]) -> [String: String]? {
        guard names.count == path.count else { return nil }
        var arguments: [String: String] = [:]
        for (name, given) in zip(names, path) {
            if name.first == "{" {
                let suffix = name.drop { $0 != "}" }.dropFirst()
                guard given.hasSuffix(suffix), given.count > suffix.count else { return nil }
                arguments[String(name.dropFirst().prefix { $0 != "}" })] = String(given.dropLast(suffix.count))
            } else if name != given {
                return nil
            }
        }
        return arguments
    }

    /// The names of the route's arguments.
    var arguments: [String] {
        names.filter { $0.first == "{" }.map { String($0.dropFirst().prefix { $0 != "}" }) }
    }
}
