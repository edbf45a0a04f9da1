internal import Rules

/// An address of the console, with what it takes and what it answers.
struct Route: Sendable {
    /// What an answer is.
    struct Content: Sendable {
        let type: String
        let body: String
        /// The name under which a browser keeps it; nil where it shows it.
        var file: String?

        static func html(_ body: String) -> Content { Content(type: "text/html; charset=utf-8", body: body) }
        static func json(_ value: JSONValue) -> Content { Content(type: "application/json", body: value.text) }
    }

    /// What an answer is made from.
    struct Call: Sendable {
        let tables: ConsoleTables
        let query: [String: String]
        var arguments: [String: String] = [:]

        /// The school year of the path; only a year that the console knows comes so far.
        var year: Int { arguments["year"].flatMap { SchoolYear.named($0) } ?? 0 }

        func integer(_ name: String) -> Int? { query[name].flatMap { Int($0) } }
    }

    /// The path with its arguments in braces: `/years/{year}`.
    let path: String
    /// What the address answers, in a sentence.
    let summary: String
    let query: [QueryParameter]
    /// The schema of what the API answers; nil of pages and files.
    let schema: Schema?
    /// Whether the answer is the program's own and stays the same for as long as it runs.
    let isFixed: Bool
    let answer: @Sendable (Call) throws -> Content

    init(
        _ path: String,
        _ summary: String,
        query: [QueryParameter] = [],
        schema: Schema? = nil,
        isFixed: Bool = false,
        _ answer: @escaping @Sendable (Call) throws -> Content
    ) {
        self.path = path
        self.summary = summary
        self.query = query
        self.schema = schema
        self.isFixed = isFixed
        names = path.split(separator: "/")
        self.answer = answer
    }

    private let names: [Substring]

    /// The arguments of a path; nil where the path is not the route's.
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

    /// The names of its arguments.
    var argumentNames: [String] {
        names.filter { $0.first == "{" }.map { String($0.dropFirst().prefix { $0 != "}" }) }
    }

    /// Refuses what the route does not take.
    func check(_ call: Call) throws(Problem) {
        for (name, value) in call.query.sorted(by: { $0.key < $1.key }) {
            guard let parameter = query.first(where: { $0.name == name }) else {
                let known = query.map(\.name).joined(separator: ", ")
                throw Problem(
                    400,
                    "there is no parameter '\(RequestTarget.shown(name))' here; "
                        + (known.isEmpty ? "this address takes none" : "there are \(known)")
                )
            }
            try parameter.check(value)
        }
        if let year = call.arguments["year"] {
            guard let year = SchoolYear.named(year), call.tables.determined(year) != nil else {
                let years = call.tables.determinedYears.reversed().map(String.init).joined(separator: ", ")
                throw Problem(
                    404,
                    "there are no determinations of school year \(RequestTarget.shown(year)); "
                        + (years.isEmpty ? "none were published yet" : "there are those of \(years)")
                )
            }
        }
    }
}
