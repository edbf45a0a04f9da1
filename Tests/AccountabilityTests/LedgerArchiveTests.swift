import Foundation
import Messages
@testable import Operating
import Stages
import Streaming
import Testing

/// What a home keeps of the ledger of its own broker, and how the broker's is held against it.
@Suite struct LedgerArchiveTests {
    private typealias Entry = LedgerArchive.Entry

    private func entry(_ text: String, _ partition: Int32 = 0) -> Entry {
        Entry(partition: partition, key: Array(text.utf8), value: [1, 2, 3], eventType: "t", cause: "c")
    }

    private func files(_ entries: [[Entry]]) -> [(file: URL, entries: [Entry])] {
        entries.enumerated().map { (URL(filePath: "/\($0).entries"), $1) }
    }

    private func digests(_ entries: [Entry]) -> [Int32: [Digest]] {
        Dictionary(grouping: entries, by: \.partition).mapValues { $0.map(\.digest) }
    }

    @Test func whatIsWholeStaysAsItIs() {
        let (a, b) = ([entry("a"), entry("b", 1)], [entry("a"), entry("c")])
        let comparison = LedgerComparison(files([a, b]), standing: digests(a + b))
        #expect(comparison.missing.isEmpty && !comparison.isOutOfOrder)
    }

    /// A broker that lost its last seconds: the rest is written behind what stands, the same record twice if it was.
    @Test func whatIsMissingAtTheEndIsWrittenBehind() {
        let all = [[entry("a"), entry("a", 1)], [entry("b"), entry("a")], [entry("c", 1)]]
        let comparison = LedgerComparison(files(all), standing: digests([all[0][0], all[0][1], all[1][0]]))
        #expect(comparison.missing.map(\.entries) == [[all[1][1]], all[2]])
        #expect(!comparison.isOutOfOrder)
    }

    /// A correction must not come before what it corrects.
    @Test func whatIsMissingInTheMiddleAsksForTheWholeInOrder() {
        let all = [[entry("a")], [entry("b"), entry("x", 1)], [entry("c")]]
        let strange = [entry("0"), entry("s"), entry("z", 2)]
        let standing = [strange[0], all[0][0], strange[1], all[2][0], all[1][1], strange[2]]
        let comparison = LedgerComparison(files(all), standing: digests(standing))
        #expect(comparison.missing.map(\.entries) == [[all[1][0]]])
        #expect(comparison.isOutOfOrder)
        let byPartition = Dictionary(grouping: standing, by: \.partition)
        let whole = comparison.whole { byPartition[$0]?[$1] ?? entry("none") }
        #expect(whole.filter { $0.partition == 0 } == [strange[0], all[0][0], strange[1], all[1][0], all[2][0]])
        #expect(whole.filter { $0.partition == 1 } == [all[1][1]])
        #expect(whole.filter { $0.partition == 2 } == [strange[2]], "what the archive does not know stays")
    }

    /// Takes what is sent.
    private final class Taker: RecordSink {
        var count = 0
        func send(
            topic: String,
            partition: Int32,
            key: Span<UInt8>,
            value: Span<UInt8>?,
            eventType: String,
            cause: String
        ) throws {
            count += 1
        }
    }

    private func home() throws -> Home {
        let home = Home(environment: [
            "ACCOUNTABILITY_HOME": FileManager.default.temporaryDirectory.appending(path: "home-\(UUID().uuidString)")
                .path
        ])
        try home.create()
        return home
    }

    /// Names follow each other whatever the clock says, and the folder is looked through only where it was set.
    @Test func namesAreInTheOrderOfTheLedger() {
        var newest = LedgerArchive.Newest()
        var looks = 0
        var last: Int64 = 0
        func next(_ now: Int64, _ unset: Int64, inFolder: Int64) -> Int64 {
            let moment = newest.next(now: now, unset: unset) {
                looks += 1
                return inFolder
            }
            #expect(moment > last)
            last = moment
            return moment
        }
        // An earlier life wrote under a clock that was ahead.
        #expect(next(1_000, 0, inFolder: 5_000) == 5_001)
        #expect(next(1_000, 0, inFolder: 5_001) == 5_002)
        #expect(next(9_000, 8_000, inFolder: 5_002) == 9_000)
        #expect(looks == 1)
        // The clock is set back, after another process had written.
        #expect(next(2_000, 9_000, inFolder: 9_500) == 9_501)
        #expect(next(2_010, 9_010, inFolder: 9_501) == 9_502)
        #expect(looks == 2)
    }

