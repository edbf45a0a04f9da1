import Foundation
import Messages
import Operating
import Rules
import Testing

@testable import Console

/// What each role is shown, tried on every address.
@Suite struct AccessTests {
    private let console = Console(life: "test")

    /// What is asked is not what comes out: a refusal names the code that it refuses.
    private func answer(_ target: String, _ tables: ConsoleTables, _ frame: PageFrame) -> ConsoleResponse {
        console.respond(to: ConsoleRequest(target), tables, in: frame)
    }

    private func shown(_ target: String, _ answer: ConsoleResponse) -> String {
        guard let asked = target.firstMatch(of: /0002[0-9]{4}|99990005/) else { return answer.text }
        return answer.text.replacing(asked.output, with: "")
    }

    @Test("What a district sees is its own, and is new as soon as the data or its accounts are")
    func keptParts() throws {
        var tables = try AccessExample.tables()
        let own = try AccessExample.frame(.district)
        let stranger = try AccessExample.account(.district, "carl", district: AccessExample.other)
        let other = PageFrame(visitor: .person(stranger), colleagues: [stranger])
        let address = "/years/2019/organizations/\(ExampleTables.school)"
        for _ in 0..<2 {
            #expect(answer(address, tables, own).status == 200)
            #expect(answer(address, tables, other).status == 404)
        }
        var revised = try ExampleTables.exampleSchool(2019)
        revised.name = "Renamed School"
        try ExampleTables.fold(revised, into: &tables)
        #expect(answer(address, tables, own).text.contains("Renamed School"))
        #expect(!answer("/files", tables, own).text.contains("other.csv"))
        let colleague = try AccessExample.account(.district, "bert")
        let both = PageFrame(visitor: own.visitor, colleagues: own.colleagues + [colleague])
        #expect(answer("/files", tables, both).text.contains("other.csv"))
        #expect(!answer("/files", tables, own).text.contains("other.csv"))
    }

