import Foundation
import Messages
import Stages
import Streaming
import StreamingTesting
import Testing

@Suite("Validation of whole files")
struct WholeFileValidationTests {
    /// A file of students in all districts, some of them broken.
    static func mutated(_ count: Int, seed: UInt64, prefix: String = "S") -> (text: [UInt8], layout: Layout) {
        var random = SplitMix64(seed: seed)
        let layout: Layout = random.next() & 1 == 0 ? .assessmentResults : .attendance
        var rows: [[String: String]] = []
        let names = layout.columns.map(\.name)
        let junk = [
            "", "0", "-1", "999999999999999999999", "x", "a,b", "\"", "2019", "T", "ABS", "Y", "é", "00010505", "1e3",
            "5\n6",
        ]
        for _ in 0..<count {
            var row = validRow(layout)
            row["student_id"] = "\(prefix)\(random.next() % UInt64(count))"
            row["org_code"] = ["00010505", "00020505", "00030505", "00030000"][Int(random.next() % 4)]
            while random.next() % 3 == 0 {
                row[names[Int(random.next() % UInt64(names.count))]] = junk[Int(random.next() % UInt64(junk.count))]
            }
            rows.append(row)
        }
        var bytes = Array(table(layout, rows).utf8)
        // Broken bytes behind the header.
        let header = (bytes.firstIndex(of: 0x0A) ?? 0) + 1
        for _ in 0..<(count / 20) {
            let at = header + Int(random.next() % UInt64(bytes.count - header))
            bytes[at] = [0x00, 0x22, 0x2C, 0x0A, 0x0D, 0xFF, 0x41][Int(random.next() % 7)]
        }
        return (bytes, layout)
    }

    @Test("rows = accepted + rejected + unchanged, whatever the rows are", arguments: 1...5 as ClosedRange<UInt64>)
    func countsAddUp(seed: UInt64) throws {
        let bench = try ValidationBench(partitions: 4, seed: seed)
        try bench.prepare()
        for round in 0..<2 {
            let (bytes, layout) = Self.mutated(1_000, seed: seed &* 2 &+ UInt64(round))
            let (id, summary) = try bench.submit(bytes: bytes, options: .init(layout: layout.wireName))
            try bench.driver.run()
            let receipts = try bench.receipts(id)
            #expect(receipts.map { Int($0.rows) } == summary.rowsByPartition)
            for receipt in receipts { #expect(receipt.rows == receipt.accepted + receipt.rejected + receipt.unchanged) }
            let whole = try bench.receipt(id)
            #expect(whole.rows == UInt64(summary.rows))
            #expect(whole.accepted > 100 && whole.rejected > 100)
            // A student whom two districts claim is told of and accepted.
            let lines = Set(
                try bench.rejections().filter { $0.submission == id && $0.code != "claimed_by_two_districts" }
                    .map(\.line)
            )
            #expect(UInt64(lines.count) == whole.rejected)
        }
        #expect(bench.driver.unusable.isEmpty)
    }

    @Test("The same facts stand whatever the partitions, and after crashes, aborts and repetitions")
    func partitionsAndDisturbances() throws {
        func run(_ partitions: Int32, _ disturbances: InMemoryDriver.Disturbances, seed: UInt64) throws
            -> ValidationBench
        {
            let bench = try ValidationBench(partitions: partitions, seed: seed, disturbances: disturbances)
            try bench.prepare()
            for round in 1...3 as ClosedRange<UInt64> {
                let (bytes, layout) = Self.mutated(400, seed: round, prefix: round == 3 ? "T" : "S")
                try bench.submit(bytes: bytes, options: .init(layout: layout.wireName))
            }
            try bench.submit(table(.participationCounts, [validRow(.participationCounts)]))
            try bench.driver.run()
            return bench
        }
        let calm = try run(1, .init(), seed: 1)
        var disturbances = InMemoryDriver.Disturbances()
        disturbances.crashEvery = 5
        disturbances.abortEvery = 7
        disturbances.repeatEvery = 4
        let expected = try calm.records()
        #expect(expected.count > 300)
        for partitions in [1, 6] as [Int32] {
            let bench = try run(partitions, disturbances, seed: UInt64(partitions))
            #expect(bench.driver.disturbed > 3)
            #expect(try bench.records() == expected)
            for number in 1...6 {
                let id = "20190901T000000000Z-\(String(number + 0x100000, radix: 16))"
                var (left, right) = (try bench.receipt(id), try calm.receipt(id))
                left.partition = 0
                right.partition = 0
                #expect(left == right)
            }
            #expect(
                Set(try bench.rejections().map { "\($0.submission) \($0.line) \($0.code) \($0.column)" })
                    == Set(try calm.rejections().map { "\($0.submission) \($0.line) \($0.code) \($0.column)" })
            )
        }
    }

