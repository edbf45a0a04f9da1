import Foundation
import Streaming
import Testing

/// The dashboard and the alerts in Deploy/monitoring against what a worker serves.
@Suite struct MonitoringTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../Deploy/monitoring").standardizedFileURL

    private static func names(_ text: String) -> Set<String> {
        Set(text.matches(of: /accountability_[a-z_]+/).map { String($0.output) })
    }

    @Test(arguments: ["dashboard.json", "alerts.yaml"])
    func namesFiguresThatAWorkerServes(_ file: String) throws {
        let metrics = WorkerMetrics(stage: "s", instance: "1")
        let served = Self.names(metrics.prometheus())
        #expect(served.count >= 12)
        let named = Self.names(try String(contentsOf: Self.folder.appending(path: file), encoding: .utf8))
        #expect(named.count >= 8)
        #expect(named.subtracting(served).sorted() == [])
    }

    @Test func theDashboardIsOne() throws {
        let data = try Data(contentsOf: Self.folder.appending(path: "dashboard.json"))
        let dashboard = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
        let panels = try #require(dashboard["panels"] as? [[String: Any]])
        #expect(panels.count >= 10)
        for panel in panels {
            let targets = try #require(panel["targets"] as? [[String: Any]])
            #expect(targets.allSatisfy { !(($0["expr"] as? String) ?? "").isEmpty })
        }
    }
}
