internal import Foundation
package import Kafka
internal import Operating

/// How long a command keeps reading while brokers restart.
///
/// Their errors about topics, partitions and leaders are then temporary.
package struct Tolerance {
    /// For how long errors may come one after another.
    package static let limit = Duration.seconds(60)
    /// After how long without an error the next one is the first again.
    private static let memory = Duration.seconds(30)

    private let limit: Duration
    private let now: () -> ContinuousClock.Instant
    private var first: ContinuousClock.Instant?
    private var last: ContinuousClock.Instant?

    package init(limit: Duration = Self.limit, now: @escaping () -> ContinuousClock.Instant = { .now }) {
        self.limit = limit
        self.now = now
    }

    /// Takes note that the brokers answer.
    package mutating func clear() {
        first = nil
    }

    /// Bears an error.
    ///
    /// - Throws: the error if it is not temporary; `Failure` if temporary errors last too long.
    package mutating func bear(_ error: KafkaError) throws {
        guard error.passes else { throw error }
        let now = now()
        if first == nil || now - (last ?? now) > Self.memory { first = now }
        last = now
        guard now - (first ?? now) < limit else {
            throw Failure(
                .brokerUnavailable,
                (limit == .zero
                    ? "the brokers do not answer"
                    : "the brokers have not answered for \(Int(limit / .seconds(1))) seconds")
                    + " (\(error)): are they running? `accountability doctor` looks at them"
            )
        }
    }

    /// Repeats a call until it succeeds, or its errors are not to be borne.
    package mutating func call<Value>(_ body: () throws(KafkaError) -> Value) throws -> Value {
        while true {
            do {
                let value = try body()
                clear()
                return value
            } catch {
                try bear(error)
                Thread.sleep(forTimeInterval: 0.25)
            }
        }
    }
}

extension KafkaError {
    /// Whether it passes when a broker is back or another leads its partitions.
    ///
    /// The client does not mark errors from its metadata as retriable.
    package var passes: Bool { !isFatal && (isRetriable || code == .unknownTopic || code == .unknownPartition) }

    /// Whether a certificate or a secret is at fault: the wrapper adds the reason why connections are refused.
    package var isRefused: Bool { message.contains("_AUTHENTICATION: ") || message.contains("_SSL: ") }

    /// The same, as one that waiting does not mend.
    package var lasting: KafkaError { KafkaError(code: code, name: name, message: message) }
}
