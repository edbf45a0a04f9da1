import Messages
import Streaming

/// The position of a row in the order of checking: its arrival or its approval.
struct RowOrder: Comparable {
    /// The block that it came in; or the first that came after its approval.
    var piece: Int
    /// The approval's place among all approvals; those are before the rows of the block.
    var approval = Int.max
    /// The block that it came in.
    var origin: Int
    /// Its place there.
    var row: Int

    /// The position of a row's arrival.
    init(piece: Int, row: Int) {
        (self.piece, origin, self.row) = (piece, piece, row)
    }

    /// The same row, as if it had come when its submission was approved.
    func approved(_ approval: RowApproval) -> RowOrder {
        var order = self
        (order.piece, order.approval) = (approval.piece, approval.number)
        return order
    }

    static func < (left: RowOrder, right: RowOrder) -> Bool {
        (left.piece, left.approval, left.origin, left.row) < (right.piece, right.approval, right.origin, right.row)
    }
}

/// The position of a submission's approval.
struct RowApproval: Equatable {
    /// The first block of the archive that came after it.
    var piece: Int
    /// Its place among all approvals.
    var number: Int

    /// Whether a row was there when its submission was approved.
    func concerns(_ order: RowOrder) -> Bool { order.piece < piece }
}

/// The rows in the order of arrival.
///
/// The task needs them when an organization is deleted or declared, or a submission is withdrawn.
///
/// They are kept as they came, in the blocks of the ledger, and take four bytes more.
struct RowArchive {
    /// The origin of a row.
    struct Row {
        /// Its place among all rows.
        var order: RowOrder
        /// The number of its submission.
        var submission: Int
        var line: UInt64
        /// How often its organization had been declared and deleted when it came.
        var generation: UInt32
        /// Whether its school year was not open when it came: then it is refused for good.
        ///
        /// It is kept, as it brought its key again.
        var cameTooEarly: Bool
    }

    private struct Piece {
        var submission: Int
        var bytes: [UInt8]
        /// By row: the generation and whether it came too early; ``notKept`` of rows that are none of the archive.
        var states: [UInt32]
    }

    private static let notKept = UInt32.max
    private var pieces: [Piece] = []
    /// Whether the piece that is open has a row that is kept.
    private var isUsed = false

    /// Opens a block of a submission, whose rows then follow.
    mutating func open(_ block: Span<UInt8>, rows: Int, submission: Int) {
        pieces.append(
            Piece(
                submission: submission,
                bytes: [UInt8](copying: block),
                states: Array(repeating: Self.notKept, count: rows)
            )
        )
        isUsed = false
    }

    /// Ends the block; one of which no row is kept is dropped.
    mutating func close() {
        if !isUsed { pieces.removeLast() }
    }

    /// The position after all rows so far, for an approval.
    var end: Int { pieces.count }

    /// Keeps a row of the block that is open.
    mutating func keep(row: Int, generation: UInt32, cameTooEarly: Bool) {
        pieces[pieces.count - 1].states[row] = generation << 1 | (cameTooEarly ? 1 : 0)
        isUsed = true
    }

    /// Looks at every row of some submissions.
    func visit(
        _ submissions: Set<Int>,
        _ body: (_ row: Row, _ block: SubmissionBlock, _ index: Int, _ bytes: Span<UInt8>) throws -> Void
    ) throws {
        var block = SubmissionBlock()
        for (number, piece) in pieces.enumerated() where submissions.contains(piece.submission) {
            let bytes = piece.bytes.span
            try block.read(entry: bytes)
            for row in 0..<block.rows where piece.states[row] != Self.notKept {
                let archived = Row(
                    order: RowOrder(piece: number, row: row),
                    submission: piece.submission,
                    line: block.lines[row],
                    generation: piece.states[row] >> 1,
                    cameTooEarly: piece.states[row] & 1 == 1
                )
                try body(archived, block, row, bytes)
            }
        }
    }
}
