import Tables

/// How large a file may be and how long it may take.
///
/// A file beyond these limits is refused with a receipt, so that it never delays the next files.
public struct FileLimits: Sendable, Hashable {
    /// The most bytes of a file, once it is no longer compressed: 4 GiB unless said otherwise.
    public var bytes: Int
    /// The longest time a file may take: ten minutes unless said otherwise.
    ///
    /// A transaction lasts fifteen at most.
    public var time: Duration

    /// Limits.
    public init(bytes: Int = 4_294_967_296, time: Duration = .seconds(600)) {
        self.bytes = bytes
        self.time = time
    }
}

/// Watches the reading of one file: checks its limits and reports progress.
final class WatchedReading: ReadGuard {
    private let fileName: String
    private let limits: FileLimits
    private let deadline: ContinuousClock.Instant
    private let tick: () throws -> Void
    /// Why the reading was ended.
    private(set) var reason: (any Error)?

    init(_ fileName: String, _ limits: FileLimits, tick: @escaping () throws -> Void) {
        self.fileName = fileName
        self.limits = limits
        self.tick = tick
        deadline = .now + limits.time
    }

    func didRead(total: Int) throws(CSVError) {
        do {
            if total > limits.bytes {
                throw SubmissionRefused(
                    .fileTooLarge,
                    "\(fileName) holds more than \(limits.bytes) bytes once it is unpacked: split it, or allow more with the ingestion worker's "
                        + "--largest-file"
                )
            }
            try check()
        } catch {
            reason = error
            throw CSVError(.interrupted, "the reading was ended")
        }
    }

    /// Reports progress, and throws if the reading must stop.
    func check() throws {
        guard ContinuousClock.now < deadline else {
            throw SubmissionRefused(
                .tookTooLong,
                "\(fileName) took longer than \(limits.time.components.seconds) seconds: split it, or allow more with the ingestion worker's "
                    + "--longest-file"
            )
        }
        try tick()
    }
}
