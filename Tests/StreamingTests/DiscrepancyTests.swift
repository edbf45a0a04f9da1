import Testing
@testable import Streaming

/// A worker whose stage finds that its own account does not add up.
@Suite struct DiscrepancyTests {
    @Test func aWorkerWithADiscrepancyIsNotReadyAndSaysWhy() {
        let metrics = WorkerMetrics(stage: "validation", instance: "1")
        metrics.setReadiness(nil)
        #expect(metrics.isReady)
        metrics.setDiscrepancies(["the receipt of s1 does not add up", "that of s2 neither"])
        #expect(metrics.notReady == "the receipt of s1 does not add up" && metrics.isHealthy)
        let name = #"accountability_discrepancies{stage="validation",instance="1"}"#
        #expect(metrics.prometheus().contains("\n\(name) 2\n"))
        // What it does otherwise goes first.
        metrics.setReadiness("restoring")
        #expect(metrics.notReady == "restoring")
        metrics.setReadiness(nil)
        metrics.setDiscrepancies([])
        #expect(metrics.isReady && metrics.prometheus().contains("\n\(name) 0\n"))
    }
}
