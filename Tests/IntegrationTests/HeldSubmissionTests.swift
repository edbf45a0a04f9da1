import Foundation
import Testing

/// One wrong file after the release: nothing official changes and nobody is told until a person approves it.
@Suite(
    .serialized,
    .enabled(if: Machine.canRun, "ACCOUNTABILITY_BIN and ACCOUNTABILITY_BROKER_BIN are not set; Deploy/test sets them"),
    .timeLimit(.minutes(30))
)
struct HeldSubmissionTests {
    private func wrongFile(of attendance: String, _ machine: Machine) throws -> String {
        var lines = try String(contentsOfFile: attendance, encoding: .utf8).split(separator: "\n").map(String.init)
        let columns = lines.removeFirst().split(separator: ",").map(String.init)
        let place = try #require(columns.firstIndex(of: "days_absent"))
        let enrolled = try #require(columns.firstIndex(of: "days_enrolled"))
        let wrong = lines.map { line in
            var fields = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            if (Int(fields[enrolled]) ?? 0) >= 90 { fields[place] = "90" }
            return fields.joined(separator: ",")
        }
        return try machine.file("wrong.csv", ([columns.joined(separator: ",")] + wrong).joined(separator: "\n") + "\n")
    }

    private func results(_ machine: Machine) throws -> [String] {
        try [2018, 2019].flatMap { try machine.must(["determinations", "\($0)", "--canonical"]).lines }
    }

    /// Everything that was told, in topics and in the spool.
    private func told(_ machine: Machine) throws -> [String] {
        let notices = try machine.must(["notices", "--format", "csv"]).lines
        let spool = FileManager.default.enumerator(atPath: "\(machine.home)/spool")?.compactMap { $0 as? String } ?? []
        return notices + spool.sorted()
    }

