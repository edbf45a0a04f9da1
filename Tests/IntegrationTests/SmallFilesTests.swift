import Foundation
import Testing

/// Small files that wait are taken together, and each has its own receipt and its own fate.
@Suite(
    .serialized,
    .enabled(
        if: TestEnvironment.canRun,
        "ACCOUNTABILITY_BIN and ACCOUNTABILITY_TEST_BROKERS are not set; Deploy/test sets them"
    ),
    .timeLimit(.minutes(30))
)
struct SmallFilesTests {
    private struct Receipt: Decodable {
        var fileName: String
        var rows: Int
        var accepted: Int
    }

    /// Drops files into the watched folder while nobody takes them, so that all of them wait.
    private func drop(_ files: [(name: String, text: String)], _ installation: Installation) throws {
        let pid = try installation.processIdentifier(of: "ingestion")
        kill(pid, SIGSTOP)
        defer { kill(pid, SIGCONT) }
        for (name, text) in files {
            let inbox = URL(filePath: "\(installation.home)/inbox")
            try text.write(to: inbox.appending(path: ".\(name)"), atomically: false, encoding: .utf8)
            try FileManager.default.moveItem(
                at: inbox.appending(path: ".\(name)"),
                to: inbox.appending(path: name)
            )
        }
    }

    /// The receipts that lie in the archive, by the name of the file.
    private func archived(_ installation: Installation) throws -> [String: [[String: Any]]] {
        let folder = URL(filePath: "\(installation.home)/inbox/archive")
        let all = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".json") }
            .compactMap { name in
                let data = try Data(contentsOf: folder.appending(path: name))
                return try JSONSerialization.jsonObject(with: data) as? [String: Any]
            }
        return Dictionary(grouping: all) { $0["fileName"] as? String ?? "" }
    }

    private func wait(_ installation: Installation, until isDone: ([String: [[String: Any]]]) -> Bool) throws {
        let deadline = ContinuousClock.now + .seconds(120)
        while ContinuousClock.now < deadline {
            if isDone(try archived(installation)) { return }
            Thread.sleep(forTimeInterval: 0.1)
        }
        Issue.record("the files were not taken within two minutes: \(try archived(installation).keys.sorted())")
    }

    private func commits(_ installation: Installation) throws -> Int {
        let lines = try installation.metrics("ingestion-1").split(separator: "\n")
        let line = try #require(lines.first { $0.hasPrefix("accountability_commits_total{") })
        return try #require(line.split(separator: " ").last.flatMap { Double($0) }.map { Int($0) })
    }

    @Test func eachHasItsOwnReceiptAndFate() throws {
        let state = try SyntheticState(students: 400, seed: 3)
        let installation = try Installation(partitions: 3)
        let organizations = try #require(state.files.first { $0.contains("organizations") })
        let attendance = try #require(state.files.first { $0.contains("attendance-2019") })
        for year in ["2018", "2019"] { try installation.must(["open-year", year]) }
        try installation.must(["submit", organizations])
        let before = try commits(installation)
        let lines = try String(contentsOfFile: attendance, encoding: .utf8).split(separator: "\n")
        let header = try #require(lines.first)
        var files = lines.dropFirst().prefix(60).enumerated()
            .map { (name: String(format: "row-%03d.csv", $0.offset), text: "\(header)\n\($0.element)\n") }
        files.insert((name: "row-030-wrong.csv", text: "no,such,layout\n1,2,3\n"), at: 31)
        try drop(files, installation)
        try wait(installation) { $0.keys.filter { $0.hasPrefix("row-") }.count == 61 }

        let found = try archived(installation)
        for (name, _) in files {
            let receipts = try #require(found[name])
            #expect(receipts.count == 1)
            #expect(receipts.first?["status"] as? String == (name == "row-030-wrong.csv" ? "refused" : "committed"))
        }
        // The wrong one goes alone, and its neighbours stay together: no abort takes them apart.
        let made = try commits(installation) - before
        #expect(made <= 7, "\(made) transactions for 60 files")
        try holdsOnce(files.map(\.name).filter { $0 != "row-030-wrong.csv" }, installation)
    }

    /// An act ends its transaction, which is committed.
    ///
    /// What the act makes official has to stand before the next file is read. An abort would cost a transaction for
    /// each of the files, and another producer.
    @Test func anActEndsItsTransaction() throws {
        let state = try SyntheticState(students: 400, seed: 5)
        let installation = try Installation(partitions: 2)
        let organizations = try #require(state.files.first { $0.contains("organizations") })
        let attendance = try #require(state.files.first { $0.contains("attendance-2019") })
        for year in ["2018", "2019"] { try installation.must(["open-year", year]) }
        try installation.must(["submit", organizations])
        let lines = try String(contentsOfFile: attendance, encoding: .utf8).split(separator: "\n")
        let school = try
            String(contentsOfFile: organizations, encoding: .utf8).split(separator: "\n")
            .first { $0.contains(",school,") }?
            .split(separator: ",")[1]
        let act = "2019,\(try #require(school)),designation,underperforming,2019-09-24,review,B-1"
        var files = lines.dropFirst().prefix(6).enumerated()
            .map { (name: "row-\($0.offset).csv", text: "\(lines[0])\n\($0.element)\n") }
        let columns = "school_year,org_code,directive,kind,effective_date,reason,reference"
        files.insert(("row-2-act.csv", "\(columns)\n\(act)\n"), at: 3)
        let before = try commits(installation)
        try drop(files, installation)
        try wait(installation) { $0.keys.filter { $0.hasPrefix("row-") }.count == 7 }
        // Each of seven alone after an abort; else two, and one or two more where not all were seen at once.
        let made = try commits(installation) - before
        #expect(made <= 4, "\(made) transactions for 7 files")
        try holdsOnce(files.map(\.name), installation)
    }

    /// A process that is killed at any moment takes nothing twice and loses nothing.
    @Test func nothingIsTakenTwice() throws {
        let state = try SyntheticState(students: 400, seed: 4)
        let installation = try Installation(partitions: 2)
        let organizations = try #require(state.files.first { $0.contains("organizations") })
        let attendance = try #require(state.files.first { $0.contains("attendance-2019") })
        for year in ["2018", "2019"] { try installation.must(["open-year", year]) }
        try installation.must(["submit", organizations])
        let lines = try String(contentsOfFile: attendance, encoding: .utf8).split(separator: "\n")
        let header = try #require(lines.first)
        let files = lines.dropFirst().prefix(120).enumerated()
            .map { (name: String(format: "row-%03d.csv", $0.offset), text: "\(header)\n\($0.element)\n") }
        try drop(files, installation)
        var kills = 0
        let deadline = ContinuousClock.now + .seconds(120)
        while try archived(installation).keys.filter({ $0.hasPrefix("row-") }).count < 120 {
            try #require(ContinuousClock.now < deadline)
            Thread.sleep(forTimeInterval: 0.02)
            // Once it has begun: the next life finds some in the ledger, with or without their receipts.
            if kills < 6, try archived(installation).keys.contains(where: { $0.hasPrefix("row-") }),
                let pid = installation.pid("ingestion-1"), kill(pid, SIGKILL) == 0
            {
                kills += 1
            }
        }
        #expect(kills > 0)
        try holdsOnce(files.map(\.name), installation)
    }

    /// Each file is in the ledger once, and its row was validated once.
    private func holdsOnce(_ names: [String], _ installation: Installation) throws {
        try installation.must(["close-year", "2019", "--timeout", "120", "--incomplete", "a test of single rows"])
        let table = try installation.must(["receipts", "--format", "json"]).output
        let receipts = try JSONDecoder().decode([Receipt].self, from: Data(table.utf8))
        for name in names {
            let own = receipts.filter { $0.fileName == name }
            #expect(own.count == 1 && own.first?.rows == 1 && own.first?.accepted == 1, "\(name): \(own)")
        }
    }
}
