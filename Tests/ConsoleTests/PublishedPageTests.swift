import Foundation
import Messages
import Operating
import Rules
import Testing

@testable import Console

/// What everybody sees: the official publications, and nothing else.
@Suite struct PublishedPageTests {
    private let nobody = PageFrame(visitor: .nobody)
    private let report = "/public/years/2019/organizations/\(AccessExample.published)"

    private func get(
        _ target: String,
        _ tables: ConsoleTables,
        _ frame: PageFrame,
        _ console: Console = Console(life: "test")
    ) -> ConsoleResponse {
        console.respond(to: ConsoleRequest(target), tables, in: frame)
    }

    /// Every public address with every parameter.
    private static let targets = Routes.all.filter { $0.area == .published }
        .flatMap { AccessExample.targets($0.path, $0.query) }

    @Test("The beginning leads to the newest official year, and without one to signing in")
    func beginning() throws {
        let tables = try AccessExample.tables()
        #expect(get("/public", tables, nobody)["Location"] == "/public/years/2019")
        let empty = try ExampleTables.make()
        let refused = get("/public", empty, nobody)
        #expect(refused.status == 404 && refused.text.contains("No results have been published yet."))
        #expect(get("/public/years/2019", empty, nobody).status == 404)
        #expect(get("/public/years/2018", tables, nobody).text.contains("no official results of school year 2018"))
    }

    @Test("The list, its files, the state and the report show the publications")
    func pages() throws {
        let tables = try AccessExample.tables()
        for path in [
            "/public/years/2019", "/public/years/2019/determinations.csv", report,
            "/api/v1/public/years/2019/determinations", "/api/v1\(report)",
        ] {
            let answer = get(path, tables, nobody)
            #expect(answer.status == 200, "\(path)")
            #expect(answer.text.contains("Public Academy"), "\(path)")
            #expect(answer.text.contains("43"), "\(path)")
        }
        let page = get(report, tables, nobody)
        #expect(page.text.contains("&gt;=95") && page.text.contains("Participation by group"))
        #expect(page.text.contains("href=\"/public/years/2019\" aria-current=\"page\""))
        let state = get("/api/v1/public/years/2019/state", tables, nobody)
        #expect(state.text.contains("\"total\":1,"), "\(state.text)")
        let workbook = get("/public/years/2019/determinations.xlsx", tables, nobody)
        #expect(workbook.status == 200 && workbook.body.starts(with: Array("PK".utf8)))
    }

