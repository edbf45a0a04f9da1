internal import Messages
internal import Reading

/// Every submission, with what happened to its rows.
struct FilesView: Sendable {
    /// A submission.
    struct Row: Sendable {
        let totals: SubmissionTotals
        /// Whether the last check of the stages found missing rows.
        ///
        /// Before that, rows may still be on their way.
        let isMissingRows: Bool
    }

    /// The submissions, the newest first.
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
        count("held", "Rejected rows that wait for an approval, because they would change official results.") {
            $0.held
        },
        .flag("adds_up", "Whether rows = accepted + rejected + unchanged.") { $0.totals.addsUp },
        .flag("rows_missing", "Whether rows are missing, rather than still on their way.") { $0.isMissingRows },
    ])

    static let shape = Shape<FilesView>([
        .integer("total", "The number of submissions.", 0...Int64.max) { $0.part.rows.count },
        .list("submissions", "The submissions of this page, the newest first.", row) { Array($0.part.shown) },
        .optionalText("next", "The address of the next page; null on the last page.") {
            $0.part.nextAddress("\(Address.api)/submissions")
        },
    ])
}
