import Foundation
import Kafka
import Logging
import Messages
import Operating
import Stages
import SwiftProtobuf
import Testing
@testable import Reading
@testable import accountability

/// A replay is how an earlier determination is shown to have been right, so it is exact or says that it is not.
@Suite struct ReplayTests {
    private typealias Placed = (entry: LedgerEntry, partition: Int32, timestamp: Int64)

    private func header(_ id: String, rows: UInt64, received: Int64, layout: Layout = .attendance) -> LedgerEntry {
        .header(Written.header(id, rows: rows, received: received, layout: layout).header)
    }

    private func row(_ id: String, line: UInt64, owner: Int32 = 0, in partition: Int32 = 0) -> LedgerEntry {
        .rows(LedgerRows(Written.row(id, line: line, owner: owner).row, partition: partition))
    }

    /// The unfinished submissions of a ledger of two partitions, and which of its records are copied.
    private func select(_ ledger: [Placed], moment: Int64) -> (
        unfinished: [String], taken: [Bool], partialActs: [String]
    ) {
        var census = LedgerCensus(partitions: 2, moment: moment)
        var next: [Int32: Int64] = [:]
        var offsets: [Int64] = []
        for record in ledger {
            let offset = next[record.partition] ?? 0
            next[record.partition] = offset + 1
            offsets.append(offset)
            census.count(record.entry, partition: record.partition, offset: offset, timestamp: record.timestamp)
        }
        var selection = census.selection
        let taken = zip(ledger, offsets)
            .map { record, offset in
                selection.takes(record.entry, partition: record.partition, offset: offset, timestamp: record.timestamp)
            }
        return (census.unfinished, taken, selection.partialActs)
    }

    @Test func aSubmissionOfWhichAPartIsHiddenIsNotCopied() {
        let whole: [Placed] = [
            (header("a", rows: 3, received: 10), 0, 10), (header("a", rows: 3, received: 10), 1, 10),
            (row("a", line: 2), 0, 10), (row("a", line: 3), 1, 10), (row("a", line: 4), 1, 10),
        ]
        let all = select(whole, moment: 20)
        #expect(all.unfinished.isEmpty && all.taken == [true, true, true, true, true])
        // Whatever is hidden, nothing of it is copied.
        for hidden in whole.indices {
            var part = whole
            part.remove(at: hidden)
            let result = select(part, moment: 20)
            #expect(result.unfinished.count == 1 && !result.taken.contains(true), "without record \(hidden)")
        }
        // What is received later is no part of the moment, hidden or not.
        let later = select(Array(whole.dropLast()), moment: 9)
        #expect(later.unfinished.isEmpty && !later.taken.contains(true))
    }

    @Test func organizationsAreWholeWithACopyOnEveryPartition() {
        let whole: [Placed] = [
            (header("o", rows: 2, received: 10, layout: .organizations), 0, 10),
            (header("o", rows: 2, received: 10, layout: .organizations), 1, 10),
            (row("o", line: 2, owner: 1), 0, 10), (row("o", line: 2, owner: 1, in: 1), 1, 10),
            (row("o", line: 3), 0, 10), (row("o", line: 3, in: 1), 1, 10),
        ]
        #expect(select(whole, moment: 20).unfinished.isEmpty)
        for hidden in whole.indices {
            var part = whole
            part.remove(at: hidden)
            #expect(select(part, moment: 20).unfinished.count == 1, "without record \(hidden)")
        }
    }

    @Test func anActIsCopiedAsOftenAsItStandsOnEveryPartition() {
        let ledger: [Placed] = [
            (.act("year/2019"), 0, 5), (.act("year/2019"), 1, 6), (.act("year/2019"), 0, 19),
            (.act("year/2019"), 1, 21),
            (.act("~2019/operator/0"), 0, 7),
        ]
        let result = select(ledger, moment: 20)
        #expect(result.taken == [true, true, false, false, false])
        #expect(result.partialActs == ["year/2019", "~2019/operator/0"])
    }

