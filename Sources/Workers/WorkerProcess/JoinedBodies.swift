import Foundation
import Streaming
import Synchronization

/// Several bodies that start and stop together.
///
/// All except the first run on threads of their own.
final class JoinedBodies: WorkerBody {
    private let first: any WorkerBody
    private let others: [any WorkerBody]
    private let stopTimeout: Int
    private let outcomes = Mutex<[Result<Void, any Error>]>([])

    init(_ first: any WorkerBody, _ others: [any WorkerBody], stopTimeout: Int) {
        self.first = first
        self.others = others
        self.stopTimeout = stopTimeout
    }

    func run() throws {
        let ended = DispatchGroup()
        for body in others {
            ended.enter()
            let thread = Thread { [self] in
                let result = Result { try body.run() }
                outcomes.withLock { $0.append(result) }
                // If one body ends, stop the others: without it, part of the work would silently not be done.
                stop()
                ended.leave()
            }
            thread.stackSize = 8 << 20
            thread.start()
        }
        let result = Result { try first.run() }
        stop()
        _ = ended.wait(timeout: .now() + .seconds(stopTimeout))
        try result.get()
        for outcome in outcomes.withLock({ $0 }) { try outcome.get() }
    }

    var hearts: [Heartbeat] { first.hearts + others.flatMap(\.hearts) }

    func stop() {
        for body in others { body.stop() }
        first.stop()
    }

    func leave() {
        for body in others { body.leave() }
        first.leave()
    }
}
