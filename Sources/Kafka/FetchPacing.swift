internal import CRdKafka
internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// Slows down a consumer's fetches on the local broker.
///
/// That broker answers an empty fetch at once instead of waiting `fetch.wait.max.ms`. Without pacing, an idle consumer
/// and the broker would use a whole processor for repeated fetches.
///
/// It fetches often while records arrive and for some seconds after, and seldom when idle.
///
/// An interceptor should not block. This one blocks on purpose, but only on the consumer's connection for fetches, and
/// only after an answer that arrived faster than a waiting broker could send an empty one.
final class FetchPacing: Sendable {
    /// The API key of a fetch.
    private static let fetch: Int16 = 1
    /// An answer up to this size holds at most a few small records.
    ///
    /// For many partitions even an empty answer is longer, because it lists the end and the aborted transactions of
    /// each.
    private static let emptySize = 2048
    /// The time between two empty answers while records may arrive, in microseconds.
    private static let pace: UInt32 = 6_000
    /// The time between two empty answers when idle.
    private static let paceAtRest: UInt32 = 20_000
    /// A consumer is idle after this many empty answers, which take about ten seconds.
    private static let atRest = 1_000

    /// The number of empty answers since the last record.
    private let empty = Atomic(0)
    /// The size of the previous answer, if no record arrived after it.
    private let lastSize = Atomic(-1)

    /// Notes that records arrived.
    func wake() {
        empty.store(0, ordering: .relaxed)
        lastSize.store(-1, ordering: .relaxed)
    }

    /// The pause after an answer to a fetch, in microseconds.
    ///
    /// - Parameters:
    ///   - size: the size of the answer, in bytes.
    ///   - roundTrip: the time since the request, in microseconds.
    /// - Returns: microseconds; 0 for none.
    func pause(after size: Int, _ roundTrip: Int64) -> UInt32 {
        // An answer of the same size as the previous one, without a record in between, is empty too.
        let before = lastSize.exchange(size, ordering: .relaxed)
        guard size <= Self.emptySize || size == before, roundTrip < 5000 else { return 0 }
        let count = empty.add(1, ordering: .relaxed).newValue
        return count > Self.atRest ? Self.paceAtRest : Self.pace
    }

    /// Adds the pacing to the configuration of a new client.
    func add(to configuration: OpaquePointer) {
        // The client owns this reference until it is destroyed.
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
