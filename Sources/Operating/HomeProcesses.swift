public import Foundation

/// The processes that `accountability up` runs, found by the pid files that their supervisor writes to ``Home/run``.
extension Home {
    /// The name of the supervisor's file.
    public static let supervisor = "supervisor"
    /// The name of the local broker's file.
    public static let localBroker = "broker"

    /// The pid file of a process.
    public func pidFile(_ name: String) -> URL { run.appendingPathComponent("\(name).pid") }

    /// The id of a process, if it is alive.
    ///
    /// The pid file also has its start time, so a later process with the same id is not mistaken for it.
    public func living(_ name: String) -> Int32? { Self.living(inFile: pidFile(name)) }

    /// The process that a file names, if it is alive.
    static func living(inFile file: URL) -> Int32? {
        guard let text = try? String(contentsOf: file, encoding: .utf8) else { return nil }
        let parts = text.split(whereSeparator: \.isWhitespace)
        guard let first = parts.first, let pid = Int32(first), pid > 0, let start = Self.startTime(ofProcess: pid)
        else { return nil }
        return parts.count < 2 || parts[1] == start ? pid : nil
    }

    /// Whether the local broker of `up` is running, or will be soon because its supervisor is running.
    public var runsLocalBroker: Bool { living(Self.localBroker) != nil || living(Self.supervisor) != nil }

    /// The start time of a process in system ticks since boot; nil if it is gone or a zombie.
    ///
    /// Field 22 of /proc/<pid>/stat.
    public static func startTime(ofProcess pid: Int32) -> String? {
        guard let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
            let end = text.lastIndex(of: ")")
        else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        guard fields.count > 19, fields[0] != "Z" else { return nil }
        return String(fields[19])
    }
}
