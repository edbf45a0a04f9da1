package import Foundation
internal import Streaming
internal import Synchronization

/// Runs the installation's own program, `accountability`.
///
/// The console acts only through this program. So an act of the console is the same as a command, with the same checks
/// and the same audit trail.
///
/// The program gets its arguments as a list. No shell reads them.
package struct ProgramRunner: Sendable {
    /// The result of a call.
    package struct Outcome: Sendable, Hashable {
        /// The exit code; nil if the program was stopped because it took too long.
        package let code: Int32?
        package let output: String
        package let errors: String

        package init(code: Int32?, output: String, errors: String) {
            self.code = code
            self.output = output
            self.errors = errors
        }
    }

    /// Watches a program about once a second while it runs; returns whether it shall go on.
    ///
    /// The line is the last one that the program wrote to standard error, or empty.
    package typealias Watch = @Sendable (_ line: String) async -> Bool

    private let call: @Sendable (_ arguments: [String], _ timeout: Duration, _ watch: Watch) async -> Outcome

    /// - Parameter call: runs the program; the second argument is the time limit.
    package init(
        _ call: @escaping @Sendable (_ arguments: [String], _ timeout: Duration, _ watch: Watch) async -> Outcome
    ) {
        self.call = call
    }

    /// Runs the program.
    func run(_ arguments: [String], _ timeout: Duration, watch: Watch = { _ in true }) async -> Outcome {
        await call(arguments, timeout, watch)
    }

    /// The most bytes of its output that are read.
    private static let mostBytes = 32 << 20

    /// A program in a file.
    ///
    /// - Parameters:
    ///   - executable: the file.
    ///   - options: arguments that follow the own arguments of every call, such as the brokers.
    ///   - folder: holds the output while the program runs. Only its owner may enter.
    package init(executable: URL, options: [String], folder: URL) {
        call = { arguments, timeout, watch in
            do {
                return try await Self.call(executable, arguments + options, folder, timeout, watch)
            } catch {
                return Outcome(code: 70, output: "", errors: "\(executable.path) cannot be started: \(error)")
            }
        }
    }

    private static func call(
        _ executable: URL,
        _ arguments: [String],
        _ folder: URL,
        _ timeout: Duration,
        _ watch: Watch
    ) async throws -> Outcome {
        let files = FileManager.default
        let own = folder.appendingPathComponent(Sessions.token(), isDirectory: true)
        try files.createDirectory(at: own, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        defer { try? files.removeItem(at: own) }
        // Use files, because a full pipe would block the program.
        let paths = ["output", "errors"].map { own.appendingPathComponent($0).path }
        for path in paths { _ = files.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600]) }
        let process = Process()
        process.executableURL = executable
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle(forWritingAtPath: paths[0])
        process.standardError = FileHandle(forWritingAtPath: paths[1])
        let isLate = await ended(try Running(process), timeout) { await watch(lastLine(of: paths[1])) }
        func text(_ path: String) -> String {
            guard let handle = FileHandle(forReadingAtPath: path) else { return "" }
            defer { try? handle.close() }
            return String(decoding: (try? handle.read(upToCount: mostBytes)) ?? Data(), as: UTF8.self)
        }
        let code = isLate || process.terminationReason == .uncaughtSignal ? nil : process.terminationStatus
        return Outcome(code: code, output: text(paths[0]), errors: text(paths[1]))
    }

    /// The last line of a text that is still being written; empty if there is none.
    private static func lastLine(of path: String) -> String {
        guard let handle = FileHandle(forReadingAtPath: path) else { return "" }
        defer { try? handle.close() }
        guard let end = try? handle.seekToEnd(), (try? handle.seek(toOffset: end - min(end, 1000))) != nil,
            let bytes = try? handle.readToEnd()
        else { return "" }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").last.map(String.init) ?? ""
    }

    /// Waits for the end; returns whether the program had to be stopped.
    ///
    /// - `goesOn`: asked about once a second.
    private static func ended(_ running: Running, _ timeout: Duration, goesOn: () async -> Bool) async -> Bool {
        var deadline = ContinuousClock.now + timeout
        var look = ContinuousClock.now + .seconds(1)
        var isLate = false
        while !running.hasEnded {
            try? await Task.sleep(for: .milliseconds(20))
            if ContinuousClock.now > look {
                look = .now + .seconds(1)
                if await !goesOn() { deadline = min(deadline, .now) }
            }
            // If this check is late, the program may have ended in time.
            guard ContinuousClock.now > deadline, !running.hasEnded else { continue }
            // When asked to end, the program commits or aborts. After five seconds it is killed.
            running.end(hard: ContinuousClock.now > deadline + .seconds(5))
            isLate = true
            // A process that the program started may keep the output open, and `Process` would wait for that.
            if ContinuousClock.now > deadline + .seconds(7) { break }
        }
        return isLate
    }
}

/// A process, and whether it has ended.
///
/// `Process` itself cannot be sent to other threads.
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
