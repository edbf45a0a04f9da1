import Foundation
import Kafka
import Operating
import Stages

/// Receipts as the metadata string that Kafka keeps with an offset.
enum ReceiptNote {
    /// The most partitions that a ledger may have so that a receipt fits.
    static let mostPartitions = 400
    /// By default, Kafka keeps 4,096 bytes with an offset (`offset.metadata.max.bytes`).
    static let mostBytes = 4000

    /// The text of receipts; nil if there are several and they do not fit.
    static func text(of receipts: [SubmissionReceipt]) throws -> String? {
        let text = String(decoding: try JSONEncoder().encode(receipts), as: UTF8.self)
        guard text.utf8.count > mostBytes else { return text }
        guard receipts.count == 1, var note = receipts.first else { return nil }
        // A file name may be too long.
        note.fileName = String(note.fileName.prefix(100))
        let short = String(decoding: try JSONEncoder().encode([note]), as: UTF8.self)
        guard short.utf8.count <= mostBytes else {
            throw Failure(
                .configuration,
                "a receipt for \(note.rowsByPartition.count) partitions does not fit into an offset's metadata"
            )
        }
        return short
    }

    /// The approximate number of bytes of a small submission's receipt.
    static func estimate(_ item: InboxItem, _ partitions: Int32) -> Int {
        260 + 2 * item.fileName.utf8.count + 3 * Int(partitions)
    }

    /// The receipts in a text.
    ///
    /// Earlier versions wrote a single receipt.
    static func receipts(of text: String) throws -> [SubmissionReceipt] {
        let data = Data(text.utf8)
        do {
            return try JSONDecoder().decode([SubmissionReceipt].self, from: data)
        } catch {
            return [try JSONDecoder().decode(SubmissionReceipt.self, from: data)]
        }
    }
}
