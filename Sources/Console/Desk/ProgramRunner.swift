package import Foundation
internal import Streaming
internal import Synchronization

/// The installation's own program, `accountability`: the console acts through it, so that an act of the console is the
/// same as one of the command line, with the same checks and the same trail.
///
/// It gets its arguments as a list, and no shell reads them.
package struct ProgramRunner: Sendable {
    /// How a call ended.
    package struct Outcome: Sendable, Hashable {
        /// The exit code; nil where it was ended, as it took too long.
        package let code: Int32?
        package let output: String
        package let errors: String

        package init(code: Int32?, output: String, errors: String) {
            self.code = code
            self.output = output
            self.errors = errors
        }
    }

    /// Calls it; the second argument says how long it may take.
    package let run: @Sendable (_ arguments: [String], _ timeout: Duration) async -> Outcome

    package init(_ run: @escaping @Sendable (_ arguments: [String], _ timeout: Duration) async -> Outcome) {
        self.run = run
    }

    /// The most of its output that is read.
    private static let mostBytes = 32 << 20

    /// A program in a file.
    ///
    /// - Parameters:
    ///   - executable: the file.
    ///   - options: what every call has after its own arguments, such as the brokers.
    ///   - folder: where what it prints is kept while it runs; only its owner may enter.
    package init(executable: URL, options: [String], folder: URL) {
        run = { arguments, timeout in
            do {
                return try await Self.call(executable, arguments + options, folder, timeout)
            } catch {
                return Outcome(code: 70, output: "", errors: "\(executable.path) cannot be started: \(error)")
            }
        }
    }

    private static func call(
        _ executable: URL,
        _ arguments: [String],
        _ folder: URL,
        _ timeout: Duration
    ) async throws -> Outcome {
        let files = FileManager.default
        let own = folder.appendingPathComponent(Sessions.token(), isDirectory: true)
        try files.createDirectory(at: own, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        defer { try? files.removeItem(at: own) }
        // Files, as a pipe that nobody empties would hold the program.
        let paths = ["output", "errors"].map { own.appendingPathComponent($0).path }
        for path in paths { _ = files.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600]) }
        let process = Process()
        process.executableURL = executable
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle(forWritingAtPath: paths[0])
        process.standardError = FileHandle(forWritingAtPath: paths[1])
        let isLate = await ended(try Running(process), timeout)
        func text(_ path: String) -> String {
            guard let handle = FileHandle(forReadingAtPath: path) else { return "" }
            defer { try? handle.close() }
            return String(decoding: (try? handle.read(upToCount: mostBytes)) ?? Data(), as: UTF8.self)
        }
        let code = isLate || process.terminationReason == .uncaughtSignal ? nil : process.terminationStatus
        return Outcome(code: code, output: text(paths[0]), errors: text(paths[1]))
    }

    /// Waits for the end; returns whether it had to be brought about.
    private static func ended(_ running: Running, _ timeout: Duration) async -> Bool {
        let deadline = ContinuousClock.now + timeout
        var isLate = false
        while !running.hasEnded {
            try? await Task.sleep(for: .milliseconds(20))
            // Who looks late finds one that ended in time ended.
            guard ContinuousClock.now > deadline, !running.hasEnded else { continue }
            // Asked to end, it commits or aborts; after five seconds it is not asked any more.
            running.end(hard: ContinuousClock.now > deadline + .seconds(5))
            isLate = true
            // What the program started may hold on to its output, and `Process` would wait for that.
            if ContinuousClock.now > deadline + .seconds(7) { break }
        }
        return isLate
    }
}

/// A process with whether it has ended: `Process` does not cross threads.
private final class Running: Sendable {
    private let pid: Int32
    private let isOver: Over

    private final class Over: Sendable { let value = Atomic<Bool>(false) }

    init(_ process: Process) throws {
        let over = Over()
        process.terminationHandler = { _ in over.value.store(true, ordering: .releasing) }
        try process.run()
        pid = process.processIdentifier
        isOver = over
    }

    var hasEnded: Bool { isOver.value.load(ordering: .acquiring) }

    func end(hard: Bool) { if !hasEnded { kill(pid, hard ? SIGKILL : SIGTERM) } }
}
