import Messages
import Streaming
import SwiftProtobuf

/// The published outcome of a submission's rows in this partition.
extension ValidationTask {
    /// Publishes the receipts that changed, and looks whether they add up.
    func publishReceipts(_ output: TaskOutput) throws {
        for number in touched.sorted() {
            submissions[number].isTouched = false
            submissions[number].tally.heldYears = submissions[number].held.filter { $0.value != 0 }.keys.sorted()
                .map { UInt32(clamping: $0) }
            let receipt = submissions[number].tally
            if receipt.addsUp { unbalanced.remove(number) } else { unbalanced.insert(number) }
            try output.publish(
                ValidationStage.OutputIndex.receipts,
                partition: home(ValidationStage.OutputIndex.receipts, output),
                key: "\(receipt.submission)/\(partition)",
                value: receipt.serializedBytes(),
                cause: receipt.submission
            )
        }
        touched = []
    }

    /// The first receipt that does not add up.
    var discrepancy: String? {
        unbalanced.min()
            .map {
                let receipt = submissions[$0].tally
                return "the receipt of \(receipt.submission) does not add up in partition \(partition): "
                    + "\(receipt.rows) rows, but \(receipt.accepted) accepted + \(receipt.rejected) rejected + "
                    + "\(receipt.unchanged) unchanged; `accountability rebuild --stage validation` counts them again"
            }
    }
}

extension Accountability_V1_Receipt {
    /// Whether every row is accepted, rejected or unchanged.
    fileprivate var addsUp: Bool { rows == accepted &+ rejected &+ unchanged }
}
