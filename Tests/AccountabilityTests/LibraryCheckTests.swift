import Kafka
import Testing

@testable import accountability
@testable import Reading

@Suite struct LibraryCheckTests {
    private func findings(_ version: LibraryVersion, mechanism: String? = nil) -> [Finding] {
        var kafka = KafkaConfiguration(bootstrapServers: "kafka:9093")
        kafka["sasl.mechanisms"] = mechanism
        return LibraryCheck(kafka, version: version).findings()
    }

    @Test func scramIsAProblemWhereTheLibraryRepeatsTheNonce() {
        let old = findings(LibraryVersion(2, 0, 2), mechanism: "SCRAM-SHA-512").filter { $0.severity == .problem }
        #expect(old.map(\.place) == ["scram-nonce"])
        #expect(old.first?.remedy.contains("PLAIN over TLS") == true)
        #expect(!findings(LibraryVersion(2, 0, 2), mechanism: "PLAIN").contains { $0.severity == .problem })
        #expect(!findings(LibraryVersion(2, 6, 1), mechanism: "SCRAM-SHA-512").contains { $0.place == "scram-nonce" })
    }

    @Test func defectsAreToldByVersion() {
        let old = Set(findings(LibraryVersion(2, 0, 2)).map(\.place))
        let new = Set(findings(LibraryVersion(2, 16, 0)).map(\.place))
        #expect(old.isSuperset(of: ["commit-forgotten", "group-offsets-crash", "watermarks-unbounded", "pause-skips"]))
        #expect(new.isSuperset(of: ["commit-forgotten", "group-offsets-crash"]))
        #expect(new.isDisjoint(with: ["scram-nonce", "watermarks-unbounded", "pause-skips", "telemetry-assertion"]))
        #expect(findings(LibraryVersion(2, 5, 1)).contains { $0.place == "telemetry-assertion" })
        for defect in LibraryDefect.all { #expect(!defect.answer.isEmpty && !defect.source.isEmpty, "\(defect.name)") }
        #expect(Set(LibraryDefect.all.map(\.name)).count == LibraryDefect.all.count)
    }
}
