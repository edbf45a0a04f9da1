internal import Operating
internal import Rules

/// An address of the console, with its parameters and its answer.
struct Route: Sendable {
    /// The path with its arguments in braces: `/years/{year}`.
    let path: String
    /// The lowest role that gets an answer.
    let needs: Role
    /// What the address returns, in one sentence.
    let summary: String
    let query: [QueryParameter]
    /// The schema of the API's answer; nil for pages and files.
    let schema: Schema?
    /// Whose figures it returns.
    let area: Area
    /// Whether the answer is part of the program, so that it stays the same while the program runs.
    let isFixed: Bool
    /// Whether the answer depends on the day of the request.
    let isDaily: Bool
    /// Whether it is a page whose tables are files too: ``TableFiles``.
    let hasFiles: Bool
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
        hasFiles: Bool = false,
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
        self.hasFiles = hasFiles
        names = PathNames(path)
        self.answer = answer
    }

    private let names: PathNames

    /// The arguments of a path; nil if the path does not belong to this route.
    func arguments(of path: [String]) -> [String: String]? { names.arguments(of: path) }

    /// The names of its arguments.
    var argumentNames: [String] { names.arguments }

    /// Refuses an unknown parameter, an invalid value, or a year without determinations.
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

    /// Refuses unknown parameters and invalid values.
    static func check(_ query: [String: String], _ parameters: [QueryParameter]) throws(Problem) {
        for (name, value) in query.sorted(by: { $0.key < $1.key }) {
            guard let parameter = parameters.first(where: { $0.name == name }) else {
                let known = parameters.map(\.name).joined(separator: ", ")
                throw Problem(
                    400,
                    "there is no parameter '\(RequestTarget.shown(name))' here; "
                        + (known.isEmpty ? "this address has no parameters" : "the parameters are \(known)")
                )
            }
            try parameter.check(value)
        }
    }
}
