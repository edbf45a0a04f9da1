import Foundation
import Testing

/// A listener of a test's own in front of the broker: it writes down which rights each client's requests need, speaks
/// TLS where it is told to, and asks who it is that calls.
final class Listener {
    let address: String
    private let port: Int
    private var process = Process()
    private let record: URL
    private let arguments: [String]
    private let environment: [String: String]

    /// Starts listening.
    ///
    /// - `certificate`: files of a certificate and its key; nil listens in plain text.
    /// - `account`: `user:password` that clients have to know; nil leaves that to the broker.
    init(namespace: String, certificate: (path: String, key: String)? = nil, account: String? = nil) throws {
        port = try Self.freePort()
        address = "127.0.0.1:\(port)"
        record = FileManager.default.temporaryDirectory.appending(path: "requests-\(UUID().uuidString)")
        _ = FileManager.default.createFile(atPath: record.path, contents: nil)
        arguments =
            [
                "\(TestEnvironment.repository)/Tests/IntegrationTests/Clients/record_requests.py",
                TestEnvironment.brokers ?? "", "\(port)", record.path,
            ] + (certificate.map { [$0.path, $0.key] } ?? [])
        environment = ProcessInfo.processInfo.environment.merging(
            ["RECORD_NAMESPACE": namespace].merging(account.map { ["RECORD_SASL": $0] } ?? [:]) { $1 }
        ) { $1 }
        try start()
    }

    /// Listens, after ``stop()`` at the same address again.
    func start() throws {
        process = Process()
        process.executableURL = URL(filePath: try #require(TestEnvironment.python))
        process.arguments = arguments
        process.environment = environment
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let line = firstLine(of: output)
        try #require(line == "listening", "the listener did not start: \(line)")
    }

    /// Breaks every connection and listens no more.
    func stop() {
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    deinit {
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        try? FileManager.default.removeItem(at: record)
    }

    /// What the clients' requests needed so far: client, operation, resource, name.
    func requests() throws -> [[String]] {
        try String(contentsOf: record, encoding: .utf8).split(separator: "\n")
            .map { $0.split(separator: "\t").map(String.init) }
    }

    private static func freePort() throws -> Int {
        let found = try run(
            try #require(TestEnvironment.python),
            ["-c", "import socket; s = socket.socket(); s.bind(('127.0.0.1', 0)); print(s.getsockname()[1])"]
        )
        return try #require(Int(found.lines.first ?? ""))
    }
}

/// The seven workers as processes of the test, without a supervisor.
final class LooseWorkers {
    static let stages = [
        "ingestion", "validation", "participation", "indicator", "percentile", "determination", "notification",
    ]

    private var processes: [Process] = []

    /// Starts the workers.
    ///
    /// - `environment`: added to the test's own.
    /// - `log`: takes what they write.
    init(_ arguments: (_ stage: String) -> [String], environment: [String: String], log: URL) throws {
        if !FileManager.default.fileExists(atPath: log.path) {
            _ = FileManager.default.createFile(atPath: log.path, contents: nil)
        }
        for stage in Self.stages {
            let process = Process()
            process.executableURL = URL(filePath: "\(TestEnvironment.programs ?? "")/\(stage)-worker")
            process.arguments = arguments(stage)
            process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
            process.standardInput = FileHandle.nullDevice
            let output = try FileHandle(forWritingTo: log)
            try output.seekToEnd()
            process.standardOutput = output
            process.standardError = output
            try process.run()
            processes.append(process)
        }
    }

    deinit {
        for process in processes where process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }

    /// Asks all of them to leave; the exit codes.
    func stop() -> [Int32] {
        for process in processes { process.terminate() }
        for process in processes { process.waitUntilExit() }
        return processes.map(\.terminationStatus)
    }
}
