import Dispatch
import Foundation
import Logging
import Operating
import ServiceLifecycle
import Stages
import UnixSignals

/// Asks a worker to stop.
struct Stopping: Sendable {
    let body: any WorkerBody
    let name: String
    let pipeline: Pipeline
    /// The longest time that stopping may take, in seconds.
    let timeout: Int
    let logger: Logger

    /// Asks the worker to commit and stop.
    ///
    /// With `forGood`, it also leaves the group, so that other instances take over.
    ///
    /// The time limit is enforced here, because the service group's own limit would crash the process. The next run of
    /// this instance aborts uncommitted work.
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

/// Runs the body of a worker on a thread of its own.
///
/// A graceful shutdown, or the failure of another service, asks the body to commit and stop. A failure of the body ends
/// the process at once, because a fenced instance has nothing to finish.
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

    /// Runs a blocking function on a thread of its own, with a stack large enough for librdkafka's callbacks and deep
    /// protobuf messages.
    private func onOwnThread(_ function: @escaping @Sendable () throws -> Void) async {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let thread = Thread {
                do {
                    try function()
                } catch {
                    WorkerProcess.end(stopping.name, error, stopping.pipeline)
                }
                continuation.resume()
            }
            thread.name = stopping.name
            thread.stackSize = 8 << 20
            thread.start()
        }
    }
}

/// On SIGUSR1 the worker stops and leaves the group to the other instances.
struct LeaveService: Service {
    let stopping: Stopping

    func run() async throws {
        for await _ in await UnixSignalsSequence(trapping: .sigusr1).cancelOnGracefulShutdown() {
            return stopping.begin(forGood: true)
        }
    }
}

/// The HTTP endpoints.
///
/// If the address is not available, the worker ends, so that no worker runs unobserved.
struct EndpointsService: Service {
    let endpoints: Endpoints

    func run() async throws {
        do {
            // An open connection of a scraper must not delay a worker that has finished.
            try await cancelWhenGracefulShutdown { try await endpoints.run() }
        } catch is CancellationError {
        } catch {
            let address = "\(endpoints.address.host):\(endpoints.address.port)"
            throw Failure(.configuration, "\(address) is not available for listening: \(error)")
        }
    }
}
