import ArgumentParser
import Foundation
import Testing

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
}
