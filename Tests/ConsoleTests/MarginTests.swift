import Foundation
import Messages
import Operating
import Rules
import Stages
import SwiftProtobuf
import Testing

@testable import Console
@testable import Reading

/// How near an organization is to another result.
@Suite struct MarginTests {
    private let console = Console(life: "test")
    private let address = "/years/2019/organizations/\(ExampleTables.school)"

    private func get(_ target: String, _ tables: ConsoleTables, _ frame: PageFrame = .machine) -> ConsoleResponse {
        console.respond(to: ConsoleRequest(target), tables, in: frame)
    }

    private func margins(_ tables: ConsoleTables) throws -> [[String: Any]] {
        let answer = get(Address.api + address, tables)
        let object = try JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any]
        return try #require(object?["margins"] as? [[String: Any]])
    }

    /// A statewide threshold under its key.
    private func threshold(_ at80: String) -> (key: String, entry: Accountability_V1_PercentileEntry) {
        var entry = Accountability_V1_PercentileEntry()
        entry.schoolYear = 2019
        entry.threshold = .with {
            ($0.type, $0.gradeSpan, $0.group, $0.indicator) = (.school, "non_high", "all_students", "ela_achievement")
            ($0.at80, $0.at90) = (at80, "520")
        }
        return ("2019/threshold/school/non_high/all_students/ela_achievement", entry)
    }

    private func fold(_ at80: String, into tables: inout ConsoleTables) throws {
        let (key, entry) = threshold(at80)
        #expect(tables.fold(Topics.percentiles, key: Array(key.utf8), value: try entry.serializedBytes()))
    }

    @Test("Each cut has its figure, its distance and what is behind it; the nearest is first")
    func page() throws {
        let tables = try ExampleTables.make()
        let page = get(address, tables).text
        let start = try #require(page.range(of: "h-margins"))
        let end = try #require(page.range(of: "h-why-not"))
        let part = String(page[start.lowerBound..<end.lowerBound])
        for words in [
            ">2 students<", ">below 50<", ">75 or above<", ">4 tests<", "<small>All Students, Combined</small>",
            ">above 10<", ">not counted here<", "Substantial progress toward targets",
            "accountability explain 2019 \(ExampleTables.school) --margin",
        ] {
            #expect(part.contains(words), "the page lacks '\(words)'")
        }
        let margins = try margins(tables)
        #expect(margins.map { $0["cut"] as? String } == ["band", "band", "participation", "percentile"])
        #expect(margins.map { $0["is_counted"] as? Bool } == [true, true, true, false])
    }

    @Test("Who sees the determination sees how near it is to another; what everybody sees says nothing of it")
    func visitors() throws {
        let tables = try AccessExample.tables()
        #expect(get(address, tables, try AccessExample.frame(.district)).text.contains("h-margins"))
        let published = "/public/years/2019/organizations/\(AccessExample.published)"
        for target in [published, Address.api + published] {
            let answer = get(target, tables, PageFrame(visitor: .nobody))
            #expect(answer.status == 200 && !answer.text.contains("margins"), "\(target)")
        }
    }

    @Test("The margins are those of the command, without the ranks of all schools")
    func sameAsTheCommand() throws {
        var tables = try ExampleTables.make()
        var seen: Set<[Int?]> = []
        for at80 in ["500.2", "519"] {
            try fold(at80, into: &tables)
            let command = try MarginTables(year: 2019, .builtIn)
            let (key, entry) = threshold(at80)
            command.take(entry, key: key)
            let expected = try command.margins(of: try ExampleTables.exampleSchool(2019))
            let shown = try margins(tables)
            #expect(shown.map { $0["cut"] as? String } == expected.map(\.cut.rawValue))
            #expect(shown.map { $0["limit"] as? String } == expected.map(\.limit))
            #expect(shown.map { $0["results"] as? Int } == expected.map { $0.results.map { Int($0) } })
            #expect(shown.map { $0["decides"] as? Bool } == expected.map(\.decides))
            seen.insert(expected.map { $0.results.map { Int($0) } })
        }
        #expect(seen.count == 2, "the statewide threshold decides how many students it takes")
    }
}
