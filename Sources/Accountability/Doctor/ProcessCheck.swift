internal import AsyncHTTPClient
internal import Foundation
internal import NIOCore
internal import NIOHTTP1
internal import Operating
internal import Reading
internal import Supervision

/// Checks the processes of an installation on this machine by their answers.
struct ProcessCheck {
    let home: Home

    func findings() async -> [Finding] {
        let processes = Processes(home: home)
        var findings: [Finding] = []
        let planned = processes.living(Processes.supervisor) == nil ? [] : Plan.load(home)?.programs.map(\.name) ?? []
        for name in Set(processes.names()).union(planned).sorted() {
            let deaths = Deaths.load(home, name).finding(name, log: processes.logFile(name).path, now: Date())
            if let deaths { findings.append(deaths) }
            guard processes.living(name) != nil else {
                // The finding about its deaths says more.
                guard deaths?.severity != .problem else { continue }
                findings.append(
                    .problem(
                        "process",
                        name,
                        "it is not running, though it was not stopped",
                        "read \(processes.logFile(name).path); `accountability down` and `up` restart everything"
                    )
                )
                continue
            }
            guard name != Processes.supervisor, name != Processes.broker else {
                findings.append(.ok("process", name, "running"))
                continue
            }
            findings.append(await worker(name, processes))
        }
        return findings
    }

    private func worker(_ name: String, _ processes: Processes) async -> Finding {
        let log = processes.logFile(name).path
        let what = name == ConsoleOptions.name ? "console" : "worker"
        guard let address = processes.address(name) else {
            return .problem(
                what,
                name,
                "it runs, but has not reported its address",
                "wait a moment; then read \(log)"
            )
        }
        do {
            let (status, reason) = try await get("http://\(address)/ready")
            guard status == 200 else {
                return .problem(what, name, "not ready: \(reason)", "wait if it catches up; otherwise read \(log)")
            }
            // It processes no records, so it has no figures.
            if what == "console" { return .ok(what, name, "ready at http://\(address)/") }
            let (_, metrics) = try await get("http://\(address)/metrics")
            let figures = Self.figures(metrics)
            let aborts = figures["accountability_aborts_total"] ?? 0
            let summary = ["processed", "rejected", "unusable"]
                .map { "\($0) \(Int(figures["accountability_\($0)_total"] ?? 0))" }.joined(separator: ", ")
            guard (figures["accountability_unusable_total"] ?? 0) == 0 else {
                return .warning(
                    what,
                    name,
                    "ready, but some records could not be used: \(summary)",
                    "read \(log); something else writes to the topics"
                )
            }
            return .ok(
                what,
                name,
                "ready; \(summary), behind \(Int(figures["accountability_lag_records"] ?? 0)), aborts \(Int(aborts))"
            )
        } catch {
            return .problem(what, name, "http://\(address) does not answer (\(error))", "read \(log)")
        }
    }

    private func get(_ url: String) async throws -> (status: Int, body: String) {
        let response = try await HTTPClient.shared.execute(HTTPClientRequest(url: url), timeout: .seconds(4))
        let body = try await response.body.collect(upTo: 1 << 20)
        return (Int(response.status.code), String(buffer: body).trimmingCharacters(in: .whitespacesAndNewlines))
    }

    /// The figures in Prometheus' text format.
    ///
    /// Figures of the same name are added up.
    static func figures(_ text: String) -> [String: Double] {
        var figures: [String: Double] = [:]
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            guard let space = line.lastIndex(of: " "), let value = Double(line[line.index(after: space)...]),
                value.isFinite
            else { continue }
            figures[String(line[..<space].prefix { $0 != "{" }), default: 0] += value
        }
        return figures
    }
}
