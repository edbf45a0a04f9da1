import Foundation
import Messages
import Stages
import Streaming
import StreamingTesting
import SwiftProtobuf
import Testing

/// An organization that is deleted is as if it had never been declared, whether its students came first or last.
@Suite("Deleted organizations")
struct DeletedOrganizationTests {
    static func students(_ layout: Layout, _ organization: String, _ count: Int = 12) -> String {
        table(
            layout,
            (0..<count)
                .map {
                    validRow(layout).merging(["student_id": "\(organization)-\($0)", "org_code": organization]) { $1 }
                }
        )
    }

    static let deletion = table(
        .organizations,
        [validRow(.organizations).merging(["action": "delete", "name": "Org 00010505"]) { $1 }]
    )

    static func deletion(of code: String) -> String {
        table(
            .organizations,
            [
                validRow(.organizations)
                    .merging(["org_code": code, "district_code": "", "action": "delete", "name": "Org \(code)"]) { $1 }
            ]
        )
    }

    static func declaration(_ code: String) -> String {
        table(
            .organizations,
            [validRow(.organizations).merging(["org_code": code, "district_code": "", "name": "Org \(code)"]) { $1 }]
        )
    }

    /// In the deletion's place, so that later submissions have the same names.
    static let nothing = table(.organizations, [])

