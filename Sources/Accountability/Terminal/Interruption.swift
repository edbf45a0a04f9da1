internal import Dispatch
internal import Foundation
internal import Kafka
internal import Streaming
internal import Synchronization
internal import Tables

/// Whether Ctrl-C or SIGTERM asked a running command to end.
///
/// The command then ends well, with 0.
final class Interruption {
    private let requested: RequestFlag
    private let sources: [any DispatchSourceSignal]

    /// Takes the signals from here on.
    init() {
        let requested = RequestFlag()
        self.requested = requested
        sources = [SIGINT, SIGTERM]
            .map { number in
                signal(number, SIG_IGN)
                let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
                source.setEventHandler { requested.raise() }
                source.resume()
                return source
            }
    }

    deinit {
        for source in sources { source.cancel() }
    }

    /// Whether it is time to end.
    var isRequested: Bool { requested.isRaised }

    /// Waits, unless it is time to end.
    func wait(_ duration: Duration) {
        let deadline = ContinuousClock.now + duration
        while !isRequested, ContinuousClock.now < deadline { Thread.sleep(forTimeInterval: 0.05) }
    }
}

private final class RequestFlag: Sendable {
    private let flag = Atomic<Bool>(false)
    var isRaised: Bool { flag.load(ordering: .acquiring) }
    func raise() { flag.store(true, ordering: .releasing) }
}
