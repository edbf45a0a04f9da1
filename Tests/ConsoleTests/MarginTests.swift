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
            ">above 10<", ">not known<", ">98 %<", "Substantial progress toward targets",
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

    private func standing(_ year: Int, _ code: String, place: Int, by step: Int = 1) -> Accountability_V1_Standing {
        var standing = Accountability_V1_Standing()
        (standing.schoolYear, standing.group, standing.orgCode) = (UInt32(year), "all_students", code)
        (standing.type, standing.comparisonGroup, standing.schoolType) = (.school, "non_high", "ES")
        standing.values = [
            ("ela_achievement", 440 + place * step), ("math_achievement", 440 + place * step),
            ("ela_growth", 1 + place * step), ("math_growth", 1 + place * step),
            ("chronic_absenteeism", 99 - place * step),
        ]
        .map { indicator, value in
            .with {
                ($0.gradeSpan, $0.indicator, $0.value, $0.count) = ("non_high", indicator, "\(value)", 60)
            }
        }
        return standing
    }

    /// The figures of 31 schools of which the example is the second from the end: percentile 7.
    private func standings(by step: Int = 1) -> [Accountability_V1_Standing] {
        let codes = ["00020001", ExampleTables.school] + (2...30).map { "0002\(String("000\($0)".suffix(4)))" }
        return [2018, 2019]
            .flatMap { year in
                codes.enumerated().map { standing(year, $1, place: $0, by: step) }
            }
    }

    private func fold(_ standings: [Accountability_V1_Standing], into tables: inout ConsoleTables) throws {
        for standing in standings {
            let key = "\(standing.schoolYear)/\(standing.group)/\(standing.orgCode)"
            #expect(tables.fold(Topics.standings, key: Array(key.utf8), value: try standing.serializedBytes()))
        }
    }

    @Test("A percentile's students are counted as the command counts them, for everyone who sees the determination")
    func percentile() throws {
        var tables = try AccessExample.tables()
        var seen: [Int?] = []
        for step in [1, 3, nil] {
            let standings = standings(by: step ?? 3)
            try fold(standings, into: &tables)
            let command = try MarginTables(year: 2019, .builtIn)
            for standing in standings { command.take(standing) }
            if step == nil {
                // Ranks that were frozen before: the school was further from the others.
                for norm in norms(Self.frozen(standings)) {
                    let value: [UInt8] = try norm.entry.serializedBytes()
                    let isTaken = tables.fold(Topics.percentiles, key: Array(norm.key.utf8), value: value)
                    #expect(isTaken)
                    command.take(norm.entry, key: try #require(PercentileKey(norm.key)))
                }
            }
            let expected = try #require(
                try command.margins(of: try ExampleTables.exampleSchool(2019)).first { $0.cut == .percentile }
            )
            for frame in [PageFrame.machine, try AccessExample.frame(.district), try AccessExample.frame(.data)] {
                let answer = get(Address.api + address, tables, frame)
                let object = try JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any]
                let margins = try #require(object?["margins"] as? [[String: Any]])
                let margin = try #require(margins.first { $0["cut"] as? String == "percentile" })
                #expect(margin["results"] as? Int == expected.results.map { Int($0) })
                #expect(margin["is_counted"] as? Bool == true && expected.results != nil)
                let words = ">\(expected.results == 1 ? "1 student" : "\(expected.results ?? 0) students")<"
                #expect(get(address, tables, frame).text.contains(words))
                seen.append(margin["results"] as? Int)
            }
        }
        #expect(Set(seen).count == 3, "the ranks are made again when they change: \(seen)")
    }

    private static func frozen(_ standings: [Accountability_V1_Standing]) -> [Accountability_V1_Standing] {
        standings.map { standing in
            guard standing.orgCode != ExampleTables.school, standing.orgCode != "00020001" else { return standing }
            var further = standing
            for place in further.values.indices {
                let isRate = further.values[place].indicator == "chronic_absenteeism"
                further.values[place].value = "\((Int(further.values[place].value) ?? 0) + (isRate ? -6 : 6))"
            }
            return further
        }
    }

    private func norms(
        _ standings: [Accountability_V1_Standing]
    ) -> [(key: String, entry: Accountability_V1_PercentileEntry)] {
        let byCode = Dictionary(grouping: standings, by: \.orgCode).merging(["00000000": []]) { $1 }
        return byCode.map { code, standings in
            let entry = Accountability_V1_PercentileEntry.with {
                $0.schoolYear = 2019
                ($0.norm.standings, $0.norm.release) = (standings, "20190901T000000000Z-000001")
            }
            return ("2019/norm/all_students/\(code)", entry)
        }
    }

    @Test("A percentile whose students nobody counted has an unknown distance")
    func unknown() throws {
        var tables = try ExampleTables.make()
        var standings = standings(by: 1)
        for place in standings.indices {
            for value in standings[place].values.indices where standings[place].orgCode == ExampleTables.school {
                standings[place].values[value].clearCount()
            }
        }
        try fold(standings, into: &tables)
        let margin = try #require(try margins(tables).first { $0["cut"] as? String == "percentile" })
        #expect(margin["results"] is NSNull && margin["is_counted"] as? Bool == false)
        #expect(get(address, tables).text.contains(">not known<"))
    }

    @Test("The margins are those of the command")
    func sameAsTheCommand() throws {
        var tables = try ExampleTables.make()
        var seen: Set<[Int?]> = []
        for at80 in ["500.2", "519"] {
            try fold(at80, into: &tables)
            let command = try MarginTables(year: 2019, .builtIn)
            let (key, entry) = threshold(at80)
            command.take(entry, key: try #require(PercentileKey(key)))
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