    private func submission(_ machine: Machine, _ file: String) throws -> String {
        let line = try machine.must(["receipts", "--format", "csv"]).lines.last { $0.contains(file) }
        return String(try #require(line?.split(separator: ",").first))
    }

    private func holds(_ before: [String], _ notices: [String], _ machine: Machine) throws {
        try HealingTests().settle(machine)
        #expect(try results(machine) == before)
        #expect(try told(machine) == notices)
    }

    @Test func aWrongFileAfterTheReleaseChangesNothingUntilItIsApproved() throws {
        let state = try SyntheticState(students: 800, seed: 5)
        let machine = try Machine()
        try machine.up(partitions: 3)
        for year in ["2018", "2019"] { try machine.must(["open-year", year]) }
        try machine.must(["submit"] + state.files)
        for year in ["2018", "2019"] { try machine.must(["close-year", year, "--timeout", "120"]) }
        let attendance = try #require(state.files.first { $0.contains("attendance") && $0.contains("2019") })
        let wrong = try wrongFile(of: attendance, machine)
        let right = try submission(machine, "attendance-2019")
        // The very next file knows of the release, whether or not validation has come to it.
        try machine.must(["directive", "release", "official", "--year", "2019", "--date", "2019-09-24"])
        let receipt = try machine.must(["submit", wrong, "--by", "A. Clerk"])
        let id = try submission(machine, "wrong.csv")
        #expect(receipt.output.contains(" of 2019 would change official results"))
        #expect(receipt.output.contains("`accountability approve \(id)`"))
        try HealingTests().settle(machine)
        let before = try results(machine)
        let notices = try told(machine)
        #expect(before.contains { $0.contains("\"official\"") })

        try shown(machine, id)
        let told = try machine.must(["preview", "--held", id, "--json"])
        let answer = try #require(JSONSerialization.jsonObject(with: Data(told.output.utf8)) as? [String: Any])
        let changes = try #require(answer["changes"] as? [[String: Any]])
        #expect(!changes.isEmpty && changes.allSatisfy { $0["causes"] as? [String] == [id] })
        try holds(before, notices, machine)
        for name in ["20000101T000000000Z-000000", right, "../x", "\u{1b}[31m"] {
            for command in ["approve", "reject"] {
                let refused = try machine.call([command, name])
                #expect(refused.code == 65 && !refused.errors.contains("\u{1b}"), "\(refused.errors)")
            }
        }
        // The broker forgets everything, and the home knows what waits.
        try machine.must(["down"])
        try FileManager.default.removeItem(atPath: "\(machine.home)/broker")
        try machine.up(partitions: 3)
        try machine.wait("the results of before", seconds: 90) { (try? results(machine)) == before }
        try HealingTests().settle(machine)
        #expect(try results(machine) == before)

        // Validation dies and comes back while it is approved.
        let validation = try #require(machine.pid("validation-1"))
        #expect(kill(validation, SIGKILL) == 0)
        try machine.must(["approve", id, "--reason", "it is right", "--by", "B. Chief"])
        try machine.wait("what was approved", seconds: 90) {
            Set(try results(machine)).subtracting(before).count == changes.count
        }
        try HealingTests().settle(machine)
        let after = try results(machine)
        #expect(Set(after).subtracting(before).count == changes.count)
        for command in ["approve", "reject"] { #expect(try machine.call([command, id]).code == 65) }
        try decided(machine, id, before, after, wrong)
    }

    /// A release that nobody can read yet, because another program's transaction is open in front of it, concerns the
    /// next file nevertheless.
    @Test func aFileWaitsForTheReleaseInFrontOfIt() throws {
        let state = try SyntheticState(students: 800, seed: 5)
        let machine = try Machine()
        try machine.up(partitions: 1)
        for year in ["2018", "2019"] { try machine.must(["open-year", year]) }
        try machine.must(["submit"] + state.files)
        for year in ["2018", "2019"] { try machine.must(["close-year", year, "--timeout", "120"]) }
        try HealingTests().settle(machine)
        let attendance = try #require(state.files.first { $0.contains("attendance") && $0.contains("2019") })
        let wrong = try wrongFile(of: attendance, machine)
        let acts = "school_year,org_code,directive,kind,effective_date\n2019,00000000,release,official,2019-09-24\n"
        let release = try machine.file("release.csv", acts)
        let transaction = try StrangersTransaction(in: "accountability.submissions.v1", of: machine)
        try machine.must(["submit", "--no-wait", release])
        try machine.must(["submit", "--no-wait", wrong])
        try machine.wait("the release is in the ledger") {
            machine.log("ingestion-1").split(separator: "\n").filter { $0.contains("rows=1 ") }.count == 1
        }
        Thread.sleep(forTimeInterval: 3)
        try transaction.end()
        try machine.wait("the file is taken") { try machine.call(["receipts"]).output.contains("wrong.csv") }
        try HealingTests().settle(machine)
        let line = try machine.must(["receipts", "--format", "csv"]).lines.last { $0.contains("wrong.csv") }
        let counts = try #require(line).split(separator: ",").suffix(9).compactMap { Int($0) }
        #expect(counts.count == 9 && counts[1] == 0 && counts[8] == counts[2] && counts[8] > 0, "\(counts)")
        #expect(try results(machine).contains { $0.contains("\"official\"") })
    }

    private func shown(_ machine: Machine, _ id: String) throws {
        let listed = try machine.must(["receipts", "--format", "csv"])
        let line = try #require(listed.lines.first { $0.contains(id) }).split(separator: ",").map(String.init)
        // rows = accepted + rejected + unchanged; of the rejected, all wait.
        let counts = line.suffix(9).compactMap { Int($0) }
        #expect(counts.count == 9 && counts[0] == counts[1] + counts[2] + counts[3] && counts[1] == 0)
        #expect(counts[8] == counts[2] && counts[8] > 0)
        #expect(listed.errors.contains("is held") && listed.errors.contains("accountability reject \(id)"))
        #expect(try machine.must(["status", "--once"]).output.contains("held: \(id) (wrong.csv), by A. Clerk"))
        #expect(try machine.doctor().contains { $0["what"] == "held" && $0["place"] == id })
        #expect(try machine.call(["completeness", "2019"]).errors.contains("\(id) (wrong.csv)"))
        try machine.must(["audit"])
        try machine.must(["audit", "--recompute"])
    }

    private func decided(
        _ machine: Machine,
        _ id: String,
        _ before: [String],
        _ after: [String],
        _ wrong: String
    ) throws {
        try machine.must(["audit", "--recompute"])
        let approval = try submission(machine, "approval of \(id)")
        #expect(try machine.call(["withdraw", approval]).code == 65)
        try machine.must(["withdraw", id, "--reason", "wrong file"])
        try machine.wait("what stood before", seconds: 90) { try results(machine) == before }
        try HealingTests().settle(machine)
        let notices = try told(machine)
        // Once more, and rejected.
        try machine.must(["submit", wrong, "--by", "A. Clerk"])
        let again = try submission(machine, "wrong.csv")
        #expect(again != id)
        try machine.must(["reject", again, "--reason", "wrong file", "--by", "B. Chief"])
        try holds(before, notices, machine)
        #expect(try machine.call(["approve", again]).errors.contains("was rejected already by B. Chief"))
        #expect(!(try machine.must(["status", "--once"]).output.contains("held:")))
        let trail = try machine.must(["audit-trail", "--format", "csv"]).lines
        #expect(trail.contains { $0.contains(",A. Clerk,command,submitted,") && $0.contains("held: ") })
        #expect(trail.contains { $0.contains(",B. Chief,command,approved,\(id),it is right,") })
        #expect(trail.contains { $0.contains(",B. Chief,command,rejected,\(again),wrong file,") })
        try machine.must(["audit", "--recompute"])
    }
}
