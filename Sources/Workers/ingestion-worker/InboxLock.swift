import Foundation
import Operating
import Stages

/// Prevents a second process from using the same inbox.
///
/// The system releases the lock when the process ends, in whatever way.
final class InboxLock {
    private let handle: FileHandle

    init(_ inbox: Inbox) throws {
        let path = inbox.directory.appendingPathComponent(".lock").path
        guard let handle = LockFile.open(path) else {
            throw Failure(
                .configuration,
                "cannot lock the inbox \(inbox.directory.path): check whether the folder belongs to another user"
            )
        }
        self.handle = handle
        guard flock(handle.fileDescriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw Failure(.tryAgain, "another process uses the inbox \(inbox.directory.path); this one ends")
        }
    }

    func release() {
        try? handle.close()
    }
}
