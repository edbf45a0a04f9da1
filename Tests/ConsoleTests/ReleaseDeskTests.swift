import Foundation
import Messages
import Operating
import Reading
import Rules
import Stages
import SwiftProtobuf
import Testing

@testable import Console

/// What somebody who releases results sees before: what goes to whom, the notices, and the changes since the last look.
@Suite struct ReleaseDeskTests {
    private func bench(_ accounts: (Role, String)...) throws -> SignInBench {
        try SignInBench(accounts.map { try AccessExample.account($0.0, $0.1) })
    }

    private func settled(_ bench: SignInBench, _ address: String, _ session: String) async -> ConsoleResponse {
        var page = await bench.get(address, session)
        while page.text.contains("id=\"waiting\""), !Task.isCancelled { page = await bench.get(address, session) }
        return page
    }

    /// A preview in which the example's school comes from one stage to another.
    private func preview(_ from: String, _ to: String) -> String {
        let outcome = "{\"classification\":\"requiring_assistance\",\"level\":\"focused_targeted\"}"
        return
            "{\"submissions\":[],\"determinations\":{\"before\":62,\"after\":62,\"changed\":1},\"changes\":[{\"school_year\":2019,"
            + "\"org_code\":\"\(ExampleTables.school)\",\"name\":\"Own School\",\"from\":\(outcome),\"to\":\(outcome),"
            + "\"fields\":[\"status: \(from) → \(to)\"],\"causes\":[],\"rows\":[]}]}"
    }

    private func page(_ act: String, _ fields: [String: String], _ from: String, _ to: String) async throws -> String {
        let bench = try bench((.approver, "anna"))
        bench.calls.set("preview", 0, preview(from, to))
        let anna = try await bench.signIn()
        let address = try #require(try await bench.send("/acts/\(act)", fields, anna)["Location"])
        return await settled(bench, address, anna).text
    }

    @Test("Before an official release, its page shows who gets what and the notices as they will read")
    func official() async throws {
        let fields = ["kind": "official", "year": "2019", "date": "2019-09-24"]
        let text = try await page("release", fields, "preliminary", "official")
        let everyone =
            "<th scope=\"row\" class=\"\">Everyone</th><td class=\"\">can read the public results of organizations</td><td class=\"n\">1</td>"
        #expect(text.contains(everyone))
        #expect(!text.contains("no longer"))
        #expect(text.contains("get a notice about an organization</td><td class=\"n\">1</td>"))
        // Subject and body are those of the notice that the stage makes of the determination when it is official.
        var determination = try ExampleTables.exampleSchool(2019)
        (determination.status, determination.revision) = ("official", 3)
        determination.changes = ["status: preliminary → official"]
        determination.causes = ["of this act"]
        let notice = NoticeText.notice(of: determination)
        #expect(text.contains(MarkupText.escaped(notice.subject)) && text.contains(MarkupText.escaped(notice.body)))
        #expect(text.contains("To: \(ExampleTables.school), 00010000"))
        // The outcome stays, so it is not written twice.
        #expect(text.contains("<td class=\"\">the same</td>") && text.contains("Status: preliminary → official"))
    }

    @Test("Before results are closed again, its page shows who can no longer read them")
    func closing() async throws {
        let text = try await page("withdraw-release", ["kind": "preliminary", "year": "2019"], "official", "computed")
        #expect(text.contains("can no longer read the public results of organizations</td><td class=\"n\">1</td>"))
        #expect(text.contains("can no longer read the results of its organizations</td><td class=\"n\">1</td>"))
        #expect(text.contains("Results no longer released 2018-19"))
    }

    @Test("The release desk lists what changed since a person marked the results as seen, for each person")
    func lastLook() async throws {
        let bench = try bench((.data, "anna"), (.approver, "chief"), (.district, "dora"))
        let (anna, chief) = (try await bench.signIn("anna"), try await bench.signIn("chief"))
        let first = await bench.get("/release", anna).text
        #expect(first.contains("You have not marked any results as seen"))
        let until = try #require(first.firstMatch(of: /name="until" value="(\d+)"/)?.1)
        #expect(try await bench.send("/release/seen", ["until": String(until)], anna)["Location"] == "/release")
        #expect(await bench.get("/release", anna).text.contains("No determination has changed since"))
        var changed = try ExampleTables.exampleSchool(2019)
        changed.revision = 3
        changed.issuedUnixMilliseconds = try #require(Int64(until)) + 1000
        changed.changes = ["non_high all_students ela_achievement: 497 (4 points) → 496.7 (4 points)"]
        bench.store.update { tables in
            #expect(throws: Never.self) { try ExampleTables.fold(changed, into: &tables) }
        }
        let page = await bench.get("/release", anna).text
        #expect(page.contains("1 determination changed since those that you marked as seen"))
        #expect(
            page.contains("Non-high school grades, All Students, ELA achievement: 497 (4 points) → 496.7 (4 points)")
        )
        #expect(await bench.get("/release", chief).text.contains("You have not marked any results as seen"))
        #expect(try await bench.send("/release/seen", [:], anna).status == 422)
        let dora = try await bench.signIn("dora")
        #expect(try await bench.send("/release/seen", ["until": "1"], dora).status == 403)
    }

    @Test("The run leads those to the completeness of a year who may see it")
    func completeness() async throws {
        let bench = try bench((.data, "anna"))
        let anna = try await bench.signIn()
        #expect(await bench.get("/run", anna).text.contains("/completeness/2019"))
        let machine = Console(life: "test").respond(to: ConsoleRequest("/run"), try ExampleTables.make(), in: .machine)
        #expect(machine.status == 200 && !machine.text.contains("/completeness/"))
    }
}

/// How long a stage has been behind.
@Suite struct LagAgeTests {
    private func position(_ partition: Int32, _ position: Int64, _ end: Int64) -> LagReader.Position {
        .init(
            stage: "indicator",
            topic: "records",
            partition: partition,
            position: position,
            end: end,
            behind: end - position
        )
    }

    @Test("The age is that of the oldest record that was not read, in the partition where it is oldest")
    func oldest() {
        var age = LagAge()
        #expect(age.take([position(0, 10, 10), position(1, 5, 5)], at: 0).isEmpty)
        #expect(age.take([position(0, 10, 20), position(1, 5, 5)], at: 10) == ["indicator": 0])
        #expect(age.take([position(0, 10, 30), position(1, 5, 6)], at: 14) == ["indicator": 4])
        // What came at the second check is read, so the oldest is of the third.
        #expect(age.take([position(0, 20, 30), position(1, 5, 6)], at: 17) == ["indicator": 3])
        #expect(age.take([position(0, 30, 30), position(1, 5, 6)], at: 20) == ["indicator": 6])
        #expect(age.take([position(0, 30, 30), position(1, 6, 6)], at: 21).isEmpty)
        #expect(age.take([position(0, 30, 31), position(1, 6, 6)], at: 30) == ["indicator": 0])
    }

    @Test("The oldest end is kept, however many follow")
    func many() {
        var age = LagAge()
        for second in 0...2000 { _ = age.take([position(0, 0, Int64(second) + 1)], at: Double(second)) }
        #expect(age.take([position(0, 0, 3000)], at: 2001) == ["indicator": 2001])
    }
}
