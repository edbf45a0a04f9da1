import Foundation

/// A limit for the memory of a worker.
///
/// The tables of a worker grow with its input. Close to the limit the worker logs a warning. At the limit it reads no
/// more records, so that the system never kills it in the middle of its work.
public struct MemoryLimit: Sendable {
    /// The most that the process may hold, in bytes.
    public let bytes: Int
    let resident: @Sendable () -> Int

    /// A limit.
    ///
    /// - `resident`: returns the bytes of memory that the process uses now. The default asks the system.
    public init(bytes: Int, resident: @escaping @Sendable () -> Int = MemoryLimit.residentOfProcess) {
        self.bytes = bytes
        self.resident = resident
    }

    /// The limit of this process's control group, or else the machine's memory.
    ///
    /// Nil if neither is known.
    public static func ofSystem() -> MemoryLimit? {
        let group = groupFiles().compactMap(number(in:)).min()
        let machine = Int(clamping: ProcessInfo.processInfo.physicalMemory)
        let bytes = group.map { machine > 0 ? min($0, machine) : $0 } ?? machine
        return bytes > 0 ? MemoryLimit(bytes: bytes) : nil
    }

    /// The resident memory of this process in bytes; 0 if unknown.
    public static func residentOfProcess() -> Int {
        guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return 0 }
        let fields = text.split(separator: " ")
        return fields.count > 1 ? (Int(fields[1]) ?? 0) * sysconf(Int32(_SC_PAGESIZE)) : 0
    }

    /// The files with the limits of the process's control group and of all its parents.
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

/// Checks now and then how much memory the worker uses.
struct MemoryWatch {
    enum Level {
        case roomy
        /// Close to the limit: log a warning.
        case near
        /// At the limit: read no more records.
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

    /// Checks the memory, if it is time to.
    ///
    /// - Returns: whether the level changed.
    mutating func look(now: ContinuousClock.Instant = .now) -> Bool {
        guard let limit, now >= next else { return false }
        next = now + Self.interval
        resident = limit.resident()
        let before = level
        let share = Double(resident) / Double(max(1, limit.bytes))
        // Once full, memory must fall clearly below the limit before reading continues. Otherwise records would trickle
        // in one by one.
        level = share >= 0.92 || before == .full && share >= 0.85 ? .full : share >= 0.8 ? .near : .roomy
        return level != before
    }

    /// Forgets the level, so that a full memory is reported again.
    mutating func relax() {
        level = .roomy
        next = .now
    }

    /// Used and allowed memory, as text.
    var description: String { "\(resident >> 20) MB of \((limit?.bytes ?? 0) >> 20) MB" }
}
