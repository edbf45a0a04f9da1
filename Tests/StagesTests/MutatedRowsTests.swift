import Foundation
import Messages
import Stages
import Streaming
import StreamingTesting
import SwiftProtobuf
import Tables
import Testing

/// A million broken and healthy rows through the reader and validation.
///
/// `ACCOUNTABILITY_MUTATED_ROWS` says how many rows, `ACCOUNTABILITY_MUTATION_SEED` where the seeds begin.
@Suite("Mutated rows", .timeLimit(.minutes(60)))
struct MutatedRowsTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let wanted = environment["ACCOUNTABILITY_MUTATED_ROWS"].flatMap { Int($0) } ?? 1_000_000
    private static let firstSeed = environment["ACCOUNTABILITY_MUTATION_SEED"].flatMap { UInt64($0) } ?? 1

    @Test(
        "Each row is accepted, unchanged or refused with a code and a place; none is lost, none takes another with it, and none is quoted",
        arguments: Layout.allCases
    )
    func million(_ layout: Layout) throws {
        let start = ContinuousClock.now
        let wanted = max(1, Self.wanted / Layout.allCases.count)
        var done = 0
        var rejected = 0
        var seed = Self.firstSeed
        var codes: [String: Int] = [:]
        while done < wanted {
            var random = SplitMix64(seed: seed)
            let file = MutatedRows(layout: layout, rows: min(12_500, wanted - done), random: &random)
            let outcome = try Self.check(file, seed: seed)
            done += outcome.rows
            rejected += outcome.rejected
            codes.merge(outcome.codes, uniquingKeysWith: +)
            seed += 1
        }
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        print(
            "\(done) rows of \(layout) mutated from seed \(Self.firstSeed): \(rejected) refused with \(codes.count) codes, in \(Int(seconds)) s"
        )
        #expect(rejected > done / 10 && rejected < done)
        if done >= 50_000 { #expect(codes.count > 12, "\(codes.keys.sorted())") }
    }

    private static func check(_ file: MutatedRows, seed: UInt64) throws -> (
        rows: Int, rejected: Int, codes: [String: Int]
    ) {
        let place =
            "seed \(seed), \(file.layout): ACCOUNTABILITY_MUTATION_SEED=\(seed) ACCOUNTABILITY_MUTATED_ROWS=\(10 * file.rows) replays it"
        let bench = try ValidationBench(partitions: 3, seed: seed)
        try bench.prepare()
        let (id, summary) = try bench.submit(bytes: file.bytes, options: .init(layout: file.layout.wireName))
        try bench.driver.run()
        #expect(bench.driver.unusable.isEmpty, "\(place)")
        // A row that holds a carriage return and a line feed in quotes may count for more lines, never for fewer rows.
        #expect(summary.rows == file.rows, "\(place)")
        let receipt = try bench.receipt(id)
        #expect(receipt.rows == UInt64(summary.rows), "\(place)")
        #expect(receipt.rows == receipt.accepted + receipt.rejected + receipt.unchanged, "\(place)")
        var lines: Set<UInt64> = []
        var codes: [String: Int] = [:]
        let columns = Set(file.layout.columns.map(\.name))
        for rejection in try bench.rejections() where rejection.submission == id {
            lines.insert(rejection.line)
            codes[rejection.code, default: 0] += 1
            let isTold =
                RejectionCode(rawValue: rejection.code) != nil && rejection.line >= 2
                && rejection.layout == file.layout.wireName
                && (rejection.column.isEmpty || columns.contains(rejection.column)) && !rejection.message.isEmpty
            #expect(isTold, "\(place): \(rejection)")
            #expect(!rejection.textFormatString().contains(MutatedRows.mark), "\(place): a rejection quotes its row")
        }
        #expect(UInt64(lines.count) == receipt.rejected, "\(place)")
        let others = Self.sharesKeys(file.layout) ? [] : lines.intersection(file.healthy)
        #expect(others.isEmpty, "\(place): healthy rows at \(others.sorted().prefix(3)) were refused")
        return (summary.rows, Int(receipt.rejected), codes)
    }

    /// Rows that are not a student's have few keys, so that healthy rows repeat each other.
    private static func sharesKeys(_ layout: Layout) -> Bool { !layout.isAboutStudents }

    @Test("A header that was mutated is taken whole or refused whole, with a stable code", arguments: Layout.allCases)
    func headers(_ layout: Layout) throws {
        var random = SplitMix64(seed: UInt64(layout.rawValue))
        let text = Array(table(layout, [validRow(layout)]).utf8)
        let header = (text.firstIndex(of: 0x0A) ?? 0)
        var refused = 0
        let bench = try ValidationBench()
        try bench.prepare()
        for _ in 0..<300 {
            var bytes = text
            for _ in 0...random.next() % 3 {
                let at = Int(random.next() % UInt64(header))
                switch random.next() % 4 {
                case 0: bytes[at] = UInt8(truncatingIfNeeded: random.next())
                case 1: bytes.remove(at: at)
                case 2: bytes.insert([0x00, 0x0A, 0x22, 0x2C, 0xFF, 0x0D][Int(random.next() % 6)], at: at)
                default: bytes.insert(contentsOf: bytes[0..<at], at: at)
                }
            }
            let before = bench.count(Topics.submissions)
            do {
                let (_, summary) = try bench.submit(bytes: bytes)
                #expect(summary.rows <= 3)
            } catch let error as SubmissionRefused {
                refused += 1
                #expect(!error.code.description.isEmpty && bench.count(Topics.submissions) == before)
            }
        }
        #expect(refused > 100)
        try bench.driver.run()
        #expect(bench.driver.unusable.isEmpty)
    }

    @Test(
        "A file cut in the middle: compressed it is refused whole, plain it loses its last row at most",
        arguments: 1...20 as ClosedRange<UInt64>
    )
    func cut(_ seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let rows = (0..<500).map { validRow(.attendance).merging(["student_id": "S\($0)"]) { $1 } }
        let text = Array(table(.attendance, rows).utf8)
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("cut-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appendingPathComponent("attendance.csv.gz").path
        var writer = try CSVWriter(path: path, compressed: true)
        for line in String(decoding: text, as: UTF8.self).split(separator: "\n") {
            try writer.writeRow(line.split(separator: ",", omittingEmptySubsequences: false).map(String.init))
        }
        try writer.close()
        let compressed = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        let bench = try ValidationBench()
        try bench.prepare()
        let before = bench.count(Topics.submissions)
        let at = 20 + Int(random.next() % UInt64(compressed.count - 20))
        #expect {
            try bench.submit(bytes: Array(compressed.prefix(at)))
        } throws: { error in
            (error as? SubmissionRefused)?.code == .damaged
        }
        #expect(bench.count(Topics.submissions) == before)
        let header = text.firstIndex(of: 0x0A) ?? 0
        let cut = header + 1 + Int(random.next() % UInt64(text.count - header - 1))
        let (id, _) = try bench.submit(bytes: Array(text.prefix(cut)))
        let (whole, _) = try bench.submit(bytes: text)
        let (again, _) = try bench.submit(bytes: text)
        try bench.driver.run()
        let first = try bench.receipt(id)
        #expect(first.rejected <= 1)
        // The whole file mends it, and the same once more changes nothing.
        let second = try bench.receipt(whole)
        #expect(second.rows == 500 && second.rejected == 0 && second.accepted + second.unchanged == 500)
        #expect(try bench.receipt(again).unchanged == 500)
    }
}
