import Messages
import Operating
import SwiftProtobuf
import Testing

@testable import Console

/// Wherever the console says that results are under embargo, it names the last day if there is one.
@Suite struct EmbargoPageTests {
    private func bench(until day: String, _ role: Role) throws -> SignInBench {
        let bench = try SignInBench(role)
        var message = try ExampleTables.exampleSchool(2019)
        message.embargoUntil = day
        let value: [UInt8] = try message.serializedBytes()
        bench.store.update { tables in
            tables.fold(Topics.determinations, key: Array("2019/\(ExampleTables.school)".utf8), value: value)
        }
        return bench
    }

    private static let school = "/years/2019/organizations/\(ExampleTables.school)"

    @Test(arguments: [Role.district, .approver]) func pages(_ role: Role) async throws {
        for (day, words) in [("", "embargoed until"), ("2019-09-24", "embargoed until 2019-09-24")] {
            let bench = try bench(until: day, role)
            let session = try await bench.signIn()
            let page = await bench.get(Self.school, session)
            #expect(page.status == 200 && page.text.contains("Revision, preliminary"))
            #expect(page.text.contains("Revision, preliminary, \(words)") == !day.isEmpty)
            let list = await bench.get("/years/2019", session).text
            #expect(list.contains("Preliminary results are \(words).") == !day.isEmpty)
            let api = await bench.get("/api/v1/years/2019/determinations", session).text
            #expect(api.contains("\"embargo_until\":\"\(day)\""))
            if role == .approver {
                #expect(await bench.get("/release", session).text.contains(words) == !day.isEmpty)
                continue
            }
            let foot = "until the Department releases them to everyone\(day.isEmpty ? "." : ": 2018-19 \(words).")"
            for text in [page.text, list] { #expect(text.contains(foot)) }
        }
    }

    /// A district learns nothing of the day of another one; the Department sees it.
    @Test(arguments: [Role.district, .approver]) func otherDistricts(_ role: Role) async throws {
        let bench = try SignInBench(role)
        var message = try ExampleTables.exampleSchool(2019)
        (message.orgCode, message.districtCode, message.embargoUntil) = ("00020001", AccessExample.other, "2031-05-06")
        let value: [UInt8] = try message.serializedBytes()
        bench.store.update { tables in
            tables.fold(Topics.determinations, key: Array("2019/00020001".utf8), value: value)
        }
        let session = try await bench.signIn()
        #expect(await bench.get("/years/2019", session).text.contains("2031-05-06") == (role == .approver))
        for address in [Self.school, "/duties"] {
            #expect(await !bench.get(address, session).text.contains("2031-05-06"), "\(address)")
        }
    }
}
