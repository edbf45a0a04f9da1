import Dispatch
import Kafka
import Logging
import Synchronization

/// Checks whether the brokers answer.
///
/// It checks only on request, and at most once a second.
final class BrokerProbe: Sendable {
    private struct State {
        var admin: Admin?
        var asked: ContinuousClock.Instant?
        var failure: String?
    }

    private let kafka: KafkaConfiguration
    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "probe")
    /// How long a result is reused.
    private static let memory: Duration = .seconds(1)
    /// How long the client is kept for the next request: its threads wake up many times a second.
    private static let rest = 30
    /// How long the brokers may take to answer.
    private static let patience: Duration = .seconds(2)

    init(_ kafka: KafkaConfiguration) {
        self.kafka = kafka
    }

    /// Why the brokers cannot be used; nil if they answer.
    func failure() async -> String? {
        await withCheckedContinuation { continuation in
            queue.async {
                continuation.resume(returning: self.ask())
                self.queue.asyncAfter(deadline: .now() + .seconds(Self.rest)) { self.forget() }
            }
        }
    }

    /// Ends the client if nobody has asked since.
    private func forget() {
        state.withLock { state in
            if let asked = state.asked, ContinuousClock.now - asked >= .seconds(Self.rest) { state.admin = nil }
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
