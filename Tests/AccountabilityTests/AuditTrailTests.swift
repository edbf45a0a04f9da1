import Messages
import Stages
import Streaming
import SwiftProtobuf
import Testing
@testable import Reading
@testable import accountability

/// Who did what to a ledger.
@Suite struct AuditTrailTests {
    private func header(
        _ id: String,
        at time: Int64,
        _ change: (inout Accountability_V1_SubmissionHeader) -> Void = { _ in }
    )
        -> Accountability_V1_SubmissionEntry
    {
        var entry = Accountability_V1_SubmissionEntry()
        entry.header.submission = id
        entry.header.fileName = "\(id).csv"
        entry.header.layout = Layout.directives.wireName
        entry.header.columns = Layout.directives.columns.map(\.name)
        entry.header.receivedUnixMilliseconds = time
        entry.header.rows = 1
        change(&entry.header)
        return entry
    }

    private func act(_ id: String, _ values: [String: String]) -> Accountability_V1_SubmissionEntry {
        var entry = Accountability_V1_SubmissionEntry()
        entry.row.submission = id
        entry.row.text = Layout.directives.columns.map { values[$0.name] ?? "" }.joined(separator: ",")
        return entry
    }

    private func marker(_ year: String, stage: String = CompletionMarker.operatorStage) throws
        -> CompletionMarker.Reading
    {
        let bytes = try CompletionMarker.encode(scope: year, stage: stage, partition: 0, partitions: 1).value
        return try CompletionMarker.decode(bytes.span)
    }

    @Test func everyDeedIsALineInTheOrderOfTime() throws {
        var trail = AuditTrail()
        var opened = Accountability_V1_SubmissionEntry()
        opened.yearOpened.schoolYear = 2019
        opened.yearOpened.openedBy = "J. Doe"
        var closed = Accountability_V1_SubmissionEntry()
        closed.yearClosed.schoolYear = 2019
        closed.yearClosed.closedBy = "J. Doe"
        closed.yearClosed.incomplete = "a strike"
        // Every partition has years, headers and markers; they are told once.
        for partition in [Int32(1), 0] {
            trail.take(opened, partition: partition, at: 1)
            trail.take(
                header("a", at: 20) { ($0.submittedBy, $0.channel) = ("A. Clerk", "inbox") },
                partition: partition,
                at: 20
            )
            trail.take(
                header("b", at: 10) { ($0.withdraws, $0.reason, $0.rows) = ("a", "wrong", 0) },
                partition: partition,
                at: 10
            )
            trail.take(
                header("c", at: 12) { $0.official = [.with { $0.schoolYear = 2019 }] },
                partition: partition,
                at: 12
            )
            trail.take(
                header("d", at: 13) {
                    ($0.approves, $0.reason, $0.rows, $0.submittedBy) = ("c", "right", 0, "B. Chief")
                },
                partition: partition,
                at: 13
            )
            trail.take(header("e", at: 14) { ($0.rejects, $0.rows) = ("c", 0) }, partition: partition, at: 14)
            trail.take(closed, partition: partition, at: 30)
            trail.take(try marker("2019"), partition: partition, at: 30)
        }
        trail.take(
            act(
                "a",
                [
                    "school_year": "2019", "org_code": "00010005", "directive": "designation",
                    "kind": "underperforming",
                    "effective_date": "2018-10-15", "reason": "why", "reference": "vote", "action": "delete",
                ]
            ),
            partition: 2,
            at: 20
        )
        #expect(
            trail.entries.map { $0.fields.dropFirst().joined(separator: "|") } == [
                "J. Doe|command|opened|2019||",
                "||withdrew|a|wrong|b",
                "||submitted|c.csv, 1 row of directives|held: its changes to the official results of 2019|c",
                "B. Chief||approved|c|right|d", "||rejected|c||e",
                "A. Clerk|inbox|submitted|a.csv, 1 row of directives||a",
                "A. Clerk|inbox|took back designation underperforming|2019 00010005, from 2018-10-15|why; vote|a",
                "J. Doe|command|closed|2019|a strike|",
            ]
        )
    }

    /// Ledgers from before persons were recorded have the marker only.
    @Test func aClosingOfBeforeIsListedWithoutAPerson() throws {
        var trail = AuditTrail()
        trail.take(try marker("2018"), partition: 0, at: 5)
        trail.take(try marker("2018"), partition: 1, at: 5)
        trail.take(try marker("2018", stage: "validation"), partition: 0, at: 6)
        trail.take(try marker("nonsense"), partition: 0, at: 7)
        #expect(trail.entries.map { "\($0.time) \($0.act) \($0.what) \($0.by)" } == ["5 closed 2018 "])
    }

    @Test func rowsThatCannotBeReadAndStrangersRowsAreNoDeeds() throws {
        var trail = AuditTrail()
        trail.take(act("nobody's", ["directive": "release"]), partition: 0, at: 1)
        trail.take(header("a", at: 2), partition: 0, at: 2)
        trail.take(header("s", at: 3) { $0.layout = "attendance" }, partition: 0, at: 3)
        trail.take(act("s", ["directive": "release"]), partition: 0, at: 3)
        var broken = Accountability_V1_SubmissionEntry()
        broken.row.submission = "a"
        broken.row.text = "\"2019,"
        trail.take(broken, partition: 0, at: 2)
        let bytes: [UInt8] = [1, 2, 3]
        trail.take(block: bytes.span)
        #expect(trail.entries.map(\.act) == ["submitted", "submitted"])
    }

    @Test func receiptsSayWhichSubmissionsAreWithdrawn() {
        var wrong = SubmissionTotals(id: "a")
        (wrong.fileName, wrong.rows, wrong.rejected, wrong.withdrawn) = ("wrong.csv", 3, 3, 2)
        var other = SubmissionTotals(id: "b")
        (other.rows, other.rejected, other.withdrawn) = (5, 1, 1)
        let lines = ReceiptNote.lines([wrong, other], withdrawals: ["a": "w"])
        #expect(lines.count == 2 && lines[0].hasPrefix("a (wrong.csv) is withdrawn by w"))
        #expect(lines[1].hasPrefix("1 row was accepted and is rejected now, because its organization was deleted"))
        #expect(ReceiptNote.lines([], withdrawals: [:]).isEmpty)
        let rejected = ReceiptNote.lines([other], withdrawals: [:], rejections: ["b": "r"])
        #expect(rejected.count == 1 && rejected[0].contains("was held, and 1 row of it rejected by r"))
    }
}
