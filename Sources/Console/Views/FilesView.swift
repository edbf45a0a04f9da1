internal import Messages
internal import Reading

/// Every submission with what became of its rows.
struct FilesView: Sendable {
    /// A submission.
    struct Row: Sendable {
        let totals: SubmissionTotals
        /// Whether the last look at the stages found rows that nobody accounted for; before, they may be on their way.
        let isMissingRows: Bool
    }

    /// The newest first.
    let part: ListPart<Row>

    init(_ call: ConsoleCall) {
        let problems = Set((call.tables.run?.status.problems ?? []).map(\.place))
        part = ListPart(
            call.tables.view.totals().reversed()
                .map { totals in
                    let isMissingRows = !totals.addsUp && problems.contains(ReceiptCheck.place(of: totals))
                    return Row(totals: totals, isMissingRows: isMissingRows)
                },
            call
        )
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
        count("held", "Rejected rows that wait for an approval, as they would change official results.") { $0.held },
        .flag("adds_up", "Whether rows = accepted + rejected + unchanged.") { $0.totals.addsUp },
        .flag("rows_missing", "Whether rows are missing, and not only on their way.") { $0.isMissingRows },
    ])

    static let shape = Shape<FilesView>([
        .integer("total", "How many submissions there are.", 0...Int64.max) { $0.part.rows.count },
        .list("submissions", "Those of this page, the newest first.", row) { Array($0.part.shown) },
        .optionalText("next", "The address of the next page; null after the last.") {
            $0.part.nextAddress("\(Address.api)/submissions")
        },
    ])
}
