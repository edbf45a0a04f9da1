import Foundation
import Testing

/// A year of which something is missing is closed for a reason only.
@Suite(
    .serialized,
    .enabled(
        if: TestEnvironment.canRun,
        "ACCOUNTABILITY_BIN and ACCOUNTABILITY_TEST_BROKERS are not set; Deploy/test sets them"
    ),
    .timeLimit(.minutes(30))
)
struct CompletenessTests {
    private static func attendance(_ year: Int, _ organization: String, _ students: Range<Int>) -> [String] {
        students.map { "\(year),\(organization),s\($0),05,white,N,N,N,Y,180,3" }
    }

    private static func file(_ name: String, _ header: String, _ rows: [String]) throws -> String {
        let path = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString)-\(name)").path
        try ([header] + rows).joined(separator: "\n").appending("\n")
            .write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    @Test func aSilentDistrictAsksForAReason() throws {
        let header =
            "school_year,org_code,student_id,grade,race,low_income,el_status,swd,enrolled_since_october,days_enrolled,days_absent"
        let organizations = try Self.file(
            "organizations.csv",
            "school_year,org_code,org_type,name,district_code,comparison_group,grades_served,enrollment,non_high_enrollment,high_enrollment",
            [2018, 2019]
                .flatMap { year in
                    ["0001", "0002"]
                        .flatMap { district in
                            [
                                "\(year),\(district)0000,district,District \(district),,,,,,",
                                "\(year),\(district)0005,school,School \(district),\(district)0000,,\"PK,K\",,,",
                            ]
                        }
                }
        )
        let before = try Self.file(
            "before.csv",
            header,
            Self.attendance(2018, "00010005", 0..<30) + Self.attendance(2018, "00020005", 100..<130)
        )
        let first = try Self.file("first.csv", header, Self.attendance(2019, "00010005", 0..<30))
        let late = try Self.file("late.csv", header, Self.attendance(2019, "00020005", 100..<120))
        defer {
            for file in [organizations, before, first, late] { try? FileManager.default.removeItem(atPath: file) }
        }

        let installation = try Installation(partitions: 3)
        for year in ["2018", "2019"] { try installation.must(["open-year", year]) }
        try installation.must(["submit", organizations, before, first])
        try installation.must(["close-year", "2018", "--timeout", "120"])
        let listed = try installation.call(["completeness", "2019", "--format", "csv"])
        #expect(listed.code == 65, "\(listed.errors)")
        #expect(listed.lines.contains("2019,00010000,District 0001,attendance,30,year_before,30,0,"))
        #expect(listed.lines.contains("2019,00020000,District 0002,attendance,30,year_before,0,0,silent"))

        let refused = try installation.call(["close-year", "2019", "--timeout", "120"])
        #expect(refused.code == 65 && refused.errors.contains("00020000 has no attendance (30 rows the year before)"))
        #expect(try installation.call(["determinations", "2019"]).lines.count <= 1)

        // What is there now is few, and closing says so.
        try installation.must(["submit", late])
        let missing = try installation.call(["completeness", "2019", "--missing", "--format", "csv"])
        #expect(missing.lines.dropFirst() == ["2019,00020000,District 0002,attendance,30,year_before,20,0,few"])
        let closed = try installation.call(["close-year", "2019", "--timeout", "120"])
        #expect(closed.code == 0 && closed.errors.contains("1 few"), "\(closed.errors)")
    }

    @Test func aReasonClosesItAllTheSame() throws {
        let header =
            "school_year,org_code,student_id,grade,race,low_income,el_status,swd,enrolled_since_october,days_enrolled,days_absent"
        let organizations = try Self.file(
            "organizations.csv",
            "school_year,org_code,org_type,name,district_code,comparison_group,grades_served,enrollment,non_high_enrollment,high_enrollment",
            [2018, 2019]
                .flatMap { year in
                    [
                        "\(year),00010000,district,District,,,,,,",
                        "\(year),00010005,school,School,00010000,,\"PK,K\",,,",
                    ]
                }
        )
        let before = try Self.file("before.csv", header, Self.attendance(2018, "00010005", 0..<30))
        defer { for file in [organizations, before] { try? FileManager.default.removeItem(atPath: file) } }
        let installation = try Installation(partitions: 3)
        for year in ["2018", "2019"] { try installation.must(["open-year", year]) }
        try installation.must(["submit", organizations, before])
        #expect(try installation.call(["close-year", "2019", "--timeout", "120"]).code == 65)
        try installation.must(["close-year", "2019", "--incomplete", "The school burnt down", "--timeout", "120"])
        // Closing again changes nothing, and asks for nothing.
        try installation.must(["close-year", "2019", "--timeout", "120"])
        #expect(try installation.must(["determinations", "2019", "--format", "csv"]).lines.count == 3)
    }
}
