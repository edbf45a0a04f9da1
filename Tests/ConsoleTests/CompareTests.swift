import Foundation
import Messages
import Operating
import Rules
import SwiftProtobuf
import Testing

@testable import Console
@testable import Reading

/// An organization beside others: what stands in the comparison, and what each visitor sees of it.
@Suite struct CompareTests {
    private let console = Console(life: "test", today: { "2019-10-14" })
    private let school = ExampleTables.school

    private func get(_ target: String, _ tables: ConsoleTables, _ frame: PageFrame = .machine) -> ConsoleResponse {
        console.respond(to: ConsoleRequest(target), tables, in: frame)
    }

    private func organizations(_ answer: ConsoleResponse) throws -> [[String: Any]] {
        let object = try JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any]
        return try #require(object?["organizations"] as? [[String: Any]])
    }

    private func figures(_ organization: [String: Any], _ year: Int) throws -> [String: [String: Any]] {
        let years = try #require(organization["years"] as? [[String: Any]])
        let found = try #require(years.first { $0["school_year"] as? Int == year })
        let figures = try #require(found["figures"] as? [[String: Any]])
        return Dictionary(uniqueKeysWithValues: figures.map { ($0["element"] as? String ?? "", $0) })
    }

    @Test("An organization stands beside the ten nearest of its class, and the chosen ones, on every element")
    func everything() throws {
        let tables = try ExampleTables.make()
        let answer = get("/api/v1/years/2019/compare?org=\(school)&with=00020030,00010000", tables)
        let all = try organizations(answer)
        #expect(
            all.map { $0["role"] as? String } == ["own"] + Array(repeating: "similar", count: 10) + [
                "chosen", "chosen",
            ]
        )
        // Alike but for one student more in each factor: the lowest numbers are the nearest.
        #expect(all[1...10].map { $0["org_code"] as? String } == (1...10).map { $0 < 10 ? "0002000\($0)" : "00020010" })
        #expect(all[0]["enrollment"] as? Int == 200 && all[0]["low_income"] as? String == "25.0")
        #expect(all[1]["distance"] as? String != nil && all[0]["distance"] is NSNull)
        #expect(all[11]["org_code"] as? String == "00020030")
        let own = try figures(all[0], 2019)
        #expect(
            Set(own.keys) == [
                "percentile", "annual", "cumulative", "participation/Combined", "non_high/ela_achievement",
            ]
        )
        let points = try #require(own["non_high/ela_achievement"])
        #expect(points["value"] as? String == "500.1" && points["target"] as? String == "501.5")
        #expect(points["points"] as? Int == 2)
        #expect(try figures(all[0], 2018)["percentile"]?["value"] as? String == "7")
        #expect(try figures(all[11], 2019)["percentile"]?["value"] as? String == "90")
    }

    @Test("The page draws each element, with title, description and the same numbers as a table")
    func page() throws {
        let tables = try ExampleTables.make()
        let page = get("/years/2019/compare?org=\(school)&with=00020030", tables).text
        let drawings = page.matches(of: /<svg class="plot" role="img" aria-labelledby="(\S+) (\S+)"/)
        #expect(drawings.count == 5)
        for drawing in drawings {
            #expect(page.contains("<title id=\"\(drawing.1)\">") && page.contains("<desc id=\"\(drawing.2)\">"))
        }
        #expect(page.matches(of: /The same numbers as a table/).count == 5)
        for words in [
            "ELA achievement, non-high school grades", "target 501.5, 2 of 4 points", "2017-18",
            "How similarity was made",
            "comparison.factors", "Remove School 30", "School 10", "In need of focused/targeted support",
        ] {
            #expect(page.contains(words), "the page lacks '\(words)'")
        }
        let ids = page.matches(of: /\sid="([^"]+)"/).map { String($0.1) }
        #expect(Set(ids).count == ids.count)
    }

    @Test("Chosen ones are found, added and taken away by links alone")
    func choosing() throws {
        let tables = try ExampleTables.make()
        #expect(get("/compare?q=school+7", tables).text == get("/years/2019/compare?q=school+7", tables).text)
        let first = get("/years/2019/compare?q=school+7", tables).text
        #expect(ConsolePageTests.links(first).contains("/years/2019/compare?org=00020007"))
        let found = get("/years/2019/compare?org=\(school)&similar=no&q=School+2", tables).text
        let add = "/years/2019/compare?org=\(school)&similar=no&with=00020022"
        #expect(ConsolePageTests.links(found).contains(add))
        #expect(found.contains("<input type=\"hidden\" name=\"org\" value=\"\(school)\">"))
        let both = get(add, tables).text
        #expect(both.contains("2 organizations"))
        #expect(ConsolePageTests.links(both).contains("/years/2019/compare?org=\(school)&similar=no"))
    }

    @Test("Another group's figures are its own, and nothing of all students stands for them")
    func group() throws {
        var tables = try ExampleTables.make()
        var message = try ExampleTables.exampleSchool(2019)
        message.groupPercentiles = [
            .with { ($0.group, $0.percentile, $0.comparisonGroup) = ("swd", 21, "non_high") }
        ]
        try ExampleTables.fold(message, into: &tables)
        let answer = get("/api/v1/years/2019/compare?org=\(school)&group=swd&similar=no", tables)
        let own = try figures(try #require(try organizations(answer).first), 2019)
        #expect(own.keys.sorted() == ["percentile"] && own["percentile"]?["value"] as? String == "21")
    }

    @Test("A district compares its own with what is published of others, and with nothing else")
    func district() throws {
        let tables = try AccessExample.tables()
        let frame = try AccessExample.frame(.district)
        let path = "/api/v1/years/2019/compare"
        let answer = get("\(path)?org=\(school)&with=00020030,00030010", tables, frame)
        let all = try organizations(answer)
        #expect(all.map { $0["org_code"] as? String } == [school, AccessExample.published])
        #expect(all.map { $0["is_published_only"] as? Bool } == [false, true])
        #expect(all[1]["distance"] is NSNull && all[1]["enrollment"] is NSNull && all[1]["low_income"] as? String == "")
        #expect(all[0]["low_income"] as? String == "25.0")
        let shown = try figures(all[1], 2019)
        #expect(shown.mapValues { $0["value"] as? String } == ["percentile": "43", "participation/combined": ">=95"])
        #expect(answer.text.contains("\"left_out\":[\"00020030\",\"00030010\"]"))
        // The Department sees the determination itself.
        let staff = try organizations(get("\(path)?org=\(school)&with=\(AccessExample.published)", tables))
        let whole = try figures(
            try #require(staff.first { $0["org_code"] as? String == AccessExample.published }),
            2019
        )
        #expect(whole["non_high/ela_achievement"]?["value"] as? String == "487.3")
        // What is compared is one's own: what is public of others is not enough.
        for code in [AccessExample.published, "00020001", "00010007"] {
            #expect(get("\(path)?org=\(code)", tables, frame).status == 404)
        }
        #expect(get("/years/2019/compare?org=\(school)", tables, frame).text.contains("is not published"))
    }

    @Test("CSV and the workbook have what the page shows")
    func files() throws {
        let tables = try AccessExample.tables()
        let query = ["org": school, "with": "00020030,00010000"]
        let view = try CompareView(ConsoleCall(tables: tables, query: query, arguments: ["year": "2019"]))
        let target = "/years/2019/compare"
        let asked = "org=\(school)&with=00020030,00010000"
        let csv = get("\(target).csv?\(asked)", tables)
        let lines = csv.text.split(separator: "\n").map(String.init)
        // The school, ten similar ones and two chosen ones, each with two years.
        #expect(lines.count == 27)
        #expect(lines.count == 1 + view.members.map(\.results.count).reduce(0, +))
        #expect(
            lines[0]
                .hasPrefix(
                    "role,org_code,name,distance,year,enrollment,low_income,swd,el,classification,level,cumulative,"
                )
        )
        #expect(
            lines[0]
                .hasSuffix("non_high_ela_achievement,non_high_ela_achievement_target,non_high_ela_achievement_points")
        )
        #expect(lines.contains { $0.contains(",00020030,") && $0.contains(",90,") })
        #expect(csv["Content-Disposition"] == "attachment; filename=\"comparison-\(school)-2019.csv\"")
        let workbook = get("\(target).xlsx?\(asked)", tables)
        let expected = try view.listing.workbook(
            title: "Comparison, 2018-19",
            sheet: "List",
            numbers: view.numbers,
            issued: view.issued
        )
        #expect(workbook.body == expected && workbook.body.prefix(2) == [0x50, 0x4B])
        #expect(workbook["Content-Type"]?.hasSuffix("spreadsheetml.sheet") == true)
        #expect(get("\(target).xlsx?\(asked)&similar=no", tables).body != expected)
        #expect(view.numbers.contains("percentile") && !view.numbers.contains("org_code"))
    }

    @Test("The workbook of determinations has exactly what is asked for")
    func determinations() throws {
        let tables = try ExampleTables.make()
        for query in [[:], ["level": "moderate"], ["sort": "name", "type": "district"]] {
            let view = DeterminationsView(ConsoleCall(tables: tables, query: query, arguments: ["year": "2019"]))
            let expected = try view.listing.workbook(
                title: "Determinations, 2018-19",
                sheet: "List",
                numbers: DeterminationRows.numbers,
                issued: 0
            )
            let address = Address.of("/years/2019/determinations.xlsx", query)
            let answer = get(address, tables)
            #expect(answer.status == 200 && answer.body == expected)
            #expect(answer["Content-Disposition"] == "attachment; filename=\"determinations-2019.xlsx\"")
        }
        #expect(get("/years/2019", tables).text.contains("/years/2019/determinations.xlsx"))
        #expect(DeterminationRows.numbers.isSubset(of: DeterminationRows.columns))
    }

    @Test(
        "What is no list of codes is refused",
        arguments: ["1", "00010005,", ",00010005", "00010005,00010005", "00010005;00010000", "x"]
            + [(0...20).map { "000200\($0 + 10)" }.joined(separator: ",")]
    )
    func lists(text: String) throws {
        #expect(get("/years/2019/compare?with=\(text)", try ExampleTables.make()).status == 400)
    }
}