    @Test func whatIsWrittenAfterTheCountIsNotCopied() {
        var census = LedgerCensus(partitions: 1, moment: .max)
        census.count(header("a", rows: 0, received: 1), partition: 0, offset: 0, timestamp: 1)
        var selection = census.selection
        let counted = selection.takes(header("a", rows: 0, received: 1), partition: 0, offset: 0, timestamp: 1)
        let later = selection.takes(.other, partition: 0, offset: 1, timestamp: 1)
        #expect(counted && !later)
    }

    @Test func normsAreThoseThatStoodAtTheMoment() throws {
        var norms = TableOfMoment<PercentileKey>(moment: 20)
        func take(_ key: String, _ timestamp: Int64, _ value: [UInt8]?) throws {
            norms.take(
                try #require(PercentileKey(key)),
                OwnedRecord(
                    topic: "t",
                    partition: 0,
                    offset: 0,
                    timestamp: timestamp,
                    key: Array(key.utf8),
                    value: value
                )
            )
        }
        try take("2018/norm/all_students/00350000", 5, [1])
        try take("2018/norm/all_students/00350000", 10, [2])
        try take("2018/norm/all_students/00350000", 30, [3])
        try take("2018/norm/all_students/00350012", 5, [4])
        // Retracted by then, and retracted only later.
        try take("2018/norm/all_students/00350012", 15, nil)
        try take("2018/norm/all_students/00360000", 15, [5])
        try take("2018/norm/all_students/00360000", 25, nil)
        #expect(norms.standing.map(\.value) == [[2], [5]])
        #expect(norms.doubtful.isEmpty)
        try take("2019/norm/all_students/00350000", 40, [6])
        try take("2019/norm/all_students/00360000", 35, [6])
        #expect(norms.doubtful.map(\.year) == [2019] && norms.doubtful.first?.oldest == 35)
        #expect(norms.standing.count == 2)
    }

