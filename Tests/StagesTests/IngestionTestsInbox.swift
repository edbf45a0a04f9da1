import Foundation
import Testing

@testable import Stages

@Suite("Inbox")
struct InboxTests {
    private func withFolder(_ body: (URL) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("inbox-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder)
    }

    @Test("The wait for a change ends with the change, and not before")
    func waiting() throws {
        try withFolder { folder in
            let inbox = try Inbox(directory: folder.path)
            let changes = FolderWatch(inbox)
            // A change that is known already ends no wait.
            try Data().write(to: folder.appendingPathComponent("known.csv"))
            let start = ContinuousClock.now
            changes.awaitChange(since: inbox.content, atMost: .milliseconds(300))
            #expect(ContinuousClock.now - start >= .milliseconds(300))
            let content = inbox.content
            Thread.detachNewThread {
                Thread.sleep(forTimeInterval: 0.2)
                try? Data().write(to: folder.appendingPathComponent("new.csv"))
            }
            changes.awaitChange(since: content, atMost: .seconds(60))
            #expect(ContinuousClock.now - start < .seconds(30))
            #expect(inbox.content?.contains("new.csv") == true)
        }
    }

    @Test("A folder whose system gives no notices is looked at less and less often while nothing changes")
    func waitingWithoutNotices() throws {
        try withFolder { folder in
            let inbox = try Inbox(directory: folder.path)
            let changes = FolderWatch(inbox, hasNotices: false)
            let content = inbox.content
            for _ in 0..<3 { changes.awaitChange(since: content, atMost: .milliseconds(300)) }
            #expect(changes.step > FolderWatch.firstStep * 10)
            try Data().write(to: folder.appendingPathComponent("new.csv"))
            changes.awaitChange(since: content, atMost: .seconds(60))
            #expect(changes.step == FolderWatch.firstStep, "after a change more may follow")
        }
    }

    @Test("A dropped file waits, is taken once, and leaves a receipt and no data")
    func life() throws {
        try withFolder { folder in
            let file = folder.appendingPathComponent("attendance of 0001.csv")
            try Data("secret-identifier".utf8).write(to: file)
            let inbox = try Inbox(directory: folder.appendingPathComponent("inbox").path)
            let late = try inbox.drop(
                file: file.path,
                options: .init(layout: "attendance"),
                now: Date(timeIntervalSince1970: 2_000)
            )
            let early = try inbox.drop(file: file.path, now: Date(timeIntervalSince1970: 1_000))
            let items = try inbox.pending()
            #expect(items.map(\.id) == [early, late])
            #expect(items[1].fileName == "attendance of 0001.csv" && items[1].options.layout == "attendance")
            let mode = try FileManager.default.attributesOfItem(atPath: items[0].path)[.posixPermissions] as? NSNumber
            #expect(mode?.intValue == 0o600)
            #expect(try inbox.receipt(early) == nil)

            let summary = IngestionSummary(
                layout: "attendance",
                rows: 3,
                unreadable: 1,
                sha256: "00",
                rowsByPartition: [1, 2]
            )
            let receipt = SubmissionReceipt(committed: items[0], summary: summary, submittedUnixMilliseconds: 0)
            try inbox.archive(items[0], receipt: receipt)
            #expect(try inbox.receipt(early) == receipt)
            #expect(try inbox.pending().map(\.id) == [late])
            let refusal = SubmissionRefused(.changed, "it changed")
            try inbox.archive(
                items[1],
                receipt: SubmissionReceipt(refused: items[1], refusal, submittedUnixMilliseconds: 0)
            )
            #expect(try inbox.receipt(late)?.code == "changed_while_read")
            #expect(try FileManager.default.contentsOfDirectory(atPath: inbox.directory.path) == ["archive"])
            for name in try FileManager.default.contentsOfDirectory(atPath: inbox.directory.path + "/archive") {
                #expect(
                    try !String(contentsOfFile: inbox.directory.path + "/archive/" + name, encoding: .utf8)
                        .contains("secret")
                )
            }
        }
    }

    @Test("A plain file is taken once it has settled")
    func plainFiles() throws {
        try withFolder { folder in
            let inbox = try Inbox(directory: folder.path)
            for name in ["a.csv", "b.csv.gz", "notes.txt", ".hidden.csv"] {
                try Data("x".utf8).write(to: folder.appendingPathComponent(name))
            }
            #expect(try inbox.pending(now: Date()).isEmpty)
            let items = try inbox.pending(now: Date(timeIntervalSinceNow: 3))
            #expect(Set(items.map(\.fileName)) == ["a.csv", "b.csv.gz"])
            #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("a.csv").path))
            #expect(try inbox.pending(now: Date()) == items)
        }
    }

    @Test("What a crash leaves is finished or tidied up, and nothing is taken twice")
    func crashes() throws {
        try withFolder { folder in
            let inbox = try Inbox(directory: folder.path)
            // Between the ticket of a plain file and its rename.
            let ticket =
                #"{"id":"20190101T000000000Z-abcdef","fileName":"a.csv","options":{"ignoreExtra":false,"allowUndeclared":false},"claims":"a.csv"}"#
            try Data(ticket.utf8).write(to: folder.appendingPathComponent("20190101T000000000Z-abcdef.json"))
            try Data("x".utf8).write(to: folder.appendingPathComponent("a.csv"))
            #expect(try inbox.pending(now: Date(timeIntervalSinceNow: 3)).map(\.id) == ["20190101T000000000Z-abcdef"])
            #expect(try inbox.pending(now: Date(timeIntervalSinceNow: 3)).map(\.id) == ["20190101T000000000Z-abcdef"])

            // Between the receipt and the end of the data.
            let item = try #require(try inbox.pending().first)
            let ticketFile = folder.appendingPathComponent("\(item.id).json")
            let saved = try Data(contentsOf: ticketFile)
            let summary = IngestionSummary(
                layout: "attendance",
                rows: 0,
                unreadable: 0,
                // Of "x", by sha256sum.
                sha256: "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881",
                rowsByPartition: []
            )
            try inbox.archive(
                item,
                receipt: SubmissionReceipt(committed: item, summary: summary, submittedUnixMilliseconds: 0)
            )
            try saved.write(to: ticketFile)
            try Data("x".utf8).write(to: URL(fileURLWithPath: item.path))
            #expect(try inbox.pending().isEmpty)
            #expect(!FileManager.default.fileExists(atPath: item.path))

            // Data without a ticket: a drop that was interrupted.
            let orphan = folder.appendingPathComponent("20190101T000000000Z-000000.data")
            try Data("x".utf8).write(to: orphan)
            #expect(try inbox.pending().isEmpty && FileManager.default.fileExists(atPath: orphan.path))
            #expect(try inbox.pending(now: Date(timeIntervalSinceNow: 4_000)).isEmpty)
            #expect(!FileManager.default.fileExists(atPath: orphan.path))
        }
    }
}
