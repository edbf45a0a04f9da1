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
        let metrics = try get(address, "/metrics").body
        #expect(metrics.contains("accountability_console_ready 1\n"))
        let count = metrics.firstMatch(
            of: /accountability_console_answer_seconds_count\{kind="page",status="2xx"\} ([0-9]+)/
        )
        #expect(count.flatMap { Int($0.1) }.map { $0 >= 7 } == true, "\(metrics.suffix(600))")
        for path in ["/run", "/health", "/events"] {
            let answer = try headers(address, path)
            #expect(answer.hasPrefix("HTTP/1.1 200 OK"), "\(path)")
            #expect(answer.hasSuffix("\r\n\r\n"), "\(path): an answer to HEAD has no body")
        }
        #expect(try get(address, "/run", host: "evil.example").status == "421")
        // Addresses that are too long for the console, and for its server.
        for (length, status) in [(1000, "404"), (3000, "414"), (9000, "431"), (60_000, "431")] {
            let answer = try get(address, "/api/v1/" + String(repeating: "x", count: length))
            #expect(answer.status == status && answer.body.contains("\"status\":\(status)"), "\(length): \(answer)")
        }
        let unreadable = try get(address, "/run", method: "(")
        #expect(unreadable.status == "400" && unreadable.body.contains("\"status\":400"), "\(unreadable)")
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

    @Test("With accounts a person signs in and submits; a district gets its own only", .timeLimit(.minutes(30)))
    func accounts() throws {
        let installation = try Installation(
            partitions: 2,
            options: ["--console", "--console-listen", "127.0.0.1:0"]
        )
        let address = try String(contentsOfFile: "\(installation.home)/run/console-1.address", encoding: .utf8)
            .trimmingCharacters(in: .whitespacesAndNewlines)
        let state = try SyntheticState(students: 600, seed: 5)
        try installation.runYears([2018, 2019], files: state.files)
        let folder = FileManager.default.temporaryDirectory.appending(path: "accounts-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try Data("a long password\n".utf8).write(to: URL(filePath: "\(folder)/password"))
        #expect(try get(address, "/years/2019").status == "200")
        let password = ["--password-file", "\(folder)/password"]
        try installation.must(["account", "add", "clerk", "--role", "data"] + password)
        #expect(try get(address, "/years/2019").status == "303")
        #expect(try get(address, "/api/v1/years").status == "401")

        func curl(_ path: String, _ options: [String]) throws -> String {
            try run(
                "/usr/bin/curl",
                ["-s", "-m", "120", "-L", "-b", "\(folder)/jar", "-c", "\(folder)/jar"] + options + [
                    "http://\(address)\(path)"
                ]
            )
            .output
        }
        func token(_ page: String) throws -> String {
            String(try #require(page.firstMatch(of: /name="token" value="([0-9a-f]{64})"/)).1)
        }
        func signIn(_ name: String) throws {
            try? FileManager.default.removeItem(atPath: "\(folder)/jar")
            let form = try token(try curl("/sign-in", []))
            let page = try curl(
                "/sign-in",
                ["-d", "token=\(form)", "-d", "name=\(name)", "--data-urlencode", "password=a long password"]
            )
            #expect(page.contains("Sign out"))
        }
        try signIn("clerk")
        let file = try #require(state.files.first { $0.contains("attendance-2019") })
        let lines = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n").map(String.init)
        let own = lines[0...1].joined(separator: "\n") + "\n"
        try Data(own.utf8).write(to: URL(filePath: "\(folder)/one.csv"))
        let form = try token(try curl("/upload", []))
        let preview = try curl("/upload", ["-F", "token=\(form)", "-F", "file=@\(folder)/one.csv"])
        let errand = try #require(preview.firstMatch(of: /\/errands\/[0-9a-f]{32}/)).output
        for _ in 0..<20 where try curl(String(errand), []).contains("id=\"waiting\"") {}
        let done = try curl("\(errand)/confirm", ["-d", "token=\(form)"])
        var receipt = done
        for _ in 0..<20 where receipt.contains("id=\"waiting\"") { receipt = try curl(String(errand), []) }
        #expect(receipt.contains("It is done."), "\(receipt.suffix(3000))")
        let trail = try installation.must(["audit-trail", "--by", "clerk", "--format", "csv"]).output
        #expect(trail.contains(",clerk,console,submitted,"))

        // A body that is larger than its address takes is not read, and the answer is a problem like any other.
        let session = try curl("/api/v1/session", [])
        let header = String(try #require(session.firstMatch(of: /"token":"([0-9a-f]{64})"/)).1)
        let sent = ["-H", "X-CSRF-Token: \(header)", "-H", "Content-Length: 99999999"]
        let tooLarge = try curl("/api/v1/uploads", sent + ["-H", "Content-Type: text/csv", "-d", "a"])
        #expect(tooLarge.contains("\"status\":413"), "\(tooLarge)")

        // A district gets its own, once it is released to it, and nothing of another one.
        let code = String(lines[1].split(separator: ",")[1].prefix(4)) + "0000"
        let other = try #require(
            lines.dropFirst().map { String($0.split(separator: ",")[1].prefix(4)) + "0000" }.first { $0 != code }
        )
        try installation.must(["account", "add", "district", "--role", "district", "--district", code] + password)
        try signIn("district")
        #expect(try curl("/api/v1/years/2019/organizations/\(code)", []).contains("\"status\":404"))
        try installation.must(["directive", "release", "preliminary", "--year", "2019", "--date", "2019-09-10"])
        var answer = ""
        for _ in 0..<100 where !answer.contains("\"determination\"") && !answer.contains("\"derivation\"") {
            Thread.sleep(forTimeInterval: 0.2)
            answer = try curl("/api/v1/years/2019/organizations/\(code)", [])
        }
        #expect(answer.contains("\"derivation\""), "\(answer.prefix(300))")
        #expect(try curl("/api/v1/years/2019/organizations/\(other)", []).contains("\"status\":404"))
        let list = try curl("/years/2019", [])
        // Its code or that of one of its schools, but not four digits of a token.
        let stranger = try Regex("[^0-9a-f]\(other.prefix(4))[0-9]{4}[^0-9a-f]")
        let mine = try Regex("[^0-9a-f]\(code.prefix(4))[0-9]{4}[^0-9a-f]")
        #expect(list.contains(mine))
        #expect(list.firstMatch(of: stranger).map { String(list[$0.range]) } == nil)
        #expect(try !curl("/files", []).contains("one.csv"))
        try installation.must(["account", "remove", "district"])
        #expect(try get(address, "/years/2019").status == "303")
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
