internal import Foundation

/// The allocator of the workers.
///
/// Every record is allocated by one thread and freed by another, and glibc's allocator is slow at this. With jemalloc a
/// statewide run takes two thirds of the time (`Deploy/bench`). It is used if installed; nothing depends on it.
package enum MemoryAllocator {
    private static let library = "libjemalloc.so.2"

    /// The environment under which programs use it; empty if it is not installed, or another allocator was chosen.
    package static func environment(_ given: [String: String] = ProcessInfo.processInfo.environment) -> [String: String]
    {
        guard given["LD_PRELOAD"] == nil else { return [:] }
        let folders = [
            "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib", "/usr/local/lib",
        ]
        let found = folders.map { "\($0)/\(library)" }.first { FileManager.default.fileExists(atPath: $0) }
        return found.map { ["LD_PRELOAD": $0] } ?? [:]
    }
}
