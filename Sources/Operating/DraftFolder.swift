internal import Dispatch
internal import Foundation
internal import Synchronization

/// A folder of drafts: what is written there gets its place when it is complete.
///
/// Ctrl-C and SIGTERM end the program as always, and remove its drafts first.
package final class DraftFolder: Sendable {
    /// The drafts of this program that are on the disk.
    private static let open = Mutex<Set<String>>([])
    private static let signals = Signals()

    /// Where it is.
    package let path: String

    /// Creates an empty folder of drafts; what a program that was killed left there is removed.
    ///
    /// - Throws: the system's error.
    package init(_ path: String) throws {
        self.path = path
        Self.signals.take()
        try Self.open.withLock { open in
            try? FileManager.default.removeItem(atPath: path)
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            open.insert(path)
        }
    }

    deinit { discard() }

    /// Removes the folder.
    ///
    /// After ``place(_:)`` it does nothing.
    package func discard() { Self.open.withLock { open in Self.remove(path, &open) } }

    /// Gives the drafts their place; a signal that arrives meanwhile waits.
    ///
    /// - Parameter body: moves the drafts. If it fails, the folder stays until ``discard()``.
    /// - Throws: what the body throws.
    package func place(_ body: () throws -> Void) throws {
        try Self.open.withLock { open in
            try body()
            Self.remove(path, &open)
        }
    }

    private static func remove(_ path: String, _ open: inout Set<String>) {
        guard open.contains(path) else { return }
        // While a signal removes it, a file may still be created in it.
        for _ in 0..<100 where FileManager.default.fileExists(atPath: path) {
            try? FileManager.default.removeItem(atPath: path)
        }
        open.remove(path)
    }

    /// The signals that end a program.
    private final class Signals: Sendable {
        private let sources = Mutex<[any DispatchSourceSignal]>([])

        /// Removes the drafts on these signals from here on.
        func take() {
            sources.withLock { sources in
                guard sources.isEmpty else { return }
                sources = [SIGINT, SIGTERM].map { Self.source(of: $0) }
            }
        }

        private static func source(of number: Int32) -> any DispatchSourceSignal {
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                DraftFolder.open.withLock { open in
                    for path in open { DraftFolder.remove(path, &open) }
                    // The lock stays taken, so that nothing gets its place any more.
                    signal(number, SIG_DFL)
                    kill(getpid(), number)
                    sleep(1)
                    exit(128 + number)
                }
            }
            source.resume()
            return source
        }
    }
}
