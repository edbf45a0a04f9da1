import Foundation
import Kafka
import Operating
import Stages

/// Receipts as the string that Kafka keeps with an offset.
enum ReceiptNote {
    /// The most partitions of a ledger whose receipts fit.
    static let mostPartitions = 400
    /// Kafka keeps 4,096 bytes with an offset unless it is told otherwise (`offset.metadata.max.bytes`).
    static let mostBytes = 4000

    /// The text of receipts; nil where several do not fit.
    static func text(of receipts: [SubmissionReceipt]) throws -> String? {
        let text = String(decoding: try JSONEncoder().encode(receipts), as: UTF8.self)
        guard text.utf8.count > mostBytes else { return text }
        guard receipts.count == 1, var note = receipts.first else { return nil }
        // A name of a file may take any share of it.
        note.fileName = String(note.fileName.prefix(100))
        let short = String(decoding: try JSONEncoder().encode([note]), as: UTF8.self)
        guard short.utf8.count <= mostBytes else {
            throw Failure(
                .configuration,
                "a receipt over \(note.rowsByPartition.count) partitions does not fit with an offset"
            )
        }
        return short
    }

    /// About how many bytes a small submission's receipt takes.
    static func estimate(_ item: InboxItem, _ partitions: Int32) -> Int {
        260 + 2 * item.fileName.utf8.count + 3 * Int(partitions)
    }

    /// The receipts of a text; of versions before this one it is a single receipt.
    static func receipts(of text: String) throws -> [SubmissionReceipt] {
        let data = Data(text.utf8)
        do {
            return try JSONDecoder().decode([SubmissionReceipt].self, from: data)
        } catch {
            return [try JSONDecoder().decode(SubmissionReceipt.self, from: data)]
        }
    }
}
