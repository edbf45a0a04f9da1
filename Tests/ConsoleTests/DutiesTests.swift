import Foundation
import Messages
import Operating
import Rules
import Testing

@testable import Console
@testable import Reading

/// Duties and their days: from the same rows as the commands.
@Suite struct DutiesTests {
    private func rows(_ query: String, _ tables: ConsoleTables, _ frame: PageFrame = .machine) throws -> [[String: Any]]
    {
        let console = Console(life: "test", today: { "2019-10-14" })
        let answer = console.respond(to: ConsoleRequest("/api/v1/duties?limit=1000&\(query)"), tables, in: frame)
        try #require(answer.status == 200, "\(answer.text)")
        let object = try JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any]
        return try #require(object?["duties"] as? [[String: Any]])
    }

    private func words(_ rows: [[String: Any]], _ names: [String]) -> [String] {
        rows.map { row in names.map { row[$0] as? String ?? "–" }.joined(separator: " ") }
    }

    @Test("Every kind of duty stands in the list with its days")
    func everything() throws {
        let tables = try ExampleTables.make()
        let school = ExampleTables.school
        let names = ["duty", "what", "standing", "due", "done"]
        #expect(
            words(try rows("org=\(school)", tables), names)
                == [
                    "plan school_improvement_plan incomplete 2018-07-01 2019-09-13",
                    "designation directed_focused in_force 2019-09-13 –", "appeal appeal due 2019-10-13 –",
                ]
        )
        #expect(
            words(try rows("org=00010000", tables), names) == [
                "plan district_action_plan overdue 2018-07-01 –", "plan district_improvement_plan overdue 2018-07-01 –",
                "plan self_evaluation overdue 2018-07-01 –", "review district_review conducted 2019-09-11 2019-09-20",
                "priority focused_targeted required – –",
            ]
        )
        #expect(
            words(try rows("org=00020001&duty=appeal", tables), names) == ["appeal appeal denied 2019-10-14 2019-09-25"]
        )
        let priority = try #require(try rows("org=00010000&duty=priority", tables).first)
        #expect(
            priority["remark"] as? String
                == "place 1; for 2 determinations; 1 organization in need; most severe: \(school)"
        )
        let review = try #require(try rows("org=00010000&duty=review", tables).first)
        #expect(review["remark"] as? String == "assessment: proficient")
    }

    @Test("The day that is asked for decides what is due and what is late")
    func days() throws {
        let tables = try ExampleTables.make()
        let school = ExampleTables.school
        func standing(_ query: String) throws -> [String] { words(try rows(query, tables), ["standing"]) }
        #expect(try standing("org=\(school)&duty=appeal&as_of=2019-10-12") == ["open"])
        #expect(try standing("org=\(school)&duty=appeal&as_of=2019-10-13") == ["due"])
        #expect(try standing("org=00010000&duty=plan&as_of=2018-06-30") == ["due", "due", "due"])
        #expect(try standing("org=00010000&duty=plan") == ["overdue", "overdue", "overdue"])
        // An answer of yesterday is not taken for one of today.
        func tag(_ day: String, _ target: String) -> String? {
            Console(life: "test", today: { day }).respond(to: ConsoleRequest(target), tables, in: .machine)["ETag"]
        }
        #expect(tag("2019-10-12", "/duties") != tag("2019-10-13", "/duties"))
        #expect(tag("2019-10-12", "/files") == tag("2019-10-13", "/files"))
    }

    @Test("The list is narrowed by kind, standing, district and year")
    func filters() throws {
        let tables = try ExampleTables.make()
        #expect(Set(words(try rows("standing=denied", tables), ["org_code"])) == ["00020001"])
        #expect(
            try rows("district=00020000", tables).allSatisfy { ($0["org_code"] as? String)?.hasPrefix("0002") == true }
        )
        #expect(Set(words(try rows("duty=designation", tables), ["org_code"])) == [ExampleTables.school, "00020001"])
        #expect(try rows("year=2018", tables).allSatisfy { ["plan", "priority"].contains($0["duty"] as? String) })
        #expect(try rows("year=2007", tables).isEmpty)
        let all = try rows("", tables).count
        let kinds = try DutyRow.Duty.allCases.map { try rows("duty=\($0.rawValue)", tables).count }
        #expect(kinds.reduce(0, +) == all && kinds.allSatisfy { $0 > 0 })
        let standings = try DutyRow.standings.map { try rows("standing=\($0)", tables).count }
        #expect(standings.reduce(0, +) == all && Set(DutyRow.standings).count == DutyRow.standings.count)
    }

    @Test("A district sees its own duties, and not its place among others")
    func district() throws {
        let tables = try AccessExample.tables()
        let own = try rows("", tables, try AccessExample.frame(.district))
        #expect(own.allSatisfy { ($0["org_code"] as? String)?.hasPrefix("0001") == true } && own.count >= 8)
        let priority = try #require(own.first { $0["duty"] as? String == "priority" })
        #expect(
            priority["remark"] as? String
                == "for 2 determinations; 1 organization in need; most severe: \(ExampleTables.school)"
        )
        // A designation is seen with the results that it is a part of.
        #expect(words(own.filter { $0["org_code"] as? String == "00010007" }, ["duty"]) == [])
        let all = words(try rows("org=00010007", tables), ["duty"])
        #expect(all.contains("designation"))
        #expect(try rows("", tables).contains { ($0["org_code"] as? String)?.hasPrefix("0002") == true })
    }

    @Test("The page and its CSV have the same rows")
    func page() throws {
        let tables = try ExampleTables.make()
        let console = Console(life: "test", today: { "2019-10-14" })
        let query = "?district=00010000&year=2019"
        let page = console.respond(to: ConsoleRequest("/duties\(query)"), tables, in: .machine).text
        for words in ["8 entries", "Self evaluation", "Overdue", "2019-10-13", "as of 2019-10-14", "Example District"] {
            #expect(page.contains(words), "the page lacks '\(words)'")
        }
        let csv = console.respond(to: ConsoleRequest("/duties.csv\(query)"), tables, in: .machine).text
        #expect(csv.split(separator: "\n").count == 9 && csv.contains("2019,00010005,appeal,appeal,due,2019-10-13,"))
        #expect(console.respond(to: ConsoleRequest("/duties"), ConsoleTables(), in: .machine).status == 200)
    }
}
