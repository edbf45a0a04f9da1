internal import Foundation
internal import Operating

/// The processes of an installation, by the files that the supervisor keeps in `run`: `<name>.pid` and `<name>.address`.
struct Processes {
    let home: Home

    /// The name of the supervisor's file.
    static let supervisor = "supervisor"
    /// The name of the broker's file.
    static let broker = "broker"

    func pidFile(_ name: String) -> URL { home.run.appendingPathComponent("\(name).pid") }
    func addressFile(_ name: String) -> URL { home.run.appendingPathComponent("\(name).address") }
    func logFile(_ name: String) -> URL { home.logs.appendingPathComponent("\(name).log") }

    /// Every name with a pid file.
    func names() -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: home.run.path)) ?? []).filter { $0.hasSuffix(".pid") }
            .map { String($0.dropLast(4)) }.sorted()
    }

    /// The process of a name, if it lives: the file holds its identifier and when it was started, as the system tells it, so that another process
    /// that got the same identifier later is not taken for it.
    func living(_ name: String) -> Int32? {
        guard let text = try? String(contentsOf: pidFile(name), encoding: .utf8) else { return nil }
        let parts = text.split(whereSeparator: \.isWhitespace)
        guard let first = parts.first, let pid = Int32(first), pid > 0, let start = Self.startTime(pid) else { return nil }
        return parts.count < 2 || parts[1] == start ? pid : nil
    }

    /// Notes a process under a name.
    func note(_ pid: Int32, as name: String) throws {
        try Data("\(pid) \(Self.startTime(pid) ?? "")\n".utf8).write(to: pidFile(name), options: .atomic)
    }

    /// Forgets a name.
    func forget(_ name: String) {
        for file in [pidFile(name), addressFile(name)] { try? FileManager.default.removeItem(at: file) }
    }

    /// The address of a worker's endpoints.
    func address(_ name: String) -> String? {
        (try? String(contentsOf: addressFile(name), encoding: .utf8))?.split(whereSeparator: \.isWhitespace).first.map(String.init)
    }

    /// When a process was started, in the system's ticks since boot; nil when it is gone or a zombie. Field 22 of /proc/<pid>/stat.
    static func startTime(_ pid: Int32) -> String? {
        guard let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8), let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        guard fields.count > 19, fields[0] != "Z" else { return nil }
        return String(fields[19])
    }

    /// Asks a process to end and waits; kills it when it takes longer.
    ///
    /// Returns whether it had to be killed.
    @discardableResult
    static func end(_ pid: Int32, within seconds: Double) -> Bool {
        guard let start = startTime(pid) else { return false }
        kill(pid, SIGTERM)
        let deadline = ContinuousClock.now + .seconds(seconds)
        while startTime(pid) == start {
            guard ContinuousClock.now < deadline else {
                kill(pid, SIGKILL)
                return true
            }
            Thread.sleep(forTimeInterval: 0.02)
        }
        return false
    }
}
