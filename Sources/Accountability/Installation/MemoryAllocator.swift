internal import Foundation

/// The allocator of the workers.
///
/// Every record is allocated by one thread and freed by another, which glibc's does slowly: with jemalloc a statewide
/// run takes two thirds of the time (`Deploy/bench`). It is used where it is installed; nothing depends on it.
enum MemoryAllocator {
    private static let library = "libjemalloc.so.2"

    /// The environment under which programs use it: empty where it is not there, or another was chosen.
    static func environment(_ given: [String: String] = ProcessInfo.processInfo.environment) -> [String: String] {
        guard given["LD_PRELOAD"] == nil else { return [:] }
        let folders = [
            "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib", "/usr/local/lib",
        ]
        let found = folders.map { "\($0)/\(library)" }.first { FileManager.default.fileExists(atPath: $0) }
        return found.map { ["LD_PRELOAD": $0] } ?? [:]
    }
}
