import Foundation
import Messages
import Testing

@Suite struct LayoutTests {
    @Test func namesAreTheInterface() {
        let names = Layout.allCases.map(\.wireName)
        #expect(
            names == [
                "organizations", "assessment_results", "attendance", "english_proficiency", "graduation_cohort",
                "advanced_coursework", "participation_counts", "indicator_values", "targets", "directives",
                "enrollment_outcomes", "organization_changes",
            ]
        )
        #expect(Layout.allCases.map(\.rawValue) == Array(1...12))
        for layout in Layout.allCases { #expect(Layout(wireName: layout.wireName) == layout) }
        #expect(Layout(wireName: "Attendance") == nil)
    }

    @Test(arguments: Layout.allCases)
    func columnsAreWellFormed(_ layout: Layout) {
        let names = layout.columns.map(\.name)
        #expect(Array(names.prefix(3)) == ["school_year", "org_code", "action"])
        #expect(Set(names).count == names.count)
        #expect(layout.keyIndices.count == layout.key.count)
        // A change that names no former code is identified by that.
        for index in layout.keyIndices where layout != .organizationChanges || names[index] != "prior_org_code" {
            #expect(layout.columns[index].required)
        }
        for column in layout.columns {
            #expect(!column.documentation.isEmpty && !column.documentation.contains("\n"))
            #expect(layout.index(of: column.name) == names.firstIndex(of: column.name))
        }
    }

    @Test func columnsAreTheInterface() {
        let groups = ["grade", "race", "low_income", "el_status", "swd", "enrolled_since_october"]
        let expected: [Layout: [String]] = [
            .organizations: [
                "org_type", "name", "district_code", "region", "school_type", "comparison_group", "grades_served",
                "title1", "enrollment", "non_high_enrollment", "high_enrollment", "enrollment_low_income",
                "enrollment_swd", "enrollment_el", "nces_lea_id", "nces_school_id",
            ],
            .assessmentResults: ["student_id"] + groups + [
                "prior_org_code", "ela_status", "ela_scaled_score", "ela_sgp", "ela_prior_scaled_score", "math_status",
                "math_scaled_score", "math_sgp", "math_prior_scaled_score", "science_status", "science_scaled_score",
            ],
            .attendance: ["student_id"] + groups + ["days_enrolled", "days_absent"],
            .englishProficiency: ["student_id"] + groups + ["difficulty_quartile", "met_progress"],
            .graduationCohort: ["student_id"] + groups + [
                "cohort_year", "four_year_graduate", "five_year_graduate", "still_enrolled_after_five", "dropped_out",
            ],
            .advancedCoursework: ["student_id"] + groups + ["completed"],
            .participationCounts: [
                "grade", "group", "subject", "enrolled", "standard", "alternate", "absent", "medical", "first_year_el",
                "after_october", "el_not_tested", "published_rate",
            ],
            .indicatorValues: [
                "comparison_group", "grade_span", "group", "indicator", "value", "count", "school_type",
                "non_high_enrollment", "high_enrollment", "difficulty_quartile",
            ],
            .targets: ["grade_span", "group", "indicator", "baseline", "target", "path"],
            .enrollmentOutcomes: ["student_id"] + groups + ["enrolled_october", "dropped_out", "returned_by_october"],
            .directives: [
                "directive", "kind", "effective_date", "end_date", "reason", "reference", "rating", "parts",
                "packages_root", "document",
            ],
            .organizationChanges: ["change", "prior_org_code", "prior_enrollment", "reason", "reference"],
        ]
        for layout in Layout.allCases {
            #expect(layout.columns.dropFirst(3).map(\.name) == expected[layout])
        }
    }

    @Test(arguments: Layout.allCases)
    func recognizesEveryHeader(_ layout: Layout) throws {
        let full = layout.columns.map(\.name)
        let match = try Layout.recognize(header: full)
        #expect(match.layout == layout && match.ignored == [])
        #expect(match.positions == Array(full.indices))

        let shortest = layout.columns.filter { $0.presence != .optional }.map(\.name).reversed()
        let reversed = try Layout.recognize(header: Array(shortest))
        #expect(reversed.layout == layout)
        for (column, position) in zip(layout.columns, reversed.positions) {
            #expect(position.map { Array(shortest)[$0] } == (column.presence == .optional ? nil : column.name))
        }
        // What the layout needs is never all that another needs, so that extra columns cannot confuse them.
        let extra = try Layout.recognize(header: ["x"] + shortest + ["y"], ignoringExtra: true)
        #expect(extra.layout == layout && extra.ignored == ["x", "y"])
    }

