import Foundation
import Messages
import Operating
import Stages
import Testing

@testable import accountability
@testable import Reading

/// What an audit finds without brokers.
@Suite struct AuditTests {
    @Test func receiptsHaveToAddUp() {
        var totals = SubmissionTotals(id: "s1")
        totals.rows = 67
        totals.accepted = 21
        #expect(ReceiptCheck.additions([totals]).first?.severity == .problem)
        #expect(ReceiptCheck.additions([totals]).first?.remedy.contains("accountability rebuild") == true)
        totals.unchanged = 40
        totals.rejected = 6
        #expect(ReceiptCheck.additions([totals]).map(\.severity) == [.ok])
    }

    @Test func aSubmissionThatTheLedgerLostIsNamed() throws {
        let home = Home(environment: [
            "ACCOUNTABILITY_HOME": FileManager.default.temporaryDirectory.appending(path: "home-\(UUID().uuidString)")
                .path
        ])
        defer { try? FileManager.default.removeItem(at: home.directory) }
        try home.create()
        let inbox = try Inbox(directory: home.inbox.path)
        let file = home.directory.appending(path: "a.csv")
        try Data("x\n".utf8).write(to: file)
        let id = try inbox.drop(file: file.path)
        let item = try #require(try inbox.pending().first)
        let summary = IngestionSummary(layout: "attendance", rows: 5, unreadable: 0, sha256: "", rowsByPartition: [5])
        try inbox.archive(
            item,
            receipt: SubmissionReceipt(committed: item, summary: summary, submittedUnixMilliseconds: 0)
        )
        #expect(ReceiptCheck.missing([id], home).isEmpty)
        let found = try #require(ReceiptCheck.missing([], home).first)
        #expect(found.severity == .problem && found.place == id && found.why.contains("a.csv with 5 rows"))
    }
}
