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

    private func differences(_ rows: [(key: String, published: String?, computed: String?)]) -> Differences {
        var differences = Differences()
        for (key, published, computed) in rows {
            differences[Topics.indicators]
                .compare(
                    .init(partition: 0, key: Array(key.utf8)),
                    published.map { Array($0.utf8) },
                    computed.map { Array($0.utf8) }
                )
        }
        return differences
    }

    /// Under traffic tables differ that were read at different moments; what is wrong differs the same way again.
    @Test func onlyWhatDiffersTwiceIsReported() {
        #expect(differences([("a", "1", "1")]).isSettled, "nothing differs, so one comparison is enough")
        let first = differences([("a", "1", "2"), ("b", nil, "1"), ("wrong", "9", "1")])
        #expect(!first.isSettled && first[Topics.indicators].confirmed.isEmpty)
        let second = differences([("a", "2", "3"), ("c", "1", nil), ("wrong", "9", "1")]).confirming(first)
        #expect(!second.isSettled)
        #expect(second[Topics.indicators].confirmed.map(\.text) == ["wrong"])
        let third = differences([("wrong", "9", "1"), ("c", "1", nil)]).confirming(second)
        #expect(third.isSettled && Set(third[Topics.indicators].confirmed.map(\.text)) == ["c", "wrong"])
        #expect(differences([]).confirming(third).isSettled)
    }

    /// A rebuild retracts only what a task of the stage owns.
    @Test func theRemedyForWhatNobodyOwnsIsToRecreateTheTopic() {
        let pipeline = Pipeline()
        let counts = Dictionary(uniqueKeysWithValues: Topics.all.map { (pipeline.name($0), Int32(3)) })
        func isOwned(_ topic: TopicDefinition, _ stage: PipelineStage, _ key: String, in record: String? = nil) -> Bool
        {
            RecordOwners(topic, of: stage, pipeline, counts)
                .isOwned(.init(partition: 0, key: Array(key.utf8)), in: Array((record ?? key).utf8))
        }
        let row = "2019/organizations/00010010"
        let home = (0..<3).first { isOwned(Topics.records, .validation, row, in: "2019/organizations/\($0)-7-0") }
        #expect(home != nil)
        #expect(!isOwned(Topics.records, .validation, row, in: "2019/organizations/9-7-0"), "no such task")
        let other = ((home ?? 0) + 1) % 3
        #expect(!isOwned(Topics.records, .validation, row, in: "2019/organizations/\(other)-7-0"), "another's row")
        #expect(isOwned(Topics.indicators, .indicator, "anything"), "its partition's task owns it")
        #expect(!isOwned(Topics.receipts, .validation, "nonsense"))
        #expect(PublishedCheck.remedy("validation", "t", hasStrangers: false).contains("rebuild --stage validation"))
        #expect(PublishedCheck.remedy("validation", "t", hasStrangers: true).contains("topics --recreate t --yes"))
    }
}
