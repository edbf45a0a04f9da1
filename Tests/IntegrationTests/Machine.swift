import Foundation
import Testing

/// A machine of its own: a home with a local broker that `up` starts and `down` stops.
final class Machine: CommandLineHome, Sendable {
    /// A broker to start, which `Deploy/test` installs.
    static var canRun: Bool {
        TestEnvironment.programs != nil && ProcessInfo.processInfo.environment["ACCOUNTABILITY_BROKER_BIN"] != nil
    }

    let folder: String
    var home: String { "\(folder)/home" }
    let environment: [String: String]

    init(environment extra: [String: String] = [:]) throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "machine-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        environment = extra.merging(["ACCOUNTABILITY_HOME": "\(folder)/home"]) { $1 }
    }

    deinit {
        _ = try? call(["down"])
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// Brings the machine up with a broker of its own.
    func up(partitions: Int = 2, _ options: [String] = []) throws {
        try must(["up", "--broker-port", "0", "--partitions", "\(partitions)", "--timeout", "120"] + options)
    }

    /// Where the broker listens.
    func brokers() throws -> String {
        let data = try Data(contentsOf: URL(filePath: "\(home)/installation.json"))
        let object = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
        return try #require(object["brokers"] as? String)
    }

    func wait(_ what: String, seconds: Double = 60, _ condition: () throws -> Bool) throws {
        let deadline = ContinuousClock.now + .seconds(seconds)
        while try !condition() {
            try #require(ContinuousClock.now < deadline, "\(what): not within \(seconds) seconds\n\(logs())")
            Thread.sleep(forTimeInterval: 0.05)
        }
    }

    /// What `/ready` of a worker answers; 0 for nothing.
    func ready(_ name: String) throws -> Int {
        guard let address = try? String(contentsOfFile: "\(home)/run/\(name).address", encoding: .utf8) else {
            return 0
        }
        let answer = try run(
            "/usr/bin/env",
            [
                "curl", "-s", "-m", "10", "-o", "/dev/null", "-w", "%{http_code}",
                "http://\(address.trimmingCharacters(in: .whitespacesAndNewlines))/ready",
            ]
        )
        return Int(answer.output) ?? 0
    }

    /// The findings of `doctor` that are no good news.
    func doctor() throws -> [[String: String]] {
        let outcome = try call(["doctor", "--json"])
        let all = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [[String: String]]
        return try #require(all, "\(outcome.errors)").filter { $0["severity"] != "ok" }
    }

    func file(_ name: String, _ text: String) throws -> String {
        let path = "\(folder)/\(name)"
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    /// What a worker wrote to its log.
    func log(_ name: String) -> String {
        (try? String(contentsOfFile: "\(home)/logs/\(name).log", encoding: .utf8)) ?? ""
    }

    private func logs() -> String {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "\(home)/logs")) ?? []
        return names.sorted()
            .map {
                "== \($0)\n" + ((try? String(contentsOfFile: "\(home)/logs/\($0)", encoding: .utf8)) ?? "").suffix(1500)
            }
            .joined(separator: "\n")
    }
}
