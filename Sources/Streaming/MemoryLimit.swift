import Foundation

/// How much memory a worker may hold.
///
/// Its tables grow with the records they are made of: near the limit it says so, at it it takes no more, and is never
/// ended by the system in the middle of something.
public struct MemoryLimit: Sendable {
    /// The most that the process may hold, in bytes.
    public let bytes: Int
    let resident: @Sendable () -> Int

    /// A limit.
    ///
    /// - `resident`: tells the bytes that the process holds now; as the system sees it unless said otherwise.
    public init(bytes: Int, resident: @escaping @Sendable () -> Int = MemoryLimit.residentOfProcess) {
        self.bytes = bytes
        self.resident = resident
    }

    /// What the system leaves this process: the limit of its control group, else the machine's memory.
    ///
    /// Nil where neither is known.
    public static func ofSystem() -> MemoryLimit? {
        let group = groupFiles().compactMap(number(in:)).min()
        let machine = Int(clamping: ProcessInfo.processInfo.physicalMemory)
        let bytes = group.map { machine > 0 ? min($0, machine) : $0 } ?? machine
        return bytes > 0 ? MemoryLimit(bytes: bytes) : nil
    }

    /// The bytes of this process that lie in memory; 0 where the system does not tell.
    public static func residentOfProcess() -> Int {
        guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return 0 }
        let fields = text.split(separator: " ")
        return fields.count > 1 ? (Int(fields[1]) ?? 0) * sysconf(Int32(_SC_PAGESIZE)) : 0
    }

    /// The files with limits of the process's control group and of those that it is in.
    private static func groupFiles() -> [String] {
        var files = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"]
        guard let text = try? String(contentsOfFile: "/proc/self/cgroup", encoding: .utf8),
            let own = text.split(separator: "\n").first(where: { $0.hasPrefix("0::/") })
        else { return files }
        var path = ""
        for part in own.dropFirst(3).split(separator: "/") {
            path += "/\(part)"
            files.append("/sys/fs/cgroup\(path)/memory.max")
        }
        return files
    }

    private static func number(in file: String) -> Int? {
        (try? String(contentsOfFile: file, encoding: .utf8))
            .flatMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
    }
}

/// Looks now and then how much memory the worker holds.
struct MemoryWatch {
    enum Level {
        case roomy
        /// Worth a warning.
        case near
        /// No more is taken.
        case full
    }

    let limit: MemoryLimit?
    private(set) var level = Level.roomy
    private(set) var resident = 0
    private var next = ContinuousClock.now
    private static let interval: Duration = .milliseconds(100)

    init(_ limit: MemoryLimit?) {
        self.limit = limit
    }

    /// Looks, if it is time to.
    ///
    /// - Returns: whether the level changed.
    mutating func look(now: ContinuousClock.Instant = .now) -> Bool {
        guard let limit, now >= next else { return false }
        next = now + Self.interval
        resident = limit.resident()
        let before = level
        let share = Double(resident) / Double(max(1, limit.bytes))
        // What was let go has to make room before more is taken: not one record at a time.
        level = share >= 0.92 || before == .full && share >= 0.85 ? .full : share >= 0.8 ? .near : .roomy
        return level != before
    }

    /// Forgets the level: whoever was full is told so again.
    mutating func relax() {
        level = .roomy
        next = .now
    }

    /// What is held of what is allowed, for people.
    var description: String { "\(resident >> 20) MB of \((limit?.bytes ?? 0) >> 20) MB" }
}
