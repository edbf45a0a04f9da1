import Dispatch
import Kafka
import Logging
import Synchronization

/// Whether the brokers answer, found out when somebody asks: at most once a second, and never while nobody does.
final class BrokerProbe: Sendable {
    private struct State {
        var admin: Admin?
        var asked: ContinuousClock.Instant?
        var failure: String?
    }

    private let kafka: KafkaConfiguration
    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "probe")
    /// How long an answer counts.
    private static let memory: Duration = .seconds(1)
    /// How long the brokers have for one.
    private static let patience: Duration = .seconds(2)

    init(_ kafka: KafkaConfiguration) {
        self.kafka = kafka
    }

    /// Why the brokers are of no use now; nil when they answer.
    func failure() async -> String? {
        await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: self.ask()) }
        }
    }

    private func ask() -> String? {
        state.withLock { state in
            if let asked = state.asked, ContinuousClock.now - asked < Self.memory { return state.failure }
            do {
                let admin =
                    try state.admin ?? Admin(kafka, logger: Logger(label: "probe") { _ in SwiftLogNoOpLogHandler() })
                state.admin = admin
                _ = try admin.describeCluster(timeout: Self.patience)
                state.failure = nil
            } catch {
                state.failure = "no broker answers (\(error))"
            }
            state.asked = .now
            return state.failure
        }
    }
}
