import Foundation
import Messages
import Operating
import Reading
import Rules
import Testing

@testable import Console

/// The files of the tables that pages show.
@Suite struct TableFileTests {
    private let console = Console(life: "test")

    private func get(_ target: String, _ tables: ConsoleTables, _ frame: PageFrame = .machine) -> ConsoleResponse {
        console.respond(to: ConsoleRequest(target), tables, in: frame)
    }

    private func tables() throws -> ConsoleTables {
        var tables = try ExampleTables.make()
        let publication = ExampleTables.publication(2019, ExampleTables.school, "Example", percentile: 7)
        try ExampleTables.fold(publication, into: &tables)
        return tables
    }

    /// The links to files, in the order of the page.
    private func links(_ page: String) -> [String] {
        page.matches(of: /href="([^"]*\/tables\.(?:csv|xlsx)\?[^"]*)" download/)
            .map { String($0.1).replacing("&amp;", with: "&") }
    }

    @Test("Every table of a page that has rows leads to a file of its own, in both forms")
    func everyTable() throws {
        let tables = try tables()
        var count = 0
        for route in Routes.all.filter(\.hasFiles) {
            let target = route.path.replacing("{year}", with: "2019").replacing("{code}", with: ExampleTables.school)
                .replacing("{name}", with: "2019")
            let page = get(target, tables)
            try #require(page.status == 200, "\(target)")
            let shown =
                page.text.components(separatedBy: "<table>").count - 1
                - (page.text.components(separatedBy: "class=\"empty\"").count - 1)
            let links = links(page.text)
            #expect(links.count == 2 * shown && shown > 0, "\(target): \(links.count) for \(shown) tables")
            // No two tables of a page have the same name.
            #expect(Set(links).count == links.count, "\(target)")
            count += links.count
            for link in links {
                let file = get(link, tables)
                let name = link.split(separator: "=").last.map(String.init) ?? ""
                let isCSV = link.contains(".csv")
                #expect(file.status == 200, "\(link): \(file.text)")
                #expect(
                    file["Content-Disposition"] == "attachment; filename=\"\(name).\(isCSV ? "csv" : "xlsx")\"",
                    "\(link)"
                )
                #expect(isCSV ? file.text.split(separator: "\n").count > 1 : file.body.prefix(2) == [0x50, 0x4B])
            }
        }
        #expect(count > 40)
    }

    @Test("A file has what the table shows: words, numbers without separators, small words apart")
    func content() throws {
        var tables = try tables()
        let target = "/rejections/tables.csv?state=fixed&table=refused-rows-by-code-file-and-organization"
        let rejections = get(target, tables)
        let rule = try #require(RejectionsView(ConsoleCall(tables: tables, query: [:])).part.rows.first?.rule)
        #expect(
            rejections.text
                == "Code,Code: more,File,File: more,Layout,Organization,Organization: more,School year,Open,Submitted again\n"
                + "unknown_grade,\(rule.contains(",") ? "\"\(rule)\"" : rule),unknown,20190101T000000000Z-000001,attendance,\"\(ExampleTables.hostileName.replacing("\"", with: "\"\""))\",\(ExampleTables.school),2018-19,2,1\n"
        )
        let state = "/years/2019/state/tables.csv?table=determinations-of-2017-18-by-those-of-2018-19"
        let matrix = get(state, tables).text
        #expect(matrix.hasPrefix("Before \\ after,") && matrix.contains(",0,"), "\(matrix)")
        #expect(!matrix.contains("·"))
        var header = Accountability_V1_SubmissionHeader()
        (header.submission, header.fileName, header.rows) = ("20190601T000000009Z-000009", "=1+1.csv", 12_345)
        try tables.fold(header)
        let files = get("/files/tables.csv", tables).text
        #expect(files.contains("'=1+1.csv,20190601T000000009Z-000009,,12345,0,"), "\(files)")
        #expect(!files.contains("<b>") || files.contains("<b>.csv,"))
    }

    @Test("A file has every part of a list, as the page is narrowed")
    func wholeLists() throws {
        let tables = try tables()
        let page = get("/files?limit=2", tables)
        let link = try #require(links(page.text).first)
        #expect(link == "/files/tables.csv?table=submissions")
        #expect(get(link, tables).text.split(separator: "\n").count == 4)
        #expect(get("/files/tables.csv?limit=2", tables).status == 400)
        let narrowed = try #require(links(get("/rejections?state=all&limit=1", tables).text).first)
        #expect(narrowed.hasPrefix("/rejections/tables.csv?state=all&table="))
        #expect(get(narrowed, tables).text.split(separator: "\n").count == 3)
    }

    @Test("A workbook has the same rows, with numbers as numbers")
    func workbook() throws {
        let tables = try tables()
        let content = try RejectionsView(ConsoleCall(tables: tables, query: [:])).page(tables)
        let table = try #require(content.tables.first)
        #expect(content.tables.count == 2 && table.numberNames == ["Open", "Submitted again"])
        let expected = try table.listing.workbook(
            title: "Refused rows by code, file and organization",
            sheet: "List",
            numbers: ["Open", "Submitted again"],
            issued: 0
        )
        #expect(get("/rejections/tables.xlsx?table=\(table.name)", tables).body == expected)
        let duties = try DutiesView(ConsoleCall(tables: tables, query: [:], today: "2019-10-14"))
        let answer = Console(life: "test", today: { "2019-10-14" })
            .respond(to: ConsoleRequest("/duties.xlsx"), tables, in: .machine)
        let list = try duties.listing.workbook(
            title: "Duties, 2018-19",
            sheet: "List",
            numbers: ["school_year"],
            issued: 0
        )
        #expect(answer.body == list && answer["Content-Disposition"] == "attachment; filename=\"duties-2019.xlsx\"")
        #expect(get("/duties", tables).text.contains("href=\"/duties.xlsx\""))
    }

    @Test("A page with several tables asks which one; a name that it does not have is refused")
    func names() throws {
        let tables = try tables()
        for target in ["/years/2019/state/tables.csv", "/years/2019/state/tables.xlsx?table=none"] {
            let refused = get(target, tables)
            #expect(refused.status == 404 && refused.text.contains("Name a table of the page"), "\(target)")
        }
        #expect(get("/frameworks/tables.csv", tables).text.hasPrefix("Framework,"))
        #expect(get("/frameworks/tables.csv?table=frameworks", tables).status == 200)
        #expect(get("/frameworks/none/tables.csv", tables).status == 404)
    }

    @Test("The desk's lists are files too, with every line, for who may see them")
    func desk() async throws {
        let bench = try SignInBench(.data)
        let session = try await bench.signIn()
        let lines = (1...700).map { "\($0),anna,act \($0)\r\n" }.joined()
        bench.calls.set("audit-trail", 0, "time,by,what\r\n" + lines)
        let page = await bench.get("/audit-trail", session)
        #expect(page.text.contains("500 of 700 lines"))
        #expect(links(page.text) == ["csv", "xlsx"].map { "/audit-trail/tables.\($0)?table=audit-trail" })
        let file = await bench.get("/audit-trail/tables.csv?table=audit-trail", session)
        #expect(file.status == 200 && file["Content-Type"]?.hasPrefix("text/csv") == true)
        #expect(file["Content-Disposition"] == "attachment; filename=\"audit-trail.csv\"")
        #expect(file["Cache-Control"] == "private, no-store")
        let rows = file.text.split(separator: "\n")
        #expect(rows.count == 701 && rows.first == "Time,By,What" && rows[1] == "700,anna,act 700")
        let release = await bench.get("/release", session)
        for link in links(release.text) { #expect(await bench.get(link, session).status == 200, "\(link)") }
        #expect(links(release.text).contains("/release/tables.csv?table=what-to-check-before-a-release"))
        let completeness = await bench.get("/completeness/2019", session)
        #expect(links(completeness.text).first == "/completeness/2019/tables.csv?table=completeness")
        let other = try SignInBench(.district)
        let district = try await other.signIn()
        #expect(await other.get("/audit-trail/tables.csv", district).status == 403)
    }
}
