import Foundation
import Testing

/// The console beside a real installation.
@Suite(
    .serialized,
    .enabled(if: TestEnvironment.canRun, "ACCOUNTABILITY_BIN and ACCOUNTABILITY_TEST_BROKERS are not set")
) struct ConsoleTests {
    private func get(_ address: String, _ path: String, method: String = "GET", host: String? = nil) throws -> (
        status: String, body: String
    ) {
        var arguments = ["-s", "-m", "20", "-X", method, "-w", "\n%{http_code}", "http://\(address)\(path)"]
        if let host { arguments += ["-H", "Host: \(host)"] }
        let outcome = try run("/usr/bin/curl", arguments)
        let lines = outcome.output.split(separator: "\n", omittingEmptySubsequences: false)
        return (String(lines.last ?? ""), lines.dropLast().joined(separator: "\n"))
    }

    /// The answer to HEAD with every byte of it: curl is not told that no body belongs to it.
    private func headers(_ address: String, _ path: String) throws -> String {
        try run(
            "/usr/bin/curl",
            ["-s", "-i", "-m", "5", "-X", "HEAD", "-H", "Connection: close", "http://\(address)\(path)"]
        )
        .output
    }

    @Test("up --console shows what the commands print, live, and stops with down", .timeLimit(.minutes(30)))
    func console() throws {
        let state = try SyntheticState(students: 600, seed: 5)
        let installation = try Installation(
            partitions: 2,
            options: ["--console", "--console-listen", "127.0.0.1:0"]
        )
        let address = try String(contentsOfFile: "\(installation.home)/run/console-1.address", encoding: .utf8)
            .trimmingCharacters(in: .whitespacesAndNewlines)
        #expect(try get(address, "/").status == "303")
        let empty = try get(address, "/api/v1/run").body
        #expect(empty.contains("\"submissions\":0") || empty.contains("\"is_known\":false"))
        func revision() throws -> String {
            let events = try run("/usr/bin/curl", ["-s", "-N", "-m", "1", "http://\(address)/events"])
            return events.lines.first ?? ""
        }
        let before = try revision()
        #expect(before.hasPrefix("data: "))
        try installation.runYears([2018, 2019], files: state.files)
        let year = 2019

        // The same rows as the command.
        let csv = try installation.must(["determinations", "\(year)", "--format", "csv"]).output
        var shown = ""
        for _ in 0..<50 where shown != csv {
            shown = try get(address, "/years/\(year)/determinations.csv").body.replacing("\r\n", with: "\n")
            if shown != csv { Thread.sleep(forTimeInterval: 0.2) }
        }
        #expect(shown == csv)
        let code = try #require(
            csv.split(separator: "\n").dropFirst().first?.split(separator: ",").dropFirst().first
        )
        // The same derivation as the command.
        let page = try get(address, "/years/\(year)/organizations/\(code)")
        #expect(page.status == "200")
        let explained = try installation.must(["explain", "\(year)", "\(code)", "--json"]).output
        let command = try #require(try JSONSerialization.jsonObject(with: Data(explained.utf8)) as? [String: Any])
        let answer = try get(address, "/api/v1/years/\(year)/organizations/\(code)").body
        let console = try #require(try JSONSerialization.jsonObject(with: Data(answer.utf8)) as? [String: Any])
        let derivation = try #require(console["derivation"] as? [String: Any])
        #expect(derivation["value"] as? String == command["value"] as? String)
        #expect((derivation["inputs"] as? [Any])?.count == (command["inputs"] as? [Any])?.count)

        for path in [
            "/run", "/files", "/rejections", "/frameworks", "/years/\(year)", "/years/\(year)/state", "/ready",
        ] {
            #expect(try get(address, path).status == "200", "\(path)")
        }
        #expect(try get(address, "/run", method: "POST").status == "405")
        for path in ["/run", "/health", "/events"] {
            let answer = try headers(address, path)
            #expect(answer.hasPrefix("HTTP/1.1 200 OK"), "\(path)")
            #expect(answer.hasSuffix("\r\n\r\n"), "\(path): an answer to HEAD has no body")
        }
        #expect(try get(address, "/run", host: "evil.example").status == "421")
        let after = try revision()
        #expect(after.hasPrefix("data: ") && after != before)
        #expect(
            try installation.must(["doctor"]).output.contains("console (console-1): ready at http://\(address)/")
        )
        // Started again after a crash, it is where the browser looks for it.
        let crashed = try installation.processIdentifier(of: "console")
        #expect(kill(crashed, SIGKILL) == 0)
        var isBack = false
        for _ in 0..<200 where !isBack {
            Thread.sleep(forTimeInterval: 0.1)
            isBack = try get(address, "/ready").status == "200"
        }
        #expect(isBack)
        #expect(try installation.must(["doctor"]).output.contains("restarts (console-1): it ended 1 time"))
        #expect(try installation.must(["status", "--once"]).output.contains("complete"))
        #expect(try installation.call(["down"]).code == 0)
        #expect(try get(address, "/run").status == "000")
    }

    @Test(
        "The console is not brought where others reach it",
        arguments: ["0.0.0.0:8603", "192.168.1.1:80", "example.org:80", "[::]:1"]
    )
    func elsewhere(listen: String) throws {
        let programs = try #require(TestEnvironment.programs)
        let worker = try run("\(programs)/console-worker", ["--brokers", "127.0.0.1:1", "--listen", listen])
        #expect(worker.code == 64 && worker.errors.contains("loopback interface only"))
        let up = try run("\(programs)/accountability", ["up", "--console", "--console-listen", listen])
        #expect(up.code == 64 && up.errors.contains("loopback interface only"))
    }
}
