import Foundation
import Synchronization

/// Two bodies that live and end together, the second on a thread of its own.
final class PairedBody: WorkerBody {
    private let first: any WorkerBody
    private let second: any WorkerBody
    private let stopTimeout: Int
    private let outcome = Mutex<Result<Void, any Error>?>(nil)

    init(_ first: any WorkerBody, _ second: any WorkerBody, stopTimeout: Int) {
        self.first = first
        self.second = second
        self.stopTimeout = stopTimeout
    }

    func run() throws {
        let ended = DispatchSemaphore(value: 0)
        let thread = Thread { [self] in
            let result = Result { try second.run() }
            outcome.withLock { $0 = result }
            // One alone would leave half of the work undone without anybody knowing.
            first.stop()
            ended.signal()
        }
        thread.stackSize = 8 << 20
        thread.start()
        let result = Result { try first.run() }
        second.stop()
        _ = ended.wait(timeout: .now() + .seconds(stopTimeout))
        try result.get()
        try outcome.withLock { $0 }?.get()
    }

    func stop() {
        second.stop()
        first.stop()
    }
}
