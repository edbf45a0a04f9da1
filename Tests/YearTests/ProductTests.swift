import Foundation
import Messages
import Rules
import Stages
import Streaming
import Tables
import Testing

@testable import Products
@testable import Year

/// What the Department publishes of a synthetic state: all of it comes from publications, and all that is there.
@Suite(.timeLimit(.minutes(30))) struct ProductTests {
    private static func released(_ frameworks: FrameworkSet) throws -> [Accountability_V1_Publication] {
        let state = try StateFiles(students: 1500, seed: 41)
        let result = try YearComputation(settings: YearProcess.Settings(frameworks: frameworks, threads: 2))
            .run(state.files, corrections: [try state.release()])
        return try result.tables.messages(TableTopics.publications).map(\.message)
    }

    private static let released = Result { try released(.builtIn) }
    private static let asPublished = Result { try released(.asPublished()) }

    private func published() throws -> PublishedYear {
        try #require(PublishedYear(try Self.released.get(), year: 2019))
    }

    private func folder(_ body: (String) throws -> Void) throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("out-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try body(path)
    }

    private func write(_ published: PublishedYear, _ path: String) throws {
        try ProductFolder(path, replaces: false).write(ProductFiles(published).files) { _, _ in }
    }

    @Test func theSamePublicationsGiveTheSameBytes() throws {
        try folder { first in
            try folder { second in
                try write(try published(), first)
                let reversed = PublishedYear(try Self.released.get().reversed(), year: 2019)
                try write(try #require(reversed), second)
                let lists = try [first, second].map { try String(contentsOfFile: "\($0)/SHA256SUMS", encoding: .utf8) }
                #expect(lists[0] == lists[1] && lists[0].split(separator: "\n").count > 9)
            }
        }
    }

    /// Every number of students, value, point and percentile of the research files is one of the publications, and
    /// each of those is there.
    @Test func theTablesHaveWhatIsPublishedAndNothingElse() throws {
        let published = try published()
        let tables = ProductFiles(published).tables
        let messages = try Self.released.get().filter { $0.schoolYear == 2019 && $0.isOfficial }
        func count(_ file: String, _ columns: [String]) throws -> [[String]] {
            let table = try #require(tables.first { $0.file == file })
            let places = try columns.map { name in try #require(table.columns.firstIndex(of: name), "\(name)") }
            return try table.rows().map { row in places.map { row[$0] } }.sorted { $0.lexicographicallyPrecedes($1) }
        }
        func figures(_ isParticipation: Bool) -> [(String, Accountability_V1_PublishedFigure)] {
            messages.flatMap { message in
                message.figures.filter { $0.measure.hasPrefix("participation/") == isParticipation }
                    .map { (message.orgCode, $0) }
            }
        }
        let indicators = figures(false)
            .map { code, figure in
                [
                    code, figure.hasStudents ? "\(figure.students)" : "", figure.prior, figure.value, figure.target,
                    figure.hasPoints ? "\(figure.points)" : "", figure.at80,
                ]
            }
            .sorted { $0.lexicographicallyPrecedes($1) }
        let shown = try count(
            "indicators",
            ["Organization Code", "N", "Prior", "Value", "Target", "Points", "Statewide 80th Percentile"]
        )
        #expect(shown == indicators && shown.count > 500)
        let rates = figures(true)
            .map { code, figure in
                [code, figure.hasStudents ? "\(figure.students)" : "", figure.value, figure.judgedRate]
            }
            .sorted { $0.lexicographicallyPrecedes($1) }
        let participation = try count(
            "participation",
            ["Organization Code", "N", "Participation Rate (%)", "Judged Rate (%)"]
        )
        #expect(participation == rates && rates.count > 20)
        let ranks =
            messages.flatMap { message in
                (message.hasPercentile ? [[message.orgCode, "\(message.percentile)"]] : [])
                    + message.groupPercentiles.filter { $0.group != "all_students" }
                    .map { [message.orgCode, "\($0.percentile)"] }
            }
            .sorted { $0.lexicographicallyPrecedes($1) }
        #expect(try count("percentiles", ["Organization Code", "Percentile"]) == ranks && ranks.count > 20)
        let schools = messages.filter { $0.type == .school }
        #expect(try count("schools", ["School Code"]).map { $0[0] } == schools.map(\.orgCode).sorted())
        let districts = messages.filter { $0.type == .district }
        #expect(try count("districts", ["District Code"]).map { $0[0] } == districts.map(\.orgCode).sorted())
    }

    /// What the steps of a group come to is what was published of it: of all students always, of the lowest performing
    /// group where it is not hidden.
    @Test func thePointsComeToThePublishedPercentage() throws {
        var whole: [Int] = []
        for released in [Self.released, Self.asPublished] {
            whole.append(0)
            for message in try released.get() where message.schoolYear == 2019 && message.isOfficial {
                let steps = PublishedSteps(message, .builtIn)
                for span in steps.spans where span.published.hasPercent {
                    let column = steps[span.span, .allStudents]?.column
                    let lowest = steps[span.span, .lowestPerforming]?.column
                    // Of the framework of the year all students stand alone where the lowest performing are hidden.
                    guard let all = column, lowest != nil || message.framework != "2019" else { continue }
                    let framework = try Framework.of(schoolYear: 2019)
                    let percentage = try SpanPercentage(allStudents: all, lowestPerforming: lowest, framework)
                    #expect(percentage.percent.shortText == span.published.percentExact)
                    whole[whole.count - 1] += 1
                }
            }
        }
        #expect(whole[0] > 0 && whole[1] > 10, "\(whole)")
    }

    /// A group that is hidden in part has no sum: it would be that of what is shown.
    @Test func whatIsHiddenInPartHasNoSum() throws {
        var compared = 0
        for message in try Self.asPublished.get() where message.schoolYear == 2019 && message.isOfficial {
            for group in PublishedSteps(message, .builtIn).groups
            where group.column != nil && group.group != .allStudents {
                for indicator in group.column?.points.keys.map({ $0 }) ?? [] where indicator != .elProgress {
                    var hidden = message
                    let measure = "\(group.span.wireName)/\(indicator.wireName)"
                    hidden.figures.removeAll { $0.measure == measure && $0.group == group.group.wireName }
                    #expect(PublishedSteps(hidden, .builtIn)[group.span, group.group]?.column == nil)
                    compared += 1
                }
            }
        }
        #expect(compared > 20)
    }

    /// A sum that does not come to what was published is of other figures: it is not shown.
    @Test func aSumThatIsNotThePublishedOneIsNotShown() throws {
        var compared = 0
        for message in try Self.asPublished.get() where message.schoolYear == 2019 && message.isOfficial {
            var other = message
            for place in other.spans.indices { other.spans[place].percentExact = "0.3" }
            for place in other.groupPercentages.indices { other.groupPercentages[place].annualExact = "0.3" }
            compared += PublishedSteps(message, .builtIn).groups.count { $0.column != nil }
            #expect(PublishedSteps(other, .builtIn).groups.allSatisfy { $0.column == nil }, "\(message.orgCode)")
        }
        #expect(compared > 20)
    }

    /// The page of an organization names no group that is not published of it.
    @Test func noPageNamesAHiddenGroup() throws {
        let published = try published()
        var hidden = 0
        for row in published.rows {
            let publication = row.publication
            let named = Set(
                publication.figures.map(\.group) + publication.groupPercentiles.map(\.group)
                    + publication.groupPercentages.map(\.group)
            )
            let html = try PrintedPage(OrganizationReport(row, history: [publication]).document).html()
            for group in StudentGroup.racialAndEthnic where !named.contains(group.wireName) {
                #expect(!html.contains(">\(group.title)<"), "\(publication.orgCode) \(group)")
                hidden += 1
            }
        }
        #expect(hidden > 10)
    }

    @Test func theDictionaryHasEveryColumn() throws {
        let tables = ProductFiles(try published()).tables
        let dictionary = try DictionaryTable.table(of: tables).rows()
        #expect(dictionary.count == tables.reduce(0) { $0 + $1.headings.count })
        #expect(dictionary.allSatisfy { row in row.allSatisfy { !$0.isEmpty } })
        for table in tables { #expect(Set(table.columns).count == table.columns.count, "\(table.file)") }
    }

    @Test func beforeAReleaseThereIsNothing() throws {
        let state = try StateFiles(students: 600, seed: 42)
        let result = try YearComputation(settings: YearProcess.Settings(threads: 2)).run(state.files, corrections: [])
        let messages = try result.tables.messages(TableTopics.publications).map(\.message)
        #expect(PublishedYear(messages, year: 2019) == nil && PublishedYear.officialYears(messages).isEmpty)
        var withdrawn = try #require(try Self.released.get().first { $0.schoolYear == 2019 })
        withdrawn.status = "withdrawn"
        #expect(PublishedYear([withdrawn], year: 2019) == nil)
    }

    /// Another program reads the workbooks: each cell is that of the CSV file, numbers are numbers, and nothing is a
    /// formula.
    @Test(
        .enabled(
            if: OtherReader.python != nil,
            "ACCOUNTABILITY_PYTHON is not set, or has no openpyxl: Deploy/test sets it"
        )
    )
    func anotherProgramReadsTheWorkbooks() throws {
        try folder { path in
            var messages = try Self.released.get()
            // Names that try.
            for (place, name) in ["=1+1", "_x0041_&<b>", "  'two' \"lines\"\nhere", "@SUM(A1)", "\u{1}é漢🎒"].enumerated()
            {
                messages[messages.count - 1 - place].name = name
            }
            try write(try #require(PublishedYear(messages, year: 2019)), path)
            for file in ["determinations", "research"] {
                let sheets = try OtherReader.read("\(path)/\(file)-2019.xlsx")
                let tables = ProductFiles(try #require(PublishedYear(messages, year: 2019))).tables
                for table in tables where sheets[table.sheet] != nil {
                    let sheet = try #require(sheets[table.sheet])
                    #expect(sheet.frozen == "A2" && sheet.narrowest >= 8)
                    let rows = try table.rows()
                    #expect(sheet.rows.count == rows.count + 1 && sheet.rows.first?.map(\.text) == table.columns)
                    var cells = 0
                    for (made, read) in zip(rows, sheet.rows.dropFirst()) {
                        for (index, heading) in table.headings.enumerated() {
                            // It leaves the sign that keeps `_x0041_` from being read as a letter where it is.
                            let text = made[index].replacing("\u{1}", with: "\u{FFFD}")
                                .replacing("_x0041_", with: "_x005F_x0041_")
                            let isNumber = heading.kind == .number && Ratio.reading(text) != nil
                            let cell = read[index]
                            #expect(cell.kind == (text.isEmpty ? "n" : isNumber ? "n" : "s"), "\(heading.name) \(text)")
                            #expect(
                                isNumber ? Ratio.reading(cell.text) == Ratio.reading(text) : cell.text == text,
                                "\(cell) \(text)"
                            )
                            cells += 1
                        }
                    }
                    #expect(cells > 0)
                }
                #expect(sheets["Data dictionary"] != nil && sheets.count == (file == "research" ? 5 : 3))
            }
        }
    }
}

/// Reads workbooks with openpyxl, where that is installed.
private enum OtherReader {
    struct Cell: Decodable {
        let kind: String
        let text: String
    }

    struct Sheet: Decodable {
        let frozen: String
        let narrowest: Double
        let rows: [[Cell]]
    }

    private static let script = """
        import json, openpyxl, sys
        book = openpyxl.load_workbook(sys.argv[1])
        def sheet(s):
            rows = [[{"kind": c.data_type, "text": "" if c.value is None else str(c.value)} for c in r] for r in s.iter_rows()]
            return {"frozen": s.freeze_panes, "narrowest": min(d.width for d in s.column_dimensions.values()), "rows": rows}
        print(json.dumps({s.title: sheet(s) for s in book}))
        """

    static let python: String? = {
        guard let python = ProcessInfo.processInfo.environment["ACCOUNTABILITY_PYTHON"],
            (try? run(python, ["-c", "import openpyxl"])) != nil
        else { return nil }
        return python
    }()

    static func read(_ path: String) throws -> [String: Sheet] {
        let output = try run(try #require(python), ["-c", script, path])
        return try JSONDecoder().decode([String: Sheet].self, from: output)
    }

    private struct Failed: Error {}

    private static func run(_ program: String, _ arguments: [String]) throws -> Data {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        try process.run()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failed() }
        return data
    }
}
