import Foundation
import Messages
import Operating
import Rules
import Stages
import SwiftProtobuf
import Testing

@testable import accountability
@testable import Reading

/// The results of audits that a home keeps.
@Suite struct AuditRecordTests {
    private let home = Home(environment: [
        "ACCOUNTABILITY_HOME": FileManager.default.temporaryDirectory.appending(path: "home-\(UUID().uuidString)").path
    ])

    private func keeper(_ times: [Int64], brokers: String = "b:9092") -> AuditKeeper {
        var rest = times.makeIterator()
        return AuditKeeper(home: home, brokers: brokers, namespace: "x") { rest.next() ?? 0 }
    }

    private func record(_ check: AuditRecords.Check, brokers: String = "b:9092") throws -> AuditRecords.Record? {
        try AuditRecords(home)[check, brokers: brokers, namespace: "x"]
    }

    @Test func keepsTheLastResultOfEachCheck() throws {
        try home.create()
        defer { try? FileManager.default.removeItem(at: home.directory) }
        let problem = Finding.problem("receipts", "secret-name.csv", "67 rows", "rebuild")
        let found = try keeper([10, 20]).findings(of: .recomputation) { .init(findings: [problem, .ok("a", "", "b")]) }
        #expect(found.count == 2)
        _ = try keeper([30, 40]).findings(of: .tables) { .init(findings: [.warning("a", "", "b", "c")]) }
        _ = try keeper([50, 60]).findings(of: .disclosure) { .init(findings: [], attacked: 7, left: 2) }
        #expect(try record(.recomputation) == .init(began: 10, ended: 20, problems: 1, warnings: 0))
        #expect(try record(.tables) == .init(began: 30, ended: 40, problems: 0, warnings: 1))
        #expect(
            try record(.disclosure) == .init(began: 50, ended: 60, problems: 0, warnings: 0, attacked: 7, left: 2)
        )
        // The results of other brokers are others.
        #expect(try record(.tables, brokers: "c:9092") == nil)
        _ = try keeper([70, 80], brokers: "c:9092").findings(of: .tables) { .init() }
        #expect(try record(.tables)?.ended == 40 && record(.tables, brokers: "c:9092")?.ended == 80)
        let text = try String(contentsOf: home.auditRecords, encoding: .utf8)
        #expect(!text.contains("secret") && !text.contains("receipts") && !text.contains("67"))
    }

    @Test func keepsNothingOfACheckThatFailedOrWithoutAHome() throws {
        _ = try keeper([1, 2]).findings(of: .tables) { .init() }
        #expect(!FileManager.default.fileExists(atPath: home.directory.path))
        try home.create()
        defer { try? FileManager.default.removeItem(at: home.directory) }
        #expect(throws: Failure.self) {
            try keeper([1, 2]).findings(of: .tables) { throw Failure(.brokerUnavailable, "no broker") }
        }
        #expect(try record(.tables) == nil)
        // A file that is no record is not replaced, and the audit still says what it found.
        try Data("x".utf8).write(to: home.auditRecords)
        #expect(try keeper([1, 2]).findings(of: .tables) { .init(findings: [.ok("a", "", "b")]) }.count == 1)
        #expect(throws: Failure.self) { try AuditRecords(home) }
    }

    // MARK: The attack

    /// A school of 2019 with three groups: everybody, and those with and without a disability.
    private func check(shown: [StudentGroup: UInt32], digest: String? = nil) throws -> DisclosureCheck {
        var check = DisclosureCheck()
        let school = try #require(OrganizationCode("00350012"))
        var publication = Accountability_V1_Publication()
        publication.frameworkDigest = try digest ?? Framework.of(schoolYear: 2019).digest
        publication.figures = shown.map { group, students in
            .with { ($0.measure, $0.group, $0.students) = ("participation/combined", group.wireName, students) }
        }
        try check.take(publication, DeterminationKey(schoolYear: 2019, organization: school))
        for (group, students) in [(StudentGroup.allStudents, UInt32(100)), (.swd, 92)] {
            for (grade, count) in [(ParticipationKey.allGrades, students), ("05", 1)] {
                var rate = Accountability_V1_Participation()
                (rate.grade, rate.group, rate.judged, rate.students) = (grade, group.wireName, true, count)
                check.take(
                    rate,
                    ParticipationKey(
                        schoolYear: 2019,
                        organization: school,
                        grade: grade,
                        group: group,
                        unit: .combined
                    )
                )
            }
        }
        return check
    }

    @Test func anAttackFindsWhatIsLeftOfASum() throws {
        let safe = try check(shown: [.allStudents: 100]).result()
        #expect(safe.findings.map(\.severity) == [.ok] && safe.attacked == 1 && safe.left == 0)
        // 100 of all and 92 with a disability: eight have none.
        let leak = try check(shown: [.allStudents: 100, .swd: 92]).result()
        let finding = try #require(leak.findings.first)
        #expect(finding.severity == .problem && leak.attacked == 1)
        #expect(finding.why.contains("participation/combined of 00350012/all_students less swd"))
        #expect(!finding.why.contains("8 students") && finding.remedy.contains("--withdraw"))
    }

    @Test func whatProtectsNothingIsNotAttacked() throws {
        let other = try check(shown: [.allStudents: 100, .swd: 92], digest: "other").result()
        #expect(other.findings.map(\.severity) == [.warning] && other.attacked == 0 && other.left == 1)
        let none = try DisclosureCheck().result()
        #expect(none.findings.map(\.severity) == [.ok] && none.attacked == 0 && none.left == 0)
    }

    @Test func anUnknownFigureIsRefused() throws {
        var check = DisclosureCheck()
        var publication = Accountability_V1_Publication()
        publication.figures = [.with { ($0.measure, $0.group, $0.students) = ("new/measure", "all_students", 10) }]
        let school = try #require(OrganizationCode("00350012"))
        #expect(throws: Failure.self) {
            try check.take(publication, DeterminationKey(schoolYear: 2019, organization: school))
        }
    }
}
