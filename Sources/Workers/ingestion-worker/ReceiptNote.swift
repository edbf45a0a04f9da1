import Foundation
import Kafka
import Operating
import Stages

/// A receipt as the string that Kafka keeps with an offset.
enum ReceiptNote {
    /// The most partitions of a ledger whose receipts fit.
    static let mostPartitions = 400

    /// The text of a receipt.
    static func text(of receipt: SubmissionReceipt) throws -> String {
        // Kafka keeps 4,096 bytes; a name of a file may take any share of them.
        var note = receipt
        var text = String(decoding: try JSONEncoder().encode(note), as: UTF8.self)
        if text.utf8.count > 4000 {
            note.fileName = String(note.fileName.prefix(100))
            text = String(decoding: try JSONEncoder().encode(note), as: UTF8.self)
        }
        guard text.utf8.count <= 4000 else {
            throw Failure(
                .configuration,
                "a receipt over \(receipt.rowsByPartition.count) partitions does not fit with an offset"
            )
        }
        return text
    }

    /// The receipt of a text.
    static func receipt(of text: String) throws -> SubmissionReceipt {
        try JSONDecoder().decode(SubmissionReceipt.self, from: Data(text.utf8))
    }
}