    @Test("What each address needs is what is written here: nobody weakens it by oversight")
    func declared() {
        let expected: [String: Role] = [
            "/run": .data, "/files": .district, "/rejections": .district, "/frameworks": .everybody,
            "/frameworks/{name}": .everybody, "/years/{year}": .district, "/years/{year}/state": .data,
            "/years/{year}/organizations/{code}": .district, "/years/{year}/determinations.csv": .district,
            "/console.css": .everybody, "/console.js": .everybody, "/desk.js": .everybody, "/icon.svg": .everybody,
            "/api/v1/openapi.json": .everybody, "/api/v1/run": .data, "/api/v1/years": .district,
            "/api/v1/years/{year}/determinations": .district,
            "/api/v1/years/{year}/organizations/{code}": .district, "/api/v1/years/{year}/state": .data,
            "/api/v1/frameworks": .everybody, "/api/v1/frameworks/{name}": .everybody,
            "/api/v1/rejections": .district, "/api/v1/submissions": .district,
            "/compare": .district, "/years/{year}/compare": .district, "/years/{year}/compare.csv": .district,
            "/years/{year}/compare.xlsx": .district, "/api/v1/years/{year}/compare": .district,
            "/public/years/{year}": .everybody, "/public/years/{year}/state": .everybody,
            "/public/years/{year}/organizations/{code}": .everybody,
            "/public/years/{year}/determinations.csv": .everybody,
            "/public/years/{year}/determinations.xlsx": .everybody, "/api/v1/public/years": .everybody,
            "/api/v1/public/years/{year}/determinations": .everybody,
            "/api/v1/public/years/{year}/state": .everybody,
            "/api/v1/public/years/{year}/organizations/{code}": .everybody,
            "/years/{year}/determinations.xlsx": .district, "/duties": .district, "/duties.csv": .district,
            "/api/v1/duties": .district, "/duties.xlsx": .district,
            "/run/tables.csv": .data,
            "/run/tables.xlsx": .data,
            "/files/tables.csv": .district,
            "/files/tables.xlsx": .district,
            "/rejections/tables.csv": .district,
            "/rejections/tables.xlsx": .district,
            "/frameworks/tables.csv": .everybody,
            "/frameworks/tables.xlsx": .everybody,
            "/frameworks/{name}/tables.csv": .everybody,
            "/frameworks/{name}/tables.xlsx": .everybody,
            "/years/{year}/state/tables.csv": .data,
            "/years/{year}/state/tables.xlsx": .data,
            "/years/{year}/organizations/{code}/tables.csv": .district,
            "/years/{year}/organizations/{code}/tables.xlsx": .district,
            "/public/years/{year}/state/tables.csv": .everybody,
            "/public/years/{year}/state/tables.xlsx": .everybody,
            "/public/years/{year}/organizations/{code}/tables.csv": .everybody,
            "/public/years/{year}/organizations/{code}/tables.xlsx": .everybody,
        ]
        #expect(Dictionary(uniqueKeysWithValues: Routes.all.map { ($0.path, $0.needs) }) == expected)
        let desk: [String: Role] = [
            "/sign-in": .everybody, "/sign-in/single-sign-on": .everybody, "/sign-in/callback": .everybody,
            "/sign-out": .district, "/upload": .district, "/release": .data, "/release/seen": .data,
            "/errands/{id}": .district, "/errands/{id}/confirm": .district, "/errands/{id}/discard": .district,
            "/acts/open-year": .approver, "/acts/close-year": .approver, "/acts/release": .approver,
            "/acts/withdraw-release": .approver, "/acts/approve": .approver, "/acts/reject": .approver,
            "/acts/withdraw": .approver, "/acts/deliveries": .operator, "/acts/quarantine": .operator,
            "/acts/what-if": .data, "/acts/what-if-framework": .data,
            "/audit-trail": .data, "/deliveries": .operator, "/quarantine": .operator,
            "/completeness/{year}": .data,
            "/release/tables.csv": .data,
            "/release/tables.xlsx": .data,
            "/audit-trail/tables.csv": .data,
            "/audit-trail/tables.xlsx": .data,
            "/deliveries/tables.csv": .operator,
            "/deliveries/tables.xlsx": .operator,
            "/quarantine/tables.csv": .operator,
            "/quarantine/tables.xlsx": .operator,
            "/completeness/{year}/tables.csv": .data,
            "/completeness/{year}/tables.xlsx": .data,
            "/api/v1/session": .district, "/api/v1/uploads": .district, "/api/v1/errands": .district,
            "/api/v1/errands/{id}": .district, "/api/v1/errands/{id}/confirm": .district,
            "/api/v1/errands/{id}/discard": .district,
            "/api/v1/acts/open-year": .approver, "/api/v1/acts/close-year": .approver,
            "/api/v1/acts/release": .approver, "/api/v1/acts/withdraw-release": .approver,
            "/api/v1/acts/approve": .approver, "/api/v1/acts/reject": .approver, "/api/v1/acts/withdraw": .approver,
            "/api/v1/acts/deliveries": .operator, "/api/v1/acts/quarantine": .operator,
            "/api/v1/acts/what-if": .data, "/api/v1/acts/what-if-framework": .data,
        ]
        #expect(Dictionary(DeskRoutes.all.map { ($0.path, $0.needs) }) { $0 == $1 ? $0 : .everybody } == desk)
    }

    @Test("Nothing of another district comes out to a district, at any address with any parameter")
    func districtSeesItsOwn() throws {
        let tables = try AccessExample.tables()
        let frames = (district: try AccessExample.frame(.district), staff: try AccessExample.frame(.data))
        var leaks = Set<String>()
        var found = Set<String>()
        var own = 0
        var count = 0
        for route in Routes.all {
            for target in AccessExample.targets(route.path, route.query) {
                count += 1
                let text = shown(target, answer(target, tables, frames.district))
                let staff = shown(target, answer(target, tables, frames.staff))
                for (what, pattern) in AccessExample.hidden {
                    if text.contains(pattern) { leaks.insert("\(target): \(what)") }
                    if staff.contains(pattern) { found.insert(what) }
                }
                own += AccessExample.own.count { text.contains($0) }
            }
        }
        #expect(leaks.isEmpty, "\(leaks.sorted().prefix(5))")
        // What is looked for is there to be found: the Department finds all of it.
        #expect(found == Set(AccessExample.hidden.map(\.what)))
        #expect(own > 20 && count > 200)
    }

