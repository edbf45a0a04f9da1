public import Foundation

/// The processes that `accountability up` runs, by the files that their supervisor keeps in ``Home/run``.
extension Home {
    /// The name of the supervisor's file.
    public static let supervisor = "supervisor"
    /// The name of the local broker's file.
    public static let localBroker = "broker"

    /// The file that tells the process of a name.
    public func pidFile(_ name: String) -> URL { run.appendingPathComponent("\(name).pid") }

    /// The process of a name, if it lives: the file holds its identifier and when it was started, as the system tells
    /// it, so that another process that got the same identifier later is not taken for it.
    public func living(_ name: String) -> Int32? { Self.living(inFile: pidFile(name)) }

    /// The process that a file names, if it lives.
    static func living(inFile file: URL) -> Int32? {
        guard let text = try? String(contentsOf: file, encoding: .utf8) else { return nil }
        let parts = text.split(whereSeparator: \.isWhitespace)
        guard let first = parts.first, let pid = Int32(first), pid > 0, let start = Self.startTime(ofProcess: pid)
        else { return nil }
        return parts.count < 2 || parts[1] == start ? pid : nil
    }

    /// Whether the local broker that `up` started runs, or will in a moment because its supervisor does.
    public var runsLocalBroker: Bool { living(Self.localBroker) != nil || living(Self.supervisor) != nil }

    /// When a process was started, in the system's ticks since boot; nil when it is gone or a zombie.
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
