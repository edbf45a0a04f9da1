import Foundation
import Messages
import Stages
import Streaming
import StreamingTesting
import Tables
import Testing

@Suite("The watched folder")
struct WatchedFolderTests {
    private final class Folder {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("watched-\(UUID().uuidString)")
        let inbox: Inbox

        init() throws {
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
            inbox = try Inbox(directory: url.path)
        }

        deinit { try? FileManager.default.removeItem(at: url) }

        func write(_ name: String, _ text: String, changed: Date = Date()) throws {
            let file = url.appendingPathComponent(name)
            try Data(text.utf8).write(to: file)
            try FileManager.default.setAttributes([.modificationDate: changed], ofItemAtPath: file.path)
        }

        func receipt(_ item: InboxItem, sha256: String = "") -> SubmissionReceipt {
            let summary = IngestionSummary(
                layout: "attendance",
                rows: 1,
                unreadable: 0,
                sha256: sha256,
                rowsByPartition: [1]
            )
            return SubmissionReceipt(committed: item, summary: summary, submittedUnixMilliseconds: 0)
        }

        func text(_ item: InboxItem) throws -> String { try String(contentsOfFile: item.path, encoding: .utf8) }
    }

    private let now = Date()
    private func later(_ seconds: TimeInterval) -> Date { now.addingTimeInterval(seconds) }

    @Test("A file that a program still has open for writing waits, however long it pauses, and is taken whole")
    func slowWriter() throws {
        let folder = try Folder()
        let file = folder.url.appendingPathComponent("slow.csv")
        try Data("first\n".utf8).write(to: file)
        let writer = try FileHandle(forWritingTo: file)
        try writer.seekToEnd()
        for seconds in [3, 10, 30] as [TimeInterval] {
            #expect(try folder.inbox.pending(now: later(seconds)).isEmpty, "\(seconds)")
        }
        try writer.write(contentsOf: Data("second\n".utf8))
        try writer.close()
        #expect(try folder.inbox.pending(now: Date(timeIntervalSinceNow: 40)).isEmpty)
        let item = try #require(try folder.inbox.pending(now: Date(timeIntervalSinceNow: 43)).first)
        #expect(try folder.text(item) == "first\nsecond\n")
    }

    @Test("What grows after it was claimed is watched again before it is taken")
    func growsAfterClaiming() throws {
        let folder = try Folder()
        try folder.write("a.csv", "first\n", changed: now)
        #expect(try folder.inbox.pending(now: now).isEmpty)
        let item = try #require(try folder.inbox.pending(now: later(3)).first)
        let writer = try FileHandle(forWritingTo: URL(fileURLWithPath: item.path))
        try writer.seekToEnd()
        try writer.write(contentsOf: Data("second\n".utf8))
        try writer.close()
        #expect(try folder.inbox.pending(now: later(4)).isEmpty)
        #expect(try folder.inbox.pending(now: later(7)).map(\.id) == [item.id])
    }

    @Test("What grows after it was taken becomes a submission of its own; nothing of it is deleted")
    func growsAfterTaking() throws {
        let folder = try Folder()
        try folder.write("a.csv", "first\n", changed: later(-10))
        let item = try #require(try folder.inbox.pending(now: now).first)
        // "first\n", by sha256sum.
        let digest = "b640e840b19d378660b32fb51ae18d67dccb4a8596a29e7bd72c1b2ae5928f41"
        try Data("first\nsecond\n".utf8).write(to: URL(fileURLWithPath: item.path))
        try folder.inbox.archive(item, receipt: folder.receipt(item, sha256: digest))
        #expect(try folder.inbox.receipt(item.id)?.status == .committed)
        let rest = try #require(try folder.inbox.pending(now: Date(timeIntervalSinceNow: 3)).first)
        #expect(rest.id > item.id && rest.fileName == "a.csv")
        #expect(try folder.text(rest) == "first\nsecond\n")
    }

