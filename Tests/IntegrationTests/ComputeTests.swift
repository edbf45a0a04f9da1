import Foundation
import Testing

/// The year in one process against the real workers, and what a preview tells against what then happens.
@Suite(
    .serialized,
    .enabled(
        if: TestEnvironment.canRun,
        "ACCOUNTABILITY_BIN and ACCOUNTABILITY_TEST_BROKERS are not set; Deploy/test sets them"
    ),
    .timeLimit(.minutes(30))
)
struct ComputeTests {
    private let out = FileManager.default.temporaryDirectory.appending(path: "compute-\(UUID().uuidString)").path

    private func compute(_ arguments: [String], code: Int32 = 0) throws -> Outcome {
        let outcome = try run(
            "\(TestEnvironment.programs ?? "")/accountability",
            ["compute"] + arguments,
            environment: ["ACCOUNTABILITY_HOME": "\(out)-no-home"]
        )
        try #require(outcome.code == code, "\(outcome.code): \(outcome.errors)\n\(outcome.output)")
        // Nothing is left behind: not even a home is made.
        #expect(!FileManager.default.fileExists(atPath: "\(out)-no-home"))
        return outcome
    }

    private func lines(_ name: String, in folder: String) throws -> [String] {
        try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8).split(separator: "\n").map(String.init)
    }

    private func release(into folder: String) throws -> String {
        let path = "\(folder)/corrections-release.csv"
        try """
        school_year,org_code,directive,kind,effective_date,end_date,reason,reference,rating,parts
        2019,00000000,framework_step,proposed,2018-01-10,,,,,
        2019,00000000,framework_step,comment_opened,2018-02-01,2018-03-15,,,,
        2019,00000000,framework_step,recommended,2018-05-01,,,,,
        2019,00000000,framework_step,approved,2018-06-20,,,Board vote of 2018-06-20,,
        2019,00000000,release,official,2019-09-24,,,,,

        """
        .write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    private func waits(_ seconds: Int = 60, until holds: () throws -> Bool) rethrows -> Bool {
        let deadline = ContinuousClock.now + .seconds(seconds)
        while try !holds() {
            guard ContinuousClock.now < deadline else { return false }
            Thread.sleep(forTimeInterval: 0.5)
        }
        return true
    }

    @Test func theWorkersAndTheProcessGiveTheSameBytesAndPreviewsComeTrue() throws {
        defer { try? FileManager.default.removeItem(atPath: out) }
        let state = try SyntheticState(students: 1500, seed: 21)
        let folder = URL(filePath: state.files[0]).deletingLastPathComponent().path
        let release = try release(into: folder)
        let live = try Installation(partitions: 3)
        try live.runYears([2018, 2019], files: state.files)

        _ = try compute([folder, "--out", "\(out)/closed"])
        for year in [2018, 2019] {
            #expect(
                try lines("canonical-\(year).txt", in: "\(out)/closed") == live.canonicalDeterminations(year),
                "\(year)"
            )
        }

        // A release, then corrections that move ranks: the process and the workers hold the same norm.
        for (count, file) in ([release] + state.corrections).enumerated() {
            let before = try live.canonicalDeterminations(2019)
            let told = try live.call(["preview", file, "--json"])
            #expect(told.code == 0, "\(told.errors)")
            // A preview writes nothing.
            #expect(try live.canonicalDeterminations(2019) == before)
            try live.must(["submit", file])
            if count > 0 {
                // After the release a file waits; approved, it is as if it had come now, as the process takes it.
                let receipts = try live.must(["receipts", "--format", "csv"]).lines
                let id = try #require(receipts.last { $0.contains("corrections-") }?.split(separator: ",").first)
                let held = try live.call(["preview", "--held", String(id), "--json"])
                #expect(held.code == 0, "\(held.errors)")
                #expect(try live.canonicalDeterminations(2019) == before)
                try live.must(["approve", String(id)])
                #expect(held.output.components(separatedBy: "\"org_code\"").count > 1)
            }
            let also = ([release] + state.corrections).prefix(count + 1).flatMap { ["--also", $0] }
            _ = try compute([folder, "--out", "\(out)/\(count)", "--threads", "2"] + also)
            let expected = try lines("canonical-2019.txt", in: "\(out)/\(count)")
            #expect(try waits { try live.canonicalDeterminations(2019) == expected })

            let answer = try #require(JSONSerialization.jsonObject(with: Data(told.output.utf8)) as? [String: Any])
            let changes = try #require(answer["changes"] as? [[String: Any]])
            let changed = Set(
                changes.filter { $0["school_year"] as? Int == 2019 }.compactMap { $0["org_code"] as? String }
            )
            let differing = Set(before).symmetricDifference(expected)
                .compactMap { line in
                    (try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])?["orgCode"] as? String
                }
            #expect(!changed.isEmpty && changed == Set(differing), "\(file)")
            let counts = try #require(answer["determinations"] as? [String: Int])
            #expect(counts["changed"] == changes.count && counts["before"] == counts["after"])
            for change in changes {
                #expect(change["causes"] as? [String] == [URL(filePath: file).lastPathComponent])
                #expect((change["fields"] as? [String])?.isEmpty == false)
            }
        }

        // Without the last correction, what stood before it would stand again, and does when it is withdrawn.
        let before = try lines("canonical-2019.txt", in: "\(out)/\(state.corrections.count - 1)")
        let receipts = try live.must(["receipts", "--format", "csv"]).lines
        let id = try #require(
            receipts.last { $0.contains("corrections-") }?.split(separator: ",").first { $0.contains("Z-") }
        )
        let told = try live.call(["preview", "--withdraw", String(id), "--json"])
        #expect(told.code == 0, "\(told.errors)")
        let answer = try #require(JSONSerialization.jsonObject(with: Data(told.output.utf8)) as? [String: Any])
        #expect((answer["changes"] as? [[String: Any]])?.isEmpty == false)
        #expect(try live.canonicalDeterminations(2019) != before)
        try live.must(["withdraw", String(id), "--reason", "wrong file", "--by", "a person"])
        #expect(try waits { try live.canonicalDeterminations(2019) == before })
        let again = try live.must(["withdraw", String(id)])
        #expect(again.output.contains("is withdrawn already"))
        let trail = try live.must(["audit-trail", "--by", "a person", "--format", "csv"]).lines
        #expect(trail.count == 2 && trail[1].contains("withdrew") && trail[1].contains("wrong file"), "\(trail)")
        #expect(try live.must(["audit-trail", "--format", "csv"]).output.contains(",release official,"))
        #expect(try live.call(["audit"]).code == 0)

        for command in ["withdraw", "preview --withdraw"] {
            let words = command.split(separator: " ").map(String.init)
            #expect(try live.call(words + ["20000101T000000000Z-000000"]).code == 65)
        }
        #expect(try live.call(["preview"]).code == 64)
    }
}
