import Foundation
import Testing

/// `evaluate` reads rows as validation does: what a submission would refuse is refused, with the same code.
@Suite(.enabled(if: TestEnvironment.programs != nil, "ACCOUNTABILITY_BIN is not set; Deploy/test sets it"))
struct EvaluateStrictnessTests {
    /// Runs a form of `evaluate` on lines that it reads from standard input.
    private func evaluate(_ form: String, _ lines: [String], compressed: Bool = false) throws -> Outcome {
        let file = FileManager.default.temporaryDirectory.appending(path: "evaluate-\(UUID().uuidString)")
        try Data(lines.joined(separator: "\n").utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let command = "\(compressed ? "gzip -c" : "cat") \"$0\" | \"$1\" evaluate \(form) -"
        return try run("/bin/bash", ["-c", command, file.path, "\(TestEnvironment.programs ?? "")/accountability"])
    }

    private static let participation =
        "school_year,org_code,action,grade,group,subject,enrolled,standard,alternate,absent,medical,first_year_el,after_october,published_rate"

    @Test(arguments: [
        ("2019,00010505,delete,05,swd,ELA,42,41,0,1,0,0,0,98", "nothing_to_delete"),
        ("2019,00010505,,05,swd,ELA,42,.5,0,1,0,0,0,98", "malformed_integer: standard"),
        ("2019,00010505,,05,swd,ELA,42,41,0,1,0,0,0,97.5", "malformed_integer: published_rate"),
        ("2019,00010505,,05,swd,ELA,42,41,0,1,0,0,0,101", "out_of_range"),
        ("1999,00010505,,05,swd,ELA,42,41,0,1,0,0,0,98", "malformed_year"),
        ("2019,10505,,13,nobody,X,42,41,0,1,0,0,0,98", "malformed_code"),
        ("2019,00010505,,05,swd", "field_count"), ("2019,00010505,,05,sw\"d,ELA,42,41,0,1,0,0,0,98", "stray_quote"),
    ])
    func participationIsOfItsLayout(_ row: String, _ code: String) throws {
        let good = "2019,00010505,,05,All Students,ELA,42,41,0,1,0,0,0,98"
        let found = try evaluate("participation", [Self.participation, good, row, good])
        #expect(found.code == 65)
        #expect(
            found.lines.dropFirst().map { $0.hasSuffix("41,42,98,97.6190,true") } == [true, true],
            "the others are read"
        )
        #expect(found.errors.contains("standard input: line 3: ") && found.errors.contains(code), "\(found.errors)")
        #expect(found.errors.contains("2 of 2 agree"))
    }

    @Test(arguments: [
        ("2019,00010505,high,high,swd,dropout,.5,10", "malformed_decimal: value"),
        ("2019,00010505,high,high,swd,dropout,,10", "missing_value: value"),
        ("2019,00010505,high,high,swd,dropout,101,10", "rate_above_hundred"),
        ("2019,00010505,middle,high,swd,dropout,1,10", "unknown_choice: comparison_group"),
        ("2019,00010505,non_high,non_high,swd,dropout,1,10", "indicator_not_in_span"),
        ("2019,00010505,high,high,swd,dropout,1,1.5", "malformed_integer: count"),
        ("2019,00010505,high,high,swd,dropout,2,30", "duplicate_key"),
    ])
    func percentilesAreOfTheirLayout(_ row: String, _ code: String) throws {
        let header = "school_year,org_code,comparison_group,grade_span,group,indicator,value,count"
        let found = try evaluate(
            "percentiles",
            [header, "2019,00010505,high,high,swd,dropout,1.5,20", row],
            compressed: true
        )
        #expect(found.code == 65 && found.lines.count == 2)
        #expect(found.errors.contains("standard input: line 3: ") && found.errors.contains(code), "\(found.errors)")
    }

