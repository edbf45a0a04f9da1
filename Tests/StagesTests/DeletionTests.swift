import Foundation
import Messages
import Stages
import Streaming
import StreamingTesting
import Testing

/// Deletions against what was accepted before: one that was sent twice is unchanged, one of what was never there is
/// refused.
@Suite("Deletions") struct DeletionTests {
    private static func deletion(_ layout: Layout, _ changes: [String: String] = [:]) -> [String: String] {
        validRow(layout).merging(["action": "delete"]) { $1 }.merging(changes) { $1 }
    }

    @Test("The same deletions again are unchanged and publish nothing, in every layout", arguments: Layout.allCases)
    func sentTwice(_ layout: Layout) throws {
        let bench = try ValidationBench(partitions: 3)
        try bench.prepare()
        let unknown =
            try bench.submit(table(layout, [Self.deletion(layout, ["school_year": "2018", "org_code": "00040505"])])).id
        try bench.submit(table(layout, [validRow(layout)]))
        let first = try bench.submit(table(layout, [Self.deletion(layout)])).id
        try bench.driver.run()
        #expect(try bench.receipt(first).deleted == 1)
        #expect(try bench.rejections().map(\.code) == ["nothing_to_delete"])
        #expect(try bench.receipt(unknown).rejected == 1)
        let published = [Topics.records, Topics.directives].map(bench.count)
        let second = try bench.submit(table(layout, [Self.deletion(layout), Self.deletion(layout)])).id
        try bench.driver.run()
        let receipt = try bench.receipt(second)
        #expect(receipt.rows == 2 && receipt.unchanged == 1 && receipt.rejected == 1 && receipt.deleted == 0)
        #expect(try bench.rejections().filter { $0.submission == second }.map(\.code) == ["duplicate_key"])
        #expect([Topics.records, Topics.directives].map(bench.count) == published)
    }

    @Test("A deletion in another organization's name stays refused after the key is deleted")
    func ofAnother() throws {
        let bench = try ValidationBench(partitions: 3)
        try bench.prepare()
        try bench.submit(table(.attendance, [validRow(.attendance)]))
        try bench.submit(table(.attendance, [Self.deletion(.attendance)]))
        let other = try bench.submit(table(.attendance, [Self.deletion(.attendance, ["org_code": "00020505"])])).id
        try bench.driver.run()
        #expect(try bench.receipt(other).rejected == 1)
        #expect(try bench.rejections().map(\.code) == ["nothing_to_delete"])
    }

    /// What is to become of rows, told from their history alone.
    private struct Model {
        private struct Entry {
            var organization: String
            var content: String?
            var submission: Int
        }

        private var entries: [String: Entry] = [:]

        /// `accepted`, `unchanged` or the code of a rejection.
        mutating func take(_ row: [String: String], _ submission: Int) -> String {
            let key = row["student_id"] ?? ""
            let organization = row["org_code"] ?? ""
            let content = row["action"] == "delete" ? nil : "\(organization) \(row["days_absent"] ?? "")"
            let before = entries[key]
            if let before, before.submission == submission { return "duplicate_key" }
            if content == nil, before?.organization != organization { return "nothing_to_delete" }
            entries[key] = Entry(organization: organization, content: content, submission: submission)
            return before.map { $0.content == content } ?? false ? "unchanged" : "accepted"
        }

        var standing: Set<String> {
            Set(entries.filter { $0.value.content != nil }.map { "\($0.key) \($0.value.content ?? "")" })
        }
    }

    @Test(
        "Histories of rows and deletions, files sent again among them, end as their model says",
        arguments: 1...24 as ClosedRange<UInt64>
    )
    func histories(_ seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        func pick(_ count: Int) -> Int { Int(random.next() % UInt64(count)) }
        var files: [[[String: String]]] = []
        for _ in 0..<14 {
            if let again = files.indices.randomElement(using: &random), pick(3) == 0 {
                files.append(files[again])
                continue
            }
            files.append(
                (0...pick(8))
                    .map { _ in
                        let changes = [
                            "student_id": "S\(pick(6))", "org_code": ["00010505", "00020505"][pick(2)],
                            "days_absent": "\(pick(2))",
                            "action": pick(2) == 0 ? "delete" : "",
                        ]
                        return validRow(.attendance).merging(changes) { $1 }
                    }
            )
        }
        var model = Model()
        let expected = files.enumerated().map { number, rows in rows.map { model.take($0, number) } }
        #expect(
            Set(expected.joined()) == ["accepted", "unchanged", "duplicate_key", "nothing_to_delete"]
                || files.joined().count < 40
        )

        var disturbances = InMemoryDriver.Disturbances()
        disturbances.crashEvery = 4
        disturbances.abortEvery = 5
        disturbances.repeatEvery = 3
        disturbances.rebalanceEvery = 6
        disturbances.batch = 4
        for (partitions, disturbed) in [(1, false), (3, true), (6, true)] as [(Int32, Bool)] {
            let bench = try ValidationBench(
                partitions: partitions,
                seed: seed,
                disturbances: disturbed ? disturbances : .init()
            )
            try bench.prepare()
            var ids: [String] = []
            for rows in files {
                ids.append(try bench.submit(table(.attendance, rows)).id)
                // Sometimes the one is done before the other comes, sometimes not.
                if pick(2) == 0 { try bench.driver.run() }
            }
            try bench.driver.run()
            let rejections = try bench.rejections().filter { $0.code != "claimed_by_two_districts" }
            for (id, outcomes) in zip(ids, expected) {
                let receipt = try bench.receipt(id)
                #expect(receipt.rows == UInt64(outcomes.count), "\(id)")
                #expect(receipt.accepted == UInt64(outcomes.filter { $0 == "accepted" }.count), "\(id)")
                #expect(receipt.unchanged == UInt64(outcomes.filter { $0 == "unchanged" }.count), "\(id)")
                let told = Set(rejections.filter { $0.submission == id }.map { "\($0.line) \($0.code)" })
                let codes = outcomes.enumerated().filter { $1 != "accepted" && $1 != "unchanged" }
                    .map { "\($0 + 2) \($1)" }
                #expect(told == Set(codes), "\(id)")
            }
            let standing = try bench.records().values.filter { !$0.attendance.student.isEmpty }
            #expect(standing.count == model.standing.count)
            #expect(
                standing.map { "\($0.orgCode) \($0.attendance.daysAbsent)" }.sorted()
                    == model.standing.map { String($0.split(separator: " ", maxSplits: 1)[1]) }.sorted()
            )
        }
    }
}
