internal import AsyncHTTPClient
internal import Foundation
internal import Kafka
internal import Logging
internal import NIOCore
internal import NIOHTTP1
internal import Operating
internal import Supervision

/// How `up` waits until what it started is ready.
extension Up {
    func waitForBroker(
        _ connection: Connection,
        _ processes: Processes,
        _ interruption: Interruption
    ) async throws {
        let deadline = ContinuousClock.now + .seconds(timeout)
        while true {
            do {
                let admin = try Admin(connection.kafka, logger: Logger(label: "up") { _ in SwiftLogNoOpLogHandler() })
                _ = try admin.describeCluster(timeout: .seconds(3))
                return
            } catch {
                try Self.goOn([Processes.broker], processes, interruption)
                guard ContinuousClock.now < deadline, error.code != .invalidConfiguration, error.code != .authentication
                else { throw error }
                try await Task.sleep(for: .milliseconds(50))
            }
        }
    }

    func waitForWorkers(
        _ names: [String],
        _ processes: Processes,
        _ interruption: Interruption
    ) async throws {
        let deadline = ContinuousClock.now + .seconds(timeout)
        var waiting = names
        while !waiting.isEmpty {
            var reasons: [String] = []
            var still: [String] = []
            for name in waiting {
                if let reason = await Self.notReady(name, processes) {
                    still.append(name)
                    reasons.append("\(name): \(reason)")
                }
            }
            waiting = still
            guard !waiting.isEmpty else { return }
            try Self.goOn(waiting, processes, interruption)
            guard ContinuousClock.now < deadline else {
                throw Failure(
                    .tryAgain,
                    "not ready after \(timeout) seconds: \(reasons.joined(separator: "; ")). The logs are in \(processes.home.logs.path)"
                )
            }
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    /// Gives up if waiting longer is useless: somebody interrupted, or a program ended with an error that will come
    /// again.
    private static func goOn(_ names: [String], _ processes: Processes, _ interruption: Interruption) throws {
        guard !interruption.isRequested else { throw Failure(.tryAgain, "interrupted; nothing is left running") }
        for name in names {
            let deaths = Deaths.load(processes.home, name)
            guard let last = deaths.deaths.last else { continue }
            // A wrong option or property is wrong the next time too.
            let lasting = [ExitStatus.configuration, .usage].first { last.ending == .exited($0.rawValue) }
            guard lasting != nil || deaths.count > 5 else { continue }
            throw Failure(
                lasting ?? .tryAgain,
                "\(name) ended with \(last.ending.text): \(last.cause). The log is \(processes.logFile(name).path)"
            )
        }
    }

    /// Why a worker is not ready; nil when it is.
    static func notReady(_ name: String, _ processes: Processes) async -> String? {
        guard processes.living(name) != nil else { return "not running" }
        guard let address = processes.address(name) else { return "starting" }
        do {
            let response = try await HTTPClient.shared.execute(
                HTTPClientRequest(url: "http://\(address)/ready"),
                timeout: .seconds(4)
            )
            let body = try await response.body.collect(upTo: 4096)
            return response.status == .ok ? nil : String(buffer: body).trimmingCharacters(in: .whitespacesAndNewlines)
        } catch {
            return "not answering"
        }
    }
}
