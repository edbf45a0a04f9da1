package import Foundation
internal import Operating

/// Where the programs of this build are.
package enum Programs {
    /// The folder of the running program.
    package static func folder() throws -> URL {
        guard let path = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") else {
            throw Failure(.configuration, "the folder of the programs is unknown, because /proc is not mounted")
        }
        return URL(fileURLWithPath: path).deletingLastPathComponent()
    }
}
