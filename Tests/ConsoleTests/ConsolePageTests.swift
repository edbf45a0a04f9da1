import Foundation
import Messages
import Operating
import Rules
import SwiftProtobuf
import Testing

@testable import Console
@testable import Reading

@Suite struct ConsolePageTests {
    private let console = Console(life: "test")

    private func get(_ target: String, _ tables: ConsoleTables) -> ConsoleResponse {
        console.respond(to: ConsoleRequest(target), tables, in: .machine)
    }

    /// Every address that links and forms of a page lead to.
    static func links(_ page: String) -> Set<String> {
        Set(
            page.matches(of: /(?:href|action|src)="([^"]*)"/).map { String($0.1).replacing("&amp;", with: "&") }
                .filter { $0.hasPrefix("/") }.map { String($0.prefix { $0 != "#" }) }
        )
    }

    @Test("Every link on every page answers 200, from the beginning on")
    func everyLinkAnswers() throws {
        let tables = try ExampleTables.make()
        var waiting: Set = ["/years/2019", "/years/2019?limit=5", "/years/2019?q=no-such-name", "/run"]
        var seen: Set<String> = []
        while let address = waiting.popFirst() {
            guard seen.insert(address).inserted else { continue }
            let answer = get(address, tables)
            #expect(answer.status == 200 || (address == "/" && answer.status == 303), "\(address): \(answer.text)")
            if answer["Content-Type"]?.hasPrefix("text/html") == true {
                waiting.formUnion(Self.links(answer.text).subtracting(seen))
            }
        }
        #expect(seen.count > 100)
        for shape in ["/state", "/organizations/", "/frameworks/2019", "/files", "/rejections", ".csv", "/api/v1/"] {
            #expect(seen.contains { $0.contains(shape) }, "nothing leads to \(shape)")
        }
    }

    @Test("Names from files are text on every page, never markup")
    func namesAreEscaped() throws {
        let tables = try ExampleTables.make()
        let pages = [
            "/years/2019", "/years/2019/organizations/\(ExampleTables.school)", "/rejections?state=all", "/files",
            "/run",
            "/years/2019?q=%3Cscript%3E",
        ]
        for address in pages {
            let text = get(address, tables).text
            for markup in ["<script>alert", "<b>.csv", "<i>", "onerror"] {
                #expect(!text.contains(markup), "\(address) holds \(markup)")
            }
        }
        #expect(get("/years/2019", tables).text.contains("&lt;script&gt;alert(&#39;x&#39;)"))
        #expect(get("/files", tables).text.contains("&lt;b&gt;.csv"))
        #expect(get("/run", tables).text.contains("&lt;i&gt;"))
        #expect(get("/years/2019?q=%3Cscript%3E", tables).text.contains("value=\"&lt;script&gt;\""))
        let problem = get("/%3Cscript%3E", tables)
        #expect(problem.status == 404 && !problem.text.contains("'/<script>'"))
    }

    @Test("An accent after a quotation mark does not let a search end an attribute")
    func accentsAreNoWayOut() throws {
        let text = "\"\u{301} autofocus"
        let page = get("/years/2019?q=\(RequestTarget.encoded(text))", try ExampleTables.make())
        // Compare bytes: for Swift, a mark with its accent is one character.
        #expect(page.status == 200 && page.body.firstRange(of: Array(text.utf8)) == nil)
        #expect(page.body.firstRange(of: Array("&quot;\u{301} autofocus".utf8)) != nil)
    }

    @Test("The page of an organization has its determination, points, history and derivation")
    func organization() throws {
        let tables = try ExampleTables.make()
        let page = get("/years/2019/organizations/\(ExampleTables.school)?why_not=meeting", tables).text
        for words in [
            "In need of focused/targeted support", "Among the lowest performing 10% of schools", "ELA achievement",
            "2 of 4", "500.1", "501.5", "1.2 of 2.4", "2017-18", "603 CMR 2.03(2)(a)", "Why not: Meeting",
            "percentile: 11 → 7", "at least 11 would be needed",
        ] {
            #expect(page.contains(words), "the page lacks '\(words)'")
        }
        #expect(get("/years/2019/organizations/99999999", tables).status == 404)
        #expect(get("/years/2017/organizations/\(ExampleTables.school)", tables).status == 404)
    }

    @Test("A recoded school's page shows the years under its former code, for the Department and for everyone")
    func aRecodedSchoolKeepsItsYears() throws {
        let (former, new) = ("00010005", "00010006")
        var tables = ConsoleTables()
        let step: Accountability_V1_HistoryStep = .with {
            ($0.schoolYear, $0.change, $0.formerOrgCodes, $0.takenOrgCode) = (2019, "recoded", [former], former)
        }
        for (year, code) in [(2018, former), (2019, new)] {
            var determination = try ExampleTables.exampleSchool(year)
            determination.orgCode = code
            determination.history = year == 2019 ? [step] : []
            try ExampleTables.fold(determination, into: &tables)
            var publication = ExampleTables.publication(year, code, "School", percentile: 40)
            publication.history = year == 2019 ? [step] : []
            try ExampleTables.fold(publication, into: &tables)
        }
        let address = "/years/2018/organizations/\(former)"
        let page = get("/years/2019/organizations/\(new)", tables)
        #expect(page.status == 200 && page.text.contains("href=\"\(address)\"") && page.text.contains("as \(former)"))
        let api = get("/api/v1/years/2019/organizations/\(new)", tables)
        let answer = try #require(JSONSerialization.jsonObject(with: Data(api.text.utf8)) as? [String: Any])
        let history = try #require(answer["history"] as? [[String: Any]])
        #expect(history.map { $0["org_code"] as? String } == [former, new])
        #expect(get(address, tables).status == 200)
        let published = console.respond(
            to: ConsoleRequest("/public/years/2019/organizations/\(new)"),
            tables,
            in: PageFrame(visitor: .nobody)
        )
        #expect(published.status == 200, "\(published.text)")
        #expect(published.text.contains("/public/years/2018/organizations/\(former)"))
    }

    @Test("A code that changed in a year without determinations joins the years on its two sides")
    func aChangeBetweenTheYears() throws {
        let (former, new) = ("00010005", "00010006")
        var tables = ConsoleTables()
        for (year, code) in [(2019, former), (2022, new), (2023, new)] {
            var determination = try ExampleTables.exampleSchool(year)
            determination.orgCode = code
            if year == 2022 {
                determination.history = [
                    .with {
                        ($0.schoolYear, $0.change, $0.formerOrgCodes, $0.takenOrgCode) = (
                            2021, "recoded", [former], former
                        )
                    }
                ]
            }
            try ExampleTables.fold(determination, into: &tables)
        }
        let school = try #require(OrganizationCode(new))
        #expect(
            OrganizationView.Moment.all(of: school, tables).map { "\($0.year) \($0.line.code)" } == [
                "2019 \(former)", "2022 \(new)", "2023 \(new)",
            ]
        )
    }

    @Test("The list is narrowed, ordered and searched; CSV has exactly what is shown")
    func list() throws {
        let tables = try ExampleTables.make()
        func codes(_ query: String) -> [String] {
            get("/years/2019/determinations.csv?\(query)", tables).text.split(separator: "\n").dropFirst()
                .compactMap { $0.split(separator: ",").dropFirst().first.map(String.init) }
        }
        #expect(codes("").count == 32)
        #expect(codes("type=district") == ["00010000"])
        #expect(codes("district=00010000") == ["00010000", ExampleTables.school])
        #expect(codes("q=SCHOOL+7") == ["00020007"])
        #expect(codes("q=0002003") == ["00020030"])
        #expect(codes("reason=lowest_10_percent") == [ExampleTables.school])
        #expect(codes("changed=revised") == [ExampleTables.school])
        #expect(codes("changed=year").count == 30)
        #expect(codes("sort=percentile").first == "00020001")
        #expect(codes("level=moderate&district=00020000").count == 15)
        let page = get("/years/2019?level=moderate", tables).text
        #expect(page.contains("15 organizations of 32 found"))
        #expect(page.contains("/years/2019/determinations.csv?level=moderate"))
    }

    @Test("Rejections are counted by code, file and organization, with the places of the rows and nothing of them")
    func rejections() throws {
        let tables = try ExampleTables.make()
        let open = RejectionsView(ConsoleCall(tables: tables, query: [:])).part.rows
        #expect(open.map(\.code) == ["unknown_grade", "unknown_organization"])
        #expect(open.map(\.open) == [2, 1])
        #expect(open.map(\.fixed) == [1, 0])
        let fixed = RejectionsView(ConsoleCall(tables: tables, query: ["state": "fixed"])).part.rows
        #expect(fixed.map(\.code) == ["unknown_grade"] && fixed.map(\.open) == [2])
        #expect(RejectionsView(ConsoleCall(tables: tables, query: ["state": "all"])).part.rows.count == 2)
        let page = get("/rejections?state=all", tables).text + get("/api/v1/rejections?state=all", tables).text
        #expect(!page.contains("grade: a rule"))
        let submission = "20190101T000000000Z-000001"
        let all = RejectionsView(ConsoleCall(tables: tables, query: ["state": "all", "submission": submission]))
        #expect(
            all.places.map(\.line) == [2, 3, 4, 5] && all.places.map(\.rejection.isOpen) == [true, true, false, true]
        )
        let other = ["state": "all", "submission": "20190101T000000001Z-000001"]
        #expect(RejectionsView(ConsoleCall(tables: tables, query: other)).places.isEmpty)
        // A page shows some places, and its file all.
        #expect(get("/rejections?limit=1", tables).text.contains("The first 1 of 3; the downloads have all."))
        let file = get("/rejections/tables.csv?state=all&table=places-of-the-rows", tables).text
        #expect(file.split(separator: "\n").count == 5)
        #expect(file.contains("unknown,\(submission),4,grade,unknown_grade,\(ExampleTables.school),submitted again"))
    }

    @Test("A district sees the places of rows in its own files, and not in which file of others its rows were refused")
    func placesOfADistrict() throws {
        var tables = try AccessExample.tables()
        var message = Accountability_V1_Rejection()
        (message.submission, message.line, message.code) = ("20190601T000000011Z-000011", 6, "unknown_grade")
        (message.layout, message.orgCode, message.schoolYear) = ("attendance", AccessExample.district, 2019)
        let key = RejectionKey(submission: message.submission, line: 6, code: message.code, column: nil)
        #expect(tables.fold(Topics.rejections, key: key.utf8, value: try message.serializedBytes()))
        let frame = try AccessExample.frame(.district)
        func get(_ target: String) -> String {
            console.respond(to: ConsoleRequest(target), tables, in: frame).text
        }
        let page = get("/rejections")
        #expect(page.contains("own.csv") && page.contains("the whole row") && page.contains("a file of somebody else"))
        #expect(!page.contains("other.csv") && !page.contains("20190601T000000015Z"))
        let all = get("/api/v1/rejections?state=all")
        #expect(all.contains("\"file\":\"own.csv\"") && !all.contains("20190601T000000015Z"))
        let foreign = get("/api/v1/rejections?state=all&submission=20190601T000000015Z-000015")
        #expect(foreign.contains("\"total\":0") && foreign.contains("\"rows\":0"))
    }

    @Test("A framework is shown beside another one, with the steps and comments of its years")
    func frameworks() throws {
        var tables = try ExampleTables.make()
        try ExampleTables.fold("framework_step", "comment", "00000000", day: 10, into: &tables)
        let page = get("/frameworks/2019?beside=2018", tables).text
        #expect(page.contains("Beside framework 2018") && page.contains("framework_step of 00000000"))
        let view = try FrameworkView(
            ConsoleCall(tables: tables, query: ["beside": "2018"], arguments: ["name": "2019"])
        )
        #expect(!view.differences.isEmpty && view.differences.allSatisfy { $0.here?.value != $0.there?.value })
        let same = try FrameworkView(
            ConsoleCall(tables: tables, query: ["beside": "2019"], arguments: ["name": "2019"])
        )
        #expect(same.differences.isEmpty)
        #expect(get("/frameworks/2019?beside=none", tables).status == 404)
        #expect(!get("/frameworks/2018", tables).text.contains("Steps and comments"))
    }

    @Test("The run says how fast the stages catch up, and that they rest")
    func trend() throws {
        var tables = try ExampleTables.make()
        func row() -> String {
            let page = get("/run/tables.csv?table=stages-records-behind", tables).text
            return page.split(separator: "\n").first { $0.hasPrefix("Validation,") }.map(String.init) ?? ""
        }
        #expect(row().contains(",3,0 s,–,"), "\(row())")
        let report = try #require(tables.run)
        var other = report
        other.positions[0] = .init(stage: "validation", topic: "t", partition: 0, position: 7, end: 8, behind: 1)
        tables.take(other)
        #expect(row().contains(",1,0 s,2 fewer,"), "\(row())")
        let revision = tables.revision
        tables.take(other)
        #expect(row().contains(",1,0 s,no change,") && tables.revision == revision + 1, "\(row())")
        tables.take(other)
        #expect(tables.revision == revision + 1)
        tables.take(report)
        #expect(row().contains(",3,0 s,2 more,"), "\(row())")
        var topics = ConsoleTables(reading: 1)
        topics.take(topics: tables)
        #expect(topics.lagChanges == [:] && get("/api/v1/run", tables).text.contains("\"change\":2"))
    }

    @Test("What is wrong is said in a sentence")
    func problems() throws {
        let page = get("/nothing", try ExampleTables.make())
        #expect(page.status == 404 && page.text.contains("<p class=\"lead\">There is nothing at "))
    }

    @Test("The state counts transitions between two years")
    func state() throws {
        let tables = try ExampleTables.make()
        let view = try StateView(ConsoleCall(tables: tables, query: [:], arguments: ["year": "2019"]))
        #expect(view.from == 2018)
        #expect(view.total == 31)
        #expect(view.transitions.map(\.count).reduce(0, +) == 31)
        func count(_ from: DeterminationLevel, _ to: DeterminationLevel) -> Int {
            view.transitions.filter { $0.from.level == from && $0.to.level == to }.map(\.count).reduce(0, +)
        }
        #expect(count(.moderate, .substantial) == 14 && count(.substantial, .moderate) == 15)
        #expect(count(.limited, .substantial) == 1 && count(.substantial, .limited) == 0)
        #expect(view.bins.map(\.count).reduce(0, +) == 31)
        #expect(get("/years/2019/state?from=2019", tables).status == 400)
    }

    @Test("A page is drawn whatever the figures are: labels that meet make room once", arguments: [0, 33, 66, 100])
    func labelsMeet(middle: Int) throws {
        for before in 0...20 {
            for after in 0...20 {
                var message = try ExampleTables.exampleSchool(2019)
                message.cumulative = UInt32(min(max(middle + before - 10, 0), 100))
                message.annual = UInt32(min(max(middle + after - 10, 0), 100))
                message.percentile = UInt32(min(max(middle, 1), 99))
                let line = DeterminationLine(message, try #require(.init(ExampleTables.school)))
                let moments = [2018, 2019].map { OrganizationView.Moment(year: $0, line: line).figures }
                #expect(Plots.history(moments).contains("Cumulative %"))
            }
        }
    }

    @Test("A determination of a newer version of the program is said to be one, and ends nothing")
    func newerVersion() throws {
        var tables = try ExampleTables.make()
        var message = try ExampleTables.exampleSchool(2019)
        message.lowSubgroups = ["something_new"]
        try ExampleTables.fold(message, into: &tables)
        let answer = get("/years/2019/organizations/\(ExampleTables.school)", tables)
        #expect(answer.status == 500)
        #expect(answer.text.contains("this version does not know"))
        #expect(get("/years/2019", tables).status == 200)
    }

    @Test("Before anything is determined the beginning leads to the run")
    func empty() {
        let tables = ConsoleTables()
        #expect(get("/", tables)["Location"] == "/run")
        for address in ["/run", "/files", "/rejections", "/frameworks"] { #expect(get(address, tables).status == 200) }
        #expect(get("/years/2019", tables).status == 404)
    }

    @Test("Brokers that do not answer are told of on every page, until they do")
    func silence() throws {
        var tables = try ExampleTables.make()
        let words = "The data is from 2026-01-01T00:00:00Z, when the brokers last answered. Since then: no answer"
        let before = tables.revision
        tables.take(silence: .init(since: "2026-01-01T00:00:00Z", why: "no answer"))
        #expect(tables.revision > before)
        for page in ["/run", "/years/2019", "/years/2019/state", "/files", "/nothing"] {
            let text = get(page, tables).text
            #expect(text.components(separatedBy: words).count == 2, "\(page) says it once")
        }
        #expect(get("/api/v1/run", tables).text.contains("\"silent_since\":\"2026-01-01T00:00:00Z\""))
        // What comes on the topics changes nothing about it, and no revision stands for two states.
        let silent = tables.revision
        var other = ConsoleTables()
        try ExampleTables.fold(try ExampleTables.exampleSchool(2019), into: &other)
        tables.take(topics: other)
        #expect(tables.silence != nil && tables.run != nil && tables.revision > silent)
        tables.take(try #require(tables.run))
        #expect(tables.silence == nil && tables.revision > silent + 1)
        #expect(!get("/years/2019", tables).text.contains("when the brokers last answered"))
    }

    @Test("Rows on their way are not missing; those that a look found missing are")
    func receipts() throws {
        var tables = try ExampleTables.make()
        var header = Accountability_V1_SubmissionHeader()
        header.submission = "20190102T000000000Z-000001"
        header.fileName = "late.csv"
        header.rows = 3
        try tables.fold(header)
        #expect(get("/files", tables).text.contains("being validated"))
        #expect(!get("/files", tables).text.contains("rows are missing"))
        var run = try #require(tables.run)
        run.status.problems = ReceiptCheck.additions(tables.view.totals())
        #expect(run.status.problems.count == 1)
        tables.take(run)
        #expect(get("/files", tables).text.contains("rows are missing"))
        #expect(get("/api/v1/submissions?limit=1", tables).text.contains("\"adds_up\":false,\"rows_missing\":true"))
    }

    @Test("The first year is compared with none, unless another is asked for")
    func firstYear() throws {
        let tables = try ExampleTables.make()
        let view = try StateView(ConsoleCall(tables: tables, query: [:], arguments: ["year": "2018"]))
        #expect(view.from == nil && view.transitions.isEmpty && view.arrived == 0)
        #expect(!get("/years/2018/state", tables).text.contains("h-matrix"))
        #expect(get("/years/2018/state?from=2019", tables).text.contains("From 2018-19 to 2017-18"))
    }

    @Test("A year without determinations is none, whatever else there is of it")
    func yearOfOtherThings() throws {
        var tables = try ExampleTables.make()
        for code in tables.years[2018]?.lines.keys.map(\.description) ?? [] {
            tables.fold(Topics.determinations, key: Array("2018/\(code)".utf8), value: nil)
        }
        let answer = get("/years/2018", tables)
        #expect(answer.status == 404)
        #expect(answer.text.contains("there are those of 2019"))
        #expect(get("/years/2019", tables).status == 200)
    }

    @Test("A list of parts leads on and back, and keeps what is asked for")
    func parts() throws {
        let tables = try ExampleTables.make()
        let page = get("/years/2019?limit=7&next=7&sort=name", tables).text
        #expect(page.contains("8–14 of 32"))
        #expect(page.contains("href=\"/years/2019?limit=7&amp;sort=name\" rel=\"prev\""))
        #expect(page.contains("href=\"/years/2019?limit=7&amp;next=14&amp;sort=name\" rel=\"next\""))
        #expect(get("/files?limit=2", tables).text.contains("href=\"/files?limit=2&amp;next=2\""))
        #expect(get("/years/2019?next=1000", tables).text.contains("None of 32"))
    }

    @Test("What is live on the page of the run stands within the part that is renewed")
    func livePart() throws {
        let page = get("/run", try ExampleTables.make()).text
        let live = try #require(page.range(of: "<div id=\"live\">"))
        let words = "3 records behind, over all stages"
        #expect(page[live.upperBound...].contains(words) && !page[..<live.lowerBound].contains(words))
    }

    @Test("Every field of a form has a label, and a hint that is there to be seen")
    func hints() throws {
        let tables = try ExampleTables.make()
        for address in ["/years/2019", "/rejections", "/frameworks/2019"] {
            let page = get(address, tables).text
            #expect(!page.contains("placeholder"))
            let fields = page.matches(of: /<input id="([^"]+)"[^>]*aria-describedby="([^"]+)"/)
            #expect(fields.count == 1, "\(address)")
            for field in fields {
                #expect(page.contains("<label for=\"\(field.1)\">"))
                #expect(page.firstMatch(of: try Regex("id=\"\(field.2)\">[^<]{5,}</")) != nil)
            }
        }
    }

    @Test("The stages are looked at once a second while somebody watches, and every thirty seconds otherwise")
    func looks() {
        var schedule = LookSchedule()
        let start = ContinuousClock.now
        #expect(schedule.isDue(start))
        var looks = 0
        // Somebody watches all the time, and says so ten times a second.
        for tenth in 0..<600 {
            schedule.isWatched = true
            guard schedule.isDue(start + .milliseconds(100 * tenth)) else { continue }
            looks += 1
            schedule.looked(at: start + .milliseconds(100 * tenth))
        }
        #expect(looks == 60)
        schedule.looked(at: start)
        #expect(!schedule.isDue(start + .seconds(29)) && schedule.isDue(start + .seconds(30)))
        schedule.isWatched = true
        #expect(schedule.isDue(start + .seconds(29)))
    }
}
