import Foundation

/// Prevents a second process from doing the same work in a home.
///
/// The system releases the lock when its owner ends for any reason.
///
/// The file names its owner by process id and start time, like the pid files.
public final class HomeLock: Sendable {
    private let handle: FileHandle

    /// Takes the lock of a name.
    ///
    /// - Throws: ``Failure`` with ``ExitStatus/configuration`` while another process holds it.
    public init(_ home: Home, _ name: String) throws {
        let path = Self.file(home, name).path
        guard let handle = LockFile.open(path) else {
            throw Failure(.configuration, "\(path) cannot be opened. Check that the folder belongs to you")
        }
        guard flock(handle.fileDescriptor, LOCK_EX | LOCK_NB) == 0 else {
            try? handle.close()
            let owner = Self.owner(home, name).map { "process \($0)" } ?? "another process"
            throw Failure(
                .configuration,
                "\(owner) holds \(path): another `accountability \(name)` is at work in this home. Wait until it is done, or end it with `accountability down`"
            )
        }
        self.handle = handle
        let text = "\(getpid()) \(Home.startTime(ofProcess: getpid()) ?? "")\n"
        try handle.truncate(atOffset: 0)
        try handle.write(contentsOf: Data(text.utf8))
    }

    /// The process that holds the lock of a name, if one lives.
    public static func owner(_ home: Home, _ name: String) -> Int32? {
        Home.living(inFile: file(home, name))
    }

    /// Releases the lock.
    public func release() {
        try? handle.truncate(atOffset: 0)
        flock(handle.fileDescriptor, LOCK_UN)
        try? handle.close()
    }

    private static func file(_ home: Home, _ name: String) -> URL {
        home.run.appendingPathComponent("\(name).lock")
    }
}
