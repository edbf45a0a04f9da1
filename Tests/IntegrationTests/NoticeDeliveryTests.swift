import Foundation
import Testing

/// Notices on their way to an endpoint that fails, by a worker that is killed.
@Suite(
    .serialized,
    .enabled(
        if: TestEnvironment.canRun && TestEnvironment.python != nil,
        "ACCOUNTABILITY_BIN, ACCOUNTABILITY_TEST_BROKERS and ACCOUNTABILITY_PYTHON are not set; Deploy/test sets them"
    ),
    .timeLimit(.minutes(30))
)
struct NoticeDeliveryTests {
    /// An installation with all three channels, and the endpoint.
    private final class Delivering {
        let folder = FileManager.default.temporaryDirectory.appending(path: "notices-\(UUID().uuidString)").path
        private let namespace = "nd\(UInt32.random(in: .min ... .max))"
        private let receiver = Process()
        private var home: String { "\(folder)/home" }

        init() throws {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let secret = "\(folder)/secret"
            try #require(
                FileManager.default.createFile(
                    atPath: secret,
                    contents: Data("a secret of the test, long enough".utf8),
                    attributes: [.posixPermissions: 0o600]
                )
            )
            try "org_code,address\n00000000,doe@example.org\n"
                .write(toFile: "\(folder)/recipients.csv", atomically: true, encoding: .utf8)
            receiver.executableURL = URL(filePath: TestEnvironment.python ?? "")
            receiver.arguments = [
                "\(TestEnvironment.repository)/Tests/IntegrationTests/Clients/webhook_receiver.py", secret, folder,
            ]
            receiver.standardInput = FileHandle.nullDevice
            receiver.standardOutput = FileHandle.nullDevice
            receiver.standardError = FileHandle.nullDevice
            try receiver.run()
            try wait("the endpoint listens") { FileManager.default.fileExists(atPath: "\(folder)/address") }
            let port = try String(contentsOfFile: "\(folder)/address", encoding: .utf8)
            let up = try call([
                "up", "--brokers", TestEnvironment.brokers ?? "", "--namespace", namespace, "--local-broker",
                "--partitions", "3", "--timeout", "120",
                "--", "--webhook", "http://127.0.0.1:\(port)/notices", "--webhook-allow-private",
                "--webhook-secret-file", secret,
                "--delivery-pause", "200", "--mail-spool", "\(folder)/mail", "--mail-from", "notices@doe.example.org",
                "--mail-recipients", "\(folder)/recipients.csv",
            ])
            try #require(up.code == 0, "up failed: \(up.errors)\n\(up.output)")
        }

        deinit {
            _ = try? call(["down"])
            kill(receiver.processIdentifier, SIGKILL)
            try? FileManager.default.removeItem(atPath: folder)
        }

        @discardableResult
        func call(_ arguments: [String]) throws -> Outcome {
            try run(
                "\(TestEnvironment.programs ?? "")/accountability",
                arguments,
                environment: ["ACCOUNTABILITY_HOME": home]
            )
        }

