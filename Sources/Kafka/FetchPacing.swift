internal import CRdKafka

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// Paces a consumer's fetches on the local broker, which answers a fetch that finds nothing at once instead of waiting
/// `fetch.wait.max.ms`: without a pace an idle consumer and the broker spend a processor on asking again.
///
/// An interceptor should not block; this one does on purpose, only on the consumer's connection for fetches, and only
/// after an answer that came sooner than a broker that waits can send an empty one.
enum FetchPacing {
    /// The protocol's number of a fetch.
    private static let fetch: Int16 = 1
    /// A response up to this size holds no more than a few small records.
    private static let emptySize = 2048
    /// The time between two answers that bring nothing.
    private static let pace: UInt32 = 8000

    /// Adds the pacing to the configuration of a client that is to be made.
    static func add(to configuration: OpaquePointer) {
        _ = unsafe rd_kafka_conf_interceptor_add_on_new(
            configuration,
            "fetch-pacing",
            { client, _, _, _, _ in
                unsafe rd_kafka_interceptor_add_on_response_received(
                    client,
                    "fetch-pacing",
                    { _, _, _, _, key, _, _, size, roundTrip, error, _ in
                        if key == FetchPacing.fetch, error == RD_KAFKA_RESP_ERR_NO_ERROR, size <= FetchPacing.emptySize,
                            roundTrip < 5000
                        {
                            usleep(FetchPacing.pace)
                        }
                        return RD_KAFKA_RESP_ERR_NO_ERROR
                    },
                    nil
                )
            },
            nil
        )
    }
}
