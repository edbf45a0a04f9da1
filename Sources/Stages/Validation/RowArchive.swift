import Messages
import Streaming

/// The rows that came, in their order: what the deletion or declaration of an organization and the withdrawal of a
/// submission need, whenever they come.
///
/// They are kept as they came, in the blocks of the ledger, and take four bytes more.
struct RowArchive {
    /// Where a row came from.
    struct Row {
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
        for piece in pieces where submissions.contains(piece.submission) {
            let bytes = piece.bytes.span
            try block.read(entry: bytes)
            for row in 0..<block.rows where piece.states[row] != Self.notKept {
                let archived = Row(
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