    @Test(
        "Rows that were accepted are withdrawn and told, as those that come later are",
        arguments: [1, 5] as [Int32]
    )
    func whateverCameFirst(_ partitions: Int32) throws {
        var standing: [Set<String>] = []
        var told: [Set<String>] = []
        for deletesFirst in [true, false] {
            let bench = try ValidationBench(partitions: partitions)
            try bench.prepare()
            if deletesFirst {
                try bench.submit(Self.deletion)
            } else {
                try bench.submit(Self.nothing)
            }
            var ids: [String] = []
            for layout in Layout.allCases where layout.isAboutStudents {
                ids.append(try bench.submit(Self.students(layout, "00010505")).id)
                try bench.submit(Self.students(layout, "00020505"))
            }
            ids.append(try bench.submit(table(.targets, [validRow(.targets)])).id)
            ids.append(try bench.submit(table(.directives, [validRow(.directives)])).id)
            let supplied = try bench.submit(table(.participationCounts, [validRow(.participationCounts)])).id
            let allowed =
                try bench.submit(
                    Self.students(.attendance, "00010505").replacingOccurrences(of: ",00010505-", with: ",allowed-"),
                    options: .init(allowUndeclared: true)
                )
                .id
            try bench.driver.run()
            if !deletesFirst {
                try bench.submit(Self.deletion)
                try bench.driver.run()
            }
            for id in ids {
                let receipt = try bench.receipt(id)
                #expect(receipt.accepted == 0 && receipt.rejected == receipt.rows && receipt.rows > 0)
                #expect(receipt.withdrawn == (deletesFirst ? 0 : receipt.rows))
            }
            for id in [supplied, allowed] { #expect(try bench.receipt(id).rejected == 0) }
            standing.append(
                Set(try bench.records().map { "\($0.key) \($0.value.orgCode)" })
                    .union(try bench.standing(Topics.directives).keys)
            )
            told.append(
                Set(
                    try bench.rejections()
                        .map { "\($0.submission) \($0.line) \($0.code) \($0.orgCode) \($0.layout) \($0.message)" }
                )
            )
            #expect(try bench.rejections().allSatisfy { $0.code == "unknown_organization" && $0.closedBy.isEmpty })
            #expect(bench.driver.unusable.isEmpty)
        }
        #expect(standing[0] == standing[1] && !standing[0].isEmpty)
        #expect(told[0] == told[1] && told[0].count > 60)
    }

    /// The whole year: what every table says at its end.
    private enum Moment: CaseIterable { case beforeStudents, afterStudents, afterTheYear, never }

    private static func tables(_ moment: Moment) throws -> [String: Set<[UInt8]>] {
        let pipeline = Pipeline()
        let clock: @Sendable () -> Int64 = { 1_569_283_200_000 }
        let bench = try ValidationBench(
            partitions: 2,
            stages: [
                ValidationStage(pipeline: pipeline), ParticipationStage(pipeline: pipeline),
                IndicatorStage(pipeline: pipeline), PercentileStage(pipeline: pipeline),
                DeterminationStage(pipeline: pipeline, clock: clock),
            ]
        )
        try bench.prepare()
        try bench.submit(moment == .beforeStudents ? deletion : nothing)
        for organization in ["00010505", "00020505", "00030505"] {
            try bench.submit(students(.assessmentResults, organization, 30))
            try bench.submit(students(.attendance, organization, 30))
        }
        try bench.driver.run()
        try bench.submit(moment == .afterStudents ? deletion : nothing)
        for year in [2018, 2019] { try bench.driver.close(scope: "\(year)", topic: pipeline.name(Topics.submissions)) }
        try bench.driver.run()
        try bench.submit(moment == .afterTheYear ? deletion : nothing)
        try bench.driver.run()
        var tables: [String: Set<[UInt8]>] = [:]
        tables["records"] = Set(
            try bench.records().map { Array($0.key.utf8) + [0] + (try $0.value.serializedBytes() as [UInt8]) }
        )
        for topic in [Topics.participation, Topics.indicators, Topics.standings, Topics.percentiles] {
            tables[topic.entity] = Set(bench.driver.table(pipeline.name(topic)).map { $0.key + [0] + $0.value })
        }
        tables["determinations"] = Set(
            try bench.standing(Topics.determinations)
                .map { key, record in
                    // How it came to be published is not what it says.
                    let figures = try decoded(Accountability_V1_Determination.self, record).withoutPublication
                    return Array(key.utf8) + [0] + (try figures.serializedBytes() as [UInt8])
                }
        )
        return tables
    }

    @Test("A deleted organization is neither judged nor ranked, whenever it was deleted")
    func wholeYear() throws {
        let first = try Self.tables(.beforeStudents)
        let never = try Self.tables(.never)
        func keys(_ tables: [String: Set<[UInt8]>], _ entity: String) -> Set<String> {
            Set((tables[entity] ?? []).map { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) })
        }
        for entity in ["participation", "indicators", "standings", "determinations"] {
            #expect(keys(never, entity).contains { $0.hasPrefix("2019/") && $0.contains("/00010505") }, "\(entity)")
            #expect(!keys(first, entity).contains { $0.hasPrefix("2019/") && $0.contains("/00010505") }, "\(entity)")
        }
        for moment in [Moment.afterStudents, .afterTheYear] {
            let other = try Self.tables(moment)
            for (entity, table) in first {
                #expect(keys(other, entity) == keys(first, entity), "\(moment) \(entity)")
                #expect(other[entity] == table, "\(moment) \(entity)")
            }
        }
    }