    @Test("Files are taken together, organizations first, directives last, otherwise by name")
    func order() throws {
        let folder = try Folder()
        let files: [(String, Layout)] = [
            ("corrections-3.csv", .attendance), ("b-organizations.csv", .organizations),
            ("corrections-1.csv", .attendance),
            ("a-acts.csv", .directives), ("corrections-2.csv", .attendance), ("z-organizations.CSV", .organizations),
        ]
        for (name, layout) in files { try folder.write(name, table(layout, [validRow(layout)]), changed: later(-10)) }
        try folder.write("attendance.csv", table(.attendance, [validRow(.attendance)]), changed: now)
        // One of them is still being written: all wait for it, so that a year that is copied is taken in its order.
        #expect(try folder.inbox.pending(now: now).isEmpty)
        let names = try folder.inbox.pending(now: later(3)).map(\.fileName)
        #expect(
            names == [
                "b-organizations.csv", "z-organizations.CSV", "attendance.csv", "corrections-1.csv",
                "corrections-2.csv",
                "corrections-3.csv", "a-acts.csv",
            ]
        )
    }

    @Test("One file that never settles holds the others up for a minute at most")
    func impatience() throws {
        let folder = try Folder()
        try folder.write("a.csv", "x", changed: now)
        for second in stride(from: 0.0, through: 58, by: 1) {
            try folder.write("log.csv", "\(second)", changed: later(second))
            #expect(try folder.inbox.pending(now: later(second)).isEmpty, "\(second)")
        }
        try folder.write("log.csv", "more", changed: later(61))
        #expect(try folder.inbox.pending(now: later(61)).map(\.fileName) == ["a.csv"])
    }

    @Test("Capitals and future times are taken; links, folders and other files are told and left where they are")
    func oddities() throws {
        let folder = try Folder()
        try folder.write("CAPITALS.CSV", "x", changed: later(-10))
        try folder.write("future.csv", "x", changed: later(86_400))
        try folder.write("book.xlsx", "x")
        try folder.write("esc\u{1B}[2J.txt", "x")
        try FileManager.default.createDirectory(
            at: folder.url.appendingPathComponent("year"),
            withIntermediateDirectories: true
        )
        try FileManager.default.createSymbolicLink(
            at: folder.url.appendingPathComponent("link.csv"),
            withDestinationURL: URL(fileURLWithPath: "/etc/hostname")
        )
        let oddities = try folder.inbox.oddities(now: now)
        #expect(oddities.map(\.name) == ["book.xlsx", "esc\\u001b[2J.txt", "future.csv", "link.csv", "year"])
        for (oddity, word) in zip(oddities, [".csv", ".csv", "future", "link", "folder"]) {
            #expect(oddity.why.contains(word) && !oddity.remedy.isEmpty)
        }
        #expect(try folder.inbox.pending(now: now).isEmpty)
        #expect(try folder.inbox.pending(now: later(3)).map(\.fileName) == ["CAPITALS.CSV", "future.csv"])
        #expect(FileManager.default.fileExists(atPath: folder.url.appendingPathComponent("book.xlsx").path))
    }

    @Test("A file that failed twice, or over which the process died five times, is set aside with a receipt")
    func setAside() throws {
        for isSilent in [false, true] {
            let folder = try Folder()
            try folder.write("poison.csv", "x", changed: later(-10))
            var item = try #require(try folder.inbox.pending(now: now).first)
            for _ in 0..<(isSilent ? 5 : 2) {
                #expect(!folder.inbox.isHopeless(item))
                try folder.inbox.begin(item)
                if !isSilent { try folder.inbox.end(item, failed: true) }
                // As a process does that starts anew.
                item = try #require(try Inbox(directory: folder.url.path).pending(now: now).first)
            }
            #expect(folder.inbox.isHopeless(item))
            let refusal = SubmissionRefused(.failedRepeatedly, "it failed")
            let receipt = SubmissionReceipt(refused: item, refusal, submittedUnixMilliseconds: 0)
            try folder.inbox.setAside(item, receipt: receipt)
            #expect(try folder.inbox.receipt(item.id)?.code == "failed_repeatedly")
            #expect(try folder.inbox.pending(now: later(3)).isEmpty)
            #expect(folder.inbox.asideNames() == ["\(item.id).data"])
            #expect(try String(contentsOfFile: folder.inbox.placeAside(item), encoding: .utf8) == "x")
        }
        // An orderly end forgets what was begun.
        let folder = try Folder()
        try folder.write("fine.csv", "x", changed: later(-10))
        let item = try #require(try folder.inbox.pending(now: now).first)
        for _ in 0..<9 {
            try folder.inbox.begin(item)
            try folder.inbox.end(item, failed: false)
        }
        let again = try #require(try folder.inbox.pending(now: now).first)
        #expect(!folder.inbox.isHopeless(again))
    }

    @Test("A full disk is told as one")
    func fullDisk() {
        for cause in [
            POSIXError(.ENOSPC), POSIXError(.EDQUOT), CocoaError(.fileWriteOutOfSpace),
            NSError(domain: NSCocoaErrorDomain, code: 4, userInfo: [NSUnderlyingErrorKey: POSIXError(.ENOSPC)]),
        ] as [any Error] {
            let error = InboxError("x cannot be submitted", cause: InboxError("the draft", cause: cause))
            #expect(error.isDiskFull && error.description.contains("disk is full"))
        }
        #expect(!InboxError("x", cause: CocoaError(.fileNoSuchFile)).isDiskFull)
    }
}

