package import Foundation
package import Operating

/// The processes of an installation, by the files that the supervisor keeps in `run`: `<name>.pid` and
/// `<name>.address`.
package struct Processes {
    package let home: Home

    /// The processes of a home.
    package init(home: Home) { self.home = home }

    /// The name of the supervisor's file.
    package static let supervisor = Home.supervisor
    /// The name of the broker's file.
    package static let broker = Home.localBroker

    package func addressFile(_ name: String) -> URL { home.run.appendingPathComponent("\(name).address") }
    package func logFile(_ name: String) -> URL { home.logs.appendingPathComponent("\(name).log") }

    /// Every name with a pid file.
    package func names() -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: home.run.path)) ?? []).filter { $0.hasSuffix(".pid") }
            .map { String($0.dropLast(4)) }.sorted()
    }

    /// The process of a name, if it lives.
    package func living(_ name: String) -> Int32? { home.living(name) }

    /// Notes a process under a name.
    package func note(_ pid: Int32, as name: String) throws {
        try Data("\(pid) \(Home.startTime(ofProcess: pid) ?? "")\n".utf8)
            .write(to: home.pidFile(name), options: .atomic)
    }

    /// Forgets a name.
    package func forget(_ name: String) {
        for file in [home.pidFile(name), addressFile(name)] { try? FileManager.default.removeItem(at: file) }
    }

    /// The address of a worker's endpoints.
    package func address(_ name: String) -> String? {
        (try? String(contentsOf: addressFile(name), encoding: .utf8))?.split(whereSeparator: \.isWhitespace).first
            .map(String.init)
    }

    /// Asks a process to end and waits; kills it if it takes longer.
    ///
    /// Returns whether it had to be killed.
    @discardableResult
    package static func end(_ pid: Int32, within seconds: Double) -> Bool {
        guard let start = Home.startTime(ofProcess: pid) else { return false }
        kill(pid, SIGTERM)
        let deadline = ContinuousClock.now + .seconds(seconds)
        while Home.startTime(ofProcess: pid) == start {
            guard ContinuousClock.now < deadline else {
                kill(pid, SIGKILL)
                return true
            }
            Thread.sleep(forTimeInterval: 0.02)
        }
        return false
    }
}