    @Test("Another district's organization is as if it were not there")
    func otherOrganization() throws {
        let tables = try AccessExample.tables()
        let frame = try AccessExample.frame(.district)
        for code in ["00020001", "00010007", "00039999"] {
            for path in ["/years/2019/organizations/\(code)", "/api/v1/years/2019/organizations/\(code)"] {
                let refused = answer(path, tables, frame)
                #expect(refused.status == 404)
                #expect(
                    refused.text.contains("There is no determination of &#39;\(code)&#39;")
                        || refused.text.contains("there is no determination of '\(code)'")
                )
            }
        }
        for code in [AccessExample.district, ExampleTables.school] {
            #expect(answer("/years/2019/organizations/\(code)", tables, frame).status == 200)
        }
        let staff = answer("/years/2019/organizations/00020001", tables, try AccessExample.frame(.data))
        #expect(staff.status == 200)
    }

    @Test("Each address answers who has the role, and nobody else")
    func everyRouteForEveryRole() throws {
        let tables = try AccessExample.tables()
        for frame in try AccessExample.frames() {
            for route in Routes.all {
                let target = AccessExample.targets(route.path, [])[0]
                let answer = answer(target, tables, frame)
                if frame.visitor.mayRead(route.needs) {
                    #expect([200, 404].contains(answer.status), "\(target): \(answer.status)")
                } else if frame.visitor == .nobody {
                    #expect(answer.status == (route.path.hasPrefix("/api") ? 401 : 303), "\(target)")
                    #expect(answer["Location"].map { $0.hasPrefix("/sign-in?next=") } ?? true)
                } else {
                    #expect(answer.status == 403, "\(target)")
                }
                guard frame.visitor == .nobody else { continue }
                let secret = answer.text.firstMatch(of: /Example District|own\.csv|0001000[0-9]/)
                #expect(secret == nil, "\(target): \(secret.map { String($0.output) } ?? "")")
            }
        }
        #expect(answer("/", tables, PageFrame(visitor: .nobody))["Location"] == "/public")
        #expect(answer("/", try ExampleTables.make(), PageFrame(visitor: .nobody))["Location"] == "/sign-in")
    }

    /// The routes of the desk that a link or a form leads to.
    private static func desk(_ link: String) -> [DeskRoute] {
        let path = link.prefix { $0 != "?" }.split(separator: "/").map(String.init)
        return DeskRoutes.all.filter { $0.arguments(of: path) != nil }
    }

    @Test("Every link of every page leads to something that this role may see", arguments: Role.ofAccounts)
    func links(role: Role) throws {
        let tables = try AccessExample.tables()
        let frame = try AccessExample.frame(role)
        var waiting: Set = ["/"]
        var seen: Set<String> = []
        while let address = waiting.popFirst() {
            guard seen.insert(address).inserted, seen.count < 150 else { continue }
            let answer = answer(address, tables, frame)
            if let next = answer["Location"] { waiting.insert(next) }
            #expect([200, 303].contains(answer.status), "\(address): \(answer.status)")
            if answer["Content-Type"]?.hasPrefix("text/html") == true {
                // The desk's own pages need what these tables do not have; whether the role may see them is known.
                for link in ConsolePageTests.links(answer.text).subtracting(seen) {
                    let desk = Self.desk(link)
                    #expect(desk.allSatisfy { role >= $0.needs }, "\(address): \(link)")
                    if desk.isEmpty { waiting.insert(link) }
                }
            }
        }
        #expect(seen.count > 20)
    }

    @Test("What one person was shown is not another's: neither kept nor taken for the same")
    func caching() throws {
        let tables = try AccessExample.tables()
        let account = try AccessExample.account(.data)
        let one = PageFrame(visitor: .person(account), tag: "one")
        let first = answer("/files", tables, one)
        let tag = try #require(first["ETag"])
        #expect(first["Cache-Control"] == "private, no-store" && first["Vary"] == "Cookie")
        func again(_ frame: PageFrame) -> Int {
            console.respond(to: ConsoleRequest("/files", ifNoneMatch: tag), tables, in: frame).status
        }
        #expect(again(one) == 304)
        #expect(again(PageFrame(visitor: .person(account), tag: "two")) == 200)
        #expect(again(.machine) == 200)
    }
}
