import Foundation
import Operating
import Testing

@testable import Console

@Suite struct ConsoleAPITests {
    private let console = Console(life: "test")

    private func get(_ target: String, _ tables: ConsoleTables, ifNoneMatch: String? = nil) -> ConsoleResponse {
        console.respond(to: ConsoleRequest(target, ifNoneMatch: ifNoneMatch), tables, in: .machine)
    }

    private func object(_ answer: ConsoleResponse) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any])
    }

    @Test("Every answer of the API is as its description says")
    func everyAnswerIsDescribed() throws {
        var tables = try ExampleTables.make()
        let publication = ExampleTables.publication(2019, ExampleTables.school, "Example", percentile: 7)
        try ExampleTables.fold(publication, into: &tables)
        let document = try object(get("/api/v1/openapi.json", tables))
        #expect(document["openapi"] as? String == "3.1.0")
        let schemes = (document["components"] as? [String: Any])?["securitySchemes"] as? [String: [String: Any]]
        #expect(schemes?["session"]?["in"] as? String == "cookie")
        #expect(schemes?["session"]?["name"] as? String == ConsoleCall.cookie)
        let components = try #require((document["components"] as? [String: Any])?["schemas"] as? [String: Any])
        let validator = SchemaValidator(components: components)
        let paths = try #require(document["paths"] as? [String: [String: [String: Any]]])
        let acting = Set(DeskRoutes.described.map(\.path))
        #expect(acting == Set(DeskRoutes.all.map(\.path).filter { $0.hasPrefix("/api/") }))
        #expect(paths.count == Routes.all.count { $0.path.hasPrefix("/api/") } - 1 + acting.count)
        for (path, operations) in paths where !acting.contains(path) {
            let target = path.replacing("{year}", with: "2019").replacing("{code}", with: ExampleTables.school)
                .replacing("{name}", with: "2019")
            let responses = try #require(operations["get"]?["responses"] as? [String: [String: Any]])
            func schema(_ status: String, _ type: String) throws -> [String: Any] {
                let content = try #require(responses[status]?["content"] as? [String: [String: Any]])
                return try #require(content[type]?["schema"] as? [String: Any])
            }
            let role = try #require(Routes.all.first { $0.path == path }).needs
            #expect(responses.keys.contains("401") == (role != .everybody))
            #expect(
                (operations["get"]?["description"] as? String)?.contains("role \(role.rawValue),")
                    == (role != .everybody)
            )
            let variants = [
                "api/v1/years/{year}/organizations/{code}": "?why_not=meeting",
                "compare": "?org=\(ExampleTables.school)&with=00020001&q=School",
                "duties": "?year=2019&as_of=2019-10-14",
            ]
            let variant = variants.first { path.hasSuffix($0.key) }?.value ?? ""
            for target in [target, target + variant] {
                let answer = get(target, tables)
                #expect(answer.status == 200, "\(target)")
                #expect(answer["Content-Type"] == "application/json")
                let faults = validator.faults(try object(answer), try schema("200", "application/json"), target)
                #expect(faults.isEmpty, "\(faults.prefix(5))")
            }
            let refused = get(target + "?no_such_parameter=1", tables)
            #expect(refused.status == 400)
            #expect(refused["Content-Type"] == "application/problem+json")
            let faults = validator.faults(
                try object(refused),
                try schema("400", "application/problem+json"),
                target
            )
            #expect(faults.isEmpty, "\(faults)")
        }
    }

    @Test("A parameter takes exactly what its description says")
    func parametersAreAsTheyAreDescribed() throws {
        let samples = [
            "", "00000000", "00010000", "00010005", "12340000", "1234000", "123400000", "0001000x", "0000-00-00",
            "2019-09-24", "2019-13-01", "2019-00-10", "2019-02-32", "1999", "2000", "2019", "2100", "2101", "02019",
            "00010005,00020001", "00010005,", ",00010005", "20190601T000000011Z-000011", "2019", "-2019060100000",
            "2019060100000_", "school", "a\u{0}", "a\u{7f}", "a\u{85}", String(repeating: "é", count: 80),
            String(repeating: "e\u{301}", count: 80), String(repeating: "x", count: 81),
        ]
        let forms: [QueryParameter.Form] = [
            .schoolYear, .organization, .organizations, .district, .day, .submission, .text(80),
        ]
        for form in forms {
            guard case .text(let pattern?) = form.schema else {
                Issue.record("\(form) has no pattern")
                continue
            }
            // A regular expression of JSON counts code points.
            let described = try Regex(pattern).matchingSemantics(.unicodeScalar)
            for sample in samples {
                let target = "/api/v1/rejections?q=\(RequestTarget.encoded(sample))"
                let isTaken: Bool
                do throws(Problem) {
                    let query = try RequestTarget(target).query
                    try QueryParameter("q", "", form).check(query["q"] ?? "")
                    isTaken = true
                } catch {
                    isTaken = false
                }
                #expect(isTaken == (sample.wholeMatch(of: described) != nil), "\(form): \(sample.debugDescription)")
            }
        }
        let tables = try ExampleTables.make()
        #expect(get("/api/v1/rejections?org=", tables).status == 400)
        #expect(get("/rejections?org=", tables).status == 200, "a form sends fields that were left empty")
    }

    @Test("Pages of a list hold everything once")
    func paging() throws {
        let tables = try ExampleTables.make()
        var next: String? = "/api/v1/years/2019/determinations?limit=7&sort=name"
        var codes: [String] = []
        var pages = 0
        while let target = next {
            let page = try object(get(target, tables))
            let rows = try #require(page["determinations"] as? [[String: Any]])
            codes += rows.compactMap { $0["org_code"] as? String }
            next = page["next"] as? String
            pages += 1
            try #require(pages < 10)
        }
        #expect(pages == 5)
        #expect(codes.count == 32 && Set(codes).count == 32)
    }

    @Test("An answer that did not change is 304, one of another revision is not")
    func conditional() throws {
        var tables = try ExampleTables.make()
        for target in ["/years/2019", "/api/v1/run", "/years/2019/determinations.csv", "/files"] {
            let tag = try #require(get(target, tables)["ETag"])
            let again = get(target, tables, ifNoneMatch: tag)
            #expect(again.status == 304 && again.body.isEmpty && again["ETag"] == tag)
            #expect(get(target, tables, ifNoneMatch: "\"other\", W/\(tag)").status == 304)
            #expect(get(target, tables, ifNoneMatch: "\"other\"").status == 200)
        }
        let tag = try #require(get("/years/2019", tables)["ETag"])
        try ExampleTables.fold(try ExampleTables.exampleSchool(2019), into: &tables)
        #expect(get("/years/2019", tables, ifNoneMatch: tag).status == 200)
        #expect(
            Console(life: "other").respond(to: ConsoleRequest("/years/2019", ifNoneMatch: tag), tables, in: .machine)
                .status == 200
        )
        #expect(get("/console.css", tables, ifNoneMatch: "\"test-machine\"").status == 304)
    }

    @Test("Only reading is possible", arguments: ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", ""])
    func onlyReading(method: String) throws {
        let answer = console.respond(to: ConsoleRequest("/run", method: method), try ExampleTables.make(), in: .machine)
        #expect(answer.status == 405)
        #expect(answer["Allow"] == "GET, HEAD")
    }

    @Test(
        "Another name of this machine is not answered",
        arguments: [
            nil, "", "evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "127.0.0.1:8603:1", "[::1",
            "[::2]", "192.168.1.1", "0.0.0.0", "127.0.0", "127.0.0.256", "localhost:", "localhost:80a", "128.0.0.1",
        ] as [String?]
    )
    func strangeHosts(host: String?) async throws {
        let answer = await (try SignInBench([])).site.respond(to: ConsoleRequest("/run", host: host))
        #expect(answer.status == 421)
        #expect(!answer.text.contains("Submissions"))
    }

    @Test(
        "The loopback interface's names are answered",
        arguments: ["localhost", "LOCALHOST:1", "127.0.0.1:8603", "[::1]:8603", "[::1]"]
    )
    func ownHosts(host: String) async throws {
        #expect(await (try SignInBench([])).site.respond(to: ConsoleRequest("/run", host: host)).status == 200)
    }

    @Test("Every answer carries what guards it")
    func guards() throws {
        let tables = try ExampleTables.make()
        for target in ["/", "/run", "/api/v1/run", "/nothing", "/run?x=1", "/console.css"] {
            let answer = get(target, tables)
            let policy = try #require(answer["Content-Security-Policy"])
            #expect(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"))
            #expect(!policy.contains("unsafe"))
            #expect(answer["X-Content-Type-Options"] == "nosniff" && answer["Referrer-Policy"] == "no-referrer")
        }
        // The policy allows neither styles nor scripts inside of a page.
        for target in ["/run", "/years/2019", "/years/2019/state", "/years/2019/organizations/\(ExampleTables.school)"]
        {
            let page = get(target, tables).text
            #expect(page.firstMatch(of: /\sstyle=|<style|<script>|\son[a-z]+=/) == nil)
        }
    }

    @Test(
        "Hostile addresses get a status of 4xx, and say what is wrong",
        arguments: [
            "", "years", "*", "/years/2019?q=%", "/years/2019?q=%zz", "/years/2019?q=%00", "/years/2019?q=%ff%fe",
            "/years/2019?limit=0", "/years/2019?limit=1001", "/years/2019?limit=99999999999999999999",
            "/years/2019?limit=+5",
            "/years/2019?limit=-1", "/years/2019?next=-1", "/years/2019?next=1e9", "/years/2019?q=a&q=b",
            "/years/2019?level=none", "/years/2019?district=12", "/years/2019?district=00010005", "/years/2019?no=1",
            "/years/99999999999999999999", "/years/-1", "/years/1999", "/years/%32019%0a",
            "/years/2019/organizations/1",
            "/years/2019/organizations/%2e%2e%2f", "/../../etc/passwd", "/years/2019/state?from=9999", "/frameworks/..",
            "/api/v1/years/2019/organizations/00010005?why_not=x", "/rejections?year=1999", "/rejections?org=x",
            "/years/2019?q=" + String(repeating: "a", count: 81), "/years/2019?" + String(repeating: "a", count: 3000),
            "/" + String(repeating: "/a", count: 900),
        ]
    )
    func hostile(target: String) throws {
        let answer = get(target, try ExampleTables.make())
        #expect((400..<500).contains(answer.status), "\(target): \(answer.status)")
    }

    @Test("Whatever bytes an address has, it is answered", arguments: 0..<16)
    func anything(seed: UInt64) throws {
        let tables = try ExampleTables.make()
        var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        func next(_ bound: Int) -> Int {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return Int(state % UInt64(bound))
        }
        let words = [
            "/", "years", "2019", "?", "&", "=", "%", "%2", "%41", "limit", "next", "q", "state", "organizations",
            "00010005", "é",
            "\u{0}", "+", "-1", "9223372036854775808", "frameworks", "api", "v1", "determinations", ".csv", "#",
            "why_not",
        ]
        for _ in 0..<400 {
            let target = "/" + (0..<next(12)).map { _ in words[next(words.count)] }.joined()
            let answer = get(target, tables)
            #expect([200, 303, 400, 404, 414].contains(answer.status), "\(target): \(answer.status)")
        }
    }
}
