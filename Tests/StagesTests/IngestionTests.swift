import Foundation
import Messages
import Stages
import Streaming
import StreamingTesting
import Testing

@Suite("Ingestion")
struct IngestionTests {
    @Test(
        "A file is refused as a whole, with a code and what to do, and nothing is sent",
        arguments: [
            ("", FileIngestion.Options(), "no_header"),
            ("a,b\n1,2\n", .init(), "unrecognized_header"),
            ("school_year,org_code\n", .init(layout: "attendance"), "wrong_columns"),
            ("a,b\n", .init(layout: "attendances"), "unknown_layout"),
            ("school_year,\"org_code\n", .init(), "malformed_header"),
        ]
    )
    func refusals(_ text: String, _ options: FileIngestion.Options, _ code: String) throws {
        let bench = try ValidationBench()
        #expect {
            try bench.submit(text, options: options)
        } throws: { error in
            (error as? SubmissionRefused)?.code.description == code
        }
        #expect(bench.count(Topics.submissions) == 0)
    }

    @Test("A header that is not UTF-8 is refused, and a file that is not there")
    func unreadableFiles() throws {
        let bench = try ValidationBench()
        #expect { try bench.submit(bytes: [0xFF, 0xFE, 0x61, 0x00, 0x0A]) } throws: { error in
            (error as? SubmissionRefused)?.code == .notUTF8
        }
        let missing = FileIngestion(
            pipeline: Pipeline(),
            path: "/nonexistent.csv",
            submission: "x",
            fileName: "nonexistent.csv",
            key: try PseudonymKey(bytes: ValidationBench.keyBytes),
            partitions: 1
        )
        #expect { try missing.run(into: ValidationBench.Transaction(), receivedUnixMilliseconds: 0) } throws: { error in
            (error as? SubmissionRefused)?.code == .unreadable
        }
    }

    @Test("Extra columns are refused unless they are to be ignored")
    func extraColumns() throws {
        let text =
            "shoe_size,"
            + table(.attendance, [validRow(.attendance)]).replacingOccurrences(of: "\n2019", with: "\n44,2019")
        let bench = try ValidationBench()
        #expect(throws: SubmissionRefused.self) { try bench.submit(text) }
        #expect(try bench.submit(text, options: .init(ignoreExtra: true)).summary.rows == 1)
    }

    @Test("A header goes to every partition, a student's rows to one, whatever the order of the columns")
    func entries() throws {
        let bench = try ValidationBench(partitions: 4)
        try bench.submit(table(.attendance, [validRow(.attendance)]))
        let reversed = table(.attendance, [validRow(.attendance)]).split(separator: "\n")
            .map { $0.split(separator: ",", omittingEmptySubsequences: false).reversed().joined(separator: ",") }
        try bench.submit(reversed.joined(separator: "\r\n"))
        let entries = try (bench.driver.topics[bench.pipeline.name(Topics.submissions)] ?? [])
            .map { log in
                try log.map { (key: $0.key, entry: try decoded(Accountability_V1_SubmissionEntry.self, $0)) }
            }
        for log in entries { #expect(log.filter { $0.entry.header.rows == 1 }.count == 2) }
        let ledger = try bench.ledgerRows()
        let rows = ledger.flatMap { $0 }
        #expect(rows.count == 2)
        #expect(rows[0].fields == rows[1].fields)
        // HMAC-SHA256 of "S1" under 32 bytes of 0x5A, its first 16 bytes, computed with openssl.
        #expect(rows.map(\.student) == Array(repeating: "5808cd5fd5dfc1f10b1c6fcbe92a4905", count: 2))
        #expect(rows.map(\.line) == [2, 2])
        #expect(rows[0].fields == ["2019", "00010505", "", "", "5", "white", "N", "N", "N", "Y", "180", "18"])
        #expect(ledger.filter { !$0.isEmpty }.count == 1)
    }

    @Test(
        "What a column of a student's row cannot hold enters the ledger as the reason alone, and is refused for it"
    )
    func masking() throws {
        let bench = try ValidationBench(partitions: 1)
        try bench.prepare()
        // A file whose columns are shifted: identifiers and names stand where they must not.
        let row = validRow(.attendance)
            .merging(
                [
                    "org_code": "SASID1012", "grade": "1012345678", "race": "Jane O'Doe-1", "days_enrolled": "-1",
                    "days_absent": "20,5",
                ]
            ) { $1 }
        let (id, _) = try bench.submit(table(.attendance, [row]))
        let entered = try #require(try bench.ledgerRows().first?.last)
        #expect(entered.student == "5808cd5fd5dfc1f10b1c6fcbe92a4905")
        #expect(
            entered.fields == [
                "2019", "?malformed_code", "", "", "?unknown_grade", "?unknown_group", "N", "N", "N", "Y",
                "?out_of_range", "?malformed_integer",
            ]
        )
        try bench.driver.run()
        let told = try bench.rejections().filter { $0.submission == id }.map { "\($0.column): \($0.code)" }.sorted()
        #expect(
            told == [
                "days_absent: malformed_integer", "days_enrolled: out_of_range", "grade: unknown_grade",
                "org_code: malformed_code", "race: unknown_group",
            ]
        )
    }

    @Test("A field that needs quotes keeps them")
    func quoting() throws {
        let bench = try ValidationBench()
        try bench.prepare()
        let name = "The \"New\" School, North Annex"
        try bench.submit(table(.organizations, [validRow(.organizations).merging(["name": name]) { $1 }]))
        try bench.driver.run()
        #expect(try bench.records()["2019/organizations/00010505"]?.organization.name == name)
    }

    @Test("A file that changes while it is read is refused")
    func changedWhileRead() throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("changing-\(UUID().uuidString).csv")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data(table(.attendance, [validRow(.attendance)]).utf8).write(to: file)
        final class Meddler: RecordSink {
            let file: URL
            init(_ file: URL) { self.file = file }
            func send(
                topic: String,
                partition: Int32,
                key: Span<UInt8>,
                value: Span<UInt8>?,
                eventType: String,
                cause: String
            ) throws {
                let handle = try FileHandle(forWritingTo: file)
                try handle.seekToEnd()
                try handle.write(contentsOf: Data(" ".utf8))
                try handle.close()
            }
        }
        let ingestion = FileIngestion(
            pipeline: Pipeline(),
            path: file.path,
            submission: "x",
            fileName: "f.csv",
            key: try PseudonymKey(bytes: ValidationBench.keyBytes),
            partitions: 1
        )
        #expect { try ingestion.run(into: Meddler(file), receivedUnixMilliseconds: 0) } throws: { error in
            (error as? SubmissionRefused)?.code == .changed
        }
    }

    @Test("A key is created for its owner alone, loaded, and never printed")
    func keys() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("key-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appendingPathComponent("pseudonym.key").path
        let key = try PseudonymKey.create(at: path)
        let text = try String(contentsOfFile: path, encoding: .utf8)
        #expect(text.count == 65)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["pseudonym.key"])
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? NSNumber
        #expect(mode?.intValue == 0o600)
        var printed = "\(key) \(String(reflecting: key))"
        dump(key, to: &printed)
        #expect(!printed.contains(text.prefix(8)))
        _ = try PseudonymKey(contentsOf: path)
        #expect { try PseudonymKey.create(at: path) } throws: { ($0 as? PseudonymKeyError)?.code == .exists }
        try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: path)
        #expect { try PseudonymKey(contentsOf: path) } throws: { ($0 as? PseudonymKeyError)?.code == .permissions }
        try Data("short".utf8).write(to: URL(fileURLWithPath: path))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        #expect { try PseudonymKey(contentsOf: path) } throws: { ($0 as? PseudonymKeyError)?.code == .tooShort }
        #expect { try PseudonymKey(contentsOf: path + "x") } throws: { ($0 as? PseudonymKeyError)?.code == .unreadable }
    }

    @Test(
        "Identifiers of submissions sort by time",
        arguments: [
            (0 as Int64, "1970-01-01T00:00:00.000Z"), (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_795_475_700_123, "2026-11-23T23:15:00.123Z"),
        ]
    )
    func identifiers(_ milliseconds: Int64, _ text: String) {
        #expect(SubmissionIdentifier.timestamp(milliseconds) == text)
        var random = SplitMix64(seed: 1)
        let id = SubmissionIdentifier.make(at: milliseconds, using: &random)
        #expect(id.hasPrefix(text.filter { !"-:.".contains($0) } + "-") && id.count == 26)
    }
}
