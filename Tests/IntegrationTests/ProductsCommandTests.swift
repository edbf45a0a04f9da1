import Foundation
import Testing

/// What the Department publishes, from an installation.
@Suite(
    .serialized,
    .enabled(if: Machine.canRun, "ACCOUNTABILITY_BIN and ACCOUNTABILITY_BROKER_BIN are not set; Deploy/test sets them"),
    .timeLimit(.minutes(30))
)
struct ProductsCommandTests {
    @Test func officialResultsBecomeProducts() throws {
        let state = try SyntheticState(students: 800, seed: 7)
        let machine = try Machine()
        try machine.up(partitions: 2)
        for year in ["2018", "2019"] { try machine.must(["open-year", year]) }
        try machine.must(["submit"] + state.files)
        for year in ["2018", "2019"] { try machine.must(["close-year", year, "--timeout", "120"]) }
        let out = "\(machine.home)/products"

        for command in ["products", "report"] {
            let early = try machine.call([command, "2019", "--out", out])
            #expect(early.code == 65 && early.errors.contains("accountability directive release official --year 2019"))
            #expect(!FileManager.default.fileExists(atPath: out))
        }
        let packages = "\(machine.home)/packages"
        try machine.must(["package", "2019", "--out", packages])
        let release = ["directive", "release", "official", "--year", "2019", "--date", "2019-09-24"]
        let wrong = try machine.call(release + ["--packages", machine.home])
        #expect(wrong.code == 65 && wrong.errors.contains("packages.json"))
        try machine.must(release + ["--packages", packages])
        try machine.wait("the results are public") {
            try machine.call(["products", "2019", "--out", out, "--replace"]).code == 0
        }
        try HealingTests().settle(machine)
        try machine.must(["products", "2019", "--out", out, "--replace"])
        let list = try String(contentsOfFile: "\(out)/SHA256SUMS", encoding: .utf8)
        let again = try machine.call(["products", "2019", "--out", out])
        #expect(again.code == 65 && again.errors.contains("--replace"))
        try machine.must(["products", "2019", "--out", out, "--replace"])
        #expect(try String(contentsOfFile: "\(out)/SHA256SUMS", encoding: .utf8) == list)
        let check = try run("/usr/bin/env", ["-C", out, "sha256sum", "--check", "--quiet", "SHA256SUMS"])
        #expect(check.code == 0, "\(check.errors)")

        // Each school that has a determination has its row and its report.
        let schools = try machine.must(["determinations", "2019", "--type", "school", "--format", "csv"]).lines
            .dropFirst()
        let rows = try String(contentsOfFile: "\(out)/schools-2019.csv", encoding: .utf8).split(separator: "\n")
        #expect(rows.count == schools.count + 1 && schools.count > 3)
        for school in schools {
            let code = school.split(separator: ",")[1]
            #expect(FileManager.default.fileExists(atPath: "\(out)/organizations/\(code).html"))
        }
        try provePackages(machine, packages)
        let report = "\(machine.home)/report"
        try machine.must(["report", "2019", "--out", report])
        let own = FileManager.default.contents(atPath: "\(report)/annual-report-2019.html")
        #expect(own != nil && own == FileManager.default.contents(atPath: "\(out)/board/annual-report-2019.html"))
    }

    /// The release carries the root of the packages; after it they come out as they were, and a changed one does not
    /// hold.
    private func provePackages(_ machine: Machine, _ packages: String) throws {
        let again = "\(machine.home)/packages-again"
        let told = try machine.must(["package", "2019", "--out", again])
        let lists = try [packages, again].map { try String(contentsOfFile: "\($0)/SHA256SUMS", encoding: .utf8) }
        #expect(lists[0] == lists[1] && lists[0].split(separator: "\n").count > 20)
        let root = try #require(told.lines.last?.split(separator: " ").last.map(String.init))
        let acts = try machine.must(["directive", "--list", "--year", "2019", "--format", "json"]).output
        #expect(acts.contains(root) && root.count == 64)
        let names = try FileManager.default.contentsOfDirectory(atPath: packages).filter { $0.hasSuffix("0000") }
            .sorted()
        let district = try #require(names.first)
        let holds = try machine.must(["verify", "\(packages)/\(district)", "--org", district, "--year", "2019"]).output
        #expect(holds.contains("the release of 2019-09-24") && !holds.contains("fails"))
        let alone = try machine.call(["verify", "\(packages)/\(district)", "--root", root])
        #expect(alone.code == 0)
        let other = try machine.call(["verify", "\(packages)/\(district)", "--root", root, "--org", names[1]])
        #expect(other.code == 65 && other.output.contains("is of the district \(district)"))
        let rows = "\(again)/\(district)/rows.csv"
        let text = try String(contentsOfFile: rows, encoding: .utf8)
        try text.replacing("accepted", with: "unchanged", maxReplacements: 1)
            .write(toFile: rows, atomically: true, encoding: .utf8)
        let changed = try machine.call(["verify", "\(again)/\(district)"])
        #expect(changed.code == 65 && changed.output.contains("fails: rows.csv"))
    }
}
