import Dispatch
import Foundation
import Logging
import Operating
import ServiceLifecycle
import UnixSignals

/// How a worker is asked to stop.
struct Stopping: Sendable {
    let body: any WorkerBody
    let name: String
    /// The longest time that it may take, in seconds.
    let timeout: Int
    let logger: Logger

    /// Asks the worker to commit and to stop; `forGood` gives its place in the group to the other instances.
    ///
    /// The time is bounded here, as the service group's own bound would end the process as a crash does. What is not
    /// committed by then is aborted by the next life of this instance.
    func begin(forGood: Bool) {
        logger.info("stopping", metadata: forGood ? ["for": "good"] : [:])
        if forGood { body.leave() } else { body.stop() }
        DispatchQueue.global()
            .asyncAfter(deadline: .now() + .seconds(timeout)) {
                Standard.error("\(name)-worker: not stopped within \(timeout) seconds; leaving without the last commit")
                _exit(ExitStatus.tryAgain.rawValue)
            }
    }
}

/// The work of a worker, on a thread of its own.
///
/// A graceful shutdown asks it to commit and to stop, and so does the failure of another service. Its own failure ends
/// the process at once: a fenced instance has nothing to finish.
struct BodyService: Service {
    let stopping: Stopping

    func run() async throws {
        let body = stopping.body
        await withTaskCancellationOrGracefulShutdownHandler {
            await onOwnThread { try body.run() }
        } onCancelOrGracefulShutdown: {
            stopping.begin(forGood: false)
        }
    }

    /// Runs a blocking function on a thread of its own, with the stack that librdkafka's callbacks and deep protobuf
    /// messages ask for.
    private func onOwnThread(_ function: @escaping @Sendable () throws -> Void) async {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let thread = Thread {
                do {
                    try function()
                } catch {
                    WorkerProcess.end(stopping.name, error)
                }
                continuation.resume()
            }
            thread.name = stopping.name
            thread.stackSize = 8 << 20
            thread.start()
        }
    }
}

/// SIGUSR1: the worker stops for good, and leaves its place in the group to the other instances.
struct LeaveService: Service {
    let stopping: Stopping

    func run() async throws {
        for await _ in await UnixSignalsSequence(trapping: .sigusr1).cancelOnGracefulShutdown() {
            return stopping.begin(forGood: true)
        }
    }
}

/// The endpoints; an address that cannot be had ends the worker, so that none runs without being seen.
struct EndpointsService: Service {
    let endpoints: Endpoints

    func run() async throws {
        do {
            // A scraper's open connection does not hold a worker that has done its work.
            try await cancelWhenGracefulShutdown { try await endpoints.run() }
        } catch is CancellationError {
        } catch {
            let address = "\(endpoints.address.host):\(endpoints.address.port)"
            throw Failure(.configuration, "\(address) cannot be listened on: \(error)")
        }
    }
}
