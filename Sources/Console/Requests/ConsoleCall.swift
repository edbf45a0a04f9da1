internal import Operating
internal import Reading
internal import Rules

/// Everything that an answer is made from.
struct ConsoleCall: Sendable {
    /// The name of a session's cookie where the console has no public address.
    static let cookie = "accountability_session"

    let tables: ConsoleTables
    var query: [String: String]
    var arguments: [String: String] = [:]
    /// The machine's day, ISO 8601.
    var today = Today.text
    /// The ranks of school years, made when they are asked for.
    var ranks = KeptRanks()
    /// The name of a session's cookie.
    var sessionCookie = ConsoleCall.cookie
    /// The operator's map of organizations; nil if there is none.
    var map: GeographicMap?
    /// The account of the visitor; nil if the visitor is not signed in.
    var account: Account?
    /// Whether a list is shown whole, for a file, and not in parts.
    var isWhole = false

    /// The school year of the path.
    ///
    /// It was checked before, so it is a year that the console knows.
    var year: Int { arguments["year"].flatMap { SchoolYear.named($0) } ?? 0 }

    func integer(_ name: String) -> Int? { query[name].flatMap { Int($0) } }
}