    @Test("Nothing but publications comes out, at any public address, whoever asks")
    func nothingElse() throws {
        let tables = try AccessExample.tables()
        let frames = try AccessExample.frames() + [.machine]
        // Only the school with a publication may be seen.
        let secrets =
            AccessExample.hidden
            + AccessExample.own.enumerated()
            .filter { (try? $1.firstMatch(in: "Public Academy")) == nil }
            .map { ("what the district sees, \($0)", $1) }
        #expect(secrets.count == AccessExample.hidden.count + AccessExample.own.count - 1)
        // One console: what it keeps for one visitor must not come to another.
        let console = Console(life: "test")
        for frame in frames + frames.reversed() {
            for target in Self.targets {
                let answer = get(target, tables, frame, console)
                if frame.visitor == .nobody {
                    for part in ["anna", "Sign out", "href=\"/run\"", "href=\"/files\""] {
                        #expect(!answer.text.contains(part), "\(target): \(part)")
                    }
                }
                let text = answer.text.replacing(/next=[^"]*/, with: "")
                let asked = target.firstMatch(of: /000[12][0-9]{4}|99990005/).map { String($0.output) }
                let shown = asked.map { text.replacing($0, with: "") } ?? text
                for (what, pattern) in secrets {
                    #expect(!shown.contains(pattern), "\(target): \(what)")
                }
            }
        }
        #expect(Self.targets.count > 60)
    }

    @Test("What the Department computes changes no byte of what everybody sees")
    func independent() throws {
        var tables = try AccessExample.tables()
        let before = Self.targets.map { get($0, tables, nobody) }
        var changed = try ExampleTables.exampleSchool(2019)
        (changed.orgCode, changed.districtCode, changed.name) = (AccessExample.published, "00030000", "Renamed")
        (changed.percentile, changed.status) = (11, "official")
        try ExampleTables.fold(changed, into: &tables)
        #expect(get("/years/2019", tables, .machine).text.contains("Renamed"))
        let after = Self.targets.map { get($0, tables, nobody) }
        #expect(zip(before, after).allSatisfy { $0.body == $1.body && $0["ETag"] == $1["ETag"] })
    }

    @Test("A new publication is shown at once, and a withdrawn one is gone at once")
    func changes() throws {
        let console = Console(life: "test")
        var tables = try AccessExample.tables()
        let first = get(report, tables, nobody, console)
        #expect(get(report, tables, nobody, console).body == first.body)
        var publication = ExampleTables.publication(2019, AccessExample.published, "Public Academy", percentile: 44)
        try ExampleTables.fold(publication, into: &tables)
        let second = get(report, tables, nobody, console)
        #expect(second.text.contains("<dd>44</dd>") && first.text.contains("<dd>43</dd>"))
        #expect(second["ETag"] != first["ETag"])
        publication = ExampleTables.publication(
            2019,
            AccessExample.published,
            "Public Academy",
            percentile: 44,
            status: "withdrawn"
        )
        try ExampleTables.fold(publication, into: &tables)
        #expect(get(report, tables, nobody, console).status == 404)
        #expect(get("/", tables, nobody, console)["Location"] == "/sign-in")
    }

    @Test("A new reading of the topics and brokers that are silent change the tag, whatever was counted before")
    func tags() throws {
        var topics = try AccessExample.tables()
        var tables = ConsoleTables()
        func tag() throws -> String { try #require(get(report, tables, nobody)["ETag"]) }
        tables.take(topics: topics)
        var tags = [try tag()]
        tables.take(silence: .init(since: "2019-10-01T00:00:00Z", why: "127.0.0.1:9092 is down"))
        tags.append(try tag())
        let silent = get(report, tables, nobody).text
        #expect(
            silent.contains("The data is from 2019-10-01T00:00:00Z, when the brokers last answered.")
                && !silent.contains("127.0.0.1")
        )
        try ExampleTables.fold(
            ExampleTables.publication(2019, AccessExample.published, "Public Academy", percentile: 45),
            into: &topics
        )
        tables.take(topics: topics)
        tags.append(try tag())
        // Nothing of the publications: no new answer.
        try ExampleTables.fold(try ExampleTables.exampleSchool(2019), into: &topics)
        tables.take(topics: topics)
        #expect(try tag() == tags.last)
        // Read again: as many publications as before, and others; and more records beside them.
        var anew = ConsoleTables(reading: 2)
        for percentile in [44, 45, 46] as [UInt32] {
            try ExampleTables.fold(
                ExampleTables.publication(2019, AccessExample.published, "Public Academy", percentile: percentile),
                into: &anew
            )
        }
        for _ in 0..<500 { try ExampleTables.fold(try ExampleTables.exampleSchool(2019), into: &anew) }
        tables.take(topics: anew)
        tags.append(try tag())
        #expect(Set(tags).count == tags.count, "\(tags)")
    }

    @Test("Everybody's answer may be kept by a browser and has to be asked for again; a person's is not kept")
    func caching() throws {
        let tables = try AccessExample.tables()
        let answer = get(report, tables, nobody)
        #expect(answer["Cache-Control"] == "no-cache" && answer["Vary"] == "Cookie")
        let tag = try #require(answer["ETag"])
        let again = Console(life: "test").respond(to: ConsoleRequest(report, ifNoneMatch: tag), tables, in: nobody)
        #expect(again.status == 304)
        let person = get(report, tables, try AccessExample.frame(.data))
        #expect(person["Cache-Control"] == "private, no-store")
    }
}