    @Test("Deletions in one file, in the same file as declarations, and after a restart")
    func restarts() throws {
        var disturbances = InMemoryDriver.Disturbances()
        disturbances.crashEvery = 3
        disturbances.abortEvery = 4
        disturbances.repeatEvery = 5
        func run(_ disturbances: InMemoryDriver.Disturbances, seed: UInt64) throws -> ValidationBench {
            let bench = try ValidationBench(partitions: 3, seed: seed, disturbances: disturbances)
            try bench.prepare()
            for organization in ["00010505", "00020505", "00030505"] {
                try bench.submit(Self.students(.attendance, organization, 40))
                try bench.submit(Self.students(.assessmentResults, organization, 40))
                try bench.driver.run()
            }
            let both = ["00010505", "00020505"]
                .map {
                    validRow(.organizations).merging(["org_code": $0, "action": "delete", "district_code": ""]) { $1 }
                }
            try bench.submit(table(.organizations, both))
            try bench.driver.run()
            // Declared again: its rows count again by themselves.
            try bench.submit(Self.declaration("00010505"))
            try bench.driver.run()
            return bench
        }
        let calm = try run(.init(), seed: 1)
        let records = try calm.records()
        #expect(records.keys.count { $0.contains("/attendance/") } == 80)
        #expect(records.keys.count { $0.contains("/assessment_results/") } == 80)
        let open = try calm.newestRejections().filter { $0.closedBy.isEmpty }
        #expect(open.count == 80 && open.allSatisfy { $0.code == "unknown_organization" && $0.orgCode == "00020505" })
        for seed in 1...4 as ClosedRange<UInt64> {
            let bench = try run(disturbances, seed: seed)
            #expect(bench.driver.disturbed > 0)
            #expect(try bench.records() == records)
            #expect(
                try Set(bench.newestRejections().map { "\($0)" }) == Set(calm.newestRejections().map { "\($0)" })
            )
        }
    }

    /// Rows of students who stay where they are, and one deletion, in any order.
    @Test(
        "Any history of rows and one deletion ends the same wherever the deletion stands",
        arguments: 1...12 as ClosedRange<UInt64>
    )
    func histories(_ seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        func pick(_ count: Int) -> Int { Int(random.next() % UInt64(count)) }
        let organizations = ["00010505", "00020505"]
        let files = (0..<6)
            .map { _ in
                (0...pick(5))
                    .map { _ in
                        let student = pick(8)
                        return validRow(.attendance)
                            .merging([
                                "student_id": "S\(student)", "org_code": organizations[student % 2],
                                "days_absent": "\(pick(3))",
                                "action": pick(4) == 0 ? "delete" : "",
                            ]) { $1 }
                    }
            }
        var outcomes: Set<[String]> = []
        for place in 0...files.count {
            let bench = try ValidationBench(partitions: 2, seed: seed)
            try bench.prepare()
            for (number, file) in files.enumerated() {
                if number == place { try bench.submit(Self.deletion) }
                try bench.submit(table(.attendance, file))
                if number % 2 == 0 { try bench.driver.run() }
            }
            if place == files.count { try bench.submit(Self.deletion) }
            try bench.driver.run()
            outcomes.insert(
                try bench.records().filter { $0.key.contains("/attendance/") }
                    .map { "\($0.key) \($0.value.orgCode) \($0.value.attendance.daysAbsent)" }.sorted()
            )
        }
        #expect(outcomes.count == 1)
        #expect(outcomes.first?.allSatisfy { $0.contains("00020505") } == true)
    }

    @Test("A rejection is closed by the submission that brings the row again")
    func closing() throws {
        let bench = try ValidationBench(partitions: 2)
        try bench.prepare()
        let rows = (0..<4).map { validRow(.attendance).merging(["student_id": "S\($0)", "grade": "x"]) { $1 } }
        let (first, _) = try bench.submit(table(.attendance, rows), name: "first.csv")
        let (second, _) = try bench.submit(
            table(.attendance, [rows[0].merging(["grade": "5"]) { $1 }, rows[1].merging(["low_income": "?"]) { $1 }]),
            name: "corrections.csv"
        )
        try bench.driver.run()
        let told = try bench.newestRejections()
            .sorted { ($0.submission, $0.line, $0.column) < ($1.submission, $1.line, $1.column) }
        #expect(
            told.map { "\($0.submission == first ? 1 : 2)/\($0.line)/\($0.column)/\($0.closedBy == second)" } == [
                "1/2/grade/true", "1/3/grade/true", "1/4/grade/false", "1/5/grade/false", "2/3/grade/false",
                "2/3/low_income/false",
            ]
        )
        #expect(told.allSatisfy { $0.message.contains("grade") || $0.message.contains("low_income") })
    }
}

extension ValidationBench {
    /// What a reader of the table of rejections sees.
    func newestRejections() throws -> [Accountability_V1_Rejection] {
        try standing(Topics.rejections).values.map { try decoded(Accountability_V1_Rejection.self, $0) }
    }
}
