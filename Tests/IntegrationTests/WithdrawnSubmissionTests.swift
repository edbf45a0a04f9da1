import Foundation
import Testing

/// One wrong file after the release, and how it is taken back.
@Suite(
    .serialized,
    .enabled(if: Machine.canRun, "ACCOUNTABILITY_BIN and ACCOUNTABILITY_BROKER_BIN are not set; Deploy/test sets them"),
    .timeLimit(.minutes(30))
)
struct WithdrawnSubmissionTests {
    /// Everybody was absent for half of the year, says the file; some of its rows cannot be taken.
    private func wrongFile(of attendance: String, _ machine: Machine) throws -> String {
        var lines = try String(contentsOfFile: attendance, encoding: .utf8).split(separator: "\n").map(String.init)
        let columns = lines.removeFirst().split(separator: ",").map(String.init)
        let place = try #require(columns.firstIndex(of: "days_absent"))
        let wrong = lines.enumerated()
            .map { number, line in
                var fields = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
                fields[place] = number % 50 == 7 ? "many" : "90"
                return fields.joined(separator: ",")
            }
        let text = [columns.joined(separator: ",")] + wrong + ["2019,1"]
        return try machine.file("wrong.csv", text.joined(separator: "\n") + "\n")
    }

    private func results(_ machine: Machine) throws -> [String] {
        try [2018, 2019].flatMap { try machine.must(["determinations", "\($0)", "--canonical"]).lines }
    }

    private func waitFor(_ expected: [String], _ machine: Machine) throws {
        try machine.wait("the results of before", seconds: 90) { (try? results(machine)) == expected }
        try HealingTests().settle(machine)
        #expect(try results(machine) == expected)
    }

    private func submission(_ machine: Machine, _ file: String) throws -> String {
        let line = try machine.must(["receipts", "--format", "csv"]).lines.last { $0.contains(file) }
        return String(try #require(line?.split(separator: ",").first))
    }

    @Test func whatStoodBeforeStandsAgainWhateverEndsInBetween() throws {
        let state = try SyntheticState(students: 1500, seed: 5)
        let machine = try Machine()
        try machine.up(partitions: 3)
        for year in ["2018", "2019"] { try machine.must(["open-year", year, "--by", "J. Doe"]) }
        try machine.must(["submit"] + state.files)
        for year in ["2018", "2019"] { try machine.must(["close-year", year, "--timeout", "120"]) }
        try machine.must(["directive", "release", "official", "--year", "2019", "--date", "2019-09-24"])
        try HealingTests().settle(machine)
        let before = try results(machine)
        let rejected = try machine.must(["rejections", "2019", "--format", "csv"]).lines.count

        let attendance = try #require(state.files.first { $0.contains("attendance") && $0.contains("2019") })
        try machine.must(["submit", try wrongFile(of: attendance, machine), "--by", "A. Clerk"], code: 65)
        let id = try submission(machine, "wrong.csv")
        // After the release it waits; somebody approves it without looking.
        try machine.must(["approve", id])
        try machine.wait("the wrong file arrives") { try results(machine) != before }
        try HealingTests().settle(machine)
        let wrong = try results(machine)
        #expect(try machine.must(["rejections", "2019", "--format", "csv"]).lines.count > rejected)

        // What it would change is what it changes.
        let told = try machine.must(["preview", "--withdraw", id, "--json"])
        let answer = try #require(JSONSerialization.jsonObject(with: Data(told.output.utf8)) as? [String: Any])
        let changes = try #require(answer["changes"] as? [[String: Any]])
        // Validation dies and comes back while it is taken.
        let validation = try #require(machine.pid("validation-1"))
        #expect(kill(validation, SIGKILL) == 0)
        try machine.must(["withdraw", id, "--reason", "wrong file", "--by", "A. Clerk"])
        try waitFor(before, machine)
        #expect(!changes.isEmpty && changes.count == Set(wrong).subtracting(before).count)

        let again = try machine.must(["withdraw", id])
        #expect(again.output.contains("is withdrawn already"))
        #expect(try machine.must(["rejections", "2019", "--open", "--format", "csv"]).lines.count <= rejected)
        let receipt = try #require(try machine.must(["receipts", "--format", "csv"]).lines.first { $0.contains(id) })
        let counts = receipt.split(separator: ",").suffix(9).prefix(8).compactMap { Int($0) }
        // rows, accepted, rejected, …, withdrawn: all but the rows with faults had counted.
        #expect(counts.count == 8 && counts[0] == counts[2] && counts[1] == 0 && (1..<counts[0]).contains(counts[7]))
        try trail(machine, id)
        for nonsense in ["20000101T000000000Z-000000", "../x", "\u{1b}[31m"] {
            let refused = try machine.call(["withdraw", nonsense])
            #expect(refused.code == 65 && !refused.errors.contains("\u{1b}"), "\(refused.errors)")
        }
        try machine.must(["audit"])
        try machine.must(["audit", "--recompute"])
        #expect(try machine.doctor().filter { $0["severity"] == "problem" } == [])

        // The local broker forgets everything; the home has the withdrawal too.
        try machine.must(["down"])
        try FileManager.default.removeItem(atPath: "\(machine.home)/broker")
        try machine.up(partitions: 3)
        try waitFor(before, machine)

        // A withdrawal is a submission: without it the file counts again.
        let withdrawal = try submission(machine, "withdrawal of \(id)")
        #expect(try machine.must(["preview", "--withdraw", id, "--json"]).output.contains("\"changed\" : 0"))
        try machine.must(["withdraw", withdrawal, "--reason", "it was right"])
        try waitFor(wrong, machine)
        try machine.must(["audit", "--recompute"])
    }

    private func trail(_ machine: Machine, _ id: String) throws {
        let trail = try machine.must(["audit-trail", "--format", "csv"]).lines
        for (act, person) in [("opened", "J. Doe"), ("submitted", "A. Clerk"), ("withdrew", "A. Clerk")] {
            #expect(trail.contains { $0.contains(",\(person),command,\(act),") }, "\(act)")
        }
        #expect(trail.contains { $0.contains(",withdrew,\(id),wrong file,") })
        #expect(trail.count { $0.contains(",closed,") } == 2)
        #expect(trail.contains { $0.contains(",release official,") })
        // Nothing of a student: files, not rows.
        #expect(!trail.contains { $0.contains("S000") || $0.contains(",90,") })
        let mine = try machine.must(["audit-trail", "--by", "A. Clerk", "--format", "csv"]).lines
        #expect(mine.count == 3)
        #expect(
            try machine.must(["audit-trail", "--since", "2100-01-01T00:00:00Z", "--format", "csv"]).lines.count == 1
        )
    }
}
