internal import Messages
internal import Reading

/// Every submission with what became of its rows.
struct FilesView: Sendable {
    /// A submission.
    struct Row: Sendable {
        let totals: SubmissionTotals
        /// Whether every row of the file is accounted for.
        var addsUp: Bool { totals.rows == totals.accepted &+ totals.rejected &+ totals.unchanged }
    }

    /// The newest first.
    let rows: [Row]
    let shown: ArraySlice<Row>
    let first: Int
    let next: Int?
    let limit: Int

    init(_ call: Route.Call) {
        rows = call.tables.view.totals().reversed().map { Row(totals: $0) }
        limit = call.integer("limit") ?? 100
        first = min(call.integer("next") ?? 0, rows.count)
        let end = min(first + limit, rows.count)
        shown = rows[first..<end]
        next = end < rows.count ? end : nil
    }

    private static func count(
        _ name: String,
        _ about: String,
        _ read: @escaping @Sendable (SubmissionTotals) -> UInt64
    ) -> Shape<Row>.Field {
        .integer(name, about, 0...Int64.max) { Int(clamping: read($0.totals)) }
    }

    private static let row = Shape<Row>([
        .text("submission", "The submission's identity.") { $0.totals.id },
        .text("file", "The file's name.") { $0.totals.fileName },
        .text("layout", "Its layout.") { $0.totals.layout },
        count("rows", "Rows of the file.") { $0.rows },
        count("accepted", "Rows accepted.") { $0.accepted },
        count("rejected", "Rows rejected.") { $0.rejected },
        count("unchanged", "Rows that changed nothing.") { $0.unchanged },
        count("replaced", "Accepted rows that replaced another.") { $0.replaced },
        count("deleted", "Accepted rows that retracted another.") { $0.deleted },
        .flag("adds_up", "Whether rows = accepted + rejected + unchanged.") { $0.addsUp },
    ])

    static let shape = Shape<FilesView>([
        .integer("total", "How many submissions there are.", 0...Int64.max) { $0.rows.count },
        .list("submissions", "Those of this page, the newest first.", row) { Array($0.shown) },
        .optionalText("next", "The address of the next page; null after the last.") { view in
            view.next.map {
                Address.of(
                    "\(Address.api)/submissions",
                    [("next", String($0)), ("limit", String(view.limit))]
                )
            }
        },
    ])
}