    @Test func publicationsAreThoseThatStoodAtTheMoment() throws {
        var publications = TableOfMoment<DeterminationKey>(moment: 20)
        for (key, timestamp, value) in [
            ("2019/00350012", 10, [1]), ("2019/00350012", 20, [2]), ("2019/00350012", 21, [3]),
            ("2019/00350000", 30, [4]),
            ("2018/00350000", 5, nil),
        ] as [(String, Int64, [UInt8]?)] {
            let record = OwnedRecord(
                topic: "t",
                partition: 0,
                offset: 0,
                timestamp: timestamp,
                key: Array(key.utf8),
                value: value
            )
            publications.take(try #require(DeterminationKey(key)), record)
        }
        #expect(publications.standing.map(\.value) == [[2]])
        #expect(publications.doubtful.map(\.year) == [2019] && publications.doubtful.first?.oldest == 30)
    }

    // MARK: On a broker

    /// A ledger of two submissions, of which the second is received at 2,000, between acts; and norms.
    private func fill(_ connection: Connection, withoutLastRow: Bool = false) throws {
        let writer = try CopyWriter(
            connection,
            identity: "\(connection.pipeline.namespace).test",
            logger: Logger(label: "test")
        )
        defer { writer.close() }
        func put(_ topic: TopicDefinition, _ partition: Int32, _ timestamp: Int64, _ key: String, _ value: [UInt8]?)
            throws
        {
            let record = Written.record(
                connection,
                topic,
                partition: partition,
                timestamp: timestamp,
                key: key,
                value: value
            )
            try writer.send(record, to: record.topic)
        }
        for partition in Int32(0)..<2 {
            try put(Topics.submissions, partition, 1_000, "year/2019", try Written.opening(2019).serializedBytes())
            try put(
                Topics.submissions,
                partition,
                1_100,
                "submission/a",
                try Written.header("a", rows: 2, received: 1_050).serializedBytes()
            )
            try put(
                Topics.submissions,
                partition,
                1_101,
                "s\(partition)",
                try Written.row("a", line: 2 + UInt64(partition)).serializedBytes()
            )
            try put(
                Topics.submissions,
                partition,
                2_100,
                "submission/b",
                try Written.header("b", rows: 2, received: 2_000).serializedBytes()
            )
            if !withoutLastRow || partition == 0 {
                try put(
                    Topics.submissions,
                    partition,
                    2_101,
                    "s\(partition)",
                    try Written.row("b", line: 2 + UInt64(partition)).serializedBytes()
                )
            }
            try put(Topics.submissions, partition, 3_000, "~2019/operator/0", [1])
        }
        var norm = Accountability_V1_PercentileEntry()
        norm.norm.release = "r"
        try put(Topics.percentiles, 0, 1_200, "2019/norm/all_students/00350000", try norm.serializedBytes())
        try put(Topics.percentiles, 1, 1_200, "2019/norm/all_students/00360000", try norm.serializedBytes())
        try put(Topics.percentiles, 1, 1_300, "2019/norm/all_students/00360000", nil)
        try put(Topics.percentiles, 0, 1_300, "2019/00350000/all_students/non_high", [1])
        try put(Topics.publications, 1, 1_400, "2019/00350012", [8, 1])
        try put(Topics.publications, 1, 2_500, "2019/00350012", [8, 2])
        try put(Topics.publications, 0, 1_400, "2019/00360000", nil)
        try writer.commit()
    }

    private func lines(_ records: [Int32: [OwnedRecord]]) -> [Int32: [String]] {
        records.mapValues {
            $0.map {
                "\($0.timestamp ?? -1) \(String(decoding: $0.key ?? [], as: UTF8.self)) \($0.value ?? []) \($0.headers)"
            }
        }
    }

    @Test(.enabled(if: TestBroker.isThere))
    func recordsKeepTheirTimesSoThatACopyCanBeCopied() throws {
        let source = try TestBroker.connection("replay-source")
        try fill(source)
        let copy = try TestBroker.connection("replay-copy")
        let copied = try LedgerCopy(from: source, to: copy, until: ReplayMoment()).run()
        #expect(copied.records == 12 && copied.submissions == 2)
        #expect(
            lines(try TestBroker.records(copy, Topics.submissions))
                == lines(try TestBroker.records(source, Topics.submissions))
        )
        // The retracted norm and what is no norm are left out.
        #expect(try TestBroker.records(copy, Topics.percentiles).mapValues { $0.map(\.timestamp) } == [0: [1_200]])
        // Of the publications what stands: the newest of a key, and nothing of what was retracted.
        #expect(try TestBroker.records(copy, Topics.publications).mapValues { $0.map(\.value) } == [1: [[8, 2]]])
        let before = try TestBroker.connection("replay-before")
        _ = try LedgerCopy(from: source, to: before, until: ReplayMoment(milliseconds: 1_500)).run()
        #expect(try TestBroker.records(before, Topics.publications).mapValues { $0.map(\.value) } == [1: [[8, 1]]])
        // A moment means the same in the copy as in what it was copied from.
        let second = try TestBroker.connection("replay-second")
        let early = try LedgerCopy(from: copy, to: second, until: ReplayMoment(milliseconds: 1_500)).run()
        #expect(early.records == 6 && early.submissions == 1)
        let keys = try TestBroker.records(second, Topics.submissions)
            .mapValues { $0.map { String(decoding: $0.key ?? [], as: UTF8.self) } }
        #expect(keys == [0: ["year/2019", "submission/a", "s0"], 1: ["year/2019", "submission/a", "s1"]])
    }

    @Test(.enabled(if: TestBroker.isThere))
    func aPartOfASubmissionStopsTheCopyUnlessItIsLeftOut() throws {
        let source = try TestBroker.connection("replay-part")
        try fill(source, withoutLastRow: true)
        let copy = try TestBroker.connection("replay-part-copy")
        let failure = #expect(throws: Failure.self) {
            try LedgerCopy(from: source, to: copy, until: ReplayMoment()).run()
        }
        #expect(failure?.status == .tryAgain && failure?.message.contains("b (1 of 2 rows, 2 of 2 partitions)") == true)
        #expect(try TestBroker.records(copy, Topics.submissions).isEmpty)
        let copied = try LedgerCopy(from: source, to: copy, until: ReplayMoment(skipsUnfinished: true)).run()
        #expect(copied.records == 8 && copied.submissions == 1)
    }
}
