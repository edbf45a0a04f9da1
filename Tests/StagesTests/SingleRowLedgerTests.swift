import Foundation
import Messages
import Stages
import Streaming
import StreamingTesting
import SwiftProtobuf
import Testing

/// Ledgers of before there were blocks hold each row by itself, and are read for ever.
@Suite("A ledger of rows by themselves") struct SingleRowLedgerTests {
    /// The same rows as the ledger of before held them: one entry each, RFC 4180, the pseudonym in hexadecimal.
    private static func single(_ record: StoredRecord) throws -> [StoredRecord] {
        guard !CompletionMarker.isMarker(key: record.key.span) else { return [record] }
        let entry = try decoded(Accountability_V1_SubmissionEntry.self, record)
        guard case .block(let block) = entry.entry else { return [record] }
        let layout = try #require(Layout(wireName: block.layout))
        let student = layout.index(of: "student_id")
        let rows = try LedgerRowReading.rows(block)
            .map { row in
                var single = Accountability_V1_SubmissionEntry()
                single.row.submission = row.submission
                single.row.line = row.line
                var fields = row.fields
                if let student { fields[student] = row.student }
                single.row.text =
                    fields.map { field in
                        field.contains { ",\"\n\r".contains($0) }
                            ? "\"\(field.replacing("\"", with: "\"\""))\"" : field
                    }
                    .joined(separator: ",")
                if let owner = row.owner { single.row.ownerPartition = Int32(owner) }
                return single
            }
        let unreadable = block.unreadable.map { row in
            var single = Accountability_V1_SubmissionEntry()
            single.row.submission = block.submission
            single.row.line = row.line
            single.row.unreadable = row.code
            single.row.digest = row.digest
            single.row.closingLine = row.closingLine
            return single
        }
        return try (unreadable + rows)
            .map { single in
                StoredRecord(
                    key: Array("row".utf8),
                    value: try single.serializedBytes(),
                    eventType: record.eventType,
                    cause: record.cause
                )
            }
    }

    /// Validation over a ledger.
    private static func validated(_ ledger: [[StoredRecord]], seed: UInt64) throws -> ValidationBench {
        let bench = try ValidationBench(partitions: Int32(ledger.count), seed: seed)
        for (partition, records) in ledger.enumerated() {
            for record in records {
                bench.driver.append(
                    record,
                    topic: bench.pipeline.name(Topics.submissions),
                    partition: Int32(partition)
                )
            }
        }
        try bench.driver.run()
        #expect(bench.driver.unusable.isEmpty)
        return bench
    }

    @Test("Becomes the same facts, receipts and rejections as one of blocks, and as one that changes in the middle")
    func sameFacts() throws {
        let bench = try ValidationBench(partitions: 3)
        try bench.prepare()
        var random = SplitMix64(seed: 7)
        var ids: [String] = []
        for layout in Layout.allCases {
            for round in 0..<2 {
                let file = MutatedRows(layout: layout, rows: 40, random: &random)
                ids.append(try bench.submit(bytes: file.bytes, options: .init(layout: layout.wireName)).id)
                let row = validRow(layout)
                ids.append(try bench.submit(table(layout, [row])).id)
                if round == 1 {
                    ids.append(try bench.submit(table(layout, [row.merging(["action": "delete"]) { $1 }])).id)
                    ids.append(try bench.submit(table(layout, [row])).id)
                }
            }
        }
        let blocks = try #require(bench.driver.topics[bench.pipeline.name(Topics.submissions)])
        let singles = try blocks.map { try $0.flatMap(Self.single) }
        #expect(singles.joined().count > 2 * blocks.joined().count)
        // As after an upgrade: first rows by themselves, then blocks.
        let mixed = try blocks.map { log in
            try log.prefix(log.count / 2).flatMap(Self.single) + log.suffix(log.count - log.count / 2)
        }
        let expected = try Self.validated(blocks, seed: 1)
        let facts = try expected.records()
        #expect(facts.count > 100)
        func rejections(_ bench: ValidationBench) throws -> [String] {
            try bench.rejections().map { "\($0.submission) \($0.line) \($0.code) \($0.column) \($0.closedBy)" }
                .sorted()
        }
        for (ledger, seed) in [(singles, 2), (mixed, 3)] as [([[StoredRecord]], UInt64)] {
            let other = try Self.validated(ledger, seed: seed)
            #expect(try other.records() == facts)
            for id in ids { #expect(try other.receipts(id) == expected.receipts(id)) }
            #expect(try Set(rejections(other)) == Set(rejections(expected)))
            #expect(try other.standing(Topics.directives) == expected.standing(Topics.directives))
        }
    }
}