    /// Of attempts that were not committed nothing is left, and of others everything.
    @Test func theDraftsOfASubmissionGo() throws {
        let home = try home()
        defer { try? FileManager.default.removeItem(at: home.directory) }
        let archive = LedgerArchive(home)
        for name in ["one", "other", "one"] {
            let writer = try LedgerArchive.Writer(archive, Pipeline(), name: name, into: Taker())
            try writer.prepare()
        }
        archive.removeDrafts(of: "one")
        #expect(archive.files().map(LedgerArchive.name) == ["other"])
    }

    /// Who compares is alone, and waits for those who write.
    @Test func whoComparesIsAlone() throws {
        let home = try home()
        defer { try? FileManager.default.removeItem(at: home.directory) }
        let archive = LedgerArchive(home)
        let one = try LedgerArchive.Writer(archive, Pipeline(), name: "one", into: Taker())
        let other = try LedgerArchive.Writer(archive, Pipeline(), name: "other", into: Taker())
        #expect(throws: Failure.self) { try archive.lock(isAlone: true, patience: .milliseconds(120)) }
        one.discard()
        #expect(throws: Failure.self) { try archive.lock(isAlone: true, patience: .zero) }
        other.discard()
        let lock = try archive.lock(isAlone: true, patience: .zero)
        #expect(throws: Failure.self) { try archive.lock(isAlone: false, patience: .zero) }
        lock.release()
    }

    /// A file that replaces all leaves nothing of those before it, not even what a life before this one left.
    @Test func whatIsReplacedIsGone() throws {
        let home = try home()
        defer { try? FileManager.default.removeItem(at: home.directory) }
        let archive = LedgerArchive(home)
        try archive.replaceAll(with: [entry("a")])
        let left = archive.folder.appendingPathComponent("1-left.entries")
        try Data().write(to: left)
        try archive.replaceAll(with: [entry("b"), entry("c")])
        #expect(archive.files().count == 1)
        #expect(try LedgerArchive.entries(try #require(archive.files().first)) == [entry("b"), entry("c")])
        #expect(!FileManager.default.fileExists(atPath: left.path))
    }

    @Test func everyRecordOfATransactionIsReadBack() throws {
        let home = try home()
        defer { try? FileManager.default.removeItem(at: home.directory) }
        let archive = LedgerArchive(home)
        let pipeline = Pipeline(namespace: "n")
        let ledger = pipeline.name(Topics.submissions)
        let entries = [
            entry("a", 2), Entry(partition: 1, key: [], value: nil, eventType: "", cause: ""),
            Entry(partition: 0, key: [255, 0], value: [], eventType: "ü", cause: "s-1"),
        ]
        func write(_ name: String) throws -> LedgerArchive.Writer {
            let taker = Taker()
            let writer = try LedgerArchive.Writer(archive, pipeline, name: name, into: taker)
            for entry in entries { try send(entry, writer, ledger) }
            try send(entry("other"), writer, pipeline.name(Topics.positions))
            #expect(taker.count == 4)
            try writer.prepare()
            return writer
        }
        try write("s-1").keep()
        try write("s-2").discard()
        _ = try write("s-3")
        let files = archive.files()
        #expect(files.map(\.pathExtension) == ["entries", "draft"])
        for file in files { #expect(try LedgerArchive.entries(file) == entries) }
        let mode = try FileManager.default.attributesOfItem(atPath: files[0].path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        // A process that dies leaves a draft that ends anywhere; a file that was kept is whole or damaged.
        for file in files {
            let data = try Data(contentsOf: file)
            try data.dropLast(1).write(to: file)
        }
        #expect(try LedgerArchive.entries(files[1]) == Array(entries.dropLast()))
        #expect(throws: Failure.self) { try LedgerArchive.entries(files[0]) }
    }

    private func send(_ entry: Entry, _ sink: any RecordSink, _ topic: String) throws {
        let (key, value) = (entry.key, entry.value ?? [])
        try sink.send(
            topic: topic,
            partition: entry.partition,
            key: key.span,
            value: entry.value == nil ? nil : value.span,
            eventType: entry.eventType,
            cause: entry.cause
        )
    }
}
