import Messages
import SwiftProtobuf
import Tables

/// Entries of the ledger in other forms than the one that is written now, put into that one.
enum LedgerEntry {
    /// A block in the way another's encoder writes it, which puts something before it.
    static func plain(_ entry: Accountability_V1_SubmissionEntry) throws -> [UInt8] {
        var plain = Accountability_V1_SubmissionEntry()
        plain.block = entry.block
        return try plain.serializedBytes()
    }

    /// A row by itself, as ledgers held rows before there were blocks, as a block of one row.
    ///
    /// Its text is RFC 4180, with the pseudonym in hexadecimal.
    static func block(of row: Accountability_V1_SubmissionRow, _ check: RowCheck) throws -> [UInt8] {
        var block = SubmissionBlockBuilder(
            submission: row.submission,
            layout: check.layout.wireName,
            columns: check.fieldCount
        )
        func refused(_ code: String) -> [UInt8] {
            block.append(
                SubmissionBlock.Unreadable(
                    line: row.line,
                    code: code,
                    digest: [UInt8](row.digest),
                    closingLine: row.closingLine
                )
            )
            return block.take().value
        }
        guard row.unreadable.isEmpty else { return refused(row.unreadable) }
        let text = Array(row.text.utf8)
        var fields = CSVRow()
        do throws(CSVError) {
            try fields.parse(text.span)
        } catch {
            return refused(RejectionCode(error.code).rawValue)
        }
        guard fields.fieldCount == check.fieldCount else { return refused(RejectionCode.fieldCount.rawValue) }
        var student: UInt128?
        if let place = check.studentField {
            student = RowKey.number(fields.field(place, of: text.span))
            guard student != nil else { return refused(RejectionCode.malformedStudentIdentifier.rawValue) }
        }
        block.beginRow(
            line: Int(clamping: row.line),
            student: student,
            owner: check.layout == .organizations ? row.ownerPartition : nil
        )
        let none: [UInt8] = []
        for place in 0..<fields.fieldCount {
            if place == check.studentField {
                block.append(none.span, column: place)
            } else {
                block.append(fields.field(place, of: text.span), column: place)
            }
        }
        block.endRow()
        return block.take().value
    }
}
