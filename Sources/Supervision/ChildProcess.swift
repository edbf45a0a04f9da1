internal import Foundation
internal import Operating

/// A program that the supervisor started.
///
/// Foundation's `Process` takes a program for running until every copy of a descriptor that it hands down is closed.
/// The programs that it started hold such copies, among them Swift's crash reporter. So a crashed worker
/// stayed "running" for minutes. `waitpid` reports the death itself.
package struct ChildProcess {
    /// How a process ended.
    package enum Ending: Hashable, Codable {
        case exited(Int32)
        case signalled(Int32)

        /// The ending that `waitpid` reports.
        init(status: Int32) {
            let number = status & 0x7F
            self = number == 0 ? .exited((status >> 8) & 0xFF) : .signalled(number)
        }

        /// The ending in words.
        package var text: String {
            switch self {
            case .exited(let code): "exit code \(code)"
            case .signalled(let number): "signal \(number) (\(Self.name(number)))"
            }
        }

        private static func name(_ number: Int32) -> String {
            switch number {
            case SIGKILL: "killed, perhaps by the system because memory ran out"
            case SIGTERM: "terminated"
            case SIGILL, SIGTRAP: "the program stopped itself: a defect"
            case SIGABRT: "aborted: a defect of the program or of a library"
            case SIGSEGV, SIGBUS: "an invalid access to memory: a defect of the program or of a library"
            default: "a signal"
            }
        }
    }

    let pid: Int32

    /// Starts a program with its output at the end of a log.
    ///
    /// The calls are C's. They are unsafe because of their pointers, all of which live until the call returns.
    /// Foundation's `Process` is safe, but saw the death of a crashed worker seven minutes late. Started and reaped
    /// this way, a worker that got SIGSEGV had a successor within three seconds (`InstallationLifeTests`).
    package static func start(
        _ executable: String,
        _ arguments: [String],
        environment: [String: String],
        log: String
    ) throws -> ChildProcess {
        var actions = unsafe posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        unsafe posix_spawn_file_actions_init(&actions)
        unsafe posix_spawnattr_init(&attributes)
        defer {
            unsafe posix_spawn_file_actions_destroy(&actions)
            unsafe posix_spawnattr_destroy(&attributes)
        }
        unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        unsafe posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        unsafe posix_spawn_file_actions_adddup2(&actions, 1, 2)
        // The child must not inherit locks, or the descriptor by which somebody waits for this program.
        for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? [] {
            guard let descriptor = Int32(name), descriptor > 2 else { continue }
            unsafe posix_spawn_file_actions_addclose(&actions, descriptor)
        }
        // The child must not inherit the signals that the supervisor ignores or blocks.
        var none = sigset_t()
        var all = sigset_t()
        unsafe sigemptyset(&none)
        unsafe sigfillset(&all)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setsigdefault(&attributes, &all)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        var words = unsafe ([executable] + arguments).map { unsafe strdup($0) }
        var variables = unsafe environment.map { unsafe strdup("\($0.key)=\($0.value)") }
        defer {
            for index in unsafe words.indices { unsafe free(words[index]) }
            for index in unsafe variables.indices { unsafe free(variables[index]) }
        }
        unsafe words.append(nil)
        unsafe variables.append(nil)
        var pid: Int32 = 0
        let code = unsafe posix_spawn(&pid, executable, &actions, &attributes, words, variables)
        guard code == 0 else {
            throw Failure(.configuration, "\(executable) cannot be started: \(unsafe String(cString: strerror(code)))")
        }
        return ChildProcess(pid: pid)
    }

    /// How the process ended; nil while it lives.
    ///
    /// Reaps it.
    func ending() -> Ending? {
        var status: Int32 = 0
        while true {
            let result = unsafe waitpid(pid, &status, WNOHANG)
            if result == pid { return Ending(status: status) }
            if result == 0 { return nil }
            if errno != EINTR { return .exited(0) }
        }
    }

    /// Asks the process to end and waits; kills it if it takes longer.
    @discardableResult
    func end(within seconds: Double) -> Ending {
        kill(pid, SIGTERM)
        return wait(within: seconds)
    }

    /// Waits for the end of the process; kills it if it takes longer.
    func wait(within seconds: Double) -> Ending {
        let deadline = ContinuousClock.now + .seconds(seconds)
        while true {
            if let ending = ending() { return ending }
            if ContinuousClock.now >= deadline { kill(pid, SIGKILL) }
            Thread.sleep(forTimeInterval: 0.02)
        }
    }
}
