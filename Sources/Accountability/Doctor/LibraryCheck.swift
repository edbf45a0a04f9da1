internal import Kafka
internal import Reading

/// Checks the loaded Kafka client library for known defects.
struct LibraryCheck {
    private let kafka: KafkaConfiguration
    private let version: LibraryVersion

    init(_ kafka: KafkaConfiguration, version: LibraryVersion = ClientLibrary.number) {
        self.kafka = kafka
        self.version = version
    }

    func findings() -> [Finding] {
        [.ok("librdkafka", "", "\(version)")] + LibraryDefect.known(of: version).map(finding)
    }

    private func finding(_ defect: LibraryDefect) -> Finding {
        let range = defect.fixed.map { "before \($0)" } ?? "no version without it is known"
        let why = "\(defect.effect) (\(range); \(defect.source))"
        guard defect.isOperators else { return .ok("librdkafka", defect.name, "\(why); here \(defect.answer)") }
        guard defect == .scramNonce, usesSCRAM else { return .ok("librdkafka", defect.name, "\(why); not used here") }
        return .problem("librdkafka", defect.name, why, defect.answer)
    }

    private var usesSCRAM: Bool {
        let mechanism = kafka["sasl.mechanisms"] ?? kafka["sasl.mechanism"] ?? ""
        return mechanism.uppercased().hasPrefix("SCRAM")
    }
}
