internal import CRdKafka
internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// Paces a consumer's fetches on the local broker, which answers a fetch that finds nothing at once instead of waiting
/// `fetch.wait.max.ms`: without a pace an idle consumer and the broker spend a processor on asking again.
///
/// Asks often while records come and for some seconds after, and seldom at rest.
///
/// An interceptor should not block; this one does on purpose, only on the consumer's connection for fetches, and only
/// after an answer that came sooner than a broker that waits can send an empty one.
final class FetchPacing: Sendable {
    /// The protocol's number of a fetch.
    private static let fetch: Int16 = 1
    /// An answer up to this size holds no more than a few small records.
    ///
    /// Of many partitions one without any is longer: it says of each where it ends, and which transactions were
    /// aborted.
    private static let emptySize = 2048
    /// The time between two answers that bring nothing, while something may come, in microseconds.
    private static let pace: UInt32 = 6_000
    /// The same at rest.
    private static let paceAtRest: UInt32 = 20_000
    /// After how many answers that bring nothing a consumer is at rest: ten seconds of them.
    private static let atRest = 1_000

    /// Answers that brought nothing since the last record came.
    private let empty = Atomic(0)
    /// How long the answer before was, if no record came after it.
    private let lastSize = Atomic(-1)

    /// Takes note of records that came.
    func wake() {
        empty.store(0, ordering: .relaxed)
        lastSize.store(-1, ordering: .relaxed)
    }

    /// How long to pause after an answer to a fetch, in microseconds.
    ///
    /// - Parameters:
    ///   - size: of the answer, in bytes.
    ///   - roundTrip: since the question, in microseconds.
    /// - Returns: microseconds; 0 for none.
    func pause(after size: Int, _ roundTrip: Int64) -> UInt32 {
        // One that is as long as the one before it, and no record came between them, brought nothing either.
        let before = lastSize.exchange(size, ordering: .relaxed)
        guard size <= Self.emptySize || size == before, roundTrip < 5000 else { return 0 }
        let count = empty.add(1, ordering: .relaxed).newValue
        return count > Self.atRest ? Self.paceAtRest : Self.pace
    }

    /// Adds the pacing to the configuration of a client that is to be made.
    func add(to configuration: OpaquePointer) {
        // The client's, until it is destroyed.
        let pacing = unsafe Unmanaged.passRetained(self).toOpaque()
        _ = unsafe rd_kafka_conf_interceptor_add_on_new(
            configuration,
            "fetch-pacing",
            { client, _, pacing, _, _ in
                // Called when the client's threads have ended.
                _ = unsafe rd_kafka_interceptor_add_on_destroy(
                    client,
                    "fetch-pacing",
                    { _, pacing in
                        if let pacing = unsafe pacing { unsafe Unmanaged<FetchPacing>.fromOpaque(pacing).release() }
                        return RD_KAFKA_RESP_ERR_NO_ERROR
                    },
                    pacing
                )
                return unsafe rd_kafka_interceptor_add_on_response_received(
                    client,
                    "fetch-pacing",
                    { _, _, _, _, key, _, _, size, roundTrip, error, pacing in
                        guard let pacing = unsafe pacing, key == FetchPacing.fetch, error == RD_KAFKA_RESP_ERR_NO_ERROR
                        else { return RD_KAFKA_RESP_ERR_NO_ERROR }
                        let pause = unsafe Unmanaged<FetchPacing>.fromOpaque(pacing).takeUnretainedValue()
                            .pause(after: size, roundTrip)
                        if pause > 0 { _ = usleep(pause) }
                        return RD_KAFKA_RESP_ERR_NO_ERROR
                    },
                    pacing
                )
            },
            pacing
        )
    }
}
