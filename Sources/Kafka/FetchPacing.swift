internal import CRdKafka
internal import Dispatch
internal import Synchronization

/// Slows down a consumer's fetches on the local broker.
///
/// That broker answers an empty fetch at once instead of waiting `fetch.wait.max.ms`. Without pacing, an idle consumer
/// and the broker would use a whole processor for repeated fetches.
///
/// With a ``Bell``, the pauses grow quickly, and a producer's ringing ends them. Without one, the consumer fetches
/// often while records arrive and for some seconds after, and seldom when idle.
///
/// An interceptor should not block. This one blocks on purpose, but only on the consumer's connection for fetches, and
/// only after an answer that arrived faster than a waiting broker could send an empty one.
final class FetchPacing: Sendable {
    /// The API key of a fetch.
    private static let fetch: Int16 = 1
    /// The first pause after an empty answer, in microseconds.
    private static let pace: UInt32 = 6_000
    /// The pause when idle, without a bell.
    private static let paceAtRest: UInt32 = 20_000
    /// The longest pause with a bell: how late a record can be seen whose producer does not ring it.
    private static let longest: UInt32 = 500_000
    /// Without a bell, a consumer is idle after this many empty answers, which take about ten seconds.
    private static let atRest = 1_000
    /// More sizes of empty answers are not remembered.
    ///
    /// The client asks for its partitions in turn, and names a topic again whose partitions it has separated. So the
    /// sizes of its empty answers repeat in a circle of a few.
    private static let mostSizes = 32

    /// What came since the last record.
    private struct Answers {
        /// The sizes that were seen.
        var sizes: [Int] = []
        /// The number of empty answers since then or since the last ringing.
        var empty = 0
    }

    private let answers = Mutex(Answers())
    private let bell: Bell?
    private let rung = DispatchSemaphore(value: 0)

    /// Creates a pacing.
    ///
    /// - `bell`: is rung when records may have arrived; nil for none.
    init(bell: Bell? = nil) {
        self.bell = bell
        bell?.signal(rung)
    }

    deinit { bell?.dismiss(rung) }

    /// Notes that records arrived.
    func wake() { answers.withLock { $0 = Answers() } }

    /// Ends a pause, because the consumer wants something from the broker at once.
    func interrupt() {
        wake()
        rung.signal()
    }

    /// The pause after an answer to a fetch, in microseconds.
    ///
    /// An answer is empty if it is as long as an earlier one and no record arrived in between. For many partitions even
    /// an empty answer is long, because it lists the end and the aborted transactions of each.
    ///
    /// - Parameters:
    ///   - size: the size of the answer, in bytes.
    ///   - roundTrip: the time since the request, in microseconds.
    /// - Returns: microseconds; 0 for none.
    func pause(after size: Int, _ roundTrip: Int64) -> UInt32 {
        let empty = answers.withLock { answers in
            guard !answers.sizes.contains(size) else {
                guard roundTrip < 5000 else { return 0 }
                answers.empty += 1
                return answers.empty
            }
            // The first answer of a size delays nothing that waits. If the sizes keep changing without a record, pause.
            guard answers.sizes.count < Self.mostSizes else { return roundTrip < 5000 ? 1 : 0 }
            answers.sizes.append(size)
            return 0
        }
        guard empty > 0 else { return 0 }
        guard let bell, !bell.isSilent else { return empty > Self.atRest ? Self.paceAtRest : Self.pace }
        return min(Self.pace << UInt32(min(2 * (empty - 1), 10)), Self.longest)
    }

    /// Waits, at most for this time.
    func wait(microseconds: UInt32) {
        guard rung.wait(timeout: .now() + .microseconds(Int(microseconds))) == .success else { return }
        // Several ringings mean one fetch.
        while rung.wait(timeout: .now()) == .success {}
        answers.withLock { $0.empty = 0 }
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
                    { _, _, _, _, key, _, _, size, roundTrip, error, opaque in
                        guard let opaque = unsafe opaque, key == FetchPacing.fetch, error == RD_KAFKA_RESP_ERR_NO_ERROR
                        else { return RD_KAFKA_RESP_ERR_NO_ERROR }
                        let pacing = unsafe Unmanaged<FetchPacing>.fromOpaque(opaque).takeUnretainedValue()
                        let pause = pacing.pause(after: size, roundTrip)
                        if pause > 0 { pacing.wait(microseconds: pause) }
                        return RD_KAFKA_RESP_ERR_NO_ERROR
                    },
                    pacing
                )
            },
            pacing
        )
    }
}