        func wait(_ what: String, seconds: Double = 60, _ condition: () throws -> Bool) throws {
            let deadline = ContinuousClock.now + .seconds(seconds)
            while try !condition() {
                try #require(
                    ContinuousClock.now < deadline,
                    "\(what): not within \(seconds) seconds\n\(log.suffix(3000))"
                )
                Thread.sleep(forTimeInterval: 0.05)
            }
        }

        var log: String { (try? String(contentsOfFile: "\(home)/logs/notification-1.log", encoding: .utf8)) ?? "" }

        /// The ids in a file of the endpoint, with the status where it has one.
        func ids(_ file: String, status: Int? = nil) -> [String] {
            let text = (try? String(contentsOfFile: "\(folder)/\(file)", encoding: .utf8)) ?? ""
            return text.split(separator: "\n")
                .compactMap { line in
                    let entry = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
                    return status == nil || entry?["status"] as? Int == status ? entry?["id"] as? String : nil
                }
        }

        func workerIdentifier() -> Int32? {
            let text = try? String(contentsOfFile: "\(home)/run/notification-1.pid", encoding: .utf8)
            return text?.split(whereSeparator: \.isWhitespace).first.flatMap { Int32($0) }
        }

        func files(_ path: String, _ suffix: String) -> [String] {
            let all = FileManager.default.enumerator(atPath: path)?.allObjects as? [String] ?? []
            return all.filter { $0.hasSuffix(suffix) || $0.hasSuffix(".part") }
        }

        var spooled: [String] { files("\(home)/spool", ".json") }
        var mailed: [String] { files("\(folder)/mail", ".eml") }

        func metrics(_ worker: String = "notification-1") throws -> String {
            let address = try String(contentsOfFile: "\(home)/run/\(worker).address", encoding: .utf8)
                .trimmingCharacters(in: .whitespacesAndNewlines)
            return try run(
                TestEnvironment.python ?? "",
                [
                    "-c", "import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1]).read().decode())",
                    "http://\(address)/metrics",
                ]
            )
            .output
        }
    }

    @Test func everyEventArrivesOnceThoughTheEndpointFailsAndTheWorkerIsKilled() throws {
        let installation = try Delivering()
        let codes = (0..<60).map { "0\(100 + $0)0005" } + ["00990005"]
        let rows = codes.map { "2026,\($0),designation,underperforming,2026-10-15,,Low results of \($0),,," }
        let header = "school_year,org_code,directive,kind,effective_date,end_date,reason,reference,rating,parts"
        try ([header] + rows).joined(separator: "\n").appending("\n")
            .write(toFile: "\(installation.folder)/directives.csv", atomically: true, encoding: .utf8)
        try #require(try installation.call(["open-year", "2026"]).code == 0)
        let submitted = try installation.call(["submit", "--allow-undeclared", "\(installation.folder)/directives.csv"])
        try #require(submitted.code == 0, "\(submitted.errors)\(submitted.output)")
        let expected = Set(codes.map { "2026/\($0)/directive/designation.underperforming/1" })
        let dead = "2026/00990005/directive/designation.underperforming/1"

        var kills = 0
        for count in [1, 15, 30, 45] {
            try installation.wait("\(count) acceptances") { installation.ids("accepted.jsonl").count >= count }
            let worker = try #require(installation.workerIdentifier())
            if kill(worker, SIGKILL) == 0 { kills += 1 }
            try installation.wait("a new worker") {
                installation.workerIdentifier().map { $0 != worker && kill($0, 0) == 0 } ?? false
            }
        }
        #expect(kills == 4)
        try installation.wait("every event") { Set(installation.ids("accepted.jsonl")).count >= 60 }
        let states = { try installation.call(["deliveries", "--format", "csv"]).output }
        try installation.wait("every state") {
            try states()
                == "channel,state,notices\nfiles,delivered,61\nmail,delivered,61\nwebhook,dead,1\nwebhook,delivered,60\n"
        }
        let accepted = installation.ids("accepted.jsonl")
        #expect(Set(accepted) == expected.subtracting([dead]))
        // The endpoint sees again, under the same id, what was under way when the worker died, and nothing else.
        #expect(accepted.count - 60 <= kills * 8)
        #expect(installation.ids("attempts.jsonl", status: 401).isEmpty, "every signature is valid")
        #expect(
            installation.ids("attempts.jsonl", status: 404) == [dead]
                || installation.ids("attempts.jsonl", status: 404).count <= kills + 1
        )

        // A file and a message each, and nothing half written. Before the release they are the Department's.
        #expect(
            Set(installation.spooled)
                == Set(codes.map { "2026/00000000/2026-\($0)-directive-designation.underperforming-r1.json" })
        )
        #expect(
            Set(installation.mailed)
                == Set(codes.map { "2026-\($0)-directive-designation.underperforming-r1-to-00000000.eml" })
        )
        #expect(installation.spooled.count == 61 && installation.mailed.count == 61)

        let listed = try installation.call(["deliveries", "--dead", "--format", "csv"])
        #expect(
            listed.lines.count == 2 && listed.output.contains(dead)
                && listed.output.contains("the endpoint answered 404")
        )
        #expect(try installation.call(["deliveries", "--retry", "2026/nobody/1"]).code == 65)
        try "".write(toFile: "\(installation.folder)/repaired", atomically: true, encoding: .utf8)
        #expect(try installation.call(["deliveries", "--retry", dead]).code == 0)
        try installation.wait("the dead one") { installation.ids("accepted.jsonl").contains(dead) }
        try installation.wait("its state") { try states().contains("webhook,delivered,61\n") }
        #expect(try installation.call(["deliveries", "--all"]).output == "nothing is dead\n")
        let metrics = try installation.metrics()
        #expect(
            metrics.contains(#"accountability_deliveries_dead{stage="notification",instance="1",channel="webhook"} 0"#)
        )
        #expect(
            metrics.contains(
                #"accountability_deliveries_pending{stage="notification",instance="1",channel="webhook"} 0"#
            )
        )
        // How long an endpoint takes, and the way from the submission to what it made a stage publish.
        for (worker, name) in [
            ("notification-1", "accountability_webhook_duration_seconds"),
            ("validation-1", "accountability_latency_seconds"),
        ] {
            let told = try installation.metrics(worker).split(separator: "\n")
            #expect(told.contains("# TYPE \(name) histogram"))
            let counts = ["_count{", "_bucket{"]
                .map { part in
                    told.last { $0.hasPrefix(name + part) && (part == "_count{" || $0.contains(#"le="+Inf""#)) }?
                        .split(separator: " ").last.flatMap { Int($0) } ?? 0
                }
            #expect(counts[0] > 0 && counts[0] == counts[1], "\(name) \(counts)")
        }
        #expect(try installation.call(["notices", "--event", "directive", "--format", "csv"]).lines.count == 62)

        // A worker that starts anew sends nothing again.
        let before = installation.ids("attempts.jsonl").count
        let worker = try #require(installation.workerIdentifier())
        let lives = installation.log.components(separatedBy: "delivering").count
        #expect(kill(worker, SIGTERM) == 0)
        try installation.wait("a new worker") {
            installation.workerIdentifier().map { $0 != worker && kill($0, 0) == 0 } ?? false
        }
        try installation.wait("deliveries go on") {
            installation.log.components(separatedBy: "delivering").count > lives
        }
        Thread.sleep(forTimeInterval: 3)
        #expect(installation.ids("attempts.jsonl").count == before)
        #expect(!installation.log.contains("a secret of the test"))
    }
}
