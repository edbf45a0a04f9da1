internal import Reading

/// A part of a list: where a query's `next` begins, as many as its `limit`.
struct ListPart<Row: Sendable>: Sendable {
    /// Everything that is asked for.
    let rows: [Row]
    /// What is shown of it.
    let shown: ArraySlice<Row>
    let query: [String: String]
    private let first: Int
    private let limit: Int
    /// Where the next part begins; nil after the last.
    private let next: Int?

    init(_ rows: [Row], _ call: ConsoleCall) {
        self.rows = rows
        query = call.query
        limit = call.integer("limit") ?? 100
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

    /// The address of the next part; nil after the last.
    func nextAddress(_ path: String) -> String? { next.map { address(path, from: $0) } }

    /// What leads on and back on a page; nil where everything is shown.
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

/// The parameters of a list that comes in parts.
enum ListParts {
    static let parameters: [QueryParameter] = [
        QueryParameter("limit", "How many at most; 100 where nothing is said.", .integer(1...1000)),
        QueryParameter("next", "Where to go on, as the page before said.", .integer(0...1_000_000)),
    ]
}
