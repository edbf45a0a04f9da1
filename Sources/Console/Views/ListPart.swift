internal import Reading

/// A part of a list.
///
/// It begins at the query's `next` and has at most `limit` rows.
struct ListPart<Row: Sendable>: Sendable {
    /// All requested rows.
    let rows: [Row]
    /// The rows that are shown.
    let shown: ArraySlice<Row>
    let query: [String: String]
    private let first: Int
    private let limit: Int
    /// The start of the next part; nil after the last part.
    private let next: Int?

    init(_ rows: [Row], _ call: ConsoleCall) {
        self.rows = rows
        query = call.query
        limit = call.isWhole ? rows.count : call.integer("limit") ?? 100
        first = min(call.integer("next") ?? 0, rows.count)
        let end = min(first + limit, rows.count)
        shown = rows[first..<end]
        next = end < rows.count ? end : nil
    }

    /// Whether a filter narrows the list.
    var isNarrowed: Bool { query.keys.contains { $0 != "limit" && $0 != "next" } }

    private func address(_ path: String, from place: Int) -> String {
        Address.of(path, query, with: ["next": place > 0 ? String(place) : nil])
    }

    /// The address of the next part; nil after the last part.
    func nextAddress(_ path: String) -> String? { next.map { address(path, from: $0) } }

    /// The links to the previous and next part; nil if everything is shown.
    func pager(_ path: String) -> [String: Any]? {
        guard rows.count > shown.count else { return nil }
        var context: [String: Any] = [
            "range": shown.isEmpty
                ? "None of \(Words.grouped(rows.count))"
                : "\(Words.grouped(first + 1))–\(Words.grouped(first + shown.count)) of \(Words.grouped(rows.count))"
        ]
        context["previous"] = first > 0 ? address(path, from: max(first - limit, 0)) : nil
        context["next"] = nextAddress(path)
        return context
    }
}

/// The parameters of a list that is shown in parts.
enum ListParts {
    static let parameters: [QueryParameter] = [
        QueryParameter("limit", "The most entries of a page; default: 100.", .integer(1...1000)),
        QueryParameter("next", "Where to continue; the page before gives the value.", .integer(0...1_000_000)),
    ]
}