    @Test("No clear identifier leaves ingestion, whatever is wrong with its row")
    func nothingLeaks() throws {
        let bench = try ValidationBench(rowsPerBlock: 1)
        try bench.prepare()
        for seed in 1...3 as ClosedRange<UInt64> {
            let (bytes, layout) = Self.mutated(200, seed: seed, prefix: "CLEARID")
            try bench.submit(bytes: bytes, options: .init(layout: layout.wireName))
        }
        try bench.driver.run()
        let clear = Array("CLEARID".utf8)
        var searched = 0
        for partitions in bench.driver.topics.values {
            for record in partitions.joined() {
                searched += 1
                for bytes in [record.key, record.value ?? [], Array(record.cause.utf8)] {
                    #expect(!contains(bytes, clear))
                }
            }
        }
        #expect(searched > 800)
    }

    private func contains(_ bytes: [UInt8], _ part: [UInt8]) -> Bool {
        guard bytes.count >= part.count else { return false }
        return (0...(bytes.count - part.count))
            .contains { bytes[$0] == part[0] && Array(bytes[$0..<($0 + part.count)]) == part }
    }

    @Test("Every partition knows every organization, and each is published and counted once")
    func organizationsEverywhere() throws {
        let bench = try ValidationBench(partitions: 6)
        try bench.prepare()
        let id =
            try bench.submit(
                table(.attendance, (0..<60).map { validRow(.attendance).merging(["student_id": "S\($0)"]) { $1 } })
            )
            .id
        try bench.driver.run()
        #expect(try bench.receipt(id).accepted == 60)
        #expect(try bench.receipts(id).filter { $0.accepted > 0 }.count == 6)
        let organizations = try bench.records().filter { $0.key.hasPrefix("2019/organizations/") }
        #expect(organizations.count == 6)
        #expect(bench.count(Topics.records) == 12 + 60)
        let declaration =
            try bench.submit(
                table(.organizations, [validRow(.organizations).merging(["action": "delete"]) { $1 }])
            )
            .id
        let late =
            try bench.submit(
                table(.attendance, (0..<60).map { validRow(.attendance).merging(["student_id": "L\($0)"]) { $1 } })
            )
            .id
        try bench.driver.run()
        #expect(try bench.receipt(declaration).rows == 1)
        #expect(try bench.receipt(late).rejected == 60)
    }

    @Test("Counts and values of organizations that were never declared are taken and told")
    func undeclared() throws {
        let bench = try ValidationBench()
        try bench.prepare()
        let counts = validRow(.participationCounts).merging(["org_code": "00090505"]) { $1 }
        let supplied = try bench.submit(table(.participationCounts, [counts])).id
        let attendance = validRow(.attendance).merging(["org_code": "00090505"]) { $1 }
        let allowed = try bench.submit(table(.attendance, [attendance]), options: .init(allowUndeclared: true)).id
        try bench.driver.run()
        #expect(try bench.receipt(supplied).undeclared == 1)
        #expect(try bench.receipt(allowed).undeclared == 1)
        #expect(try bench.rejections().isEmpty)
    }

    @Test("A submission that comes a second time is passed over and reported")
    func repeatedSubmission() throws {
        let bench = try ValidationBench()
        try bench.prepare()
        let before = bench.driver.topics[bench.pipeline.name(Topics.submissions)]?.map(\.count) ?? []
        let id = try bench.submit(table(.attendance, [validRow(.attendance)])).id
        let topic = bench.pipeline.name(Topics.submissions)
        for (partition, log) in (bench.driver.topics[topic] ?? []).enumerated() {
            for record in log.dropFirst(before[partition]) {
                bench.driver.append(record, topic: topic, partition: Int32(partition))
            }
        }
        try bench.driver.run()
        #expect(try bench.receipt(id).rows == 1)
        #expect(bench.driver.unusable.count == 3)
    }

    @Test("Garbage on the ledger is reported, and what follows is taken")
    func garbage() throws {
        let bench = try ValidationBench(partitions: 1)
        try bench.prepare()
        let topic = bench.pipeline.name(Topics.submissions)
        for value in [nil, [], [0xFF, 0x01], Array("{}".utf8)] as [[UInt8]?] {
            bench.driver.append(StoredRecord(key: [1], value: value, eventType: "x"), topic: topic, partition: 0)
        }
        let id = try bench.submit(table(.attendance, [validRow(.attendance)])).id
        try bench.driver.run()
        #expect(bench.driver.unusable.count == 4)
        #expect(try bench.receipt(id).accepted == 1)
    }
}
