internal import Operating
internal import Rules

/// An address of the console, with what it takes and what it answers.
struct Route: Sendable {
    /// The path with its arguments in braces: `/years/{year}`.
    let path: String
    /// The least role that is answered.
    let needs: Role
    /// What the address answers, in a sentence.
    let summary: String
    let query: [QueryParameter]
    /// The schema of what the API answers; nil of pages and files.
    let schema: Schema?
    /// Whose figures it answers with.
    let area: Area
    /// Whether the answer is the program's own and stays the same for as long as it runs.
    let isFixed: Bool
    /// Whether it says how something stands on the day on that it is asked.
    let isDaily: Bool
    let answer: @Sendable (ConsoleCall) throws -> ConsoleContent

    init(
        _ path: String,
        _ summary: String,
        needs: Role,
        query: [QueryParameter] = [],
        schema: Schema? = nil,
        area: Area = .own,
        isFixed: Bool = false,
        isDaily: Bool = false,
        _ answer: @escaping @Sendable (ConsoleCall) throws -> ConsoleContent
    ) {
        self.path = path
        self.needs = needs
        self.summary = summary
        self.query = query
        self.schema = schema
        self.area = area
        self.isFixed = isFixed
        self.isDaily = isDaily
        names = PathNames(path)
        self.answer = answer
    }

    private let names: PathNames

    /// The arguments of a path; nil where the path is not the route's.
    func arguments(of path: [String]) -> [String: String]? { names.arguments(of: path) }

    /// The names of its arguments.
    var argumentNames: [String] { names.arguments }

    /// Refuses what the route does not take.
    func check(_ call: ConsoleCall) throws(Problem) {
        try Self.check(call.query, query)
        if let year = call.arguments["year"] {
            guard let year = SchoolYear.named(year), call.tables.determined(year) != nil else {
                let years = call.tables.determinedYears.reversed().map(String.init).joined(separator: ", ")
                throw Problem(
                    404,
                    "there are no \(area == .own ? "determinations" : "official results") of school year \(RequestTarget.shown(year)); "
                        + (years.isEmpty ? "none were published yet" : "there are those of \(years)")
                )
            }
        }
    }

    /// Refuses a query that has other parameters, or values that they do not take.
    static func check(_ query: [String: String], _ parameters: [QueryParameter]) throws(Problem) {
        for (name, value) in query.sorted(by: { $0.key < $1.key }) {
            guard let parameter = parameters.first(where: { $0.name == name }) else {
                let known = parameters.map(\.name).joined(separator: ", ")
                throw Problem(
                    400,
                    "there is no parameter '\(RequestTarget.shown(name))' here; "
                        + (known.isEmpty ? "this address takes none" : "there are \(known)")
                )
            }
            try parameter.check(value)
        }
    }
}
