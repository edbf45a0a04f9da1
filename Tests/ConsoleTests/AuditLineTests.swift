import Foundation
import Operating
import Stages
import Testing

@testable import Console

/// The release desk's lines about audits: nothing is fine that was not checked.
@Suite struct AuditLineTests {
    /// The moment of the example's newest submissions, and one after it.
    private static let now: Int64 = 4_000_000_000_000

    private func desk(
        _ check: AuditRecords.Check,
        _ record: AuditRecords.Record?,
        brokers: String = "127.0.0.1:9092"
    ) async throws -> String {
        let bench = try SignInBench(.data)
        if let record {
            try bench.home.create()
            var records = AuditRecords()
            records[check, brokers: brokers, namespace: ""] = record
            try records.save(bench.home)
        }
        let session = try await bench.signIn()
        let page = await bench.get("/release", session)
        #expect(page.status == 200)
        let title =
            switch check {
            case .tables: "Audit<"
            case .recomputation: "Recomputation of every figure<"
            case .disclosure: "Disclosure attack on what is published<"
            }
        let line = page.text.split(separator: "<tr").first { $0.contains(title) }
        return String(try #require(line))
    }

    private func record(
        began: Int64 = now,
        problems: Int = 0,
        attacked: Int = 0,
        left: Int = 0
    ) -> AuditRecords.Record {
        .init(began: began, ended: began + 1000, problems: problems, warnings: 1, attacked: attacked, left: left)
    }

    @Test(arguments: AuditRecords.Check.allCases) func whatWasNotCheckedIsNotFine(_ check: AuditRecords.Check)
        async throws
    {
        #expect(try await desk(check, nil).contains("not known here"))
        // Another installation's result says nothing about this one.
        let other = try await desk(check, record(attacked: 5), brokers: "other:9092")
        #expect(other.contains("not known here") && !other.contains("fine"))
        let fine = try await desk(check, record(attacked: 5))
        #expect(fine.contains("fine") && fine.contains("2096-10-02T07:06:41Z: 0 problems, 1 warning"))
        let wrong = try await desk(check, record(problems: 2, attacked: 5))
        #expect(wrong.contains("check") && wrong.contains("2 problems") && !wrong.contains("fine"))
    }

    @Test func whatCameLaterWasNotChecked() async throws {
        for check in [AuditRecords.Check.tables, .recomputation] {
            let old = try await desk(check, record(began: AccessExample.since))
            #expect(old.contains("4 submissions came after it") && !old.contains("fine"))
        }
        let old = try await desk(.disclosure, record(began: 0, attacked: 5))
        #expect(old.contains("1 publication came after it") && !old.contains("fine"))
    }

    @Test func anAttackOnNothingIsNotFine() async throws {
        let nothing = try await desk(.disclosure, record())
        #expect(nothing.contains("nothing to attack") && !nothing.contains("fine"))
        let some = try await desk(.disclosure, record(attacked: 5, left: 2))
        #expect(some.contains("2 districts not attacked") && !some.contains("fine"))
    }

    @Test func aDamagedFileIsNotFine() async throws {
        let bench = try SignInBench(.data)
        try bench.home.create()
        try Data("{".utf8).write(to: bench.home.auditRecords)
        let page = await bench.get("/release", try await bench.signIn()).text
        #expect(page.contains("The results of audits cannot be read"))
    }
}