/// A block is refused whole or taken whole.
@Suite("Blocks that are no use") struct UnusableBlockTests {
    @Test("A block that does not decode is put in quarantine whole, nothing else is harmed, and it can be put back")
    func quarantinedAndPutBack() throws {
        let bench = try ValidationBench(partitions: 1, rowsPerBlock: 4)
        try bench.prepare()
        let (id, _) = try bench.submit(
            table(.attendance, (0..<12).map { validRow(.attendance).merging(["student_id": "S\($0)"]) { $1 } })
        )
        let topic = bench.pipeline.name(Topics.submissions)
        let ledger = try #require(bench.driver.topics[topic]?.first)
        let broken = try #require(ledger.indices.last { ledger[$0].key.starts(with: "block/".utf8) })
        let other = try ValidationBench(partitions: 1, rowsPerBlock: 4)
        for (index, record) in ledger.enumerated() {
            var record = record
            if index == broken { record.value = record.value?.dropLast(3) }
            other.driver.append(record, topic: topic, partition: 0)
        }
        try other.driver.run()
        #expect(other.driver.unusable.count == 1)
        #expect(try other.receipt(id).rows == 8)
        #expect(try other.records().keys.filter { $0.contains("/attendance/") }.count == 8)
        // Put back as it should have been: the submission is whole.
        other.driver.append(ledger[broken], topic: topic, partition: 0)
        try other.driver.run()
        #expect(try other.receipt(id).rows == 12)
        #expect(try other.receipt(id).accepted == 12)
        try bench.driver.run()
        #expect(try other.records() == bench.records())
    }

    @Test("Of a block of records with a row that makes no sense the others stand, and the block is put in quarantine")
    func oneRowMakesNoSense() throws {
        var block = RecordBlock(schoolYear: 2019, layout: .participationCounts)
        for (number, subject) in ["ELA", "Latin", "Math"].enumerated() {
            let fact = Fact.counts(2019, "00010001", subject: subject, standard: 30)
            block.append(
                try #require(fact.record.content),
                key: "00010001/all/all_students/\(subject)",
                organization: 10001,
                submission: "s",
                line: UInt64(number + 2)
            )
        }
        let run = try MeasuresRun(ParticipationStage(pipeline: MeasuresRun.pipeline))
        run.driver.append(
            StoredRecord(
                key: Array("2019/participation_counts/0-0-0".utf8),
                value: try block.take(),
                eventType: Topics.records.eventType
            ),
            topic: MeasuresRun.pipeline.name(Topics.records),
            partition: 0
        )
        try run.close(2019)
        try run.driver.run()
        #expect(run.driver.unusable.count == 1)
        #expect(try run.row("2019/00010001/all/all_students/ELA")?.denominator == 30)
        #expect(try run.row("2019/00010001/all/all_students/Math")?.denominator == 30)
    }

    /// Brokers and clients take a million bytes unless they are told otherwise.
    ///
    /// The ledger holds whatever a row says;
    /// records hold what was accepted, which no column lets be long.
    @Test("However long a row is, no block is larger than brokers take")
    func longRows() throws {
        let bench = try ValidationBench(partitions: 1)
        try bench.prepare()
        for (length, accepted) in [(100, 4), (400_000, 0), (890_000, 0)] as [(Int, UInt64)] {
            let rows = (1...4)
                .map { number in
                    validRow(.organizations)
                        .merging([
                            "org_code": "0042000\(number)", "district_code": "00420000",
                            "name": String(repeating: "é", count: length / 2),
                        ]) { $1 }
                }
            let (id, _) = try bench.submit(table(.organizations, rows))
            try bench.driver.run()
            let receipt = try bench.receipt(id)
            #expect(receipt.rows == 4 && receipt.accepted == accepted, "\(length)")
        }
        for topic in [Topics.submissions, Topics.records] {
            let sizes = (bench.driver.topics[bench.pipeline.name(topic)] ?? []).joined().map { $0.value?.count ?? 0 }
            #expect(topic == Topics.records || sizes.max() ?? 0 > 890_000)
            #expect(sizes.allSatisfy { $0 < 950_000 }, "\(topic.entity): \(sizes.max() ?? 0)")
        }
    }
}