    @Test func recognizesThePublishedParticipationFile() throws {
        let header =
            "school_year,org_level,org_code,grade,group,subject,enrolled,standard,alternate,absent,medical,"
            + "first_year_el,after_october,published_rate"
        let names = header.split(separator: ",").map(String.init)
        let match = try Layout.recognize(header: names, ignoringExtra: true)
        #expect(match.layout == .participationCounts && match.ignored == ["org_level"])
        #expect(throws: LayoutError.self) { try Layout.recognize(header: names) }
        #expect(throws: LayoutError.self) { try Layout.participationCounts.match(header: names) }
        #expect(try Layout.participationCounts.match(header: names, ignoringExtra: true) == match)
    }

    @Test func namesWhatIsMissingAndTheNearestLayout() {
        var header = Layout.attendance.columns.map(\.name)
        header.removeAll { $0 == "days_absent" }
        header.append("days_missed")
        do throws(LayoutError) {
            _ = try Layout.recognize(header: header)
            Issue.record("no error")
        } catch {
            #expect(error.code == .unrecognized && error.layout == .attendance)
            #expect(error.missing == ["days_absent"] && error.extra == [])
            #expect(error.message.contains("attendance; missing: days_absent; unknown"))
            #expect(error.message.contains("one column that no layout has (number 12)"))
        }
        do throws(LayoutError) {
            _ = try Layout.targets.match(header: Layout.targets.columns.map(\.name) + ["target"])
            Issue.record("no error")
        } catch {
            #expect(error.code == .duplicateColumn && error.message.contains("\"target\""))
        }
    }

    @Test func showsNothingOfAFirstRowThatIsNoHeader() {
        let row = ["2019", "00010505", "", "SECRET1", "5", "white", "N", "N", "N", "Y", "180", "Jane Doe", "Jane Doe"]
        for name in [nil, "attendance"] as [String?] {
            for columns in [row, row.dropLast() + Layout.attendance.columns.map(\.name).prefix(4)] {
                do throws(LayoutError) {
                    if let layout = name.flatMap({ Layout(wireName: $0) }) {
                        _ = try layout.match(header: columns)
                    } else {
                        _ = try Layout.recognize(header: columns)
                    }
                    Issue.record("no error")
                } catch {
                    let told = "\(error.message) \(error.extra) \(error.missing)"
                    for cell in row where !cell.isEmpty && cell != "5" && cell != "N" && cell != "Y" {
                        #expect(!told.contains(cell), "\(told)")
                    }
                }
            }
        }
    }

    /// A row of students says N more than once, and that is not what is wrong with a file that has no header.
    @Test(arguments: [nil, Layout.attendance])
    func saysThatThereIsNoHeaderBeforeItCountsWhatIsThereTwice(_ layout: Layout?) {
        let row = ["2019", "00010505", "A1", "5", "white", "N", "N", "N", "Y", "180", "3"]
        #expect {
            if let layout { try layout.match(header: row) } else { try Layout.recognize(header: row) }
        } throws: { error in
            let error = error as? LayoutError
            return error?.code == .unrecognized && error?.message.contains("the file needs a header row") == true
        }
    }

    @Test func guessesTheLayoutByWhatItShares() {
        // An export of tests with thirty columns of its own shares more with the tests than with the shortest layout.
        let header = Layout.assessmentResults.columns.map(\.name).filter { $0 != "swd" } + (1...30).map { "own_\($0)" }
        #expect { try Layout.recognize(header: header, ignoringExtra: true) } throws: { error in
            (error as? LayoutError)?.layout == .assessmentResults && (error as? LayoutError)?.missing == ["swd"]
        }
    }

    /// `REGENERATE_SCHEMAS=1 swift test --filter LayoutTests` writes the files anew.
    @Test(arguments: Layout.allCases)
    func schemaFilesAreInStep(_ layout: Layout) throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../Schemas/layouts")
        let file = folder.appendingPathComponent("\(layout.wireName).csv-schema")
        if ProcessInfo.processInfo.environment["REGENERATE_SCHEMAS"] == "1" {
            try layout.csvSchema.write(to: file, atomically: true, encoding: .utf8)
        }
        let text = try String(contentsOf: file, encoding: .utf8)
        #expect(text == layout.csvSchema)

        // Read it back by its own grammar, so that a wrong generator does not agree with itself.
        let lines = text.split(separator: "\n")
        #expect(lines[0] == "version 1.1" && lines[1] == "@totalColumns \(layout.columns.count)")
        let rules = lines.dropFirst(2).filter { !$0.hasPrefix("//") }
        #expect(rules.map { String($0.prefix { $0 != ":" }) } == layout.columns.map(\.name))
        for (rule, column) in zip(rules, layout.columns) {
            #expect(rule.contains(" // "))
            #expect(rule.contains("@optional // ") == !column.required)
            if case .choice(let words, _) = column.kind {
                for word in words { #expect(rule.contains("\"\(word)\"")) }
            }
        }
    }

    @Test func noSchemaFileIsLeftOver() throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../Schemas/layouts")
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(Set(files) == Set(Layout.allCases.map { "\($0.wireName).csv-schema" }))
    }
}