/// Files that hold the worker up, and files in other forms, through the whole of ingestion.
@Suite("Ingestion of odd files")
struct OddFileTests {
    private func compressed(_ bytes: [UInt8]) throws -> [UInt8] {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("odd-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appendingPathComponent("x").path
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["gzip", path]
        try process.run()
        process.waitUntilExit()
        return [UInt8](try Data(contentsOf: URL(fileURLWithPath: path + ".gz")))
    }

    private func ingestion(_ path: String, _ limits: FileLimits) throws -> FileIngestion {
        FileIngestion(
            pipeline: Pipeline(),
            path: path,
            submission: "x",
            fileName: "poison.csv.gz",
            key: try PseudonymKey(bytes: ValidationBench.keyBytes),
            partitions: 1,
            limits: limits
        )
    }

    @Test("A small file with very much in it ticks while it is read, and is refused at its limits")
    func poison() throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("poison-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        let header = table(.attendance, []).utf8
        let bytes = Array(header) + Array("2019,\"".utf8) + [UInt8](repeating: UInt8(ascii: "x"), count: 30_000_000)
        let small = try compressed(bytes)
        #expect(small.count < 200_000)
        try Data(small).write(to: file)
        var ticks = 0
        let sink = ValidationBench.Transaction()
        let summary = try ingestion(file.path, FileLimits())
            .run(into: sink, receivedUnixMilliseconds: 0) { _ in ticks += 1 }
        #expect(summary.rows == 1 && summary.unreadable == 1)
        // Each read of the file ticks for every chunk of it.
        #expect(ticks > 200)
        #expect {
            try ingestion(file.path, FileLimits(bytes: 1_000_000)).run(into: sink, receivedUnixMilliseconds: 0)
        } throws: { ($0 as? SubmissionRefused)?.code.description == "file_too_large" }
        #expect {
            try ingestion(file.path, FileLimits(time: .zero)).run(into: sink, receivedUnixMilliseconds: 0)
        } throws: { ($0 as? SubmissionRefused)?.code.description == "took_too_long" }
        // Whoever asks the process to leave is heard while it reads.
        struct Leave: Error {}
        #expect(throws: Leave.self) {
            try ingestion(file.path, FileLimits()).run(into: sink, receivedUnixMilliseconds: 0) { _ in throw Leave() }
        }
    }

    @Test("A damaged later part of a compressed file refuses it whole")
    func damagedMember() throws {
        let bench = try ValidationBench()
        try bench.prepare()
        let text = table(.attendance, (0..<3).map { validRow(.attendance).merging(["student_id": "S\($0)"]) { $1 } })
        let rows = text.split(separator: "\n").dropFirst().joined(separator: "\n") + "\n"
        let first = try compressed(Array(text.utf8))
        var second = try compressed(Array(rows.replacingOccurrences(of: ",S", with: ",T").utf8))
        #expect(try bench.submit(bytes: first + second).summary.rows == 6)
        second[1] ^= 0xFF
        let before = bench.count(Topics.submissions)
        #expect { try bench.submit(bytes: first + second) } throws: { ($0 as? SubmissionRefused)?.code == .damaged }
        #expect(bench.count(Topics.submissions) == before)
    }

    @Test("Spreadsheets' and systems' forms of a file bring the same rows into the ledger")
    func forms() throws {
        let plain = table(.attendance, [validRow(.attendance)])
        let header = plain.split(separator: "\n")[0]
        let row = plain.split(separator: "\n")[1]
        let utf16: [UInt8] =
            [0xFF, 0xFE]
            + plain.replacingOccurrences(of: ",", with: "\t").utf16
            .flatMap {
                [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)]
            }
        let padded = row.split(separator: ",", omittingEmptySubsequences: false).map { " \($0) " }
            .joined(separator: ",")
        let forms: [[UInt8]] = [
            utf16, Array(plain.replacingOccurrences(of: ",", with: ";").utf8), Array(("sep=,\r\n" + plain).utf8),
            Array("\(header.uppercased()),,\r\n\(row),,\r\n,,,,,,,,,,,,,\r\n".utf8),
            Array("\(header)\n\(padded)\n".utf8),
        ]
        let bench = try ValidationBench(partitions: 1)
        try bench.prepare()
        let (first, _) = try bench.submit(plain)
        for form in forms {
            let (id, summary) = try bench.submit(bytes: form)
            try bench.driver.run()
            #expect(summary.rows == 1)
            #expect(try bench.receipt(id).unchanged == 1, "\(String(decoding: form.prefix(60), as: UTF8.self))")
        }
        #expect(try bench.receipt(first).accepted == 1)
    }

    @Test("A workbook, an archive and a file in the Macintosh's form are refused with their true cause and what to do")
    func namesTheCause() throws {
        let bench = try ValidationBench()
        let plain = table(.attendance, [validRow(.attendance)])
        for (bytes, code, word) in [
            ([0x50, 0x4B, 0x03, 0x04, 0, 0], "foreign_format", "CSV UTF-8"),
            (Array(plain.replacingOccurrences(of: "\n", with: "\r").utf8), "malformed_header", "Macintosh"),
            ([0xEF, 0xBB, 0xBF] + [0xFF, 0x2C, 0x61, 0x0A], "not_utf8", "UTF-8"),
        ] as [([UInt8], String, String)] {
            #expect {
                try bench.submit(bytes: bytes)
            } throws: { error in
                guard let refusal = error as? SubmissionRefused else { return false }
                return refusal.code.description == code && refusal.message.contains(word)
            }
        }
        #expect(bench.count(Topics.submissions) == 0)
    }

    @Test("A quotation mark that closes 35 rows later refuses its own row alone, with the line that closes it")
    func lateQuote() throws {
        let bench = try ValidationBench()
        try bench.prepare()
        var lines = table(
            .attendance,
            (0..<60).map { validRow(.attendance).merging(["student_id": "S\($0)"]) { $1 } }
        )
        .split(separator: "\n").map(String.init)
        // Line 10, and line 45: the same column, so that the record between them has the right number of fields.
        lines[9] = lines[9].replacingOccurrences(of: ",white,", with: ",\"white,")
        lines[44] = lines[44].replacingOccurrences(of: ",white,", with: ",white\",")
        let (id, summary) = try bench.submit(lines.joined(separator: "\n"))
        try bench.driver.run()
        let told = try bench.rejections().filter { $0.submission == id }.sorted { $0.line < $1.line }
        #expect(told.map(\.line) == [10, 45] && told[0].code == "unclosed_quote")
        #expect(told[0].message.contains("closed in line 45"))
        #expect(try summary.rows == 60 && bench.receipt(id).accepted == 58)
    }

    @Test("No name of a file steers a terminal or breaks a line")
    func fileNames() throws {
        let bench = try ValidationBench()
        try bench.prepare()
        let row = validRow(.attendance).merging(["grade": "x"]) { $1 }
        try bench.submit(table(.attendance, [row]), name: "a\u{1B}[31m\n\u{202E}.csv")
        try bench.driver.run()
        #expect(try bench.rejections().map(\.fileName) == ["a\\u001b[31m\\u000a\\u202e.csv"])
    }
}
