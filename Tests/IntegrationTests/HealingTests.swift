import Foundation
import Testing

/// Accidents that befall the topics of a running installation: found, told, mended.
@Suite(
    .serialized,
    .enabled(if: Machine.canRun, "ACCOUNTABILITY_BIN and ACCOUNTABILITY_BROKER_BIN are not set; Deploy/test sets them"),
    .timeLimit(.minutes(30))
)
struct HealingTests {
    private static let organizations = """
        school_year,org_code,org_type,name,district_code,comparison_group,enrollment,non_high_enrollment,high_enrollment
        2019,00010000,district,One,00010000,,100,0,100
        2019,00010005,school,One High,00010000,high,100,0,100
        2019,00020000,district,Two,00020000,,50,50,0
        2019,00020005,school,Two Elementary,00020000,non_high,50,50,0

        """
    private static func participation(_ standard: Int) -> String {
        """
        school_year,org_code,grade,group,subject,enrolled,standard,alternate,absent,medical,first_year_el,after_october
        2019,00010005,all,all_students,ELA,100,\(standard),0,\(100 - standard),0,0,0
        2019,00020005,all,all_students,ELA,50,50,0,0,0,0,0

        """
    }

    /// A machine with a year that was closed, and corrected afterwards.
    func machine() throws -> Machine {
        let machine = try Machine()
        try machine.up()
        try machine.must(["open-year", "2019"])
        try machine.must(["submit", try machine.file("organizations.csv", Self.organizations)])
        try machine.must(["submit", try machine.file("participation.csv", Self.participation(99))])
        try machine.must(["close-year", "2019", "--timeout", "120"])
        try machine.must(["submit", try machine.file("corrections.csv", Self.participation(90))])
        try settle(machine)
        return machine
    }

    /// Waits until nothing is behind and everybody is ready.
    func settle(_ machine: Machine) throws {
        try machine.wait("settled", seconds: 90) {
            let status = try machine.call(["status", "--once"])
            guard status.code == 0, let line = status.lines.last(where: { $0.hasPrefix("records behind") }) else {
                return false
            }
            return line.split(separator: ":")[1].split(separator: ",").allSatisfy { $0.hasSuffix(" 0") }
        }
    }

    func results(_ machine: Machine) throws -> [String] {
        try machine.must(["determinations", "2019", "--canonical"]).lines
    }

    @Test func recreatedTopicsAreFilledAgainAndCorrectionsArrive() throws {
        let machine = try machine()
        let before = try results(machine)
        #expect(!before.isEmpty)
        let notices = try machine.must(["notices", "--format", "csv"]).lines.count
        for topic in ["records", "participation", "indicators", "standings", "percentiles", "receipts", "directives"] {
            try machine.must(["topics", "--recreate", topic, "--yes"])
            // Found at the latest by the look at the outputs, every thirty seconds.
            try machine.wait("\(topic) is whole again", seconds: 120) {
                try machine.call(["audit", "--recompute"]).code == 0
            }
            try settle(machine)
            #expect(try results(machine) == before, "\(topic)")
        }
        #expect(try machine.must(["notices", "--format", "csv"]).lines.count == notices, "nobody is told twice")
        // A correction arrives as if nothing had been.
        try machine.must(["submit", try machine.file("later.csv", Self.participation(80))])
        try machine.wait("the correction arrives", seconds: 60) { try results(machine) != before }
        try settle(machine)
        try machine.must(["audit", "--recompute"])
    }
}