    @Test(arguments: [
        ("school,Y,,0,,,,,,50", "out_of_range: percentile"), ("school,Y,,.5,,,,,,50", "malformed_decimal: percentile"),
        ("school,Y,,5.5,,,,,,50", "malformed_integer: percentile"),
        ("school,Y,,50,all_students,,,,,50", "unknown_group: low_subgroups"),
        ("school,Y,,50,,,,,bogus,50", "unknown_choice: recognition"),
        ("school,Y,csi,50,,,,,,50", "unknown_choice: designation"),
        ("school,maybe,,50,,,,,,50", "unknown_choice: sufficient_data"),
        ("shcool,Y,,50,,,,,,50", "unknown_choice: org_type"),
        ("district,Y,,50,,,,,,50", "type_not_of_code: org_type"),
        ("school,Y,,50,,-1,0,,,50", "out_of_range: cohort"), ("school,Y,,50,,,,,,101", "out_of_range: cumulative"),
    ])
    func determinationsAreAsStrict(_ fields: String, _ code: String) throws {
        let columns =
            "school_year,org_code,org_type,sufficient_data,designation,percentile,low_subgroups,cohort,graduates,low_participation_groups,recognition,cumulative"
        let good = "2019,00010505,school,Y,,63.0,,,,all_students,High achievement;exceeding_targets,50.0"
        let found = try evaluate("determinations", [columns, "2019,00010505,\(fields)", good])
        #expect(
            found.code == 65
                && Array(found.lines.dropFirst()) == [
                    "2019,00010505,requiring_assistance,focused_targeted,low_participation"
                ]
        )
        #expect(found.errors.contains("standard input: line 2: \(code)"), "\(found.errors)")
        let action = try evaluate("determinations", ["action,\(columns)", ",\(good)"])
        #expect(action.code == 65 && action.errors.contains("unknown column 'action'"))
    }

    /// A row of a year without a framework is refused by itself, unless it is of a year before one that has a
    /// framework.
    @Test func percentilesNameRowsOfYearsWithoutAFramework() throws {
        let header = "school_year,org_code,comparison_group,grade_span,group,indicator,value,count"
        let rows = [2027, 2022, 2021].map { "\($0),00010505,high,high,swd,dropout,1.5,20" }
        let found = try evaluate("percentiles", [header] + rows)
        #expect(found.code == 65)
        #expect(found.lines.count == 2 && found.lines.last?.hasPrefix("2022,00010505,") == true, "\(found.lines)")
        let errors = found.errors.split(separator: "\n").filter { $0.contains(": line ") }
        #expect(errors.count == 2 && errors.first?.contains("line 2: no framework covers") == true, "\(errors)")
        #expect(errors.last?.contains("line 3: 00010505 swd has no percentile of 2022") == true, "\(errors)")
        let alone = try evaluate("percentiles", [header, rows[0]])
        #expect(alone.code == 65 && alone.lines.count == 1 && alone.errors.contains("standard input: line 2: "))
    }

    /// A row that gets no percentile is named with what is missing, and so is a group that has no percentiles.
    @Test func percentilesSayWhoGetsNoneAndWhy() throws {
        let header = "school_year,org_code,comparison_group,grade_span,group,indicator,value,count"
        func rows(_ code: String, _ group: String, peers: String = "non_high", _ values: [String]) -> [String] {
            values.map { "2019,\(code),\(peers),non_high,\(group),\($0)" }
        }
        let whole = ["ela_achievement,500,40", "ela_growth,50,40", "chronic_absenteeism,9,40"]
        let found = try evaluate(
            "percentiles",
            [header] + rows("00010505", "all_students", whole)
                + rows("00010510", "all_students", Array(whole.prefix(2)))
                + rows("00010515", "all_students", ["ela_achievement,500,40", "ela_growth,50,4"])
                + rows("00010505", "multi_race", whole) + rows("00010000", "all_students", peers: "", whole)
        )
        #expect(found.code == 0, "every row could be read")
        #expect(found.lines.count == 4 && found.lines[1].hasPrefix("2019,00010505,non_high,all_students,"))
        #expect(found.lines[2] == "2019,00010510,non_high,all_students,,,")
        let errors = found.errors.split(separator: "\n").map(String.init)
        let start = "standard input: line"
        #expect(
            errors == [
                "\(start) 5: 00010510 all_students has no percentile of 2019: the span non_high has no value that counts of additional (chronic_absenteeism)",
                "\(start) 7: 00010515 all_students has no percentile of 2019: the span non_high has no value that counts of growth (ela_growth or math_growth) and of additional (chronic_absenteeism)",
                "\(start) 9: multi_race: 3 rows, of which this is the first, get no percentile: the framework of 2019 has percentiles of "
                    + "all_students, high_needs, low_income, el_former_el, swd, asian, black, hispanic, white only (percentile.subgroups)",
                "\(start) 12: 3 rows, of which this is the first, have no comparison_group, so no percentile: only schools have peers",
            ]
        )
    }

    /// A low subgroup that no percentile exists of is a reason as it is given, and standard error says so.
    @Test func determinationsNameLowSubgroupsWithoutPercentiles() throws {
        let columns =
            "school_year,org_code,org_type,sufficient_data,designation,percentile,low_subgroups,cohort,graduates,low_participation_groups,recognition,cumulative"
        let found = try evaluate(
            "determinations",
            [columns, "2019,00010505,school,Y,,63,swd;multi_race,,,,,50", "2019,00010510,school,Y,,63,swd,,,,,50"]
        )
        #expect(found.code == 0 && found.lines.count == 3 && found.lines[1].hasSuffix(",focused_targeted,low_subgroup"))
        #expect(found.errors.contains("line 2: low_subgroups: the framework of 2019 has no percentile of multi_race"))
        #expect(found.errors.split(separator: "\n").count == 1)
    }

    @Test func pointsComeFromStandardInputAndCompressed() throws {
        let report =
            "[{\"case\": 7, \"school_year\": 2019, \"spans\": {\"high\": {\"all_students\": {\"points\": {\"ela_achievement\": 2}}}}}]"
        for isCompressed in [false, true] {
            let found = try evaluate("points", [report], compressed: isCompressed)
            #expect(found.code == 0 && found.errors.isEmpty && found.lines.contains("    \"annual\" : 50,"))
        }
        let broken = try evaluate("points", ["[1"])
        #expect(
            broken.code == 65
                && broken.errors == "standard input: not JSON: line 1, column 3: the document ends too early\n"
        )
        let absent = try run("\(TestEnvironment.programs ?? "")/accountability", ["evaluate", "points", "/nowhere"])
        #expect(absent.code == 65 && absent.errors == "/nowhere: cannot open /nowhere: No such file or directory\n")
    }
}
