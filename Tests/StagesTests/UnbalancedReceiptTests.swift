import Messages
import Testing
@testable import Stages
@testable import Streaming

/// A receipt whose rows are not accepted, rejected or unchanged.
@Suite("Receipts that do not add up") struct UnbalancedReceiptTests {
    @Test func theTaskSaysSoUntilTheyDo() throws {
        let stage = ValidationStage(pipeline: Pipeline())
        let partitions = stage.outputs.map { _ in Int32(1) }
        let context = TaskContext(partition: 0, partitions: 1, outputPartitions: partitions)
        let task = try #require(stage.makeTask(context) as? ValidationTask)
        let output = TaskOutput(outputs: stage.outputs, partition: 0, partitions: partitions, sink: Nowhere())
        output.isLive = true
        func publish(rows: UInt64, accepted: UInt64, rejected: UInt64, unchanged: UInt64) throws -> String? {
            var submission = ValidationTask.Submission(id: "s1", fileName: "a.csv", check: 0, allowsUndeclared: false)
            submission.tally.submission = "s1"
            (submission.tally.rows, submission.tally.accepted) = (rows, accepted)
            (submission.tally.rejected, submission.tally.unchanged) = (rejected, unchanged)
            (task.submissions, task.touched) = ([submission], [0])
            try task.publishReceipts(output)
            return task.discrepancy
        }
        #expect(try publish(rows: 67, accepted: 60, rejected: 5, unchanged: 2) == nil)
        let found = try publish(rows: 67, accepted: 21, rejected: 0, unchanged: 0)
        #expect(
            found?.contains("s1") == true && found?.contains("67 rows, but 21 accepted") == true
                && found?.contains("accountability rebuild --stage validation") == true
        )
        #expect(try publish(rows: 67, accepted: 21, rejected: 46, unchanged: 0) == nil)
    }
}
