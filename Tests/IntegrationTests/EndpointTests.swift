import Foundation
import Testing

/// The endpoints of a worker that has no broker: what they answer, and what they bound.
@Suite(
    .enabled(if: TestEnvironment.programs != nil, "ACCOUNTABILITY_BIN is not set; Deploy/test sets it"),
    .timeLimit(.minutes(30))
)
struct EndpointTests {
    @Test func answersOnLoopbackWhatItMustAndBoundsTheRest() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "endpoints-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "address")
        let worker = Process()
        worker.executableURL = URL(filePath: "\(TestEnvironment.programs ?? "")/validation-worker")
        worker.arguments = ["--brokers", "127.0.0.1:1", "--address-file", file.path]
        worker.environment = ["ACCOUNTABILITY_HOME": folder.path]
        worker.standardOutput = FileHandle.nullDevice
        worker.standardError = FileHandle.nullDevice
        try worker.run()
        defer {
            kill(worker.processIdentifier, SIGKILL)
            worker.waitUntilExit()
        }
        let deadline = ContinuousClock.now + .seconds(15)
        while !FileManager.default.fileExists(atPath: file.path), ContinuousClock.now < deadline {
            Thread.sleep(forTimeInterval: 0.05)
        }
        let address = try String(contentsOf: file, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
        #expect(address.hasPrefix("127.0.0.1:"))

        func status(_ path: String, _ options: [String] = []) throws -> String {
            try run(
                "/usr/bin/env",
                ["curl", "-s", "-m", "10", "-o", "/dev/null", "-w", "%{http_code}"] + options + [
                    "http://\(address)\(path)"
                ]
            )
            .output
        }
        #expect(try status("/health") == "200")
        #expect(try status("/ready") == "503")
        #expect(try status("/metrics") == "200")
        for path in ["/", "/../etc/passwd", "/health/x", "/debug"] { #expect(try status(path) == "404") }
        #expect(try status("/health", ["-X", "POST", "-d", "x"]) == "404")
        #expect(try status("/health", ["-H", "X: \(String(repeating: "a", count: 5000))"]) == "400")
        #expect(try status("/health", (0..<100).flatMap { ["-H", "X\($0): 1"] }) == "400")

        // A request that is never finished does not hold its connection for ever.
        let port = try #require(address.split(separator: ":").last)
        let idle = try run(
            "/bin/bash",
            [
                "-c",
                """
                exec 3<>/dev/tcp/127.0.0.1/\(port); printf 'GET /he' >&3
                sleep 15 3<&- >/dev/null 2>&1 & neighbour=$!
                timeout 60 cat <&3 || exit 2
                kill $neighbour
                """,
            ]
        )
        #expect(idle.code == 0, "it is closed before a neighbour has slept for 15 seconds; 1 means after, 2 never")
    }
}
