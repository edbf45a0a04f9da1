import ArgumentParser
import Foundation
import Testing

@testable import Reading
@testable import accountability

/// `evaluate percentiles` ranks schools: the rows of districts and of the state are in order without peers, and refused
/// with them.
@Suite struct PercentileRowsTests {
    private func evaluate(_ organization: String, _ comparisonGroup: String) throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "percentile-rows-\(UUID().uuidString).csv")
        defer { try? FileManager.default.removeItem(at: file) }
        let table = """
            school_year,org_code,comparison_group,grade_span,group,indicator,value,count
            2019,00010005,non_high,non_high,all_students,ela_achievement,500.5,30
            2019,\(organization),\(comparisonGroup),non_high,all_students,ela_achievement,500.0,30

            """
        try table.write(to: file, atomically: true, encoding: .utf8)
        let command = try EvaluatePercentiles.parse([file.path])
        try command.operate()
    }

    @Test(arguments: ["00010000", "00000000"])
    func onlySchoolsHavePeers(_ organization: String) throws {
        try evaluate(organization, "")
        #expect {
            try evaluate(organization, "non_high")
        } throws: { error in
            (error as? ExitCode)?.rawValue == 65
        }
    }

    @Test func aSchoolIsRanked() throws {
        try evaluate("00010010", "non_high")
    }

    /// Rows of a middle/high school beside a high school, with these optional columns and their values in each row of
    /// the first.
    private func evaluate(columns: String, _ fields: [String], group: String = "all_students") throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "percentile-rows-\(UUID().uuidString).csv")
        defer { try? FileManager.default.removeItem(at: file) }
        var lines = ["school_year,org_code,comparison_group,grade_span,group,indicator,value,count\(columns)"]
        let values = [
            "non_high,\(group),ela_achievement,500.0", "non_high,\(group),ela_growth,50.0",
            "non_high,\(group),chronic_absenteeism,9.0", "high,\(group),ela_achievement,80.0",
            "high,\(group),ela_growth,50.0", "high,\(group),four_year_graduation,90.0",
            "high,\(group),chronic_absenteeism,9.0",
        ]
        for (index, value) in values.enumerated() {
            let field = fields[index % fields.count]
            lines.append("2019,00010505,middle_high,\(value),30\(field)")
            if value.hasPrefix("high") {
                lines.append("2019,00020505,high,\(value),30" + field.filter { $0 == "," })
            }
        }
        try (lines.joined(separator: "\n") + "\n").write(to: file, atomically: true, encoding: .utf8)
        try EvaluatePercentiles.parse([file.path, "--stages"]).operate()
    }

    private func isRefused(_ columns: String, _ fields: String...) throws -> Bool {
        do {
            try evaluate(columns: columns, fields)
            return false
        } catch let error as ExitCode {
            #expect(error.rawValue == 65)
            return true
        }
    }

    @Test func aMiddleHighSchoolNeedsItsShares() throws {
        #expect(try isRefused("", ""))
        #expect(try isRefused(",non_high_enrollment", ",300"))
        #expect(try isRefused(",non_high_enrollment,high_enrollment", ",0,0"))
        #expect(try !isRefused(",non_high_enrollment,high_enrollment", ",300,600"))
        // One row that says it is enough.
        #expect(try !isRefused(",non_high_enrollment,high_enrollment", ",300,600", ",,"))
        #expect(try !isRefused(",non_high_share", ",0.33"))
    }

    @Test func rowsOfAnOrganizationDoNotContradictEachOther() throws {
        let columns = ",school_type,non_high_enrollment,high_enrollment"
        #expect(try isRefused(columns, ",MS,300,600", ",ESMS,300,600"))
        #expect(try isRefused(columns, ",MS,300,600", ",MS,301,600"))
        #expect(try !isRefused(columns, ",MS,300,600", ",,,"))
        // Types of other spellings say nothing.
        #expect(try !isRefused(columns, ",MSHS,300,600", ",K-12,300,600"))
    }

    @Test func aGroupWithoutPercentilesIsToldAndNoError() throws {
        try evaluate(columns: "", [""], group: "multi_race")
    }
}
